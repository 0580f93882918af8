"""A simulated operator: all extracts of the contract, with the cause of every departure on record.

Nothing learned from it may be quoted as accuracy in the field.
"""

from churnlight.demo.simulate import Turn, generate, require_size
from churnlight.demo.truth import Rules

__all__ = ["Rules", "Turn", "generate", "require_size"]

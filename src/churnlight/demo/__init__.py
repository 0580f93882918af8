"""A simulated operator: all extracts of the contract, with the cause of every departure on record.

Nothing learned from it may be quoted as accuracy in the field.
"""

from churnlight.demo.simulate import generate, require_size

__all__ = ["generate", "require_size"]

"""How good the probabilities and tiers are, each figure with an interval by account."""

from churnlight.assess.evaluation import evaluate

__all__ = ["evaluate"]

"""What only the simulator knows. It stands in a folder of its own, and no stage reads it."""

from churnlight.demo.truth.book import Rules, TruthBook

__all__ = ["Rules", "TruthBook"]

"""From a score back to what it came from: model, features, marts, and the rows of the extracts.

Nothing is written and nothing is logged: the answer goes to who asked.
"""

from churnlight.trace.walk import Walked, walk

__all__ = ["Walked", "walk"]

"""Segments of the cohort, and the value-added services that go with them.

    features --encoding--> standardised numbers and categories
      --preclusters (BIRCH)--> some hundred groups --agglomerating (BIC)--> segments --model--> JSON
    segments + services --services--> match levels, five services a segment, offers a subscriber

`segment_month` does a month; docs/segments.md has the rules.
"""

from churnlight.segments.model import SegmentModel, fit
from churnlight.segments.month import (
    Before,
    Given,
    MonthSegments,
    Outcome,
    load_month,
    save_month,
    segment_month,
)

__all__ = [
    "Before",
    "Given",
    "MonthSegments",
    "Outcome",
    "SegmentModel",
    "fit",
    "load_month",
    "save_month",
    "segment_month",
]

"""Section segments: who is like whom, and which services go with it."""

from __future__ import annotations

from pydantic import Field, model_validator

from churnlight.params.base import Section, Share

_FEATURES = (
    "voice_out_min_per_day",
    "voice_out_call_s",
    "sms_out_count_per_day",
    "data_mb_per_day",
    "bill_money",
    "vas_share",
    "effective_contacts_count",
    "rival_contacts_share",
    "night_share",
    "weekend_share",
    "payment_category",
    "group_class_category",
)


class SegmentsParams(Section):
    """Segmentation and service preference, see docs/segments.md.

    Attributes:
        features: what subscribers are told apart by.
        category_weight: weight of categorical features in the log-likelihood distance; 1 is SPSS's.
        least, most: bounds of the number of segments.
        preclusters: most pre-clusters that the first step may leave.
        learn_rows: subscribers that the first step reads, picked evenly; all others are assigned.
        refit_months: months after which a model of segments is made anew; until then it is frozen.
        match_overlap: share of the subscribers of two segments, one old and one new, that both must
            have in common for the new one to take over the old one's code.
        name_from: standardised difference to the cohort from which a segment is named after it.
        level_high, level_low: penetration in the segment over that in the cohort from which a
            service matches at level 3, and below which at level 1.
        least_users: users that a segment should have by the cohort's penetration; with fewer
            the level is 2.
        keep_services: services kept for each segment.
    """

    features: tuple[str, ...] = Field(default=_FEATURES, min_length=1)
    category_weight: float = Field(default=0.25, ge=0, le=1)
    least: int = Field(default=2, ge=1)
    most: int = Field(default=10, ge=1, le=30)
    preclusters: int = Field(default=150, ge=2, le=1_000)
    learn_rows: int = Field(default=20_000, ge=100)
    refit_months: int = Field(default=12, ge=1)
    match_overlap: Share = 0.3
    name_from: float = Field(default=0.3, ge=0)
    level_high: float = Field(default=1.2, ge=1)
    level_low: float = Field(default=0.8, gt=0, le=1)
    least_users: float = Field(default=5.0, ge=0)
    keep_services: int = Field(default=5, ge=1)

    @model_validator(mode="after")
    def _sensible(self) -> SegmentsParams:
        if self.least > self.most:
            raise ValueError(f"segments.least ({self.least}) is above segments.most ({self.most})")
        if twice := sorted({f for f in self.features if self.features.count(f) > 1}):
            raise ValueError(f"segments.features names {', '.join(twice)} twice: keep one")
        return self

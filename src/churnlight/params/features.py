"""Section features: what a model may weigh."""

from __future__ import annotations

from typing import Literal

from churnlight.params.base import Section

Personal = Literal["region", "age_band", "sex", "brand"]


class FeaturesParams(Section):
    """Which columns that say who somebody is may become features, see docs/fairness.md.

    Attributes:
        allow_personal: columns of the extract `subscribers`; of the others no feature is made.
    """

    allow_personal: tuple[Personal, ...] = ()

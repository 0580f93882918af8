"""Person: who somebody is, and not what they do. No feature unless the parameters allow it.

The brand of the plan stands in `contract`, under the same switch.
"""

from __future__ import annotations

from churnlight.features.feature import Feature

FEATURES: tuple[Feature, ...] = (
    Feature(
        "region_category",
        "category",
        "personal",
        "person",
        "Area",
        "地区",
        lambda r: r.text("region"),
        nothing="unknown",
        personal="region",
    ),
    Feature(
        "age_band_category",
        "category",
        "personal",
        "person",
        "Age band",
        "年龄段",
        lambda r: r.text("age_band"),
        nothing="unknown",
        personal="age_band",
    ),
    Feature(
        "sex_category",
        "category",
        "personal",
        "person",
        "Sex",
        "性别",
        lambda r: r.text("sex"),
        nothing="unknown",
        personal="sex",
    ),
)

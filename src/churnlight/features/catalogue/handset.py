"""Handset: how old, which generation, what class."""

from __future__ import annotations

from churnlight.features.feature import Feature
from churnlight.features.row import count_true, flag

FEATURES: tuple[Feature, ...] = (
    Feature(
        "handset_age_days",
        "days",
        "handset",
        "handset",
        "Days since the subscriber has had the handset",
        "终端使用天数",
        lambda r: r.days_since(r["handset_since"]),
    ),
    Feature(
        "handset_changed_flag",
        "flag",
        "handset",
        "handset",
        "Whether the handset changed between the window's month-ends",
        "窗口内是否更换终端",
        lambda r: flag(
            count_true([before != after for before, after in r.pairs("handset_id")]) > 0
        ),
        months=2,
    ),
    Feature(
        "handset_generation_rank",
        "rank",
        "handset",
        "handset",
        "Network generation that the handset can use (2 to 6)",
        "终端支持的网络代际（2 至 6）",
        lambda r: r["handset_generation"],
        sources=("subscribers", "handsets"),
    ),
    Feature(
        "handset_price_money",
        "money",
        "handset",
        "handset",
        "List price of the handset",
        "终端标价",
        lambda r: r["handset_price"],
        sources=("subscribers", "handsets"),
    ),
)

"""Tenure: how long on the network, where from, how valued."""

from __future__ import annotations

from churnlight.features.feature import Feature
from churnlight.features.row import count_true, flag

FEATURES: tuple[Feature, ...] = (
    Feature(
        "tenure_days",
        "days",
        "tenure",
        "long_standing",
        "Days since activation",
        "入网天数",
        lambda r: r.days_since(r["activated_on"]),
    ),
    Feature(
        "ported_in_flag",
        "flag",
        "tenure",
        "rival_interest",
        "Whether the subscriber came from another operator",
        "是否携号转入",
        lambda r: flag(r["ported_in_on"].notnull()),
    ),
    Feature(
        "vip_tier_category",
        "category",
        "tenure",
        "long_standing",
        "VIP card",
        "VIP 等级",
        lambda r: r.text("vip_tier"),
        nothing="none",
    ),
    Feature(
        "suspended_months",
        "months",
        "tenure",
        "payment_trouble",
        "Months of the window that ended in suspension",
        "窗口内月末处于停机状态的月数",
        lambda r: count_true([status == "suspended" for status in r.months("status")]),
    ),
)

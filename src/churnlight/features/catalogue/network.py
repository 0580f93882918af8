"""Ties to a group, an account and a household: what holds, and who of them has left."""

from __future__ import annotations

from churnlight.features.feature import Feature
from churnlight.features.row import count_true, flag, ratio

FEATURES: tuple[Feature, ...] = (
    Feature(
        "group_member_flag",
        "flag",
        "network",
        "group_ties",
        "Whether the line belongs to an enterprise group",
        "是否集团成员",
        lambda r: flag(r["group_id"].notnull()),
    ),
    Feature(
        "group_class_category",
        "category",
        "network",
        "group_ties",
        "Class of the enterprise group",
        "集团等级",
        lambda r: r.text("group_class"),
        nothing="none",
    ),
    Feature(
        "group_size_count",
        "count",
        "network",
        "group_ties",
        "Lines of the group that are on the books",
        "集团在网号码数",
        lambda r: r["group_lines"],
        nothing=0,
    ),
    Feature(
        "group_left_share",
        "share",
        "network",
        "group_leaving",
        "Share of the group's lines of the window that are off our books at as_of",
        "集团号码中窗口内已离网的比例",
        lambda r: ratio(r["group_left"], r["group_lines"] + r["group_left"]),
        nothing=0,
    ),
    Feature(
        "group_dropped_flag",
        "flag",
        "network",
        "group_leaving",
        "Whether the line belonged to a group earlier in the window and no longer does",
        "窗口内是否退出集团",
        lambda r: flag(
            r["group_id"].isnull()
            & (count_true([g.notnull() for g in r.months("group_id")[:-1]]) > 0)
        ),
        months=2,
    ),
    Feature(
        "account_lines_count",
        "count",
        "network",
        "household_ties",
        "Lines of the account that are on the books",
        "同一账户在网号码数",
        lambda r: r["account_lines"],
        nothing=1,
    ),
    Feature(
        "account_left_count",
        "count",
        "network",
        "group_leaving",
        "Other lines of the account that left within the window",
        "窗口内同一账户已离网号码数",
        lambda r: r["account_left"],
        nothing=0,
    ),
    Feature(
        "broadband_flag",
        "flag",
        "network",
        "household_ties",
        "Whether there is broadband with the line",
        "是否办理宽带",
        lambda r: flag(r["has_broadband"]),
    ),
)

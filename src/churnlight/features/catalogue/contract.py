"""Contract and plan: what holds, until when, and what was changed."""

from __future__ import annotations

import ibis.expr.types as ir

from churnlight.features.feature import Feature
from churnlight.features.row import Row, count_true, flag


def _plan_moves(r: Row, *, up: bool) -> list[ir.BooleanValue]:
    """Whether the plan of a month costs more (or less) than that of the month before."""
    return [(after > before) if up else (after < before) for before, after in r.pairs("plan_price")]


FEATURES: tuple[Feature, ...] = (
    Feature(
        "contract_kind_category",
        "category",
        "contract",
        "contract_ending",
        "Kind of contract",
        "合约类型",
        lambda r: r.text("contract_kind"),
        nothing="none",
    ),
    Feature(
        "under_contract_flag",
        "flag",
        "contract",
        "contract_ending",
        "Whether a contract runs at as_of",
        "评估时点是否在约",
        lambda r: flag(r.days_since(r["contract_ends_on"]) <= 0),
    ),
    Feature(
        "contract_left_days",
        "days",
        "contract",
        "contract_ending",
        "Days from as_of to the contract's end (negative: it ended); null without a contract",
        "距合约到期天数（负数表示已到期），无合约为空",
        lambda r: -r.days_since(r["contract_ends_on"]),
    ),
    Feature(
        "contract_expired_flag",
        "flag",
        "contract",
        "contract_ending",
        "Whether a contract ended before as_of and none followed",
        "合约是否已到期且未续约",
        lambda r: flag(r.days_since(r["contract_ends_on"]) > 0),
    ),
    Feature(
        "plan_changes_count",
        "count",
        "contract",
        "plan_misfit",
        "Changes of plan between the window's month-ends",
        "窗口内套餐变更次数",
        lambda r: count_true([before != after for before, after in r.pairs("plan_id")]),
        months=2,
    ),
    Feature(
        "plan_up_count",
        "count",
        "contract",
        "bill_level",
        "Changes to a dearer plan in the window",
        "窗口内升档次数",
        lambda r: count_true(_plan_moves(r, up=True)),
        sources=("subscribers", "plans"),
        months=2,
    ),
    Feature(
        "plan_down_count",
        "count",
        "contract",
        "bill_falling",
        "Changes to a cheaper plan in the window",
        "窗口内降档次数",
        lambda r: count_true(_plan_moves(r, up=False)),
        sources=("subscribers", "plans"),
        months=2,
    ),
    Feature(
        "plan_fee_money",
        "money",
        "contract",
        "bill_level",
        "Monthly fee of the plan at as_of",
        "当前套餐月费",
        lambda r: r["plan_price_now"],
        sources=("subscribers", "plans"),
    ),
    Feature(
        "brand_category",
        "category",
        "contract",
        "plan_misfit",
        "Brand of the plan",
        "品牌",
        lambda r: r.text("brand"),
        nothing="unknown",
        personal="brand",
    ),
)

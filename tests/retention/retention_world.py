"""A small scored month, made up by hand; the sentences are the real ones."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from churnlight.learners.rules import Rule
from churnlight.params.data import TimeParams
from churnlight.params.output import HandoutParams
from churnlight.retention.month import HandoutInputs
from churnlight.timeline import moment

AS_OF = "2026-01-01"
TIERS = ("blue", "green", "yellow", "red", "white")
AT = moment(AS_OF, TimeParams())

# subscriber, tier, tree's tier, probability, bill, left before the cutoff
PEOPLE: tuple[tuple[str, str, str, float, float | None, bool], ...] = (
    ("S1", "white", "white", 0.90, 100.0, False),  # 90 at risk
    ("S2", "red", "green", 0.50, 300.0, False),  # 150: first, and two tiers apart
    ("S3", "yellow", "yellow", 0.20, 450.0, False),  # 90 too, less probable than S1
    ("S4", "red", "red", 0.60, None, False),  # no bill: last
    ("S5", "white", "white", 0.95, 900.0, True),  # has left already
    ("S6", "blue", "blue", 0.01, 500.0, False),  # not on the list
    ("S7", "yellow", "red", 0.20, 450.0, False),  # as S3: the id decides
)
ORDER = ["S2", "S1", "S3", "S7", "S4"]
RULES = {
    "en": {1: Rule(1, "Bill ≤ 50", 400, 100, 0.1, 0.25, 0.24)},
    "zh": {1: Rule(1, "账单 ≤ 50", 400, 100, 0.1, 0.25, 0.24)},
}


def scores(people: tuple[Any, ...] = PEOPLE) -> pd.DataFrame:
    frame = pd.DataFrame(
        people,
        columns=[
            *("subscriber_id", "tier", "tier_tree", "probability"),
            *("monthly_bill_money", "left_before_cutoff"),
        ],
    )
    rank = {tier: i for i, tier in enumerate(TIERS)}
    apart = (frame["tier"].map(rank) - frame["tier_tree"].map(rank)).abs() >= 2
    money = frame["monthly_bill_money"].astype(float)
    return frame.assign(
        as_of=AS_OF,
        monthly_bill_money=money,
        value_at_risk_money=frame["probability"] * money,
        probability_tree=frame["probability"],
        leaf=1,
        models_apart=apart,
    )


def reasons(ids: list[str]) -> pd.DataFrame:
    rows = []
    for place, subscriber in enumerate(ids):
        first, second = ("bill_falling", "falling_silent")[:: 1 if place % 2 == 0 else -1]
        shares = (
            (first, 0.4, "up", 1),
            (second, 0.2, "up", 2),
            ("contract_ending", 0.1, "down", 1),
        )
        for code, share, direction, rank in shares:
            feature, value = {
                "bill_falling": ("bill_last_over_mean_ratio", 0.62),
                "falling_silent": ("silent_out_days", 9.0),
                "contract_ending": ("contract_left_days", 400.0),
            }[code]
            rows.append(
                {
                    "subscriber_id": subscriber,
                    "rank": rank,
                    "direction": direction,
                    "reason": code,
                    "share": share,
                    "feature": feature,
                    "value": str(value),
                    "quoted": json.dumps({feature: value}),
                }
            )
    return pd.DataFrame(rows)


def people(ids: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subscriber_id": ids,
            "account_id": [f"A{i}" for i in range(len(ids))],
            "region": ["north" if i % 3 else "city" for i in range(len(ids))],
            "activated_on": date(2020, 2, 3),
        }
    )


def history(ids: list[str]) -> pd.DataFrame:
    months = [f"2025-{m:02}" for m in range(1, 13)]
    rows = [
        {
            "subscriber_id": s,
            "month": month,
            "bill_money": None if i == 4 else 100.0 - 5 * i,
            "voice_out_min": 300.0 - 20 * i,
            "contacts_count": None if i < 3 else 12.0 - i,
        }
        for s in ids
        for i, month in enumerate(months)
    ]
    columns = ["subscriber_id", "month", "bill_money", "voice_out_min", "contacts_count"]
    return pd.DataFrame(rows, columns=columns)


def month(
    people_of: tuple[Any, ...] = PEOPLE, params: HandoutParams | None = None, **changes: Any
) -> HandoutInputs:
    scored = scores(people_of)
    ids = scored["subscriber_id"].tolist()
    inputs = HandoutInputs(
        at=AT,
        scores=scored,
        reasons=reasons(ids),
        medians={"silent_out_days": 0.0, "bill_last_over_mean_ratio": 1.0},
        people=people(ids),
        history=history(ids),
        tiers=TIERS,
        champion="gbm",
        rules=RULES,
        params=params or HandoutParams(cards=3),
        rates={"white": (90, 36), "red": (348, 75)},
        model_mark="0123456789ab",
        simulated=True,
    )
    return replace(inputs, **changes)


def many(count: int) -> HandoutInputs:
    """A month with so many subscribers on the list."""
    rows = tuple(
        (
            f"N{i:04}",
            TIERS[2 + i % 3],
            TIERS[i % 5],
            0.9 - i / (2 * count),
            100.0 + i % 7,
            False,
        )
        for i in range(count)
    )
    return month(rows, HandoutParams(cards=8))

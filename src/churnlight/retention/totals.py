"""What workbook and page say about the whole month: tiers, and commonest reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from churnlight.retention.month import HandoutInputs, callable_now
from churnlight.small_groups import together

_TOP = 3


@dataclass(frozen=True)
class TierTotal:
    """One tier of the month.

    Attributes:
        subscribers, to_call: all, and those who did not leave before the cutoff.
        share: of all subscribers, 0 to 1.
        bills_money, at_risk_money: of those to call, a month; None when nobody has a bill.
        rate: share that left when the tiers were cut, and of how many; None when not known.
    """

    tier: str
    subscribers: int
    to_call: int
    share: float
    bills_money: float | None
    at_risk_money: float | None
    rate: float | None
    rate_rows: int


def tier_totals(month: HandoutInputs) -> list[TierTotal]:
    """One entry a tier in rising risk; a tier without subscribers is kept."""
    now = callable_now(month.scores)
    found = []
    for name in month.tiers:
        inside = (month.scores["tier"] == name).to_numpy()
        called = month.scores[inside & now]
        rows, churners = month.rates.get(name, (0, 0))
        found.append(
            TierTotal(
                tier=name,
                subscribers=int(inside.sum()),
                to_call=len(called),
                share=int(inside.sum()) / max(len(month.scores), 1),
                bills_money=_total(called["monthly_bill_money"]),
                at_risk_money=_total(called["value_at_risk_money"]),
                rate=churners / rows if rows else None,
                rate_rows=rows,
            )
        )
    return found


def _total(money: pd.Series[Any]) -> float | None:
    # fsum rounds once, at the end: the same total whatever the order of the rows.
    there = money.dropna()
    return None if there.empty else math.fsum(float(value) for value in there)


@dataclass(frozen=True)
class Common:
    """The commonest first reasons of a group.

    Attributes:
        group: a tier or an area; of several areas the largest.
        subscribers: those to call in it.
        reasons: code and how many have it as their strongest, falling; by code where equal.
        areas: how many areas too small to be shown by themselves it stands for; 1: it is one.
    """

    group: str
    subscribers: int
    reasons: tuple[tuple[str, int], ...]
    areas: int = 1


def common_reasons(month: HandoutInputs, by: pd.Series[Any], groups: Sequence[str]) -> list[Common]:
    """The commonest first reasons of those to call, by group.

    Args:
        month: the scored month.
        by: each row's group, in the order of `month.scores`.
        groups: the groups to show, in their order; those without anybody to call are left out.
    """
    ids = month.scores["subscriber_id"]
    now = callable_now(month.scores)
    first = month.reasons[(month.reasons["direction"] == "up") & (month.reasons["rank"] == 1)]
    code = ids.map(first.drop_duplicates("subscriber_id").set_index("subscriber_id")["reason"])
    found = []
    for group in groups:
        inside = now & (by == group).to_numpy(dtype=bool)
        if not inside.any():
            continue
        counts = code[inside].value_counts()
        ranked = sorted(((str(k), int(v)) for k, v in counts.items()), key=lambda p: (-p[1], p[0]))
        found.append(Common(group, int(inside.sum()), tuple(ranked[:_TOP])))
    return found


def by_tier(month: HandoutInputs) -> list[Common]:
    """The commonest first reasons of the tiers on the list, the riskiest first."""
    wanted = [t for t in reversed(month.tiers) if t in month.params.tiers]
    return common_reasons(month, month.scores["tier"], wanted)


def by_area(month: HandoutInputs) -> list[Common]:
    """The same by area, within the tiers on the list, the area with most to call first.

    Areas of fewer than `month.least` to call are one group, the last; see `small_groups.together`.
    """
    region = month.people.drop_duplicates("subscriber_id").set_index("subscriber_id")["region"]
    area = month.scores["subscriber_id"].map(region).astype(object)
    area = area.where(area.notna(), "").astype(str)
    listed = month.scores["tier"].isin(list(month.params.tiers)).to_numpy()
    area = area.where(listed, None)
    counts = area[callable_now(month.scores) & listed].value_counts()
    ranked = sorted(counts.items(), key=lambda pair: (-int(pair[1]), str(pair[0])))
    names = [str(name) for name, _ in ranked]
    one = [names[n] for n in sorted(together([int(size) for _, size in ranked], month.least))]
    apart = common_reasons(month, area, [name for name in names if name not in one])
    if not one:
        return apart
    rest = common_reasons(month, area.where(~area.isin(one), one[0]), one[:1])
    return [*apart, *(replace(group, areas=len(one)) for group in rest)]

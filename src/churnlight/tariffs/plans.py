"""The tariff book of one as_of: which plans there were, at what terms, and which are sold now.

A plan may stand in the table several times, once a version. Terms are whole numbers from here on:
cents, seconds, KB, and millionths of the currency for prices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from churnlight.engine import Engine
from churnlight.params.tariff import LEVELS, TariffParams
from churnlight.timeline import Moment

KB_PER_MB = 1024
_MICRO = 1_000_000
# An allowance beyond this is unlimited: nobody uses 30 years of talk or a billion MB in a month.
_UNLIMITED = 1_000_000_000
# A price or fee beyond this is a mistake, and would leave the range of exact arithmetic.
_MAX_PRICE = 10_000
_MAX_FEE = 10_000_000
_TERMS = (
    "fee_cents",
    "free_s",
    "free_messages",
    "free_kb",
    "step_s",
    "voice_micro",
    "sms_micro",
    "data_micro",
)
_COLUMNS = (
    "plan_id",
    "fee",
    "minutes",
    "data_mb",
    "sms",
    "voice_price_per_min",
    "sms_price",
    "data_price_per_mb",
    "billing_step_s",
    "valid_from",
    "valid_to",
)


@dataclass(frozen=True)
class Plan:
    """One version of a plan.

    Attributes:
        plan_id: the operator's id.
        fee_cents: monthly fee.
        free_s, free_messages, free_kb: included in a month.
        step_s: calls are charged by whole steps of so many seconds.
        voice_micro, sms_micro, data_micro: price of a minute, a message and a MB beyond that, in
            millionths of the currency.
    """

    plan_id: Any
    fee_cents: int
    free_s: int
    free_messages: int
    free_kb: int
    step_s: int
    voice_micro: int
    sms_micro: int
    data_micro: int


@dataclass(frozen=True)
class Book:
    """What is known of the plans at an as_of.

    Attributes:
        now: every plan that there is or was, at its latest terms before or at as_of.
        sold: those of them that are valid at as_of, by fee, then id; the order breaks ties.
        cuts: fees in cents at which levels 2 to 5 begin.
        by_month: plans at the terms of a month of the window ("YYYY-MM").
        left_out: plans that can't be priced at as_of, counted by reason.
    """

    now: tuple[Plan, ...]
    sold: tuple[Plan, ...]
    cuts: tuple[int, ...]
    by_month: Mapping[str, tuple[Plan, ...]]
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[int, ...]:
        """The different billing steps of all plans, in seconds."""
        everywhere = [*self.now, *(p for plans in self.by_month.values() for p in plans)]
        return tuple(sorted({plan.step_s for plan in everywhere}))

    def level(self, plan: Plan) -> int:
        """Fee level of a plan, 1 to 5."""
        return 1 + sum(plan.fee_cents >= cut for cut in self.cuts)

    def only(self, steps: Iterable[int]) -> Book:
        """The plans that charge by one of these steps; the others are left out and counted."""
        there = frozenset(steps)

        def fits(plans: Sequence[Plan]) -> tuple[Plan, ...]:
            return tuple(plan for plan in plans if plan.step_s in there)

        lost = len(self.now) - len(fits(self.now))
        return replace(
            self,
            now=fits(self.now),
            sold=fits(self.sold),
            by_month={month: fits(plans) for month, plans in self.by_month.items()},
            left_out={**self.left_out, **({"step_unknown": lost} if lost else {})},
        )


def read_book(engine: Engine, plans: ir.Table, at: Moment, params: TariffParams) -> Book:
    """Read the reference table `plans` as of an as_of.

    A plan that begins after as_of is unknown, as if it did not stand in the table; whether one ends
    later makes no difference. A plan is sold when valid_from <= as_of < valid_to (open where null).

    Args:
        engine: where the table is.
        plans: its kept rows (`check.load_kept`); not cut by `known.as_known`, which leaves out what
            begins or ends on as_of itself.
        at: the as_of.
        params: the section `tariff`.
    """
    today = at.as_of.date()
    rows = engine.arrow(plans.select(*_COLUMNS).distinct()).to_pylist()
    begun = [row for row in rows if (row["valid_from"] or date.min) <= today]
    latest = _versions(begun, today)
    now, left_out = _usable(latest, params)
    sold_ids = {row["plan_id"] for row in latest if _holds(row, today)}
    sold = sorted((p for p in now if p.plan_id in sold_ids), key=lambda p: (p.fee_cents, p.plan_id))
    return Book(
        now=now,
        sold=tuple(sold),
        cuts=_cuts([plan.fee_cents for plan in sold], params),
        by_month={
            str(month): _usable(_versions(begun, (month.end - timedelta(days=1)).date()), params)[0]
            for month in at.window
        },
        left_out=left_out,
    )


def _holds(row: Mapping[str, Any], day: date) -> bool:
    began = row["valid_from"] is None or row["valid_from"] <= day
    return began and (row["valid_to"] is None or day < row["valid_to"])


def _versions(rows: Sequence[Mapping[str, Any]], day: date) -> list[dict[str, Any]]:
    """One row a plan, by id: the version that held on a day, else the last that began before it.

    Who has a plan keeps it when it is sold no longer.
    """
    ranked: dict[Any, list[tuple[tuple[bool, date], Mapping[str, Any]]]] = {}
    for row in rows:
        began = row["valid_from"] or date.min
        if began <= day:
            ranked.setdefault(row["plan_id"], []).append(((_holds(row, day), began), row))
    found = []
    for plan_id in sorted(ranked):
        newest = max(rank for rank, _ in ranked[plan_id])
        best = [row for rank, row in ranked[plan_id] if rank == newest]
        found.append(dict(best[0]) | {"ambiguous": len(best) > 1})
    return found


def _usable(
    rows: Iterable[Mapping[str, Any]], params: TariffParams
) -> tuple[tuple[Plan, ...], dict[str, int]]:
    """The plans that can be priced, and the others counted by reason."""
    reasons = {row["plan_id"]: _unusable(row) for row in rows}
    plans = tuple(_plan(row, params) for row in rows if reasons[row["plan_id"]] is None)
    return plans, dict(sorted(Counter(r for r in reasons.values() if r).items()))


def _unusable(row: Mapping[str, Any]) -> str | None:
    prices = [row[name] for name in ("voice_price_per_min", "sms_price", "data_price_per_mb")]
    allowances = [row[name] or 0 for name in ("minutes", "sms", "data_mb")]
    if row["ambiguous"]:
        return "two_versions"
    if row["fee"] is None:
        return "fee_missing"
    if any(price is None for price in prices):
        return "price_missing"
    if min(row["fee"], *prices, *allowances) < 0:
        return "negative"
    if row["fee"] > _MAX_FEE or max(prices) > _MAX_PRICE:
        return "too_large"
    return None


def _plan(row: Mapping[str, Any], params: TariffParams) -> Plan:
    def free(name: str, units: int) -> int:
        # What is not said is not included.
        return int(min(row[name] or 0.0, _UNLIMITED) * units)

    return Plan(
        plan_id=row["plan_id"],
        fee_cents=round(row["fee"] * 100),
        free_s=free("minutes", 60),
        free_messages=free("sms", 1),
        free_kb=free("data_mb", KB_PER_MB),
        step_s=row["billing_step_s"] or params.default_step_s,
        voice_micro=round(row["voice_price_per_min"] * _MICRO),
        sms_micro=round(row["sms_price"] * _MICRO),
        data_micro=round(row["data_price_per_mb"] * _MICRO),
    )


def _cuts(fees_cents: Sequence[int], params: TariffParams) -> tuple[int, ...]:
    """Where levels 2 to 5 begin: as given, else a fifth of the different fees each.

    With fewer than five different fees some levels are empty.
    """
    if params.levels is not None:
        return tuple(round(level * 100) for level in params.levels)
    fees = sorted(set(fees_cents))
    begins = [-(-len(fees) * step // LEVELS) for step in range(1, LEVELS)]
    return tuple(fees[begin] for begin in begins if begin < len(fees))


def as_table(engine: Engine, book: Book, plans: Sequence[Plan]) -> ir.Table:
    """Plans in a table of the engine.

    Returns:
        plan_no (place in `plans`), plan_id, fee_level, and the whole numbers of `Plan`.
    """
    return engine.upload(
        pa.table(
            {
                "plan_no": pa.array(range(len(plans)), pa.int64()),
                "plan_id": pa.array([plan.plan_id for plan in plans], _id_type(book)),
                "fee_level": pa.array([book.level(plan) for plan in plans], pa.int64()),
                **{t: pa.array([getattr(plan, t) for plan in plans], pa.int64()) for t in _TERMS},
            }
        )
    )


def monthly_table(engine: Engine, book: Book) -> ir.Table:
    """Plans at the terms of each month of the window: `as_table` with `month` ("YYYY-MM")."""
    rows = [(month, plan) for month, plans in book.by_month.items() for plan in plans]
    return engine.upload(
        pa.table(
            {
                "month": pa.array([month for month, _ in rows], pa.string()),
                # Typed: there may be no row.
                "plan_id": pa.array([plan.plan_id for _, plan in rows], _id_type(book)),
                **{t: pa.array([getattr(plan, t) for _, plan in rows], pa.int64()) for t in _TERMS},
            }
        )
    )


def _id_type(book: Book) -> pa.DataType:
    return pa.array([plan.plan_id for plan in book.now]).type

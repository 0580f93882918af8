"""What leaving means: the label kinds of an as_of, and `churned` from those selected.

Every function takes a table with one row a member of the start population and returns
expressions on it. Null means "not known" throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from churnlight.params.population import LabelKind, LabelParams
from churnlight.population.standing import (
    ID,
    Later,
    all_of,
    any_of,
    column,
    day,
    first_replaced,
    no,
    surely,
    yes,
)
from churnlight.timeline import Moment, Month, month_range, months_between, outcome_end

# In order of precedence.
KINDS: tuple[LabelKind, ...] = ("off_net", "spend_churn", "value_loss", "silence")

# A bill is compared with (1 - drop) of the median in whole millionths, so that 10.00 is at most
# a tenth of 100.00 whatever floats make of 1 - 0.9.
_SCALE = 1_000_000


@dataclass(frozen=True)
class Outcome:
    """The months that each kind looks at, and which kinds the months there are cover wholly.

    Attributes:
        at: the as_of.
        gap: months between as_of and label_start.
        spend: months that `spend_churn` adds up.
        later: months from T on that are there, up to the longest kind's end.
        covered: by kind, whether its outcome is wholly covered by the months there are.
        complete: whether the outcome of the selected kinds is.
    """

    at: Moment
    gap: tuple[Month, ...]
    spend: tuple[Month, ...]
    later: tuple[Month, ...]
    covered: Mapping[str, bool]
    complete: bool


def outcome(at: Moment, params: LabelParams, months: frozenset[Month]) -> Outcome:
    """Lay the label kinds of an as_of over the months there are."""

    def reached(end: datetime) -> bool:
        return all(m in months for m in months_between(at.as_of, end))

    spend = month_range(Month.of(at.label_start), params.spend_churn.months)
    furthest = outcome_end(at, params.spend_churn.months)
    wholly = reached(at.label_end)
    return Outcome(
        at=at,
        gap=months_between(at.as_of, at.label_start),
        spend=spend,
        later=tuple(m for m in months_between(at.as_of, furthest) if m in months),
        covered={
            "off_net": wholly,
            "spend_churn": reached(spend[-1].end),
            "value_loss": wholly,
            "silence": wholly,
        },
        complete=reached(outcome_end(at, params.spend_churn_months)),
    )


@dataclass(frozen=True)
class Departure:
    """How a member left.

    Attributes:
        in_gap: off the books when the label's interval begins: no label.
        left: off the books when the label's interval ends.
        kind: status of the first snapshot of the horizon in which the identity was off the books
            (`vanished` where it was absent); null where it has not left.
        vanished: absent without a status when it was first seen off the books, returned or not.
        before_cutoff: the snapshot of month T says it left in [as_of, cutoff).
    """

    in_gap: ir.BooleanValue
    left: ir.BooleanValue
    kind: ir.StringValue
    vanished: ir.BooleanValue
    before_cutoff: ir.BooleanValue


def departure(table: ir.Table, out: Outcome) -> Departure:
    """Say who left the books, from snapshots; see `Departure`."""
    at = out.at
    later = {m: Later(table, m) for m in out.later}
    if at.month in later:
        first = later[at.month]
        early = (first.since >= day(at.as_of)) & (first.since < day(at.cutoff))
        before_cutoff = first.there & ~first.on & surely(early)
    else:
        before_cutoff = no()
    in_gap = ~later[out.gap[-1]].on if out.gap and out.gap[-1] in later else no()
    if not out.covered["off_net"]:
        unknown = ibis.null("boolean")
        return Departure(in_gap, unknown, ibis.null("string"), no(), before_cutoff)
    on = _on_at_end(later, at)
    horizon = at.horizon
    seen_off = [(~later[m].on, later[m].kind) for m in horizon[:-1]]
    last = later[horizon[-1]]
    first_off = [(~later[m].on, later[m].kind) for m in out.gap] + seen_off + [(~on, last.kind)]
    return Departure(
        in_gap=in_gap,
        left=~on,
        kind=ibis.ifelse(on, ibis.null("string"), ibis.cases(*seen_off, (~on, last.kind))),
        vanished=surely(ibis.cases(*first_off) == "vanished"),
        before_cutoff=before_cutoff,
    )


def _on_at_end(later: Mapping[Month, Later], at: Moment) -> ir.BooleanValue:
    """Whether a member is on the books at label_end.

    The last snapshot decides. Where label_end falls inside a month, that snapshot is of a later
    day: what it dates on or after label_end has not happened yet, and the state before it stands.
    """
    last = later[at.horizon[-1]]
    if at.label_end == at.horizon[-1].end:
        return last.on
    # One month alone: who did not leave in the gap was on the books when it began.
    before = later[at.horizon[-2]].on if len(at.horizon) > 1 else yes()
    return ibis.ifelse(surely(last.since >= day(at.label_end)), before, last.on)


def bills_of(billing: ir.Table, months: Iterable[Month]) -> ir.Table:
    """Bills in cents, one row a subscriber, one column a month."""
    months = tuple(months)
    rows = billing.filter(billing["month"].isin([str(m) for m in months]))
    value = cents(rows)
    columns = {
        column("bill", m): value.max(where=rows["month"] == str(m)) for m in sorted(set(months))
    }
    return rows.group_by(ID).agg(bills=rows.count(), **columns).drop("bills")


def cents(bills: ir.Table) -> ir.IntegerValue:
    """total_charge in whole cents (hundredths of the currency)."""
    return (bills["total_charge"] * 100).round().cast("int64")


def bill_in(table: ir.Table, month: Month) -> ir.IntegerValue:
    """A member's bill of a later month in cents.

    Nothing for who is off the books and has none, nor for an id that someone else holds; null
    (not known) for who is on the books and has none.
    """
    there = Later(table, month)
    bill = table[column("bill", month)]
    missing = ibis.ifelse(there.on, ibis.null("int64"), ibis.literal(0, "int64"))
    return ibis.ifelse(
        there.replaced_on.notnull(), ibis.literal(0, "int64"), ibis.coalesce(bill, missing)
    )


def spend_churn(table: ir.Table, out: Outcome, params: LabelParams) -> ir.BooleanValue:
    """Whether the bills of `out.spend` add up to less than the threshold."""
    if not out.covered["spend_churn"]:
        return ibis.null("boolean")
    return spends_below(table, out.spend, params)


def spends_below(table: ir.Table, months: Sequence[Month], params: LabelParams) -> ir.BooleanValue:
    """Whether the bills of some later months add up to less than `spend_churn.total_below`."""
    total = bill_in(table, months[0])
    for month in months[1:]:
        total = total + bill_in(table, month)
    return total < ibis.literal(round(params.spend_churn.total_below * 100), "int64")


def value_loss(table: ir.Table, out: Outcome, params: LabelParams) -> ir.BooleanValue:
    """Whether every bill of the horizon is at most (1 - drop) of the window's median bill.

    `median_twice_cents` is null where the window lacks a bill. A median of nothing has no value
    to lose: false.
    """
    if not out.covered["value_loss"]:
        return ibis.null("boolean")
    bills = [bill_in(table, m) for m in out.at.horizon]
    kept = _SCALE - round(params.value_loss.drop * _SCALE)
    most = table["median_twice_cents"] * ibis.literal(kept, "int64")
    low = all_of([bill * ibis.literal(2 * _SCALE, "int64") <= most for bill in bills])
    unknown = any_of([b.isnull() for b in bills]) | table["median_twice_cents"].isnull()
    return ibis.ifelse(unknown, ibis.null("boolean"), (table["median_twice_cents"] > 0) & low)


def heard_of(cdr: ir.Table, at: Moment) -> ir.Table:
    """Who was heard of in the label's interval, one row a subscriber.

    Columns: first_out_at (first outgoing voice, SMS or MMS, or data session; null without one),
    last_at (last event of any kind).
    """
    started = cdr["started_at"]
    rows = cdr.filter(
        started >= ibis.literal(at.label_start, type="timestamp"),
        started < ibis.literal(at.label_end, type="timestamp"),
    )
    own = (rows["kind"] == "data") | surely(rows["direction"] == "out")
    return rows.group_by(ID).agg(
        first_out_at=rows["started_at"].min(where=own), last_at=rows["started_at"].max()
    )


def silence(table: ir.Table, out: Outcome) -> ir.BooleanValue:
    """Whether a member neither called, texted nor used data in the whole horizon.

    Events of another identity, from its activation on, are not theirs.
    """
    if not out.covered["silence"]:
        return ibis.null("boolean")
    first = table["first_out_at"]
    replaced = first_replaced(table, out.later)
    theirs = first.notnull() & ibis.coalesce(first < replaced.cast("timestamp"), yes())
    return ~theirs


@dataclass(frozen=True)
class Labels:
    """The label columns of a member."""

    churned: ir.BooleanValue
    label_kind: ir.StringValue
    kinds: Mapping[str, ir.BooleanValue]


def decide(table: ir.Table, out: Outcome, params: LabelParams) -> Labels:
    """Make `churned` and `label_kind` of the kinds, each counted once, in order of precedence.

    Args:
        table: with the columns in_gap, departure_kind and one a kind (see `KINDS`).
        out: what is covered.
        params: which kinds count.
    """
    kinds: dict[str, ir.BooleanValue] = {
        k: ibis.ifelse(table["in_gap"], ibis.null("boolean"), table[k]) for k in KINDS
    }
    departed = surely(kinds["off_net"])
    # Gone in a way that isn't asked for (debt): neither a churner nor one who stayed.
    neither = departed & ~table["departure_kind"].isin(params.off_net_kinds)
    selected = [kinds[k] for k in KINDS if k in params.kinds]
    counted = ibis.ifelse(neither, ibis.null("boolean"), any_of(selected))
    churned = counted if out.complete else ibis.null("boolean")
    named = [
        (surely(kinds[k]), table["departure_kind"] if k == "off_net" else ibis.literal(k))
        for k in KINDS
        if k in params.kinds
    ]
    if not out.complete:
        return Labels(churned, ibis.literal("unknown"), kinds)
    label_kind = ibis.cases(
        (neither, table["departure_kind"]),
        (counted.isnull(), "unknown"),
        *named,
        else_="none",
    )
    return Labels(churned, label_kind, kinds)


def months_without_bills(bills: Mapping[Month, tuple[int, int]]) -> list[str]:
    """Months in which members stood on the books, but no bill of any of them is there.

    Args:
        bills: by month, members on the books and members with a bill.
    """
    return [str(m) for m, (on, billed) in sorted(bills.items()) if on > 0 and billed == 0]


def bill_months(out: Outcome, kinds: Sequence[LabelKind]) -> tuple[Month, ...]:
    """Later months whose bills the selected kinds need, where the outcome is complete."""
    needed: set[Month] = set()
    if "spend_churn" in kinds:
        needed |= set(out.spend)
    if "value_loss" in kinds:
        needed |= set(out.at.horizon)
    return tuple(sorted(needed)) if out.complete else ()

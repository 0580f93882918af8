"""Count a base again at a later month's end, with the population's own code.

The base is the cohort of the first instant after the base month: same rules, same identities. Who
is off the books, and what a later bill says, is told by `population.standing` and
`population.labels`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.inventory import spell
from churnlight.known import as_known
from churnlight.kpi.figures import DIMENSIONS, OFF_NET_KINDS, Counted, Group
from churnlight.kpi.spans import Span
from churnlight.params.data import TimeParams
from churnlight.params.kpi import KpiParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.population import cohort, labels
from churnlight.population.building import start_population
from churnlight.population.standing import (
    ID,
    Later,
    all_of,
    attach,
    column,
    day,
    later_standing,
    no,
    surely,
)
from churnlight.schema import BILLING, SUBSCRIBERS
from churnlight.timeline import Moment, Month, month_range


@dataclass(frozen=True)
class KpiRules:
    """The parameters that the KPI rests on: sections `time`, `cohort`, `label` and `kpi`."""

    time: TimeParams
    cohort: CohortParams
    label: LabelParams
    kpi: KpiParams


@dataclass(frozen=True)
class Sources:
    """What is counted.

    Attributes:
        extracts: kept rows of `subscribers` and, where there are, `billing` and `care`, over the
            months needed or more; not filtered by what was known.
        usage: usage marts of the months needed or more, with `month`; None without any.
    """

    extracts: Mapping[str, ir.Table]
    usage: ir.Table | None


@dataclass(frozen=True)
class Base:
    """A base with its members' later standing; the months up to `last` may be counted.

    Attributes:
        month: the base month.
        last: the last month that its members' standing is known of.
        members: one row a member, with the dimensions, its standing by month (see
            `standing.later_standing`), and `gone_YYYYMM`: null on the books, else the state in
            which it was first off the books for good.
        vanished: per later month, who vanished in it of the start population.
        start: subscribers of the start population.
    """

    month: Month
    last: Month
    members: ir.Table
    vanished: Mapping[Month, int]
    start: int


def base_of(engine: Engine, sources: Sources, span: Span, rules: KpiRules) -> Base:
    """Take the base of a base month, and follow it up to the span's month.

    Args:
        engine: where it runs.
        sources: over the window, the month before it where there is one, and the later months.
        span: the base month, and the last month that will be counted.
        rules: the parameters.

    Raises:
        DataRefused: nobody is in the base, or a threshold needs an extract that is not there.
    """
    at = span.at(rules.time)
    extracts, usage = _in_window(sources, at)
    start = start_population(engine, extracts, usage, at)
    stays = cohort.rules_of(
        start,
        rules.cohort,
        billing="billing" in extracts,
        measured=None if usage is None else cohort.measured_columns(engine, usage),
        active_in_window="silence" in rules.label.kinds,
    )
    table = start.select(ID, "activated_on", in_base=all_of([rule.stays for rule in stays]))
    snapshots = extracts["subscribers"]
    table = attach(table, _dimensions(snapshots, span.base, rules.time))
    table = engine.cache(_followed(attach(table, later_standing(snapshots, span.later)), span))
    vanished = {m: _vanished_in(table, m, span) for m in span.later}
    totals = {column("vanished", m): v.cast("int64").sum() for m, v in vanished.items()}
    counted = engine.arrow(
        table.agg(start=table.count(), base=table["in_base"].cast("int64").sum(), **totals)
    ).to_pylist()[0]
    if not counted["base"]:
        raise DataRefused(
            f"nobody is in the base of {span.base}: of {counted['start']} subscribers on the books "
            "none meets the rules in the section cohort of params.yaml; relax them, or hand in the "
            f"snapshots, bills and CDRs of {spell(at.window)}"
        )
    return Base(
        month=span.base,
        last=span.month,
        members=table.filter(table["in_base"]),
        vanished={m: int(counted[column("vanished", m)] or 0) for m in span.later},
        start=int(counted["start"]),
    )


def count(engine: Engine, base: Base, sources: Sources, month: Month, rules: KpiRules) -> Counted:
    """Count the base at the end of a month, as it was known when the month was closed.

    Args:
        engine: where it runs.
        base: see `base_of`.
        sources: see `base_of`.
        month: at least `label.spend_churn.months` after the base month, at most `base.last`.
        rules: the parameters.

    Raises:
        DataRefused: more vanished in a month than `label.max_vanished_share`; nobody on the books
            has a bill of a month that is needed.
    """
    _hold_vanished(base, month, rules.label)
    months = rules.label.spend_churn.months
    spent = month_range(month - (months - 1), months)
    billing = sources.extracts.get("billing")
    table = attach(base.members, _contracts(sources, month, rules))
    if billing is not None:
        known = as_known(
            billing, BILLING, as_of=month.end, cutoff=month.closes_at(rules.time.close_days)
        )
        table = attach(table, labels.bills_of(known, spent))
    gone = table[column("gone", month)]
    on = gone.isnull()
    low = labels.spends_below(table, spent, rules.label) if billing is not None else no()
    flags = {
        "on_books": on,
        **{kind: surely(gone == kind) for kind in OFF_NET_KINDS},
        "spend_churn": on & surely(low),
        "unknown_bills": on & low.isnull(),
        "contracts": on & surely(table["contract_counts"]),
        "contract_dates": on & surely(table["contract_dated"]),
    }
    billed = _billed(table, spent) if billing is not None else {}
    totals = {name: flag.cast("int64").sum() for name, flag in (flags | billed).items()}
    summed = table.group_by(list(DIMENSIONS)).agg(base=table.count(), **totals)
    rows = engine.arrow(summed).to_pylist()
    if billing is not None:
        _hold_bills(rows, spent, month, rules.time)
    cells = {
        tuple(row[d] for d in DIMENSIONS): Group(
            base=int(row["base"]), **{name: int(row[name]) for name in flags}
        )
        for row in rows
    }
    return Counted(cells=cells, billing=billing is not None)


def _in_window(sources: Sources, at: Moment) -> tuple[Mapping[str, ir.Table], ir.Table | None]:
    """The sources as the cohort of an as_of is handed them: usage and care of its window alone."""
    extracts, usage = dict(sources.extracts), sources.usage
    if usage is not None:
        usage = usage.filter(usage["month"].isin([str(m) for m in at.window]))
    if (care := extracts.get("care")) is not None:
        start = ibis.literal(at.window_start, type="timestamp")
        extracts["care"] = care.filter(care["happened_at"] >= start)
    return extracts, usage


def _dimensions(snapshots: ir.Table, base: Month, time: TimeParams) -> ir.Table:
    """Area, VIP tier and group class in the base month's snapshot."""
    known = _snapshot(snapshots, base, time)
    return known.select(ID, **{name: _of(known, name, "string") for name in DIMENSIONS})


def _contracts(sources: Sources, month: Month, rules: KpiRules) -> ir.Table:
    """Who has a contract in the month's snapshot, and whether it ends late enough to count.

    A contract holds through its last day: with three months asked for, one that ends on 30
    September ends exactly three months after June, and counts for nothing; 1 October is more.
    """
    known = _snapshot(sources.extracts["subscribers"], month, rules.time)
    ends = _of(known, "contract_ends_on", "date")
    least = (month + 1 + rules.kpi.contract_months).start
    return known.select(ID, contract_dated=ends.notnull(), contract_counts=ends >= day(least))


def _snapshot(snapshots: ir.Table, month: Month, time: TimeParams) -> ir.Table:
    known = as_known(
        snapshots, SUBSCRIBERS, as_of=month.end, cutoff=month.closes_at(time.close_days)
    )
    return known.filter(known["month"] == str(month))


def _followed(table: ir.Table, span: Span) -> ir.Table:
    """Add `gone_YYYYMM`: how each went, from the first snapshot off the books; null while on."""
    gone: dict[str, ir.StringValue] = {}
    last: ir.StringValue = ibis.null("string")
    for month in span.later:
        later = Later(table, month)
        last = ibis.ifelse(later.on, ibis.null("string"), ibis.coalesce(last, later.kind))
        gone[column("gone", month)] = last
    return table.mutate(**gone)


def _vanished_in(table: ir.Table, month: Month, span: Span) -> ir.BooleanValue:
    """On the books the month before (or in the base), absent without a status in this one."""
    before = month - 1
    was_on = table[column("gone", before)].isnull() if before > span.base else ~no()
    return was_on & surely(table[column("gone", month)] == "vanished")


def _hold_vanished(base: Base, month: Month, params: LabelParams) -> None:
    for one, vanished in base.vanished.items():
        if one <= month and vanished > params.max_vanished_share * base.start:
            raise DataRefused(
                f"{vanished} of {base.start} subscribers on the books after {base.month} "
                f"({vanished / base.start:.2%}) are absent from the snapshot of subscribers of "
                f"{one} without a status; at most {params.max_vanished_share:.2%} may "
                "(label.max_vanished_share): complete the snapshot, or raise the limit"
            )


def _billed(table: ir.Table, spent: Sequence[Month]) -> dict[str, ir.BooleanValue]:
    """By month whose bills are added up: on the books then, and with a bill."""
    flags = {}
    for month in spent:
        on = Later(table, month).on
        flags[column("on", month)] = on
        flags[column("billed", month)] = on & table[column("bill", month)].notnull()
    return flags


def _hold_bills(
    rows: Sequence[Mapping[str, Any]], spent: Sequence[Month], month: Month, time: TimeParams
) -> None:
    """Hold the months to bills: without any, everybody's spend would be unknown."""

    def total(name: str, one: Month) -> int:
        return sum(int(row[column(name, one)]) for row in rows)

    bills = {m: (total("on", m), total("billed", m)) for m in spent}
    if missing := labels.months_without_bills(bills):
        closed = month.closes_at(time.close_days)
        raise DataRefused(
            f"the figure of {month} needs the bills of {', '.join(missing)}, but nobody of the "
            f"base who is on the books has one that was known before {closed:%Y-%m-%d}, when "
            f"{month} was closed: hand in billing of these months, or take an earlier month"
        )


def _of(table: ir.Table, name: str, kind: str) -> ir.Value:
    return table[name] if name in table.columns else ibis.null(kind)

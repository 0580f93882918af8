"""Who is at risk and worth watching: what was known of the window, and the rules of the cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.identity import in_use_before
from churnlight.known import as_known
from churnlight.params.population import CohortParams
from churnlight.population.labels import cents
from churnlight.population.standing import ID, attach, day, of_identity, surely, yes
from churnlight.schema import BILLING, CARE
from churnlight.timeline import Moment

# Columns of the usage mart that the rules read; an operator's own `usage` may lack any of them.
_OUT = ("voice_out_count", "sms_out_count", "data_sessions_count")
_READ = ("voice_out_s", *_OUT)


@dataclass(frozen=True)
class Rule:
    """One rule of the cohort: its name in the attrition table, and who stays (never null)."""

    name: str
    stays: ir.BooleanValue

    @property
    def column(self) -> str:
        """The column that says who stays."""
        return f"stays_{self.name}"


def with_traces(start: ir.Table, usage: ir.Table) -> ir.Table:
    """The start population, `handed_on` also where the usage marts show a forerunner on the id."""
    traces = in_use_before(start.select(ID, "activated_on"), [usage])
    both = attach(start, traces.mutate(in_use_before=yes()))
    return both.mutate(handed_on=both["handed_on"] | surely(both["in_use_before"])).drop(
        "in_use_before"
    )


def window_bills(start: ir.Table, billing: ir.Table, at: Moment) -> ir.Table:
    """What the window's bills say: known_cents, known_bills, median_twice_cents.

    known_cents and known_bills add up the bills known before the cutoff (for the cohort);
    median_twice_cents is twice the median in cents over all of the window's bills (for the label
    `value_loss`), null where a whole month on the books has none.

    Args:
        start: the start population.
        billing: kept bills.
        at: the as_of.
    """
    bills = of_identity(billing, start)
    bills = bills.filter(bills["month"].isin([str(m) for m in at.window]), bills["own"])
    first = (bills["month"] + "-01").cast("date")
    medians = bills.group_by(ID).agg(
        # A median of whole cents is a whole or a half cent.
        median_twice=(cents(bills).median() * 2).round().cast("int64"),
        whole_months=bills.count(where=first >= bills["owner_activated_on"]),
        expected=_whole_months(bills["owner_activated_on"].max(), at),
    )
    known = as_known(bills, BILLING, as_of=at.as_of, cutoff=at.cutoff)
    sums = known.group_by(ID).agg(known_cents=_whole(cents(known).sum()), known_bills=known.count())
    both = attach(medians, sums)
    complete = both["whole_months"] >= both["expected"]
    median = ibis.ifelse(complete, both["median_twice"], ibis.null("int64"))
    return both.select(ID, "known_cents", "known_bills", median_twice_cents=median)


def _whole_months(activated_on: ir.DateValue, at: Moment) -> ir.IntegerValue:
    """How many months of the window lie wholly after the activation."""
    whole = [(activated_on <= day(m.start)).cast("int64") for m in at.window]
    return sum(whole[1:], start=whole[0])


def window_usage(start: ir.Table, usage: ir.Table) -> ir.Table:
    """What the window's usage marts say: voice_out_s, out_count, last_out_at.

    Args:
        start: the start population.
        usage: the usage marts of the window with `month`.
    """
    rows = of_identity(usage, start)
    counts = [_column(rows, name).fill_null(0) for name in _OUT]
    last, own = _column(rows, "last_out_at", "timestamp"), rows["own"]
    return rows.group_by(ID).agg(
        voice_out_s=_whole(_column(rows, "voice_out_s").sum(where=own)),
        out_count=_whole(sum(counts[1:], start=counts[0]).sum(where=own)),
        # A recycled number's forerunner may have called in the month it changed hands.
        last_out_at=last.max(where=last >= rows["owner_activated_on"].cast("timestamp")),
    )


def port_out_applications(care: ir.Table, at: Moment) -> ir.Table:
    """When a port-out was last applied for before as_of, as known before the cutoff: filed_at."""
    known = as_known(care, CARE, as_of=at.as_of, cutoff=at.cutoff)
    filed = known.filter(known["kind"] == "port_out_application")
    return filed.group_by(ID).agg(filed_at=filed["happened_at"].max())


def filled(table: ir.Table) -> ir.Table:
    """Fill in what no row and no extract mean; turn applications into a rule.

    Columns afterwards: known_bills, voice_out_s, out_count (0 where there is nothing),
    known_cents, median_twice_cents, last_out_at (null there), no_port_out_application.
    """

    def of(name: str, kind: str = "int64") -> ir.Value:
        return _column(table, name, kind)

    theirs = of("filed_at", "timestamp") >= table["activated_on"].cast("timestamp")
    return table.mutate(
        known_cents=of("known_cents"),
        known_bills=of("known_bills").fill_null(0),
        median_twice_cents=of("median_twice_cents"),
        voice_out_s=of("voice_out_s").fill_null(0),
        out_count=of("out_count").fill_null(0),
        last_out_at=of("last_out_at", "timestamp"),
        no_port_out_application=~surely(theirs),
    )


def measured_columns(engine: Engine, usage: ir.Table | None) -> frozenset[str]:
    """The columns of the rules that the window's usage has at all (an absent one is all null)."""
    if usage is None:
        return frozenset()
    there = [name for name in _READ if name in usage.columns]
    if not there:
        return frozenset()
    counted = engine.arrow(usage.agg(**{name: usage[name].count() for name in there})).to_pylist()
    return frozenset(name for name in there if counted[0][name])


def rules_of(
    table: ir.Table,
    params: CohortParams,
    *,
    billing: bool,
    measured: frozenset[str] | None,
    active_in_window: bool,
) -> list[Rule]:
    """The rules that apply, in order, after the start population.

    Args:
        table: the start population with what the window says.
        params: the section `cohort`.
        billing: whether there are bills.
        measured: see `measured_columns`; None without usage.
        active_in_window: whether the label `silence` asks for someone who was not silent before.

    Raises:
        DataRefused: when a threshold is set on what is not there.
    """
    names = ["whole_window"] if params.whole_window else []
    names += ["not_suspended", "not_staff_or_test", "not_red_list", "no_port_out_application"]
    rules = [Rule(name, table[name]) for name in names]
    if params.min_monthly_bill is not None:
        if not billing:
            raise DataRefused(_without("min_monthly_bill", params.min_monthly_bill, "billing"))
        least = ibis.literal(round(params.min_monthly_bill * 100), "int64") * table["known_bills"]
        enough = surely((table["known_bills"] > 0) & (table["known_cents"] >= least))
        rules.append(Rule("min_monthly_bill", enough))
    if params.min_voice_out_minutes is not None:
        if measured is None:
            raise DataRefused(
                _without("min_voice_out_minutes", params.min_voice_out_minutes, "cdr or usage")
            )
        if "voice_out_s" in measured:
            more = table["voice_out_s"] > ibis.literal(params.min_voice_out_minutes * 60)
        else:
            more = yes()
        rules.append(Rule("min_voice_out_minutes", more))
    if active_in_window:
        if measured is not None and not measured.isdisjoint(_OUT):
            rules.append(Rule("active_in_window", table["out_count"] > 0))
        else:
            rules.append(Rule("active_in_window", yes()))
    return rules


def attrition(
    judged: ir.Table, rules: Sequence[Rule]
) -> tuple[dict[str, ir.IntegerScalar], list[str]]:
    """Aggregates of the attrition table, to be run in one query, and the rules' names in order.

    Args:
        judged: the start population with `churned` and one boolean a rule (`Rule.column`).
        rules: the rules in order.

    Returns:
        Per step i the aggregates `subscribers_i` and `churners_i`; names of the steps.
    """
    aggregates = {
        "subscribers_0": judged.count(),
        "churners_0": surely(judged["churned"]).cast("int64").sum(),
    }
    left: ir.BooleanValue = yes()
    for i, rule in enumerate(rules, start=1):
        left = left & judged[rule.column]
        aggregates[f"subscribers_{i}"] = left.cast("int64").sum()
        aggregates[f"churners_{i}"] = (left & surely(judged["churned"])).cast("int64").sum()
    return aggregates, ["active_at_as_of", *(rule.name for rule in rules)]


def attrition_rows(counted: Mapping[str, Any], names: list[str]) -> list[dict[str, Any]]:
    """The attrition table from its aggregates."""
    return [
        {
            "rule": name,
            "subscribers_left": int(counted[f"subscribers_{i}"] or 0),
            "churners_left": int(counted[f"churners_{i}"] or 0),
        }
        for i, name in enumerate(names)
    ]


def _whole(value: ir.NumericValue) -> ir.IntegerValue:
    # A bare cast to int64 is elided and DuckDB's sum is wider than that.
    return value.cast("decimal(38,0)").cast("int64")


def _column(table: ir.Table, name: str, kind: str = "int64") -> ir.Value:
    return table[name] if name in table.columns else ibis.null(kind)


def _without(name: str, value: float, extract: str) -> str:
    return (
        f"cohort.{name} is {value:g}, but there is no extract {extract} to hold it to: "
        f"set cohort.{name}: null in params.yaml, or hand in {extract}"
    )

"""One pass that counts what a month holds: refused rows by reason, unknown values, late rows.

All rules are asked in this one pass; only a month that it finds wanting is read row by row.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from churnlight.check.rules import refusal, unknown_values
from churnlight.columns import is_given
from churnlight.engine import Engine
from churnlight.known import cdr_known_before
from churnlight.schema import Extract
from churnlight.timeline import Month

if TYPE_CHECKING:
    import pyarrow as pa

# What rows carry for each column whose value stands nowhere, see `check.references`.
LOST = "lost_"


@dataclass(frozen=True)
class Closing:
    """When a month's mart is closed, and how late CDRs are known that do not say themselves.

    Attributes:
        close_days: days after the month's end.
        reporting_delay_hours: hours from an event to its record, for records without `known_at`.
    """

    close_days: int
    reporting_delay_hours: float = 0.0


@dataclass(frozen=True)
class Audit:
    """Counts of one pass.

    Attributes:
        rows: rows in the files.
        refused: rows refused, by reason.
        late: CDRs, not refused, that were known only after their month was closed.
        unknown: values outside a column's list, by column, in rows neither refused nor late.
        lost: references that lead nowhere, by column, in rows neither refused nor late.
        lost_subscribers: how many subscribers they are, where the column is `subscriber_id`;
            counted for extracts with one row a subscriber and month.
        filled: rows with a value, by column that completeness counts and the extract has.
        sound: rows that break no rule, refer to nothing that is missing, and have no unknown value.
        days: rows not refused, by the day of the month in `fresh_by`.
    """

    rows: int
    refused: Mapping[str, int]
    late: int
    unknown: Mapping[str, int]
    lost: Mapping[str, int] = field(default_factory=dict)
    lost_subscribers: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    sound: int = 0
    days: Mapping[int, int] = field(default_factory=dict)


def audit(
    engine: Engine, table: ir.Table, extract: Extract, month: Month | None, closing: Closing | None
) -> Audit:
    """Look once at a month's typed rows (runs one aggregate).

    Args:
        engine: where it runs.
        table: typed rows, see `read_typed`; marked by `Contradictions.mark` and `Targets.mark`
            where other extracts say something of them.
        extract: its declaration.
        month: the partition; None for reference tables.
        closing: None where nothing counts as late.
    """
    late = late_rows(table, extract, month, closing)
    flaws = {f"unknown_{n}": test for n, test in unknown_values(table, extract).items()}
    flaws |= {n: table[n] for n in table.columns if n.startswith(LOST)}
    filled = {f"filled_{n}": table[n].notnull() for n in extract.counted if is_given(table, n)}
    judged = table.select(
        code=refusal(table, extract, month),
        is_late=ibis.literal(value=False) if late is None else late,
        day=_day(table, extract, month),
        flawed=functools.reduce(operator.or_, flaws.values(), ibis.literal(value=False)),
        **({"subscriber_id": table.subscriber_id} if _one_a_month(extract) else {}),
        **flaws,
        **filled,
    )
    counts: dict[str, Any] = {
        "rows_count": judged.count(),
        "sound": judged.count(where=~judged.flawed).fill_null(0),
    }
    for name in (*flaws, *filled):
        counts[name] = judged.count(where=judged[name]).fill_null(0)
    if "lost_subscriber_id" in flaws and _one_a_month(extract):
        strangers = judged.subscriber_id.nunique(where=judged.lost_subscriber_id)
        counts["strangers"] = strangers.fill_null(0)
    return _summed(engine.arrow(judged.group_by("code", "is_late", "day").aggregate(**counts)))


def _summed(counted: pa.Table) -> Audit:
    """The counts of all groups, by what each group's rows are."""
    groups = sorted(counted.to_pylist(), key=lambda g: g["code"] or "")
    readable = [g for g in groups if g["code"] is None]
    good = [g for g in readable if not g["is_late"]]
    refused: dict[str, int] = {}
    for group in (g for g in groups if g["code"] is not None):
        refused[group["code"]] = refused.get(group["code"], 0) + int(group["rows_count"])
    days: dict[int, int] = {}
    for group in (g for g in readable if g["day"] is not None):
        days[int(group["day"])] = days.get(int(group["day"]), 0) + int(group["rows_count"])
    return Audit(
        rows=_sum(groups, "rows_count"),
        refused=refused,
        late=_sum((g for g in readable if g["is_late"]), "rows_count"),
        unknown=_by_column(good, "unknown_"),
        lost=_by_column(good, LOST),
        lost_subscribers=_sum(good, "strangers"),
        filled=_by_column(groups, "filled_", zero=True),
        sound=_sum(readable, "sound"),
        days=dict(sorted(days.items())),
    )


def _sum(groups: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(int(g.get(name, 0)) for g in groups)


def _by_column(
    groups: Sequence[Mapping[str, Any]], kind: str, *, zero: bool = False
) -> dict[str, int]:
    """Counts of one kind by column, those of 0 too where `zero`."""
    names = sorted({n for g in groups for n in g if n.startswith(kind)})
    counts = {name.removeprefix(kind): _sum(groups, name) for name in names}
    return {name: count for name, count in counts.items() if count or zero}


def _day(table: ir.Table, extract: Extract, month: Month | None) -> ir.IntegerValue:
    """Day of the month by which a month's freshness is judged; null outside the month."""
    if month is None or extract.fresh_by is None or not is_given(table, extract.fresh_by):
        return ibis.null("int32")
    value = table[extract.fresh_by]
    if extract.fresh_by == extract.happened:
        # Rows of another month are refused.
        return value.day()
    start, end = (ibis.literal(t, type="timestamp") for t in (month.start, month.end))
    moment = value.cast("timestamp")
    inside = (moment >= start) & (moment < end)
    return ibis.ifelse(inside, value.day(), ibis.null("int32"))


def _one_a_month(extract: Extract) -> bool:
    """Whether subscribers are counted beside rows: bills, few and one a subscriber."""
    return extract.name == "billing"


def late_rows(
    rows: ir.Table, extract: Extract, month: Month | None, closing: Closing | None
) -> ir.BooleanValue | None:
    """Whether each row is a CDR that was known only after its month was closed.

    Returns:
        None when no row of the extract can be late.
    """
    if extract.name != "cdr" or month is None or closing is None:
        return None
    closes_at = month.closes_at(closing.close_days)
    return ~cdr_known_before(rows, extract, closes_at, closing.reporting_delay_hours)

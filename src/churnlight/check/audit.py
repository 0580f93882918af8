"""One pass that counts what a month holds: refused rows by reason, unknown values, late rows.

All rules are asked in this one pass; only a month that it finds wanting is read row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.check.rules import refusal, unknown_values
from churnlight.engine import Engine
from churnlight.known import cdr_known_before
from churnlight.schema import Extract
from churnlight.timeline import Month


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
        days: CDRs not refused, by day of the month; empty for other extracts.
    """

    rows: int
    refused: Mapping[str, int]
    late: int
    unknown: Mapping[str, int]
    days: Mapping[int, int] = field(default_factory=dict)


def audit(
    engine: Engine, table: ir.Table, extract: Extract, month: Month | None, closing: Closing | None
) -> Audit:
    """Look once at a month's typed rows (runs one aggregate).

    Args:
        engine: where it runs.
        table: typed rows, see `read_typed`.
        extract: its declaration.
        month: the partition; None for reference tables.
        closing: None where nothing counts as late.
    """
    unknown = unknown_values(table, extract)
    late = late_rows(table, extract, month, closing)
    judged = table.select(
        code=refusal(table, extract, month),
        is_late=ibis.literal(value=False) if late is None else late,
        day=table[extract.happened].day() if extract.name == "cdr" else ibis.null("int32"),
        **{f"unknown_{name}": test for name, test in unknown.items()},
    )
    counts: dict[str, Any] = {"rows_count": judged.count()}
    for name in unknown:
        counts[name] = judged.count(where=judged[f"unknown_{name}"]).fill_null(0)
    groups = engine.arrow(judged.group_by("code", "is_late", "day").aggregate(**counts)).to_pylist()
    good = [g for g in groups if g["code"] is None and not g["is_late"]]
    totals = {name: sum(int(g[name]) for g in good) for name in sorted(unknown)}
    refused: dict[str, int] = {}
    for group in sorted((g for g in groups if g["code"] is not None), key=lambda g: g["code"]):
        refused[group["code"]] = refused.get(group["code"], 0) + int(group["rows_count"])
    days: dict[int, int] = {}
    for group in (g for g in groups if g["code"] is None and g["day"] is not None):
        days[int(group["day"])] = days.get(int(group["day"]), 0) + int(group["rows_count"])
    return Audit(
        rows=sum(int(g["rows_count"]) for g in groups),
        refused=refused,
        late=sum(int(g["rows_count"]) for g in groups if g["code"] is None and g["is_late"]),
        unknown={name: count for name, count in totals.items() if count},
        days=dict(sorted(days.items())),
    )


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

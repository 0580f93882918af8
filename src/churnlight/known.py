"""What was known at a moment: the one filter between extracts and anything that predicts.

A row counts if it happened before as_of and was known before cutoff; a column that is filled in
later reads as null before its time.
"""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir

from churnlight.schema import Extract


def known_at(
    table: ir.Table, extract: Extract, reporting_delay_hours: float = 0.0
) -> ir.TimestampValue:
    """When each row was known.

    The row's own column first; else CDRs after the reporting delay, snapshots and bills at the
    next month's first instant, everything else when it happened.

    Args:
        table: typed rows of the extract (see `churnlight.check`), with the column `month` where
            the extract has no time of its own.
        extract: its declaration.
        reporting_delay_hours: delay of CDRs that do not say themselves.
    """
    if extract.happened is not None:
        default = table[extract.happened]
        if extract.name == "cdr" and reporting_delay_hours:
            default = default + ibis.interval(seconds=int(reporting_delay_hours * 3600))
    else:
        first = (table["month"] + "-01").cast("date")
        default = (first + ibis.interval(months=1)).cast("timestamp")
    if extract.known is None:
        return default
    return ibis.coalesce(table[extract.known], default)


def as_known(
    table: ir.Table,
    extract: Extract,
    *,
    as_of: datetime,
    cutoff: datetime,
    reporting_delay_hours: float = 0.0,
) -> ir.Table:
    """Rows that happened before `as_of` and were known before `cutoff`, late columns nulled.

    What fills a late column happens at its own time, so from `as_of` on it reads as null, like a
    row of that time would be left out.

    A snapshot or a bill of a month "happens" at the month's last instant.

    Args:
        table: typed rows of the extract.
        extract: its declaration.
        as_of: first instant of month T.
        cutoff: `as_of` plus close_days.
        reporting_delay_hours: see `known_at`.
    """
    known = known_at(table, extract, reporting_delay_hours)
    if extract.happened is not None:
        happened = table[extract.happened] < _literal(as_of)
    else:
        happened = table["month"] < ibis.literal(f"{as_of:%Y-%m}")
    rows = table.filter(happened, known < _literal(cutoff))
    late = {
        column: ibis.ifelse(rows[time] < _literal(as_of), rows[column], ibis.null())
        for column, time in extract.late.items()
        if column in rows.columns and time in rows.columns
    }
    return rows.mutate(**late) if late else rows


def cdr_known_before(
    table: ir.Table, extract: Extract, closes_at: datetime, reporting_delay_hours: float
) -> ir.BooleanValue:
    """Whether a CDR was known when its month closed (marts are closed, and stay closed)."""
    return known_at(table, extract, reporting_delay_hours) < _literal(closes_at)


def _literal(moment: datetime) -> ir.TimestampScalar:
    return ibis.literal(moment, type="timestamp")

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

    The row's own column first; else CDRs after the reporting delay, a bill when its period has
    passed, snapshots and other bills at the next month's first instant, everything else when it
    happened.

    Args:
        table: typed rows of a monthly extract (see `churnlight.check`), with the column `month`
            where the extract has no time of its own.
        extract: its declaration.
        reporting_delay_hours: delay of CDRs that do not say themselves.
    """
    if extract.happened is None:
        default = _over_at(table, extract)
    else:
        default = table[extract.happened]
        if extract.name == "cdr" and reporting_delay_hours:
            default = default + ibis.interval(seconds=int(reporting_delay_hours * 3600))
    if extract.known is None:
        return default
    known = ibis.coalesce(table[extract.known], default)
    # A bill drawn up early says nothing of the rest of its period before that is over.
    return ibis.greatest(known, default) if extract.happened is None else known


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
    row of that time would be left out. Rows that are equal without it are then one.

    A snapshot or a bill "happens" when its month is over, or its own period where it gives one. A
    row of a reference table that holds from `as_of` on or later is not known yet.

    Args:
        table: typed rows of the extract.
        extract: its declaration.
        as_of: first instant of month T.
        cutoff: `as_of` plus close_days.
        reporting_delay_hours: see `known_at`.
    """
    counts: list[ir.BooleanValue] = []
    if extract.happened is not None:
        counts.append(table[extract.happened] < _literal(as_of))
    elif extract.monthly:
        counts.append(_over_at(table, extract) <= _literal(as_of))
    if extract.monthly:
        counts.append(known_at(table, extract, reporting_delay_hours) < _literal(cutoff))
    if extract.begins is not None:
        began = table[extract.begins].cast("timestamp") < _literal(as_of)
        counts.append(ibis.coalesce(began, ibis.literal(value=True)))
    rows = table.filter(counts) if counts else table
    late = {
        column: ibis.ifelse(
            rows[time].cast("timestamp") < _literal(as_of), rows[column], ibis.null()
        )
        for column, time in extract.late.items()
        if column in rows.columns and time in rows.columns
    }
    return rows.mutate(**late).distinct() if late else rows


def _over_at(table: ir.Table, extract: Extract) -> ir.TimestampValue:
    """First instant after a row's period: its own where it gives one, else its month."""
    first = (table["month"] + "-01").cast("date")
    over = (first + ibis.interval(months=1)).cast("timestamp")
    if extract.ends is None or extract.ends not in table.columns:
        return over
    own = (table[extract.ends] + ibis.interval(days=1)).cast("timestamp")
    return ibis.coalesce(own, over)


def cdr_known_before(
    table: ir.Table, extract: Extract, closes_at: datetime, reporting_delay_hours: float
) -> ir.BooleanValue:
    """Whether a CDR was known when its month closed (marts are closed, and stay closed)."""
    return known_at(table, extract, reporting_delay_hours) < _literal(closes_at)


def _literal(moment: datetime) -> ir.TimestampScalar:
    return ibis.literal(moment, type="timestamp")

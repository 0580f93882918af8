"""Whose an id is: one whose `activated_on` changes is a new subscriber from then on.

Windows, edges and labels never reach across the change. What is kept by the month can't be cut at
the day, so the month in which an id changed hands is nobody's; a newcomer's first month, of an id
that nobody held before, is the newcomer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

ID = "subscriber_id"

# Columns of the usage mart of which one is above 0 where anything happened.
_ANYTHING = (
    "events_count",
    "data_sessions_count",
    "active_days",
    "voice_out_s",
    "voice_out_count",
    "sms_out_count",
)


def own_month(
    activated_on: ir.DateValue, first: ir.DateValue, end: ir.DateValue, handed_on: ir.BooleanValue
) -> ir.BooleanValue:
    """Whether what is kept by the month is the present holder's.

    Args:
        activated_on: when the present holder's time began.
        first: the month's first day.
        end: the next month's first day.
        handed_on: whether somebody held the id before (never null).
    """
    return handed_on.ifelse(activated_on <= first, activated_on < end)


def in_use_before(owners: ir.Table, usage: Sequence[ir.Table]) -> ir.Table:
    """Ids with traces of a forerunner in the usage marts: events before the activation.

    Snapshots show a forerunner only at a month's end; one who came and went in between, or before
    the first snapshot, shows in the marts alone.

    Args:
        owners: subscriber_id (unique) and activated_on, never null.
        usage: usage marts with the column `month`; an operator's own may lack columns.

    Returns:
        subscriber_id, unique.
    """
    found = [_traces(rows.inner_join(owners, ID)).select(ID) for rows in usage]
    return reduce(lambda a, b: a.union(b), found).distinct()


def _traces(rows: ir.Table) -> ir.Table:
    """Rows that tell of events before the activation."""
    activated = rows["activated_on"]
    first = (rows["month"] + "-01").cast("date")
    end = (first + ibis.interval(months=1)).cast("date")
    within = [
        rows[column].date() < activated
        for column in ("last_at", "last_out_at")
        if column in rows.columns
    ]
    if "active_days" in rows.columns:
        within.append(rows["active_days"] > end.delta(activated, unit="day"))
    for column, last_day in (("first_ten_days_count", 10), ("middle_ten_days_count", 20)):
        if column in rows.columns:
            within.append((rows[column] > 0) & (activated.day() > last_day))
    earlier = [rows[column] > 0 for column in _ANYTHING if column in rows.columns]
    return rows.filter(
        ((end <= activated) & _any(earlier))
        | ((first < activated) & (activated < end) & _any(within))
    )


def _any(conditions: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    no = ibis.literal(value=False)
    return reduce(or_, [ibis.coalesce(c, no) for c in conditions], no)

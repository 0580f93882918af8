"""Snapshots read for a population: who is on the books at as_of, and how each stood later.

An identity is a subscriber_id together with its activated_on: an id whose activated_on changes
is another subscriber from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

import ibis
import ibis.expr.types as ir

from churnlight.identity import own_month
from churnlight.known import as_known
from churnlight.schema import ON_THE_BOOKS, SUBSCRIBERS
from churnlight.timeline import Moment, Month

ID = "subscriber_id"


def attach(left: ir.Table, right: ir.Table) -> ir.Table:
    """Left-join `right`, one row a subscriber, by subscriber_id."""
    renamed = right.rename(right_id=ID)
    return left.left_join(renamed, left[ID] == renamed["right_id"]).drop("right_id")


def surely(condition: ir.BooleanValue) -> ir.BooleanValue:
    """True where the condition is known to hold, false where it is not or nothing is known."""
    return ibis.coalesce(condition, no())


def yes() -> ir.BooleanScalar:
    """True as a literal."""
    return ibis.literal(value=True)


def no() -> ir.BooleanScalar:
    """False as a literal."""
    return ibis.literal(value=False)


def of_identity(table: ir.Table, start: ir.Table) -> ir.Table:
    """Monthly rows of the start population, from the month in which its identity began.

    Adds owner_activated_on, and `own`: whether the whole row is the identity's (not where the id
    changed hands within the month).
    """
    owners = start.select(
        owner_id=start[ID],
        owner_activated_on=start["activated_on"],
        owner_handed_on=start["handed_on"],
    )
    joined = table.join(owners, table[ID] == owners["owner_id"])
    first = (joined["month"] + "-01").cast("date")
    end = (first + ibis.interval(months=1)).cast("date")
    activated = joined["owner_activated_on"]
    return (
        joined.mutate(own=own_month(activated, first, end, joined["owner_handed_on"]))
        .filter(activated < end)
        .drop("owner_id", "owner_handed_on")
    )


def day(moment: datetime) -> ir.DateScalar:
    """A moment's date as a literal."""
    return ibis.literal(moment.date(), type="date")


def on_the_books(snapshots: ir.Table, at: Moment) -> ir.Table:
    """The start population: active or suspended in the last snapshot known at the cutoff.

    Args:
        snapshots: kept rows of `subscribers`; the month before the window is looked at too where
            it is there.
        at: the as_of.

    Returns:
        One row a subscriber: subscriber_id, account_id (text), region, activated_on, handed_on
        (a snapshot shows that somebody else held the id before; never null), and per cohort rule a
        boolean that is never null: not_suspended, not_staff_or_test, not_red_list, whole_window
        (one identity, on the books in every snapshot of the window that has it, and activated by
        the window's first instant).
    """
    known = as_known(snapshots, SUBSCRIBERS, as_of=at.as_of, cutoff=at.cutoff)
    shown = known.filter(known["month"].isin([str(m) for m in (at.window[0] - 1, *at.window)]))
    inside = shown["month"] >= str(at.window[0])
    history = shown.group_by(ID).agg(
        earliest=shown["activated_on"].min(where=inside),
        latest=shown["activated_on"].max(where=inside),
        first_shown=shown["activated_on"].min(),
        last_shown=shown["activated_on"].max(),
        times_on=shown.count(where=inside & shown["status"].isin(ON_THE_BOOKS)),
        times=shown.count(where=inside),
    )
    last = shown.filter(shown["month"] == str(at.window[-1]), shown["status"].isin(ON_THE_BOOKS))
    both = attach(last, history)
    return both.select(
        ID,
        account_id=ibis.coalesce(both["account_id"].cast("string"), both[ID].cast("string")),
        region=both["region"],
        activated_on=both["activated_on"],
        handed_on=both["first_shown"] != both["last_shown"],
        not_suspended=both["status"] != "suspended",
        not_staff_or_test=~surely(both["is_staff"] | both["is_test"]),
        not_red_list=~surely(both["on_red_list"]),
        whole_window=(both["activated_on"] <= day(at.window_start))
        & (both["earliest"] == both["latest"])
        & (both["times_on"] == both["times"]),
    )


def later_standing(snapshots: ir.Table, months: Sequence[Month]) -> ir.Table:
    """How each id stood in later snapshots: status, since, activated_on, one column each a month.

    Args:
        snapshots: kept rows of `subscribers`.
        months: months from T on whose snapshots may be read.
    """
    rows = snapshots.filter(snapshots["month"].isin([str(m) for m in months]))
    columns = {}
    for month in months:
        here = rows["month"] == str(month)
        columns[column("status", month)] = rows["status"].max(where=here)
        columns[column("since", month)] = rows["status_since"].max(where=here)
        columns[column("activated", month)] = rows["activated_on"].max(where=here)
    return rows.group_by(ID).agg(times_later=rows.count(), **columns).drop("times_later")


def column(prefix: str, month: Month) -> str:
    """Name of a column that holds one month's value."""
    return f"{prefix}_{month.year:04d}{month.number:02d}"


class Later:
    """What one later month's snapshot says about each identity.

    Attributes:
        there: in the snapshot (never null).
        on: on the books (never null).
        kind: the status, or `vanished` where the identity is not in the snapshot.
        replaced_on: activation of another identity that holds the id now; null where none does.
        since: when the state began, as far as the snapshot says.
    """

    def __init__(self, table: ir.Table, month: Month) -> None:
        status = table[column("status", month)]
        activated = table[column("activated", month)]
        same = surely(activated == table["activated_on"])
        self.there: ir.BooleanValue = same
        self.on: ir.BooleanValue = same & surely(status.isin(ON_THE_BOOKS))
        self.kind: ir.StringValue = ibis.ifelse(same, status, "vanished")
        self.replaced_on: ir.DateValue = ibis.ifelse(same, ibis.null("date"), activated)
        self.since: ir.DateValue = ibis.ifelse(same, table[column("since", month)], activated)


def first_replaced(table: ir.Table, months: Sequence[Month]) -> ir.DateValue:
    """Activation of the first other identity that holds the id in later months; null where none."""
    if not months:
        return ibis.null("date")
    return ibis.coalesce(*(Later(table, m).replaced_on for m in months))


def all_of(conditions: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    """Whether all hold (SQL's three-valued and)."""
    return reduce(lambda a, b: a & b, conditions)


def any_of(conditions: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    """Whether any holds (SQL's three-valued or)."""
    return reduce(lambda a, b: a | b, conditions)

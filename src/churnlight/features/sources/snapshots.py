"""Snapshots: the members' own state, whose history is theirs, and who has left the books.

A number may have been another subscriber's before (its `activated_on` changed, or it was in use
before). Months that began before the present activation are then nobody's history, and events
before it are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add, or_

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.features.row import flag, holds, monthly
from churnlight.features.sources.joining import (
    ID,
    attach,
    by_month,
    day,
    join_all,
    months_in,
    side_by_side,
)
from churnlight.identity import in_use_before, own_month
from churnlight.schema import ON_THE_BOOKS
from churnlight.timeline import Moment, Month

PER_MONTH = ("status", "plan_id", "handset_id", "group_id")
LATEST = (
    "payment",
    "brand",
    "vip_tier",
    "group_class",
    "account_id",
    "contract_kind",
    "contract_ends_on",
    "handset_since",
    "ported_in_on",
    "has_broadband",
    "region",
    "age_band",
    "sex",
)


def snapshot_months(engine: Engine, subscribers: ir.Table, at: Moment) -> tuple[Month, ...]:
    """The window's months whose snapshots are known.

    Raises:
        DataRefused: when there is none.
    """
    months = months_in(engine, subscribers, at)
    if not months:
        raise DataRefused(
            f"as_of {at.key}: no snapshot of extract subscribers from {at.window[0]} to "
            f"{at.window[-1]} was known before {at.cutoff:%Y-%m-%d}; features need at least one"
        )
    return months


def member_state(
    members: ir.Table,
    subscribers: ir.Table,
    usage: Sequence[ir.Table],
    at: Moment,
    months: Sequence[Month],
) -> ir.Table:
    """One row a member: its state at the latest snapshot, and which months are its own.

    Args:
        members: subscriber_id, unique.
        subscribers: known snapshots of the window, and of the month before it where there is one.
        usage: the usage marts of the window, with `month`; they show who held an id before, too.
        at: the as_of.
        months: see `snapshot_months`.

    Returns:
        subscriber_id; `own__<k>` (boolean) and `history_months`; `activated_on`; columns of
        `PER_MONTH` as `<name>__<k>`; those of `LATEST`, and plan_id, handset_id and group_id, at
        the latest snapshot.
    """
    shown = by_month(subscribers, at.window)
    wide = side_by_side(members, shown, ("activated_on", *PER_MONTH), "snapshot")
    latest = shown[at.window.index(months[-1])]
    wide = join_all(wide, [latest.select(ID, *LATEST)])
    activations = [wide[monthly("activated_on", k)] for k in range(1, len(at.window) + 1)]
    wide = wide.mutate(activated_on=ibis.coalesce(*reversed(activations)))
    wide = _with_forerunner(wide, subscribers, usage, at)
    changed = reduce(or_, [holds(a != wide["activated_on"]) for a in activations])
    handed_on = changed | wide["had_forerunner"]
    wide = wide.mutate(**_own(wide, at, handed_on)).drop("had_forerunner")
    owned = [flag(wide[monthly("own", k)]) for k in range(1, len(at.window) + 1)]
    return wide.mutate(
        history_months=reduce(add, owned),
        **_own_state(wide, len(at.window), at.window.index(months[-1]) + 1),
    )


def _with_forerunner(
    wide: ir.Table, subscribers: ir.Table, usage: Sequence[ir.Table], at: Moment
) -> ir.Table:
    """Add `had_forerunner`: somebody else held the id, as no two snapshots of the window show."""
    before = subscribers.filter(subscribers["month"] == str(at.window[0] - 1))
    shown = attach(wide, before.select(ID, activated_before="activated_on"))
    other = holds(shown["activated_before"] != shown["activated_on"])
    young = wide.filter(wide["activated_on"] > day(at.window[0])).select(ID, "activated_on")
    if not usage:
        return shown.mutate(had_forerunner=other).drop("activated_before")
    traces = in_use_before(young, usage).mutate(in_use_before=ibis.literal(value=True))
    shown = attach(shown, traces)
    return shown.mutate(had_forerunner=other | holds(shown["in_use_before"])).drop(
        "activated_before", "in_use_before"
    )


def _own(wide: ir.Table, at: Moment, handed_on: ir.BooleanValue) -> dict[str, ir.BooleanValue]:
    return {
        monthly("own", k): holds(
            own_month(wide["activated_on"], day(month), day(month + 1), handed_on), unknown=True
        )
        for k, month in enumerate(at.window, start=1)
    }


def _own_state(wide: ir.Table, window: int, latest: int) -> dict[str, ir.Value]:
    """Monthly state, null where the snapshot shows another activation; and the latest one."""
    state: dict[str, ir.Value] = {}
    for column in PER_MONTH:
        for k in range(1, window + 1):
            same = wide[monthly("activated_on", k)] == wide["activated_on"]
            value = wide[monthly(column, k)]
            state[monthly(column, k)] = same.ifelse(value, ibis.null(value.type()))
    for column in ("plan_id", "handset_id", "group_id"):
        state[column] = state[monthly(column, latest)]
    return state


def everyone(
    engine: Engine, subscribers: ir.Table, at: Moment, months: Sequence[Month]
) -> ir.Table:
    """One row for everyone that a snapshot of the window shows.

    Departed: off the books at the latest known snapshot, or not in it, after having been on them
    within the window (a snapshot says so, or `status_since`). Long gone is not departed.

    Returns:
        subscriber_id; departed, ported_out, on_books (booleans); renewed_on (when the number went
        to its present holder from another, as the window's snapshots or the one before them show;
        else null); group_id and account_id of the present holder (the latest; of those off the
        books the latest known).
    """
    window = [str(m) for m in months]
    rows = subscribers.filter(subscribers["month"].isin([str(at.window[0] - 1), *window]))
    latest, inside = rows["month"] == window[-1], rows["month"].isin(window)
    columns = {
        monthly(column, k): rows[column].max(where=rows["month"] == month)
        for column in ("group_id", "account_id", "activated_on")
        for k, month in enumerate(window, start=1)
    }
    seen = rows.group_by(ID).agg(
        status=rows["status"].max(where=latest),
        status_since=rows["status_since"].max(where=latest),
        times=rows.count(where=inside),
        times_on_books=rows.count(where=inside & rows["status"].isin(ON_THE_BOOKS)),
        first_activated=rows["activated_on"].min(),
        last_activated=rows["activated_on"].max(),
        **columns,
    )
    seen = seen.filter(seen["times"] > 0)
    newest_first = range(len(window), 0, -1)
    holder = ibis.coalesce(*(seen[monthly("activated_on", k)] for k in newest_first))
    seen = seen.mutate(holder_activated_on=holder)
    on_books = holds(seen["status"].isin(ON_THE_BOOKS))
    was_here = (seen["times_on_books"] > 0) | holds(seen["status_since"] >= day(at.window[0]))
    departed = ~on_books & was_here
    renewed = seen["first_activated"] != seen["last_activated"]
    return engine.cache(
        seen.select(
            ID,
            departed=departed,
            ported_out=departed & holds(seen["status"] == "ported_out"),
            on_books=on_books,
            renewed_on=renewed.ifelse(seen["holder_activated_on"], ibis.null("date")),
            **{
                column: _latest_of_holder(seen, column, len(window), on_books)
                for column in ("group_id", "account_id")
            },
        )
    )


def _latest_of_holder(
    seen: ir.Table, column: str, count: int, on_books: ir.BooleanValue
) -> ir.Value:
    """The latest value of those that snapshots of the present holder have."""
    theirs = []
    for k in range(count, 0, -1):
        value = seen[monthly(column, k)]
        same = holds(seen[monthly("activated_on", k)] == seen["holder_activated_on"])
        theirs.append(same.ifelse(value, ibis.null(value.type())))
    return on_books.ifelse(theirs[0], ibis.coalesce(*theirs))


def lines_of(state: ir.Table, all_seen: ir.Table) -> ir.Table:
    """Lines on the books and lines that departed, in the member's group and account.

    Args:
        state: see `member_state`.
        all_seen: see `everyone`.

    Returns:
        subscriber_id, group_lines, group_left, account_lines, account_left; null without one.
    """
    wide = state.select(ID, "group_id", "account_id")
    for key, prefix in (("group_id", "group"), ("account_id", "account")):
        rows = all_seen.filter(all_seen[key].notnull())
        lines = rows.group_by(key).agg(
            **{
                f"{prefix}_lines": rows.count(where=rows["on_books"]).cast("float64"),
                f"{prefix}_left": rows.count(where=rows["departed"]).cast("float64"),
            }
        )
        wide = attach(wide, lines, key)
    return wide.drop("group_id", "account_id")

"""Edges of the window: contacts kept and lost, contacts who left, contacts who moved to a rival."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import add

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.features.row import holds
from churnlight.features.sources.joining import ID, day
from churnlight.timeline import Moment

# A contact met on so many days of a month is a strong one (about weekly).
STRONG_DAYS = 4
MEMBERS_AT_ONCE = 400_000


def leavers(all_seen: ir.Table, numbers: ir.Table | None, at: Moment) -> ir.Table:
    """Contacts that are no longer there, under the id that counterparts see.

    They departed, or their number went to another subscriber.

    Args:
        all_seen: see `snapshots.everyone`.
        numbers: which number_id is whose; an id that it does not name is its owner's own. A
            number counts for every owner whose interval touches the window.
        at: the as_of.

    Returns:
        counterpart_id (unique); departed, ported_out (the present holder); old_months: how many of
        the window's months, the one of the change included, met the holder before; null where the
        number has not changed hands.
    """
    began = [holds(all_seen["renewed_on"] >= day(m)).cast("int64") for m in at.window]
    months = reduce(add, began)
    old = all_seen["renewed_on"].notnull().ifelse(months, ibis.null("int64"))
    gone = all_seen.select(ID, "departed", "ported_out", old_months=old)
    gone = gone.filter(gone["departed"] | gone["old_months"].notnull())
    own = gone.rename(counterpart_id=ID)
    if numbers is not None:
        as_of = ibis.literal(at.as_of.date(), type="date")
        valid = numbers.filter(
            holds(numbers["valid_from"] < as_of, unknown=True),
            holds(numbers["valid_to"] > day(at.window[0]), unknown=True),
        )
        named = valid.inner_join(gone, ID).select(
            "departed", "ported_out", "old_months", counterpart_id="number_id"
        )
        own = own.anti_join(valid, own["counterpart_id"] == valid["number_id"])
        own = own.select(named.columns).union(named)
    return own.group_by("counterpart_id").agg(
        departed=own["departed"].max(),
        ported_out=own["ported_out"].max(),
        old_months=own["old_months"].max(),
    )


def ties(engine: Engine, edges: Sequence[ir.Table], state: ir.Table, gone: ir.Table) -> ir.Table:
    """One row a member with contacts: counts over its contacts, sums over its events.

    A contact is a person: where a number changed hands, who held it before is one contact and who
    holds it now another.

    Args:
        engine: where it runs.
        edges: the marts of the window, first month first.
        state: see `snapshots.member_state`; edges of months that are not a member's own are left
            out.
        gone: see `leavers`.
    """
    gone = engine.cache(gone)
    slices = [state] if engine.spreads else _slices(engine, state)
    if len(slices) == 1:
        return _counted(edges, state, gone)
    return ibis.union(*(engine.cache(_counted(edges, part, gone)) for part in slices))


def _slices(engine: Engine, state: ir.Table) -> list[ir.Table]:
    """The members in ranges of their ids: all contacts of more at once press against memory."""
    numbered = state.select(ID, place=ibis.row_number().over(order_by=state[ID]))
    ends = numbered.filter(numbered["place"] > 0, numbered["place"] % MEMBERS_AT_ONCE == 0)
    cuts = sorted(engine.arrow(ends)[ID].to_pylist())
    if not cuts:
        return [state]
    between = [state.filter(state[ID] >= a, state[ID] < b) for a, b in pairwise(cuts)]
    return [state.filter(state[ID] < cuts[0]), *between, state.filter(state[ID] >= cuts[-1])]


def _counted(edges: Sequence[ir.Table], state: ir.Table, gone: ir.Table) -> ir.Table:
    """The ties of some members."""
    contacts = _contacts(edges, state, gone)
    rows = contacts.left_join(gone, "counterpart_id")
    before, last = rows["days_before"] > 0, rows["days_last"] > 0
    strong_before = rows["days_before"] >= STRONG_DAYS
    old = ~rows["with_next"] & rows["old_months"].notnull()
    left = old | holds(rows["departed"])
    ported_out = ~old & holds(rows["ported_out"])
    to_rival = ported_out | holds(rows["last_rival"] > rows["first_own"])
    counts = {
        "tie_before": before,
        "tie_last": last,
        "tie_kept": before & last,
        "tie_strong_before": strong_before,
        "tie_strong_last": rows["days_last"] >= STRONG_DAYS,
        "tie_strong_lost": strong_before & ~last,
        "tie_left": left,
        "tie_strong_left": left & (rows["most_days"] >= STRONG_DAYS),
        "tie_to_rival": to_rival,
    }
    sums = {
        "tie_left_events": left,
        "tie_to_rival_events": to_rival,
    }
    return rows.group_by(ID).agg(
        **{name: rows.count(where=where).cast("float64") for name, where in counts.items()},
        **{name: rows["events"].sum(where=where).cast("float64") for name, where in sums.items()},
        tie_all=rows.count().cast("float64"),
        tie_events=rows["events"].sum().cast("float64"),
        tie_rival_events=rows["rival_events"].sum().cast("float64"),
    )


def _contacts(edges: Sequence[ir.Table], state: ir.Table, gone: ir.Table) -> ir.Table:
    """One row a member and contact, over the window; `with_next`: who holds the number now."""
    count = len(edges)
    owned = state.select(ID, first_own_month=(count + 1 - state["history_months"]).cast("int64"))
    months = [
        month.select(
            ID,
            "counterpart_id",
            network=month["counterpart_network"].fill_null("unknown"),
            events=month["events_count"],
            days=month["active_days"],
            k=ibis.literal(k, "int64"),
        )
        # Each month by itself: a join's keys reach a scan, but not through a union.
        .inner_join(owned, ID)
        .filter(lambda t: (t["network"] != "service") & (t["k"] >= t["first_own_month"]))
        .drop("first_own_month")
        for k, month in enumerate(edges, start=1)
    ]
    rows = reduce(lambda a, b: a.union(b), months)
    handed_on = gone.filter(gone["old_months"].notnull()).select("counterpart_id", "old_months")
    rows = rows.left_join(handed_on, "counterpart_id")
    rows = rows.mutate(with_next=holds(rows["k"] > rows["old_months"]))
    rival = rows["network"] == "rival"
    return rows.group_by([ID, "counterpart_id", "with_next"]).agg(
        events=rows["events"].sum(),
        rival_events=rows["events"].sum(where=rival).fill_null(0),
        days_before=rows["days"].max(where=rows["k"] == count - 1).fill_null(0),
        days_last=rows["days"].max(where=rows["k"] == count).fill_null(0),
        most_days=rows["days"].max(),
        first_own=rows["k"].min(where=rows["network"] == "own"),
        last_rival=rows["k"].max(where=rival),
    )

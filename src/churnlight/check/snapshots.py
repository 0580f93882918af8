"""What the snapshots of subscribers contradict in other extracts: who had left, id case.

A month is judged by its own snapshot, which is known when the month is over, and by the one before,
which has who vanished within the month. No later one is read, so nothing is refused with hindsight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.check.rules import (
    ID_CASE,
    SNAPSHOT_REASON,
    SUBSCRIBER_UNKNOWN,
    after_leaving,
    snapshot_codes,
)
from churnlight.engine import Engine
from churnlight.schema import Extract
from churnlight.timeline import Month

_ID, _REASON, _LEFT = "contradicted_id", "contradicted_reason", "contradicted_left_on"


@dataclass(frozen=True)
class Contradictions:
    """What the snapshots say against one month of an extract.

    Attributes:
        months: the months of the snapshots read.
        not_judged: codes that could not be judged, because a snapshot is missing or its ids are of
            another type.
        found: ids in another case and ids of lines that had left, with code and day of leaving;
            None where there are none.
        ids: the ids that one of the snapshots has; None where one of them is missing.
    """

    months: tuple[Month, ...] = ()
    not_judged: tuple[str, ...] = ()
    found: ir.Table | None = None
    ids: ir.Table | None = None

    def mark(self, rows: ir.Table, extract: Extract, month: Month | None) -> ir.Table:
        """Rows with the column that `rules.refusal` reads; as they are where there is nothing."""
        if self.found is None:
            return rows
        joined = rows.left_join(self.found, rows.subscriber_id == self.found[_ID])
        broken = [(joined[_REASON] == ID_CASE, ibis.literal(ID_CASE))]
        for code in after_leaving(extract):
            if month is not None:
                late = _after(joined, joined[_LEFT], extract, month)
                broken.append((late, ibis.literal(code)))
        code = ibis.cases(*broken, else_=ibis.null("string"))
        return joined.mutate(**{SNAPSHOT_REASON: code}).drop(_ID, _REASON, _LEFT)


def snapshots_for(extract: Extract, month: Month | None) -> tuple[Month, ...]:
    """Months of the snapshots by which a month of an extract is judged, where they are there."""
    return () if month is None or not snapshot_codes(extract) else (month - 1, month)


def codes_for(rows: ir.Table, extract: Extract) -> tuple[str, ...]:
    """What snapshots can say of an extract's rows; whole numbers have no case."""
    codes = tuple(c for c in snapshot_codes(extract) if c != ID_CASE or _is_text(rows))
    return (*codes, SUBSCRIBER_UNKNOWN) if snapshot_codes(extract) else ()


def contradictions(
    engine: Engine,
    rows: ir.Table,
    extract: Extract,
    month: Month,
    snapshots: Mapping[Month, ir.Table],
) -> Contradictions:
    """Hold an extract's month to the snapshots (runs queries, none of them on rows without text).

    Args:
        engine: where it runs.
        rows: typed rows, see `read_typed`.
        extract: its declaration.
        month: the partition.
        snapshots: kept rows of the snapshots, of those of `snapshots_for` that are there.
    """
    codes = codes_for(rows, extract)
    here = snapshots.get(month)
    if not codes or here is None or _is_text(here) != _is_text(rows):
        return Contradictions(not_judged=codes)
    before = snapshots.get(month - 1)
    ids = here.select("subscriber_id")
    if before is not None:
        ids = ibis.union(ids, before.select("subscriber_id"), distinct=True)
    found = [_miscased(engine, rows, ids)] if ID_CASE in codes else []
    found += [
        _left(engine, extract, month, (here, before), code) for code in after_leaving(extract)
    ]
    given = [part for part in found if part is not None]
    return Contradictions(
        months=tuple(sorted(snapshots)),
        not_judged=(SUBSCRIBER_UNKNOWN,) if before is None else (),
        found=ibis.union(*given) if len(given) > 1 else (given[0] if given else None),
        ids=None if before is None else ids,
    )


def _is_text(rows: ir.Table) -> bool:
    return bool(rows.subscriber_id.type().is_string())


def _miscased(engine: Engine, rows: ir.Table, ids: ir.Table) -> ir.Table | None:
    """Ids that the snapshots have in another case, and only so; None where there are none.

    Where they have several ids that differ in case alone, nobody can tell whose it is.
    """
    strangers = rows.select("subscriber_id").distinct().anti_join(ids, "subscriber_id")
    strangers = engine.cache(strangers.filter(strangers.subscriber_id.notnull()))
    if engine.arrow(strangers.limit(1)).num_rows == 0:
        return None
    books = ids.mutate(folded=ids.subscriber_id.lower()).distinct()
    alone = books.group_by("folded").aggregate(ids_count=lambda t: t.count())
    alone = alone.filter(alone.ids_count == 1)
    folded = strangers.mutate(folded=strangers.subscriber_id.lower())
    known = folded.semi_join(alone, "folded")
    return _given(engine, known.select(**_suspect(known.subscriber_id, ID_CASE, ibis.null("date"))))


def _left(
    engine: Engine,
    extract: Extract,
    month: Month,
    snapshots: tuple[ir.Table, ir.Table | None],
    code: str,
) -> ir.Table | None:
    """The lines that had left by the end of the month, each with its day of leaving."""
    here, before = snapshots
    books = _books(here, "here", extract.closed_by)
    if before is None:
        left = books.filter(books.here_off & books.here_since.notnull())
        return _given(engine, left.select(**_suspect(left.here_id, code, left.here_since)))
    past = _books(before, "past", extract.closed_by)
    joined = books.outer_join(past, books.here_id == past.past_id)
    joined = joined.mutate(
        who=ibis.coalesce(joined.here_id, joined.past_id), left_on=_left_on(joined, month)
    )
    left = joined.filter(joined.left_on.notnull())
    return _given(engine, left.select(**_suspect(left.who, code, left.left_on)))


def _books(snapshot: ir.Table, when: str, closed: tuple[str, ...]) -> ir.Table:
    """Who has left in a snapshot, and since when; no date where it can't be true."""
    since, activated = snapshot.status_since, snapshot.activated_on
    return snapshot.select(
        **{
            f"{when}_id": snapshot.subscriber_id,
            f"{when}_off": snapshot.status.isin(closed),
            f"{when}_since": ibis.ifelse(since >= activated, since, ibis.null("date")),
            f"{when}_activated": activated,
        }
    )


def _left_on(joined: ir.Table, month: Month) -> ir.DateValue:
    """The day of leaving by the month's snapshot; where it has none, by the one before.

    A number that was given out again (another `activated_on`) did not leave with its forerunner.
    """
    last = ibis.literal(_first(month) - timedelta(days=1), type="date")
    past = ibis.least(ibis.coalesce(joined.past_since, last), last)
    same = joined.here_id.isnull() | (joined.here_activated == joined.past_activated)
    off = joined.here_id.isnull() | joined.here_off
    return ibis.cases(
        (joined.here_off & joined.here_since.notnull(), joined.here_since),
        (off & joined.past_off & same, past),
        else_=ibis.null("date"),
    )


def _after(rows: ir.Table, left_on: Any, extract: Extract, month: Month) -> ir.BooleanValue:
    """Whether a row is of a time after the day of leaving: an event, or a bill's whole period.

    A bill that charges nothing is none: what is owed, or paid back, goes on after a line has left.
    """
    if extract.happened is not None:
        return rows[extract.happened].date() > left_on
    own = (rows.period_end + ibis.interval(days=1) - ibis.interval(months=1)).cast("date")
    begins = ibis.coalesce(own, ibis.literal(_first(month), type="date"))
    return (rows.total_charge > 0) & (left_on < begins)


def _first(month: Month) -> date:
    return month.start.date()


def _suspect(who: ir.Value, code: str, left_on: ir.Value) -> dict[str, ir.Value]:
    return {_ID: who, _REASON: ibis.literal(code), _LEFT: left_on}


def _given(engine: Engine, suspects: ir.Table) -> ir.Table | None:
    """The few rows kept at hand; None when there are none."""
    cached = engine.cache(suspects)
    return cached if engine.arrow(cached.limit(1)).num_rows else None

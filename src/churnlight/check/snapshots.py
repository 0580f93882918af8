"""What the snapshots of subscribers contradict in other extracts: bills of who had left, id case.

A month is judged by its own snapshot, which is known when the month is over, and by the one before,
which has who vanished within the month. No later one is read, so nothing is refused with
hindsight. Ids of whole numbers have no case, and cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.check.rules import (
    BILL_AFTER_LEAVING,
    ID_CASE,
    SNAPSHOT_REASON,
    SUBSCRIBER_UNKNOWN,
    refusal,
    snapshot_codes,
)
from churnlight.engine import Engine
from churnlight.schema import ON_THE_BOOKS, Extract
from churnlight.timeline import Month

_ID, _REASON, _LEFT = "contradicted_id", "contradicted_reason", "contradicted_left_on"


@dataclass(frozen=True)
class Contradictions:
    """What the snapshots say against one month of an extract.

    Attributes:
        months: the months of the snapshots read.
        not_judged: codes that could not be judged, because a snapshot is missing or its ids are of
            another type.
        unknown_subscribers: subscribers with a bill whom neither snapshot has; their bills stay.
        found: the ids concerned, with code and day of leaving; None where there are none.
    """

    months: tuple[Month, ...] = ()
    not_judged: tuple[str, ...] = ()
    unknown_subscribers: int = 0
    found: ir.Table | None = None

    def mark(self, rows: ir.Table, extract: Extract, month: Month | None) -> ir.Table:
        """Rows with the column that `rules.refusal` reads; as they are where there is nothing."""
        if self.found is None:
            return rows
        joined = rows.left_join(self.found, rows.subscriber_id == self.found[_ID])
        broken = [(joined[_REASON] == ID_CASE, ibis.literal(ID_CASE))]
        if extract.name == "billing" and month is not None:
            charged = _charged_after(joined, joined[_LEFT], month)
            broken.append((charged, ibis.literal(BILL_AFTER_LEAVING)))
        code = ibis.cases(*broken, else_=ibis.null("string"))
        return joined.mutate(**{SNAPSHOT_REASON: code}).drop(_ID, _REASON, _LEFT)


def snapshots_for(extract: Extract, month: Month | None) -> tuple[Month, ...]:
    """Months of the snapshots by which a month of an extract is judged, where they are there."""
    return () if month is None or not snapshot_codes(extract) else (month - 1, month)


def codes_for(rows: ir.Table, extract: Extract) -> tuple[str, ...]:
    """What snapshots can say of an extract's rows; of whole numbers that are no bill's, nothing."""
    codes = tuple(c for c in snapshot_codes(extract) if c != ID_CASE or _is_text(rows))
    return (*codes, SUBSCRIBER_UNKNOWN) if extract.name == "billing" else codes


def contradictions(
    engine: Engine,
    rows: ir.Table,
    extract: Extract,
    month: Month,
    snapshots: Mapping[Month, ir.Table],
) -> Contradictions:
    """Hold an extract's month to the snapshots (runs queries).

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
    miscased = _miscased(engine, rows, here, before) if ID_CASE in codes else None
    gone, unknown = None, 0
    if extract.name == "billing":
        good = rows.filter(refusal(rows, extract, month).isnull())
        if miscased is not None:
            good = good.anti_join(miscased, good.subscriber_id == miscased[_ID])
        gone, unknown = _billed_after_leaving(engine, good, month, here, before)
    found = [part for part in (miscased, gone) if part is not None]
    lacking = SUBSCRIBER_UNKNOWN in codes and before is None
    return Contradictions(
        months=tuple(sorted(snapshots)),
        not_judged=(SUBSCRIBER_UNKNOWN,) if lacking else (),
        unknown_subscribers=unknown,
        found=ibis.union(*found) if len(found) > 1 else (found[0] if found else None),
    )


def _is_text(rows: ir.Table) -> bool:
    return bool(rows.subscriber_id.type().is_string())


def _miscased(
    engine: Engine, rows: ir.Table, here: ir.Table, before: ir.Table | None
) -> ir.Table | None:
    """Ids that the snapshots have in another case, and only so; None where there are none.

    Where they have several ids that differ in case alone, nobody can tell whose it is.
    """
    ids = here.select("subscriber_id")
    if before is not None:
        ids = ibis.union(ids, before.select("subscriber_id"), distinct=True)
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


def _billed_after_leaving(
    engine: Engine, bills: ir.Table, month: Month, here: ir.Table, before: ir.Table | None
) -> tuple[ir.Table | None, int]:
    """Subscribers charged for a period that began after they left, and how many are unknown."""
    books = _books(here, "here")
    joined = bills.left_join(books, bills.subscriber_id == books.here_id)
    if before is None:
        joined = joined.mutate(
            left_on=ibis.ifelse(joined.here_off, joined.here_since, ibis.null("date"))
        )
        unknown = 0
    else:
        past = _books(before, "past")
        joined = joined.left_join(past, joined.subscriber_id == past.past_id)
        joined = joined.mutate(left_on=_left_on(joined, month))
        strangers = joined.filter(joined.here_id.isnull() & joined.past_id.isnull())
        counted = engine.arrow(strangers.aggregate(n=strangers.subscriber_id.nunique()))
        unknown = int(counted["n"][0].as_py())
    gone = joined.filter(_charged_after(joined, joined.left_on, month))
    suspect = _suspect(gone.subscriber_id, BILL_AFTER_LEAVING, gone.left_on)
    return _given(engine, gone.select(**suspect).distinct()), unknown


def _books(snapshot: ir.Table, when: str) -> ir.Table:
    """Who is off the books in a snapshot, and since when; no date where it can't be true."""
    since, activated = snapshot.status_since, snapshot.activated_on
    return snapshot.select(
        **{
            f"{when}_id": snapshot.subscriber_id,
            f"{when}_off": snapshot.status.notin(ON_THE_BOOKS),
            f"{when}_since": ibis.ifelse(since >= activated, since, ibis.null("date")),
            f"{when}_activated": activated,
        }
    )


def _left_on(joined: ir.Table, month: Month) -> ir.DateValue:
    """The day of leaving by the month's snapshot; where it has none, by the one before.

    A number that was given out again (another `activated_on`) did not leave with its forerunner.
    """
    last = ibis.literal(month.start.date() - timedelta(days=1), type="date")
    past = ibis.least(ibis.coalesce(joined.past_since, last), last)
    same = joined.here_id.isnull() | (joined.here_activated == joined.past_activated)
    off = joined.here_id.isnull() | joined.here_off
    return ibis.cases(
        (joined.here_off & joined.here_since.notnull(), joined.here_since),
        (off & joined.past_off & same, past),
        else_=ibis.null("date"),
    )


def _charged_after(bills: ir.Table, left_on: Any, month: Month) -> ir.BooleanValue:
    """Whether a bill charges for a period that began after the day of leaving.

    A row without a charge is none: what is owed, or paid back, goes on after a line has left.
    """
    own = (bills.period_end + ibis.interval(days=1) - ibis.interval(months=1)).cast("date")
    begins = ibis.coalesce(own, ibis.literal(_first(month), type="date"))
    return (bills.total_charge > 0) & (left_on < begins)


def _first(month: Month) -> date:
    return month.start.date()


def _suspect(who: ir.Value, code: str, left_on: ir.Value) -> dict[str, ir.Value]:
    return {_ID: who, _REASON: ibis.literal(code), _LEFT: left_on}


def _given(engine: Engine, suspects: ir.Table) -> ir.Table | None:
    """The few rows kept at hand; None when there are none."""
    cached = engine.cache(suspects)
    return cached if engine.arrow(cached.limit(1)).num_rows else None

"""Features at an as_of: every source asked once, joined to the members, then one select."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.features.catalogue import CATALOGUE
from churnlight.features.feature import Feature
from churnlight.features.row import Row, monthly
from churnlight.features.sources import events, reference, snapshots, ties
from churnlight.features.sources.joining import (
    ID,
    by_month,
    join_all,
    months_in,
    own_months,
    side_by_side,
)
from churnlight.params.features import FeaturesParams
from churnlight.schema import BILLING, USAGE_COUNTS, USAGE_TIMES
from churnlight.timeline import Moment, Month

log = logging.getLogger("churnlight")

MARTS = ("usage", "circle", "edges")

# Sources with a row a subscriber and month: their columns, each with its value in a month without
# a row. Counts and entropies are then 0, a share of nothing is null, and so is a missing bill.
MONTHLY: Mapping[str, Mapping[str, float | None]] = {
    "usage": {
        **dict.fromkeys(USAGE_COUNTS, 0.0),
        "data_mb": 0.0,
        **dict.fromkeys(("night_share", "weekend_share", "out_share")),
    },
    "circle": {
        "contacts_count": 0.0,
        "voice_contacts_count": 0.0,
        "sms_contacts_count": 0.0,
        "effective_contacts_count": 0.0,
        "voice_entropy_nats": 0.0,
        "sms_entropy_nats": 0.0,
        "contact_entropy_nats": 0.0,
        "top1_share": None,
        "top3_share": None,
        "pareto_contacts_share": None,
        "reciprocated_contacts_share": None,
        "rival_contacts_share": None,
        "balance_mean": None,
    },
    "billing": dict.fromkeys(c.name for c in BILLING.columns if c.kind in ("money", "int")),
    "services": {"services_count": 0.0},
}


class Marts(Protocol):
    """Where marts come from (`churnlight.marts.reading.MonthlyMarts`)."""

    def table(self, name: str, months: Sequence[Month]) -> ir.Table | None:
        """A mart over months with the column `month`; None when no month has it."""


def build_features(
    engine: Engine,
    members: ir.Table,
    sources: Mapping[str, ir.Table],
    marts: Marts,
    at: Moment,
    params: FeaturesParams | None = None,
) -> ir.Table:
    """Work out the features of the members at an as_of.

    Args:
        engine: where it runs.
        members: the cohort, with `subscriber_id`; each of them has a row in the result.
        sources: kept rows of the extracts by name, already cut to what had happened before as_of
            and was known before the cutoff (`churnlight.known.as_known`); `subscribers` must be
            there and show everyone, not only the members. Of months before the window nothing
            counts but who held an id in the month before.
        marts: the monthly marts.
        at: the as_of.
        params: section `features`; None: its defaults, by which nothing personal is a feature.

    Returns:
        subscriber_id and a column a feature, in the order of the catalogue: float64, or string for
        categories. Features whose mart or extract is absent, and those that need more months than
        the window has, are left out; a notice says which.

    Raises:
        DataRefused: without snapshots, or when a mart lacks some months of the window.
    """
    if "subscribers" not in sources:
        raise DataRefused("features need the extract subscribers: deliver its monthly snapshots")
    tables = {name: table for name, table in sources.items() if name not in MARTS}
    monthly_marts = _marts_of(marts, at)
    allowed = (params or FeaturesParams()).allow_personal
    chosen = offered({*tables, *monthly_marts}, at, allowed)
    months = snapshots.snapshot_months(engine, tables["subscribers"], at)
    own = members.select(ID).distinct()
    usage = monthly_marts.get("usage", [])
    state = engine.cache(snapshots.member_state(own, tables["subscribers"], usage, at, months))
    parts = [
        *_monthly_parts(engine, state, tables, monthly_marts, at),
        *_single_parts(engine, state, tables, at),
        *_parts_of_others(engine, state, tables, monthly_marts.get("edges"), at),
    ]
    # Not kept: it is read once, and at a city's size writing it down costs a tenth of the stage.
    wide = join_all(state, parts)
    unknown = _not_delivered(engine, state, monthly_marts)
    return wide.select(ID, *(f.column(Row(wide, at, unknown)) for f in chosen))


def offered(
    present: Collection[str], at: Moment, allowed: Collection[str] = ()
) -> tuple[Feature, ...]:
    """The features that these marts and extracts and this window allow; the log says what lacks.

    Args:
        present: names of marts and extracts.
        at: the as_of.
        allowed: columns that say who somebody is and may be features all the same.
    """
    window = len(at.window)
    lacking: dict[str, int] = {}
    chosen = []
    for feature in CATALOGUE:
        absent = [s for s in feature.needs if s not in present]
        if feature.personal is not None and feature.personal not in allowed:
            what = "features.allow_personal does not name what they rest on"
        elif absent:
            what = f"no {absent[0]}"
        elif feature.months_needed > window:
            what = f"a window of {window} month{'s' if window > 1 else ''}"
        else:
            chosen.append(feature)
            continue
        lacking[what] = lacking.get(what, 0) + 1
    for what, count in lacking.items():
        log.info("as_of %s: %d features left out: %s", at.key, count, what)
    return tuple(chosen)


def _marts_of(marts: Marts, at: Moment) -> dict[str, list[ir.Table]]:
    """The marts there are, a table a month; each must have all, or silence would be made up."""
    found = {}
    for name in MARTS:
        tables = {month: marts.table(name, [month]) for month in at.window}
        missing = ", ".join(str(month) for month, table in tables.items() if table is None)
        have = [table for table in tables.values() if table is not None]
        if have and missing:
            raise DataRefused(
                f"as_of {at.key}: mart {name} lacks {missing} of the window "
                f"{at.window[0]} to {at.window[-1]}: run the marts of these months first"
            )
        if have:
            found[name] = have
    return found


def _monthly_parts(
    engine: Engine,
    state: ir.Table,
    tables: Mapping[str, ir.Table],
    marts: Mapping[str, Sequence[ir.Table]],
    at: Moment,
) -> list[ir.Table]:
    """The monthly sources, side by side and cleaned, a row a member."""
    own = state.select(ID, *(monthly("own", k) for k in range(1, len(at.window) + 1)))
    parts = []
    for name, nothing in MONTHLY.items():
        known = at.window
        if name in marts:
            months = marts[name]
        elif name in tables:
            rows = tables[name].semi_join(state, ID)
            if name == "services":
                rows, known = events.services(rows), months_in(engine, tables[name], at)
            months = by_month(rows, at.window)
        else:
            continue
        times = USAGE_TIMES if name == "usage" else ()
        wide = side_by_side(own, months, (*nothing, *times), "seen")
        clean = own_months(wide, at, nothing, "seen", known)
        days = {f"{time.removesuffix('_at')}_day": _last(wide, time, at) for time in times}
        parts.append(engine.cache(wide.select(ID, **clean, **days)))
    return parts


def _last(wide: ir.Table, column: str, at: Moment) -> ir.DateValue:
    """Date of the latest of the window's own months that has one."""
    newest_first = range(len(at.window), 0, -1)
    own = [
        wide[monthly("own", k)].ifelse(wide[monthly(column, k)].date(), ibis.null("date"))
        for k in newest_first
    ]
    return ibis.coalesce(*own)


def _single_parts(
    engine: Engine, state: ir.Table, tables: Mapping[str, ir.Table], at: Moment
) -> list[ir.Table]:
    """Events and reference tables, a row a member at most."""
    parts = []
    if "care" in tables:
        parts.append(events.care(tables["care"], state, at))
    if "topups" in tables:
        parts.append(events.topups(tables["topups"], state, at))
    if "plans" in tables:
        parts.append(reference.plans_of(state, tables["plans"], at))
    if "handsets" in tables:
        parts.append(reference.handsets_of(state, tables["handsets"]))
    return [engine.cache(part) for part in parts]


def _parts_of_others(
    engine: Engine,
    state: ir.Table,
    tables: Mapping[str, ir.Table],
    edges: Sequence[ir.Table] | None,
    at: Moment,
) -> list[ir.Table]:
    """What others did: the lines of the group and the account, and the contacts."""
    months = months_in(engine, tables["subscribers"], at)
    others = snapshots.everyone(engine, tables["subscribers"], at, months)
    parts = [engine.cache(snapshots.lines_of(state, others))]
    if edges is not None:
        gone = ties.leavers(others, tables.get("numbers"), at)
        parts.append(engine.cache(ties.ties(engine, edges, state, gone)))
    return parts


def _not_delivered(
    engine: Engine, state: ir.Table, marts: Mapping[str, Sequence[ir.Table]]
) -> frozenset[str]:
    """Columns of an operator's own `usage` that are null throughout (the CDR mart has them all)."""
    if "usage" not in marts or "circle" in marts:
        return frozenset()
    columns = (*MONTHLY["usage"], *USAGE_TIMES)
    counts = dict.fromkeys(("rows_", *columns), 0)
    for month in marts["usage"]:
        rows = month.semi_join(state, ID)
        asked = rows.agg(rows_=rows.count(), **{c: rows[c].count() for c in columns})
        for name, count in engine.arrow(asked).to_pylist()[0].items():
            counts[name] += count
    if counts["rows_"] == 0:
        return frozenset()
    empty = {c for c in columns if counts[c] == 0}
    days = {"last_at": "last_day", "last_out_at": "last_out_day"}
    return frozenset(empty | {days[c] for c in empty & set(days)})

"""Why a subscriber was not scored: the first rule of the cohort that leaves it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.known import as_known
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.population import CohortParams
from churnlight.population import cohort
from churnlight.population.building import start_population
from churnlight.population.standing import ID
from churnlight.retention.words import Words
from churnlight.schema import SUBSCRIBERS
from churnlight.timeline import Moment


@dataclass(frozen=True)
class Absence:
    """Why somebody is not in the cohort.

    Attributes:
        code: `unknown` (in no snapshot), `missing` (not in the last one), `off_books` (a status
            that is not on the books), `rule`, or `stale` (no rule leaves the subscriber out today).
        rule: its name in the attrition record, where `code` is `rule`.
        status: in the last snapshot, where `code` is `off_books`.
        value: what the rule measured, where it measures: mean bill, or outgoing minutes.
    """

    code: str
    rule: str | None = None
    status: str | None = None
    value: float | None = None


@dataclass(frozen=True)
class Ground:
    """What the cohort was judged by.

    Attributes:
        sources: kept rows of `subscribers`, over the window and the month before it; `billing` and
            `care` of the window where there are.
        marts: the monthly marts.
        at: the as_of.
        params: section `cohort`.
        active_in_window: whether the label `silence` asks for somebody who was not silent before.
    """

    sources: Mapping[str, ir.Table]
    marts: MonthlyMarts
    at: Moment
    params: CohortParams
    active_in_window: bool = False


def why_absent(engine: Engine, subscriber: str, ground: Ground) -> Absence:
    """Why a subscriber is not in the cohort, by the rules themselves, in their order.

    Nothing that was not known at the cutoff is looked at.

    Args:
        engine: where it runs.
        subscriber: subscriber_id as text.
        ground: see `Ground`.

    Raises:
        DataRefused: as when the cohort is built.
    """
    at = ground.at
    sources = {name: _only(rows, subscriber) for name, rows in ground.sources.items()}
    shown = as_known(sources["subscribers"], SUBSCRIBERS, as_of=at.as_of, cutoff=at.cutoff)
    states = engine.arrow(shown.select("month", "status").order_by("month")).to_pylist()
    if not states:
        return Absence("unknown")
    if states[-1]["month"] != str(at.window[-1]):
        return Absence("missing")
    usage = ground.marts.table("usage", at.window)
    own = None if usage is None else _only(usage, subscriber)
    start = engine.cache(start_population(engine, sources, own, at))
    rules = cohort.rules_of(
        start,
        ground.params,
        billing="billing" in sources,
        # Judged by everybody: a column that is empty for one subscriber is none that is missing.
        measured=None if usage is None else cohort.measured_columns(engine, usage),
        active_in_window=ground.active_in_window,
    )
    judged = engine.arrow(
        start.select(
            "known_cents", "known_bills", "voice_out_s", **{r.column: r.stays for r in rules}
        )
    ).to_pylist()
    if not judged:
        return Absence("off_books", status=states[-1]["status"])
    row = judged[0]
    broken = next((r.name for r in rules if not row[r.column]), None)
    if broken is None:
        return Absence("stale")
    return Absence("rule", rule=broken, value=_measured(broken, row))


def _only(rows: ir.Table, subscriber: str) -> ir.Table:
    return rows.filter(rows[ID].cast("string") == subscriber)


def _measured(rule: str, row: Mapping[str, float | None]) -> float | None:
    cents, bills, seconds = row["known_cents"], row["known_bills"], row["voice_out_s"]
    if rule == "min_monthly_bill" and cents is not None and bills:
        return cents / bills / 100
    if rule == "min_voice_out_minutes" and seconds is not None:
        return seconds / 60
    return None


def absence_said(found: Absence, ground: Ground, words: Words) -> str:
    """Why somebody was not scored, in a sentence; no identifier stands in it."""
    at = ground.at
    values = {
        "month": at.window[-1],
        "months": f"{at.window[0] - 1} … {at.window[-1]}",
        "cutoff": f"{at.cutoff:%Y-%m-%d}",
        "status": found.status,
        "rule": words.rule(found.rule) if found.rule else "",
    }
    why = words(f"absent_{found.code}", **values)
    limits = {
        "min_monthly_bill": ("absent_bill", ground.params.min_monthly_bill, 2),
        "min_voice_out_minutes": ("absent_minutes", ground.params.min_voice_out_minutes, 0),
    }
    if found.value is not None and found.rule in limits:
        key, need, digits = limits[found.rule]
        have = words(key, value=f"{found.value:,.{digits}f}")
        why = words("absent_measured", text=why, have=have, need=f"{need:g}")
    return words("absent_not_scored", as_of=at.key, why=why)

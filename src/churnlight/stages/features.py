"""Stage features, one an as_of: the cohort, its labels, and its features.

Where a subscriber's features stop and the label begins is decided here, in two calls: features see
sources cut by `known.as_known`; only the population sees the months after as_of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import ibis.expr.types as ir

from churnlight import files
from churnlight.check import load_kept
from churnlight.engine import Engine, connect
from churnlight.features.building import build_features
from churnlight.known import as_known
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.features import FeaturesParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.population import Population, PopulationParams, build_population
from churnlight.population.groups import groups_of
from churnlight.schema import EXTRACTS
from churnlight.stages.origin import MANIFEST, features_origin
from churnlight.stages.stage import Stage, main, report_rows, running
from churnlight.timeline import Moment, Month, moment, outcome_end, outcome_known_at


def features(as_of: str) -> None:
    """Write data/features/as_of=.../features.parquet and data/labels/as_of=.../.

    Each has a manifest.json that says what it was made from.
    """
    with running("features", as_of) as stage:
        at = moment(as_of, stage.section("time", TimeParams))
        window = files.read_json(stage.project.windows / f"as_of={as_of}.json")
        made_from = _made_from(stage, as_of)
        with connect(stage.section("engine", EngineParams), stage.project.scratch) as engine:
            marts = MonthlyMarts(engine, stage.project.marts)
            rows = _write_labels(engine, stage, marts, at, window)
            members = engine.read([stage.project.labels(as_of) / "labels.parquet"])
            known = _known_sources(engine, stage, at, window)
            params = stage.section("features", FeaturesParams)
            table = build_features(engine, members, known, marts, at, params)
            with files.atomic_folder(stage.project.features(as_of)) as out:
                engine.write(table, out / "features.parquet", ["subscriber_id"])
                files.write_json(out / MANIFEST, made_from)
        report_rows("features", rows)


def labels(as_of: str) -> None:
    """Write data/labels/as_of=.../ alone: what came true of a month that was scored before."""
    with running("labels", as_of) as stage:
        at = moment(as_of, stage.section("time", TimeParams))
        window = files.read_json(stage.project.windows / f"as_of={as_of}.json")
        with connect(stage.section("engine", EngineParams), stage.project.scratch) as engine:
            marts = MonthlyMarts(engine, stage.project.marts)
            _write_labels(engine, stage, marts, at, window)


def _write_labels(
    engine: Engine,
    stage: Stage,
    marts: MonthlyMarts,
    at: Moment,
    window: Mapping[str, object],
) -> int:
    """Write the cohort with its labels; how many there are."""
    population = _population(engine, stage, marts, at, window)
    with files.atomic_folder(stage.project.labels(at.key)) as out:
        engine.write(population.labels, out / "labels.parquet", ["subscriber_id"])
        groups = _groups(engine, stage, population.labels, at)
        engine.write(groups, out / stage.project.groups(at.key).name, ["subscriber_id"])
        files.write_json(
            out / "attrition.json",
            {"rules": population.attrition, "counts": population.counts},
        )
        files.write_json(out / MANIFEST, _made_from(stage, at.key))
    rows: int = population.counts["subscribers"]
    report_rows("labels", rows)
    return rows


def _groups(engine: Engine, stage: Stage, members: ir.Table, at: Moment) -> ir.Table:
    """Who the members were at the window's last month-end; only the section on fairness asks."""
    found = _load(engine, stage, ["subscribers", "handsets"], at.window[-1:])
    return groups_of(members, found["subscribers"], found.get("handsets"))


def _made_from(stage: Stage, as_of: str) -> dict[str, str]:
    sections = {
        "time": stage.section("time", TimeParams),
        "cohort": stage.section("cohort", CohortParams),
        "label": stage.section("label", LabelParams),
        "features": stage.section("features", FeaturesParams),
    }
    engine = stage.section("engine", EngineParams).name
    return {"made_from": features_origin(stage.project, as_of, sections, engine)}


def _population(
    engine: Engine,
    stage: Stage,
    marts: MonthlyMarts,
    at: Moment,
    window: Mapping[str, object],
) -> Population:
    label_months = _months(window["label_months"])
    months = (*at.window, *label_months)
    label = stage.section("label", LabelParams)
    time = stage.section("time", TimeParams)
    sources = _load(engine, stage, ["billing", "care", "campaigns"], months)
    sources |= _load(engine, stage, ["subscribers"], (*_months(window["before"]), *months))
    if "silence" in label.kinds:
        # An as_of without an outcome yet has no such months; its label is missing either way.
        sources |= _load(engine, stage, ["cdr"], label_months or at.window[-1:])
    params = PopulationParams(
        cohort=stage.section("cohort", CohortParams), label=label, months=frozenset(months)
    )
    return build_population(engine, _complete(sources, at, time, label), marts, at, params)


def _complete(
    sources: Mapping[str, ir.Table], at: Moment, time: TimeParams, label: LabelParams
) -> dict[str, ir.Table]:
    """Bills and CDRs as they were known when the outcome was complete.

    The next role learns from the label at that moment; what came later would not have been there.
    """
    outcome = outcome_end(at, label.spend_churn_months)
    complete = outcome_known_at(at, time, label.spend_churn_months)
    last = Month.of(outcome - timedelta(microseconds=1))
    cut = {
        name: as_known(
            sources[name],
            EXTRACTS[name],
            as_of=last.end,
            cutoff=max(complete, last.closes_at(time.close_days)),
            reporting_delay_hours=time.reporting_delay_hours,
        )
        for name in ("billing", "cdr")
        if name in sources
    }
    return {**sources, **cut}


def _known_sources(
    engine: Engine, stage: Stage, at: Moment, window: Mapping[str, object]
) -> dict[str, ir.Table]:
    time = stage.section("time", TimeParams)
    names = [name for name in EXTRACTS if name not in ("cdr", "usage", "subscribers")]
    sources = _load(engine, stage, names, at.window)
    # An id may have been someone else's up to the window: the snapshot before it tells.
    sources |= _load(engine, stage, ["subscribers"], (*_months(window["before"]), *at.window))
    return {
        name: as_known(
            table,
            EXTRACTS[name],
            as_of=at.as_of,
            cutoff=at.cutoff,
            reporting_delay_hours=time.reporting_delay_hours,
        )
        for name, table in sources.items()
    }


def _load(
    engine: Engine, stage: Stage, names: Sequence[str], months: Sequence[Month]
) -> dict[str, ir.Table]:
    check = stage.project.check
    tables = {
        name: load_kept(engine, stage.extracts, name, months, verdicts=check) for name in names
    }
    return {name: table for name, table in tables.items() if table is not None}


def _months(content: object) -> tuple[Month, ...]:
    if not isinstance(content, list):
        raise TypeError(f"expected a list of months, got {type(content).__name__}")
    return tuple(Month.parse(str(m)) for m in content)


if __name__ == "__main__":
    main(features)

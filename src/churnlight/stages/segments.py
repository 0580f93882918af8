"""Stage segments: groups of a scored month's cohort, and the services that fit each."""

from __future__ import annotations

import ibis.expr.types as ir
import pandas as pd

from churnlight import files
from churnlight.engine import Engine, connect
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.population import LabelParams
from churnlight.params.segments import SegmentsParams
from churnlight.paths import Project
from churnlight.segments.month import Given, Outcome, load_month, save_month, segment_month
from churnlight.stages.datasets import read_as_of, read_role
from churnlight.stages.offering import kept_rows, newest_before, scored_moments
from churnlight.stages.origin import MANIFEST, leave_manifest
from churnlight.stages.stage import Stage, log, main, report_rows, running
from churnlight.timeline import Moment, moment, outcome_known_at


def segments() -> None:
    """Write data/segments/as_of=.../segments.parquet, services.parquet and segments.json.

    The model of the newest earlier month there is used again; earlier months stay.
    """
    with running("segments") as stage:
        for at in scored_moments(stage):
            write_segments(stage, at, stage.project)


def write_segments(stage: Stage, at: Moment, home: Project) -> None:
    """Group the cohort of an as_of.

    Args:
        stage: where its features were made.
        at: the as_of.
        home: where earlier months' segments are, those of this go, and the models' roles are.
    """
    project = stage.project
    path = files.require_file(project.features(at.key) / "features.parquet", "features")
    before = newest_before(home.segments(at.key).parent, at.key)
    time = stage.section("time", TimeParams)
    with connect(stage.section("engine", EngineParams), project.scratch) as engine:
        given = Given(
            engine=engine,
            services=_services(stage, engine, at),
            before=None if before is None else load_month(before, time),
            outcome=_outcome(Stage(stage.name, home), at),
        )
        params = stage.section("segments", SegmentsParams)
        found = segment_month(pd.read_parquet(path), at, params, given)
        with files.atomic_folder(home.segments(at.key)) as out:
            save_month(found, out)
            read = [path] if before is None else [path, before / MANIFEST]
            leave_manifest(out, stage, at.key, read)
    report_rows("segmented", len(found.segments))
    log.info("  %d segments", len(found.content["segments"]))


def _services(stage: Stage, engine: Engine, at: Moment) -> ir.Table | None:
    """Of the window, and of the month before it, for the hit rate of the month before."""
    months = (at.window[0] - 1, *at.window)
    return kept_rows(stage, engine, ("services",), months).get("services")


def _outcome(stage: Stage, at: Moment) -> Outcome | None:
    """The test's labels, where they were complete before this cutoff."""
    time = stage.section("time", TimeParams)
    spend = stage.section("label", LabelParams).spend_churn_months
    # A host that only scores has no roles, and no labels.
    if not (stage.project.roles / "test.json").is_file():
        return None
    tests = read_role(stage.project, "test")[1]
    known = [a for a in tests if outcome_known_at(moment(a, time), time, spend) <= at.cutoff]
    if not known:
        return None
    features, labels = read_as_of(stage.project, known[-1])
    frame = features.assign(subscriber_id=labels["subscriber_id"])
    return Outcome(known[-1], frame, labels[["subscriber_id", "churned"]])


if __name__ == "__main__":
    main(segments)

"""Stage handsets: who of a scored month is likely to change handset, and to which."""

from __future__ import annotations

from churnlight import files
from churnlight.engine import connect
from churnlight.handsets import Settings, prefer
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.handset import HandsetParams
from churnlight.paths import Project
from churnlight.stages.offering import kept_rows, members_of, scored_moments, usage_of
from churnlight.stages.origin import leave_manifest
from churnlight.stages.stage import Stage, log, main, running
from churnlight.timeline import Moment, month_range


def handsets() -> None:
    """Write data/handsets/as_of=.../handsets.json, and handsets.parquet and model.json if any."""
    with running("handsets") as stage:
        for at in scored_moments(stage):
            write_handsets(stage, at, stage.project)


def write_handsets(stage: Stage, at: Moment, home: Project) -> None:
    """Look for who of an as_of is likely to change handset.

    Args:
        stage: where its labels and marts were made.
        at: the as_of.
        home: where the handsets go.
    """
    settings = Settings(stage.section("handset", HandsetParams), stage.section("time", TimeParams))
    back = settings.handset.history_months + settings.time.window_months
    months = month_range(at.month - back - 1, back + 1)
    project = stage.project
    with (
        connect(stage.section("engine", EngineParams), project.scratch) as engine,
        files.atomic_folder(home.handsets(at.key)) as out,
    ):
        sources = kept_rows(stage, engine, ("subscribers", "handsets", "billing"), months)
        if (usage := usage_of(stage, engine, months)) is not None:
            sources["usage"] = usage
        found = prefer(engine, sources, members_of(stage, engine, at.key), at, settings)
        files.write_json(out / "handsets.json", dict(found.content))
        leave_manifest(out, stage, at.key, [project.labels(at.key) / "labels.parquet"])
        if found.table is None or found.model is None:
            log.warning("handset preference is left out: %s", found.content["left_out"])
            return
        files.write_json(out / "model.json", dict(found.model))
        engine.write(found.table, out / "handsets.parquet", ["subscriber_id"])


if __name__ == "__main__":
    main(handsets)

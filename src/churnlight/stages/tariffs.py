"""Stage tariffs: what each subscriber of a scored month would pay under every plan."""

from __future__ import annotations

from churnlight import files
from churnlight.engine import connect
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.tariff import TariffParams
from churnlight.paths import Project
from churnlight.stages.offering import kept_rows, members_of, scored_moments, usage_of
from churnlight.stages.origin import MANIFEST, leave_manifest
from churnlight.stages.stage import Stage, log, main, report_rows, running
from churnlight.tariffs import Settings, price
from churnlight.timeline import Moment

_EXTRACTS = ("subscribers", "plans", "billing", "cdr")


def tariffs() -> None:
    """Write data/tariffs/as_of=.../tariffs.json, and tariffs.parquet where there are plans."""
    with running("tariffs") as stage:
        for at in scored_moments(stage):
            write_tariffs(stage, at, stage.project)


def write_tariffs(stage: Stage, at: Moment, home: Project) -> None:
    """Price every plan for the cohort of an as_of.

    Args:
        stage: where its labels and marts were made.
        at: the as_of.
        home: where its scores are and the tariffs go.
    """
    time = stage.section("time", TimeParams)
    settings = Settings(stage.section("tariff", TariffParams), time.reporting_delay_hours)
    project = stage.project
    with (
        connect(stage.section("engine", EngineParams), project.scratch) as engine,
        files.atomic_folder(home.tariffs(at.key)) as out,
    ):
        sources = kept_rows(stage, engine, _EXTRACTS, at.window)
        if "cdr" not in sources and (usage := usage_of(stage, engine, at.window)) is not None:
            sources["usage"] = usage
        members = members_of(stage, engine, at.key)
        tiers = engine.read([home.scores(at.key) / "scores.parquet"])
        members = members.left_join(tiers.select("subscriber_id", "tier"), "subscriber_id")
        wanted = members.select("subscriber_id", "activated_on", "tier")
        priced = price(engine, sources, wanted, at, settings)
        files.write_json(out / "tariffs.json", dict(priced.summary))
        read = (project.labels(at.key) / "labels.parquet", home.scores(at.key) / MANIFEST)
        leave_manifest(out, stage, at.key, read)
        if priced.table is None:
            log.warning("tariff pricing is left out: %s", priced.summary["left_out"])
            return
        engine.write(priced.table, out / "tariffs.parquet", ["subscriber_id"])
        report_rows("priced", int(engine.arrow(priced.table.count().as_table())[0][0].as_py()))


if __name__ == "__main__":
    main(tariffs)

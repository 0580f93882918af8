"""Stage marts, one a month: edges, usage, circle and volume from that month's CDRs alone."""

from __future__ import annotations

from churnlight import files
from churnlight.engine import connect
from churnlight.marts.source import Places, build_from_extracts
from churnlight.params.data import CircleParams, EngineParams, TimeParams
from churnlight.stages.origin import MANIFEST, mart_origin
from churnlight.stages.stage import log, main, report_rows, running
from churnlight.timeline import Month


def marts(month_text: str) -> None:
    """Write data/marts/month=YYYY-MM/ with a manifest of rows and hashes."""
    month = Month.parse(month_text)
    with running("marts", month_text) as stage:
        circle, time = stage.section("circle", CircleParams), stage.section("time", TimeParams)
        restated = files.read_json(stage.project.activity(month)).get("restated") is True
        with (
            connect(stage.section("engine", EngineParams), stage.project.scratch) as engine,
            files.atomic_folder(stage.project.mart(month)) as out,
        ):
            rows = build_from_extracts(
                engine,
                Places(stage.extracts, out, stage.project.check),
                month,
                circle,
                time,
                restate=restated,
            )
            files.write_json(
                out / MANIFEST,
                {
                    "rows": rows,
                    "restated": restated,
                    "files": {n: files.sha256_of_any(out / f"{n}.parquet") for n in rows},
                    "made_from": mart_origin(
                        stage.project,
                        month,
                        circle,
                        time,
                        stage.section("engine", EngineParams).name,
                    ),
                },
            )
        if restated:
            log.info("  restated: CDRs known only after the month closed are in")
        for name, count in rows.items():
            report_rows(name, count)


if __name__ == "__main__":
    main(marts)

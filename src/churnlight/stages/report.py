"""Stage report: one HTML page for people, in English and Chinese, and PNG plots for DVC."""

from __future__ import annotations

import json
from typing import Any, cast

import pandas as pd

from churnlight import __version__, files
from churnlight.features.dictionary import rows as dictionary
from churnlight.learners.champion import Bundle
from churnlight.params.base import dotted
from churnlight.params.data import TimeParams
from churnlight.params.learning import TiersParams, TrainParams
from churnlight.params.output import ReportParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.params.privacy import PrivacyParams
from churnlight.paths import Project
from churnlight.report.html import render
from churnlight.report.inputs import Provenance, ReportInputs, scored_tiers
from churnlight.report.plots import write_plots
from churnlight.report.view_fairness import fairness_content
from churnlight.report.view_month import SECTIONS
from churnlight.stages.datasets import read_role
from churnlight.stages.fairness import FILE as FAIRNESS
from churnlight.stages.stage import Stage, main, running
from churnlight.timeline import Role


def report() -> None:
    """Write reports/churnlight.html and data/plots."""
    with running("report") as stage:
        inputs = _inputs(stage)
        with files.atomic_folder(stage.project.report.parent) as out:
            (out / stage.project.report.name).write_text(render(inputs), encoding="utf-8")
        with files.atomic_folder(stage.project.plots) as out:
            write_plots(inputs.details, inputs.importance, out)


def _inputs(stage: Stage) -> ReportInputs:
    project = stage.project
    details = files.read_json(project.evaluation / "details.json")
    as_ofs = cast("dict[str, Role]", stage.value("as_ofs"))
    bundle = Bundle.load(project.root / "models")
    _, scored = read_role(project, "score")
    return ReportInputs(
        language=stage.section("report", ReportParams).language,
        details=details,
        importance=_importance(project),
        attrition={
            as_of: files.read_json(project.labels(as_of) / "attrition.json") for as_of in as_ofs
        },
        scored=scored_tiers(
            pd.read_parquet(project.scores(scored[-1]) / "scores.parquet"), bundle.tier_names
        ),
        time=stage.section("time", TimeParams),
        as_ofs=as_ofs,
        label_kinds=stage.section("label", LabelParams).kinds,
        champion=stage.section("train", TrainParams).champion,
        provenance=Provenance(data=_hashes(project), parameters=parameters_shown(stage)),
        ablation=_ablation(project),
        month=month_parts(project, scored[-1]),
        least=stage.section("privacy", PrivacyParams).min_group,
    )


def month_parts(project: Project, as_of: str) -> dict[str, dict[str, Any] | None]:
    """Contents of what stands beside an as_of's scores, its offers and the KPI; None without one.

    The ground and what came true are looked at by `churnlight score` alone.
    """
    elsewhere = {
        "kpi": project.kpi,
        "plan": project.plan(as_of) / "plan.json",
        "segments": project.segments(as_of) / "segments.json",
        "tariffs": project.tariffs(as_of) / "tariffs.json",
        "handsets": project.handsets(as_of) / "handsets.json",
    }
    paths = {name: project.scores(as_of) / f"{name}.json" for name in SECTIONS} | elsewhere
    found = {name: files.read_json_if_there(path) for name, path in paths.items()}
    # Of the scored month, and of the test month, whose outcome is known.
    scored, tested = found["fairness"], files.read_json_if_there(project.evaluation / FAIRNESS)
    found["fairness"] = fairness_content(scored, tested)
    # tariffs.json does not say its as_of.
    return {name: part and {"as_of": as_of, **part} for name, part in found.items()}


def _ablation(project: Project) -> dict[str, Any] | None:
    """What `churnlight backtest` found, where it was run; no stage makes it, so none is asked."""
    return files.read_json_if_there(project.backtest / "ablation.json")


def parameters_shown(stage: Stage) -> dict[str, Any]:
    """What decides who is counted, what counts as leaving and how tiers are cut, by dotted name."""
    return {
        "churnlight": __version__,
        **dict(dotted(stage.section("time", TimeParams).model_dump(), "time.")),
        **dict(dotted(stage.section("cohort", CohortParams).model_dump(), "cohort.")),
        **dict(dotted(stage.section("label", LabelParams).model_dump(), "label.")),
        **dict(dotted(stage.section("tiers", TiersParams).model_dump(), "tiers.")),
    }


def _importance(project: Project) -> list[dict[str, Any]]:
    meanings = {row["feature"]: row for row in dictionary()}
    rows = json.loads((project.explanations / "importance.json").read_text(encoding="utf-8"))
    return [{**row, **_meaning(meanings.get(row["feature"], {}), row["feature"])} for row in rows]


def _meaning(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: entry.get(key, name if key != "unit" else None) for key in ("en", "zh", "unit")}


def _hashes(project: Project) -> dict[str, str]:
    return {
        path.relative_to(project.root).as_posix(): files.sha256_of_any(path)
        for path in (
            project.roles / "fit.json",
            project.roles / "calibrate.json",
            project.roles / "test.json",
            project.roles / "score.json",
            project.model("gbm"),
            project.model("tree"),
            project.tiers,
            project.evaluation,
            project.explanations,
        )
    }


if __name__ == "__main__":
    main(report)

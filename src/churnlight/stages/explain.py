"""Stage explain: what weighs overall, for the data scientist; the reasons are score's work."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from churnlight import files
from churnlight.explain.contributions import contributions
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners import gbm
from churnlight.params.data import EngineParams
from churnlight.paths import Project
from churnlight.report.plots_shap import Sample, write_shap_plots
from churnlight.stages.datasets import cohort_rows, feature_batches, read_role
from churnlight.stages.stage import main, report_rows, running

_SAMPLE = 2_000  # rows in the plots, spread evenly over the cohort


def explain() -> None:
    """Write data/explanations.

    importance.json, by feature, of the newest scored month; importance_by_group.json, by reason and
    family; importance_over_months.json, by feature for every month scored; plots/ with plots.json.
    """
    with running("explain") as stage:
        threads = stage.section("engine", EngineParams).threads or 0
        _, as_ofs = read_role(stage.project, "score")
        newest = _importance(stage.project, as_ofs[-1])
        sample = _sample(stage.project, as_ofs[-1], threads)
        with files.atomic_folder(stage.project.explanations) as out:
            files.write_json(out / "importance.json", newest["features"])
            groups = {name: newest[name] for name in ("reasons", "families")}
            files.write_json(out / "importance_by_group.json", groups)
            files.write_json(out / "importance_over_months.json", over_months(stage.project))
            meanings = {f.name: f.en for f in CATALOGUE}
            plots = write_shap_plots(sample, newest["features"], meanings, out / "plots")
            files.write_json(out / "plots.json", plots)
        report_rows("plots of SHAP values", len(sample.frame))


def over_months(project: Project) -> dict[str, dict[str, float]]:
    """Mean |SHAP value| by scored as_of and feature, as the model of the time had it."""
    found = {}
    for folder in sorted(project.data.joinpath("scores").glob("as_of=*")):
        if (folder / "importance.json").is_file():  # months of an older version have none
            content: dict[str, Any] = files.read_json(folder / "importance.json")
            found[folder.name.removeprefix("as_of=")] = {
                row["feature"]: row["mean_abs_shap"] for row in content["features"]
            }
    return found


def _importance(project: Project, as_of: str) -> dict[str, Any]:
    found: dict[str, Any] = files.read_json(
        files.require_file(project.scores(as_of) / "importance.json", "score")
    )
    return found


def _sample(project: Project, as_of: str, threads: int) -> Sample:
    """Some subscribers' features and SHAP values."""
    rows = cohort_rows(project, as_of)
    picked = np.unique(np.linspace(0, max(rows - 1, 0), min(_SAMPLE, rows)).astype(np.int64))
    parts, done = [], 0
    for frame, _ in feature_batches(project, as_of):
        inside = picked[(picked >= done) & (picked < done + len(frame))] - done
        parts.append(frame.iloc[inside])
        done += len(frame)
    sample = pd.concat(parts, ignore_index=True)
    model = gbm.load(project.model("gbm"))
    return Sample(as_of, sample, contributions(model, sample, threads)[:, :-1])


if __name__ == "__main__":
    main(explain)

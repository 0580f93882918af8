"""What stage score hands on: plots of a month's SHAP values, and the retention team's call list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from churnlight import files
from churnlight.engine import connect
from churnlight.explain.contributions import contributions, spread_evenly
from churnlight.learners.gbm import Gbm
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.output import HandoutParams
from churnlight.paths import Project
from churnlight.report.plots_shap import Sample, write_shap_plots
from churnlight.retention.handout import feature_words, plots_in, write_handout
from churnlight.retention.loading import Source, load_month
from churnlight.stages.datasets import cohort_rows, feature_batches
from churnlight.stages.stage import Stage
from churnlight.timeline import Month, moment

PLOTS, PLOTS_FILE = "plots", "plots.json"
_SAMPLE = 2_000  # rows in the plots, spread evenly over the cohort


def draw_plots(project: Project, gbm: Gbm, as_of: str, out: Path, threads: int) -> None:
    """Write plots/ and plots.json of an as_of beside its importance.json, in the folder `out`."""
    content: dict[str, Any] = files.read_json(out / "importance.json")
    sample = _sample(project, gbm, as_of, threads)
    files.write_json(
        out / PLOTS_FILE,
        write_shap_plots(sample, content["features"], feature_words()["en"], out / PLOTS),
    )


def hand_out(stage: Stage, as_of: str, months: Sequence[Month], out: Path) -> None:
    """Write workbooks and page of an as_of beside its scores, in the folder `out`.

    Args:
        stage: the running stage.
        as_of: which.
        months: the months of the extracts that count.
        out: with scores.parquet, reasons.parquet, medians.json and plots.
    """
    source = Source(
        project=stage.project,
        at=moment(as_of, stage.section("time", TimeParams)),
        extracts=stage.extracts,
        months=months,
        params=stage.section("handout", HandoutParams),
        folder=out,
    )
    with connect(stage.section("engine", EngineParams), stage.project.scratch) as engine:
        write_handout(out, load_month(engine, source, plots=plots_in(out / PLOTS)))


def _sample(project: Project, gbm: Gbm, as_of: str, threads: int) -> Sample:
    """Some subscribers' features and SHAP values."""
    picked = spread_evenly(cohort_rows(project, as_of), _SAMPLE)
    parts, done = [], 0
    for frame, _ in feature_batches(project, as_of):
        inside = picked[(picked >= done) & (picked < done + len(frame))] - done
        parts.append(frame.iloc[inside])
        done += len(frame)
    sample = pd.concat(parts, ignore_index=True)
    return Sample(as_of, sample, contributions(gbm, sample, threads)[:, :-1])

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
from churnlight.params.privacy import PrivacyParams
from churnlight.paths import Project
from churnlight.report.plots_shap import Sample, write_shap_plots
from churnlight.retention.handout import feature_words, plots_in, write_handout
from churnlight.retention.loading import Source, load_month
from churnlight.stages.datasets import cohort_rows, feature_batches
from churnlight.stages.scoring import SAMPLE_ROWS
from churnlight.stages.stage import Stage
from churnlight.timeline import Month, moment

PLOTS, PLOTS_FILE = "plots", "plots.json"


def draw_plots(
    project: Project,
    gbm: Gbm,
    as_of: str,
    out: Path,
    threads: int,
    features: pd.DataFrame | None = None,
) -> None:
    """Write plots/ and plots.json of an as_of beside its importance.json, in the folder `out`.

    Args:
        project: with the features of the as_of.
        gbm: whose SHAP values are drawn.
        as_of: which.
        out: with importance.json.
        threads: to use.
        features: of the subscribers to draw; None: `SAMPLE_ROWS`, spread evenly over the cohort.
    """
    content: dict[str, Any] = files.read_json(out / "importance.json")
    frame = _sample(project, as_of) if features is None else features
    sample = Sample(as_of, frame, contributions(gbm, frame, threads)[:, :-1])
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
        least=stage.section("privacy", PrivacyParams).min_group,
    )
    with connect(stage.section("engine", EngineParams), stage.project.scratch) as engine:
        write_handout(out, load_month(engine, source, plots=plots_in(out / PLOTS)))


def _sample(project: Project, as_of: str) -> pd.DataFrame:
    """Some subscribers' features."""
    picked = spread_evenly(cohort_rows(project, as_of), SAMPLE_ROWS)
    parts, done = [], 0
    for frame, _ in feature_batches(project, as_of):
        inside = picked[(picked >= done) & (picked < done + len(frame))] - done
        parts.append(frame.iloc[inside])
        done += len(frame)
    return pd.concat(parts, ignore_index=True)

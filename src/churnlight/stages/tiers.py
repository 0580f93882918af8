"""Stage tiers: calibrate both models and cut the tiers, on an as_of later than those they learned.

Without a calibrate as_of, the cross-fitted predictions of the fit rows take its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from churnlight import files
from churnlight.explain.meaning import catalogue_meaning
from churnlight.learners import contract, gbm, tree
from churnlight.learners.champion import (
    LEARNERS,
    Bundle,
    LearnerName,
    Scale,
    learn_scale,
    save_scales,
)
from churnlight.learners.dataset import FloatArray, join, require_both
from churnlight.learners.folds import split_stop
from churnlight.learners.stored import hold, seal, seal_of
from churnlight.params.data import EngineParams
from churnlight.params.judging import EvaluateParams
from churnlight.params.learning import CalibrateParams, TiersParams, TrainParams
from churnlight.params.monitor import MonitorParams
from churnlight.paths import Project
from churnlight.stages.datasets import cohort_rows, feature_batches, read_labelled, read_role
from churnlight.stages.scoring import REFERENCE
from churnlight.stages.stage import Stage, log, main, report_rows, running
from churnlight.watch.measured import thinned
from churnlight.watch.profile import reference_of

LOADERS: Mapping[str, Callable[[Path], Any]] = {"gbm": gbm.load, "tree": tree.load}


def tiers() -> None:
    """Write models/tiers.

    tiers.json, calibration and cuts of each learner; contract.json, what the models were trained
    under; reference.json, what their training cohort looked like.
    """
    with running("tiers") as stage:
        params = stage.section("train", TrainParams)
        threads = stage.section("engine", EngineParams).threads or 0
        for name in LEARNERS:
            hold(stage.project.model(name))
        models: dict[str, Any] = {
            name: LOADERS[name](stage.project.model(name)) for name in LEARNERS
        }
        scales = _scales(stage, models, threads)
        bundle = Bundle(
            models["gbm"], models["tree"], {str(n): s for n, s in scales.items()}, params.champion
        )
        reference = reference_of(bundle, _cohorts(stage), catalogue_meaning(), threads)
        report_rows("profiled", reference.pooled.rows)
        under = {name: stage.section(name, kind) for name, kind in contract.SECTIONS.items()}
        with files.atomic_folder(stage.project.tiers) as out:
            save_scales(out, scales, params.champion)
            contract.save(out, contract.contract(bundle.gbm.encoder, under))
            files.write_json(out / REFERENCE, reference.to_json())
            seal(out, {name: seal_of(stage.project.model(name)) for name in LEARNERS})


def _scales(stage: Stage, models: Mapping[str, Any], threads: int) -> dict[LearnerName, Scale]:
    """Calibration and tiers of each learner."""
    params = stage.section("train", TrainParams)
    role, as_ofs = read_role(stage.project, "calibrate")
    if role["crossfit"]:
        fit_role, as_ofs = read_role(stage.project, "fit")
    rows = read_labelled(stage.project, as_ofs, params.treated)
    if role["crossfit"]:
        # The order in which train wrote them.
        rows = join(split_stop(rows, params.seed, fit_role["search"]))
    require_both(rows, 1, "calibrate")
    report_rows("calibrated on", len(rows))
    scales: dict[LearnerName, Scale] = {}
    for name in LEARNERS:
        raw = (
            _crossfitted(stage.project, name)
            if role["crossfit"]
            else models[name].raw(rows.frame, threads)
        )
        scales[name] = learn_scale(
            raw,
            rows.churned,
            rows.account,
            stage.section("calibrate", CalibrateParams),
            stage.section("tiers", TiersParams),
            seed=params.seed,
            profit=stage.section("evaluate", EvaluateParams).profit,
        )
        log.info("  %s: %s", name, scales[name].calibration.method)
    return scales


def _cohorts(stage: Stage) -> dict[str, pd.DataFrame]:
    """Features of everyone in the cohorts that the models come from, by as_of; thinned if many."""
    project = stage.project
    as_ofs = [a for role in ("fit", "calibrate") for a in read_role(project, role)[1]]
    most = stage.section("monitor", MonitorParams).reference_rows // len(as_ofs)
    return {
        as_of: thinned(
            (frame for frame, _ in feature_batches(project, as_of)),
            cohort_rows(project, as_of),
            most,
        )
        for as_of in as_ofs
    }


def _crossfitted(project: Project, name: str) -> FloatArray:
    table = pq.read_table(project.model(name) / "crossfit.parquet")
    values: FloatArray = table["raw"].to_numpy()
    return values


if __name__ == "__main__":
    main(tiers)

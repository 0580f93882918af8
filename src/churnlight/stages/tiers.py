"""Stage tiers: calibrate both models and cut the tiers, on an as_of later than those they learned.

Without a calibrate as_of, the cross-fitted predictions of the fit rows take its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from churnlight import files
from churnlight.learners import gbm, tree
from churnlight.learners.champion import LEARNERS, learn_scale, save_scales
from churnlight.learners.dataset import FloatArray, join, require_both
from churnlight.learners.folds import split_stop
from churnlight.params.data import EngineParams
from churnlight.params.judging import EvaluateParams
from churnlight.params.learning import CalibrateParams, TiersParams, TrainParams
from churnlight.paths import Project
from churnlight.stages.datasets import read_labelled, read_role
from churnlight.stages.stage import log, main, report_rows, running

LOADERS: Mapping[str, Callable[[Path], Any]] = {"gbm": gbm.load, "tree": tree.load}


def tiers() -> None:
    """Write models/tiers/tiers.json: calibration and cuts of each learner."""
    with running("tiers") as stage:
        params = stage.section("train", TrainParams)
        threads = stage.section("engine", EngineParams).threads or 0
        role, as_ofs = read_role(stage.project, "calibrate")
        if role["crossfit"]:
            fit_role, as_ofs = read_role(stage.project, "fit")
        rows = read_labelled(stage.project, as_ofs, params.treated)
        if role["crossfit"]:
            rows = join(
                split_stop(rows, params.seed, fit_role["search"])
            )  # the order in which train wrote them
        require_both(rows, 1, "calibrate")
        report_rows("calibrated on", len(rows))
        scales = {}
        for name in LEARNERS:
            raw = (
                _crossfitted(stage.project, name)
                if role["crossfit"]
                else LOADERS[name](stage.project.model(name)).raw(rows.frame, threads)
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
        with files.atomic_folder(stage.project.tiers) as out:
            save_scales(out, scales, params.champion)


def _crossfitted(project: Project, name: str) -> FloatArray:
    table = pq.read_table(project.model(name) / "crossfit.parquet")
    values: FloatArray = table["raw"].to_numpy()
    return values


if __name__ == "__main__":
    main(tiers)

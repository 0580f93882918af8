"""Stage train, one a learner: the decision tree or LightGBM, on the same rows.

Pruning and stopping use the last fit as_of, after a fit on those whose labels were complete by its
cutoff; then both are refitted on all of them. With `train.tune.trials` LightGBM's settings are
searched before, over the fit as_ofs in order of time; models/gbm/trials.json keeps the trials.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from churnlight import files
from churnlight.errors import UsageError
from churnlight.learners import gbm, tree, tuning
from churnlight.learners.crossfit import crossfit
from churnlight.learners.folds import split_stop
from churnlight.learners.stored import seal
from churnlight.params.data import EngineParams
from churnlight.params.learning import TrainParams
from churnlight.stages.datasets import read_labelled, read_role
from churnlight.stages.stage import main, report_rows, running

LEARNERS = {"tree": tree, "gbm": gbm}


def train(name: str) -> None:
    """Write models/tree or models/gbm; cross-fitted predictions too where they calibrate.

    Raises:
        UsageError: when there is no learner of that name.
    """
    if name not in LEARNERS:
        raise UsageError(f"no learner {name!r}: expected one of {', '.join(LEARNERS)}")
    with running("train", name) as stage:
        params = stage.section("train", TrainParams)
        threads = stage.section("engine", EngineParams).threads or 0
        role, as_ofs = read_role(stage.project, "fit")
        whole = read_labelled(stage.project, as_ofs, params.treated)
        report_rows("learned from", len(whole))
        learner = LEARNERS[name]
        fit, stop, *rest = split_stop(whole, params.seed, role["search"])
        trials: list[tuning.Trial] = []
        if name == "gbm" and params.tune.trials:
            found = tuning.splits(whole, role["searches"])
            params, trials = tuning.tune(found, params, threads)
        model = learner.fit(fit, stop, params, threads, *rest)
        with files.atomic_folder(stage.project.model(name)) as out:
            model.save(out)
            if trials:
                tuning.save(out, trials)
            if role["crossfit"]:
                raw = crossfit(learner, fit, stop, params, threads, *rest)
                pq.write_table(pa.table({"raw": raw}), out / "crossfit.parquet")
            seal(out)


if __name__ == "__main__":
    main(train)

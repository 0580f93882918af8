"""Better settings for LightGBM, searched over fit as_ofs in order of time.

Each trial boosts on earlier as_ofs and is judged on a later one whose cutoff their labels were
complete by, for every as_of that has such; the mean log loss decides. Calibrate and test as_ofs
play no part. The learning rate is not searched: a smaller one is never worse, only slower.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from churnlight.errors import UsageError
from churnlight.files import write_json
from churnlight.learners import gbm
from churnlight.learners.dataset import Dataset
from churnlight.learners.encoding import Encoder
from churnlight.logs import progress
from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.learning import TrainParams

FILE = "trials.json"
_DIGITS = 6
log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class Split:
    """One judgement in time.

    Attributes:
        as_of: of the rows that judge.
        fit: rows of earlier as_ofs whose labels were complete by its cutoff.
        judge: rows of that as_of.
    """

    as_of: str
    fit: Dataset
    judge: Dataset


@dataclass(frozen=True)
class Trial:
    """One setting and how well it did.

    Attributes:
        number: from 0, which is the setting of the parameters.
        settings: of section `train.gbm`.
        log_loss: mean over the splits.
        by_as_of: log loss and rounds on each.
    """

    number: int
    settings: Mapping[str, float | int]
    log_loss: float
    by_as_of: Mapping[str, Mapping[str, float | int]]

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "number": self.number,
            "settings": dict(self.settings),
            "log_loss": self.log_loss,
            "by_as_of": {k: dict(v) for k, v in self.by_as_of.items()},
        }


def splits(data: Dataset, searches: Mapping[str, Sequence[str]]) -> list[Split]:
    """The judgements that time allows.

    Args:
        data: rows of all fit as_ofs.
        searches: as_of -> earlier as_ofs whose labels were complete by its cutoff.

    Returns:
        In order of time; those with one class only on either side are left out.

    Raises:
        UsageError: when there is none.
    """
    as_of = data.as_of.astype(str)
    found = []
    for judge, earlier in sorted(searches.items()):
        split = Split(judge, data.take(np.isin(as_of, list(earlier))), data.take(as_of == judge))
        if all(0 < part.churners < len(part) for part in (split.fit, split.judge)):
            found.append(split)
    if not found:
        raise UsageError(
            "train.tune.trials: no fit as_of can judge what was learned on earlier ones whose "
            "labels were complete by then: give more fit as_ofs, or set train.tune.trials to 0"
        )
    return found


def tune(
    found: Sequence[Split], params: TrainParams, threads: int = 1
) -> tuple[TrainParams, list[Trial]]:
    """Search by Optuna's TPE, seeded, one trial after the other: the same every time.

    Args:
        found: see `splits`.
        params: section `train`; `tune.trials` says how many, the first being `gbm` as it is.
        threads: of LightGBM; no answer depends on it.

    Returns:
        The parameters with the best settings (the earliest on a tie), and all trials.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=params.seed))
    study.enqueue_trial(_searched(params))
    trials: list[Trial] = []
    with progress("gbm: tuning", params.tune.trials, "trials") as advance:
        for number in range(params.tune.trials):
            asked = study.ask()
            trials.append(_run(number, _suggest(asked), found, params, threads))
            study.tell(asked, trials[-1].log_loss)
            advance(1)
    best = min(trials, key=lambda t: (t.log_loss, t.number))
    log.info(
        "gbm: trial %d of %d is best, log loss %.6f (as the parameters are: %.6f)",
        best.number, len(trials), best.log_loss, trials[0].log_loss,
    )  # fmt: skip
    return _with(params, best.settings), trials


def save(folder: Path, trials: Sequence[Trial]) -> None:
    """Write trials.json into a model's folder."""
    best = min(trials, key=lambda t: (t.log_loss, t.number))
    write_json(
        folder / FILE,
        {
            "schema_version": SCHEMA_VERSION,
            "chosen": best.number,
            "trials": [trial.to_json() for trial in trials],
        },
    )


def _searched(params: TrainParams) -> dict[str, float | int]:
    """The settings that are searched, as the parameters have them."""
    return {
        "num_leaves": params.gbm.num_leaves,
        "min_data_in_leaf": params.gbm.min_data_in_leaf,
        "feature_fraction": params.gbm.feature_fraction,
        "bagging_fraction": params.gbm.bagging_fraction,
        "lambda_l2": params.gbm.lambda_l2,
    }


def _suggest(trial: Any) -> dict[str, float | int]:
    """A setting from the space; a first one outside it is taken as it is, with a warning."""
    found = {
        "num_leaves": trial.suggest_int("num_leaves", 4, 63, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 10, 300, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 100.0, log=True),
    }
    return {k: v if isinstance(v, int) else round(v, _DIGITS) for k, v in found.items()}


def _run(
    number: int,
    settings: Mapping[str, float | int],
    found: Sequence[Split],
    params: TrainParams,
    threads: int,
) -> Trial:
    tried = _with(params, settings)
    by_as_of: dict[str, dict[str, float | int]] = {}
    for split in found:
        encoder = Encoder.learn(split.fit.frame)
        rounds, loss = gbm.rounds_needed(encoder, split.fit, split.judge, tried, threads)
        by_as_of[split.as_of] = {"log_loss": round(loss, 9), "rounds": rounds}
    mean = sum(v["log_loss"] for v in by_as_of.values()) / len(by_as_of)
    return Trial(number, settings, round(mean, 9), by_as_of)


def _with(params: TrainParams, settings: Mapping[str, float | int]) -> TrainParams:
    return params.model_copy(update={"gbm": params.gbm.model_copy(update=dict(settings))})

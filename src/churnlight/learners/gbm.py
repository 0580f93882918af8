"""LightGBM: stopped early on later rows, then fitted again on all; saved as text.

The text is the same, byte for byte, with any number of threads: `deterministic` and
`force_row_wise` fix the order of sums, and the thread count is taken out of the text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from churnlight.files import atomic_file, write_json
from churnlight.learners import forest
from churnlight.learners.dataset import (
    BoolArray,
    Dataset,
    FloatArray,
    IntArray,
    join,
    require_both,
)
from churnlight.learners.encoding import Encoder
from churnlight.learners.sizing import workers
from churnlight.learners.stored import load_booster, read_held, read_stored, seal
from churnlight.logs import progress
from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.learning import TrainParams

MODEL_FILE, SCHEMA_FILE = "model.txt", "schema.json"
# Two losses closer than this are a tie, so that no thread's rounding decides when to stop.
_TIE = 1e-9
# Near its least the loss is flat, and a few hundred churners decide where exactly it lies: the
# first round within this share of all that boosting gained does as well with fewer trees.
_FLAT = 0.02
_MUCH = 10_000_000  # rows x trees from which making `learners.forest` ready is worth its time
_SAFE = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True)
class Gbm:
    """A boosted model.

    Attributes:
        encoder: the feature schema.
        text: the model as LightGBM writes it.
        booster: the same, loaded (lightgbm.Booster).
        training: what was found in training, for people; nothing computes with it.
    """

    encoder: Encoder
    text: str
    booster: Any
    training: Mapping[str, Any]

    def raw(self, frame: Any, threads: int = 1) -> FloatArray:
        """Probability before calibration, shape (rows,)."""
        return _predicted(self.booster, self.text, self.encoder.transform(frame), threads)

    def save(self, folder: Path) -> None:
        """Write model.txt and schema.json into a folder, and the manifest with their hashes."""
        with atomic_file(folder / MODEL_FILE) as part:
            part.write_text(self.text, encoding="utf-8")
        write_json(
            folder / SCHEMA_FILE,
            {
                "schema_version": SCHEMA_VERSION,
                "features": self.encoder.to_json(),
                "training": dict(self.training),
            },
        )
        seal(folder)


def load(folder: Path) -> Gbm:
    """Read what `Gbm.save` wrote.

    Raises:
        ChurnlightError: when a file is missing, damaged, or not as it was written.
    """
    content = read_stored(folder / SCHEMA_FILE)
    text = read_held(folder / MODEL_FILE).decode("utf-8")
    encoder = Encoder.from_json(content["features"])
    return Gbm(encoder, text, load_booster(text, str(folder / MODEL_FILE)), content["training"])


def fit(
    fit: Dataset,
    stop: Dataset,
    params: TrainParams,
    threads: int = 1,
    rest: Dataset | None = None,
) -> Gbm:
    """Find the number of rounds on `stop`, then fit all rows with it.

    The rounds grow with the rows, by the square root of (all rows / fit rows): more rows bear more
    trees before they are learned by heart, but not in proportion.

    Args:
        fit: rows to boost on.
        stop: rows, by the pipeline of a later as_of, to stop on (log loss).
        params: section `train`.
        threads: of LightGBM; the model does not depend on it.
        rest: rows of as_ofs whose labels were not yet complete when those of `stop` were asked for;
            they are learned from at the end, and choose nothing.

    Raises:
        DataRefused: with counts, when there is one class only or too few churners.
    """
    whole = join([fit, stop, *([] if rest is None else [rest])])
    require_both(whole, params.min_churners, "training")
    require_both(fit, 1, "fit")
    encoder = Encoder.learn(whole.frame)
    best, loss = rounds_needed(encoder, fit, stop, params, threads)
    rounds = max(1, round(best * float(np.sqrt(len(whole) / len(fit)))))
    text = _text(_boost(encoder, whole, params, threads, rounds))
    training = {
        "rows": len(whole),
        "churners": whole.churners,
        "best_round": best,
        "rounds": rounds,
        "stop_log_loss": round(loss, 9),
    }
    return _loaded(encoder, text, training)


def fit_folded(
    data: Dataset, fold: IntArray, params: TrainParams, threads: int = 1, least_rows: int = 1
) -> tuple[Gbm, FloatArray]:
    """Find the number of rounds by cross-validation, then fit all rows; where there is no time.

    All folds are boosted in step, and stop when their mean log loss no longer falls.

    Args:
        data: all rows.
        fold: the fold of each row, shape (rows,), by account.
        params: section `train`.
        threads: of LightGBM; the model does not depend on it.
        least_rows: see `Encoder.learn`.

    Returns:
        The model, and the raw prediction of each row by a model that saw no row of its fold,
        shape (rows,).

    Raises:
        DataRefused: with counts, when there is one class only or too few churners.
    """
    require_both(data, params.min_churners, "training")
    encoder = Encoder.learn(data.frame, least_rows)
    matrix = encoder.transform(data.frame)
    held = [np.flatnonzero(fold == number) for number in np.unique(fold)]
    settings = _settings(params, threads)
    table = _as_table(encoder, matrix, data.churned, settings).construct()
    boosters, best, loss = _boost_in_step(table, held, params, threads)
    raw = np.empty(len(data))
    for booster, out in zip(boosters, held, strict=True):
        text = booster.model_to_string(num_iteration=best)
        raw[out] = _predicted(booster, text, matrix[out], threads, best)
    rounds = max(1, round(best * float(np.sqrt(len(held) / (len(held) - 1)))))
    training = {
        "rows": len(data),
        "churners": data.churners,
        "folds": len(held),
        "best_round": best,
        "rounds": rounds,
        "stop_log_loss": round(loss, 9),
    }
    return _loaded(encoder, _text(_train(settings, table, rounds)), training), raw


def _boost_in_step(
    table: Any, held: Sequence[IntArray], params: TrainParams, threads: int
) -> tuple[list[Any], int, float]:
    """Boost a model without each part, until their mean log loss on these parts falls no longer.

    Each model has a thread (or a few) of its own, which wastes less than sharing all of them round
    by round. Bins are those of the whole table: they know the features' values, no label.

    Args:
        table: all rows, as LightGBM has them.
        held: the numbers of each part's rows.
        params: section `train`.
        threads: for all models together; 0: all cores.

    Returns:
        The boosters, the best round, and the mean log loss there.
    """
    import lightgbm

    at_once = workers(threads, len(held))
    settings = _settings(params, max(1, workers(threads, os.cpu_count() or 1) // at_once))

    def begin(out: IntArray) -> Any:
        kept = np.setdiff1d(np.arange(table.num_data()), out)
        booster = lightgbm.Booster(settings, table.subset(kept, settings).construct())
        return booster.add_valid(table.subset(out, settings).construct(), "held")

    def advance(booster: Any) -> float:
        booster.update()
        return float(booster.eval_valid()[0][2])

    best, least = 0, np.inf
    most, patience = params.gbm.max_rounds, params.gbm.early_stopping_rounds
    with (
        ThreadPoolExecutor(at_once) as pool,
        progress("gbm: cross-validation", most, "rounds") as done,
    ):
        boosters = list(pool.map(begin, held))
        for number in range(1, most + 1):
            loss = float(np.mean(list(pool.map(advance, boosters))))
            done(1)
            if loss < least - _TIE:
                best, least = number, loss
            elif number - best >= patience:
                break
    return boosters, best, least


def _predicted(
    booster: Any, text: str, matrix: FloatArray, threads: int, rounds: int | None = None
) -> FloatArray:
    """Probabilities by LightGBM; of many rows by `learners.forest`, the same but for rounding.

    Args:
        booster: the model.
        text: the model, or its first rounds.
        matrix: encoded rows, shape (rows, features).
        threads: to use; 0: all cores.
        rounds: which the text has; None: all.
    """
    if len(matrix) * booster.num_trees() >= _MUCH:
        with suppress(forest.NotSupportedError, ImportError):
            return forest.predicted(text, matrix, threads)
    found = booster.predict(matrix, num_iteration=rounds, num_threads=threads)
    return np.asarray(found, dtype=np.float64)


def _text(booster: Any) -> str:
    """As LightGBM writes it, without the number of threads."""
    text: str = booster.model_to_string()
    return re.sub(r"(?m)^\[num_threads: -?\d+\]$", "[num_threads: 0]", text)


def _stopping(params: TrainParams) -> Any:
    import lightgbm

    return lightgbm.early_stopping(params.gbm.early_stopping_rounds, verbose=False, min_delta=_TIE)


def _loaded(encoder: Encoder, text: str, training: Mapping[str, Any]) -> Gbm:
    return Gbm(encoder, text, load_booster(text, "the model just fitted"), training)


def rounds_needed(
    encoder: Encoder, fit: Dataset, stop: Dataset, params: TrainParams, threads: int
) -> tuple[int, float]:
    """The first round that has nearly the least log loss on `stop` (see _FLAT), and its loss."""
    import lightgbm

    settings = _settings(params, threads)
    seen: dict[str, dict[str, list[float]]] = {}
    train = _table(encoder, fit, settings)
    judged = train.create_valid(
        encoder.transform(stop.frame), label=stop.churned.astype(np.float64)
    )
    with progress("gbm: looking for the rounds", params.gbm.max_rounds, "rounds") as advance:
        booster = lightgbm.train(
            settings,
            train,
            num_boost_round=params.gbm.max_rounds,
            valid_sets=[judged],
            valid_names=["stop"],
            callbacks=[
                _stopping(params),
                lightgbm.record_evaluation(seen),
                lambda _: advance(1),
            ],
        )
    losses = np.array(seen["stop"]["binary_logloss"])
    least = losses[booster.best_iteration - 1]
    first = int(np.argmax(losses <= least + _FLAT * max(losses[0] - least, 0.0) + _TIE))
    return first + 1, float(losses[first])


def _boost(encoder: Encoder, data: Dataset, params: TrainParams, threads: int, rounds: int) -> Any:
    settings = _settings(params, threads)
    return _train(settings, _table(encoder, data, settings), rounds)


def _train(settings: Mapping[str, Any], table: Any, rounds: int) -> Any:
    """A booster on all rows of a table."""
    import lightgbm

    with progress("gbm: fitting all rows", rounds, "rounds") as advance:
        return lightgbm.train(
            dict(settings), table, num_boost_round=rounds, callbacks=[lambda _: advance(1)]
        )


def _table(encoder: Encoder, data: Dataset, settings: Mapping[str, Any]) -> Any:
    return _as_table(encoder, encoder.transform(data.frame), data.churned, settings)


def _as_table(
    encoder: Encoder, matrix: FloatArray, churned: BoolArray, settings: Mapping[str, Any]
) -> Any:
    """Encoded rows as LightGBM takes them."""
    import lightgbm

    return lightgbm.Dataset(
        matrix,
        label=churned.astype(np.float64),
        feature_name=_safe_names(encoder),
        categorical_feature=encoder.category_indexes,
        params=dict(settings),
    )


def _safe_names(encoder: Encoder) -> list[str]:
    """LightGBM bears no punctuation in names; the schema keeps the real ones."""
    return [n if _SAFE.fullmatch(n) else f"column_{i}" for i, n in enumerate(encoder.names)]


def _settings(params: TrainParams, threads: int) -> dict[str, Any]:
    gbm = params.gbm
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": gbm.learning_rate,
        "num_leaves": gbm.num_leaves,
        "min_data_in_leaf": gbm.min_data_in_leaf,
        "feature_fraction": gbm.feature_fraction,
        "bagging_fraction": gbm.bagging_fraction,
        "bagging_freq": 1,
        "lambda_l2": gbm.lambda_l2,
        "seed": params.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }

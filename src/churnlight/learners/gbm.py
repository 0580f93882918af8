"""LightGBM: stopped early on later rows, then fitted again on all; saved as text.

The text is the same, byte for byte, with any number of threads: `deterministic` and
`force_row_wise` fix the order of sums, and the thread count is taken out of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from churnlight.files import atomic_file, read_json, write_json
from churnlight.learners.dataset import Dataset, FloatArray, join, require_both
from churnlight.learners.encoding import Encoder
from churnlight.logs import progress
from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.learning import TrainParams

MODEL_FILE, SCHEMA_FILE = "model.txt", "schema.json"
# Two losses closer than this are a tie, so that no thread's rounding decides when to stop.
_TIE = 1e-9
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
        return np.asarray(
            self.booster.predict(self.encoder.transform(frame), num_threads=threads),
            dtype=np.float64,
        )

    def save(self, folder: Path) -> None:
        """Write model.txt and schema.json into a folder."""
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


def load(folder: Path) -> Gbm:
    """Read what `Gbm.save` wrote."""
    content: dict[str, Any] = read_json(folder / SCHEMA_FILE)
    text = (folder / MODEL_FILE).read_text(encoding="utf-8")
    return _loaded(Encoder.from_json(content["features"]), text, content["training"])


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
    best, loss = _rounds_needed(encoder, fit, stop, params, threads)
    rounds = max(1, round(best * float(np.sqrt(len(whole) / len(fit)))))
    booster = _boost(encoder, whole, params, threads, rounds)
    text = re.sub(r"(?m)^\[num_threads: -?\d+\]$", "[num_threads: 0]", booster.model_to_string())
    training = {
        "rows": len(whole),
        "churners": whole.churners,
        "best_round": best,
        "rounds": rounds,
        "stop_log_loss": round(loss, 9),
    }
    return _loaded(encoder, text, training)


def _loaded(encoder: Encoder, text: str, training: Mapping[str, Any]) -> Gbm:
    import lightgbm

    return Gbm(encoder, text, lightgbm.Booster(model_str=text), training)


def _rounds_needed(
    encoder: Encoder, fit: Dataset, stop: Dataset, params: TrainParams, threads: int
) -> tuple[int, float]:
    """The round with the least log loss on `stop`, and that loss."""
    import lightgbm

    settings = _settings(params, threads)
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
                lightgbm.early_stopping(
                    params.gbm.early_stopping_rounds, verbose=False, min_delta=_TIE
                ),
                lambda _: advance(1),
            ],
        )
    return int(booster.best_iteration), float(booster.best_score["stop"]["binary_logloss"])


def _boost(encoder: Encoder, data: Dataset, params: TrainParams, threads: int, rounds: int) -> Any:
    import lightgbm

    settings = _settings(params, threads)
    with progress("gbm: fitting all rows", rounds, "rounds") as advance:
        return lightgbm.train(
            settings,
            _table(encoder, data, settings),
            num_boost_round=rounds,
            callbacks=[lambda _: advance(1)],
        )


def _table(encoder: Encoder, data: Dataset, settings: Mapping[str, Any]) -> Any:
    import lightgbm

    return lightgbm.Dataset(
        encoder.transform(data.frame),
        label=data.churned.astype(np.float64),
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

"""Whether reasons stay when the model is trained again on a bootstrap sample of accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from churnlight.explain.contributions import in_chunks
from churnlight.explain.reasons import Meaning, People, reasons_of
from churnlight.learners.dataset import AnyArray, BoolArray, Dataset
from churnlight.learners.folds import Bootstrap
from churnlight.learners.gbm import Gbm

TOP = 3


@dataclass(frozen=True)
class Stability:
    """One retrained model against the first.

    Attributes:
        kept: whether each row's top reason is among the retrained model's top three, shape (rows,).
        same: whether it is the top one there too, shape (rows,).
    """

    kept: BoolArray
    same: BoolArray


def retrained(
    data: Dataset, train: Callable[[Dataset], Gbm], resamples: int, seed: int
) -> Iterator[Gbm]:
    """Models of resamples of accounts, with replacement.

    Args:
        data: the rows that the first model learned from.
        train: trains on resampled rows as the first one was trained.
        resamples: models to train.
        seed: of the draws of accounts.
    """
    for weights in Bootstrap.by(data.account, seed).weights(resamples):
        for weight in weights:
            drawn = np.repeat(np.arange(len(data)), np.rint(weight).astype(np.int64))
            yield train(data.take(cast("BoolArray", drawn)))  # by number, some more than once


def stability(
    first: Gbm, again: Iterable[Gbm], frame: pd.DataFrame, meaning: Meaning, threads: int = 1
) -> list[Stability]:
    """Hold the reasons of a model to those of models trained again.

    Args:
        first: the model whose reasons are judged.
        again: see `retrained`.
        frame: the features of the rows to explain, shape (rows, features).
        meaning: what is known of the features.
        threads: for SHAP values.

    Returns:
        One entry a model of `again`. A row in which nothing raises the risk is kept where the other
        model finds nothing either.
    """
    top = top_reasons(first, frame, meaning, threads)[:, 0]
    found = []
    for model in again:
        other = top_reasons(model, frame, meaning, threads)
        kept = np.where(top == "", other[:, 0] == "", (other == top[:, None]).any(axis=1))
        found.append(Stability(kept.astype(bool), np.asarray(other[:, 0] == top, dtype=bool)))
    return found


def top_reasons(gbm: Gbm, frame: pd.DataFrame, meaning: Meaning, threads: int = 1) -> AnyArray:
    """Codes of each row's top three reasons that raise its risk, shape (rows, 3); "" for none."""
    out = np.full((len(frame), TOP), "", dtype=object)
    for rows, values in in_chunks(gbm, frame, threads):
        numbers = np.arange(rows.start, rows.stop)
        found = reasons_of(values[:, :-1], People(frame.iloc[rows], numbers), meaning, TOP)
        up = found[found["direction"] == "up"]
        out[up["subscriber_id"], up["rank"] - 1] = up["reason"].to_numpy(dtype=object)
    return out

"""Raw predictions of rows by models that did not see them, where no as_of is left to calibrate."""

from __future__ import annotations

import logging
from typing import Any, Protocol

import numpy as np

from churnlight.learners.dataset import Dataset, FloatArray, join, require_both
from churnlight.learners.folds import folds
from churnlight.params.learning import TrainParams


class Learner(Protocol):
    """A module that fits a model: `churnlight.learners.tree` or `churnlight.learners.gbm`."""

    def fit(
        self,
        fit: Dataset,
        stop: Dataset,
        params: TrainParams,
        threads: int = 1,
        rest: Dataset | None = None,
    ) -> Any:
        """See `churnlight.learners.gbm.fit`."""
        ...


def crossfit(
    learner: Learner,
    fit: Dataset,
    stop: Dataset,
    params: TrainParams,
    threads: int = 1,
    rest: Dataset | None = None,
) -> FloatArray:
    """Raw predictions for all rows: those of `fit`, of `stop`, and of `rest`.

    The accounts are dealt into `train.folds` folds; each fold is predicted by a model that was
    fitted and stopped without its accounts, in any as_of.

    Args:
        learner: what fits, with the signature of `gbm.fit`.
        fit: as for the learner.
        stop: as for the learner.
        params: section `train`.
        threads: for the learner.
        rest: as for the learner.

    Returns:
        Shape (rows,), in the order of `join([fit, stop, rest])`.

    Raises:
        DataRefused: with counts, when there are too few churners.
    """
    parts = [fit, stop, *([] if rest is None else [rest])]
    whole = join(parts)
    require_both(whole, params.min_churners, "cross-fitting")
    # The whole set has been judged; one fold less may be below the parameter.
    inner = params.model_copy(update={"min_churners": 1})
    # With the same seed the first fold would be the very accounts that `split_stop` keeps apart to
    # stop on, where there is one as_of only, and nothing would be left of them.
    fold = folds(whole.account, params.folds, params.seed + 1, whole.churned)
    of_parts = np.split(fold, np.cumsum([len(part) for part in parts])[:-1])
    out = np.full(len(whole), np.nan)
    for number in range(params.folds):
        held = fold == number
        if not held.any():
            continue
        logging.getLogger(__name__).info("cross-fitting: fold %d of %d", number + 1, params.folds)
        kept = [part.take(of != number) for part, of in zip(parts, of_parts, strict=True)]
        model = learner.fit(kept[0], kept[1], inner, threads, *kept[2:])
        out[held] = model.raw(whole.frame.loc[held], threads)
    return out

"""Small random data with numbers, missing values, a category and a boolean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from churnlight.learners.dataset import Dataset
from churnlight.learners.folds import split_stop
from churnlight.params.learning import GbmParams, TrainParams


def make(rows: int = 1200, seed: int = 0) -> Dataset:
    draws = np.random.default_rng(seed)
    bill = draws.gamma(4, 30, rows)
    silent = draws.exponential(8, rows)
    brand = draws.choice(["go", "zone", "easy", "rare"], rows, p=[0.5, 0.3, 0.19, 0.01])
    contract = draws.random(rows) < 0.6
    hidden = -3 + 0.12 * silent - 0.01 * bill + 1.5 * (brand == "zone") - contract
    churned = draws.random(rows) < 1 / (1 + np.exp(-hidden))
    frame = pd.DataFrame(
        {
            "bill_money": np.where(draws.random(rows) < 0.1, np.nan, bill),
            "silent_days": silent,
            "brand": pd.Series(brand).where(draws.random(rows) > 0.05),
            "has_contract": contract,
            "calls_count": draws.poisson(30, rows),
        }
    )
    ids = np.arange(rows)
    as_of = np.where(ids % 2 == 0, "2025-04-01", "2025-05-01")
    return Dataset.of(frame, churned, ids, account=ids // 3, as_of=as_of)


@pytest.fixture(scope="session")
def make_data() -> Callable[..., Dataset]:
    return make


@pytest.fixture(scope="session")
def at_chance() -> Callable[..., float]:
    """Mean ROC AUC, against the true labels of other rows, of models taught shuffled labels.

    One such model can stray far, being by chance for or against a feature that matters.
    """

    def mean(learner: Any, train: Dataset, test: Dataset, params: TrainParams) -> float:
        reached = []
        for seed in range(8):
            labels = np.random.default_rng(seed).permutation(train.churned)
            blind = Dataset.of(train.frame, labels, train.subscriber, train.account, train.as_of)
            model = learner.fit(*split_stop(blind, 1), params)
            reached.append(roc_auc_score(test.churned, model.raw(test.frame)))
        return float(np.mean(reached))

    return mean


@pytest.fixture(scope="session")
def data() -> Dataset:
    return make()


@pytest.fixture(scope="session")
def params() -> TrainParams:
    return TrainParams(gbm=GbmParams(learning_rate=0.1, max_rounds=80, early_stopping_rounds=15))

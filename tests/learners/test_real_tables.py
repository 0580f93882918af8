"""Floors on real, ready-made tables, below what cross-validation inside them showed; no tuning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from churnlight.learners import gbm, tree
from churnlight.learners.dataset import Dataset
from churnlight.learners.folds import folds, split_stop
from churnlight.params.learning import TrainParams

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def iranian(shared: Path) -> Dataset:
    table = pd.read_csv(shared / "iranian" / "Customer_Churn.csv")
    frame = table.drop(columns="Churn")
    same = frame.astype(str).agg("|".join, axis=1)  # 300 duplicates: one group each
    return Dataset.of(frame, table["Churn"] == 1, np.arange(len(table)), same)


@pytest.fixture(scope="module")
def cell2cell(shared: Path) -> Dataset:
    table = pd.read_csv(shared / "cell2cell" / "calibration.csv.gz")
    frame = table.drop(columns=["customer", "calibrat", "churn"])
    return Dataset.of(frame, table["churn"] == 1, table["customer"])


def held_out_auc(data: Dataset, learner: Any, parts: int) -> float:
    """Mean ROC AUC over the first `parts` of five folds by account."""
    fold = folds(data.account, 5, 1, data.churned)
    reached = []
    for number in range(parts):
        model = learner.fit(*split_stop(data.take(fold != number), 1), TrainParams(), 2)
        held = fold == number
        reached.append(roc_auc_score(data.churned[held], model.raw(data.frame[held], 2)))
    return float(np.mean(reached))


@pytest.mark.parametrize(("learner", "floor"), [(gbm, 0.98), (tree, 0.94)])
def test_iranian_grouped_by_identical_row(iranian: Dataset, learner: Any, floor: float) -> None:
    assert floor < held_out_auc(iranian, learner, 5) < 0.995


@pytest.mark.parametrize(("learner", "floor"), [(gbm, 0.67), (tree, 0.615)])
def test_cell2cell_inside_the_calibration_part(
    cell2cell: Dataset, learner: Any, floor: float
) -> None:
    assert floor < held_out_auc(cell2cell, learner, 1) < 0.71  # more would be a leak

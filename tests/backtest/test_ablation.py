"""What a family adds: nothing when it is noise, much when it is the signal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churnlight.backtest.ablation import FAMILIES, NEIGHBOURS, ablate, table, without
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners.dataset import Dataset
from churnlight.params.judging import EvaluateParams
from churnlight.params.learning import GbmParams, TrainParams

TRAIN = TrainParams(gbm=GbmParams(max_rounds=25, early_stopping_rounds=5))
SIGNAL, NOISE = "contacts_left_count", "contacts_count"


def rows(seed: int, count: int = 700) -> Dataset:
    draws = np.random.default_rng(seed)
    frame = pd.DataFrame(draws.normal(size=(count, 3)), columns=[SIGNAL, NOISE, "bill_money"])
    risk = 1 / (1 + np.exp(2 - 1.5 * frame[SIGNAL] - 0.5 * frame["bill_money"]))
    return Dataset.of(frame, draws.random(count) < risk, np.arange(count), None, "2025-11-01")


def test_the_names_are_features_of_the_circle() -> None:
    families = {f.name: f.family for f in CATALOGUE}
    assert {families[name] for name in NEIGHBOURS} == {"circle"}
    assert set(NEIGHBOURS) < set(FAMILIES["circle"])


def test_what_carries_the_signal_adds() -> None:
    parts, test = [rows(0), rows(1)], rows(2)
    found = ablate(parts, test, TRAIN, EvaluateParams(bootstrap=200))
    shown = {(r["learner"], r["family"]): r for r in table(found, list(test.frame.columns))}
    for learner in ("gbm", "tree"):
        row = shown[learner, "churned_neighbours"]
        assert row["features"] == 1
        assert shown[learner, "circle"]["features"] == 2
        assert row["adds"]["roc_auc"]["low"] > 0.05
        assert row["adds"]["roc_auc"]["value"] == pytest.approx(
            row["all"]["roc_auc"]["value"] - row["without"]["roc_auc"]["value"], abs=2e-6
        )


def test_the_same_rows_stay() -> None:
    data = rows(0)
    cut = without(data, [SIGNAL, "not_there"])
    assert list(cut.frame.columns) == [NOISE, "bill_money"]
    assert np.array_equal(cut.churned, data.churned)
    assert len(data.frame.columns) == 3

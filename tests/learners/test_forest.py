"""Many rows are predicted as LightGBM predicts them, for every kind of question."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import lightgbm
import numpy as np
import pandas as pd
import pytest

from churnlight.learners import forest, gbm
from churnlight.learners.encoding import Encoder

ROWS = 3000


def table(seed: int) -> np.ndarray:
    draws = np.random.default_rng(seed)
    matrix = draws.normal(size=(ROWS, 6))
    matrix[:, 1] = np.where(draws.random(ROWS) < 0.3, 0.0, matrix[:, 1])
    matrix[:, 2] = np.where(draws.random(ROWS) < 0.3, np.nan, matrix[:, 2])
    matrix[:, 5] = np.where(draws.random(ROWS) < 0.1, np.nan, draws.integers(0, 90, ROWS))
    return matrix


def boosted(**more: Any) -> lightgbm.Booster:
    matrix, draws = table(0), np.random.default_rng(9)
    level = matrix[:, 0] * matrix[:, 3] + (matrix[:, 1] == 0) + np.isnan(matrix[:, 2])
    level += np.where(np.nan_to_num(matrix[:, 5]) % 3 == 1, 1.5, -0.5)
    label = draws.random(ROWS) < 1 / (1 + np.exp(-level))
    settings = {
        "objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 3,
        "min_data_per_group": 5, "learning_rate": 0.3, "num_leaves": 31, **more,
    }  # fmt: skip
    rows = lightgbm.Dataset(matrix, label, categorical_feature=[5], params=settings)
    return lightgbm.train(settings, rows, 15)


def odd_rows() -> np.ndarray:
    matrix = table(1)[:400]
    matrix[:40, 5] = [-0.5, 91.0, 1e6, -3.0] * 10
    matrix[40:80, :5] = np.nan
    matrix[80:90] = 0.0
    matrix[90:100, 1] = 1e-36
    matrix[100:110, 0] = [np.inf, -np.inf] * 5
    return matrix


@pytest.mark.parametrize(
    "settings",
    [{}, {"zero_as_missing": True}, {"use_missing": False}, {"num_leaves": 64}, {"num_leaves": 2},
     {"min_gain_to_split": 1e9}],
    ids=str,
)  # fmt: skip
def test_it_predicts_as_lightgbm_does(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    booster = boosted(**settings)
    rows = odd_rows()
    own = booster.predict(rows, num_threads=1)
    found = forest.predicted(booster.model_to_string(), rows)
    np.testing.assert_allclose(found, own, rtol=1e-14)
    monkeypatch.setattr(forest, "BLOCK", 37)
    for threads in (0, 1, 2, 5):
        np.testing.assert_array_equal(
            forest.predicted(booster.model_to_string(), rows, threads), found
        )
    assert forest.predicted(booster.model_to_string(), rows[:0]).shape == (0,)


@pytest.mark.parametrize(
    "more", [{"num_leaves": 80}, {"objective": "regression"}, {"sigmoid": 2.0}], ids=str
)
def test_other_models_are_left_to_lightgbm(more: dict[str, Any]) -> None:
    with pytest.raises(forest.NotSupportedError, match="expected"):
        forest.predicted(boosted(**more).model_to_string(), odd_rows())


def test_many_rows_go_this_way_and_back_where_it_is_barred(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = pd.DataFrame(table(1)[:, :5], columns=list("abcde")).assign(f=1.0)
    booster = boosted()
    model = gbm.Gbm(Encoder.learn(frame), booster.model_to_string(), booster, {})
    own = model.raw(frame)
    asked = Mock(wraps=forest.predicted)
    monkeypatch.setattr(forest, "predicted", asked)
    np.testing.assert_array_equal(model.raw(frame), own)
    asked.assert_not_called()
    monkeypatch.setattr(gbm, "_MUCH", 1)
    np.testing.assert_allclose(model.raw(frame), own, rtol=1e-14)
    asked.assert_called_once()
    for error in (forest.NotSupportedError("no"), ImportError("no numba")):
        monkeypatch.setattr(forest, "predicted", Mock(side_effect=error))
        np.testing.assert_array_equal(model.raw(frame), own)


def test_a_part_of_the_rounds_is_predicted_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    booster, rows = boosted(), odd_rows()
    own = booster.predict(rows, num_iteration=7)
    monkeypatch.setattr(gbm, "_MUCH", 1)
    text = booster.model_to_string(num_iteration=7)
    np.testing.assert_allclose(gbm._predicted(booster, text, rows, 1, 7), own, rtol=1e-14)

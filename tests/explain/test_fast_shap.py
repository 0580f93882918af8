"""The fast SHAP values are LightGBM's own, for every kind of question a tree can ask."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any
from unittest.mock import Mock

import lightgbm
import numpy as np
import pytest

from churnlight.explain import contributions, fast
from churnlight.learners.encoding import Encoder
from churnlight.learners.forest import read_trees
from churnlight.learners.gbm import Gbm

ROWS = 4000


def table(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, missing values, zeros, two categories, and a label that needs all of them."""
    draws = np.random.default_rng(seed)
    matrix = draws.normal(size=(ROWS, 8))
    matrix[:, 1] = np.where(draws.random(ROWS) < 0.3, 0.0, matrix[:, 1])
    matrix[:, 2] = np.where(draws.random(ROWS) < 0.3, np.nan, matrix[:, 2])
    matrix[:, 6] = draws.integers(0, 4, ROWS)
    matrix[:, 7] = np.where(draws.random(ROWS) < 0.1, np.nan, draws.integers(0, 90, ROWS))
    level = matrix[:, 0] * matrix[:, 3] + (matrix[:, 1] == 0) + np.isnan(matrix[:, 2])
    level += np.where(np.nan_to_num(matrix[:, 7]) % 3 == 1, 1.5, -0.5) + (matrix[:, 6] == 2)
    return matrix, (draws.random(ROWS) < 1 / (1 + np.exp(-level))).astype(float)


def boosted(rounds: int = 12, columns: int = 8, **more: Any) -> lightgbm.Booster:
    matrix, label = table()
    settings = {
        "objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5,
        "min_data_per_group": 5, "max_cat_to_onehot": 2, "learning_rate": 0.3, **more,
    }  # fmt: skip
    categories = [c for c in (6, 7) if c < columns]
    rows = lightgbm.Dataset(
        matrix[:, :columns], label, categorical_feature=categories, params=settings
    )
    return lightgbm.train(settings, rows, rounds)


def odd_rows(columns: int = 8) -> np.ndarray:
    """Rows it learned from, and some that hold what no training row held."""
    matrix = table(1)[0][:300]
    matrix[:40, 6] = [np.nan, -1.0, 3.7, 55.0] * 10
    matrix[:40, 7] = [-0.5, 91.0, 1e6, np.nan] * 10
    matrix[40:80, :6] = np.nan
    matrix[80:90] = 0.0
    matrix[90:100, 1] = 1e-36
    matrix[100:110, 0] = [np.inf, -np.inf] * 5
    return matrix[:, :columns].copy()


@pytest.mark.parametrize(
    "settings",
    [
        {"num_leaves": 31},
        {"num_leaves": 31, "zero_as_missing": True},
        {"num_leaves": 31, "use_missing": False},
        {"num_leaves": 64, "min_data_in_leaf": 1},
        {"num_leaves": 2},
        {"num_leaves": 31, "bagging_fraction": 0.5, "bagging_freq": 1, "lambda_l2": 5.0},
        {"num_leaves": 64, "columns": 3, "min_data_in_leaf": 1},  # features again and again
        {"num_leaves": 31, "rounds": 3, "min_gain_to_split": 1e9},  # nothing but one leaf
    ],
    ids=lambda s: "-".join(f"{k}={v}" for k, v in s.items()),
)
def test_they_are_lightgbms_own(settings: dict[str, Any]) -> None:
    booster = boosted(**settings)
    rows = odd_rows(settings.get("columns", 8))
    found = fast.shap_values(booster.model_to_string(), rows)
    own = booster.predict(rows, pred_contrib=True, num_threads=1)
    np.testing.assert_allclose(found, own, atol=1e-10)
    raw = booster.predict(rows, raw_score=True, num_threads=1)
    np.testing.assert_allclose(found.sum(axis=1), raw, atol=1e-10)


@pytest.mark.parametrize(("bits", "alone"), [(4, 4), (6, 6), (4, 6)])
def test_leaves_too_deep_for_a_table_come_out_the_same(
    monkeypatch: pytest.MonkeyPatch, bits: int, alone: int
) -> None:
    monkeypatch.setattr(fast, "_MOST_BITS", bits)
    monkeypatch.setattr(fast, "_MOST_ALONE", alone)
    booster = boosted(num_leaves=40, min_data_in_leaf=1)
    forest = fast.Forest.read(booster.model_to_string())
    deep = forest.plan.group_table < 0
    assert 0 < deep.sum() < len(deep)
    assert (forest.plan.group_bits[~deep].max() > bits) == (alone > bits)
    rows = odd_rows()
    own = booster.predict(rows, pred_contrib=True, num_threads=1)
    np.testing.assert_allclose(forest.values(rows), own, atol=1e-10)


def test_a_bound_of_memory_makes_smaller_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    text = boosted(num_leaves=31).model_to_string()
    whole = fast.Forest.read(text)
    monkeypatch.setattr(fast, "_TABLE_CELLS", len(whole.tables) // 3)
    small = fast.Forest.read(text)
    assert len(small.tables) <= len(whole.tables) // 3
    np.testing.assert_allclose(small.values(odd_rows()), whole.values(odd_rows()), atol=1e-12)


def test_threads_and_blocks_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    forest = fast.Forest.read(boosted(num_leaves=31).model_to_string())
    rows = odd_rows()
    alone = np.concatenate([forest.values(rows[i : i + 1]) for i in range(len(rows))])
    monkeypatch.setattr(fast, "_BLOCK", 37)
    for threads in (0, 1, 2, 5):
        np.testing.assert_array_equal(forest.values(rows, threads), alone)
    assert forest.values(rows[:0], 2).shape == (0, 9)


def test_shapleys_formula_gives_the_same_on_a_small_tree() -> None:
    """Straight from the definition: every subset of features, weighted by Shapley."""
    booster = boosted(rounds=1, columns=5, num_leaves=6)
    tree = read_trees(booster.model_to_string())[0][0]
    row = table(1)[0][3, :5]

    def expected(node: int, known: frozenset[int]) -> float:
        """Down the row's way where the feature is known, else over both by their rows."""
        if node < 0:
            return float(tree.leaf_value[-node - 1])
        left, right = int(tree.left[node]), int(tree.right[node])
        value = row[tree.feature[node]]
        if int(tree.feature[node]) in known:
            goes = tree.nan_left[node] if np.isnan(value) else value <= tree.threshold[node]
            return expected(left if goes else right, known)
        share = tree.share(node, left)
        return share * expected(left, known) + (1 - share) * expected(right, known)

    def shapley(feature: int) -> float:
        others = [f for f in range(5) if f != feature]
        return sum(
            factorial(size) * factorial(4 - size) / factorial(5)
            * (expected(0, frozenset({*s, feature})) - expected(0, frozenset(s)))
            for size in range(5)
            for s in combinations(others, size)
        )  # fmt: skip

    found = fast.shap_values(booster.model_to_string(), row[None])[0]
    wanted = [*(shapley(f) for f in range(5)), expected(0, frozenset())]
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    assert np.count_nonzero(np.round(found[:5], 6)) >= 3


@pytest.mark.parametrize(
    "more",
    [
        {"objective": "multiclass", "num_class": 2},
        {"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1},
        {"num_leaves": 80, "min_data_in_leaf": 1},
        {"linear_tree": True},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_it_does_not_know_is_refused(more: dict[str, Any]) -> None:
    text = boosted(rounds=2, columns=6, **more).model_to_string()
    with pytest.raises(fast.NotSupportedError, match="expected"):
        fast.shap_values(text, odd_rows(6))


def test_many_rows_go_the_fast_way_and_others_the_models_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booster = boosted(rounds=5)
    gbm = Gbm(Encoder(()), booster.model_to_string(), booster, {})
    rows = odd_rows()
    own = contributions.pred_contrib(gbm, rows)
    asked: list[str] = []
    real = fast.shap_values

    def watched(text: str, matrix: np.ndarray, threads: int) -> np.ndarray:
        asked.append(text)
        return real(text, matrix, threads)

    monkeypatch.setattr(fast, "shap_values", watched)
    np.testing.assert_array_equal(contributions.shap_chunk(gbm, rows, 1), own)
    assert not asked
    found = contributions.shap_chunk(gbm, rows, 1, total=200_000)
    assert asked == [gbm.text]
    np.testing.assert_allclose(found, own, atol=1e-10)
    for error in (fast.NotSupportedError("no"), ImportError("no numba")):
        monkeypatch.setattr(fast, "shap_values", Mock(side_effect=error))
        np.testing.assert_array_equal(contributions.shap_chunk(gbm, rows, 1, 200_000), own)


def test_a_matrix_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 8 columns"):
        fast.shap_values(boosted(rounds=1).model_to_string(), odd_rows(5))

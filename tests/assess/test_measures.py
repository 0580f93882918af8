import itertools

import numpy as np
import pytest
from sklearn import metrics as theirs

from churnlight.assess.measures import (
    Forecast,
    Ranking,
    equal_count_bins,
    lift_name,
    rounded,
    summary,
)


def weighted(rows: int = 400, seed: int = 0, digits: int = 1):
    draws = np.random.default_rng(seed)
    p = draws.beta(1, 4, rows).round(digits)  # many ties
    churned = draws.random(rows) < p
    weights = draws.integers(0, 4, (6, rows)).astype(float)
    return p, churned, weights


@pytest.mark.parametrize("digits", [1, 2, 12])
def test_auc_and_average_precision_equal_scikit_learns(digits: int) -> None:
    p, churned, weights = weighted(digits=digits)
    ours = Ranking.by(p, churned).measure(weights)
    for i, w in enumerate(weights):
        keep = w > 0
        args = {"y_true": churned[keep], "y_score": p[keep], "sample_weight": w[keep]}
        assert ours["roc_auc"][i] == pytest.approx(theirs.roc_auc_score(**args), abs=1e-12)
        assert ours["pr_auc"][i] == pytest.approx(theirs.average_precision_score(**args), abs=1e-12)


def test_brier_and_log_loss_equal_scikit_learns() -> None:
    p, churned, weights = weighted(digits=2)
    p = np.clip(p, 0.01, 0.99)
    ours = Forecast.of(p, churned).measure(weights)
    for i, w in enumerate(weights):
        brier = theirs.brier_score_loss(churned, p, sample_weight=w)
        assert ours["brier"][i] == pytest.approx(brier, abs=1e-12)
        loss = theirs.log_loss(churned, p, sample_weight=w)
        assert ours["log_loss"][i] == pytest.approx(loss, abs=1e-12)


def test_lift_by_hand_without_ties() -> None:
    # 10 rows, 2 churners at places 1 and 4.
    score = np.arange(10, 0, -1.0)
    churned = np.isin(np.arange(10), [0, 3])
    lift = Ranking.by(score, churned, (0.1, 0.2, 0.25, 0.5)).measure(np.ones((1, 10)))
    assert lift["lift_at_10"][0] == pytest.approx((1 / 1) / 0.2)
    assert lift["lift_at_20"][0] == pytest.approx((1 / 2) / 0.2)
    assert lift["lift_at_25"][0] == pytest.approx((1 / 2.5) / 0.2)
    assert lift["lift_at_50"][0] == pytest.approx((2 / 5) / 0.2)


def test_lift_in_ties_is_the_mean_over_all_orders() -> None:
    score = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1])
    churned = np.array([1, 1, 0, 0, 1, 0], dtype=bool)
    caught = []
    for order in itertools.permutations(range(1, 5)):
        first = [0, *order][:3]
        caught.append(churned[first].mean() / churned.mean())
    ours = Ranking.by(score, churned, (0.5,)).measure(np.ones((1, 6)))
    assert ours["lift_at_50"][0] == pytest.approx(np.mean(caught))


def test_a_weight_is_the_same_as_a_repeated_row() -> None:
    p, churned, weights = weighted(120, seed=4, digits=2)
    shares = (0.05, 0.1, 0.33)
    bins = Forecast.of(p, churned)
    for w in weights[:3]:
        times = w.astype(int)
        long_p, long_churned = np.repeat(p, times), np.repeat(churned, times)
        ones = np.ones((1, len(long_p)))
        one = Ranking.by(long_p, long_churned, shares).measure(ones)
        ours = Ranking.by(p, churned, shares).measure(w[None])
        for name, value in one.items():
            assert ours[name][0] == pytest.approx(value[0], abs=1e-12), name
        brier = Forecast.of(long_p, long_churned).measure(ones)["brier"][0]
        assert bins.measure(w[None])["brier"][0] == pytest.approx(brier)


def test_ece_by_hand() -> None:
    # Bins of two: |mean label - mean p| = |0.5 - 0.15|, |1 - 0.7|, each half the rows.
    p = np.array([0.1, 0.2, 0.6, 0.8])
    churned = np.array([False, True, True, True])
    ece = Forecast.of(p, churned, bins=2).measure(np.ones((1, 4)))["ece"][0]
    assert ece == pytest.approx(0.5 * 0.35 + 0.5 * 0.3)


def test_bins_never_part_equal_probabilities() -> None:
    p = np.array([0.1] * 7 + [0.2] * 2 + [0.3])
    order, start = equal_count_bins(p, 5)
    assert start.tolist() == [0, 7]  # borders 0, 2, 4, 6 and 8 move to 0 and 7
    assert p[order].tolist() == sorted(p)


def test_one_class_is_nan_and_does_not_count_in_intervals() -> None:
    ranking = Ranking.by(np.array([0.2, 0.1]), np.array([True, False]), (0.5,))
    drawn = ranking.measure(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]]))
    assert np.isnan(drawn["roc_auc"][1:]).all()
    assert np.isnan(drawn["lift_at_50"][1:]).all()
    shown = summary({"roc_auc": np.array([1.0])}, drawn)
    assert shown["roc_auc"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    nothing = summary({"roc_auc": np.array([1.0])}, {"roc_auc": np.array([np.nan])})
    assert nothing["roc_auc"] == {"value": 1.0, "low": None, "high": None}


def test_names_and_rounding() -> None:
    assert [lift_name(s) for s in (0.01, 0.05, 0.1, 0.005)] == [
        "lift_at_1", "lift_at_5", "lift_at_10", "lift_at_0_5",
    ]  # fmt: skip
    assert rounded(0.123456789) == 0.123457
    assert str(rounded(-1e-9)) == "0.0"
    assert rounded(float("inf")) is None

"""Profit against a brute force over all list lengths and acceptance rates, and empulse."""

import warnings

import numpy as np
import pytest
from scipy.stats import beta

from churnlight.assess.measures import Asked, Ranking
from churnlight.assess.profit import maximum_profit
from churnlight.params.judging import ProfitParams

DEAR = ProfitParams(alpha=2, beta=3, value_money=90, offer_money=30, contact_money=4)


def cohort(rows: int = 300, seed: int = 1, digits: int = 2):
    draws = np.random.default_rng(seed)
    p = draws.beta(1, 5, rows).round(digits)
    return p, draws.random(rows) < p


def ours(p, churned, weights, params) -> dict[str, np.ndarray]:
    return Ranking.by(p, churned, asked=Asked(profit=params)).measure(weights)


def earned(p, churned, rate: float, params: ProfitParams) -> float:
    """The most that calling everybody at or above some score earns, subscriber by subscriber."""
    best = 0.0
    for least in np.unique(p):
        called = p >= least
        sum_ = 0.0
        for stays in ~churned[called]:
            if stays:
                sum_ -= params.offer_money + params.contact_money
            else:
                sum_ += rate * (params.value_money - params.offer_money) - params.contact_money
        best = max(best, sum_)
    return best / len(p)


@pytest.mark.parametrize("params", [ProfitParams(), DEAR])
def test_maximum_profit_by_brute_force(params: ProfitParams) -> None:
    p, churned = cohort()
    found = ours(p, churned, np.ones((1, len(p))), params)["max_profit_money"][0]
    rate = params.alpha / (params.alpha + params.beta)
    assert found == pytest.approx(earned(p, churned, rate, params), abs=1e-12)
    assert found > 0


@pytest.mark.parametrize("params", [ProfitParams(), DEAR])
def test_expected_maximum_profit_by_brute_force(params: ProfitParams) -> None:
    p, churned = cohort(120, digits=1)
    found = ours(p, churned, np.ones((1, len(p))), params)["expected_max_profit_money"][0]
    # Midpoints of 2,000 equally likely slices of Beta.
    rates = beta.ppf((np.arange(2000) + 0.5) / 2000, params.alpha, params.beta)
    mean = np.mean([earned(p, churned, rate, params) for rate in rates])
    assert found == pytest.approx(mean, rel=1e-3)


def test_equal_to_empulse() -> None:
    from empulse.metrics import empc_score, mpc_score

    p, churned = cohort(2000, digits=3)
    params = ProfitParams()
    found = ours(p, churned, np.ones((1, len(p))), params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about names of its arguments
        label = churned.astype(int)
        expected = empc_score(label, p, alpha=6, beta=14, clv=200, contact_cost=1)
        most = mpc_score(label, p, accept_rate=0.3, clv=200, contact_cost=1)
    assert found["expected_max_profit_money"][0] == pytest.approx(expected, rel=1e-9)
    assert found["max_profit_money"][0] == pytest.approx(most, rel=1e-9)


def test_a_weight_is_the_same_as_a_repeated_row() -> None:
    p, churned = cohort(150, seed=3)
    weights = np.random.default_rng(0).integers(0, 4, (5, 150)).astype(float)
    found = ours(p, churned, weights, DEAR)
    for i, w in enumerate(weights):
        times = w.astype(int)
        rows = np.repeat(np.arange(150), times)
        one = ours(p[rows], churned[rows], np.ones((1, len(rows))), DEAR)
        for name, value in one.items():
            assert found[name][i] == pytest.approx(value[0], abs=1e-12), name


def test_nobody_is_called_where_no_call_pays() -> None:
    churners, called = np.array([[0.0, 0.0]]), np.array([[3.0, 9.0]])
    found = maximum_profit(called, churners, ProfitParams())
    assert {name: value[0] for name, value in found.items()} == {
        "max_profit_money": 0.0, "expected_max_profit_money": 0.0,
    }  # fmt: skip

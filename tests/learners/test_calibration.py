import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from churnlight.errors import DataRefused
from churnlight.learners.calibration import Calibration, learn
from churnlight.learners.dataset import BoolArray, FloatArray
from churnlight.params.learning import CalibrateParams


def scores(rows: int = 4000, seed: int = 0) -> tuple[FloatArray, BoolArray]:
    """Raw scores whose odds are three times too high."""
    draws = np.random.default_rng(seed)
    true = draws.beta(1, 8, rows)
    odds = 3 * true / (1 - true)
    return odds / (1 + odds), draws.random(rows) < true


def fit(method: str, raw: FloatArray, churned: BoolArray, clip: float = 1e-4) -> Calibration:
    params = CalibrateParams(method=method, clip=clip)
    return learn(raw, churned, np.arange(len(raw)), params, seed=1)


def test_platt_finds_the_shift_of_the_odds() -> None:
    found = fit("platt", *scores(50_000))
    assert found.slope == pytest.approx(1, abs=0.05)
    assert found.intercept == pytest.approx(-np.log(3), abs=0.08)
    assert found.apply(np.array([0.75]))[0] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("rows", [40, 4000])
def test_platts_line_is_the_one_that_scikit_learn_finds(rows: int) -> None:
    raw, churned = scores(rows, seed=4)
    churned[0] = True  # a line needs both classes
    found = fit("platt", raw, churned, clip=1e-9)
    high, low = (churned.sum() + 1) / (churned.sum() + 2), 1 / ((~churned).sum() + 2)
    target = np.where(churned, high, low)
    logit = np.log(raw / (1 - raw))
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(
        np.concatenate([logit, logit])[:, None],
        np.repeat([1, 0], rows),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    assert found.slope == pytest.approx(model.coef_[0, 0], rel=1e-6)
    assert found.intercept == pytest.approx(model.intercept_[0], rel=1e-6)


def test_isotonic_by_hand() -> None:
    # Means 0, 1, 1/3 (pooled with the 1: 1/2), 1: steps 0, 1/2, 1 at mean scores 0.1, 0.3, 0.8.
    raw = np.array([0.1, 0.1, 0.15, 0.35, 0.35, 0.35, 0.8])
    churned = np.array([0, 0, 1, 1, 0, 0, 1], dtype=bool)
    found = fit("isotonic", raw, churned, clip=1e-9)
    assert found.raw == pytest.approx((0.0, 0.1, 0.3, 0.8, 1.0))
    assert found.probability == pytest.approx((0.0, 0.0, 0.5, 1.0, 1.0))
    assert found.apply(np.array([0.2, 0.55]))[:2] == pytest.approx([0.25, 0.75])


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_it_mends_what_is_off(method: str) -> None:
    raw, churned = scores(20_000)
    later_raw, later = scores(20_000, seed=9)
    p = fit(method, raw, churned).apply(later_raw)
    top = later_raw > np.quantile(later_raw, 0.9)
    assert later_raw[top].mean() > 1.5 * later[top].mean()
    assert p[top].mean() == pytest.approx(later[top].mean(), rel=0.06)
    assert p.mean() == pytest.approx(later.mean(), rel=0.06)


def test_none_only_clips() -> None:
    found = fit("none", *scores(100))
    np.testing.assert_array_equal(found.apply(np.array([0.0, 0.3, 1.0])), [1e-4, 0.3, 1 - 1e-4])


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["none", "platt", "isotonic", "auto"]),
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=4, max_size=60).filter(
        lambda rows: 0 < sum(c for _, c in rows) < len(rows)
    ),
)
def test_monotone_and_inside_the_clip(method: str, rows: list[tuple[float, bool]]) -> None:
    raw, churned = np.array([r for r, _ in rows]), np.array([c for _, c in rows])
    p = fit(method, raw, churned).apply(np.linspace(0, 1, 501))
    assert (np.diff(p) >= -1e-15).all()
    assert p.min() >= 1e-4
    assert p.max() <= 1 - 1e-4


def test_isotonic_ties_nobody_inside_the_clip() -> None:
    raw, churned = scores(3000)
    p = fit("isotonic", raw, churned).apply(np.sort(np.unique(raw)))
    inside = p[(p > 1e-4) & (p < 1 - 1e-4)]
    assert len(inside) > 2000
    assert (np.diff(inside) > 0).all()


def test_auto_takes_the_least_cross_validated_log_loss() -> None:
    raw, churned = scores(6000)
    found = fit("auto", raw, churned)
    assert found.method == min(found.log_loss, key=found.log_loss.get)
    assert found.method != "none"
    draws = np.random.default_rng(0)
    right = draws.beta(1, 8, 6000)
    losses = fit("auto", right, draws.random(6000) < right).log_loss
    assert losses["none"] == pytest.approx(min(losses.values()), abs=0.001)


def test_auto_keeps_an_account_in_one_fold() -> None:
    """Rows doubled within their account change nothing but the weight of the softened targets."""
    raw, churned = scores(600)
    params = CalibrateParams()
    once = learn(raw, churned, np.arange(600), params, seed=1)
    twice = learn(
        np.repeat(raw, 2), np.repeat(churned, 2), np.repeat(np.arange(600), 2), params, seed=1
    )
    assert twice.log_loss["isotonic"] == pytest.approx(once.log_loss["isotonic"], abs=1e-9)
    apart = learn(np.repeat(raw, 2), np.repeat(churned, 2), np.arange(1200), params, seed=1)
    assert apart.log_loss["isotonic"] < once.log_loss["isotonic"] - 1e-4


def test_a_score_that_ranks_the_wrong_way_gives_the_mean() -> None:
    raw, churned = scores(2000)
    found = fit("platt", 1 - raw, churned)
    p = found.apply(np.array([0.1, 0.9]))
    assert p[0] == p[1] == pytest.approx(churned.mean(), abs=0.002)


def test_json_and_back() -> None:
    raw, churned = scores(500)
    for method in ("none", "platt", "isotonic", "auto"):
        found = fit(method, raw, churned)
        back = Calibration.from_json(json.loads(json.dumps(found.to_json())))
        assert back == found
        np.testing.assert_array_equal(back.apply(raw), found.apply(raw))


@pytest.mark.parametrize("label", [True, False])
def test_one_class_is_refused(label: bool) -> None:
    with pytest.raises(DataRefused, match=r"one class only: (0|20) churners in 20 rows"):
        fit("auto", np.linspace(0, 1, 20), np.full(20, label))

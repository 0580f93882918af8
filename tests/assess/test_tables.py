import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import auc, roc_auc_score

from churnlight.assess.measures import Ranking
from churnlight.assess.tables import curves, reliability, tier_table, wilson


@pytest.mark.parametrize(("churners", "rows"), [(0, 10), (3, 10), (10, 10), (17, 400)])
def test_wilson_equals_scipys(churners: int, rows: int) -> None:
    theirs = binomtest(churners, rows).proportion_ci(method="wilson")
    assert wilson(churners, rows) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_no_rows_no_interval() -> None:
    assert wilson(0, 0) == (None, None)


def test_tier_table_by_hand() -> None:
    tier = np.array(["low", "high", "low", "high", "low"], dtype=object)
    p = np.array([0.1, 0.8, 0.2, 0.6, 0.1])
    churned = np.array([False, True, True, True, False])
    bills = np.array([100.0, 50.0, np.nan, 20.5, 10.0])
    low, mid, high = tier_table(tier, p, churned, bills, ["low", "mid", "high"])
    assert (low["tier"], low["subscribers"], low["churners"]) == ("low", 3, 1)
    assert low["rate"] == 0.333333
    assert low["monthly_bills_money"] == 110.0
    assert low["bills_at_risk_money"] == 11.0
    assert high["bills_at_risk_money"] == 0.8 * 50 + 0.6 * 20.5
    assert mid == {
        "tier": "mid", "subscribers": 0, "churners": 0, "rate": None, "rate_low": None,
        "rate_high": None, "monthly_bills_money": 0.0, "bills_at_risk_money": 0.0,
    }  # fmt: skip
    without = tier_table(tier, p, churned, None, ["low"])[0]
    assert without["bills_at_risk_money"] is None


def test_reliability_by_hand() -> None:
    p = np.repeat([0.1, 0.4], 10)
    churned = np.array([True] + [False] * 9 + [True] * 5 + [False] * 5)
    low, high = reliability(p, churned, bins=2)
    assert (low["count"], low["predicted"], low["observed"]) == (10, 0.1, 0.1)
    assert (high["count"], high["predicted"], high["observed"]) == (10, 0.4, 0.5)
    ends = binomtest(5, 10).proportion_ci(method="wilson")
    assert high["observed_low"] == pytest.approx(ends.low, abs=1e-6)
    assert high["observed_high"] == pytest.approx(ends.high, abs=1e-6)


def test_curves_by_hand() -> None:
    ranking = Ranking.by(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]))
    shown = curves(ranking)
    assert shown["roc"] == [[0, 0], [0, 0.5], [0.5, 1], [1, 1]]
    assert shown["pr"] == [[0.5, 1], [1, 0.666667], [1, 0.5]]


def test_long_curves_are_thinned_and_keep_their_area_and_ends() -> None:
    draws = np.random.default_rng(0)
    p = draws.random(20_000)
    churned = draws.random(20_000) < p**3
    shown = curves(Ranking.by(p, churned))
    roc = np.array(shown["roc"])
    assert len(roc) <= 200
    assert len(shown["pr"]) <= 200
    assert roc[0].tolist() == [0, 0]
    assert roc[-1].tolist() == [1, 1]
    assert (np.diff(roc, axis=0) >= 0).all()
    assert auc(roc[:, 0], roc[:, 1]) == pytest.approx(roc_auc_score(churned, p), abs=1e-4)

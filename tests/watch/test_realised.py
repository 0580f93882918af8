"""Realised performance: only of a known outcome, and the figures that other code finds too."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from churnlight.errors import ChurnlightError, UsageError
from churnlight.params.data import TimeParams
from churnlight.params.judging import EvaluateParams
from churnlight.params.monitor import MonitorParams
from churnlight.watch.advice import metrics_of, realised_content, retrain_advice
from churnlight.watch.realised import Outcome, matured, realised

TIME = TimeParams()  # window 3, gap 0, horizon 2, close 5
PARAMS = EvaluateParams(bootstrap=200)
TIERS = ("blue", "yellow", "red")
AS_OF = "2025-05-01"


def promised(auc: tuple[float, float, float] = (0.80, 0.77, 0.83)) -> dict:
    figure = {"value": 0.1, "low": 0.05, "high": 0.15}
    metrics = dict.fromkeys(("pr_auc", "brier", "ece", "log_loss"), figure)
    metrics["roc_auc"] = dict(zip(("value", "low", "high"), auc, strict=True))
    tiers = [{"tier": t, "rate": 0.1, "rate_low": 0.05, "rate_high": 0.2} for t in TIERS]
    return {"metrics": metrics, "tiers": tiers, "mean_probability": 0.1}


def month(
    rows: int = 4000, seed: int = 0, times: float = 1.0, family: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores, and labels drawn with `times` the probability; `family` lines leave together."""
    rng = np.random.default_rng(seed)
    logit = np.repeat(rng.normal(-2.5, 1.2, rows // family), family)
    p = 1 / (1 + np.exp(-logit))
    churned = np.repeat(rng.random(rows // family), family) < np.clip(p * times, 0, 1)
    treated = rng.random(rows) < 0.02
    scores = pd.DataFrame(
        {
            "subscriber_id": np.arange(rows),
            "as_of": AS_OF,
            "probability": p,
            "tier": np.array(TIERS)[np.digitize(p, [0.15, 0.4])],
        }
    )
    labels = pd.DataFrame(
        {
            "subscriber_id": np.arange(rows),
            "account_id": (np.arange(rows) // family).astype(str),
            "churned": churned.astype(object),
            "treated": treated,
        }
    )
    return scores, labels


def outcome() -> Outcome:
    return Outcome.known(AS_OF, "2025-07-01", TIME, None)


def test_an_outcome_is_known_only_when_all_of_it_is() -> None:
    # May and June are the horizon; closed on 6 July, the cutoff of the as_of 1 July.
    found = Outcome.known(AS_OF, "2025-07-01", TIME, None)
    assert (found.known_at, found.seen_at) == ("2025-07-06", "2025-07-06")
    with pytest.raises(UsageError, match=r"2025-07-06.*cutoff 2025-06-06.*can't be judged yet"):
        Outcome.known(AS_OF, "2025-06-01", TIME, None)
    with pytest.raises(UsageError, match="2025-08-06"):
        Outcome.known(AS_OF, "2025-07-01", TIME, 3)  # three months of bills
    with pytest.raises(UsageError, match="2025-08-06"):
        Outcome.known(AS_OF, "2025-07-01", TimeParams(gap_months=1), None)
    with pytest.raises(UsageError):
        Outcome.known("2025-07-01", "2025-07-01", TIME, None)


def test_only_matured_months_are_judged() -> None:
    months = ["2025-08-01", "2025-06-01", "2025-04-01", "2025-05-01", "2025-07-01"]
    assert [o.as_of for o in matured(months, "2025-07-01", TIME, None)] == [
        "2025-04-01",
        "2025-05-01",
    ]
    assert [o.as_of for o in matured(months, "2025-07-01", TIME, 3)] == ["2025-04-01"]


def test_labels_or_scores_of_another_month_are_refused() -> None:
    scores, labels = month(400)
    with pytest.raises(ChurnlightError, match="scores are of as_of 2025-06-01"):
        realised(scores.assign(as_of="2025-06-01"), labels, outcome(), promised(), PARAMS)
    with pytest.raises(ChurnlightError, match="labels are of as_of 2025-04-01"):
        realised(scores, labels.assign(as_of="2025-04-01"), outcome(), promised(), PARAMS)
    with pytest.raises(ChurnlightError, match="labels of as_of 2025-05-01 lack churned"):
        realised(scores, labels.drop(columns="churned"), outcome(), promised(), PARAMS)


def test_figures_are_those_that_scikit_learn_finds() -> None:
    scores, labels = month(seed=1)
    found = realised(scores, labels, outcome(), promised(), PARAMS)["groups"]["untreated"]
    rows = ~labels["treated"]
    churned = labels["churned"][rows].astype(bool).to_numpy()
    p = scores["probability"][rows].to_numpy()
    measures = found["measures"]
    assert measures["roc_auc"]["value"] == pytest.approx(roc_auc_score(churned, p), abs=1e-6)
    area = average_precision_score(churned, p)
    assert measures["pr_auc"]["value"] == pytest.approx(area, abs=1e-6)
    assert measures["observed"]["value"] == pytest.approx(churned.mean(), abs=1e-6)
    assert measures["mean_predicted"]["value"] == pytest.approx(p.mean(), abs=1e-6)
    assert measures["ratio"]["value"] == pytest.approx(churned.mean() / p.mean(), abs=1e-5)
    logit = np.log(p / (1 - p))[:, None]
    line = LogisticRegression(C=np.inf, tol=1e-10).fit(logit, churned)
    assert measures["slope"]["value"] == pytest.approx(line.coef_[0, 0], abs=1e-4)
    for name in ("ratio", "slope"):
        assert measures[name]["low"] < 1 < measures[name]["high"]
    by_tier = pd.Series(churned).groupby(scores["tier"][rows].to_numpy()).agg(["sum", "size"])
    for tier in found["tiers"]:
        expected = by_tier.loc[tier["tier"]]
        assert (tier["churners"], tier["subscribers"]) == tuple(expected)
        assert tier["rate_low"] < tier["rate"] < tier["rate_high"]
        assert tier["promised_rate"] == 0.1


def test_slope_in_a_resample_is_that_of_a_fit_to_it() -> None:
    """One Newton step lands where a fit of its own would."""
    from churnlight.watch.realised_measures import Realised

    scores, labels = month(3000)
    churned = labels["churned"].astype(bool).to_numpy()
    p = scores["probability"].to_numpy()
    ready = Realised.ready(p, churned, scores["tier"].to_numpy(dtype=object), TIERS)
    weights = np.random.default_rng(1).poisson(1.0, size=(3, len(p))).astype(float)
    logit = np.log(p / (1 - p))[:, None]
    found = ready.measure(weights)["slope"]
    for i, weight in enumerate(weights):
        line = LogisticRegression(C=np.inf, tol=1e-10).fit(logit, churned, weight)
        assert found[i] == pytest.approx(line.coef_[0, 0], abs=0.01)


def test_treated_are_kept_apart_and_unknown_left_out() -> None:
    scores, labels = month(2000)
    labels.loc[:9, "churned"] = None
    labels = labels.iloc[:-5]
    found = realised(scores, labels, outcome(), promised(), PARAMS)
    assert found["subscribers"] == 2000
    assert found["unlabelled"] == 15
    treated = int(labels["treated"].iloc[10:].sum())
    groups = found["groups"]
    assert groups["treated"]["subscribers"] == treated > 0
    assert groups["untreated"]["subscribers"] == 2000 - 15 - treated
    assert groups["treated"]["measures"] is None  # too few
    # Nobody treated moves a figure of those left alone.
    flipped = labels.copy()
    flipped.loc[flipped["treated"], "churned"] = True
    again = realised(scores, flipped, outcome(), promised(), PARAMS)
    assert again["groups"]["untreated"] == groups["untreated"]
    shuffled = realised(
        scores.sample(frac=1, random_state=1), labels[::-1], outcome(), promised(), PARAMS
    )
    assert shuffled == found


def test_accounts_that_leave_together_make_intervals_wider() -> None:
    widths = {}
    for family in (1, 5):
        scores, labels = month(4000, seed=2, family=family)
        found = realised(scores, labels, outcome(), promised(), PARAMS)["groups"]["untreated"]
        one = found["measures"]["observed"]
        widths[family] = one["high"] - one["low"]
    assert widths[5] > 1.7 * widths[1]


def test_the_promise_stands_beside_and_the_difference_takes_both_intervals() -> None:
    scores, labels = month()
    auc = realised(scores, labels, outcome(), promised(), PARAMS)["groups"]["untreated"][
        "measures"
    ]["roc_auc"]
    assert (auc["promised"], auc["promised_low"], auc["promised_high"]) == (0.80, 0.77, 0.83)
    assert auc["difference"] == pytest.approx(auc["value"] - 0.80, abs=1e-6)
    half = np.hypot(auc["value"] - auc["low"], 0.03)
    assert auc["difference_low"] == pytest.approx(auc["difference"] - half, abs=1e-5)


def judged(verdict: str = "within", outside: tuple[tuple[str, str], ...] = ()) -> dict:
    named = [{"kind": kind, "name": name} for kind, name in outside]
    figures = {"psi": 0.1, "wasserstein": None, "over_band": 0.5}
    return {
        "as_of": "2025-09-01",
        "verdict": verdict,
        "outside": named,
        "distributions": [{"kind": "features", "name": "a b/€", **figures}, *()],
    }


def advised(drift: dict | None, history: list[dict]) -> dict:
    return retrain_advice(drift, history, 7, MonitorParams())


def test_retraining_is_advised_only_where_an_interval_says_so() -> None:
    scores, labels = month()
    good = realised(scores, labels, outcome(), promised(), PARAMS)
    assert advised(judged(), [good])["advice"] == "keep"
    fallen = realised(scores, labels, outcome(), promised((0.93, 0.91, 0.95)), PARAMS)
    found = advised(judged(), [fallen])
    assert (found["advice"], found["reasons"]) == ("retrain", ["auc_fell"])
    assert "0.910 to 0.950" in found["en"]
    assert "重新训练" in found["zh"]
    # Lower than promised, but the intervals meet: no reason.
    high = good["groups"]["untreated"]["measures"]["roc_auc"]["high"]
    near = realised(scores, labels, outcome(), promised((high + 0.02, high - 1e-4, 0.99)), PARAMS)
    assert advised(judged(), [near])["advice"] == "keep"
    many = realised(*month(times=1.6), outcome(), promised((0.7, 0.5, 0.9)), PARAMS)
    found = advised(None, [many])
    assert (found["advice"], found["reasons"]) == ("retrain", ["calibration_off"])
    # The newest month counts, not an older one that was worse.
    old = {**fallen, "as_of": "2025-04-01"}
    assert advised(judged(), [good, old])["advice"] == "keep"


def test_drift_of_scores_is_a_reason_and_of_features_a_hint() -> None:
    found = advised(judged("outside", (("scores", "probability"), ("features", "x"))), [])
    assert (found["advice"], found["reasons"]) == ("retrain", ["score_drift", "feature_drift"])
    assert advised(judged("outside", (("features", "x"),)), [])["advice"] == "look"
    assert advised(judged("outside", (("scores", "probability_tree"),)), [])["advice"] == "keep"
    provisional = judged("provisional", (("scores", "probability"),))
    assert advised(provisional, [])["advice"] == "unknown"
    assert advised(None, [])["advice"] == "unknown"
    assert advised(judged(), [])["advice"] == "keep"


def test_metrics_are_flat_finite_and_named_as_mlflow_takes_them() -> None:
    found = realised(*month(), outcome(), promised(), PARAMS)
    metrics = metrics_of(judged(), [found])
    assert metrics["drift/outside"] == 0.0
    assert metrics["drift/psi/features/a_b__"] == 0.1
    assert "drift/wasserstein/features/a_b__" not in metrics
    auc = found["groups"]["untreated"]["measures"]["roc_auc"]["value"]
    assert metrics["realised/2025-05-01/untreated/roc_auc"] == auc
    assert all(re.fullmatch(r"[\w./ -]+", name, re.ASCII) for name in metrics)
    assert all(isinstance(v, float) and np.isfinite(v) for v in metrics.values())
    assert metrics_of(None, []) == {}
    content = realised_content("2025-07-01", [found], advised(None, [found]))
    assert content["months"] == [found]

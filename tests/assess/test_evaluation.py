import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from churnlight.assess import evaluate
from churnlight.assess.evaluation import baseline_score
from churnlight.errors import ChurnlightError, DataRefused
from churnlight.params.judging import EvaluateParams

NAMES = ("low", "high")
PARAMS = EvaluateParams(bootstrap=200)


def predictions(rows: int = 800, seed: int = 0) -> pd.DataFrame:
    draws = np.random.default_rng(seed)
    p = draws.beta(1, 6, rows)
    noisy = np.clip(p + draws.normal(0, 0.1, rows), 0.01, 0.99).round(2)
    return pd.DataFrame(
        {
            "subscriber_id": np.arange(rows),
            "account_id": np.arange(rows) // 2,
            "churned": draws.random(rows) < p,
            "probability_gbm": p,
            "tier_gbm": np.where(p > 0.3, "high", "low"),
            "probability_tree": noisy,
            "tier_tree": np.where(noisy > 0.3, "high", "low"),
            "monthly_bill_money": draws.gamma(4, 30, rows),
            "days_since_out": np.where(draws.random(rows) < 0.1, np.nan, draws.poisson(3 + 9 * p)),
        }
    )


def test_the_whole_shape_and_values_by_scikit_learn() -> None:
    table = predictions()
    metrics, details = evaluate(table, PARAMS, NAMES)
    assert json.loads(json.dumps(details, allow_nan=False)) == details
    assert set(details) == {
        "subscribers", "churners", "unlabelled", "treated_left_out", "models", "baseline",
        "paired", "warnings", "call_list", "segments", "segment_rules",
    }  # fmt: skip
    wanted = {"roc_auc", "pr_auc", "log_loss", "brier", "ece"} | {
        f"lift_at_{s}" for s in (1, 5, 10, 20)
    }
    wanted |= {"precision_at_n", "recall_at_n", "max_profit_money", "expected_max_profit_money"}
    for model in ("gbm", "tree"):
        shown = details["models"][model]
        assert set(shown["metrics"]) == wanted
        auc = roc_auc_score(table["churned"], table[f"probability_{model}"])
        assert shown["metrics"]["roc_auc"]["value"] == pytest.approx(auc, abs=1e-6)
        for figure in shown["metrics"].values():
            assert figure["low"] < figure["high"]
        assert [t["tier"] for t in shown["tiers"]] == list(NAMES)
        assert sum(t["subscribers"] for t in shown["tiers"]) == len(table)
        assert metrics[model]["roc_auc"] == shown["metrics"]["roc_auc"]["value"]
    assert metrics["cohort"] == {"subscribers": 800, "churners": int(table["churned"].sum())}
    ranked = table["days_since_out"].fillna(1e9)
    baseline = details["baseline"]["metrics"]
    assert baseline["roc_auc"]["value"] == pytest.approx(
        roc_auc_score(table["churned"], ranked), abs=1e-6
    )
    assert "brier" not in baseline
    difference = details["paired"]["gbm_minus_tree"]["roc_auc"]
    assert difference["value"] == pytest.approx(
        metrics["gbm"]["roc_auc"] - metrics["tree"]["roc_auc"], abs=2e-6
    )
    assert details["warnings"] == []
    for pair in ("gbm_minus_baseline", "tree_minus_baseline"):
        found = details["paired"][pair]["roc_auc"]["value"]
        model = metrics[pair[: pair.index("_")]]["roc_auc"]
        assert found == pytest.approx(model - baseline["roc_auc"]["value"], abs=2e-6)


@pytest.mark.parametrize(("asked", "length"), [(50, 50), (0.1, 80), (5000, 800)])
def test_the_call_list_by_counting(asked: float, length: int) -> None:
    table = predictions()
    _, details = evaluate(table, EvaluateParams(bootstrap=100, call_list=asked), NAMES)
    assert details["call_list"] == length
    called = table.sort_values("probability_gbm", ascending=False).head(length)
    shown = details["models"]["gbm"]["metrics"]
    caught = called["churned"].sum()
    assert shown["precision_at_n"]["value"] == pytest.approx(caught / length, abs=1e-6)
    assert shown["recall_at_n"]["value"] == pytest.approx(caught / table["churned"].sum(), abs=1e-6)


def test_a_model_against_itself_differs_by_nothing() -> None:
    table = predictions()
    table["probability_tree"] = table["probability_gbm"]
    _, details = evaluate(table, PARAMS, NAMES)
    for figure in details["paired"]["gbm_minus_tree"].values():
        assert figure == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_paired_differences_are_narrower_than_apart() -> None:
    table = predictions()
    table["probability_tree"] = table["probability_gbm"].round(2)
    _, details = evaluate(table, PARAMS, NAMES)
    pair = details["paired"]["gbm_minus_tree"]["roc_auc"]
    alone = details["models"]["gbm"]["metrics"]["roc_auc"]
    assert (pair["high"] - pair["low"]) < 0.1 * (alone["high"] - alone["low"])


def test_the_interval_goes_by_account() -> None:
    """Rows repeated within their account tell nothing new: the interval stays as wide."""
    table = predictions(500)
    table["account_id"] = np.arange(500)
    one = evaluate(table, PARAMS, NAMES)[1]["models"]["gbm"]["metrics"]["roc_auc"]
    four = pd.concat([table] * 4).sort_values("subscriber_id", kind="stable")
    assert evaluate(four, PARAMS, NAMES)[1]["models"]["gbm"]["metrics"]["roc_auc"] == one
    apart = four.assign(account_id=np.arange(2000))
    narrow = evaluate(apart, PARAMS, NAMES)[1]["models"]["gbm"]["metrics"]["roc_auc"]
    assert (narrow["high"] - narrow["low"]) < 0.65 * (one["high"] - one["low"])


def test_the_interval_has_the_width_that_theory_gives() -> None:
    """DeLong's standard error of the AUC, by its placement values."""
    table = predictions(3000, seed=2)
    p, churned = table["probability_gbm"].to_numpy(), table["churned"].to_numpy()
    table["account_id"] = table["subscriber_id"]
    up, down = p[churned][:, None], p[~churned][None, :]
    wins = (up > down) + 0.5 * (up == down)
    variance = (
        wins.mean(1).var(ddof=1) / churned.sum() + wins.mean(0).var(ddof=1) / (~churned).sum()
    )
    shown = evaluate(table, EvaluateParams(), NAMES)[1]["models"]["gbm"]["metrics"]["roc_auc"]
    assert shown["high"] - shown["low"] == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.1)


def test_the_order_of_the_rows_changes_nothing() -> None:
    table = predictions()
    shuffled = table.sample(frac=1, random_state=3)
    assert evaluate(table, PARAMS, NAMES) == evaluate(shuffled, PARAMS, NAMES)


def test_rows_without_label_and_treated_are_counted_and_left_out() -> None:
    table = predictions()
    plain = evaluate(table.iloc[40:], PARAMS, NAMES)[1]
    table["churned"] = table["churned"].astype(object)
    table.loc[:9, "churned"] = None
    table["treated"] = table.index < 40
    details = evaluate(table, PARAMS, NAMES)[1]
    assert (details["unlabelled"], details["treated_left_out"]) == (10, 30)
    assert details["models"] == plain["models"]


def test_without_bills_and_baseline() -> None:
    table = predictions().drop(columns="days_since_out").assign(monthly_bill_money=None)
    metrics, details = evaluate(table, PARAMS, NAMES)
    assert details["baseline"] is None
    assert "gbm_minus_baseline" not in details["paired"]
    assert "baseline" not in metrics
    assert details["models"]["gbm"]["tiers"][0]["bills_at_risk_money"] is None


def test_few_churners_come_with_a_warning() -> None:
    table = predictions(120)
    few = evaluate(table, PARAMS, NAMES)[1]["warnings"]
    assert [w["code"] for w in few] == ["few_churners"]
    assert f"Only {int(table['churned'].sum())} churners" in few[0]["en"]


def test_what_cannot_be_measured_is_refused() -> None:
    table = predictions()
    with pytest.raises(DataRefused, match="one class only: 0 churners in 800"):
        evaluate(table.assign(churned=False), PARAMS, NAMES)
    with pytest.raises(ChurnlightError, match="lack tier_tree"):
        evaluate(table.drop(columns="tier_tree"), PARAMS, NAMES)
    with pytest.raises(ChurnlightError, match="probability_gbm is not finite in 1 rows"):
        evaluate(
            table.assign(probability_gbm=table["probability_gbm"].where(table.index > 0)),
            PARAMS,
            NAMES,
        )


def test_silent_the_whole_window_ranks_first() -> None:
    score = baseline_score(pd.Series([3, None, 90], dtype="Int64"))
    assert np.argsort(-score).tolist() == [1, 2, 0]

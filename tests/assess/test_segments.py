"""Parts of the cohort: who is in which, and what is measured there."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from churnlight.assess import evaluate
from churnlight.assess.segments import segments
from churnlight.params.judging import EvaluateParams

PARAMS = EvaluateParams(bootstrap=100, silent_days=5, tenure_months=(12, 24))


def test_who_is_in_which_part_by_hand() -> None:
    table = pd.DataFrame(
        {
            "days_since_out": pd.array([0, 4, 5, None], dtype="Int64"),
            "as_of": "2025-11-01",
            # 11 full months and 30 days; 12 months; 24 months; unknown.
            "activated_on": [
                dt.date(2024, 11, 2), dt.date(2024, 11, 1), dt.date(2023, 11, 1), None,
            ],
            "label_kind": ["none", "ported_out", "none", "cancelled"],
            "in_fit": [True, True, False, False],
        }
    )  # fmt: skip
    churned = np.array([False, True, False, True])
    found = {(s.by, s.name): s.rows.tolist() for s in segments(table, churned, PARAMS)}
    assert found == {
        ("activity", "active"): [0, 1],
        ("activity", "silent"): [2, 3],
        ("tenure", "0_12"): [0],
        ("tenure", "12_24"): [1],
        ("tenure", "24_more"): [2],
        ("label", "cancelled"): [0, 2, 3],
        ("label", "ported_out"): [0, 1, 2],
        ("history", "seen"): [0, 1],
        ("history", "unseen"): [2, 3],
    }


def predictions(rows: int = 1500) -> pd.DataFrame:
    draws = np.random.default_rng(0)
    p = draws.beta(1, 5, rows)
    churned = draws.random(rows) < p
    return pd.DataFrame(
        {
            "subscriber_id": np.arange(rows),
            "account_id": np.arange(rows),
            "churned": churned,
            "label_kind": np.where(churned, np.where(draws.random(rows) < 0.3, "a", "b"), "none"),
            "probability_gbm": p,
            "tier_gbm": "low",
            "probability_tree": p.round(1),
            "tier_tree": "low",
            "days_since_out": draws.poisson(2, rows),
            "in_fit": draws.random(rows) < 0.7,
        }
    )


def test_measures_are_those_of_the_parts_rows_alone() -> None:
    table = predictions()
    details = evaluate(table, PARAMS, ["low"])[1]
    parts = {(s["by"], s["segment"]): s for s in details["segments"]}
    unseen = table[~table["in_fit"]]
    shown = parts["history", "unseen"]
    assert (shown["subscribers"], shown["churners"]) == (len(unseen), unseen["churned"].sum())
    theirs_of = {
        "roc_auc": roc_auc_score,
        "pr_auc": average_precision_score,
        "brier": brier_score_loss,
    }
    label, p = unseen["churned"], unseen["probability_gbm"]
    for name, theirs in theirs_of.items():
        figure = shown["models"]["gbm"][name]
        assert figure["value"] == pytest.approx(theirs(label, p), abs=1e-6)
        assert figure["low"] < figure["value"] < figure["high"]


def test_a_kind_is_measured_against_all_who_stayed_and_not_as_a_probability() -> None:
    table = predictions()
    parts = {s["segment"]: s for s in evaluate(table, PARAMS, ["low"])[1]["segments"]}
    kept = table[table["label_kind"].isin(["none", "a"])]
    shown = parts["a"]
    assert (shown["subscribers"], shown["churners"]) == (len(kept), kept["churned"].sum())
    auc = roc_auc_score(kept["churned"], kept["probability_gbm"])
    assert shown["models"]["gbm"]["roc_auc"]["value"] == pytest.approx(auc, abs=1e-6)
    assert "brier" not in shown["models"]["gbm"]


def test_a_part_that_is_too_small_is_counted_only() -> None:
    table = predictions()
    few = table["churned"] & (table["label_kind"] == "a")
    table.loc[table.index[few][19:], "label_kind"] = "b"
    parts = {s["segment"]: s for s in evaluate(table, PARAMS, ["low"])[1]["segments"]}
    assert parts["a"]["churners"] == 19
    assert parts["a"]["models"] is None
    assert parts["b"]["models"] is not None
    table.loc[table.index[few][:20], "label_kind"] = "a"
    enough = {s["segment"]: s for s in evaluate(table, PARAMS, ["low"])[1]["segments"]}
    assert enough["a"]["models"] is not None

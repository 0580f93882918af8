"""The uplift model on lines whose planted effects are known."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from campaign_lines import planted

from churnlight.campaigns.uplift import ALIKE, FEW, UpliftTerms, features_before, fit, uplift
from churnlight.errors import UsageError
from churnlight.learners.dataset import FloatArray
from churnlight.params.learning import GbmParams, TrainParams

# Quick, and enough for two features.
TRAIN = TrainParams(
    gbm=GbmParams(learning_rate=0.2, num_leaves=4, max_rounds=40, early_stopping_rounds=5)
)


@cache
def opposite() -> tuple[pd.DataFrame, pd.DataFrame, FloatArray]:
    return planted(12_000, (-0.9, 0.6))


def test_finds_whom_the_offer_saves_and_whom_it_provokes() -> None:
    lines, frame, truth = opposite()
    found = uplift(lines, frame, params=TRAIN)
    assert found.claimed
    assert found.why_not is None
    assert found.slope is not None
    assert found.slope["low"] > 0
    effect = found.lines["effect"].to_numpy()
    saved = (frame["kind_category"] == "x").to_numpy()
    assert effect[saved].mean() < -0.02 < 0.01 < effect[~saved].mean()
    by_effect = np.corrcoef(effect, truth)[0, 1]
    by_risk = np.corrcoef(-found.lines["risk"], truth)[0, 1]
    assert by_effect > 0.7
    assert abs(by_risk) < 0.5
    assert (found.lines["score"] == -found.lines["effect"]).all()
    assert list(found.lines["subscriber_id"]) == list(lines["subscriber_id"])
    # Without the offer, not on the mean of both arms.
    risky = frame["risky_share"].to_numpy() > 0
    assert found.lines["risk"][risky].mean() == pytest.approx(1 / (1 + np.exp(0.6)), abs=0.03)


def test_the_same_effect_for_all_claims_no_difference() -> None:
    lines, frame, truth = planted(12_000, (-0.5, -0.5), seed=1)
    found = uplift(lines, frame, params=TRAIN)
    assert (found.claimed, found.why_not) == (False, ALIKE)
    # In log-odds all are alike: who is likelier to leave is saved more, and so comes first.
    assert found.lines["effect"].mean() == pytest.approx(truth.mean(), abs=0.03)
    assert np.corrcoef(found.lines["score"], found.lines["risk"])[0, 1] > 0.5


def test_no_effect_claims_nothing() -> None:
    lines, frame, _ = planted(6_000, (0.0, 0.0), seed=2)
    assert not uplift(lines, frame, params=TRAIN).claimed


def test_too_few_leavers_get_no_effect_at_all() -> None:
    lines, frame, _ = planted(300, (-0.9, 0.6))
    found = uplift(lines, frame, params=TRAIN)
    assert (found.claimed, found.why_not, found.slope) == (False, FEW, None)
    assert found.lines[["risk", "effect", "score"]].isna().all(axis=None)
    left = lines["churned"] & lines["treated"]
    assert found.leavers_treated == left.sum()


def test_one_arm_alone_gets_no_effect() -> None:
    lines, frame, _ = opposite()
    arm = lines["treated"].to_numpy()
    found = uplift(lines[arm].reset_index(drop=True), frame[arm], params=TRAIN)
    assert found.why_not == FEW
    assert found.leavers_control == 0


def test_threads_and_repeats_change_nothing() -> None:
    lines, frame, _ = planted(1_000, (-0.9, 0.6))
    short = TrainParams(gbm=GbmParams(learning_rate=0.3, num_leaves=4, max_rounds=6))
    one, two = (
        uplift(
            lines, frame, UpliftTerms(threads=threads, folds=3, rounds=5, least_leavers=50), short
        )
        for threads in (1, 2)
    )
    assert one.lines["effect"].nunique() > 2
    pd.testing.assert_frame_equal(one.lines, two.lines, check_exact=True)
    assert one.slope == two.slope


def test_no_line_is_judged_by_models_that_saw_its_account() -> None:
    lines, _, _ = planted(4_000, (0.0, 0.0), seed=3)
    # Twenty lines an account, which share their fate; the only feature is the account's own.
    account = np.arange(4_000) // 20
    fate = np.random.default_rng(4).random(200) < 0.3
    lines = lines.assign(account=[f"k{a}" for a in account], churned=fate[account])
    # Numbers in no order that a neighbour could tell of.
    number = np.random.default_rng(5).permutation(200)[account]
    frame = pd.DataFrame({"number_count": number * 1.0})
    found = uplift(lines, frame, params=TRAIN)
    assert abs(np.corrcoef(found.lines["risk"], lines["churned"])[0, 1]) < 0.2
    # With its lines dealt apart an account's fate is known.
    apart = uplift(lines.assign(account=lines["subscriber_id"]), frame, params=TRAIN)
    assert np.corrcoef(apart.lines["risk"], lines["churned"])[0, 1] > 0.5


def test_folds_leave_some_to_learn_from_within_each() -> None:
    with pytest.raises(ValueError, match="folds"):
        UpliftTerms(folds=2)


def test_a_model_of_all_lines_tells_the_effect_of_new_ones() -> None:
    lines, frame, _ = opposite()
    model = fit(lines, frame, params=TRAIN)
    new = pd.DataFrame(
        {"risky_share": [1.0, 1.0], "kind_category": ["x", "y"], "noise_count": [0.0, 0.0]}
    )
    saves, provokes = model.effect(new)
    assert saves < -0.02 < 0 < provokes


def test_only_features_known_before_the_offer_are_read() -> None:
    rows = pd.DataFrame(
        {
            "campaign_id": ["c"] * 3,
            "subscriber_id": ["a", "b", "c"],
            "offered_at": pd.to_datetime(
                ["2025-06-05 12:00", "2025-06-06 00:00", "2025-05-01 00:00"]
            ),
        }
    )
    early = pd.DataFrame({"subscriber_id": ["a", "b"], "bill_money": [1.0, 2.0]})
    # As of June and closed on the 6th: on the 5th nobody had these.
    late = pd.DataFrame({"subscriber_id": ["a", "b", "c"], "bill_money": [91.0, 92.0, 93.0]})
    found = features_before(rows, {"2025-05-06": early, "2025-06-06": late}, ["bill_money"])
    assert found["bill_money"].tolist()[:2] == [1.0, 92.0]
    assert np.isnan(found["bill_money"][2])


@pytest.mark.parametrize("name", ["churned", "accepted", "contacted", "responded_at", "treated"])
def test_refuses_what_is_known_only_after_the_offer(name: str) -> None:
    lines, frame, _ = planted(300, (0.0, 0.0))
    with pytest.raises(UsageError, match=name):
        uplift(lines, frame.assign(**{name: 1.0}), params=TRAIN)

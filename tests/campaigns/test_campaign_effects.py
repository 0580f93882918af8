"""Differences, their intervals, groups and curve: against other routes and planted effects."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from campaign_lines import lines

from churnlight.campaigns.effects import controlled, difference, verdict
from churnlight.campaigns.qini import qini
from churnlight.campaigns.shrinking import grouped
from churnlight.campaigns.sizing import sample_sizes


def test_a_single_campaign_is_a_difference_of_shares() -> None:
    frame = lines(2000)
    found = difference(controlled(frame), "churned")
    assert found is not None
    arms = [frame.loc[frame["treated"] == arm, "churned"] for arm in (True, False)]
    shares = [float(arm.mean()) for arm in arms]
    error = math.sqrt(sum(s * (1 - s) / len(arm) for s, arm in zip(shares, arms, strict=True)))
    assert found.difference == pytest.approx(shares[0] - shares[1])
    assert found.error == pytest.approx(error, rel=0.01)
    assert found.low == pytest.approx(found.difference - 1.96 * error, abs=0.002)
    assert (found.treated, found.control) == (pytest.approx(shares[0]), pytest.approx(shares[1]))


def test_campaigns_of_other_shares_do_not_mix() -> None:
    # Most of the risky are treated, few of the safe; within each the offer does nothing.
    risky = lines(4000, control=0.5, treated=0.5, share=0.9, campaign="r")
    safe = lines(4000, control=0.1, treated=0.1, share=0.1, campaign="s", seed=1)
    frame = pd.concat([risky, safe], ignore_index=True)
    naive = frame.groupby("treated")["churned"].mean()
    assert naive[True] - naive[False] > 0.25
    found = difference(controlled(frame), "churned")
    assert found is not None
    by_hand = np.mean(
        [
            part.loc[part["treated"], "churned"].mean()
            - part.loc[~part["treated"], "churned"].mean()
            for part in (risky, safe)
        ]
    )
    assert found.difference == pytest.approx(by_hand)
    assert found.low is not None
    assert found.low < 0 < found.high  # type: ignore[operator]


def test_lines_of_an_account_are_not_new_evidence() -> None:
    once = lines(600)
    twice = pd.concat([once, once.assign(subscriber_id=once["subscriber_id"] + "x")])
    single, double = (
        difference(controlled(once), "churned"),
        difference(controlled(twice), "churned"),
    )
    assert single is not None
    assert double is not None
    assert double.error == pytest.approx(single.error, rel=0.01)
    assert double.design == pytest.approx(2.0, rel=0.02)
    # An account in both arms is one account too: its own difference cancels its luck.
    split = pd.concat([once.assign(treated=True), once.assign(treated=False)])
    same = difference(controlled(split), "churned")
    assert same is not None
    assert same.difference == 0
    assert same.error < single.error / 100


def test_a_campaign_with_one_arm_is_left_out() -> None:
    only = lines(50, campaign="t").assign(treated=True)
    both = lines(400)
    kept = controlled(pd.concat([both, only], ignore_index=True))
    assert set(kept["campaign_id"]) == {"c"}
    assert difference(only.assign(weight=1.0), "churned") is None


@pytest.mark.parametrize("account_lines", [1, 3])
def test_intervals_cover_the_planted_effect(account_lines: int) -> None:
    covered, draws = 0, 100
    for seed in range(draws):
        parts = [
            lines(360, control=c, treated=c - 0.08, share=s, seed=2 * seed + i, campaign=str(i),
                  account_lines=account_lines)
            for i, (c, s) in enumerate(((0.2, 0.6), (0.4, 0.3)))
        ]  # fmt: skip
        found = difference(controlled(pd.concat(parts, ignore_index=True)), "churned")
        assert found is not None
        assert found.low is not None
        covered += found.low <= -0.08 <= found.high  # type: ignore[operator]
    assert 90 <= covered <= 99


def test_nobody_leaving_tells_nothing() -> None:
    frame = lines(100).assign(churned=False)
    found = difference(controlled(frame), "churned")
    assert found is not None
    assert (found.difference, found.low, found.high) == (0.0, None, None)
    assert verdict(found.low, found.high) == "unclear"


def in_groups(effects: dict[str | None, tuple[int, float]], seed: int = 0) -> pd.DataFrame:
    """Lines in tiers, each with a number of lines and an effect on a churn of 0.4."""
    parts = [
        lines(count, control=0.4, treated=0.4 + effect, seed=seed + i).assign(
            tier=tier, account=lambda f, i=i: f["account"] + str(i)
        )
        for i, (tier, (count, effect)) in enumerate(effects.items())
    ]
    return controlled(pd.concat(parts, ignore_index=True))


def test_groups_that_differ_keep_their_own_effect() -> None:
    frame = in_groups({"red": (4000, -0.2), "white": (4000, 0.15), None: (12, 0.0)})
    pooled = difference(frame, "churned")
    assert pooled is not None
    red, white, unknown = grouped(frame, "tier", pooled)
    assert [red["value"], white["value"], unknown["value"]] == ["red", "white", None]
    assert red["weight"] > 0.95
    assert red["shrunk"]["difference"] == pytest.approx(-0.2, abs=0.04)
    assert (red["verdict"], white["verdict"]) == ("saves", "provokes")
    # A dozen lines say next to nothing of their own.
    assert unknown["weight"] < 0.6
    assert unknown["verdict"] == "unclear"
    assert red["lines_treated"] + red["lines_control"] == 4000


def test_groups_that_differ_by_luck_share_an_effect() -> None:
    frame = in_groups({f"g{i}": (60, -0.1) for i in range(12)})
    pooled = difference(frame, "churned")
    assert pooled is not None
    found = grouped(frame, "tier", pooled)
    own = np.array([entry["own"]["difference"] for entry in found])
    shrunk = np.array([entry["shrunk"]["difference"] for entry in found])
    assert np.ptp(own) > 0.2
    assert np.ptp(shrunk) < np.ptp(own) / 3
    middle = shrunk.mean()
    assert middle == pytest.approx(pooled.difference, abs=0.05)
    for entry, mine in zip(found, own, strict=True):
        low, high = sorted((mine, middle))
        assert low - 0.02 <= entry["shrunk"]["difference"] <= high + 0.02


def test_a_lone_group_is_the_pooled_effect() -> None:
    frame = in_groups({"red": (500, -0.1)})
    pooled = difference(frame, "churned")
    assert pooled is not None
    (only,) = grouped(frame, "tier", pooled)
    assert only["shrunk"]["difference"] == pytest.approx(pooled.difference, abs=1e-6)


def test_the_curve_by_hand() -> None:
    # Two who would be kept score high, two whom nothing changes score low; one in each arm.
    frame = pd.DataFrame(
        {
            "campaign_id": "c",
            "account": list("abcd"),
            "treated": [True, False, True, False],
            "churned": [False, True, True, True],
            "score": [0.9, 0.9, 0.1, 0.1],
        }
    )
    found = qini(controlled(frame), "score", 20, 0)
    assert found is not None
    saved = {point["share"]: point["saved"] for point in found["points"]}
    # Half the list treated saves one in two of that half's treated: a quarter... of all lines 0.5.
    assert (saved[0.0], saved[0.5], saved[1.0]) == (0.0, 0.5, 0.5)
    # 0.25 below the slope, 0.5 from there on: 0.125 + 0.25 less the triangle of 0.25.
    assert found["coefficient"] == pytest.approx(0.125)
    worst = qini(controlled(frame.assign(score=-frame["score"])), "score", 20, 0)
    assert worst is not None
    assert worst["coefficient"] == pytest.approx(-0.125)


def test_the_curve_knows_a_score_from_none() -> None:
    frame = lines(6000)
    kept = frame["score"] > 0.5  # half can be kept, and rank first
    draws = np.random.default_rng(5)
    rate = np.where(frame["treated"] & kept, 0.1, 0.4)
    frame["churned"] = draws.random(len(frame)) < rate
    frame["noise"] = draws.random(len(frame))
    frame.loc[:9, "score"] = np.nan
    good, none = (qini(controlled(frame), name, 60, 1) for name in ("score", "noise"))
    assert good is not None
    assert none is not None
    assert good["low"] > 0
    assert none["low"] < 0 < none["high"]
    assert (good["lines"], good["left_out"]) == (5990, 10)
    assert good["points"][-1]["saved"] == pytest.approx(0.15, abs=0.03)
    assert qini(controlled(frame.assign(score=1.0)), "score", 10, 0) is None


def test_sample_sizes_agree_with_the_textbook() -> None:
    (found,) = [s for s in sample_sizes(0.2, 1.0, 0.5, None) if s["reduction"] == 0.2]
    # Fleiss: (1.96 + 0.8416)^2 (0.2 * 0.8 + 0.16 * 0.84) / 0.04^2 an arm.
    arm = (1.959964 + 0.841621) ** 2 * (0.16 + 0.1344) / 0.04**2
    assert found["lines"] == pytest.approx(2 * arm, rel=0.02)
    assert found["lines_control"] == pytest.approx(found["lines"] / 2, abs=1)
    double = [s for s in sample_sizes(0.2, 2.0, 0.5, None) if s["reduction"] == 0.2]
    assert double[0]["lines"] == pytest.approx(2 * found["lines"], abs=2)
    assert [s["measured"] for s in sample_sizes(0.2, 1.0, 0.1, -0.05)].count(True) == 1
    assert sample_sizes(0.0, 1.0, 0.1, None) == []

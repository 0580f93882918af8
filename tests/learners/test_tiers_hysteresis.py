"""A tier that is held inside the margin: by hand, and as properties."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlight.errors import UsageError
from churnlight.learners.calibration import Calibration
from churnlight.learners.champion import Scale
from churnlight.learners.tiers import Tiers
from churnlight.learners.tiers_before import (
    TiersBefore,
    held,
    last_before,
    number_before,
    same_holder,
)
from churnlight.params.score import ScoreParams
from churnlight.paths import Project

NAMES = ("blue", "green", "yellow", "red", "white")
TIERS = Tiers(NAMES, (0.1, 0.3, 0.5, 0.8))
BLUE, GREEN, YELLOW, RED, WHITE = range(5)
# The odds of a cut of 0.5 are 1: with ln 2 the margin reaches from odds of 1/2 to odds of 2.
LN2 = math.log(2)

probabilities = st.floats(0.0, 1.0)
numbers = st.integers(-1, 4)
margins = st.floats(0.0, 3.0)
holds = st.sampled_from(["both", "falls"])


@st.composite
def tiers(draw) -> Tiers:
    inner = st.floats(1e-6, 1 - 1e-6) | st.sampled_from([0.0, 1.0, math.inf])
    return Tiers(NAMES, tuple(sorted(draw(st.lists(inner, min_size=4, max_size=4)))))


def one(cut: Tiers, probability: float, previous: int, margin: float, hold="both") -> int:
    number = cut.sticky(np.array([probability]), np.array([previous]), margin, hold=hold)
    return int(number[0])


@pytest.mark.parametrize(
    ("probability", "previous", "expected"),
    [
        (0.65, YELLOW, YELLOW),  # odds 1.86 of the cut's 1: over the cut, not clearly
        (0.67, YELLOW, RED),  # odds 2.03
        (0.35, RED, RED),  # odds 0.54: under the cut, not clearly
        (0.33, RED, YELLOW),  # odds 0.49
        (0.65, RED, RED),
        (0.65, -1, RED),  # new: the plain tier
        (0.35, -1, YELLOW),
        # 0.3 has odds of 3/7, doubled 6/7 or 0.4615; 0.5 doubled is 2/3.
        (0.60, BLUE, YELLOW),  # clearly over green's and yellow's cut, not over red's
        (0.67, BLUE, RED),
        # 0.1 has odds of 1/9, halved 1/18 or 0.0526; 0.3 halved is 0.1765.
        (0.08, WHITE, GREEN),  # clearly under three cuts, not under green's
        (0.05, WHITE, BLUE),
    ],
)
def test_by_hand(probability, previous, expected) -> None:
    assert one(TIERS, probability, previous, LN2) == expected


def test_only_falls_wait_where_rises_shall_not() -> None:
    assert one(TIERS, 0.51, YELLOW, LN2, "falls") == RED
    assert one(TIERS, 0.35, RED, LN2, "falls") == RED
    assert one(TIERS, 0.33, RED, LN2, "falls") == YELLOW


def test_flapping_around_a_cut_is_held_and_a_clear_step_is_taken_at_once() -> None:
    months = [0.49, 0.52, 0.48, 0.51, 0.49, 0.9, 0.79, 0.82, 0.2]
    plain = TIERS.number(np.array(months)).tolist()
    assert plain == [YELLOW, RED, YELLOW, RED, YELLOW, WHITE, RED, WHITE, GREEN]
    number, seen = -1, []
    for probability in months:
        number = one(TIERS, probability, number, 0.2)
        seen.append(number)
    assert seen == [YELLOW] * 5 + [WHITE] * 3 + [GREEN]


def test_the_margin_means_the_same_at_a_small_and_at_a_large_cut() -> None:
    for cut in (0.01, 0.2, 0.5, 0.97):
        low_high = Tiers(("low", "high"), (cut,))
        odds = cut / (1 - cut)
        for factor, expected in ((1.21, 0), (1.23, 1)):  # exp(0.2) is 1.2214
            over = odds * factor / (1 + odds * factor)
            assert one(low_high, over, 0, 0.2) == expected
            under = odds / factor / (1 + odds / factor)
            assert one(low_high, under, 1, 0.2) == 1 - expected


@given(tiers(), probabilities, numbers, holds)
def test_without_a_margin_it_is_the_plain_tier(cut, probability, previous, hold) -> None:
    assert one(cut, probability, previous, 0.0, hold) == cut.number(np.array([probability]))[0]


def test_without_a_margin_no_rounding_moves_a_cut() -> None:
    # To log-odds and back some of these come out one step higher or lower.
    cuts = np.random.default_rng(1).random(500)
    for cut in cuts:
        low_high = Tiers(("low", "high"), (float(cut),))
        around = np.array([np.nextafter(cut, 0), cut, np.nextafter(cut, 1)])
        for previous in (0, 1):
            found = low_high.sticky(around, np.full(3, previous), 0.0)
            assert found.tolist() == [0, 1, 1]


@given(tiers(), probabilities, numbers, margins, holds)
def test_between_the_tier_before_and_the_plain_one(cut, probability, previous, margin, hold):
    plain = int(cut.number(np.array([probability]))[0])
    found = one(cut, probability, previous, margin, hold)
    if previous < 0:
        assert found == plain
    else:
        assert min(plain, previous) <= found <= max(plain, previous)
    if hold == "falls":
        assert found >= plain, "no rise is missed"


@given(tiers(), probabilities, probabilities, numbers, margins, holds)
def test_more_risk_is_never_a_lower_tier(cut, first, second, previous, margin, hold) -> None:
    low, high = sorted((first, second))
    assert one(cut, low, previous, margin, hold) <= one(cut, high, previous, margin, hold)


@given(tiers(), probabilities, numbers, margins, holds)
def test_twice_is_once(cut, probability, previous, margin, hold) -> None:
    once = one(cut, probability, previous, margin, hold)
    assert one(cut, probability, once, margin, hold) == once


@given(tiers(), probabilities, numbers, margins, margins)
def test_a_larger_margin_holds_more(cut, probability, previous, first, second) -> None:
    if previous < 0:
        return
    small, large = sorted((first, second))
    moved = [abs(one(cut, probability, previous, m) - previous) for m in (small, large)]
    assert moved[1] <= moved[0]


def test_the_highest_score_there_is_rises_and_the_lowest_falls() -> None:
    # All at the clip share one probability, and the cut stands there.
    clipped = Tiers(("low", "middle", "high"), (0.001, 0.999))
    p, before = np.array([0.999, 0.0005]), np.array([0, 2])
    assert clipped.sticky(p, before, 1.0).tolist() == [1, 1], "0.0005 is not clearly under 0.001"
    reach = (0.0005, 0.999)
    assert clipped.sticky(p, before, 1.0, reach=reach).tolist() == [2, 0]


@pytest.mark.parametrize("margin", [-0.1, math.nan])
def test_a_margin_that_is_none_is_refused(margin) -> None:
    with pytest.raises(UsageError, match=r"score\.hysteresis"):
        one(TIERS, 0.5, 1, margin)


# --- the month before ---


def test_only_earlier_months_are_looked_at() -> None:
    scored = ["2025-11-01", "2026-02-01", "2025-12-01", "2026-01-01"]
    assert last_before(scored, "2026-01-01") == "2025-12-01"
    assert last_before(scored, "2025-11-01") is None


def _write(project: Project, as_of: str, tier: str) -> None:
    project.scores(as_of).mkdir(parents=True)
    frame = pd.DataFrame({"subscriber_id": [1, 2], "tier": [tier, "no longer a tier"]})
    frame.to_parquet(project.scores(as_of) / "scores.parquet")


def test_tiers_come_from_the_newest_earlier_month_never_from_a_later_one(tmp_path) -> None:
    project = Project(tmp_path)
    assert TiersBefore.read(project, "2026-01-01", NAMES) is None
    for as_of, tier in (("2025-10-01", "blue"), ("2025-12-01", "red"), ("2026-02-01", "white")):
        _write(project, as_of, tier)
    _write(project, "2026-01-01", "yellow")
    read = TiersBefore.read(project, "2026-01-01", NAMES)
    assert read is not None
    assert read.as_of == "2025-12-01"
    since = pd.Series([date(2020, 1, 1)] * 3)
    assert read.number_of(pd.Series([2, 1, 3]), since).tolist() == [-1, RED, -1]


def test_a_number_that_was_handed_on_is_a_new_subscriber() -> None:
    days = pd.Series([date(2025, 11, 30), date(2025, 12, 1), date(2025, 12, 9), None])
    assert same_holder(days, "2025-12-01").tolist() == [True, False, False, True]
    before = TiersBefore.of(
        "2025-12-01", pd.DataFrame({"subscriber_id": ["a", "b"], "tier": ["red", "red"]}), NAMES
    )
    ids = pd.Series(["b", "a"])
    found = before.number_of(ids, pd.Series([date(2025, 12, 1), date(2019, 5, 5)]))
    assert found.tolist() == [-1, RED]
    joined = pd.Series(["red", "red", None, "odd"])
    days = pd.Series([date(2025, 12, 1), date(2019, 5, 5), date(2019, 5, 5), date(2019, 5, 5)])
    assert number_before(joined, days, "2025-12-01", NAMES).tolist() == [-1, RED, -1, -1]


def test_an_empty_month_before_knows_nobody() -> None:
    empty = pd.DataFrame({"subscriber_id": pd.Series([], dtype="int64"), "tier": []})
    before = TiersBefore.of("2025-12-01", empty, NAMES)
    assert before.number_of(pd.Series([1]), pd.Series([None])).tolist() == [-1]


def test_scores_keep_the_plain_tier_beside_the_held_one() -> None:
    p = np.array([0.52, 0.52, 0.49, 0.9])
    predicted = pd.DataFrame(
        {"probability": p, "tier": TIERS.apply(p), "probability_tree": p, "leaf": 1}
    )
    people = pd.DataFrame({"subscriber_id": [1, 2, 3, 4], "activated_on": date(2020, 1, 1)})
    scale = Scale(Calibration("none", 1e-4), TIERS)
    earlier = pd.DataFrame({"subscriber_id": [4, 3, 1], "tier": ["blue", "red", "yellow"]})
    before = TiersBefore.of("2025-12-01", earlier, NAMES)
    previous = before.number_of(people["subscriber_id"], people["activated_on"])
    found = held(predicted, previous, scale, ScoreParams(hysteresis=0.2))
    assert list(found) == ["probability", "tier", "tier_plain", "probability_tree", "leaf"]
    assert found["tier"].tolist() == ["yellow", "red", "red", "white"]
    assert found["tier_plain"].tolist() == ["red", "red", "yellow", "white"]
    assert predicted["tier"].tolist() == found["tier_plain"].tolist(), "the input is left alone"
    free = held(predicted, previous, scale, ScoreParams(hysteresis=0.2, hold="falls"))
    assert free["tier"].tolist() == ["red", "red", "red", "white"]
    new = held(predicted, None, scale, ScoreParams(hysteresis=0.2))
    assert new["tier"].tolist() == new["tier_plain"].tolist()

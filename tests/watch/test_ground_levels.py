"""What is usual on a day, by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from churnlight.watch.ground_days import bridged, runs, sudden
from churnlight.watch.ground_levels import day_types, least, usual_rows, usual_share

WEEK = np.array([100.0, 110, 120, 130, 140, 60, 50])


def all_days(count: int) -> np.ndarray:
    return np.ones(count, dtype=bool)


def test_the_usual_is_the_weekdays_level():
    rows = np.tile(WEEK, 12)
    level = usual_rows(rows, all_days(84))
    assert level.expected == pytest.approx(rows)
    # No noise at all: the floor.
    assert level.noise[-1] == 0.02


def test_the_trend_is_carried_forward():
    # 0.1 % a day, from the first day on: 3 % a month.
    rows = np.tile(WEEK, 20) * np.exp(0.001 * np.arange(140))
    level = usual_rows(rows, all_days(140))
    assert level.expected[70:] == pytest.approx(rows[70:], rel=1e-9)


def test_one_bad_day_changes_no_other():
    rows = np.tile(WEEK, 12)
    rows[70] = 5.0
    level = usual_rows(rows, all_days(84))
    # At the edge, where few weeks are known, the median of those is the same.
    assert level.expected[77] == pytest.approx(rows[77])
    assert level.expected[70] == pytest.approx(100.0)


def test_days_that_do_not_count_say_nothing():
    rows = np.tile(WEEK, 12)
    usable = all_days(84)
    rows[28:63], usable[28:63] = rows[28:63] * 0.5, False
    level = usual_rows(rows, usable)
    assert level.expected[63:] == pytest.approx(np.tile(WEEK, 3))


def test_after_eight_weeks_a_new_level_is_the_usual():
    rows = np.concatenate([np.tile(WEEK, 4), np.tile(WEEK * 0.5, 12)])
    usable = np.arange(112) < 28
    level = usual_rows(rows, usable)
    # Week by week: at 8 weeks after the step the last four, all of the new level, decide.
    assert level.expected[28 + 7 * 7] == pytest.approx(100.0)
    assert level.expected[28 + 7 * 8] == pytest.approx(50.0)


def test_only_the_past_says_what_is_usual():
    rows = np.tile(WEEK, 12)
    later = np.concatenate([rows, rows * 3])
    now = usual_rows(rows, all_days(84)).expected
    assert usual_rows(later, all_days(168)).expected[21:84] == pytest.approx(now[21:])


def test_least_is_the_lower_of_share_and_noise():
    expected = np.array([10_000.0, 10_000.0, 100.0])
    noise = np.array([0.02, 0.1, 0.02])
    # 10,000 exp(-0.1) = 9,048.4; less 5 sqrt(9,048.4) = 475.6 is 8,572.8 > 8,000.
    # 10,000 exp(-0.5) = 6,065.3; less 5 sqrt(6,065.3) = 389.4 is 5,675.9 < 8,000.
    # 100 exp(-0.1) = 90.48; less 5 sqrt(90.48) = 47.56 is 42.92 < 80.
    assert least(expected, noise, 0.2, 5.0) == pytest.approx([8_000.0, 5_675.9, 42.92], abs=0.1)


def test_noise_is_that_of_the_days_and_not_of_counting():
    rng = np.random.default_rng(4)
    whole = np.exp(0.1 * rng.standard_normal(350))
    level = usual_rows(rng.poisson(1_000 * whole).astype(float), all_days(350))
    # The median of eight noisy weeks is noisy too: 0.1 (1 + about 0.2).
    assert 0.08 < level.noise[-1] < 0.14


def test_a_share_has_no_trend_but_noise():
    rng = np.random.default_rng(5)
    shares = rng.binomial(1_000, 0.3, 200) / 1_000
    level = usual_share(shares, shares * (1 - shares) / 1_000, all_days(200))
    assert level.expected[50:] == pytest.approx(np.full(150, 0.3), abs=0.02)
    # Nothing but counting is in it: the floor, or little more.
    assert level.noise[-1] < 0.01


def test_days_around_a_long_holiday_are_not_ordinary():
    days = tuple(date(2025, 4, 25) + timedelta(days=i) for i in range(20))
    holidays = {date(2025, 5, d): "Labour Day" for d in range(1, 6)}
    # Five days off: three days on either side.
    expected = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert day_types(days, holidays).tolist() == expected
    assert day_types(days, None).tolist() == [0.0] * 20


def test_runs_are_joined_over_days_that_are_near():
    flags = np.array([0, 1, 1, 0, 0, 1, 0, 1], dtype=bool)
    near = np.array([0, 1, 1, 1, 1, 1, 0, 1], dtype=bool)
    assert [(r.start, r.stop) for r in runs(bridged(flags, near))] == [(1, 6), (7, 8)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 1, 1, 0.5, 0.5, 0.5, 0.5], True),
        ([0.84, 0.82, 0.8, 0.78, 0.76, 0.74, 0.72, 0.7, 0.68, 0.66], False),
        # Nothing before it: with the beginning of the data.
        ([np.nan, np.nan, np.nan, 0.5, 0.5, 0.5, 0.5], True),
    ],
)
def test_a_step_is_sudden_and_a_slope_is_not(values, expected):
    assert sudden(np.array(values, dtype=float), slice(3, len(values)), usual=1.0) is expected

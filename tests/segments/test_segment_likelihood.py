"""TwoStep's distance, BIC and choice of the number, worked out by hand on tiny tables."""

from __future__ import annotations

import numpy as np
import pytest

from churnlight.segments.agglomerating import Step, agglomerate, choose
from churnlight.segments.encoding import Rows
from churnlight.segments.likelihood import Groups, Scale, bic, distance, log_likelihood

LN2 = float(np.log(2.0))


def rows_of(numbers: list[list[float]], codes: list[list[int]] | None = None) -> Rows:
    values = np.array(numbers, dtype=float)
    own = np.zeros((len(values), 0)) if codes is None else np.array(codes)
    return Rows(values, own.astype(np.int64))


def groups_of(rows: Rows, group: list[int], levels: tuple[int, ...] = ()) -> Groups:
    return Groups.of(rows, np.array(group), max(group) + 1, levels)


def test_the_distance_of_two_groups_of_numbers() -> None:
    # Groups {0, 2} and {4, 6}: means 1 and 5, variance 1 in each, 5 among all four.
    groups = groups_of(rows_of([[0.0], [2.0], [4.0], [6.0]]), [0, 0, 1, 1])
    scale = Scale(np.array([5.0]), (), 1.0)
    # xi of each: -2/2 log(5 + 1); of both together: -4/2 log(5 + 5).
    assert log_likelihood(groups, scale) == pytest.approx([-np.log(6), -np.log(6)])
    apart = distance(groups.take([0]), groups.take([1]), scale)
    assert apart == pytest.approx([2 * np.log(10) - 2 * np.log(6)])


def test_the_distance_of_two_groups_of_categories() -> None:
    # Three of a and one of b; four of b: 4 ln 4 - 3 ln 3, 0, and 8 ln 8 - 3 ln 3 - 5 ln 5.
    codes = [[0], [0], [0], [1], [1], [1], [1], [1]]
    rows = Rows(np.zeros((8, 0)), np.array(codes))
    groups = groups_of(rows, [0, 0, 0, 0, 1, 1, 1, 1], (2,))
    first = 4 * np.log(4) - 3 * np.log(3)
    both = 8 * np.log(8) - 3 * np.log(3) - 5 * np.log(5)
    whole = Scale(np.zeros(0), (2,), 1.0)
    assert log_likelihood(groups, whole) == pytest.approx([-first, 0.0])
    apart = distance(groups.take([0]), groups.take([1]), whole)
    assert apart == pytest.approx([both - first])
    quarter = Scale(np.zeros(0), (2,), 0.25)
    apart = distance(groups.take([0]), groups.take([1]), quarter)
    assert apart == pytest.approx([(both - first) / 4])


def test_numbers_and_categories_add_up_and_missing_values_count_nowhere() -> None:
    rows = rows_of([[0.0], [2.0], [np.nan], [4.0], [6.0]], [[0], [0], [-1], [1], [1]])
    groups = groups_of(rows, [0, 0, 0, 1, 1], (2,))
    scale = Scale(np.array([5.0]), (2,), 1.0)
    assert groups.rows.tolist() == [3.0, 2.0]
    assert groups.count[:, 0].tolist() == [2.0, 2.0]
    # Numbers as in the first test; two and two of one value each: 4 ln 2.
    apart = distance(groups.take([0]), groups.take([1]), scale)
    assert apart == pytest.approx([2 * np.log(10) - 2 * np.log(6) + 4 * LN2])


def test_groups_together_are_the_groups_of_the_joined_rows() -> None:
    rng = np.random.default_rng(5)
    rows = Rows(rng.normal(size=(20, 2)), rng.integers(0, 3, (20, 1)))
    whole = groups_of(rows, [0] * 20, (3,))
    halves = groups_of(rows, [0] * 8 + [1] * 12, (3,))
    both = halves.take([0]).together(halves.take([1]))
    assert both.mean == pytest.approx(whole.mean)
    assert both.variance == pytest.approx(rows.numbers.var(axis=0)[None, :])
    assert both.counts[0].tolist() == whole.counts[0].tolist()


def test_bic_counts_means_variances_and_shares() -> None:
    # Two numeric features and categories of 2 and 4 values: 2 * 2 + 1 + 3 = 8 a segment.
    scale = Scale(np.ones(2), (2, 4), 1.0)
    assert scale.parameters == 8
    found = bic(np.array([-10.0, -20.0, -5.0]), 100.0, scale)
    assert found == pytest.approx(70.0 + 3 * 8 * np.log(100.0))


def test_the_nearest_are_joined_first() -> None:
    # Four points on a line, 0 and 1 nearer than 10 and 12, each ten times over.
    rows = rows_of([[v] for v in (0.0, 1.0, 10.0, 12.0) for _ in range(10)])
    groups = groups_of(rows, [n for n in range(4) for _ in range(10)])
    scale = Scale(np.array([float(rows.numbers.var())]), (), 1.0)
    steps = agglomerate(groups, scale, most=4)
    assert [step.segments for step in steps] == [1, 2, 3, 4]
    assert [step.group for step in steps] == [
        (0, 0, 0, 0),
        (0, 0, 1, 1),
        (0, 0, 1, 2),
        (0, 1, 2, 3),
    ]
    assert steps[0].least_distance is None
    pair = distance(groups.take([0]), groups.take([1]), scale)[0]
    assert steps[3].least_distance == pytest.approx(pair)
    # The path's likelihoods are those of the groups themselves.
    two = groups_of(rows, [0] * 20 + [1] * 20)
    assert steps[1].bic == pytest.approx(bic(log_likelihood(two, scale), 40.0, scale))
    # Nothing that was handed in has changed.
    assert groups.rows.tolist() == [10.0] * 4


def path(*entries: tuple[float, float | None]) -> tuple[Step, ...]:
    return tuple(Step(n, b, d, (0,)) for n, (b, d) in enumerate(entries, 1))


def test_no_gain_means_one_segment() -> None:
    assert choose(path((100.0, None), (101.0, 5.0), (99.0, 1.0)), 1, 2).segments == 1


def test_the_clear_jump_in_distance_decides() -> None:
    # Changes 500, 200, 50, 10: the ratio falls below 0.04 at J = 4, and R(2..4) are compared.
    steps = path((1000.0, None), (500.0, 90.0), (300.0, 80.0), (250.0, 20.0), (240.0, 10.0))
    choice = choose(steps, 1, 4)
    assert [entry.bic_change for entry in choice.path] == [500.0, 200.0, 50.0, 10.0]
    assert [entry.change_ratio for entry in choice.path] == [1.0, 0.4, 0.1, 0.02]
    # R(3) = 80 / 20 = 4 is over 1.15 times R(4) = 20 / 10 = 2.
    assert choice.path[2].distance_ratio == 4.0
    assert choice.segments == 3


def test_of_two_jumps_alike_the_larger_number_wins() -> None:
    # R(2) = 1.125, R(3) = 2.0, R(4) = 1.9: within 1.15 of each other.
    steps = path((1000.0, None), (500.0, 90.0), (300.0, 80.0), (250.0, 40.0), (240.0, 40 / 1.9))
    assert choose(steps, 1, 4).segments == 4


def test_the_bounds_hold() -> None:
    steps = path((1000.0, None), (500.0, 90.0), (300.0, 80.0), (250.0, 20.0), (240.0, 10.0))
    assert choose(steps, 4, 4).segments == 4
    assert choose(steps, 1, 2).segments == 2
    assert choose(path((100.0, None), (101.0, 5.0), (99.0, 1.0)), 2, 2).segments == 2

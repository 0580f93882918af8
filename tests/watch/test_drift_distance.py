"""Index and distance against hand, brute force and scipy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from churnlight.watch.drift_distance import GROUPS, Measure
from churnlight.watch.profile_bins import Bins


def test_index_by_hand() -> None:
    # Two groups of 50 % then; 30 and 70 now; half a count added to each of three groups.
    measure = Measure.of(Bins(cuts=(1.0,)), np.array([50, 50, 0]))
    p, q = [50.5 / 101.5, 50.5 / 101.5, 0.5 / 101.5], [30.5 / 101.5, 70.5 / 101.5, 0.5 / 101.5]
    expected = sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True))
    found = measure.psi(np.array([50, 50, 0]), np.array([30, 70, 0]))
    assert found == pytest.approx(expected)
    # The textbook's own, without the half counts, lies near: (0.2) ln(5/3) + (0.2) ln(7/5).
    assert found == pytest.approx(0.2 * math.log(5 / 3) + 0.2 * math.log(7 / 5), rel=0.05)
    assert measure.psi(np.array([50, 50, 0]), np.array([25, 25, 50])) > 1  # missing values count


def test_distance_is_scipys_over_the_mean_difference() -> None:
    rng = np.random.default_rng(0)
    then, now = rng.integers(0, 12, 400), rng.integers(2, 12, 300)
    bins = Bins.learn(pd.Series(np.arange(12.0)))
    counts = [bins.count(pd.Series(v.astype(float))) for v in (then, now)]
    measure = Measure.of(bins, counts[0])
    brute = np.abs(then[:, None] - then[None, :]).mean()
    assert measure.mean_difference == pytest.approx(brute)
    assert measure.wasserstein(*counts) == pytest.approx(wasserstein_distance(then, now) / brute)
    # Missing values play no part, and the unit of the values cancels out.
    counts[1][-1] = 77
    assert measure.wasserstein(*counts) == pytest.approx(wasserstein_distance(then, now) / brute)
    scaled = Bins(cuts=tuple(1000.0 * c for c in bins.cuts or ()))
    assert Measure.of(scaled, counts[0]).wasserstein(*counts) == pytest.approx(
        measure.wasserstein(*counts)
    )


def test_on_text_and_where_all_were_alike_it_is_the_share_elsewhere() -> None:
    text = Measure.of(Bins(levels=("a", "b")), np.array([60, 40, 0, 0]))
    assert text.wasserstein(np.array([60, 40, 0, 0]), np.array([30, 40, 30, 5])) == pytest.approx(
        0.3
    )
    alike = Measure.of(Bins(cuts=(0.0,)), np.array([100, 0, 0]))
    assert alike.wasserstein(np.array([100, 0, 0]), np.array([75, 25, 9])) == pytest.approx(0.25)
    assert math.isnan(alike.wasserstein(np.array([100, 0, 0]), np.array([0, 0, 10])))


def test_groups_are_tenths_and_rare_levels_one() -> None:
    bins = Bins(cuts=tuple(float(i) for i in range(50)))
    even = Measure.of(bins, np.array([20] * 50 + [0, 0]))
    assert even.groups == GROUPS + 1
    assert np.bincount(even.group[:50]).tolist() == [5] * GROUPS
    heavy = Measure.of(Bins(cuts=(0.0, 1.0, 2.0)), np.array([900, 50, 50, 0, 0]))
    assert len(set(heavy.group[:3])) >= 2
    levels = Measure.of(Bins(levels=("a", "b", "c", "d")), np.array([500, 3, 490, 2, 5, 0]))
    assert levels.group.tolist() == [0, 2, 1, 2, 2, 3]


def test_sampling_noise_is_what_samples_show() -> None:
    rng = np.random.default_rng(4)
    bins = Bins(cuts=tuple(float(i) for i in range(20)))
    share = np.append(rng.dirichlet(np.full(20, 3.0)), [0.0, 0.0])
    reference = np.round(share * 1e6).astype(np.int64)
    measure = Measure.of(bins, reference)
    pairs = [(rng.multinomial(4000, share), rng.multinomial(4000, share)) for _ in range(300)]
    scale = 2 / 4000
    assert np.mean([measure.psi(a, b) for a, b in pairs]) / scale == pytest.approx(
        measure.psi_noise(reference), rel=0.12
    )
    found = np.mean([measure.wasserstein(a, b) for a, b in pairs]) ** 2 / scale
    assert found == pytest.approx(measure.wasserstein_noise(reference), rel=0.15)

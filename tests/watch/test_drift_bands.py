"""The null band's pieces, each against hand or another library."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from churnlight.watch.bands import Band, Pairs, Place, Variogram, outside

MONTHS = (1, 2, 3, 4, 6)
PLACES = [Place(m, 1000) for m in MONTHS]


def test_pairs_are_all_of_them() -> None:
    pairs = Pairs.of(PLACES)
    assert pairs.lags.tolist() == [1, 2, 3, 5, 1, 2, 4, 1, 3, 2]
    assert pairs.noise == pytest.approx(0.002)
    assert pairs.months == 5


def test_growth_with_time_is_recovered() -> None:
    pairs = Pairs.of(PLACES)
    sizes = np.array([1e-3, 0.02, 3.0, 0.0])[:, None]
    found = Variogram.fit(sizes * (2.0 + 0.5 * pairs.lags), pairs.lags)
    assert found.slope / found.nugget == pytest.approx(0.25)
    assert found.at(pairs.lags).mean() == pytest.approx(1.0)
    flat = Variogram.fit(sizes * (5.0 - 0.5 * pairs.lags), pairs.lags)
    assert flat.slope == 0.0


def test_distance_to_the_pool_follows_from_those_between_months() -> None:
    """Points on a line: a squared distance to their mean, against the variogram's formula."""
    pairs = Pairs.of(PLACES)
    # No growth: independent months, variance 1/2 each; to a mean of five: (1 + 1/5) / 2.
    still = Variogram(1.0, 0.0)
    assert still.to_pool(Place(8, 1000), PLACES, pairs) == pytest.approx(0.6)
    # A random walk of unit steps, by simulation; its lags end where the past ones do.
    walk = Variogram(0.0, 1.0)
    steps = np.random.default_rng(0).normal(size=(200_000, 7)).cumsum(axis=1)
    pool = steps[:, [m - 1 for m in MONTHS]].mean(axis=1)
    expected = ((steps[:, 6] - pool) ** 2).mean()
    long = Pairs.of([*PLACES, Place(12, 1000)])
    assert walk.to_pool(Place(7, 1000), PLACES, long) == pytest.approx(expected, rel=0.02)
    assert walk.to_pool(Place(20, 1000), PLACES, pairs) == walk.to_pool(
        Place(40, 1000), PLACES, pairs
    )


def test_a_small_month_is_expected_farther_a_large_one_not_nearer() -> None:
    pairs, still = Pairs.of(PLACES), Variogram(1.0, 0.0)
    usual = still.to_pool(Place(8, 1000), PLACES, pairs)
    assert still.to_pool(Place(8, 100), PLACES, pairs) > 4 * usual
    assert still.to_pool(Place(8, 1_000_000), PLACES, pairs) == usual


def test_limits_pass_independent_months_as_often_as_they_say() -> None:
    """Months that differ in n directions at once: the share beyond the limit, by simulation."""
    rng = np.random.default_rng(6)
    months, features = 8, 400
    places = [Place(m, 1000) for m in range(months)]
    pairs = Pairs.of(places)
    first, second = np.triu_indices(months, 1)
    still = Variogram(1.0, 0.0)
    for directions in (2, 6):
        at = rng.normal(size=(features, months, directions))
        values = ((at[:, first] - at[:, second]) ** 2).sum(axis=2)
        now = rng.normal(size=(features, directions))
        found = ((now - at.mean(axis=1)) ** 2).sum(axis=1)
        expected = still.to_pool(Place(months, 1000), places, pairs)
        band = Band.learn(values, pairs, expected, np.zeros(features), still)
        assert np.median(band.terms) == pytest.approx(0.75 * directions, rel=0.4)
        for share in (0.05, 0.01):
            beyond = (found > band.upper(share)).mean()
            assert 0.1 * share <= beyond <= 1.5 * share
        p_values = band.p_values(found)
        assert ((p_values < 0.05) == (found > band.upper(0.05))).all()


def test_what_sampling_gives_is_never_an_alarm() -> None:
    pairs = Pairs.of(PLACES)
    still = np.zeros((1, 10))
    band = Band.learn(still, pairs, 1.0, np.array([0.01]), Variogram(1.0, 0.0))
    assert band.p_values(np.array([0.01]))[0] > 0.2
    assert band.upper(0.05)[0] > 0.02


def test_naming_is_benjamini_and_hochbergs() -> None:
    rng = np.random.default_rng(7)
    for count in (1, 5, 200):
        p_values = rng.beta(0.4, 1.5, count)
        mask, limit = outside(p_values, 0.05)
        assert mask.tolist() == (false_discovery_control(p_values) <= 0.05).tolist()
        assert (p_values[mask] <= limit).all()
        assert (p_values[~mask] > limit).all()
    mask, limit = outside(np.array([0.5, 0.9]), 0.05)
    assert not mask.any()
    assert limit == 0.025

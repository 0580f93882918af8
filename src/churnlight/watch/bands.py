"""How far months lie apart without drift, learned from past pairs of months.

Let Q be the population stability index, or the square of Wasserstein's distance: both are about a
sum of squares over the bins. For each distribution:

1. Q of every pair of past months. Months farther apart differ more, so Q is put on one footing by
   h(lag) = a + b lag, the variogram of the typical distribution (the median over all), b >= 0.
2. If months move by chance in n independent directions, Q of the present month over the mean Q of
   the pairs follows F(n, n (months - 1)): pairs that share a month move together, so that M months
   are worth M - 1 pairs. The cube root of a sum of n squares is about normal with variance 2 / 9n
   of its mean (Wilson and Hilferty 1931), which gives n. With few months that is unsteady, and is
   drawn toward what all distributions have in common (Smyth 2004).
3. What is expected between the present month and the pooled training months follows from h as the
   squared distance to a mean follows from those between points: mean h to each of its months, less
   half the mean h among them. It is never below what sampling alone gives.
4. The limit is drawn where all distributions together give false alarms as seldom as wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from churnlight.learners.dataset import BoolArray, FloatArray

_FEWEST_MONTHS = 4  # fewer tell nothing of a distribution's own unsteadiness
_SHARED = 0.25  # correlation of two pairs that share a month, each a sum of squared differences
# Of the terms found: a sum whose terms weigh unequally has a longer tail than one of equal terms
# that varies as much. Chosen so that simulated months without drift alarm about as often as wanted.
_COUNTED = 0.75
_LEAST_NUGGET = 0.2  # of the mean over all pairs: what does not grow with time
_FREE = 1e6  # degrees of freedom that stand for infinity


@dataclass(frozen=True)
class Place:
    """When a month is, and how many subscribers it has."""

    month: int
    rows: int


@dataclass(frozen=True)
class Variogram:
    """How the typical Q grows with the months between: a + b lag, 1 on average over the pairs."""

    nugget: float
    slope: float

    @classmethod
    def fit(cls, values: FloatArray, lags: FloatArray) -> Variogram:
        """Least squares on the median over distributions.

        Args:
            values: Q, shape (distributions, pairs).
            lags: months between the two of each pair, shape (pairs,).
        """
        means = values.mean(axis=1)
        moving = values[means > 0]
        if len(moving) == 0 or len(np.unique(lags)) == 1:
            return cls(1.0, 0.0)
        typical = np.median(moving / means[means > 0][:, None], axis=0)
        centred = lags - lags.mean()
        slope = max(0.0, float((centred * typical).sum() / (centred**2).sum()))
        nugget = float(typical.mean() - slope * lags.mean())
        if nugget < _LEAST_NUGGET:
            nugget, slope = _LEAST_NUGGET, max(0.0, float(typical.mean()) - _LEAST_NUGGET)
            slope /= float(lags.mean())
        return cls(nugget, slope)

    def at(self, lags: FloatArray) -> FloatArray:
        """Typical Q of pairs so many months apart."""
        return np.asarray(self.nugget + self.slope * lags)

    def to_pool(self, now: Place, pool: Sequence[Place], pairs: Pairs) -> float:
        """Typical Q between a month and several pooled ones.

        A month smaller than the past ones is noisier: the nugget grows as sampling noise does. A
        larger one is not excused less, because what months share does not shrink with size. Nor is
        a lag excused that no two past months had: a model that grows old shows.
        """
        rows = np.array([p.rows for p in pool], dtype=np.float64)
        weight = rows / rows.sum()
        month = np.array([p.month for p in pool], dtype=np.float64)
        lag = np.minimum(np.abs(now.month - month), pairs.lags.max())
        noisier = np.maximum(1.0, (1 / max(now.rows, 1) + 1 / rows) / pairs.noise)
        to_months = self.nugget * noisier + self.slope * lag
        between = np.abs(month[:, None] - month[None, :])
        among = np.where(between > 0, self.nugget + self.slope * between, 0.0)
        found = (weight * to_months).sum() - 0.5 * (weight[:, None] * weight * among).sum()
        return max(float(found), 0.5 * self.nugget)


@dataclass(frozen=True)
class Pairs:
    """Past pairs of months.

    Attributes:
        months: how many months they are made of.
        lags: months between the two, shape (pairs,).
        noise: mean of 1 / rows + 1 / rows.
    """

    months: int
    lags: FloatArray
    noise: float

    @classmethod
    def of(cls, places: Sequence[Place]) -> Pairs:
        """All pairs of two or more months, the first with the second, with the third, and so on."""
        first, second = np.triu_indices(len(places), 1)
        month = np.array([p.month for p in places], dtype=np.float64)
        rows = np.array([max(p.rows, 1) for p in places], dtype=np.float64)
        return cls(
            len(places),
            np.abs(month[second] - month[first]),
            float((1 / rows[first] + 1 / rows[second]).mean()),
        )


@dataclass(frozen=True)
class Band:
    """What Q is expected to be: Q / mean follows F(terms, terms (months - 1)).

    Attributes:
        mean: expected Q of each distribution, shape (distributions,).
        terms: independent directions in which each moves from month to month.
        months: that were past.
    """

    mean: FloatArray
    terms: FloatArray
    months: int

    @classmethod
    def learn(
        cls, values: FloatArray, pairs: Pairs, expected: float, noise: FloatArray, growth: Variogram
    ) -> Band:
        """From past pairs.

        Args:
            values: Q of each distribution and pair, shape (distributions, pairs).
            pairs: what the pairs are.
            expected: typical Q between the present month and the training cohort.
            noise: Q that sampling alone gives between these two, shape (distributions,).
            growth: how Q grows with time.
        """
        level = values / growth.at(pairs.lags)
        mean = np.maximum(expected * level.mean(axis=1), noise)
        return cls(mean, _terms(np.cbrt(level), pairs.months), pairs.months)

    def p_values(self, found: FloatArray) -> FloatArray:
        """Chance of a Q at least so large without drift, shape (distributions,)."""
        from scipy.stats import f

        return np.asarray(f.sf(found / self.mean, self.terms, self.terms * (self.months - 1)))

    def upper(self, share: float) -> FloatArray:
        """Q that is passed with this chance, shape (distributions,)."""
        from scipy.stats import f

        return np.asarray(self.mean * f.isf(share, self.terms, self.terms * (self.months - 1)))


def outside(p_values: FloatArray, alarm_share: float) -> tuple[BoolArray, float]:
    """Which are too large, all judged at once (Benjamini and Hochberg 1995).

    Without drift a month has an alarm with at most the chance `alarm_share`, however many are
    judged; with drift at most that share of those named are named wrongly. This holds for measures
    that rise together, as these do.

    Returns:
        Mask, and the chance below which one was named; the band is drawn there.
    """
    count = len(p_values)
    ranked = np.sort(p_values)
    limits = alarm_share * np.arange(1, count + 1) / count
    passed = np.flatnonzero(ranked <= limits)
    limit = float(limits[passed[-1]]) if len(passed) else alarm_share / max(count, 1)
    return np.asarray(p_values <= limit), limit


def _terms(roots: FloatArray, months: int) -> FloatArray:
    """How many independent terms each distribution's sum of squares has; at least one.

    Args:
        roots: cube roots of Q, on one footing, shape (distributions, pairs).
        months: that the pairs are made of.
    """
    ones = np.ones(len(roots))
    if months < _FEWEST_MONTHS:
        return ones
    mean = roots.mean(axis=1)
    alike = _SHARED * 2 * (months - 2) / (roots.shape[1] - 1)
    squares = roots.var(axis=1, ddof=1) / (1 - alike) / np.where(mean > 0, mean, 1.0) ** 2
    moving = squares > 0
    if not moving.any():
        return ones
    own = float(months - 2)
    prior, common = _prior(squares[moving], own)
    variation = np.where(moving, (prior * common + own * squares) / (prior + own), common)
    # Mean 1 - 2 / 9n and variance 2 / 9n of the cube root, solved for 2 / 9n.
    share = (1 + 2 * variation - np.sqrt(1 + 4 * variation)) / (2 * variation)
    return np.asarray(np.maximum(_COUNTED * 2 / (9 * share), 1.0))


def _prior(variances: FloatArray, freedom: float) -> tuple[float, float]:
    """Degrees of freedom and value of what variances have in common, by moments of their logs."""
    from scipy.optimize import brentq
    from scipy.special import digamma, polygamma

    logs = np.log(variances) - digamma(freedom / 2) + np.log(freedom / 2)
    excess = (float(logs.var(ddof=1)) if len(logs) > 1 else 0.0) - float(polygamma(1, freedom / 2))
    if excess <= float(polygamma(1, _FREE / 2)):
        return _FREE, float(np.exp(logs.mean()))
    half = brentq(lambda x: float(polygamma(1, x)) - excess, 1e-3, _FREE)
    prior = 2.0 * float(half)
    return prior, float(np.exp(logs.mean() + digamma(prior / 2) - np.log(prior / 2)))

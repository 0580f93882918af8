"""How far two distributions on the same bins lie apart.

The population stability index (symmetric Kullback-Leibler divergence; Siddiqi 2006) sees any shift
of mass, but not how far it went; Wasserstein's distance of order one sees how far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.watch.profile_bins import Bins

GROUPS = 10
_ADDED = 0.5  # to each count, so that an empty bin has a logarithm (Jeffreys)
_LEAST_NOISE = 1e-6  # where the reference has no known value
_RARE = 0.01  # a level of text below this share of the reference is counted with the others


@dataclass(frozen=True)
class Measure:
    """One distribution's measures, its reference fixed.

    Attributes:
        bins: what the counts are of.
        group: each bin's group for the index, shape (bins,); the last group is missing values.
        groups: how many there are.
        mean_difference: of two subscribers of the reference (Gini's), in the column's unit; 0 where
            all are alike, and for text.
    """

    bins: Bins
    group: IntArray
    groups: int
    mean_difference: float

    @classmethod
    def of(cls, bins: Bins, reference: IntArray) -> Measure:
        """Fix the reference, counts of shape (bins,)."""
        known = reference[:-1]
        group = _rare_together(known) if bins.is_text else _tenths(known)
        group = np.append(group, group.max() + 1)
        below = _below(known)
        spread = 0.0 if bins.is_text else 2.0 * _along(bins, below * (1 - below))
        return cls(bins, group, int(group[-1]) + 1, spread)

    def grouped(self, counts: IntArray) -> FloatArray:
        """Share of each group, none of them 0, shape (groups,)."""
        found = np.bincount(self.group, counts, minlength=self.groups) + _ADDED
        return np.asarray(found / found.sum())

    def curve(self, counts: IntArray) -> FloatArray:
        """What the sum of absolute differences of makes Wasserstein's distance; NaN without values.

        Numbers: the share at or below each cut, times the way to the next, over the reference's
        mean difference. Text, and where the reference has one value only: half of each share, so
        that the sum is the share that lies elsewhere. What lies above the last cut counts as the
        last cut, so that no outlier rules the distance.
        """
        known = counts[:-1]
        shares = known / known.sum() if known.any() else np.full(len(known), np.nan)
        if self.mean_difference <= 0.0:
            return np.asarray(0.5 * shares)
        widths = np.diff(np.asarray(self.bins.cuts or (), dtype=np.float64))
        return np.asarray(np.cumsum(shares)[: len(widths)] * widths / self.mean_difference)

    def psi(self, first: IntArray, second: IntArray) -> float:
        """Population stability index: sum over groups of (p - q) ln(p / q)."""
        p, q = self.grouped(first), self.grouped(second)
        return float(np.sum((p - q) * np.log(p / q)))

    def wasserstein(self, first: IntArray, second: IntArray) -> float:
        """Distance of the known values over the reference's mean difference; NaN without any."""
        return float(np.sum(np.abs(self.curve(first) - self.curve(second))))

    def psi_noise(self, reference: IntArray) -> float:
        """What sampling alone adds to the index, per unit of (1 / rows + 1 / rows).

        The groups that the reference fills, less one (Yurdakul and Naranjo 2020).
        """
        filled = int(np.count_nonzero(np.bincount(self.group, reference)))
        return float(max(1, filled - 1))

    def wasserstein_noise(self, reference: IntArray) -> float:
        """The same of the square of the distance: E |N(0, s)| = s sqrt(2 / pi) at every cut."""
        known: FloatArray = np.asarray(reference[:-1] + _ADDED, dtype=np.float64)
        shares = known / known.sum()
        if self.mean_difference <= 0.0:
            mean = 0.5 * float(np.sum(np.sqrt(shares * (1 - shares))))
        else:
            below = _below(known)
            mean = _along(self.bins, np.sqrt(below * (1 - below))) / self.mean_difference
        return max(2.0 / np.pi * mean**2, _LEAST_NOISE)

    def shares(self, counts: IntArray) -> list[float]:
        """Share of the rows in each group."""
        found = np.bincount(self.group, counts, minlength=self.groups)
        return [float(n) / max(int(counts.sum()), 1) for n in found]


def _along(bins: Bins, heights: FloatArray) -> float:
    """Integral over the values of a step function that is given at each bin's upper cut."""
    cuts = np.asarray(bins.cuts or (), dtype=np.float64)
    return float(np.sum(heights[: max(len(cuts) - 1, 0)] * np.diff(cuts)))


def _below(known: IntArray | FloatArray) -> FloatArray:
    """Share of the known values at or below each bin's upper cut."""
    return np.asarray(np.cumsum(known) / max(float(known.sum()), 1.0))


def _tenths(known: IntArray) -> IntArray:
    """Neighbouring bins together, about a tenth of the reference each; a heavy one by itself."""
    total = max(int(known.sum()), 1)
    middle = (np.cumsum(known) - known / 2) / total
    return _numbered(np.minimum((middle * GROUPS).astype(np.int64), GROUPS - 1))


def _rare_together(known: IntArray) -> IntArray:
    total = max(int(known.sum()), 1)
    own = known >= _RARE * total
    own[-1] = False
    return np.where(own, np.cumsum(own) - 1, int(own.sum())).astype(np.int64)


def _numbered(labels: IntArray) -> IntArray:
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)

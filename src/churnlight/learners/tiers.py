"""Risk tiers: cuts learned on calibration predictions, frozen, and applied to later ones.

A probability belongs to the highest tier whose cut it reaches (p >= cut). Rows with the same
probability are never parted. Where ties allow no exact share, the cut falls where the tier and all
above it come nearest to the wanted share (the larger on a draw), but a tier is not left empty while
a distinct probability is left for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from churnlight.errors import DataRefused
from churnlight.learners.dataset import AnyArray, FloatArray, IntArray
from churnlight.params.learning import TiersParams


@dataclass(frozen=True)
class Tiers:
    """Frozen tiers.

    Attributes:
        names: in rising risk.
        cuts: the least probability of each tier above the lowest, in rising order; infinite for a
            tier that nobody reaches.
    """

    names: tuple[str, ...]
    cuts: tuple[float, ...]

    def number(self, probability: FloatArray) -> IntArray:
        """The tier's number, 0 the lowest, of each row; shape (rows,)."""
        return np.searchsorted(np.array(self.cuts), probability, side="right").astype(np.int64)

    def apply(self, probability: FloatArray) -> AnyArray:
        """The tier's name of each row, shape (rows,)."""
        return np.array(self.names, dtype=object)[self.number(probability)]

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it; null for a cut that nobody reaches."""
        return {
            "names": list(self.names),
            "cuts": [c if np.isfinite(c) else None for c in self.cuts],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Tiers:
        """The inverse of `to_json`."""
        cuts = tuple(np.inf if c is None else float(c) for c in content["cuts"])
        return cls(tuple(content["names"]), cuts)


def learn(probability: FloatArray, params: TiersParams) -> Tiers:
    """Cut by share.

    Args:
        probability: calibrated predictions of the calibration rows, shape (rows,).
        params: section `tiers`.

    Raises:
        DataRefused: when there are no rows.
    """
    if len(probability) == 0:
        raise DataRefused(
            "tiers: no calibration predictions to cut: the calibration cohort is empty; "
            "give the role 'calibrate' to another as_of, or widen the cohort"
        )
    values, counts = np.unique(probability, return_counts=True)
    values, reached = values[::-1], np.cumsum(counts[::-1])  # rows at or above each value
    total = len(probability)
    floor_kept = params.shares[0] > 0
    cuts: list[float] = []
    taken, cut, wanted = 0, np.inf, 0.0
    for share in params.shares[:0:-1]:  # from the highest tier down
        wanted += share
        open_ = (reached > taken) & ((reached < total) | (not floor_kept))
        if share > 0 and open_.any():
            distance = np.where(open_, np.abs(reached - wanted * total), np.inf)
            # The last of the nearest is the larger tier; the tolerance takes float noise out.
            place = int(np.flatnonzero(distance <= distance.min() + 1e-6)[-1])
            cut, taken = float(values[place]), int(reached[place])
        cuts.append(cut)
    return Tiers(params.names, tuple(cuts[::-1]))

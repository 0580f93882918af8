"""Risk tiers: cuts on the calibrated probability, frozen, and applied to later months.

A probability belongs to the highest tier whose cut it reaches (p >= cut), so rows with the same
probability are never parted. Three ways to cut (`tiers.by`):

- share: learned from calibration predictions. Where ties allow no exact share, the cut falls where
  the tier and all above it come nearest to the wanted share (the larger on a draw), but a tier is
  not left empty while a distinct probability is left for it.
- probability: as the parameters say.
- profit: where the expected profit of contacting one subscriber reaches the wanted level. With a
  probability p, the mean acceptance g of `evaluate.profit`'s Beta, value V, offer O, contact C

      profit(p) = p g (V - O) - (1 - p) O - C

  as in Verbraken, Verbeke and Baesens (2013): a churner accepts with g and stays, who would have
  stayed takes the offer anyway. It rises with p, so each level is one probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from churnlight.errors import DataRefused, UsageError
from churnlight.learners.dataset import AnyArray, FloatArray, IntArray
from churnlight.params.judging import ProfitParams
from churnlight.params.learning import TiersParams


@dataclass(frozen=True)
class Tiers:
    """Frozen tiers.

    Attributes:
        names: in rising risk.
        cuts: the least probability of each tier above the lowest, in rising order; infinite for a
            tier that nobody reaches.
        by: what cut them: share, probability or profit.
    """

    names: tuple[str, ...]
    cuts: tuple[float, ...]
    by: str = "share"

    def number(self, probability: FloatArray) -> IntArray:
        """The tier's number, 0 the lowest, of each row; shape (rows,)."""
        return np.searchsorted(np.array(self.cuts), probability, side="right").astype(np.int64)

    def apply(self, probability: FloatArray) -> AnyArray:
        """The tier's name of each row, shape (rows,)."""
        return np.array(self.names, dtype=object)[self.number(probability)]

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it; null for a cut that nobody reaches."""
        return {
            "by": self.by,
            "names": list(self.names),
            "cuts": [c if np.isfinite(c) else None for c in self.cuts],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Tiers:
        """The inverse of `to_json`."""
        cuts = tuple(np.inf if c is None else float(c) for c in content["cuts"])
        return cls(tuple(content["names"]), cuts, content.get("by", "share"))


def learn(
    probability: FloatArray, params: TiersParams, profit: ProfitParams | None = None
) -> Tiers:
    """Cut as `tiers.by` says.

    Args:
        probability: calibrated predictions of the calibration rows, shape (rows,).
        params: section `tiers`.
        profit: section `evaluate.profit`, for cuts by profit; its defaults where None.

    Raises:
        DataRefused: when there are no rows.
        UsageError: when a wanted profit can't be reached even by a certain churner.
    """
    if params.by == "probability":
        return Tiers(params.names, params.probabilities, "probability")
    if params.by == "profit":
        costs = profit or ProfitParams()
        cuts = tuple(probability_of(level, costs) for level in params.profits_money)
        return Tiers(params.names, cuts, "profit")
    return _by_share(probability, params)


def expected_profit_money(probability: FloatArray, costs: ProfitParams) -> FloatArray:
    """Expected profit of contacting each subscriber, money; the formula stands above."""
    accepted = costs.alpha / (costs.alpha + costs.beta)
    saved = accepted * (costs.value_money - costs.offer_money)
    return probability * saved - (1 - probability) * costs.offer_money - costs.contact_money


def probability_of(level_money: float, costs: ProfitParams) -> float:
    """The probability from which a contact is expected to earn `level_money`.

    Raises:
        UsageError: when not even a certain churner earns it.
    """
    nobody, certain = expected_profit_money(np.array([0.0, 1.0]), costs)
    if level_money > certain:
        raise UsageError(
            f"tiers.profits_money: {level_money:g} is out of reach: contacting a certain churner "
            f"earns {certain:g} by evaluate.profit; lower the level, or put the costs right"
        )
    return float((level_money - nobody) / (certain - nobody))


def _by_share(probability: FloatArray, params: TiersParams) -> Tiers:
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

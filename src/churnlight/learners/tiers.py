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

On request a tier is sticky (`Tiers.sticky`): around each cut lies a margin, inside which a
subscriber keeps the tier of the month before. The margin is in log-odds, so that it means the same
at a cut of 2 % as at one of 60 %: the odds of leaving must be exp(margin) times the cut's to rise,
and the cut's divided by that to fall (a hysteresis, as of a thermostat).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from churnlight.errors import DataRefused, UsageError
from churnlight.learners.dataset import AnyArray, FloatArray, IntArray
from churnlight.params.judging import ProfitParams
from churnlight.params.learning import TiersParams

Hold = Literal["both", "falls"]


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

    def sticky(
        self,
        probability: FloatArray,
        previous: IntArray,
        margin: float,
        *,
        hold: Hold = "both",
        reach: tuple[float, float] = (0.0, 1.0),
    ) -> IntArray:
        """The tier's number where last month's tier counts: it changes only clearly over a cut.

        A score that is clearly over several cuts moves over all of them at once, and over those
        alone. So nobody stands further from `number` than before; and the tier that comes out,
        handed in again with the same score, stays.

        Args:
            probability: of the rows, shape (rows,).
            previous: the tier's number in the month before, shape (rows,); -1: there was none, and
                the plain tier counts.
            margin: in log-odds, at least 0; with 0 it is the plain tier.
            hold: what waits for the margin: rises and falls, or falls alone.
            reach: lowest and highest probability that the model can give. No margin asks for more:
                the highest score there is is clearly over a cut, the lowest clearly under it.

        Raises:
            UsageError: when the margin is negative or no number.
        """
        if not margin >= 0:
            raise UsageError(f"score.hysteresis is {margin:g}: expected a margin of at least 0")
        cuts = np.array(self.cuts, dtype=np.float64)
        lowest, highest = reach
        fall = np.maximum(_shifted(cuts, -margin), np.minimum(cuts, np.nextafter(lowest, np.inf)))
        rise = cuts
        if hold == "both":
            rise = np.minimum(_shifted(cuts, margin), np.maximum(cuts, highest))
        risen = np.searchsorted(rise, probability, side="right")
        fallen = np.searchsorted(fall, probability, side="right")
        held = np.clip(previous, risen, fallen)
        return np.where(previous < 0, self.number(probability), held).astype(np.int64)

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


def _shifted(cuts: FloatArray, margin: float) -> FloatArray:
    """Cuts moved by so much in log-odds, in rising order, none to the other side of its place.

    A cut that nobody or everybody reaches stays where it is.
    """
    if margin == 0:
        return cuts
    inside = (cuts > 0) & (cuts < 1)
    odds = np.exp(margin) * cuts[inside] / (1 - cuts[inside])
    moved = cuts.copy()
    # Rounding must neither move a cut the wrong way, nor change the order of two close ones.
    moved[inside] = np.maximum.accumulate(odds / (1 + odds))
    return np.maximum(moved, cuts) if margin > 0 else np.minimum(moved, cuts)


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

"""Sections that the models read: train, calibrate, tiers, explain."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from churnlight.params.base import Section, Share


class TreeParams(Section):
    """The decision tree."""

    max_leaves: int = Field(default=24, ge=2)
    min_leaf_share: Share = 0.004


class GbmParams(Section):
    """LightGBM."""

    learning_rate: float = Field(default=0.03, gt=0, le=1)
    num_leaves: int = Field(default=15, ge=2)
    min_data_in_leaf: int = Field(default=40, ge=1)
    feature_fraction: float = Field(default=0.5, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    lambda_l2: float = Field(default=5.0, ge=0)
    max_rounds: int = Field(default=2000, ge=1)
    early_stopping_rounds: int = Field(default=50, ge=1)


class TuneParams(Section):
    """The search for better settings of LightGBM."""

    trials: int = Field(default=0, ge=0)


class TrainParams(Section):
    """What both learners share."""

    seed: int = 20250101
    treated: Literal["drop", "keep"] = "drop"
    min_churners: int = Field(default=20, ge=1)
    folds: int = Field(default=5, ge=2)
    champion: Literal["tree", "gbm"] = "gbm"
    tree: TreeParams = TreeParams()
    gbm: GbmParams = GbmParams()
    tune: TuneParams = TuneParams()


class CalibrateParams(Section):
    """From raw score to probability."""

    method: Literal["auto", "isotonic", "platt", "none"] = "auto"
    folds: int = Field(default=5, ge=2)
    clip: float = Field(default=1e-4, gt=0, lt=0.5)


class TiersParams(Section):
    """Names in rising risk, and what parts one tier from the next.

    Attributes:
        by: which of the three lists below cuts.
        names: of the tiers.
        shares: of the cohort that each tier holds on the calibrate as_of.
        probabilities: the least probability of each tier above the lowest.
        profits_money: the least expected profit of a contact, of each tier above the lowest.
    """

    by: Literal["share", "probability", "profit"] = "share"
    names: tuple[str, ...] = ("blue", "green", "yellow", "red", "white")
    shares: tuple[float, ...] = (0.60, 0.25, 0.10, 0.04, 0.01)
    probabilities: tuple[float, ...] = (0.05, 0.15, 0.35, 0.60)
    profits_money: tuple[float, ...] = (0.0, 5.0, 15.0, 30.0)

    @model_validator(mode="after")
    def _match(self) -> TiersParams:
        if len(set(self.names)) != len(self.names):
            raise ValueError("tiers.names holds a name twice")
        if taken := sorted({"new", "gone"} & set(self.names)):
            raise ValueError(
                f"tiers.names holds {', '.join(taken)}: so movements call who comes into the "
                "cohort, and who goes"
            )
        if self.by == "share":
            self._hold_shares()
        elif self.by == "probability":
            self._hold_cuts("probabilities", self.probabilities)
            if not all(0 < p < 1 for p in self.probabilities):
                raise ValueError("tiers.probabilities: each must stand between 0 and 1")
        else:
            self._hold_cuts("profits_money", self.profits_money)
        return self

    def _hold_shares(self) -> None:
        if len(self.names) != len(self.shares):
            raise ValueError(
                f"tiers.names has {len(self.names)} entries, tiers.shares {len(self.shares)}"
            )
        if any(s < 0 for s in self.shares) or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"tiers.shares adds up to {sum(self.shares):g}, not to 1")

    def _hold_cuts(self, name: str, cuts: tuple[float, ...]) -> None:
        if len(cuts) != len(self.names) - 1:
            raise ValueError(
                f"tiers.{name} has {len(cuts)} entries, tiers.names {len(self.names)}: give one "
                "for each tier above the lowest"
            )
        if any(a >= b for a, b in pairwise(cuts)):
            raise ValueError(f"tiers.{name} does not rise: {', '.join(f'{c:g}' for c in cuts)}")


class ExplainParams(Section):
    """How much is explained."""

    reasons: int = Field(default=3, ge=1)
    check_rows: int = Field(default=500, ge=1)

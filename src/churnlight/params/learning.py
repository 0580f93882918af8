"""Sections that the models read: train, calibrate, tiers, evaluate, explain."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from churnlight.params.base import Section, Share


class TreeParams(Section):
    """The decision tree."""

    max_leaves: int = Field(default=24, ge=2)
    min_leaf_share: Share = 0.004


class GbmParams(Section):
    """LightGBM."""

    learning_rate: float = Field(default=0.05, gt=0, le=1)
    num_leaves: int = Field(default=15, ge=2)
    min_data_in_leaf: int = Field(default=40, ge=1)
    feature_fraction: float = Field(default=0.5, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    lambda_l2: float = Field(default=5.0, ge=0)
    max_rounds: int = Field(default=600, ge=1)
    early_stopping_rounds: int = Field(default=50, ge=1)


class TrainParams(Section):
    """What both learners share."""

    seed: int = 20250101
    treated: Literal["drop", "keep"] = "drop"
    min_churners: int = Field(default=20, ge=1)
    folds: int = Field(default=5, ge=2)
    champion: Literal["tree", "gbm"] = "gbm"
    tree: TreeParams = TreeParams()
    gbm: GbmParams = GbmParams()


class CalibrateParams(Section):
    """From raw score to probability."""

    method: Literal["auto", "isotonic", "platt", "none"] = "auto"
    folds: int = Field(default=5, ge=2)
    clip: float = Field(default=1e-4, gt=0, lt=0.5)


class TiersParams(Section):
    """Names in rising risk; the share of the cohort that each tier above the lowest holds."""

    names: tuple[str, ...] = ("blue", "green", "yellow", "red", "white")
    shares: tuple[float, ...] = (0.60, 0.25, 0.10, 0.04, 0.01)

    @model_validator(mode="after")
    def _match(self) -> TiersParams:
        if len(self.names) != len(self.shares):
            raise ValueError(
                f"tiers.names has {len(self.names)} entries, tiers.shares {len(self.shares)}"
            )
        if len(set(self.names)) != len(self.names):
            raise ValueError("tiers.names holds a name twice")
        if any(s < 0 for s in self.shares) or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"tiers.shares adds up to {sum(self.shares):g}, not to 1")
        return self


class EvaluateParams(Section):
    """What is measured on the test as_of."""

    bootstrap: int = Field(default=1000, ge=100)
    seed: int = 7
    top_shares: tuple[float, ...] = (0.01, 0.05, 0.10, 0.20)


class ExplainParams(Section):
    """How much is explained."""

    reasons: int = Field(default=3, ge=1)
    check_rows: int = Field(default=500, ge=1)

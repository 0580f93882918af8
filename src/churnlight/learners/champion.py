"""Both models with their calibration and tiers, as one thing that scores a feature table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlight.errors import ChurnlightError
from churnlight.files import write_json
from churnlight.learners import calibration, gbm, tiers, tree
from churnlight.learners.calibration import Calibration
from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray
from churnlight.learners.folds import folds
from churnlight.learners.gbm import Gbm
from churnlight.learners.stored import hold, hold_together, read_stored, seal
from churnlight.learners.tiers import Tiers
from churnlight.learners.tree import Tree
from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.judging import ProfitParams
from churnlight.params.learning import CalibrateParams, TiersParams

LearnerName = Literal["gbm", "tree"]
LEARNERS: tuple[LearnerName, ...] = ("gbm", "tree")
FILE = "tiers.json"
# The folders of a model that scores.
MODEL_PARTS = (*LEARNERS, "tiers")
_APART = 2  # tiers between the two models from which a row is flagged


@dataclass(frozen=True)
class Scale:
    """What turns one learner's raw score into probability and tier.

    Attributes:
        calibration: raw score -> probability.
        tiers: probability -> tier.
        rates: tier -> (rows, churners) of the calibration rows, each calibrated and put into a tier
            by the other folds; for people, nothing computes with it.
    """

    calibration: Calibration
    tiers: Tiers
    rates: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "calibration": self.calibration.to_json(),
            "tiers": self.tiers.to_json(),
            "rates": [
                {"tier": name, "rows": rows, "churners": churners}
                for name, (rows, churners) in self.rates.items()
            ],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Scale:
        """The inverse of `to_json`."""
        return cls(
            Calibration.from_json(content["calibration"]),
            Tiers.from_json(content["tiers"]),
            {r["tier"]: (r["rows"], r["churners"]) for r in content.get("rates", [])},
        )


def learn_scale(  # noqa: PLR0913 - three arrays of the rows, three sections, one seed
    raw: FloatArray,
    churned: BoolArray,
    account: AnyArray,
    calibrate: CalibrateParams,
    tier: TiersParams,
    *,
    seed: int,
    profit: ProfitParams | None = None,
) -> Scale:
    """Calibrate one learner and cut its tiers on the same rows.

    Args:
        raw: the learner's raw scores of rows it did not learn from, shape (rows,).
        churned: their label.
        account: their group for the folds.
        calibrate: section `calibrate`.
        tier: section `tiers`.
        seed: of the folds by account.
        profit: section `evaluate.profit`, for tiers by profit.

    Raises:
        DataRefused: when the rows hold one class only.
        UsageError: when a wanted profit is out of reach.
    """
    found = calibration.learn(raw, churned, account, calibrate, seed)
    cut = tiers.learn(found.apply(raw), tier, profit)
    fixed = calibrate.model_copy(update={"method": found.method})
    number = np.full(len(raw), -1, dtype=np.int64)
    fold = folds(account, calibrate.folds, seed, churned)
    for out in (fold == k for k in np.unique(fold)):
        kept = churned[~out]
        if kept.any() and not kept.all():
            part = calibration.learn(raw[~out], kept, account[~out], fixed, seed)
            cuts = tiers.learn(part.apply(raw[~out]), tier, profit)
            number[out] = cuts.number(part.apply(raw[out]))
    rates = {
        name: (int((number == i).sum()), int(churned[number == i].sum()))
        for i, name in enumerate(cut.names)
    }
    return Scale(found, cut, rates)


def save_scales(folder: Path, scales: Mapping[LearnerName, Scale], champion: LearnerName) -> None:
    """Write tiers.json: calibration and tiers by learner, and which learner is champion.

    And the manifest with its hash.
    """
    write_json(
        folder / FILE,
        {
            "schema_version": SCHEMA_VERSION,
            "champion": champion,
            "models": {name: scale.to_json() for name, scale in scales.items()},
        },
    )
    seal(folder)


def hold_models(models: Path) -> None:
    """Hold every file of `models`/gbm, tree and tiers to what was written.

    Raises:
        ChurnlightError: names the file or folder that differs.
    """
    for part in MODEL_PARTS:
        hold(models / part)
    hold_together(models / "tiers", {name: models / name for name in LEARNERS})


@dataclass(frozen=True)
class Bundle:
    """Everything that scoring needs.

    Attributes:
        gbm, tree: the models.
        scales: calibration and tiers by learner.
        champion: the learner whose probability and tier go to the retention team.
    """

    gbm: Gbm
    tree: Tree
    scales: Mapping[str, Scale]
    champion: LearnerName

    @classmethod
    def load(cls, models: Path) -> Bundle:
        """Read `models`/gbm, `models`/tree and `models`/tiers.

        Raises:
            ChurnlightError: when files are missing or not as they were written, the tiers were made
                with other models, or the two models differ in their features.
        """
        content = read_stored(models / "tiers" / FILE)
        hold_models(models)
        scales = {name: Scale.from_json(s) for name, s in content["models"].items()}
        bundle = cls(
            gbm.load(models / "gbm"), tree.load(models / "tree"), scales, content["champion"]
        )
        if bundle.gbm.encoder != bundle.tree.encoder:
            raise ChurnlightError(
                f"{models}: gbm and tree were trained on different features: train both again"
            )
        return bundle

    @property
    def tier_names(self) -> tuple[str, ...]:
        """In rising risk."""
        return self.scales[self.champion].tiers.names

    def predict_both(self, frame: pd.DataFrame, threads: int = 1) -> pd.DataFrame:
        """Score by both learners.

        Returns:
            probability_gbm, tier_gbm, probability_tree, tier_tree; index of `frame`.

        Raises:
            DataRefused: names a column that does not fit.
        """
        columns: dict[str, AnyArray] = {}
        for name, model in (("gbm", self.gbm), ("tree", self.tree)):
            probability = self.scales[name].calibration.apply(model.raw(frame, threads))
            columns[f"probability_{name}"] = probability
            columns[f"tier_{name}"] = self.scales[name].tiers.apply(probability)
        return pd.DataFrame(columns, index=frame.index)

    def predict(self, frame: pd.DataFrame, threads: int = 1) -> pd.DataFrame:
        """Score by the champion, with the tree beside it.

        Returns:
            probability, tier, probability_tree, tier_tree, leaf (the tree's, as `Tree.leaf` gives
            it), models_apart (whether tree and LightGBM put the row two tiers apart or more); index
            of `frame`.

        Raises:
            DataRefused: names a column that does not fit.
        """
        both = self.predict_both(frame, threads)
        number = {
            name: self.scales[name].tiers.number(both[f"probability_{name}"].to_numpy())
            for name in LEARNERS
        }
        return pd.DataFrame(
            {
                "probability": both[f"probability_{self.champion}"],
                "tier": both[f"tier_{self.champion}"],
                "probability_tree": both["probability_tree"],
                "tier_tree": both["tier_tree"],
                "leaf": self.tree.leaf(frame),
                "models_apart": np.abs(number["gbm"] - number["tree"]) >= _APART,
            }
        )

"""Grow the models that the scoring bench scores with: 300 trees, on a label made for it.

Whether anybody leaves is drawn from a made rule over the features of the generated operator, so
that trees have something to ask; nothing in it says how well churn is predicted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.base import AS_OF
from benchmarks.machine import answer
from churnlight.explain.contributions import spread_evenly
from churnlight.learners import champion, tree
from churnlight.learners.dataset import BoolArray, Dataset
from churnlight.learners.encoding import Encoder
from churnlight.learners.gbm import Gbm
from churnlight.learners.stored import load_booster
from churnlight.params.learning import CalibrateParams, TiersParams, TrainParams
from churnlight.paths import Project

_SHARE = 0.05  # of churners, roughly
_ASKED = 24  # features that the label follows


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Write gbm, tree and tiers below the project's models.

    Args:
        spec: `project` (with features), `learn_rows`, `trees`, `leaves`, `threads`.

    Raises:
        ValueError: when the model has not the trees and leaves that were asked for.
    """
    project = Project(Path(spec["project"]))
    features = pd.read_parquet(project.features(AS_OF) / "features.parquet")
    picked = spread_evenly(len(features), 2 * spec["learn_rows"])
    frame = features.iloc[picked].drop(columns="subscriber_id").reset_index(drop=True)
    churned = made_label(frame)
    half = np.arange(len(frame)) % 2 == 0
    learn, hold = (
        Dataset.of(frame[rows], churned[rows], np.flatnonzero(rows)) for rows in (half, ~half)
    )
    gbm = _grown(learn, spec)
    rules = tree.fit(learn, hold, TrainParams())
    gbm.save(project.model("gbm"))
    rules.save(project.model("tree"))
    raws = (gbm.raw(hold.frame, spec["threads"]), rules.raw(hold.frame))
    scales: dict[champion.LearnerName, champion.Scale] = {
        name: champion.learn_scale(
            raw,
            hold.churned,
            hold.account,
            CalibrateParams(),
            TiersParams(),
            seed=1,
        )
        for name, raw in zip(champion.LEARNERS, raws, strict=True)
    }
    champion.save_scales(project.tiers, scales, "gbm")
    return {"features": frame.shape[1], "tree_leaves": len(rules.nodes.leaves)}


def made_label(frame: pd.DataFrame) -> BoolArray:
    """Churned or not, by some features' ranks, bent and in pairs, and by chance. Shape (rows,)."""
    random = np.random.default_rng(11)
    ranks = np.column_stack(
        [frame[name].rank(pct=True).fillna(0.5).to_numpy() for name in frame.columns]
    )
    names = random.permutation(ranks.shape[1])[:_ASKED]
    level = np.full(len(frame), float(np.log(_SHARE / (1 - _SHARE))))
    for one, other in zip(names[::2], names[1::2], strict=True):
        level += random.normal(0, 1.2) * (ranks[:, one] - 0.5)
        level += random.normal(0, 2.0) * (ranks[:, one] - 0.5) * (ranks[:, other] > 0.4)
    return np.asarray(random.random(len(frame)) < 1 / (1 + np.exp(-level)))


def _grown(data: Dataset, spec: dict[str, Any]) -> Gbm:
    import lightgbm

    encoder = Encoder.learn(data.frame)
    settings = {
        "objective": "binary", "num_leaves": spec["leaves"], "learning_rate": 0.05,
        "min_data_in_leaf": 20, "verbosity": -1, "num_threads": spec["threads"],
        "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    rows = lightgbm.Dataset(
        encoder.transform(data.frame),
        data.churned.astype(np.float64),
        feature_name=encoder.names,
        categorical_feature=encoder.category_indexes,
    )
    text = lightgbm.train(settings, rows, spec["trees"]).model_to_string()
    booster = load_booster(text, "the model just grown")
    leaves = [t["num_leaves"] for t in booster.dump_model()["tree_info"]]
    if len(leaves) != spec["trees"] or min(leaves) != spec["leaves"]:
        raise ValueError(f"{len(leaves)} trees of {min(leaves)} or more leaves: grow on more rows")
    return Gbm(encoder, text, booster, {})


if __name__ == "__main__":
    answer(measure)

"""A small project just before the stage score: features and labels of one as_of, and models.

The features are named as in the catalogue, so that its reasons and sentences apply.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from churnlight.learners.champion import Bundle, save_scales
from churnlight.learners.dataset import Dataset
from churnlight.params.learning import GbmParams, TrainParams
from churnlight.paths import Project
from churnlight.tables.fitting import Settings, learn

AS_OF = "2026-01-01"
NAMES = ("silent_days", "bill_money", "brand_category")


def features(rows: int, seed: int = 3) -> pd.DataFrame:
    draws = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "silent_days": draws.exponential(8, rows),
            "bill_money": np.where(draws.random(rows) < 0.2, np.nan, draws.gamma(4, 30, rows)),
            "brand_category": pd.Series(draws.choice(["go", "zone"], rows), dtype="str"),
        }
    )


def make_bundle() -> Bundle:
    frame = features(600, 1)
    churned = np.random.default_rng(2).random(600) < 1 / (1 + np.exp(2 - frame["silent_days"] / 8))
    settings = Settings(train=TrainParams(gbm=GbmParams(max_rounds=20)), by_size=False)
    return learn(Dataset.of(frame, churned, range(600)), settings).bundle


def save_models(made: Project, bundle: Bundle) -> None:
    bundle.gbm.save(made.model("gbm"))
    bundle.tree.save(made.model("tree"))
    scales = {"gbm": bundle.scales["gbm"], "tree": bundle.scales["tree"]}
    save_scales(made.tiers, scales, "gbm")


def make_project(folder: Path, rows: int) -> Project:
    made = Project(folder)
    ids = np.arange(1000, 1000 + rows, dtype=np.int64)
    made.features(AS_OF).mkdir(parents=True)
    frame = features(rows)
    frame.insert(0, "subscriber_id", ids)
    frame.to_parquet(made.features(AS_OF) / "features.parquet", row_group_size=70)
    made.labels(AS_OF).mkdir(parents=True)
    labels = pd.DataFrame(
        {
            "subscriber_id": ids,
            "account_id": ids // 2,
            "monthly_bill_money": np.arange(rows) + 80.5,
            "activated_on": date(2024, 1, 1),
            "left_before_cutoff": np.arange(rows) % 50 == 7,
        }
    )
    labels.to_parquet(made.labels(AS_OF) / "labels.parquet")
    return made

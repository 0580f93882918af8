"""Measure SHAP values: ours, LightGBM's `pred_contrib` and `shap.TreeExplainer`, on one model."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.churn_table import table
from benchmarks.machine import answer, timed


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Rows a second of each, and how far ours is from LightGBM's own.

    Args:
        spec: `learn_rows` (to grow the model on), `rows` (explained by us), `peer_rows` (by the
            peers), `features`, `trees`, `leaves`, `threads`, `repeats`.

    Raises:
        ValueError: when the model has not the trees and leaves that were asked for.
    """
    import lightgbm
    import shap

    from churnlight.explain import fast
    from churnlight.explain.contributions import contributions
    from churnlight.learners.encoding import Encoder
    from churnlight.learners.gbm import Gbm

    learned = table(spec["learn_rows"], spec["features"], 1)
    frame = learned.drop(columns=["id", "churned"])
    encoder = Encoder.learn(frame)
    settings = {
        "objective": "binary", "num_leaves": spec["leaves"], "verbosity": -1,
        "num_threads": spec["threads"], "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    rows = lightgbm.Dataset(
        encoder.transform(frame),
        learned["churned"],
        categorical_feature=encoder.category_indexes,
    )
    booster = lightgbm.train(settings, rows, spec["trees"])
    leaves = [t["num_leaves"] for t in booster.dump_model()["tree_info"]]
    if len(leaves) != spec["trees"] or min(leaves) != spec["leaves"]:
        raise ValueError(f"{len(leaves)} trees of {min(leaves)} or more leaves: grow on more rows")
    gbm = Gbm(encoder, booster.model_to_string(), booster, {})
    asked = table(spec["rows"], spec["features"], 2).drop(columns=["id", "churned"])
    few = encoder.transform(asked.iloc[: spec["peer_rows"]])
    start = time.perf_counter()
    fast.shap_values(gbm.text, few[:1], 1)
    ready = time.perf_counter() - start
    values: list[Any] = []

    def explain() -> None:
        values[:] = [contributions(gbm, asked, spec["threads"])]

    ours = timed(explain, spec["repeats"])
    own = booster.predict(few, pred_contrib=True, num_threads=spec["threads"])
    peers = {
        "pred_contrib": lambda: booster.predict(
            few, pred_contrib=True, num_threads=spec["threads"]
        ),
        "tree_explainer": lambda: shap.TreeExplainer(booster).shap_values(few),
    }
    seconds = {name: timed(run, spec["repeats"])["seconds"] for name, run in peers.items()}
    return {
        **{k: spec[k] for k in ("rows", "peer_rows", "features", "trees", "leaves")},
        **ours,
        "rows_per_second": round(spec["rows"] / ours["seconds"]),
        "seconds_ready": round(ready, 3),
        "peer_seconds": seconds,
        "peer_rows_per_second": {n: round(spec["peer_rows"] / s) for n, s in seconds.items()},
        "largest_difference": float(np.max(np.abs(values[0][: len(own)] - own))),
    }


if __name__ == "__main__":
    answer(measure)

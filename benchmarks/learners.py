"""Measure `churnlight fit` and `predict`, or scikit-learn's boosted trees, on one made table."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.churn_table import table
from benchmarks.clocks import watched
from benchmarks.machine import answer, timed

# What the parts of `churnlight fit` are, by the function that does them.
PARTS = {
    "reading": ("churnlight.tables.fitting", "read_table"),
    "lightgbm, cross-fitted": ("churnlight.learners.gbm", "_boost_in_step"),
    "lightgbm, all rows": ("churnlight.learners.gbm", "_train"),
    "tree, cross-fitted and all rows": ("churnlight.learners.tree", "fit_folded"),
    "calibration and tiers": ("churnlight.tables.fitting", "learn_scale"),
    "rules and importance": ("churnlight.tables.fitting", "_save_findings"),
}
PEERS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "early_stopping": {"early_stopping": True, "max_iter": 5000},
}


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds to fit and to predict, and how well held-out rows are predicted.

    Args:
        spec: `what` ("make" writes the tables, "ours", or one of `PEERS`), `train`, `test` (files),
            `rows`, `held_out`, `features`, `threads`, `repeats` (of the prediction), `work`.
    """
    train, test = Path(spec["train"]), Path(spec["test"])
    if spec["what"] == "make":
        for path, rows, seed in ((train, spec["rows"], 1), (test, spec["held_out"], 2)):
            table(rows, spec["features"], seed).to_parquet(path, index=False)
        return {}
    found = _ours(spec, train, test) if spec["what"] == "ours" else _theirs(spec, train, test)
    return found | {k: spec[k] for k in ("rows", "held_out", "features")}


def _ours(spec: dict[str, Any], train: Path, test: Path) -> dict[str, Any]:
    from churnlight.tables.fitting import Columns, Settings, fit_table
    from churnlight.tables.predicting import Request, TableModel, predict_table

    out = Path(spec["work"]) / "model"
    parts: dict[str, float] = {}
    start = time.perf_counter()
    with watched(PARTS, parts):
        fit_table(train, Columns("churned", "id"), out, Settings(), spec["threads"])
    seconds = time.perf_counter() - start
    model = TableModel.load(out)
    held = pd.read_parquet(test)
    scored: list[pd.DataFrame] = []

    def predict() -> None:
        scored[:] = [model.predict(model.features(held), threads=spec["threads"])]

    told = _predicted(predict, spec, seconds)
    request = Request(test, Path(spec["work"]) / "scores.parquet")
    whole = timed(lambda: predict_table(out, request, spec["threads"]), spec["repeats"])
    tree = model.predict(model.features(held), learner="tree", threads=spec["threads"])
    return {
        **told,
        **_accuracy(held["churned"], scored[0]["probability"]),
        "tree": _accuracy(held["churned"], tree["probability"]),
        "rounds": model.bundle.gbm.training["rounds"],
        "leaves": model.bundle.tree.training["leaves"],
        "seconds_by_part": {name: round(s, 2) for name, s in parts.items()},
        "seconds_from_file_to_file": whole["seconds"],
    }


def _theirs(spec: dict[str, Any], train: Path, test: Path) -> dict[str, Any]:
    """Categories are handed over as such; reading is not timed, since it is ours."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    rows, held = pd.read_parquet(train), pd.read_parquet(test)
    features = rows.drop(columns=["id", "churned"])
    known = features.select_dtypes(exclude="number").columns
    kinds = {name: pd.CategoricalDtype(sorted(features[name].unique())) for name in known}
    features, asked = features.astype(kinds), held[features.columns].astype(kinds)
    model = HistGradientBoostingClassifier(random_state=0, **PEERS[spec["what"]])
    scored: list[Any] = []

    def predict() -> None:
        scored[:] = [model.predict_proba(asked)[:, 1]]

    with threadpool_limits(spec["threads"]):
        start = time.perf_counter()
        model.fit(features, rows["churned"])
        told = _predicted(predict, spec, time.perf_counter() - start)
    return {**told, **_accuracy(held["churned"], scored[0]), "rounds": int(model.n_iter_)}


def _predicted(predict: Callable[[], None], spec: dict[str, Any], fit: float) -> dict[str, Any]:
    found = timed(predict, spec["repeats"])
    return {
        "seconds": round(fit, 2),
        "seconds_predict": found["seconds"],
        "seconds_predict_each": found["seconds_each"],
        "rows_per_second": round(spec["held_out"] / found["seconds"]),
    }


def _accuracy(churned: Any, probability: Any) -> dict[str, float]:
    from sklearn.metrics import log_loss, roc_auc_score

    return {
        "log_loss": round(float(log_loss(churned, probability)), 6),
        "roc_auc": round(float(roc_auc_score(churned, probability)), 6),
    }


if __name__ == "__main__":
    answer(measure)

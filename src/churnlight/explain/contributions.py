"""SHAP values: what each feature adds to a subscriber's raw score (log-odds)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import ChurnlightError
from churnlight.learners.dataset import FloatArray
from churnlight.learners.gbm import Gbm
from churnlight.logs import progress

CHUNK = 5_000  # rows at once; fixed, so that sums over chunks have one order
_TOLERANCE = 1e-6


def contributions(gbm: Gbm, frame: pd.DataFrame, threads: int = 1) -> FloatArray:
    """SHAP values by feature, with the expected value in the last column.

    Returns:
        Shape (rows, features + 1), log-odds; each row adds up to the raw score.
    """
    parts = [values for _, values in in_chunks(gbm, frame, threads)]
    return np.concatenate(parts) if parts else np.empty((0, len(gbm.encoder.columns) + 1))


def in_chunks(
    gbm: Gbm, frame: pd.DataFrame, threads: int = 1, chunk: int = CHUNK
) -> Iterator[tuple[slice, FloatArray]]:
    """The same, a chunk of rows at a time, so that memory does not grow with the rows.

    Yields:
        Which rows, and their values, shape (rows of the chunk, features + 1).
    """
    with progress("SHAP values", len(frame)) as advance:
        for start in range(0, len(frame), chunk):
            rows = slice(start, min(start + chunk, len(frame)))
            matrix = gbm.encoder.transform(frame.iloc[rows])
            values = gbm.booster.predict(matrix, pred_contrib=True, num_threads=threads)
            yield rows, np.asarray(values, dtype=np.float64)
            advance(rows.stop - rows.start)


def check_additive(gbm: Gbm, frame: pd.DataFrame, rows: int, threads: int = 1) -> float:
    """Hold SHAP values to the raw score on a sample spread evenly over the rows.

    Args:
        gbm: the model.
        frame: its features.
        rows: size of the sample, explain.check_rows.
        threads: of LightGBM.

    Returns:
        The largest difference, in log-odds.

    Raises:
        ChurnlightError: when they do not add up; nothing may be explained then.
    """
    if len(frame) == 0:
        return 0.0
    picked = np.unique(np.linspace(0, len(frame) - 1, min(rows, len(frame))).astype(np.int64))
    matrix = gbm.encoder.transform(frame.iloc[picked])
    values = gbm.booster.predict(matrix, pred_contrib=True, num_threads=threads)
    score = gbm.booster.predict(matrix, raw_score=True, num_threads=threads)
    worst = float(np.max(np.abs(np.sum(values, axis=1) - score)))
    if not worst <= _TOLERANCE:
        raise ChurnlightError(
            f"SHAP values miss the raw score by up to {worst:.3g} in {len(picked)} rows checked "
            f"(allowed: {_TOLERANCE:g}): the explanation does not belong to this model; train again"
        )
    return worst


def explanation(gbm: Gbm, frame: pd.DataFrame, threads: int = 1) -> Any:
    """The SHAP values as a native `shap.Explanation`, for shap's own plots."""
    import shap

    values = contributions(gbm, frame, threads)
    return shap.Explanation(
        values=values[:, :-1],
        base_values=values[:, -1],
        data=gbm.encoder.transform(frame),
        feature_names=gbm.encoder.names,
    )

"""SHAP values: what each feature adds to a subscriber's raw score (log-odds)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import ChurnlightError
from churnlight.explain import fast
from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.learners.gbm import Gbm
from churnlight.logs import progress

CHUNK = 16_384  # rows at once; fixed, so that sums over chunks have one order
_MUCH = 1_000_000  # rows x trees from which making `explain.fast` ready is worth its two seconds
_ADDS_UP = 1e-5  # to the raw score, log-odds
_EQUAL = 1e-4  # to LightGBM's own values, log-odds


def shap_chunk(
    gbm: Gbm, matrix: FloatArray, threads: int = 1, total: int | None = None
) -> FloatArray:
    """SHAP values of encoded rows; the one place that knows who works them out.

    LightGBM's own where there is little to do, and where `explain.fast` knows no better way.

    Args:
        gbm: the model.
        matrix: encoded features, shape (rows, features).
        threads: to use.
        total: rows that the model explains altogether; None: these.

    Returns:
        Shape (rows, features + 1), log-odds, the expected value in the last column.
    """
    rows = len(matrix) if total is None else total
    if rows * gbm.booster.num_trees() < _MUCH:
        return pred_contrib(gbm, matrix, threads)
    try:
        return fast.shap_values(gbm.text, matrix, threads)
    except (fast.NotSupportedError, ImportError):
        return pred_contrib(gbm, matrix, threads)


def pred_contrib(gbm: Gbm, matrix: FloatArray, threads: int = 1) -> FloatArray:
    """LightGBM's own SHAP values (Lundberg and others 2020, algorithm 2), as `shap_chunk`."""
    values = gbm.booster.predict(matrix, pred_contrib=True, num_threads=threads)
    return np.asarray(values, dtype=np.float64)


def contributions(gbm: Gbm, frame: pd.DataFrame, threads: int = 1) -> FloatArray:
    """SHAP values by feature, with the expected value in the last column.

    Returns:
        Shape (rows, features + 1), log-odds; each row adds up to the raw score.
    """
    parts = [values for _, values in in_chunks(gbm, frame, threads)]
    return np.concatenate(parts) if parts else np.empty((0, len(gbm.encoder.columns) + 1))


def in_chunks(
    gbm: Gbm,
    frame: pd.DataFrame,
    threads: int = 1,
    chunk: int = CHUNK,
    advance: Callable[[int], None] | None = None,
) -> Iterator[tuple[slice, FloatArray]]:
    """The same, a chunk of rows at a time, so that memory does not grow with the rows.

    Args:
        gbm: the model.
        frame: its features, shape (rows, features).
        threads: to use.
        chunk: rows at once.
        advance: told the rows just done; None: a progress of its own.

    Yields:
        Which rows, and their values, shape (rows of the chunk, features + 1).
    """
    with progress("SHAP values", len(frame)) if advance is None else nullcontext(advance) as tell:
        for start in range(0, len(frame), chunk):
            rows = slice(start, min(start + chunk, len(frame)))
            yield (
                rows,
                shap_chunk(gbm, gbm.encoder.transform(frame.iloc[rows]), threads, len(frame)),
            )
            tell(rows.stop - rows.start)


def spread_evenly(rows: int, count: int) -> IntArray:
    """Numbers of at most `count` of `rows` rows, spread evenly over them; shape (rows picked,)."""
    picked = np.unique(np.linspace(0, max(rows - 1, 0), min(count, rows)).astype(np.int64))
    return np.asarray(picked)


def check_additive(gbm: Gbm, frame: pd.DataFrame, rows: int, threads: int = 1) -> float:
    """Hold SHAP values to the raw score and to LightGBM's own, on rows spread evenly.

    Args:
        gbm: the model.
        frame: its features.
        rows: size of the sample, explain.check_rows.
        threads: to use.

    Returns:
        The largest difference from the raw score, in log-odds.

    Raises:
        ChurnlightError: when they differ; nothing may be explained then.
    """
    if len(frame) == 0:
        return 0.0
    picked = spread_evenly(len(frame), rows)
    matrix = gbm.encoder.transform(frame.iloc[picked])
    values = shap_chunk(gbm, matrix, threads, len(frame))
    score = gbm.booster.predict(matrix, raw_score=True, num_threads=threads)
    worst = float(np.max(np.abs(np.sum(values, axis=1) - score)))
    apart = float(np.max(np.abs(values - pred_contrib(gbm, matrix, threads))))
    for what, found, allowed in (
        ("miss the raw score", worst, _ADDS_UP),
        ("differ from LightGBM's own", apart, _EQUAL),
    ):
        if not found <= allowed:
            raise ChurnlightError(
                f"SHAP values {what} by up to {found:.3g} in {len(picked)} rows checked (allowed: "
                f"{allowed:g}): the explanation does not belong to this model; train again"
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

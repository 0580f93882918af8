"""The first step: subscribers who are nearly alike become one pre-cluster (BIRCH).

Source: T. Zhang, R. Ramakrishnan, M. Livny, "BIRCH", SIGMOD 1996, as in scikit-learn. What BIRCH
finds depends on the order of the rows, which is why SPSS advises a random order. Here the order
goes by a hash of what the rows hold: as good as random, and the same however the file is sorted and
whatever the subscribers are called. BIRCH reads the first `segments.learn_rows` of them; then
every row goes to the nearest pre-cluster.
"""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.segments.encoding import MISSING, Rows

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
# Missing values sit at their column's mean for this step; the second step leaves them out.
_AT_MEAN = 0.0
# Distance of two subscribers who differ in one category alone, in standard deviations.
_CATEGORY_APART = 1.0
# The threshold starts at this share of the usual distance between two rows and grows by a tenth.
_FIRST_THRESHOLD, _GROWTH = 0.2, 1.1
_BRANCHES = 50
_ROWS_AT_ONCE = 20_000


def content_order(rows: Rows) -> IntArray:
    """An order of the rows by a hash of their content; equal rows stay as they come."""
    hashed = np.zeros(len(rows), dtype=np.uint64)
    numbers = np.where(np.isnan(rows.numbers), np.inf, rows.numbers + 0.0)
    for column in (*numbers.T, *rows.codes.T):
        bits = np.ascontiguousarray(column).view(np.uint64)
        hashed = (hashed ^ bits) * _PRIME
        hashed ^= hashed >> _SHIFT
    return np.argsort(hashed, kind="stable")


def precluster(rows: Rows, levels: tuple[int, ...], most: int, learn_rows: int) -> IntArray:
    """Number of each row's pre-cluster, from 0; at most `most` of them.

    Args:
        rows: in the order of `content_order`.
        levels: values of each categorical feature.
        most: the threshold of BIRCH grows until there are no more pre-clusters than this.
        learn_rows: rows that BIRCH reads.
    """
    points = _points(rows, levels)
    # One thread: with more, the last digit of a sum may differ from run to run.
    with threadpool_limits(limits=1):
        centres = _centres(points[:learn_rows], most)
        nearest = [
            _nearest(points[start : start + _ROWS_AT_ONCE], centres)
            for start in range(0, len(points), _ROWS_AT_ONCE)
        ]
    _, numbers = np.unique(np.concatenate(nearest), return_inverse=True)
    return np.asarray(numbers, dtype=np.int64)


def _points(rows: Rows, levels: tuple[int, ...]) -> FloatArray:
    """Rows as points: numbers as they are, a column for each value of a category."""
    columns = [np.where(np.isnan(rows.numbers), _AT_MEAN, rows.numbers)]
    for level, codes in zip(levels, rows.codes.T, strict=True):
        known = np.flatnonzero(codes != MISSING)
        marks = np.zeros((len(rows), level))
        marks[known, codes[known]] = _CATEGORY_APART / np.sqrt(2.0)
        columns.append(marks)
    return np.ascontiguousarray(np.concatenate(columns, axis=1))


def _centres(points: FloatArray, most: int) -> FloatArray:
    distinct = np.unique(points, axis=0)
    if len(distinct) <= most:
        return distinct
    from sklearn.cluster import Birch

    threshold = _FIRST_THRESHOLD * float(np.sqrt(2.0 * points.var(axis=0).sum()))
    while True:
        birch = Birch(
            threshold=threshold,
            branching_factor=_BRANCHES,
            n_clusters=None,
            compute_labels=False,
        )
        centres = np.asarray(birch.fit(points).subcluster_centers_)
        if len(centres) <= most:
            return centres
        threshold *= _GROWTH


def _nearest(points: FloatArray, centres: FloatArray) -> IntArray:
    squares = (centres**2).sum(axis=1) - 2.0 * points @ centres.T
    return np.asarray(np.argmin(squares, axis=1), dtype=np.int64)

"""The loops of `watch.profile`, compiled by numba; imported when they are run."""

from __future__ import annotations

from typing import Any

from numba import njit

CUTS = 63  # a search among so many takes six steps without a branch
BINS = CUTS + 2  # one more than cuts, and one for missing values


@njit(cache=True, nogil=True)
def count(values: Any, cuts: Any, out: Any) -> None:
    """Add each value's bin to the counts.

    A value's bin is the number of cuts below it, so that a bin holds its upper cut.

    Args:
        values: float64, NaN where missing, shape (rows,).
        cuts: rising, filled up with infinity, shape (CUTS,).
        out: int64 counts, shape (BINS,), the last for missing values.
    """
    for row in range(len(values)):
        value = values[row]
        if value != value:  # noqa: PLR0124 - NaN
            out[BINS - 1] += 1
            continue
        place = 0
        place += 32 * (cuts[place + 31] < value)
        place += 16 * (cuts[place + 15] < value)
        place += 8 * (cuts[place + 7] < value)
        place += 4 * (cuts[place + 3] < value)
        place += 2 * (cuts[place + 1] < value)
        place += 1 * (cuts[place] < value)
        out[place] += 1


@njit(cache=True, nogil=True)
def add_groups(values: Any, group: Any, out: Any) -> None:
    """Sum columns by group, each row in the order of the columns.

    Args:
        values: shape (rows, columns).
        group: each column's group, shape (columns,).
        out: zeros, shape (groups, rows).
    """
    rows, columns = values.shape
    for row in range(rows):
        for column in range(columns):
            out[group[column], row] += values[row, column]

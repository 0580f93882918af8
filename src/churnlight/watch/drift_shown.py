"""What a drifted distribution looked like in the training cohort, and looks like now."""

from __future__ import annotations

from typing import Any

import numpy as np

from churnlight.assess.measures import rounded
from churnlight.learners.dataset import IntArray
from churnlight.watch.drift_distance import Measure


def then_and_now(measure: Measure, then: IntArray, now: IntArray) -> dict[str, Any]:
    """Shares by group and a figure that people know: the median, or the level that moved most.

    Args:
        measure: of the distribution.
        then: counts of the training cohort, shape (bins,).
        now: counts of the month.

    Returns:
        then, now (share of the rows in each group, missing values last), missing_then,
        missing_now, and median_then, median_now (None for text) or level, level_then, level_now
        (None for numbers; "" stands for all levels without a bin of their own).
    """
    shares = [measure.shares(then), measure.shares(now)]
    out: dict[str, Any] = {
        "then": [rounded(s) for s in shares[0]],
        "now": [rounded(s) for s in shares[1]],
        "missing_then": rounded(shares[0][-1]),
        "missing_now": rounded(shares[1][-1]),
        **dict.fromkeys(("median_then", "median_now", "level", "level_then", "level_now")),
    }
    if measure.bins.levels is None:
        cuts = measure.bins.cuts or ()
        return out | {"median_then": _median(cuts, then), "median_now": _median(cuts, now)}
    before = then[:-1] / max(int(then.sum()), 1)
    after = now[:-1] / max(int(now.sum()), 1)
    most = int(np.argmax(np.abs(after - before)))
    return out | {
        "level": (*measure.bins.levels, "")[most],
        "level_then": rounded(float(before[most])),
        "level_now": rounded(float(after[most])),
    }


def _median(cuts: tuple[float, ...], counts: IntArray) -> float | None:
    """The upper cut of the bin that holds the middle one; the last cut for what is above all."""
    known = counts[:-1]
    if not known.any() or not cuts:
        return None
    place = int(np.searchsorted(np.cumsum(known), known.sum() / 2))
    return rounded(cuts[min(place, len(cuts) - 1)])

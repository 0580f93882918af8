"""From month to month: which new segment is which old one, and how much people moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from churnlight.learners.dataset import IntArray

_DIGITS = 6


def compared(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Subscribers of both months: subscriber_id, segment, segment_before."""
    earlier = before.rename(columns={"segment": "segment_before"})
    return now.merge(earlier, on="subscriber_id", how="inner")


def overlap(both: pd.DataFrame, new: Sequence[str], old: Sequence[str]) -> IntArray:
    """Subscribers by new segment (row) and old segment (column)."""
    counted = pd.crosstab(both["segment"], both["segment_before"])
    return np.asarray(counted.reindex(index=new, columns=old, fill_value=0), dtype=np.int64)


def match(counts: IntArray, least: float) -> list[int | None]:
    """For each new segment the old one that it is, or None: no two are given the same.

    The pairs are chosen so that most subscribers are in both segments of their pair (Kuhn 1955).
    Then only pairs stay whose common subscribers are at least `least` of all who are in either.

    Args:
        counts: see `overlap`; subscribers in one month only say nothing.
        least: `segments.match_overlap`.
    """
    from scipy.optimize import linear_sum_assignment

    found: list[int | None] = [None] * counts.shape[0]
    for new, old in zip(*linear_sum_assignment(counts, maximize=True), strict=True):
        common = int(counts[new, old])
        either = int(counts[new].sum() + counts[:, old].sum()) - common
        if common > 0 and common >= least * either:
            found[int(new)] = int(old)
    return found


def taken_over(
    matched: Sequence[int | None], old: Sequence[str], last_number: int
) -> tuple[list[str], int]:
    """Codes of the new segments: the old one's, or a number that was never used.

    Returns:
        The codes, and the highest number used so far.
    """
    codes = []
    for place in matched:
        if place is None:
            last_number += 1
            codes.append(f"S{last_number}")
        else:
            codes.append(old[place])
    return codes, last_number


def stability(both: pd.DataFrame) -> dict[str, Any]:
    """How alike two months' segments are, over the subscribers of both.

    Returns:
        rows; adjusted_rand (L. Hubert, P. Arabie 1985: 1 for the same, about 0 for chance; None
        without subscribers) and kept_share, the share whose segment has the same code.
    """
    if len(both) == 0:
        return {"rows": 0, "adjusted_rand": None, "kept_share": None}
    same = int((both["segment"] == both["segment_before"]).sum())
    index = adjusted_rand(both["segment"].to_numpy(), both["segment_before"].to_numpy())
    return {
        "rows": len(both),
        "adjusted_rand": round(index, _DIGITS),
        "kept_share": round(same / len(both), _DIGITS),
    }


def adjusted_rand(one: Any, other: Any) -> float:
    """Adjusted Rand index of two ways to cut the same rows."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(one, other))

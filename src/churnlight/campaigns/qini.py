"""Whom it pays to treat: the Qini curve, the gain from treating those a score ranks first.

At a share of the list, the churners saved per line of the whole list if only that share were
treated (Radcliffe 2007, with rates in place of counts, so that arms of different size and several
campaigns fit). The coefficient is the area between the curve and the straight line of a random
order: above 0 the score puts those first whom contact keeps. Intervals are from resamples of
accounts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from churnlight.campaigns.effects import WEIGHT
from churnlight.learners.dataset import BoolArray, FloatArray
from churnlight.learners.folds import Bootstrap

STEPS = 20
INTERVAL = (2.5, 97.5)


def qini(frame: pd.DataFrame, score: str, resamples: int, seed: int) -> dict[str, Any] | None:
    """Curve and coefficient of a score.

    Args:
        frame: rows of `effects.controlled` with account, churned and the score.
        score: column; higher comes first, lines of equal score count as one step.
        resamples: of accounts.
        seed: of the resamples.

    Returns:
        points [{share, saved}] (share of the list treated, churners saved a line), coefficient
        with low and high, lines, left_out (without a score); None with an empty arm or one score.
    """
    found = drawn_qini(frame, score, resamples, seed)
    return None if found is None else found[0]


def drawn_qini(
    frame: pd.DataFrame, score: str, resamples: int, seed: int
) -> tuple[dict[str, Any], FloatArray] | None:
    """What `qini` gives, and the coefficient in each resample, shape (resamples,).

    Scores that are known of the same rows are drawn alike, so that resamples can be compared.
    """
    rows = frame[frame[score].notna()]
    treated = rows["treated"].to_numpy(dtype=bool)
    value = rows[score].to_numpy(dtype=np.float64)
    if treated.all() or not treated.any() or len(np.unique(value)) < 2:
        return None
    order = np.argsort(-value, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(value[order])), len(order) - 1)
    ranked = rows.iloc[order]
    arms, churned = treated[order], ranked["churned"].to_numpy(dtype=np.float64)
    weight = ranked[WEIGHT].to_numpy(dtype=np.float64)
    curve = _curve(arms, churned, weight[None, :], ends)[0]
    drawn = np.concatenate(
        [
            _areas(_curve(arms, churned, weight * times, ends))
            for times in Bootstrap.by(ranked["account"].to_numpy(dtype=object), seed).weights(
                resamples
            )
        ]
    )
    low, high = np.percentile(drawn, INTERVAL)
    content = {
        "score": score,
        "points": [
            {"share": round(step / STEPS, 6), "saved": round(float(saved), 6) + 0.0}
            for step, saved in enumerate(curve)
        ],
        "coefficient": round(float(_areas(curve[None, :])[0]), 6) + 0.0,
        "low": round(float(low), 6) + 0.0,
        "high": round(float(high), 6) + 0.0,
        "lines": len(rows),
        "left_out": len(frame) - len(rows),
    }
    return content, drawn


def _curve(
    treated: BoolArray, churned: FloatArray, weights: FloatArray, ends: FloatArray
) -> FloatArray:
    """Saved a line at each step, shape (resamples, STEPS + 1), rows ranked, `ends` of ties."""
    whole = weights.sum(axis=1, keepdims=True)
    share = np.cumsum(weights, axis=1)[:, ends] / whole
    rates = []
    for arm in (treated, ~treated):
        mine = weights * arm
        left = np.cumsum(mine * churned, axis=1)[:, ends]
        with np.errstate(invalid="ignore", divide="ignore"):
            rates.append(left / np.cumsum(mine, axis=1)[:, ends])
    # Before an arm has anybody nothing is known to be saved.
    saved = np.nan_to_num(share * (rates[1] - rates[0]), nan=0.0, posinf=0.0, neginf=0.0)
    grid = np.linspace(0, 1, STEPS + 1)
    return np.stack(
        [
            np.interp(grid, np.append(0.0, x), np.append(0.0, y))
            for x, y in zip(share, saved, strict=True)
        ]
    )


def _areas(curves: FloatArray) -> FloatArray:
    """Area between each curve and the straight line to its end, by trapezes."""
    middle = (curves[:, 1:] + curves[:, :-1]) / 2
    return np.asarray(middle.mean(axis=1) - curves[:, -1] / 2, dtype=np.float64)

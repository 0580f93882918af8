"""Effects in parts of a campaign, drawn toward what all parts have in common.

The best of many small groups is mostly the luckiest. Empirical Bayes (Morris 1983): true effects of
the groups are taken to scatter normally around a common mean, with a variance estimated from the
groups themselves (Paule and Mandel 1982, by statsmodels); each group's own estimate counts the less
the noisier it is. Where the groups differ no more than noise does, all get the common mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churnlight.campaigns.effects import Effect, difference, verdict

_Z = 1.959963984540054
# Fewer lines in an arm have no estimate of their own.
_LEAST = 5
# A rate counts so many lines at its arm's overall rate besides its own in its variance: no churner
# among ten is no certainty.
_PRIOR = 20.0


def grouped(frame: pd.DataFrame, column: str, pooled: Effect) -> list[dict[str, Any]]:
    """The effect on churn by the values of a column.

    Args:
        frame: rows of `effects.controlled` with account, churned and the column.
        column: such as tier; rows without a value are a group of their own (value None).
        pooled: the effect on all of them.

    Returns:
        One entry a value, by value (None last): value, lines and churners by arm, own (estimate
        with interval, or None), shrunk {difference, low, high}, weight (share of the own
        estimate), verdict (of the shrunk interval).
    """
    values = frame[column]
    named = sorted(values.dropna().unique().tolist(), key=str)
    parts: dict[Any, pd.DataFrame] = {value: frame[values == value] for value in named}
    if values.isna().any():
        parts[None] = frame[values.isna()]
    own = {value: _own(part) for value, part in parts.items()}
    variance = {
        value: _variance(parts[value], effect, pooled)
        for value, effect in own.items()
        if effect is not None
    }
    common = _common(own, variance, pooled)
    found = []
    for value, part in parts.items():
        effect = own[value]
        shrunk, weight = _shrunk(effect, variance.get(value), common)
        found.append(
            {
                "value": value,
                **_counts(part),
                "own": None if effect is None else effect.to_json(),
                "shrunk": {name: round(number, 6) + 0.0 for name, number in shrunk.items()},
                "weight": round(weight, 6),
                "verdict": verdict(shrunk["low"], shrunk["high"]),
            }
        )
    return found


def _own(part: pd.DataFrame) -> Effect | None:
    treated = int(part["treated"].sum())
    if min(treated, len(part) - treated) < _LEAST:
        return None
    return difference(part, "churned")


def _variance(part: pd.DataFrame, effect: Effect, pooled: Effect) -> float:
    """Of the own estimate: as estimated, and no less than rates a little like the overall give."""
    total = 0.0
    for arm, overall in ((True, pooled.treated), (False, pooled.control)):
        lines = part[part["treated"] == arm]
        rows, churners = len(lines), int(lines["churned"].sum())
        rate = (churners + _PRIOR * overall) / (rows + _PRIOR)
        total += rate * (1 - rate) / rows
    return max(effect.error**2, total * max(pooled.design, 1.0))


def _common(
    own: Mapping[Any, Effect | None], variance: Mapping[Any, float], pooled: Effect
) -> tuple[float, float, float]:
    """Common mean, its variance, and the variance of the true effects around it."""
    from statsmodels.stats.meta_analysis import combine_effects

    known = [value for value, effect in own.items() if effect is not None]
    if len(known) < 2:
        return pooled.difference, pooled.error**2, 0.0
    effects = np.array([own[value].difference for value in known])  # type: ignore[union-attr]
    variances = np.array([variance[value] for value in known])
    if not (variances > 0).all():
        return pooled.difference, pooled.error**2, 0.0
    spread = max(float(combine_effects(effects, variances, method_re="iterated").tau2), 0.0)
    weights = 1 / (variances + spread)
    return float(weights @ effects / weights.sum()), float(1 / weights.sum()), spread


def _shrunk(
    effect: Effect | None, variance: float | None, common: tuple[float, float, float]
) -> tuple[dict[str, float], float]:
    """The group's posterior mean with its 95 % interval, and how much of it is its own."""
    mean, uncertain, spread = common
    weight = 0.0
    if effect is not None and variance is not None and spread > 0:
        weight = spread / (spread + variance)
    own = mean if effect is None else effect.difference
    middle = (1 - weight) * mean + weight * own
    # Of a group without its own estimate the true effect may be anywhere among the groups'.
    within = spread if variance is None else weight * variance
    half = _Z * np.sqrt(within + (1 - weight) ** 2 * uncertain)
    return {"difference": middle, "low": middle - half, "high": middle + half}, weight


def _counts(part: pd.DataFrame) -> dict[str, int]:
    treated, churned = part["treated"].astype(bool), part["churned"].astype(bool)
    return {
        "lines_treated": int(treated.sum()),
        "lines_control": int((~treated).sum()),
        "churners_treated": int((treated & churned).sum()),
        "churners_control": int((~treated & churned).sum()),
    }

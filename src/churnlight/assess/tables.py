"""Tables and curves of an evaluation: tiers, reliability, ROC and precision-recall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from churnlight.assess.measures import Ranking, equal_count_bins, rounded
from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray

_Z = 1.959963984540054  # two-sided 95 %
_POINTS = 200


def wilson(churners: int, rows: int) -> tuple[float, float] | tuple[None, None]:
    """Wilson's (1927) 95 % interval of a rate; None where there are no rows."""
    if rows == 0:
        return None, None
    rate = churners / rows
    scale = 1 + _Z**2 / rows
    middle = (rate + _Z**2 / (2 * rows)) / scale
    half = _Z * math.sqrt(rate * (1 - rate) / rows + _Z**2 / (4 * rows**2)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def reliability(
    probability: FloatArray, churned: BoolArray, bins: int = 10
) -> list[dict[str, float | int | None]]:
    """Mean prediction and observed rate (Wilson interval) in bins of equal counts, rising."""
    order, start = equal_count_bins(probability, bins)
    out: list[dict[str, float | int | None]] = []
    for rows in np.split(order, start[1:]):
        churners = int(churned[rows].sum())
        low, high = wilson(churners, len(rows))
        out.append(
            {
                "count": len(rows),
                "predicted": rounded(math.fsum(probability[rows]) / len(rows)),
                "observed": rounded(churners / len(rows)),
                "observed_low": _or_none(low),
                "observed_high": _or_none(high),
            }
        )
    return out


def tier_table(
    tier: AnyArray,
    probability: FloatArray,
    churned: BoolArray,
    monthly_bill_money: FloatArray | None,
    names: Sequence[str],
) -> list[dict[str, Any]]:
    """Size, churn rate (Wilson interval) and bills of each tier, in rising risk.

    Args:
        tier: tier name of each row, shape (rows,).
        probability: of churn, of each row.
        churned: the label of each row.
        monthly_bill_money: mean monthly bill; NaN rows add nothing; None where no row has any.
        names: all tiers in rising risk; one without rows has a rate of None.
    """
    out = []
    for name in names:
        rows = tier == name
        count, churners = int(rows.sum()), int(churned[rows].sum())
        low, high = wilson(churners, count)
        bills = at_risk = None
        if monthly_bill_money is not None:
            billed = rows & ~np.isnan(monthly_bill_money)
            # fsum is exact, so the order of the rows does not matter.
            bills = round(math.fsum(monthly_bill_money[billed]), 2)
            at_risk = round(math.fsum(probability[billed] * monthly_bill_money[billed]), 2)
        out.append(
            {
                "tier": name,
                "subscribers": count,
                "churners": churners,
                "rate": rounded(churners / count) if count else None,
                "rate_low": _or_none(low),
                "rate_high": _or_none(high),
                "monthly_bills_money": bills,
                "bills_at_risk_money": at_risk,
            }
        )
    return out


def curves(ranking: Ranking) -> dict[str, list[list[float | None]]]:
    """ROC as [false positive rate, true positive rate] and PR as [recall, precision].

    200 points at most each, at distinct scores, from the highest down.
    """
    ends = np.append(ranking.start[1:], len(ranking.order)) - 1
    churners = np.cumsum(ranking.churned)[ends]
    rows = (ends + 1).astype(np.float64)
    true_rate = churners / churners[-1]
    false_rate = (rows - churners) / (rows[-1] - churners[-1])
    roc = np.column_stack([np.append(0.0, false_rate), np.append(0.0, true_rate)])
    pr = np.column_stack([true_rate, churners / rows])
    return {"roc": _thin(roc), "pr": _thin(pr)}


def _thin(points: FloatArray) -> list[list[float | None]]:
    """At most 200 points, spread evenly along the curve; both ends stay."""
    if len(points) > _POINTS:
        steps = np.abs(np.diff(points, axis=0)).sum(axis=1)
        way = np.append(0.0, np.cumsum(steps))
        wanted = np.linspace(0.0, way[-1], _POINTS - 1)
        kept = np.unique(np.append(np.searchsorted(way, wanted - 1e-12), len(points) - 1))
        points = points[np.minimum(kept, len(points) - 1)]
    return [[rounded(float(x)), rounded(float(y))] for x, y in points]


def _or_none(value: float | None) -> float | None:
    return None if value is None else rounded(value)

"""What a retention campaign earns when it calls the riskiest, under many weightings at once.

The campaign calls the n riskiest. A contact costs `contact_money`; everybody who would have stayed
takes the offer (`offer_money`); of the churners a share g takes it and stays (worth `value_money`).
With C churners and S stayers among those called, it earns

    g C (value - offer) - C contact - S (offer + contact)

- Maximum profit: the most over all n, with g at its mean.
- Expected maximum profit: the mean, over g drawn from Beta(alpha, beta), of the most over all n
  (Verbraken, Verbeke and Baesens 2013, "A novel profit maximizing metric for measuring
  classification performance of customer churn prediction models").

Both are per subscriber of the cohort, and 0 when calling nobody is best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from churnlight.learners.dataset import FloatArray

if TYPE_CHECKING:
    from churnlight.params.judging import ProfitParams


def maximum_profit(
    called: FloatArray, churners: FloatArray, params: ProfitParams
) -> dict[str, FloatArray]:
    """Maximum and expected maximum profit, money a subscriber.

    Args:
        called: subscribers at and above each distinct score, from the highest down, shape
            (resamples, scores).
        churners: churners among them, the same shape.
        params: section `evaluate.profit`.

    Returns:
        max_profit_money and expected_max_profit_money, each of shape (resamples,).
    """
    accepted = params.alpha / (params.alpha + params.beta)
    gain = accepted * (params.value_money - params.offer_money) - params.contact_money
    stayer_cost = params.offer_money + params.contact_money
    # gain C - cost (called - C), in as few passes over the arrays as it takes.
    best = (churners * (gain + stayer_cost) - called * stayer_cost).max(axis=1)
    total = called[:, -1]
    expected = np.array(
        [_expected(np.diff(n, prepend=0.0), np.diff(c, prepend=0.0), params)
         for n, c in zip(called, churners, strict=True)]
    )  # fmt: skip
    return {
        "max_profit_money": np.maximum(best, 0.0) / total,
        "expected_max_profit_money": expected / total,
    }


def _expected(called: FloatArray, churners: FloatArray, params: ProfitParams) -> float:
    """Expected maximum profit of one weighting, money in all.

    Only rows on the convex hull of the ROC curve are ever the last ones called. The hull's pieces
    are the blocks of the isotonic regression of the label by rank. A piece with C churners and S
    stayers is called when g exceeds t = (C contact + S (offer + contact)) / (C (value - offer)),
    and t rises from piece to piece, so the expectation is the sum over pieces of
    E[max(0, g A - B)], A = C (value - offer), B = t A.
    """
    from scipy.optimize import isotonic_regression
    from scipy.special import betainc

    there = called > 0
    rows, left = called[there], churners[there]
    blocks = isotonic_regression(left / rows, weights=rows, increasing=False).blocks[:-1]
    piece_churners = np.add.reduceat(left, blocks)
    piece_stayers = np.add.reduceat(rows, blocks) - piece_churners
    with np.errstate(divide="ignore"):
        gain = piece_churners * (params.value_money - params.offer_money)
        cost = piece_churners * params.contact_money + piece_stayers * (
            params.offer_money + params.contact_money
        )
        # A piece without churners is never called.
        least = np.where(gain > 0, np.minimum(cost / np.where(gain > 0, gain, 1.0), 1.0), 1.0)
    mean = params.alpha / (params.alpha + params.beta)
    above = mean * (1 - betainc(params.alpha + 1, params.beta, least))
    return float(np.sum(gain * above - cost * (1 - betainc(params.alpha, params.beta, least))))

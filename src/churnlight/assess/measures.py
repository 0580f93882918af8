"""Measures of ranking and of probability, for many weightings of the same rows at once.

A bootstrap resample is a weight for each row. The rows are sorted once; every measure is then sums
and running sums over shape (resamples, rows). All sums run in a fixed order, without BLAS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from churnlight.assess.profit import maximum_profit
from churnlight.learners.dataset import BoolArray, FloatArray, IntArray
from churnlight.params.judging import EvaluateParams, ProfitParams

_LEAST_P = 1e-15


def lift_name(share: float) -> str:
    """The measure's name: lift_at_5 for 0.05, lift_at_0_5 for 0.005."""
    return f"lift_at_{100 * share:g}".replace(".", "_")


@dataclass(frozen=True)
class Asked:
    """What is measured of a ranking besides the areas under its curves.

    Attributes:
        shares: the top shares that lift is asked for, each above 0 and at most 1.
        calls: length of the call list, for precision and recall; None: not asked.
        profit: of a campaign; None: not asked.
    """

    shares: tuple[float, ...] = ()
    calls: int | None = None
    profit: ProfitParams | None = None

    @classmethod
    def all_of(cls, params: EvaluateParams, subscribers: int) -> Asked:
        """Everything that section `evaluate` asks for in a cohort of so many."""
        return cls(params.top_shares, params.calls(subscribers), params.profit)


@dataclass(frozen=True)
class Ranking:
    """Rows sorted by falling score, equal scores in one group.

    Attributes:
        order: row numbers by falling score, shape (rows,).
        start: where each group of equal scores begins in `order`, shape (groups,).
        churned: the label in that order, 1.0 or 0.0, shape (rows,).
        asked: what is measured besides the areas.
    """

    order: IntArray
    start: IntArray
    churned: FloatArray
    asked: Asked

    @classmethod
    def by(
        cls,
        score: FloatArray,
        churned: BoolArray,
        shares: Sequence[float] = (),
        asked: Asked | None = None,
    ) -> Ranking:
        """Sort by falling score.

        Args:
            score: higher means likelier to churn, no NaN, shape (rows,).
            churned: the label, shape (rows,).
            shares: for lift, where nothing else is asked.
            asked: what is measured; stands in for `shares`.
        """
        order = np.argsort(-score, kind="stable")
        ranked = score[order]
        start = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
        return cls(order, start, churned[order].astype(np.float64), asked or Asked(tuple(shares)))

    def measure(self, weights: FloatArray) -> dict[str, FloatArray]:
        """ROC AUC, PR AUC, lifts, precision and recall of the call list, and profit.

        - ROC AUC: chance that a churner stands above a stayer; a tie counts one half.
        - PR AUC: average precision, the sum over distinct scores of (gain in recall) x precision,
          without interpolation.
        - Lift at s: churn rate among the first s x rows over the overall rate. Where s x rows cuts
          a group of equal scores, the expected churners over all orders of the group count.
        - precision_at_n and recall_at_n: churners among the first n rows, over n and over all.
        - Profit: see `assess.profit`.

        Args:
            weights: shape (resamples, rows), in the order of the rows as given to `by`.

        Returns:
            Measure by name, each of shape (resamples,); NaN in a resample of one class only.
        """
        sorted_ = weights[:, self.order]
        churners = self._grouped(sorted_ * self.churned)
        rows = self._grouped(sorted_)
        above, churners_above = np.cumsum(rows, axis=1), np.cumsum(churners, axis=1)
        total, positives = above[:, -1], churners_above[:, -1]
        with np.errstate(divide="ignore", invalid="ignore"):
            stayers_below = (total - positives)[:, None] - (above - churners_above)
            pairs = (churners * (stayers_below + 0.5 * (rows - churners))).sum(axis=1)
            precision = np.where(above > 0, churners_above / above, 0.0)
            out = {
                "roc_auc": pairs / (positives * (total - positives)),
                "pr_auc": (churners * precision).sum(axis=1) / positives,
                **self._of_lists(above, churners_above),
            }
        if self.asked.profit is not None:
            out |= maximum_profit(above, churners_above, self.asked.profit)
        one_class = (positives == 0) | (positives == total)
        return {name: np.where(one_class, np.nan, values) for name, values in out.items()}

    def _of_lists(self, above: FloatArray, churners_above: FloatArray) -> dict[str, FloatArray]:
        total, positives = above[:, -1], churners_above[:, -1]
        out = {}
        for share in self.asked.shares:
            caught = _caught(above, churners_above, share * total)
            out[lift_name(share)] = caught / (share * positives)
        if self.asked.calls is not None:
            # A resample by account can hold fewer rows than the list is long.
            length = np.minimum(float(self.asked.calls), total)
            caught = _caught(above, churners_above, length)
            out |= {"precision_at_n": caught / length, "recall_at_n": caught / positives}
        return out

    def _grouped(self, values: FloatArray) -> FloatArray:
        if len(self.start) == len(self.order):
            return values
        return np.add.reduceat(values, self.start, axis=1)


def _caught(above: FloatArray, churners_above: FloatArray, wanted: FloatArray) -> FloatArray:
    """Expected churners among the first `wanted` of each resample's rows; shape (resamples,)."""
    out = np.empty(len(above))
    for i, (rows, churners, length) in enumerate(zip(above, churners_above, wanted, strict=True)):
        # Groups that the resample did not draw repeat a running sum; the first one is meant.
        place = int(np.searchsorted(rows, length, side="left"))
        place = min(place, len(rows) - 1)
        before = (rows[place - 1], churners[place - 1]) if place else (0.0, 0.0)
        size = rows[place] - before[0]
        inside = (length - before[0]) / size if size else 0.0
        out[i] = before[1] + inside * (churners[place] - before[1])
    return out


@dataclass(frozen=True)
class Forecast:
    """Probabilities beside the label, with what their measures need made ready.

    Attributes:
        log_losses, squares, residuals: of each row, shape (rows,); the residual is label minus
            probability.
        order: row numbers by rising probability, shape (rows,).
        start: where each bin of equal counts begins in `order`, shape (bins,).
    """

    log_losses: FloatArray
    squares: FloatArray
    residuals: FloatArray
    order: IntArray
    start: IntArray

    @classmethod
    def of(cls, probability: FloatArray, churned: BoolArray, bins: int = 10) -> Forecast:
        """Make ready; see `equal_count_bins` for the bins."""
        p = np.clip(probability, _LEAST_P, 1 - _LEAST_P)
        order, start = equal_count_bins(probability, bins)
        return cls(
            log_losses=-np.log(np.where(churned, p, 1 - p)),
            squares=(churned - probability) ** 2,
            residuals=churned - probability,
            order=order,
            start=start,
        )

    def measure(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Log loss (nats), Brier score and expected calibration error.

        ECE: over bins of equal counts, |mean label - mean probability| weighted by the bin's rows.
        The bins are those of the whole data in every resample.

        Args:
            weights: shape (resamples, rows).

        Returns:
            Measure by name, each of shape (resamples,).
        """
        total = weights.sum(axis=1)
        gaps = np.add.reduceat((weights * self.residuals)[:, self.order], self.start, axis=1)
        return {
            "log_loss": (weights * self.log_losses).sum(axis=1) / total,
            "brier": (weights * self.squares).sum(axis=1) / total,
            "ece": np.abs(gaps).sum(axis=1) / total,
        }


def equal_count_bins(probability: FloatArray, bins: int) -> tuple[IntArray, IntArray]:
    """Sort by rising probability and part into bins of equal counts, never parting equal values.

    A border that would part equal values moves down to the first of them; bins can fall together.

    Returns:
        Row numbers in order, shape (rows,), and where each bin begins in it, shape (at most bins,).
    """
    order = np.argsort(probability, kind="stable")
    ranked = probability[order]
    borders = (np.arange(bins) * len(ranked)) // bins
    return order, np.unique(np.searchsorted(ranked, ranked[borders], side="left"))


def summary(
    whole: Mapping[str, FloatArray], resampled: Mapping[str, FloatArray]
) -> dict[str, dict[str, float | None]]:
    """Value and 95 % percentile interval of each measure.

    Args:
        whole: each measure with all weights 1, shape (1,).
        resampled: the same in each resample, shape (resamples,); NaN where it says nothing.
    """
    out = {}
    for name, value in whole.items():
        drawn = resampled[name][np.isfinite(resampled[name])]
        low, high = np.percentile(drawn, [2.5, 97.5]) if len(drawn) else (np.nan, np.nan)
        out[name] = {
            "value": rounded(float(value[0])),
            "low": rounded(float(low)),
            "high": rounded(float(high)),
        }
    return out


def rounded(value: float, digits: int = 6) -> float | None:
    """A fixed number of digits, so that no last bit shows; None for what is not finite."""
    return round(value, digits) + 0.0 if np.isfinite(value) else None

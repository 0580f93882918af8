"""What is measured of a scored month when its outcome is known, under any weighting of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from churnlight.assess.measures import Asked
from churnlight.assess.resampling import Scored
from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray

_LEAST_P = 1e-6
_STEPS = 50
_DONE = 1e-10


@dataclass(frozen=True, kw_only=True)
class Realised(Scored):
    """Ranking and probabilities as in an evaluation; and calibration in the large, and by tier.

    Attributes:
        probability: of each row, shape (rows,).
        churned: 1.0 or 0.0.
        logit: of the probability, bounded.
        line: intercept and slope of churned on the logit (Cox 1958), on all rows.
        tiers: rows of each tier, by name.
    """

    probability: FloatArray
    churned: FloatArray
    logit: FloatArray
    line: tuple[float, float]
    tiers: Mapping[str, FloatArray]

    @classmethod
    def ready(
        cls, probability: FloatArray, churned: BoolArray, tier: AnyArray, names: Sequence[str]
    ) -> Realised:
        """Make ready; both classes must be there.

        Args:
            probability: as scored then, shape (rows,).
            churned: what became of them.
            tier: as scored then.
            names: tiers in rising risk.
        """
        base = Scored.of(probability, churned, Asked())
        p = np.clip(probability, _LEAST_P, 1 - _LEAST_P)
        logit, label = np.log(p / (1 - p)), churned.astype(np.float64)
        return cls(
            base.ranking,
            base.forecast,
            probability=probability,
            churned=label,
            logit=logit,
            line=_line(logit, label),
            tiers={name: (tier == name).astype(np.float64) for name in names},
        )

    def measure(self, weights: FloatArray) -> dict[str, FloatArray]:
        """All measures, each of shape (resamples,).

        Besides those of an evaluation: mean_predicted; observed; ratio, observed over predicted;
        slope of churned on the logit, 1 when probabilities spread as they should, below 1 when
        they are too extreme (in a resample: one Newton step from that of all rows); rate_<tier>.
        """
        out = super().measure(weights)
        total = weights.sum(axis=1)
        predicted = (weights * self.probability).sum(axis=1) / total
        observed = (weights * self.churned).sum(axis=1) / total
        out |= {"mean_predicted": predicted, "observed": observed}
        with np.errstate(divide="ignore", invalid="ignore"):
            out["ratio"] = observed / predicted
            out["slope"] = self._slope(weights)
            for name, inside in self.tiers.items():
                rows = (weights * inside).sum(axis=1)
                out[f"rate_{name}"] = (weights * (inside * self.churned)).sum(axis=1) / rows
        return out

    def _slope(self, weights: FloatArray) -> FloatArray:
        intercept, slope = self.line
        fitted = _logistic(intercept + slope * self.logit)
        missed, bend = self.churned - fitted, fitted * (1 - fitted)
        score = [(weights * missed).sum(axis=1), (weights * (missed * self.logit)).sum(axis=1)]
        a = (weights * bend).sum(axis=1)
        b = (weights * (bend * self.logit)).sum(axis=1)
        c = (weights * (bend * self.logit**2)).sum(axis=1)
        return np.asarray(slope + (a * score[1] - b * score[0]) / (a * c - b * b))


def _line(logit: FloatArray, churned: FloatArray) -> tuple[float, float]:
    """Intercept and slope of greatest likelihood, by Newton's method; (0, 1) where it has none."""
    at = np.array([0.0, 1.0])
    for _ in range(_STEPS):
        fitted = _logistic(at[0] + at[1] * logit)
        missed, bend = churned - fitted, fitted * (1 - fitted)
        matrix = np.array([[bend.sum(), (bend * logit).sum()], [0.0, (bend * logit**2).sum()]])
        matrix[1, 0] = matrix[0, 1]
        score = np.array([missed.sum(), (missed * logit).sum()])
        if np.linalg.det(matrix) < _DONE:
            return 0.0, 1.0
        step = np.linalg.solve(matrix, score)
        at = at + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < _DONE:
            break
    return float(at[0]), float(at[1])


def _logistic(value: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-value)))

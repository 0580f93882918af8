"""From a model's raw score to a probability: isotonic, Platt, or none.

All three are monotone, so a calibration never changes who stands above whom; isotonic and Platt
are strictly so inside the clip, so ties in the tiers come from ties in the raw score only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np

from churnlight.errors import DataRefused
from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray
from churnlight.learners.folds import folds
from churnlight.params.learning import CalibrateParams

Method = Literal["none", "platt", "isotonic"]
# The simplest first: on a tie it wins.
METHODS: tuple[Method, ...] = ("none", "platt", "isotonic")
_EDGE = 1e-12  # keeps a raw score of 0 or 1 off the logit's poles
_STEPS = 100  # of Newton's; some eight are needed
_TILT = 0.01  # of the way to 0 and to 1, at raw scores of 0 and 1


@dataclass(frozen=True)
class Calibration:
    """A fitted calibration.

    Attributes:
        method: none, platt or isotonic.
        clip: probabilities stay inside [clip, 1 - clip].
        intercept, slope: of Platt's line on the logit of the raw score.
        raw, probability: isotonic's knots, both rising; straight lines between them.
        log_loss: what each method reached in cross-validation, where `auto` compared them.
    """

    method: Method
    clip: float
    intercept: float = 0.0
    slope: float = 1.0
    raw: tuple[float, ...] = ()
    probability: tuple[float, ...] = ()
    log_loss: Mapping[str, float] | None = None

    def apply(self, raw: FloatArray) -> FloatArray:
        """Calibrated probabilities, shape (rows,), inside the clip."""
        if self.method == "platt":
            out = 1 / (1 + np.exp(-(self.intercept + self.slope * _logit(raw))))
        elif self.method == "isotonic":
            out = np.interp(raw, self.raw, self.probability)
        else:
            out = np.asarray(raw, dtype=np.float64)
        return np.clip(out, self.clip, 1 - self.clip)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "method": self.method,
            "clip": self.clip,
            "intercept": self.intercept,
            "slope": self.slope,
            "raw": list(self.raw),
            "probability": list(self.probability),
            "log_loss": dict(self.log_loss) if self.log_loss is not None else None,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Calibration:
        """The inverse of `to_json`."""
        return cls(
            method=content["method"],
            clip=content["clip"],
            intercept=content["intercept"],
            slope=content["slope"],
            raw=tuple(content["raw"]),
            probability=tuple(content["probability"]),
            log_loss=content["log_loss"],
        )


def learn(
    raw: FloatArray, churned: BoolArray, account: AnyArray, params: CalibrateParams, seed: int
) -> Calibration:
    """Fit the calibration that the parameters ask for.

    `auto` takes the method with the least log loss over `params.folds` folds by account.

    Args:
        raw: scores of rows that the model did not learn from, shape (rows,).
        churned: their label.
        account: their group for the folds.
        params: section `calibrate`.
        seed: of the folds.

    Raises:
        DataRefused: with the counts, when one class is missing.
    """
    churners, rows = int(churned.sum()), len(churned)
    if churners in {0, rows}:
        raise DataRefused(
            f"calibration: one class only: {churners} churners in {rows} rows: "
            "give the role 'calibrate' to an as_of with churners and stayers, or to none "
            "(the calibration is then cross-fitted on the fit as_ofs)"
        )
    if params.method != "auto":
        return _fit(params.method, raw, churned, params.clip)
    fold = folds(account, params.folds, seed, churned)
    losses = {m: round(_cross_loss(m, raw, churned, fold, params.clip), 9) for m in METHODS}
    best = min(METHODS, key=lambda m: (losses[m], METHODS.index(m)))
    chosen = _fit(best, raw, churned, params.clip)
    return Calibration(**{**vars(chosen), "log_loss": cast("Mapping[str, float]", losses)})


def _cross_loss(
    method: Method, raw: FloatArray, churned: BoolArray, fold: AnyArray, clip: float
) -> float:
    p = np.empty(len(raw))
    for number in np.unique(fold):
        out = fold == number
        p[out] = _fit(method, raw[~out], churned[~out], clip).apply(raw[out])
    return -float(np.mean(np.log(np.where(churned, p, 1 - p))))


def _fit(method: Method, raw: FloatArray, churned: BoolArray, clip: float) -> Calibration:
    if method == "platt":
        return _platt(raw, churned, clip)
    if method == "isotonic":
        return _isotonic(raw, churned, clip)
    return Calibration("none", clip)


def _platt(raw: FloatArray, churned: BoolArray, clip: float) -> Calibration:
    """Logistic regression on the logit, with Platt's (1999) softened targets."""
    churners = int(churned.sum())
    high = (churners + 1) / (churners + 2)
    low = 1 / (len(churned) - churners + 2)
    target = np.where(churned, high, low)
    mean = float(target.mean())
    level = Calibration("platt", clip, intercept=float(np.log(mean / (1 - mean))), slope=0.0)
    logit = _logit(raw)
    middle, spread = float(logit.mean()), float(logit.std())
    if spread < _EDGE:
        return level
    score = (logit - middle) / spread  # or the solver meets badly scaled equations
    level_there, slope_there = _line(score, target)
    slope = slope_there / spread
    if slope <= 0:
        # A score that ranks the wrong way round says nothing: everybody gets the mean.
        return level
    intercept = level_there - slope * middle
    return Calibration("platt", clip, intercept=intercept, slope=slope)


def _line(score: FloatArray, target: FloatArray) -> tuple[float, float]:
    """Intercept and slope of least log loss, by Newton's steps, halved while the loss rises.

    Args:
        score: of mean 0 and spread 1, shape (rows,).
        target: between 0 and 1 and nowhere 0 or 1, so that the best line is finite.
    """
    line = np.array([float(np.log(target.mean() / (1 - target.mean()))), 0.0])
    loss = _line_loss(line, score, target)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(line[0] + line[1] * score)))
        off, weight = target - p, p * (1 - p)
        gradient = np.array([off.sum(), (off * score).sum()])
        cross = (weight * score).sum()
        curve = np.array([[weight.sum(), cross], [cross, (weight * score**2).sum()]])
        step = np.linalg.solve(curve, gradient)
        size = 1.0
        while (found := _line_loss(line + size * step, score, target)) > loss and size > _EDGE:
            size /= 2
        if found > loss:
            break  # only rounding is left
        line, loss = line + size * step, found
        if np.abs(size * step).max() < _EDGE:
            break
    return float(line[0]), float(line[1])


def _line_loss(line: FloatArray, score: FloatArray, target: FloatArray) -> float:
    """Mean log loss: log(1 + e^z) - target z."""
    z = line[0] + line[1] * score
    return float(np.mean(np.logaddexp(0.0, z) - target * z))


def _isotonic(raw: FloatArray, churned: BoolArray, clip: float) -> Calibration:
    """Centred isotonic regression (Oron and Flournoy 2017).

    Each step of the isotonic fit is drawn together into the point at the mean of its scores, with
    straight lines between the points: without steps nobody is tied. Beyond the outermost points
    the lines are level but for a tilt that only breaks ties.
    """
    from sklearn.isotonic import isotonic_regression

    order = np.argsort(raw, kind="stable")
    scores, start, rows = np.unique(raw[order], return_index=True, return_counts=True)
    churners = np.add.reduceat(churned[order].astype(np.float64), start)
    steps = isotonic_regression(churners / rows, sample_weight=rows.astype(np.float64))
    heights, step = np.unique(steps, return_inverse=True)
    weight = np.bincount(step, weights=rows)
    centres = np.bincount(step, weights=scores * rows) / weight
    lowest, highest = float(heights[0]), float(heights[-1])
    knots = {0.0: (1 - _TILT) * lowest, 1.0: highest + _TILT * (1 - highest)}
    knots.update(zip(centres.tolist(), heights.tolist(), strict=True))
    xs = sorted(knots)
    return Calibration("isotonic", clip, raw=tuple(xs), probability=tuple(knots[x] for x in xs))


def _logit(raw: FloatArray) -> FloatArray:
    p = np.clip(raw, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)

"""Several ways of scoring the same rows, measured together in the same resamples of accounts."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from churnlight.assess.measures import Asked, Forecast, Ranking, summary
from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray, IntArray
from churnlight.learners.folds import Bootstrap
from churnlight.params.judging import EvaluateParams

Key = TypeVar("Key", bound=Hashable)
Figures = dict[str, dict[str, float | None]]

_CELLS = 1_000_000  # weights measured at once: more than the cache holds is slower


@dataclass(frozen=True)
class Scored:
    """One way of scoring some of the rows, ready to be measured under any weights.

    Attributes:
        ranking: by the score.
        forecast: where the score is a probability that is to be judged as one.
        rows: the row numbers it is about; None for all.
    """

    ranking: Ranking
    forecast: Forecast | None = None
    rows: IntArray | None = None

    @classmethod
    def of(
        cls,
        score: FloatArray,
        churned: BoolArray,
        asked: Asked | None = None,
        *,
        probability: bool = True,
        rows: IntArray | None = None,
    ) -> Scored:
        """Make ready.

        Args:
            score: of all rows, higher means likelier to churn, shape (rows,).
            churned: their label, shape (rows,).
            asked: what is measured besides the areas under the curves.
            probability: whether the score is a probability.
            rows: row numbers to restrict it to.
        """
        if rows is not None:
            score, churned = score[rows], churned[rows]
        forecast = Forecast.of(score, churned) if probability else None
        return cls(Ranking.by(score, churned, asked=asked), forecast, rows)

    def measure(self, weights: FloatArray) -> dict[str, FloatArray]:
        """All measures, each of shape (resamples,); `weights` has shape (resamples, all rows)."""
        taken = weights if self.rows is None else weights[:, self.rows]
        out = self.ranking.measure(taken)
        return out if self.forecast is None else out | self.forecast.measure(taken)


@dataclass(frozen=True)
class Resampled(Generic[Key]):
    """Measures of each way of scoring, on the rows as they are and in every resample.

    Attributes:
        whole: measures with all weights 1, each of shape (1,).
        drawn: the same in each resample, each of shape (resamples,).
    """

    whole: Mapping[Key, Mapping[str, FloatArray]]
    drawn: Mapping[Key, Mapping[str, FloatArray]]

    def figures(self, key: Key) -> Figures:
        """Value and 95 % interval of each measure."""
        return summary(self.whole[key], self.drawn[key])

    def difference(self, first: Key, second: Key) -> Figures:
        """First minus second in the same resamples, of each measure that both have."""
        return summary(
            _less(self.whole[first], self.whole[second]),
            _less(self.drawn[first], self.drawn[second]),
        )


def resample(
    scored: Mapping[Key, Scored], account: AnyArray, params: EvaluateParams
) -> Resampled[Key]:
    """Measure all in the same resamples of accounts.

    Args:
        scored: ways of scoring the same rows, by name.
        account: the group of each row, shape (rows,).
        params: section `evaluate`.
    """
    rows = len(account)
    whole: dict[Key, Any] = {key: one.measure(np.ones((1, rows))) for key, one in scored.items()}
    parts: dict[Key, list[dict[str, FloatArray]]] = {key: [] for key in scored}
    step = max(1, _CELLS // max(rows, 1))
    for weights in Bootstrap.by(account, params.seed).weights(params.bootstrap):
        for start in range(0, len(weights), step):
            some = weights[start : start + step]
            for key, one in scored.items():
                parts[key].append(one.measure(some))
    drawn = {
        key: {name: np.concatenate([p[name] for p in of]) for name in whole[key]}
        for key, of in parts.items()
    }
    return Resampled(whole, drawn)


def compare(
    scores: Mapping[str, FloatArray], churned: BoolArray, account: AnyArray, params: EvaluateParams
) -> Resampled[str]:
    """Measure several models' probabilities of the same rows; see `Resampled.difference`."""
    ready = {name: Scored.of(score, churned) for name, score in scores.items()}
    return resample(ready, account, params)


def _less(first: Mapping[str, FloatArray], second: Mapping[str, FloatArray]) -> dict[str, Any]:
    return {name: first[name] - second[name] for name in first if name in second}

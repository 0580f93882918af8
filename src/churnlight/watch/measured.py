"""What is watched of a batch of subscribers: features, reasons and scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlight.explain.reasons import Meaning
from churnlight.learners.dataset import FloatArray

KINDS = ("features", "reasons", "scores")
# Columns of `Bundle.predict` whose distribution is watched.
SCORES = ("probability", "tier", "probability_tree")


@dataclass(frozen=True)
class Measured:
    """Rows of one batch, row by row the same subscribers.

    Attributes:
        features: the feature columns.
        reasons: SHAP values (log-odds) summed by reason, a column each.
        scores: the columns of `SCORES`.
    """

    features: pd.DataFrame
    reasons: pd.DataFrame
    scores: pd.DataFrame

    @classmethod
    def of(
        cls, frame: pd.DataFrame, predicted: pd.DataFrame, shap: FloatArray, meaning: Meaning
    ) -> Measured:
        """Put a scored batch together.

        Args:
            frame: the features, shape (rows, features).
            predicted: of `Bundle.predict`; more columns do no harm.
            shap: SHAP values without the expected value, shape (rows, features), the columns in
                the order of `frame`.
            meaning: which reason each feature has.

        Raises:
            ChurnlightError: names features without a reason.
        """
        names = [str(name) for name in frame.columns]
        meaning.hold(names)
        return cls(frame, _by_reason(shap, names, meaning), predicted[list(SCORES)])

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """By kind."""
        return {"features": self.features, "reasons": self.reasons, "scores": self.scores}


def _by_reason(shap: FloatArray, names: list[str], meaning: Meaning) -> pd.DataFrame:
    from churnlight.watch import profile_kernels

    codes = sorted({meaning.reason[name] for name in names})
    group = np.array([codes.index(meaning.reason[name]) for name in names], dtype=np.int64)
    sums = np.zeros((len(codes), len(shap)))
    profile_kernels.add_groups(np.ascontiguousarray(shap), group, sums)
    return pd.DataFrame(sums.T, columns=codes, copy=False)


def thinned(batches: Iterable[pd.DataFrame], total: int, most: int) -> pd.DataFrame:
    """An even sample of the rows of batches, at most `most`; the same whatever the batches.

    Args:
        batches: in order, each a slice of the same table.
        total: rows of all together.
        most: rows kept.
    """
    step = max(1, -(-total // max(most, 1)))
    kept, start = [], 0
    for batch in batches:
        kept.append(batch.iloc[(-start) % step :: step])
        start += len(batch)
    return pd.concat(kept, ignore_index=True)

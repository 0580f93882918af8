"""Features made comparable: skew taken out, outliers held, standardised; categories as numbers.

What is learned here is frozen with the model, so that a later month is measured on the same scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import DataRefused, UsageError
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray, IntArray
from churnlight.params.segments import SegmentsParams

MISSING = -1  # the code of a category that is missing, or that the model does not know
# Values beyond these quantiles are brought to them.
_TAILS = (0.005, 0.995)
# Kelly's measure of skew, (q90 + q10 - 2 q50) / (q90 - q10), from which a feature is logged.
_SKEWED = 0.2
_LEAST_SPREAD = 1e-9


@dataclass(frozen=True)
class Number:
    """How a numeric feature is read: z = (t - mean) / sd of t = clip(x), or of log(1 + x / scale).

    Attributes:
        name: the feature.
        scale: median of the positive values where it is logged; None: it is not.
        low, high: values of t that the tails are brought to.
        mean, sd: of t.
    """

    name: str
    scale: float | None
    low: float
    high: float
    mean: float
    sd: float

    def read(self, frame: pd.DataFrame) -> FloatArray:
        """Z of each row, NaN where the value is missing."""
        if self.name not in frame.columns:
            return np.full(len(frame), np.nan)
        clipped = np.clip(_curved(_values(frame, self.name), self.scale), self.low, self.high)
        # Adding 0 makes one zero of the two.
        return np.asarray((clipped - self.mean) / self.sd + 0.0, dtype=np.float64)


@dataclass(frozen=True)
class Category:
    """How a text feature is read: the place of its value among `values`.

    Attributes:
        name: the feature.
        values: sorted.
    """

    name: str
    values: tuple[str, ...]

    def read(self, frame: pd.DataFrame) -> IntArray:
        """Code of each row; MISSING where there is no value, or one that is not known."""
        if self.name not in frame.columns:
            return np.full(len(frame), MISSING, dtype=np.int64)
        index = pd.Index(self.values)
        return np.asarray(index.get_indexer(pd.Index(frame[self.name])), dtype=np.int64)


@dataclass(frozen=True)
class Rows:
    """Encoded rows.

    Attributes:
        numbers: standardised values, NaN where missing, shape (rows, numeric features).
        codes: categories, MISSING where missing, shape (rows, categorical features).
    """

    numbers: FloatArray
    codes: IntArray

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, index: AnyArray) -> Rows:
        """Some of the rows, in the order of `index`."""
        return Rows(self.numbers[index], self.codes[index])


@dataclass(frozen=True)
class Encoding:
    """Everything it takes to read a month's features.

    Attributes:
        numbers, categories: the features that are used, in the order of the parameters.
    """

    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The features."""
        return (*(n.name for n in self.numbers), *(c.name for c in self.categories))

    @property
    def levels(self) -> tuple[int, ...]:
        """How many values each categorical feature has."""
        return tuple(len(c.values) for c in self.categories)

    def read(self, frame: pd.DataFrame) -> Rows:
        """Encode a month's features; a column that is absent is missing throughout."""
        empty = np.zeros((len(frame), 0))
        numbers = [n.read(frame) for n in self.numbers]
        codes = [c.read(frame) for c in self.categories]
        return Rows(
            np.stack(numbers, axis=1) if numbers else empty,
            np.stack(codes, axis=1) if codes else empty.astype(np.int64),
        )

    def content(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "numbers": [vars(n) for n in self.numbers],
            "categories": [{"name": c.name, "values": list(c.values)} for c in self.categories],
        }

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Encoding:
        """From JSON."""
        return cls(
            tuple(Number(**entry) for entry in content["numbers"]),
            tuple(Category(e["name"], tuple(e["values"])) for e in content["categories"]),
        )


def learn_encoding(frame: pd.DataFrame, params: SegmentsParams) -> tuple[Encoding, dict[str, str]]:
    """Learn how to read the features that `segments.features` names.

    The order of the rows makes no difference.

    Args:
        frame: a column a feature, one row a subscriber.
        params: the section `segments`.

    Returns:
        The encoding, and the features left out with the reason: `absent` or `constant`.

    Raises:
        UsageError: when the parameters name a feature that no catalogue has.
        DataRefused: when nothing is left to tell subscribers apart by.
    """
    _hold_names(params.features)
    kinds = {f.name: f.is_category for f in CATALOGUE}
    left_out: dict[str, str] = {}
    numbers: list[Number] = []
    categories: list[Category] = []
    for name in params.features:
        if name not in frame.columns:
            left_out[name] = "absent"
        elif kinds[name]:
            values = tuple(sorted({str(v) for v in frame[name].dropna().unique()}))
            if len(values) > 1:
                categories.append(Category(name, values))
            else:
                left_out[name] = "constant"
        elif (number := _learn_number(frame, name)) is not None:
            numbers.append(number)
        else:
            left_out[name] = "constant"
    if not numbers and not categories:
        raise DataRefused(
            f"nothing to make segments from: of the {len(params.features)} features of "
            f"segments.features {list(left_out.values()).count('absent')} are absent and the rest "
            "are the same for everybody; name others in params.yaml"
        )
    return Encoding(tuple(numbers), tuple(categories)), left_out


def _hold_names(names: Sequence[str]) -> None:
    known = {f.name for f in CATALOGUE}
    if strange := [name for name in names if name not in known]:
        raise UsageError(
            f"segments.features names {', '.join(strange)}, which is no feature: "
            "docs/features.md lists those there are"
        )


def _learn_number(frame: pd.DataFrame, name: str) -> Number | None:
    values = _values(frame, name)
    # Sorted, so that sums do not depend on the order of the rows.
    known = np.sort(values[~np.isnan(values)])
    if len(known) == 0:
        return None
    scale = _scale_of(known)
    curved = _curved(known, scale)
    low, high = (float(q) for q in np.quantile(curved, _TAILS))
    clipped = np.clip(curved, low, high)
    mean, sd = float(clipped.mean()), float(clipped.std())
    # Next to nobody differs: the tails hold all who do.
    if not sd > _LEAST_SPREAD:
        return None
    return Number(name, scale, low, high, mean, sd)


def _scale_of(known: FloatArray) -> float | None:
    """Median of the positive values where the feature is never negative and leans to the right."""
    if known[0] < 0 or known[-1] <= 0:
        return None
    q10, q50, q90 = np.quantile(known, (0.1, 0.5, 0.9))
    # Nearly always the same, and now and then far more: as skewed as can be.
    skew = (q90 + q10 - 2 * q50) / (q90 - q10) if q90 > q10 else 1.0
    return float(np.median(known[known > 0])) if skew >= _SKEWED else None


def _curved(values: FloatArray, scale: float | None) -> FloatArray:
    if scale is None:
        return values
    return np.asarray(np.log1p(np.maximum(values, 0.0) / scale))


def _values(frame: pd.DataFrame, name: str) -> FloatArray:
    values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def known_share(rows: Rows) -> FloatArray:
    """Share of rows with a value, of each feature, shape (numeric + categorical,)."""
    there: BoolArray = np.concatenate([~np.isnan(rows.numbers), rows.codes != MISSING], axis=1)
    return np.asarray(there.mean(axis=0)) if len(rows) else np.zeros(there.shape[1])

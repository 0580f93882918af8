"""The feature schema of a model: names, kinds and categories, and the numbers they become."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlight.errors import DataRefused
from churnlight.learners.dataset import FloatArray, IntArray

Kind = Literal["numeric", "category"]
_SHOWN = 5
# scikit-learn's trees hold features as float32; a larger value would become infinite there.
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Column:
    """One feature: a number (booleans are 0 and 1), or a category by its place in `categories`."""

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Encoder:
    """Turns a feature table into numbers; refuses a table of another shape.

    Missing values become NaN, and so does a category that was not there when the model learned.
    """

    columns: tuple[Column, ...]

    @classmethod
    def learn(cls, frame: pd.DataFrame, least_rows: int = 1) -> Encoder:
        """Read names, kinds and categories from a table.

        Args:
            frame: the features.
            least_rows: a category with fewer rows is not kept: it reads as one never seen, so that
                a column with a value of its own for each row teaches nothing.

        Raises:
            DataRefused: names a column that is neither number, boolean nor text, or twice there.
        """
        names = [str(n) for n in frame.columns]
        twice = sorted(n for n, count in Counter(names).items() if count > 1)
        if twice:
            raise DataRefused(f"the feature table names columns twice: {', '.join(twice)}")
        if not names:
            raise DataRefused("the feature table has no feature column")
        columns = []
        for i, name in enumerate(names):
            values = frame.iloc[:, i]
            kind = _kind(values)
            found = _categories(values, least_rows) if kind == "category" else ()
            columns.append(Column(name, kind or "numeric", found))
        return cls(tuple(columns))

    @property
    def names(self) -> list[str]:
        """The features, in the order of the matrix's columns."""
        return [c.name for c in self.columns]

    @property
    def category_indexes(self) -> list[int]:
        """Which columns of the matrix hold codes of categories."""
        return [i for i, c in enumerate(self.columns) if c.kind == "category"]

    def transform(self, frame: pd.DataFrame) -> FloatArray:
        """The table as numbers, shape (rows, features).

        Raises:
            DataRefused: names a column that is missing, extra, out of order or of another kind, or
                that holds infinite values (with row numbers, the first row being 1).
        """
        self._hold(frame)
        matrix = np.empty((len(frame), len(self.columns)), dtype=np.float64)
        for i, column in enumerate(self.columns):
            matrix[:, i] = _encode(frame.iloc[:, i], column)
        return matrix

    def _hold(self, frame: pd.DataFrame) -> None:
        found = [str(n) for n in frame.columns]
        expected = self.names
        if found == expected:
            return
        missing = [n for n in expected if n not in set(found)]
        extra = [n for n in found if n not in set(expected)]
        parts = []
        if missing:
            parts.append(f"missing: {_some(missing)}")
        if extra:
            parts.append(f"not known to the model: {_some(extra)}")
        if not parts and len(found) > len(expected):
            parts.append(
                f"twice there: {_some(sorted(n for n, c in Counter(found).items() if c > 1))}"
            )
        if not parts:
            odd = next((f, e) for f, e in zip(found, expected, strict=True) if f != e)
            parts.append(f"out of order: {odd[0]!r} stands where {odd[1]!r} is expected")
        raise DataRefused(
            f"the feature table does not fit the model ({len(expected)} features): "
            f"{'; '.join(parts)}; build the features with the extracts and version that the model "
            "was trained with, or train again"
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "columns": [
                {"name": c.name, "kind": c.kind, "categories": list(c.categories)}
                for c in self.columns
            ]
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Encoder:
        """The inverse of `to_json`."""
        return cls(
            tuple(Column(c["name"], c["kind"], tuple(c["categories"])) for c in content["columns"])
        )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(n) for n in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _kind(values: pd.Series) -> Kind | None:
    """What a column holds; None when it holds nothing."""
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "category" if values.notna().any() else None
    if pd.api.types.is_bool_dtype(dtype) or (
        pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)
    ):
        return "numeric"
    if pd.api.types.is_object_dtype(dtype):
        types = {type(v) for v in values.dropna()}
        if not types:
            return None
        if all(issubclass(t, int | float | Decimal | np.number | np.bool_) for t in types):
            return "numeric"
        if all(issubclass(t, str) for t in types):
            return "category"
        dtype = " and ".join(sorted(t.__name__ for t in types))
    elif pd.api.types.is_string_dtype(dtype):
        return "category" if values.notna().any() else None
    raise DataRefused(
        f"feature {values.name!r} is {dtype}: expected numbers, booleans or text; "
        "turn dates into days before the as_of, and mixed columns into one kind"
    )


def _coded(values: pd.Series) -> tuple[IntArray, list[str]]:
    """Each row's place among the column's texts, -1 where missing; and these texts.

    A text may stand there twice, such as that of 1 and "1" in a categorical column.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, found = values.cat.codes.to_numpy(), values.cat.categories
    else:
        codes, found = pd.factorize(values)
    return np.asarray(codes, dtype=np.int64), [str(text) for text in found]


def _categories(values: pd.Series, least_rows: int) -> tuple[str, ...]:
    """The texts that enough rows hold, sorted."""
    codes, texts = _coded(values)
    counts: Counter[str] = Counter()
    for text, rows in zip(texts, np.bincount(codes[codes >= 0], minlength=len(texts)), strict=True):
        counts[text] += int(rows)
    return tuple(sorted(text for text, rows in counts.items() if rows >= max(least_rows, 1)))


def _numbers(values: pd.Series) -> FloatArray:
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiub":
        return np.asarray(values, dtype=np.float64)
    return np.asarray(
        pd.to_numeric(values.astype("Float64"), errors="raise").to_numpy(
            dtype=np.float64, na_value=np.nan
        )
    )


def _encode(values: pd.Series, column: Column) -> FloatArray:
    kind = _kind(values)
    if kind is None:
        return np.full(len(values), np.nan)
    if kind != column.kind:
        expected = "numbers" if column.kind == "numeric" else "text"
        raise DataRefused(
            f"feature {column.name!r} is {values.dtype}: the model expects {expected}; "
            "give the column in the type it had in training"
        )
    if kind == "category":
        codes, texts = _coded(values)
        place = {text: float(i) for i, text in enumerate(column.categories)}
        # The last entry is that of code -1, a missing value.
        return np.array([*(place.get(text, np.nan) for text in texts), np.nan])[codes]
    numbers = _numbers(values)
    too_large = np.flatnonzero(np.abs(numbers) > _LARGEST)
    if len(too_large):
        rows = ", ".join(str(i + 1) for i in too_large[:_SHOWN])
        raise DataRefused(
            f"feature {column.name!r} is infinite (or beyond {_LARGEST:.2g}) in {len(too_large)} "
            f"rows, first in row {rows}: a missing value stands for 'unknown', never infinity"
        )
    return numbers

"""Fixed bins, learned once on the training cohort, that months are counted on."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import DataRefused
from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.watch.measured import KINDS, Measured

# As many as `profile_kernels` searches in six steps; that module is imported only when it counts.
CUTS = 63
LEVELS = 30
_TAIL = 0.001
_MISSING = "missing"


@dataclass(frozen=True)
class Bins:
    """The bins of one distribution; the last is for missing values.

    Attributes:
        cuts: of numbers, rising: bin i holds what is above cut i - 1 and at most cut i; one bin
            more for what is above all. None for text.
        levels: of text, one bin each, and one for all other text. None for numbers.
    """

    cuts: tuple[float, ...] | None = None
    levels: tuple[str, ...] | None = None

    @property
    def size(self) -> int:
        """How many there are, the one for missing values included."""
        return len(self.cuts or self.levels or ()) + 2

    @property
    def is_text(self) -> bool:
        """Whether it counts text."""
        return self.levels is not None

    def count(self, values: pd.Series[Any]) -> IntArray:
        """How many values fall into each bin, shape (size,)."""
        if self.levels is not None:
            return _text_counts(values, self.levels)
        from churnlight.watch import profile_kernels

        cuts = np.full(CUTS, np.inf)
        own = self.cuts or ()
        cuts[: len(own)] = own
        found = np.zeros(profile_kernels.BINS, dtype=np.int64)
        profile_kernels.count(np.ascontiguousarray(numbers(values)), cuts, found)
        return np.append(found[: len(own) + 1], found[-1])

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return (
            {"cuts": list(self.cuts)}
            if self.cuts is not None
            else {"levels": list(self.levels or ())}
        )

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Bins:
        """The inverse of `to_json`."""
        if "cuts" in content:
            return cls(cuts=tuple(float(c) for c in content["cuts"]))
        return cls(levels=tuple(content["levels"]))

    @classmethod
    def learn(cls, values: pd.Series[Any]) -> Bins:
        """Choose bins for a column.

        Numbers: each value its own bin where there are few, else bins of equal counts with the
        outermost thousandths apart. Text: the commonest, in the order of the alphabet.
        """
        if _is_text(values):
            seen = Counter(values.dropna().astype(str).to_list())
            common = sorted(seen, key=lambda text: (-seen[text], text))[:LEVELS]
            return cls(levels=tuple(sorted(common)))
        known = numbers(values)
        known = np.sort(known[np.isfinite(known)]) + 0.0
        distinct = np.unique(known)
        if len(distinct) > CUTS:
            inner = np.arange(1, CUTS - 1) / (CUTS - 1)
            shares = np.concatenate(([_TAIL], inner, [1 - _TAIL]))
            distinct = np.unique(known[np.ceil(shares * len(known)).astype(int) - 1])
        return cls(cuts=tuple(float(c) for c in distinct))


@dataclass(frozen=True)
class Edges:
    """Bins by kind ("features", "reasons", "scores") and name."""

    bins: Mapping[str, Mapping[str, Bins]]

    @classmethod
    def learn(cls, measured: Measured) -> Edges:
        """Choose the bins of every distribution; the order of the rows plays no part.

        Args:
            measured: rows of the training cohort, or an even sample of them.

        Raises:
            DataRefused: when there are no rows.
        """
        if len(measured.features) == 0:
            raise DataRefused(
                "no rows to learn bins from: the training as_ofs have no cohort members"
            )
        return cls(
            {
                kind: {str(name): Bins.learn(table[name]) for name in table.columns}
                for kind, table in measured.tables.items()
            }
        )

    @cached_property
    def fingerprint(self) -> str:
        """Tells whether two profiles were counted on the same bins."""
        text = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            kind: {name: one.to_json() for name, one in bins.items()}
            for kind, bins in self.bins.items()
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Edges:
        """The inverse of `to_json`."""
        return cls(
            {
                kind: {name: Bins.from_json(one) for name, one in content[kind].items()}
                for kind in KINDS
            }
        )


def numbers(values: pd.Series[Any]) -> FloatArray:
    """A column as float64, NaN where missing."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiub":
        return np.asarray(values, dtype=np.float64)
    return np.asarray(
        pd.to_numeric(values, errors="raise").to_numpy(dtype=np.float64, na_value=np.nan)
    )


def _is_text(values: pd.Series[Any]) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return True
    if pd.api.types.is_object_dtype(values.dtype):
        return any(isinstance(v, str) for v in values.dropna())
    return bool(pd.api.types.is_string_dtype(values.dtype))


def _text_counts(values: pd.Series[Any], levels: tuple[str, ...]) -> IntArray:
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, texts = values.cat.codes.to_numpy(), values.cat.categories
    else:
        codes, texts = pd.factorize(values)
    place = {text: i for i, text in enumerate(levels)}
    # The last entry is that of code -1, a missing value.
    bins = np.array([*(place.get(str(t), len(levels)) for t in texts), len(levels) + 1])
    found = np.bincount(bins[np.asarray(codes, dtype=np.int64)], minlength=len(levels) + 2)
    return np.asarray(found, dtype=np.int64)

"""What the tree may ask of who changes: the columns, as the engine and as the learner see them.

Every column is a whole number, so that both engines and scikit-learn, which compares in 32 bits,
send everybody to the same leaf.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.learners.dataset import FloatArray

AGE, PRICE, GENERATION, SPEND, DATA = (
    "handset_age_days",
    "handset_price_cents",
    "handset_generation_rank",
    "spend_cents",
    "data_mb",
)
NUMBERS = (AGE, PRICE, GENERATION, SPEND, DATA)
TEXTS = ("brand", "os")
PRESENT = "present_"
# Whole numbers beyond 2^24 are not exact in 32 bits; nobody spends 160,000 a month.
LARGEST = 16_000_000


@dataclass(frozen=True)
class Questions:
    """The columns that a tree asks.

    Attributes:
        numbers: of `NUMBERS`, those with any value in training.
        flags: brands and systems that enough of those who changed had before: (column, value).
    """

    numbers: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, changes: pd.DataFrame, least_rows: int) -> Questions:
        """Of the changes to learn from: `NUMBERS`, present_brand and present_os."""
        flags = []
        for text in TEXTS:
            counts = changes[PRESENT + text].dropna().astype(str).value_counts()
            flags += [(text, name) for name in sorted(counts.index[counts >= least_rows])]
        known = tuple(name for name in NUMBERS if changes[name].notna().any())
        return cls(known, tuple(flags))

    @property
    def names(self) -> list[str]:
        """The columns of the matrix, in order."""
        return [*self.numbers, *(flag_name(*flag) for flag in self.flags)]

    def matrix(self, frame: pd.DataFrame) -> FloatArray:
        """Columns as numbers, NaN where unknown, shape (rows, columns)."""
        columns = [
            np.minimum(frame[name].to_numpy(dtype=np.float64, na_value=np.nan), LARGEST)
            for name in self.numbers
        ]
        columns += [
            (frame[PRESENT + text].astype("string") == value).fillna(value=False).to_numpy(float)
            for text, value in self.flags
        ]
        return np.column_stack(columns) if columns else np.empty((len(frame), 0))

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"numbers": list(self.numbers), "flags": [list(flag) for flag in self.flags]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Questions:
        """The inverse of `to_json`."""
        flags: Sequence[Sequence[str]] = content["flags"]
        return cls(tuple(content["numbers"]), tuple((f[0], f[1]) for f in flags))


def flag_name(text: str, value: str) -> str:
    """Name of the column that asks whether the present brand or system is this one."""
    return f"{PRESENT}{text}={value}"

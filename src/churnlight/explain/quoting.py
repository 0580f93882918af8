"""A subscriber's own values, kept as JSON text beside each reason for the sentences to quote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray, IntArray

_DIGITS = 9  # enough for cents of a large bill; the rest is noise of floats


def quoted_text(
    frame: pd.DataFrame,
    row: IntArray,
    reason: AnyArray,
    kept: BoolArray,
    quoted: Mapping[str, Sequence[str]],
) -> pd.Series[Any]:
    """One JSON object a reason, worked out column by column.

    Args:
        frame: the features.
        row: the row of `frame` of each reason, shape (reasons,).
        reason: their codes.
        kept: whose values are kept.
        quoted: by reason, the features that its sentences may quote.

    Returns:
        `{"feature": value or null, ...}`; null where nothing is kept.
    """
    text = np.full(len(row), None, dtype=object)
    for code in np.unique(reason.astype(str)):
        at = np.flatnonzero(kept & (reason == code))
        names = [n for n in quoted.get(code, ()) if n in frame.columns]
        if len(at) and names:
            text[at] = _objects(frame, row[at], names)
    return pd.Series(text, dtype="str")


def _objects(frame: pd.DataFrame, row: IntArray, names: Sequence[str]) -> AnyArray:
    pieces: list[Any] = []
    for number, name in enumerate(names):
        before = "{" if number == 0 else ", "
        pieces += [f"{before}{json.dumps(name)}: ", _values(frame[name].iloc[row])]
    joined = pc.binary_join_element_wise(*pieces, "}", "")
    return np.asarray(joined.to_numpy(zero_copy_only=False), dtype=object)


def _values(column: pd.Series[Any]) -> Any:
    """Each value as JSON writes it, "null" where missing (pyarrow string array)."""
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        numbers = _rounded(column.to_numpy(dtype="float64", na_value=np.nan))
        words = pc.cast(pa.array(numbers, from_pandas=True), pa.string())
        return pc.fill_null(words, "null")
    known = column.notna().to_numpy()
    words = [
        json.dumps(str(value), ensure_ascii=False) if there else "null"
        for value, there in zip(column, known, strict=True)
    ]
    return pa.array(words, pa.string())


def _rounded(values: FloatArray) -> FloatArray:
    """To `_DIGITS` digits after the point; no minus before a zero, nothing infinite."""
    return np.where(np.isfinite(values), np.round(values, _DIGITS) + 0.0, np.nan)

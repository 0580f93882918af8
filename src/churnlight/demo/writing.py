"""Parquet files of the simulated operator: columns from numpy, the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.demo.randomness import Array
from churnlight.timeline import Month

_ROW_GROUP = 500_000
Table = pa.Table


def category(codes: Array, names: Sequence[str], null: int | None = None) -> Any:
    """A text column from codes into `names`; the code `null` is null."""
    # The Parquet writer's bytes vary when a dictionary holds a value twice.
    unique = list(dict.fromkeys(names))
    lookup = np.array([unique.index(name) for name in names], dtype=np.int8)
    mask = None if null is None else codes == null
    known = codes if mask is None else np.where(mask, 0, codes)
    index = pa.array(lookup[known.astype(np.intp)], mask=mask)
    return pa.DictionaryArray.from_arrays(index, pa.array(unique, pa.string()))


def numbers(values: Array, null: Array | None = None) -> Any:
    """A column of numbers or truth values; null where `null`."""
    return pa.array(values, mask=null)


def money(cents: Array) -> Any:
    """A float64 column in yuan: the double nearest to the exact number of cents."""
    return pa.array(cents / 100.0)


def dates(days: Array, null: Array | None = None) -> Any:
    """A date column from days since 1970."""
    return pa.array(days.astype(np.int32), mask=null).cast(pa.date32())


def times(first_day: int, seconds: Array, null: Array | None = None) -> Any:
    """A timestamp[us] column, without a zone, from seconds since the instant `first_day` began."""
    micros = (seconds.astype(np.int64) + first_day * 86_400) * 1_000_000
    return pa.array(micros, mask=null).cast(pa.timestamp("us"))


def constant(text: str, rows: int) -> Any:
    """A text column of one value."""
    return category(np.zeros(rows, dtype=np.int8), [text])


def write_part(folder: Path, month: Month | None, columns: Mapping[str, Any], part: int = 0) -> int:
    """Write one file of an extract, without the writer's Arrow schema; returns its rows."""
    target = folder if month is None else folder / f"month={month}"
    target.mkdir(parents=True, exist_ok=True)
    table = pa.table(dict(columns))
    # High-cardinality integers gain nothing from a dictionary; sorted times shrink as differences.
    plain = {"started_at": "DELTA_BINARY_PACKED", "counterpart_id": "PLAIN", "bytes": "PLAIN"}
    plain = {name: how for name, how in plain.items() if name in columns}
    pq.write_table(
        table,
        target / f"part-{part}.parquet",
        compression="zstd",
        compression_level=1,
        use_dictionary=[name for name in table.column_names if name not in plain],
        column_encoding=plain or None,
        row_group_size=_ROW_GROUP,
        store_schema=False,
        version="2.6",
    )
    return int(table.num_rows)

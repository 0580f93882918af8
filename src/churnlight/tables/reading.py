"""Read a table from CSV, gzipped CSV or Parquet, whatever its name says, and hold its columns.

Rows are numbered from 1, the first row of data being 1. No message carries an identifier.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import io
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.errors import DataRefused, UsageError
from churnlight.files import atomic_file
from churnlight.learners.dataset import BoolArray

_SHOWN = 5
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"


def read_table(path: Path, as_text: Collection[str] = ()) -> pd.DataFrame:
    """Read a whole table.

    Args:
        path: CSV (comma, UTF-8, a header), the same gzipped, or Parquet; told by its content.
        as_text: columns of a CSV to keep as they are written: identifiers, labels, categories.

    Raises:
        UsageError: when there is no such file.
        DataRefused: when it can't be read as a table, or names a column twice or not at all.
    """
    if not path.is_file():
        raise UsageError(f"{path} is no file: give a CSV, a gzipped CSV or a Parquet file")
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
        return _read_parquet(path) if head == _PARQUET else _read_csv(path, head, set(as_text))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pd.errors.ParserError) as error:
        raise DataRefused(f"{path} can't be read as a table: {_first_line(error)}") from None
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error) as error:
        raise DataRefused(
            f"{path} can't be read as CSV in UTF-8: {_first_line(error)}; save it again as UTF-8, "
            "or as Parquet"
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _read_parquet(path: Path) -> pd.DataFrame:
    table = pq.ParquetFile(path).read()
    _hold_names(path, table.column_names)
    return table.to_pandas(ignore_metadata=True)


def _read_csv(path: Path, head: bytes, as_text: set[str]) -> pd.DataFrame:
    opened = gzip.open if head[:2] == _GZIP else open
    with opened(path, "rb") as stream:
        header = next(csv.reader(io.TextIOWrapper(stream, "utf-8-sig", newline="")), [])
    _hold_names(path, header)
    return pd.read_csv(
        path,
        compression="gzip" if head[:2] == _GZIP else None,
        encoding="utf-8-sig",
        dtype=dict.fromkeys(as_text & set(header), str),
        index_col=False,
        low_memory=False,  # one kind a column, whatever its length
    )


def _hold_names(path: Path, names: Sequence[str]) -> None:
    if not names:
        raise DataRefused(f"{path} is empty: expected a header and rows")
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise DataRefused(
            f"{path}: the header is one column, {names[0][:60]!r}: separate the columns by commas"
        )
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise DataRefused(f"{path} names columns twice: {', '.join(map(repr, twice[:_SHOWN]))}")
    if "" in names:
        place = list(names).index("") + 1
        raise DataRefused(
            f"{path}: column {place} has no name: name it (a table that pandas wrote may hold its "
            "index there: write it with index=False)"
        )


def require_columns(frame: pd.DataFrame, wanted: Sequence[tuple[str, str]]) -> None:
    """Hold the columns that options name to the table.

    Args:
        frame: the table.
        wanted: (option, column) pairs, such as ("--label", "churn").

    Raises:
        UsageError: names the option, the column and the nearest one that there is.
    """
    names = [str(name) for name in frame.columns]
    for option, name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {some(names)}"
            raise UsageError(f"{option} {name!r}: the table has no such column: {hint}")


def require_unique(ids: pd.Series) -> None:
    """Refuse identifiers that are missing or stand more than once.

    Raises:
        DataRefused: names the column, how many, and the first rows.
    """
    missing = ids.isna().to_numpy()
    if missing.any():
        raise DataRefused(f"id column {ids.name!r} is empty in {rows_of(missing)}: give each an id")
    again = ids.duplicated(keep=False).to_numpy()
    if again.any():
        raise DataRefused(
            f"id column {ids.name!r} is not unique: {int(ids[again].nunique())} ids stand more "
            f"than once, in {rows_of(again)}: keep one row a subscriber, or name the column that "
            "tells rows apart with --id and the subscriber's with --group"
        )


def rows_of(mask: BoolArray) -> str:
    """Which rows are true, in words: "3 rows, the first being rows 1, 5, 8"."""
    places = np.flatnonzero(mask) + 1
    shown = ", ".join(str(place) for place in places[:_SHOWN])
    if len(places) == 1:
        return f"row {shown}"
    return f"{len(places)} rows ({shown}{', ...' if len(places) > _SHOWN else ''})"


def some(names: Sequence[str]) -> str:
    """The first few names, quoted, and how many more."""
    shown = ", ".join(repr(name) for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write CSV, gzipped CSV (`.csv.gz`) or Parquet (`.parquet`), as the name says.

    The same rows give the same bytes; the file appears by rename.

    Raises:
        UsageError: when the name says none of them.
    """
    require_writable_name(path)
    name = path.name.lower()
    with atomic_file(path.resolve()) as part:
        if name.endswith((".parquet", ".pq")):
            table = pa.Table.from_pandas(frame, preserve_index=False)
            pq.write_table(table, part, compression="zstd")
            return
        text = frame.to_csv(index=False).encode()
        part.write_bytes(gzip.compress(text, mtime=0) if name.endswith(".gz") else text)


def require_writable_name(path: Path) -> None:
    """Refuse an output name before the work is done; see `write_table`.

    Raises:
        UsageError: when the name says no format.
    """
    if not path.name.lower().endswith((".csv", ".csv.gz", ".parquet", ".pq")):
        raise UsageError(f"{path}: the name must end in .csv, .csv.gz or .parquet")

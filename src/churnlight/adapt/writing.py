"""What the adapters share: reading their sources, writing extracts month by month."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.errors import DataRefused
from churnlight.files import atomic_file
from churnlight.timeline import Month


def read_source(folder: Path, stem: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read `<stem>.csv.gz` or `<stem>.csv`, cells as text, rows in the order of the file.

    Raises:
        DataRefused: names the paths looked for, or the columns expected and found.
    """
    looked = [folder / f"{stem}.csv.gz", folder / f"{stem}.csv"]
    path = next((p for p in looked if p.is_file()), None)
    if path is None:
        raise DataRefused(f"no source data: looked for {' or '.join(map(str, looked))}")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise DataRefused(
            f"{path}: column {missing[0]!r} is missing; expected {', '.join(columns)}; "
            f"found {', '.join(map(str, frame.columns))}"
        )
    return frame


def write_months(
    dest: Path, extract: str, table: pa.Table, months: list[Month]
) -> Iterator[tuple[Month, int]]:
    """Write an extract's rows as one Parquet file a month; yield each month's rows.

    Args:
        dest: the extracts' root.
        extract: its name.
        table: rows in the order they are written in.
        months: the month of each row.
    """
    for month in sorted(set(months)):
        rows = table.filter(pa.array([m == month for m in months]))
        with atomic_file(dest / extract / f"month={month}" / "part-0.parquet") as part:
            pq.write_table(rows, part, compression="zstd")
        yield month, rows.num_rows

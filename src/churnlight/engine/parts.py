"""Folders of Parquet parts: what an engine that spreads its rows writes in place of one file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

# What is done to a batch of rows: tables by name. It is sent to where the rows lie.
Work = Callable[[pa.Table], Mapping[str, pa.Table]]
BATCH_ROWS = 50_000


def parts_of(path: Path) -> list[Path]:
    """The files of a table, in their order: itself, or its parts."""
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def made(folder: Path) -> Path:
    """A folder that is there afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def part_name(number: int) -> str:
    """Name of a part by its place."""
    return f"part-{number:05d}.parquet"


@contextmanager
def beside(folder: Path, name: str) -> Iterator[Path]:
    """A folder to write to that no reader meets, gone afterwards."""
    hidden = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=made(folder)))
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def make_folder(path: Path, written: Sequence[Path]) -> None:
    """Make a folder of parts, in their order, out of files that stand beside it."""
    whole = Path(tempfile.mkdtemp(dir=written[0].parent))
    whole.chmod(0o777 & ~_umask())
    for number, file in enumerate(written):
        file.rename(whole / part_name(number))
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    whole.rename(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def work_off(
    work: Work, batches: Iterable[pa.RecordBatch], place: Callable[[str], Path]
) -> dict[str, Path]:
    """Give batches to `work`, and write each of its tables to its place; says what was written."""
    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for batch in batches:
            if batch.num_rows == 0:
                continue
            for name, table in work(pa.Table.from_batches([batch])).items():
                if name not in writers:
                    writers[name] = pq.ParquetWriter(place(name), table.schema, compression="zstd")
                writers[name].write_table(table.cast(writers[name].schema))
    finally:
        for writer in writers.values():
            writer.close()
    return {name: place(name) for name in writers}


def write_nothing(expr: ir.Table, work: Work, place: Callable[[str], Path]) -> None:
    """Give no row to `work`, and write what it makes of it."""
    for name, table in work(expr.schema().to_pyarrow().empty_table()).items():
        pq.write_table(table, place(name), compression="zstd")

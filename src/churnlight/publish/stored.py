"""A stored table that is read through handles opened once: a file, or a folder of parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from churnlight import files
from churnlight.engine.parts import parts_of
from churnlight.errors import ChurnlightError

ROWS = 50_000


class Opened:
    """Files of a partition, opened and hashed through the same handles.

    A partition that is replaced meanwhile is read as it was.

    Args:
        folder: the partition.
        stack: that closes the files.
        remedy: what to do about a damaged file.
    """

    def __init__(
        self, folder: Path, stack: ExitStack, remedy: str = "score the month again"
    ) -> None:
        self._folder, self._stack, self._remedy = folder, stack, remedy
        self.hashes: dict[str, str] = {}

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._folder / name).exists()

    def table(self, name: str) -> Stored:
        """A table.

        Raises:
            ChurnlightError: when it is missing or no Parquet.
        """
        paths = parts_of(files.require_file(self._folder / name, "score"))
        try:
            return Stored([pq.ParquetFile(self._open(path)) for path in paths])
        except pa.ArrowInvalid:
            raise ChurnlightError(
                f"{self._folder / name} is not Parquet, or damaged: {self._remedy}"
            ) from None

    def content(self, name: str) -> bytes:
        """All of a small file."""
        return self._open(files.require_file(self._folder / name, "score")).read()

    def _open(self, path: Path) -> BufferedReader:
        stream = self._stack.enter_context(path.open("rb"))
        name = path.relative_to(self._folder).as_posix()
        self.hashes[name] = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        return stream


class Stored:
    """The rows of a table, in their order."""

    def __init__(self, parts: Sequence[pq.ParquetFile]) -> None:
        if not parts:
            raise pa.ArrowInvalid("a folder without parts")
        self._parts = parts

    @property
    def schema(self) -> pa.Schema:
        """As Arrow has it."""
        return self._parts[0].schema_arrow

    @property
    def count(self) -> int:
        """Rows."""
        return sum(part.metadata.num_rows for part in self._parts)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """The rows, a batch at a time."""
        chosen = None if columns is None else list(columns)
        for part in self._parts:
            yield from part.iter_batches(ROWS, columns=chosen)

    def read(self, columns: Sequence[str]) -> pa.Table:
        """All rows of some columns."""
        tables = [part.read(list(columns)) for part in self._parts]
        return pa.concat_tables(tables, promote_options="permissive")

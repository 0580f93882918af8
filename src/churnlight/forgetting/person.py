"""One subscriber as files name them: what to look for, and how a table reads without them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from churnlight.files import atomic_file
from churnlight.suppression import folded

_OWN = "subscriber_id"
_COUNTERPART = "counterpart_id"
_MAGIC = b"PAR1"
_BATCH_ROWS = 1 << 18
_BLOCK_BYTES = 1 << 22
# Shorter digits stand by chance in any text; a folder's tables then say whether it holds somebody.
_TELLING = 8


@dataclass(frozen=True)
class Person:
    """Whom to look for.

    Attributes:
        subscriber: the id.
        numbers: numbers held, looked for among counterparts alone.
    """

    subscriber: str = field(repr=False)
    numbers: frozenset[str] = field(default=frozenset(), repr=False)

    def rows_in(self, path: Path) -> int | None:
        """Rows of a Parquet file that name the person; None where it is none, or damaged."""
        try:
            stored = pq.ParquetFile(path)
            columns = _id_columns(stored.schema_arrow)
            if not columns:
                return 0
            batches = stored.iter_batches(_BATCH_ROWS, columns=columns)
            return sum(pc.sum(self._named(batch)).as_py() or 0 for batch in batches)
        except (pa.ArrowException, OSError):
            return None

    def is_in_text(self, path: Path, *, telling: bool = True) -> bool:
        """Whether the id stands in a file that is no table, in a workbook's sheets too.

        Args:
            path: the file.
            telling: answer no for an id too short to mean something in a text.
        """
        if telling and len(self.subscriber) < _TELLING:
            return False
        return any(self._pattern.search(block) for block in _blocks(path))

    def take_out(self, path: Path) -> None:
        """Write a Parquet file without the person's rows and edges, by rename.

        An account that bears the id stays as the account of others, without its name.
        """
        stored = pq.ParquetFile(path)
        with (
            atomic_file(path) as part,
            pq.ParquetWriter(part, stored.schema_arrow, compression="zstd") as writer,
        ):
            for batch in stored.iter_batches(_BATCH_ROWS):
                writer.write_batch(self._without(batch))

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        word = re.escape(self.subscriber.encode())
        return re.compile(rb"(?<![0-9A-Za-z])" + word + rb"(?![0-9A-Za-z])", re.IGNORECASE)

    def _named(self, batch: Any) -> Any:
        """Which rows of a batch name the person in some column."""
        found = [self._is(batch.column(n), n) for n in _id_columns(batch.schema)]
        named = found[0]
        for other in found[1:]:
            named = pc.or_(named, other)
        return named

    def _is(self, column: Any, name: str) -> Any:
        wanted = {self.subscriber, *(self.numbers if name == _COUNTERPART else ())}
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.utf8_lower(pc.utf8_trim(column, " "))
            values = pa.array(sorted(wanted), column.type)
        else:
            whole = [int(w) for w in wanted if w.isdecimal() and int(w) < 1 << 63]
            values = pa.array(sorted(whole)).cast(column.type, safe=False) if whole else None
        if values is None:
            return pa.array([False] * len(column))
        return pc.is_in(column, value_set=values)

    def _without(self, batch: Any) -> Any:
        gone = None
        for name in (_OWN, _COUNTERPART):
            if name in batch.schema.names:
                here = self._is(batch.column(name), name)
                gone = here if gone is None else pc.or_(gone, here)
        kept = batch if gone is None else batch.filter(pc.invert(gone))
        for place, name in enumerate(kept.schema.names):
            if name in _id_columns(kept.schema):
                column = kept.column(name)
                bare = pc.if_else(self._is(column, name), pa.scalar(None, column.type), column)
                kept = kept.set_column(place, kept.schema.field(name), bare)
        return kept


def person(subscriber: str, numbers: frozenset[str] = frozenset()) -> Person:
    """A person by an id and numbers as they are given."""
    return Person(folded(subscriber), frozenset(map(folded, numbers)))


def is_table(path: Path) -> bool:
    """Whether a file is Parquet, whatever its name (DVC's cache names files by hash)."""
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def _id_columns(schema: Any) -> list[str]:
    """Columns that may name a subscriber: ids of integers or text."""
    return [f.name for f in schema if f.name.endswith("_id") and _names(f.type)]


def _names(kind: Any) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    text = pa.types.is_string(inner) or pa.types.is_large_string(inner)
    return bool(text or pa.types.is_integer(inner))


def _blocks(path: Path) -> Iterator[bytes]:
    """A file's content in overlapping blocks; of a workbook that of its sheets."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            yield from (book.read(n) for n in book.namelist() if n.endswith(".xml"))
        return
    before = b""
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            yield before + block
            before = block[-256:]

"""Raw numbers into pseudonyms, before anything else of churnlight sees them.

An id becomes the first 64 bits of HMAC-SHA-256(key, id), as 16 hexadecimal digits: the same key
gives the same pseudonym in every column, file and month, and without the key no number can be
tried out. Of n ids, two share a pseudonym with a probability of about n^2 / 2^65: 3 in a million
for 10 million ids, 3 in ten thousand for 100 million.

The id is taken as it is written, without spaces around it: an integer and the same digits as text
are one id, a number with and without its country code are two.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from churnlight.check.reading import TEXT_CELLS
from churnlight.engine import csv_header
from churnlight.errors import DataRefused, UsageError
from churnlight.files import atomic_file
from churnlight.inventory import SUFFIXES
from churnlight.keyed import KeyedHash, text_buffers
from churnlight.logs import progress
from churnlight.number_map import NumberMap
from churnlight.schema import EXTRACTS

COLUMNS = ("subscriber_id", "counterpart_id", "number_id", "account_id")

_HEX_DIGITS = 16
_BATCH_ROWS = 1 << 20
_THREADS = 3
# Between them stand the visible characters of ASCII.
_SPACE, _DELETE = 0x20, 0x7F
_LOG = logging.getLogger(__name__)


class Pseudonyms:
    """Pseudonyms of one key; with a map to note them in, all that were given."""

    def __init__(self, key: bytes, notes: NumberMap | None = None) -> None:
        self._hash = KeyedHash(key)
        self._notes = notes

    def of(self, identifier: str) -> str:
        """The pseudonym of one id."""
        return self._hash.of(identifier.strip().encode())[:_HEX_DIGITS]

    def of_array(self, ids: Any) -> Any:
        """Pseudonyms of an arrow array of integers or text; null and empty ids stay null."""
        # Encoding numbers before spelling them out spells each out once.
        encoded = ids if pa.types.is_dictionary(ids.type) else ids.dictionary_encode()
        numbers = pc.cast(encoded.dictionary, pa.string())
        if numbers.null_count:
            numbers = numbers.fill_null("")
        found = self._hash.of_texts(numbers, _HEX_DIGITS)
        odd = _odd(numbers)
        if len(odd):
            right = [self.of(t) if t.strip() else None for t in numbers.take(odd).to_pylist()]
            mask = np.zeros(len(numbers), bool)
            mask[odd] = True
            found = pc.replace_with_mask(found, pa.array(mask), pa.array(right, pa.string()))
        if self._notes is not None:
            self._notes.note(numbers, found)
        return found.take(encoded.indices)


def _odd(texts: Any) -> Any:
    """Places of texts that are empty, or may begin or end with a space of some alphabet."""
    offsets, data = text_buffers(texts)
    begins, ends = offsets[:-1], offsets[1:]
    filled = np.flatnonzero(ends > begins)
    plain = np.zeros(len(texts), bool)
    first, last = data[begins[filled]], data[ends[filled] - 1]
    plain[filled] = (first > _SPACE) & (first < _DELETE) & (last > _SPACE) & (last < _DELETE)
    return np.flatnonzero(~plain)


def pseudonymise(
    source: Path,
    dest: Path,
    key: bytes,
    columns: Sequence[str] | None = None,
    number_map: Path | None = None,
) -> dict[str, int]:
    """Write extracts again as Parquet, in the same folders, with pseudonyms in place of ids.

    Columns that an extract does not declare are left out: they may hold numbers too. Cells of CSV
    files stay text, and `check` gives them their types.

    Args:
        source: a folder of extracts, one extract, or one file (Parquet, CSV, gzipped CSV).
        dest: the folder to write to, outside `source`.
        key: see `read_key`.
        columns: the id columns; by default subscriber_id, counterpart_id, number_id, account_id.
        number_map: the operator's own map from number to pseudonym, written or extended; outside
            any project, `source` and `dest`.

    Returns:
        Rows by file written, relative to `dest`.

    Raises:
        UsageError: when there is nothing to read, `dest` lies inside `source`, or no file has a
            column asked for; a map that lies where others get at it, or is of another key.
        DataRefused: when a file can't be read, or two files would become one.
    """
    files = _files(source, dest)
    targets = _targets(source, files)
    headers = {path: _column_names(path) for path in files}
    _require_columns(columns, headers)
    notes = None
    if number_map is not None:
        notes = NumberMap.opened(number_map, apart_from=(source, dest))
    pseudonyms = Pseudonyms(key, notes)
    rows: dict[str, int] = {}
    with progress("pseudonymise", sum(p.stat().st_size for p in files), "bytes") as advance:
        for path in files:
            extract = _extract_of(source, path)
            kept = _kept_columns(path, headers[path], extract)
            ids = [c for c in (columns or COLUMNS) if c in kept]
            rows[targets[path]] = _rewrite(path, dest / targets[path], kept, ids, pseudonyms)
            advance(path.stat().st_size)
    if notes is not None:
        notes.save()
    return rows


def _files(source: Path, dest: Path) -> list[Path]:
    if source.is_dir() and dest.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{dest} lies inside {source}: write to another folder")
    found = [source] if source.is_file() else sorted(source.rglob("*"))
    files = [p for p in found if p.is_file() and p.name[0] not in "._" and _is_extract_file(p)]
    if not files:
        raise UsageError(f"no Parquet or CSV files in {source}")
    return files


def _is_extract_file(path: Path) -> bool:
    return path.name.endswith(SUFFIXES)


def _targets(source: Path, files: Sequence[Path]) -> dict[Path, str]:
    base = source if source.is_dir() else source.parent
    targets: dict[Path, str] = {}
    for path in files:
        relative = path.relative_to(base).as_posix()
        suffix = next(s for s in sorted(SUFFIXES, key=len, reverse=True) if relative.endswith(s))
        target = relative.removesuffix(suffix) + ".parquet"
        if target in targets.values():
            raise DataRefused(f"{path} and another file would both become {target}: rename one")
        targets[path] = target
    return targets


def _extract_of(source: Path, path: Path) -> str | None:
    """The extract that a file belongs to: a folder above it of that name."""
    names = [part for part in path.resolve().parts[:-1] if part in EXTRACTS]
    inside = [part for part in path.relative_to(source.parent).parts if part in EXTRACTS]
    found = inside or names
    return found[-1] if found else None


def _column_names(path: Path) -> list[str]:
    if not path.name.endswith(".parquet"):
        return csv_header(path)
    with _reading(path):
        return list(pq.read_schema(path).names)


def _require_columns(columns: Sequence[str] | None, headers: Mapping[Path, list[str]]) -> None:
    there = {name for names in headers.values() for name in names}
    for name in columns or ():
        if name not in there:
            near = difflib.get_close_matches(name, sorted(there), n=1)
            hint = (
                f": did you mean {near[0]!r}?"
                if near
                else f"; there are {', '.join(sorted(there))}"
            )
            raise UsageError(f"no file has a column {name!r}{hint}")
    if not columns and not there.intersection(COLUMNS):
        raise UsageError(
            f"no file has a column {', '.join(COLUMNS)}; name the id columns with --columns"
        )


def _kept_columns(path: Path, names: Sequence[str], extract: str | None) -> list[str]:
    if extract is None:
        _LOG.warning("%s belongs to no extract: all its columns are kept", path.name)
        return list(names)
    declared = EXTRACTS[extract].by_name
    left_out = [n for n in names if n not in declared]
    if left_out:
        _LOG.info("%s/%s: left out, not declared: %s", extract, path.name, ", ".join(left_out))
    return [n for n in names if n in declared]


def _rewrite(
    path: Path, target: Path, kept: list[str], ids: list[str], pseudonyms: Pseudonyms
) -> int:
    count = 0
    with _reading(path), atomic_file(target) as part:
        schema, batches = _batches(path, kept)
        for name in ids:
            place = schema.get_field_index(name)
            schema = schema.set(place, pa.field(name, pa.string()))
        written: Future[None] | None = None
        with (
            pq.ParquetWriter(part, schema, compression="zstd") as writer,
            ThreadPoolExecutor(_THREADS) as pool,
        ):
            for batch in batches:
                # Arrow and the kernels let go of Python: columns are hashed side by side, and one
                # batch is written while the next is read.
                found = list(pool.map(pseudonyms.of_array, [batch.column(n) for n in ids]))
                if written is not None:
                    written.result()
                values = [found[ids.index(n)] if n in ids else batch.column(n) for n in kept]
                whole = pa.record_batch(values, schema=schema)
                written = pool.submit(writer.write_batch, whole)
                count += batch.num_rows
            if written is not None:
                written.result()
    return count


def _batches(path: Path, kept: list[str]) -> tuple[Any, Iterator[Any]]:
    """Schema of the kept columns, and the file's batches; cells of CSV files as text."""
    if path.name.endswith(".parquet"):
        stored = pq.ParquetFile(path)
        whole = stored.schema_arrow
        schema = pa.schema([whole.field(n) for n in kept], metadata=_metadata(whole))
        return schema, stored.iter_batches(_BATCH_ROWS, columns=kept)
    names = csv_header(path)
    reader = pa.csv.open_csv(
        pa.input_stream(str(path), compression="detect"),
        pa.csv.ReadOptions(column_names=names, skip_rows=1, block_size=16 << 20),
        pa.csv.ParseOptions(newlines_in_values=True),
        pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=kept,
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    key, value = TEXT_CELLS
    return reader.schema.with_metadata({key: value}), iter(reader)


def _metadata(schema: Any) -> dict[bytes, bytes] | None:
    # Others' metadata (pandas') describe columns that have changed.
    key, value = TEXT_CELLS
    return {key: value} if (schema.metadata or {}).get(key) == value else None


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what arrow says about a broken file into a refusal that quotes no row."""
    try:
        yield
    except pa.ArrowException as error:
        raise DataRefused(f"{path} can't be read: it is damaged ({type(error).__name__})") from None

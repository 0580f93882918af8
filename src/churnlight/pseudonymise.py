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
import hmac
import logging
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from churnlight.check.reading import TEXT_CELLS
from churnlight.engine import csv_header
from churnlight.errors import DataRefused, UsageError
from churnlight.files import atomic_file
from churnlight.inventory import SUFFIXES
from churnlight.logs import progress
from churnlight.schema import EXTRACTS

KEY_VARIABLE = "CHURNLIGHT_PSEUDONYM_KEY"
MIN_KEY_BYTES = 16
COLUMNS = ("subscriber_id", "counterpart_id", "number_id", "account_id")

_HEX_DIGITS = 16
_BATCH_ROWS = 1 << 20
_CACHE_IDS = 1 << 21
_LOG = logging.getLogger(__name__)


def read_key(key_file: Path | None = None, environment: Mapping[str, str] = os.environ) -> bytes:
    """The secret key: from a file if one is given, else from CHURNLIGHT_PSEUDONYM_KEY.

    Args:
        key_file: a file that only its owner may read; a line break at its end does not count.
        environment: the environment's variables.

    Raises:
        UsageError: when there is no key, it is shorter than 16 bytes, or others may read the file.
    """
    if key_file is None:
        key = environment.get(KEY_VARIABLE, "").encode()
        where = f"the environment variable {KEY_VARIABLE}"
        if not key:
            raise UsageError(
                f"no key: set {KEY_VARIABLE}, or give --key-file. To make one: "
                "(umask 077; openssl rand -hex 32 > pseudonym.key)"
            )
    else:
        where = str(key_file)
        try:
            mode = key_file.stat().st_mode
            key = key_file.read_bytes().rstrip(b"\r\n")
        except OSError as error:
            raise UsageError(f"the key file {where} can't be read: {error.strerror}") from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(f"others may read the key file {where}: run chmod 600 {where}")
    if len(key) < MIN_KEY_BYTES:
        raise UsageError(
            f"the key in {where} has {len(key)} bytes, at least {MIN_KEY_BYTES} are needed"
        )
    return key


class Pseudonyms:
    """Pseudonyms of one key, remembered while they are few."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str | None, str | None] = {}

    def of(self, identifier: str) -> str:
        """The pseudonym of one id."""
        text = identifier.strip()
        return hmac.digest(self._key, text.encode(), "sha256").hex()[:_HEX_DIGITS]

    def of_array(self, ids: Any) -> Any:
        """Pseudonyms of an arrow array of integers or text; null and empty ids stay null."""
        # Encoding numbers before spelling them out spells each out once.
        encoded = ids if pa.types.is_dictionary(ids.type) else ids.dictionary_encode()
        spelled = pc.cast(encoded.dictionary, pa.string())
        if len(self._known) > _CACHE_IDS:
            self._known.clear()
        values = spelled.to_pylist()
        known = self._known
        known.update({v: self._of_any(v) for v in values if v not in known})
        return pa.array([known[v] for v in values], pa.string()).take(encoded.indices)

    def _of_any(self, identifier: str | None) -> str | None:
        return self.of(identifier) if identifier and identifier.strip() else None


def pseudonymise(
    source: Path, dest: Path, key: bytes, columns: Sequence[str] | None = None
) -> dict[str, int]:
    """Write extracts again as Parquet, in the same folders, with pseudonyms in place of ids.

    Columns that an extract does not declare are left out: they may hold numbers too. Cells of CSV
    files stay text, and `check` gives them their types.

    Args:
        source: a folder of extracts, one extract, or one file (Parquet, CSV, gzipped CSV).
        dest: the folder to write to, outside `source`.
        key: see `read_key`.
        columns: the id columns; by default subscriber_id, counterpart_id, number_id, account_id.

    Returns:
        Rows by file written, relative to `dest`.

    Raises:
        UsageError: when there is nothing to read, `dest` lies inside `source`, or no file has a
            column asked for.
        DataRefused: when a file can't be read, or two files would become one.
    """
    files = _files(source, dest)
    targets = _targets(source, files)
    headers = {path: _column_names(path) for path in files}
    _require_columns(columns, headers)
    pseudonyms = Pseudonyms(key)
    rows: dict[str, int] = {}
    with progress("pseudonymise", sum(p.stat().st_size for p in files), "bytes") as advance:
        for path in files:
            extract = _extract_of(source, path)
            kept = _kept_columns(path, headers[path], extract)
            ids = [c for c in (columns or COLUMNS) if c in kept]
            rows[targets[path]] = _rewrite(path, dest / targets[path], kept, ids, pseudonyms)
            advance(path.stat().st_size)
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
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            for batch in batches:
                values = [
                    pseudonyms.of_array(batch.column(n)) if n in ids else batch.column(n)
                    for n in kept
                ]
                writer.write_batch(pa.record_batch(values, schema=schema))
                count += batch.num_rows
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

"""Identifiers must be pseudonymous: telephone and identity-card numbers never enter.

A sample of each file is looked at, spread over the file, before anything else is read. One id
that happens to look like a number proves nothing; a share of `LOOKS_LIKE_SHARE` does.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.check.parsing import id_class
from churnlight.check.reading import layouts
from churnlight.engine.delimited import open_csv
from churnlight.errors import DataRefused
from churnlight.inventory import files_of
from churnlight.schema import Extract
from churnlight.timeline import Month

# Columns that may hold a person's number. Cells, plans, handsets and events are no persons.
PERSONAL = ("subscriber_id", "counterpart_id", "number_id", "account_id", "group_id", "manager_id")

# From this share of a sample's distinct ids on, a column is taken to hold real numbers. Ids drawn
# at random from all 11-digit numbers look like mobile numbers in 8 of 100 cases.
LOOKS_LIKE_SHARE = 0.2

_FILES = 16
_PLACES = 16
_ROWS = 1000

# Chinese mobile numbers, with or without the country code; international form; landlines with
# their area code.
_PHONE = re.compile(
    r"^(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}$"
    r"|^\+\d[\d -]{6,16}\d$"
    r"|^00[1-9]\d{7,14}$"
    r"|^(?:\+?86[- ]?)?\(?0[1-9]\d{1,2}\)?[- ]?\d{7,8}$"
)
_CARD = re.compile(r"^[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]$")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def looks_like_phone(identifier: str) -> bool:
    """Whether an id has the form of a telephone number."""
    return _PHONE.match(identifier) is not None


def looks_like_card(identifier: str) -> bool:
    """Whether an id has the form of a Chinese identity-card number, check digit included.

    The check digit follows GB 11643-1999 (ISO 7064, MOD 11-2).
    """
    if _CARD.match(identifier) is None:
        return False
    total = sum(int(d) * w for d, w in zip(identifier, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == identifier[17].upper()


def refuse_real_numbers(root: Path, extract: Extract, month: Month | None) -> None:
    """Refuse a month of an extract whose ids look like telephone or identity-card numbers.

    Raises:
        DataRefused: names file, column and share, never an id, and what to do.
    """
    names = [c.name for c in extract.columns if c.kind == "id" and c.name in PERSONAL]
    for layout in layouts(files_of(root, extract.name, month), extract):
        there = [n for n in names if n in layout.found]
        samples: dict[str, set[str]] = {n: set() for n in there}
        for path in _spread(layout.files, _FILES):
            for name, value in _sample(path, there, csv_file=layout.csv):
                samples[name].add(value)
        for name, ids in samples.items():
            kind = "" if id_class(layout.found[name]) == "text" else " (integers)"
            _judge(layout.files[0], name + kind, ids)


def _judge(path: Path, column: str, ids: set[str]) -> None:
    for what, looks in (("telephone", looks_like_phone), ("identity-card", looks_like_card)):
        alike = sum(map(looks, ids))
        if ids and alike >= LOOKS_LIKE_SHARE * len(ids):
            raise DataRefused(
                f"{path}: {alike} of {len(ids)} ids sampled in column {column} look like {what} "
                "numbers. Replace them beforehand with `churnlight pseudonymise`; if they are "
                "pseudonyms that only look so, set extracts.allow_phone_like_ids in params.yaml"
            )


def _sample(path: Path, names: list[str], *, csv_file: bool) -> Iterator[tuple[str, str]]:
    batches = _csv_batches(path, names) if csv_file else _parquet_batches(path, names)
    for batch in batches:
        for name in names:
            yield from ((name, str(v)) for v in batch.get(name, ()) if v not in (None, ""))


def _parquet_batches(path: Path, names: list[str]) -> Iterator[dict[str, Iterable[Any]]]:
    try:
        with pq.ParquetFile(path) as stored:
            for group in _spread(range(stored.num_row_groups), _PLACES):
                batches = stored.iter_batches(_ROWS, row_groups=[group], columns=names)
                for batch in islice(batches, 1):
                    yield {n: batch.column(n).unique().to_pylist() for n in batch.schema.names}
    except UnicodeDecodeError:
        raise DataRefused(f"{path} can't be read as Parquet: an id is no UTF-8") from None
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataRefused(f"{path} can't be read as Parquet: {reason}") from None


def _csv_batches(path: Path, names: list[str]) -> Iterator[dict[str, Iterable[Any]]]:
    with open_csv(path) as stream:
        rows = list(islice(csv.DictReader(stream), _ROWS * _PLACES))
    yield {n: {(row[n] or "").strip() for row in rows} for n in names}


def _spread(items: Sequence[Any], count: int) -> list[Any]:
    """At most `count` of the items, evenly spread."""
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]

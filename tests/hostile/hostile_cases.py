"""What a hostile case is: a folder somebody hands in, and what the check must make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.check import Closing, Verdict
from churnlight.check.identifiers import refuse_real_numbers
from churnlight.check.month import QUARANTINE_FILE, Folders, check_month, quarantine_folder
from churnlight.engine import Engine
from churnlight.inventory import entry, months_of
from churnlight.schema import EXTRACTS
from churnlight.timeline import Month

JANUARY = Month(2025, 1)

CDR = "subscriber_id,kind,direction,started_at,duration_s"
BILLS = "subscriber_id,total_charge"
BOOK = "subscriber_id,status,activated_on,region"


@dataclass(frozen=True)
class Fates:
    """What becomes of the rows; every row has one fate."""

    rows: int
    kept: int
    refused: Mapping[str, int] = field(default_factory=dict)
    duplicates: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    late: int = 0


@dataclass(frozen=True)
class Refusal:
    """The whole folder is refused; the message has these parts, and none of the unsaid ones."""

    says: tuple[str, ...]
    unsaid: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One hostile folder.

    Attributes:
        name: what is hostile about it.
        extract: the extract that it is about.
        build: makes the folder's files, given the extracts' root and the folder.
        outcome: what the check must say.
        month: the partition.
    """

    name: str
    extract: str
    build: Callable[[Path, Path], Any]
    outcome: Fates | Refusal
    month: Month = JANUARY


def refuses(*says: str, unsaid: Sequence[str] = ()) -> Refusal:
    return Refusal(says, tuple(unsaid))


def check(engine: Engine, root: Path, case: Case, quarantine: Path) -> Verdict:
    """What the stages inventory and check do with one month, in their order."""
    months_of(root, case.extract)
    entry(root, case.extract, case.month)
    refuse_real_numbers(root, EXTRACTS[case.extract], case.month)
    folders = Folders(root, quarantine)
    return check_month(engine, folders, EXTRACTS[case.extract], case.month, Closing(5))


def quarantined(quarantine: Path, case: Case) -> list[dict[str, Any]]:
    path = quarantine_folder(quarantine, case.extract, case.month) / QUARANTINE_FILE
    return list(pq.ParquetFile(path).read().to_pylist()) if path.exists() else []


def call(day: int, who: str = "s1", seconds: str = "60") -> str:
    return f"{who},voice,out,2025-01-{day:02} 10:00:00,{seconds}"


def lines(header: str, *rows: str, end: str = "\n") -> str:
    return "".join(line + end for line in (header, *rows))


def file(content: str | bytes, name: str = "part.csv") -> Callable[[Path, Path], None]:
    """A folder of one file."""
    return files({name: content})


def files(contents: Mapping[str, str | bytes]) -> Callable[[Path, Path], None]:
    def build(root: Path, folder: Path) -> None:
        del root
        for name, content in contents.items():
            data = content if isinstance(content, bytes) else content.encode()
            (folder / name).write_bytes(data)

    return build


def parquet(columns: Mapping[str, Any], **options: Any) -> Callable[[Path, Path], None]:
    """A folder of one Parquet file."""

    def build(root: Path, folder: Path) -> None:
        del root
        pq.write_table(pa.table(dict(columns)), folder / "part.parquet", **options)

    return build


def parquet_bytes(columns: Mapping[str, Any], **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(dict(columns)), sink, **options)
    return bytes(sink.getvalue().to_pybytes())

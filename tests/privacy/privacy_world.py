"""A small operator whose subscribers bear marked ids, and what of them stands in a folder."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from churnlight.engine import connect
from churnlight.forgetting import Forgetting, forget
from churnlight.params.data import EngineParams
from churnlight.paths import Project

# Whom the tests look for; the others must stay.
ANN = "SECRETID123ann"
NUMBER = "SECRETID123number"
MONTH = "2025-01"

_CDR = "subscriber_id,counterpart_id,kind,direction,started_at,duration_s"
_BILLS = "subscriber_id,month,total_charge"
_BOOKS = "subscriber_id,month,status,activated_on,account_id"


def make_operator(root: Path, months: tuple[str, ...] = (MONTH,)) -> Project:
    """A project with extracts in CSV: ann (ANN), bob and cat call one another."""
    for month in months:
        calls = [
            f"{ANN},bob,voice,out,{month}-03 10:00:00,60",
            f"{ANN},,data,,{month}-03 11:00:00,",
            # Refused for another reason before she is forgotten.
            f"{ANN},bob,voice,out,{month}-04 10:00:00,-5",
            f"bob,{ANN},voice,in,{month}-03 10:00:00,60",
            f"bob,{NUMBER},voice,out,{month}-05 10:00:00,30",
            f"bob,cat,voice,out,{month}-06 10:00:00,30",
            # A bad row of somebody else that names her.
            f"cat,{ANN},voice,out,{month}-07 10:00:00,-5",
            f"cat,bob,voice,in,{month}-06 10:00:00,30",
        ]
        write(root, "cdr", month, _CDR, calls)
        write(root, "billing", month, _BILLS, [f"{w},{month},100" for w in (ANN, "bob", "cat")])
        books = [f"{ANN},{month},active,2020-01-01,{ANN}"]
        books += [f"bob,{month},active,2020-01-01,{ANN}", f"cat,{month},active,2020-01-01,c"]
        write(root, "subscribers", month, _BOOKS, books)
        write(root, "numbers", month, "subscriber_id,number_id", [f"{ANN},{NUMBER}", "cat,7"])
    content = {
        "extracts": {"path": "extracts", "months": list(months)},
        "engine": {"threads": 1, "memory_limit_gb": 1.0},
        "check": {"max_refused_share": 0.5},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(content))
    (root / "dvc.yaml").write_text("stages: {}\n")
    return Project(root)


def write(root: Path, extract: str, month: str, header: str, rows: list[str]) -> None:
    path = root / "extracts" / extract / f"month={month}" / "a.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")


def take_out(project: Project, subscriber: str) -> Forgetting:
    """Forget somebody, as the command does it."""
    params = EngineParams(threads=1, memory_limit_gb=1.0)
    with connect(params, project.scratch) as engine:
        return forget(engine, project, project.root / "extracts", subscriber, None)


def naming(folder: Path, word: str) -> list[str]:
    """Files below a folder that hold a word: in bytes, in a table's cells, in a workbook."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(word.lower() in text.lower() for text in _texts(path))
    ]


def _texts(path: Path) -> Iterator[str]:
    yield path.read_bytes().decode("latin-1")
    if path.read_bytes()[:4] == b"PAR1":
        yield str(pq.ParquetFile(path).read().to_pylist())
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name).decode("latin-1") for name in book.namelist())

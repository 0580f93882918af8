"""docs/marts.md lists the columns that the code makes, with the types that the files have."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from marts_cases import KEYS, build, record

from churnlight.marts.building import MARTS
from churnlight.timeline import Month

DOCUMENT = Path(__file__).parents[2] / "docs" / "marts.md"
TYPES = {
    "id": pa.string(),
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}


def documented(name):
    """(column, type, whether it is in the key) of a mart's table, in order."""
    section = DOCUMENT.read_text(encoding="utf-8").split(f"\n## {name}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("|")]
    cells = [(column.strip(), kind.strip()) for column, kind in rows[2:]]
    return [(column.strip("*"), TYPES[kind], column.startswith("**")) for column, kind in cells]


@pytest.fixture(scope="module")
def files(duckdb_engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    rows = [record("2025-02-03 10:00:00", duration_s=1, counterpart_network="own")]
    build(duckdb_engine, rows, Month(2025, 2), folder)
    return folder / "marts"


@pytest.mark.parametrize("name", MARTS)
def test_the_document_lists_the_columns_of_the_files(files, name):
    written = [(field.name, field.type) for field in pq.read_schema(files / f"{name}.parquet")]
    assert [(column, kind) for column, kind, _ in documented(name)] == written
    assert tuple(column for column, _, key in documented(name) if key) == KEYS[name]

"""The dictionary: every column of what is written for others stands on its page, with its unit."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from churnlight import handsets, tariffs
from churnlight.plan import building, effects, sheet, storing
from churnlight.segments.month import SEGMENT_COLUMNS
from churnlight.segments.services import OFFER_COLUMNS

DOCS = Path(__file__).resolve().parents[1] / "docs"
HEAD = re.compile(r"^\| column \| unit \| meaning \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", re.MULTILINE)
PAGES = {
    "plan": (building.COLUMNS, sheet.COLUMNS, effects.COLUMNS),
    "segments": (SEGMENT_COLUMNS, OFFER_COLUMNS),
    "tariffs": (tariffs.COLUMNS,),
    "handsets": (handsets.COLUMNS,),
}
# What a name's ending says of its unit.
UNITS = {"_id": "id", "_min": "minutes", "_mb": "MB", "_count": "count", "_level": "1 to 5"}


def tables(page: str) -> list[list[list[str]]]:
    """Rows of cells of each table of columns."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return [
        [
            [cell.strip().strip("*") for cell in row.strip("|").split("|")]
            for row in body.split("\n")[:-1]
        ]
        for body in HEAD.findall(text)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_column_is_described_in_its_order(page: str) -> None:
    assert [tuple(row[0] for row in table) for table in tables(page)] == list(PAGES[page])


@pytest.mark.parametrize("page", PAGES)
def test_every_column_has_its_unit_and_a_meaning(page: str) -> None:
    for name, unit, meaning in (row for table in tables(page) for row in table):
        assert unit, name
        assert meaning, name
        if name.endswith("_money"):
            assert unit.startswith("money"), name
        if name.endswith(("_share", "_chance")) or name in ("probability", "chance_of_change"):
            assert unit == "share", name
        for ending, wanted in UNITS.items():
            assert unit == wanted or not name.endswith(ending), name


def test_what_is_written_has_these_columns(tmp_path: Path) -> None:
    import pandas as pd

    for write, columns in (
        (storing.write_plan, building.COLUMNS),
        (storing.write_calls, sheet.COLUMNS),
        (storing.write_effects, effects.COLUMNS),
    ):
        write(pd.DataFrame(columns=[*columns, "more"]), tmp_path / "a.parquet")
        assert tuple(pq.read_schema(tmp_path / "a.parquet").names) == columns

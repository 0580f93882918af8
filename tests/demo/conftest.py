"""A small operator, generated once, and its tables as pandas frames."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from churnlight.demo import generate
from churnlight.params.output import DemoParams

START, MONTHS = "2025-01", 8


class Operator:
    def __init__(self, root: Path, rows: dict[str, int]) -> None:
        self.root = root
        self.rows = rows
        self.extracts = root / "extracts"
        self.table = cache(self._table)

    def files(self, extract: str) -> list[Path]:
        return sorted((self.extracts / extract).rglob("*.parquet"))

    def _table(self, name: str) -> pd.DataFrame:
        """All rows of an extract, or of a truth table, with the partition's month as `part`."""
        folder = self.extracts / name
        paths = self.files(name) if folder.exists() else sorted((self.root / name).rglob("*.parq*"))
        frames = []
        for path in paths:
            frame = pq.read_table(path, partitioning=None).to_pandas()
            if path.parent.name.startswith("month="):
                frame["part"] = path.parent.name.removeprefix("month=")
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="session")
def operator_of(tmp_path_factory):
    """Make an operator with other parameters than most tests need."""

    def make(**changed: object) -> Operator:
        root = tmp_path_factory.mktemp("operator")
        asked = {"subscribers": 1_200, "months": MONTHS, "start": START, "seed": 3} | changed
        return Operator(root, generate(DemoParams(**asked), root))

    return make


@pytest.fixture(scope="session")
def operator(operator_of):
    return operator_of()


@pytest.fixture(scope="session")
def departures(operator):
    """Who really left: without those who only gave up their spending."""
    frame = operator.table("truth/departures")
    return frame[frame["kind"] != "value_loss"]

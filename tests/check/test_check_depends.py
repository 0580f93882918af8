"""What a verdict depends on besides its month's files: snapshots, and only where they matter."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from churnlight.check import Closing, Verdict, load_kept
from churnlight.check.run import CheckRules, Places, check_extracts
from churnlight.engine import Engine
from churnlight.inventory import write_inventory
from churnlight.paths import Project
from churnlight.stages.check import write_activity
from churnlight.timeline import Month, month_range

MONTHS = month_range(Month(2025, 1), 3)
FIRST, SECOND, THIRD = MONTHS


class Operator:
    """Three months of one call and one bill of subscriber 1; ids are text or whole numbers."""

    def __init__(self, engine: Engine, root: Path, *, text: bool) -> None:
        self.engine, self.text = engine, text
        self.places = Places(root / "extracts", root / "inv", root / "check", root / "quarantine")
        for month in MONTHS:
            self.books(month, "active,,2020-01-01")
            self.write(
                "cdr", month, f"kind,direction,started_at\n1,voice,out,{month}-03 00:00:00\n"
            )
            self.write("billing", month, "total_charge\n1,9.5\n")

    def books(self, month: Month, *rows: str) -> None:
        lines = "".join(f"{1 + i},{row}\n" for i, row in enumerate(rows))
        self.write("subscribers", month, f"status,status_since,activated_on\n{lines}")

    def write(self, extract: str, month: Month, text: str) -> None:
        """Rows that begin with the id; as CSV ids are text."""
        folder = self.places.root / extract / f"month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = text.splitlines()
        content = "\n".join([f"subscriber_id,{lines[0]}", *lines[1:]]) + "\n"
        if self.text:
            (folder / "part.csv").write_text(content)
            return
        table = pyarrow.csv.read_csv(pa.py_buffer(content.encode()))
        fields = [
            pa.field(f.name, {"started_at": pa.timestamp("us")}.get(f.name, f.type))
            for f in table.schema
        ]
        pq.write_table(table.cast(pa.schema(fields)), folder / "part.parquet")

    def check(self, months: tuple[Month, ...] = MONTHS) -> dict[tuple[str, str | None], Verdict]:
        write_inventory(self.places.root, months, self.places.inventory)
        rules = CheckRules(months, Closing(5), max_refused_share=1.0)
        verdicts = check_extracts(self.engine, self.places, rules)
        return {(v.extract, v.month): v for v in verdicts}


def checked(caplog: pytest.LogCaptureFixture) -> set[str]:
    names = {
        r.getMessage().split(":")[0].removeprefix("check ")
        for r in caplog.records
        if r.levelno == logging.INFO
    }
    caplog.clear()
    return names


@pytest.mark.parametrize("text", [True, False])
def test_a_snapshot_that_changes_is_judged_by_again(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture, text: bool
) -> None:
    operator = Operator(engine, tmp_path, text=text)
    caplog.set_level(logging.INFO, "churnlight.check.run")
    assert all(not v.refused for v in operator.check().values())
    assert len(checked(caplog)) == 9
    operator.books(SECOND, "cancelled,2025-01-20,2020-01-01")
    verdicts = operator.check()
    again = {"subscribers 2025-02", "billing 2025-02", "billing 2025-03"}
    # CDRs of who had left are refused too, whatever ids are.
    assert checked(caplog) == again | {"cdr 2025-02", "cdr 2025-03"}
    assert verdicts["billing", "2025-02"].refused == {"bill_after_leaving": 1}
    assert verdicts["billing", "2025-01"].refused == {}
    assert verdicts["cdr", "2025-02"].snapshots == ("2025-01", "2025-02")
    assert operator.check() == verdicts
    assert checked(caplog) == set()


@pytest.mark.parametrize("text", [True, False])
def test_marts_depend_on_the_snapshots_that_their_cdrs_are_held_to(
    engine: Engine, tmp_path: Path, text: bool
) -> None:
    """Where rows were refused, though the counts stay: other rows may be the refused ones now."""
    project = Project(tmp_path / "project")
    operator = Operator(engine, tmp_path, text=text)
    operator.places = replace(operator.places, out=project.check)

    def activity(*books: str) -> dict[Month, bytes]:
        operator.books(SECOND, *books)
        verdicts = operator.check()
        write_activity(project, MONTHS)
        refused = {"cdr_after_leaving": 1} if "cancelled" in books[0] else {}
        assert verdicts["cdr", "2025-02"].refused == refused
        return {m: project.activity(m).read_bytes() for m in MONTHS}

    there, gone = "active,,2020-01-01", "cancelled,2025-02-02,2020-01-01"
    assert activity(there) == activity(there, there)
    before, after = activity(gone), activity(gone, there)
    assert [m for m in MONTHS if before[m] != after[m]] == [SECOND]


def test_a_later_snapshot_changes_no_earlier_verdict(engine: Engine, tmp_path: Path) -> None:
    operator = Operator(engine, tmp_path, text=True)
    operator.write("cdr", SECOND, "kind,direction,started_at\nA,voice,out,2025-02-03 00:00:00\n")
    operator.check((FIRST, SECOND))
    files = sorted(operator.places.out.glob("*/month=2025-0[12].json"))
    before = {path: path.read_bytes() for path in files}
    operator.write(
        "subscribers",
        THIRD,
        "status,status_since,activated_on\na,active,,2020-01-01\n1,cancelled,2024-01-01,2020-01-01\n",
    )
    verdicts = operator.check()
    assert {path: path.read_bytes() for path in files} == before
    assert verdicts["cdr", "2025-02"].refused == {}
    assert verdicts["billing", "2025-03"].refused == {"bill_after_leaving": 1}


def test_only_snapshots_that_count_are_read_by_check_and_by_readers(
    engine: Engine, tmp_path: Path
) -> None:
    """The month before is on disk, and is no month that counts: nobody may look at it."""
    operator = Operator(engine, tmp_path, text=True)
    operator.books(FIRST, "cancelled,2024-12-01,2020-01-01")
    operator.write("subscribers", SECOND, "status,activated_on\n1b,active,2020-01-01\n")
    operator.write("billing", SECOND, "total_charge\n1,9.5\n1b,1\n")
    out = operator.places.out
    counting = operator.check((SECOND, THIRD))["billing", "2025-02"]
    assert (counting.refused, counting.snapshots) == ({}, ("2025-02",))
    rows = load_kept(engine, operator.places.root, "billing", [SECOND], verdicts=out)
    assert rows is not None
    assert rows.count().execute() == 2
    everything = operator.check()["billing", "2025-02"]
    assert everything.refused == {"bill_after_leaving": 1}
    rows = load_kept(engine, operator.places.root, "billing", [SECOND], verdicts=out)
    assert rows is not None
    assert engine.arrow(rows)["subscriber_id"].to_pylist() == ["1b"]


def test_missing_days_and_months_are_warned_of_each_time(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    operator = Operator(engine, tmp_path, text=True)
    calls = [
        f"1,voice,out,2025-02-{day:02d} 00:{minute:02d}:00"
        for day in range(1, 29)
        if day != 17
        for minute in range(40)
    ]
    # A refused row does not fill the gap.
    fax = "1,fax,out,2025-02-17 00:00:00"
    operator.write("cdr", SECOND, "\n".join(["kind,direction,started_at", *calls, fax]))
    operator.write("care", FIRST, "happened_at,kind\n1,2025-01-05,complaint\n")
    operator.write("care", THIRD, "happened_at,kind\n1,2025-03-05,complaint\n")
    (operator.places.root / "billing" / "month=2025-03" / "part.csv").unlink()
    for _ in range(2):
        caplog.clear()
        verdicts = operator.check()
        warned = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        assert [w.split(",")[0] for w in warned] == [
            "check cdr 2025-02: not a row on 2025-02-17",
            "check billing 2025-03: no files",
            "check care 2025-02: no files",
        ]
    assert verdicts["cdr", "2025-02"].missing_days == ("2025-02-17",)
    assert verdicts["cdr", "2025-02"].kept == len(calls)
    content = json.loads((operator.places.out / "findings.json").read_text())
    found = [(f["finding"], f["extract"], f["month"]) for f in content["findings"]]
    assert ("missing_day", "cdr", "2025-02") in found
    assert ("missing_month", "care", "2025-02") in found

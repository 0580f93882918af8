"""Corrected rows fed back: judged first, written beside, and the refused rows marked."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from churnlight.check import Closing, Verdict
from churnlight.check.month import Folders, check_month
from churnlight.check.requeue import Asked, Requeued, export_refused, requeue
from churnlight.engine import Engine
from churnlight.errors import DataRefused, UsageError
from churnlight.files import sha256_of
from churnlight.schema import CDR
from churnlight.timeline import Month

JANUARY = Month(2025, 1)
HEAD = "subscriber_id,kind,direction,started_at,duration_s\n"
# Rows 1, 2 and 4 are refused, row 3 is a copy of row 0.
ROWS = (
    "a,voice,out,2025-01-05 12:00:00,60\n"
    "b,fax,out,2025-01-05 12:00:00,60\n"
    "c,sms,in,2025-01-06 12:00:00,-5\n"
    "a,voice,out,2025-01-05 12:00:00,60\n"
    "d,voice,in,2025-02-05 12:00:00,60\n"
)


class World:
    """One month of CDRs with faults, and a file of corrections."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self.engine, self.root = engine, root
        self.asked = Asked(root / "extracts", root / "quarantine", CDR, JANUARY)
        self.folder = root / "extracts" / "cdr" / f"month={JANUARY}"
        self.folder.mkdir(parents=True)
        self.file = root / "rows.csv"
        (self.folder / "part.csv").write_text(HEAD + ROWS)

    def check(self) -> Verdict:
        folders = Folders(self.asked.root, self.asked.quarantine)
        return check_month(self.engine, folders, CDR, JANUARY, Closing(5))

    def corrected(self, **cells: tuple[int, str]) -> None:
        """Export the refused rows; write a cell of one of them anew, by column."""
        export_refused(self.asked, self.file)
        rows = pv.read_csv(
            self.file, convert_options=pv.ConvertOptions(column_types={"duration_s": pa.string()})
        ).to_pylist()
        for row in rows:
            row["started_at"] = str(row["started_at"])
        for column, (place, value) in cells.items():
            row = next(row for row in rows if row["source_row"] == place)
            row[column] = value
        pv.write_csv(pa.Table.from_pylist(rows), self.file)

    def requeue(self, *, keep_good: bool = False) -> Requeued:
        return requeue(self.engine, self.asked, self.file, Closing(5), keep_good=keep_good)


ALL = {"kind": (1, "voice"), "duration_s": (2, "5"), "started_at": (4, "2025-01-31 12:00:00")}


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    made = World(engine, tmp_path)
    made.check()
    return made


def test_corrected_rows_count_and_the_refused_ones_are_marked(world: World) -> None:
    before = sha256_of(world.folder / "part.csv")
    world.corrected(**ALL)
    done = world.requeue()
    assert (done.rows, dict(done.left_out)) == (3, {})
    assert sha256_of(world.folder / "part.csv") == before
    assert sorted(p.name for p in world.folder.iterdir()) == ["part.csv", done.path.name]
    verdict = world.check()
    reasons = {"duration_s_below_minimum": 1, "kind_unknown": 1, "time_outside_month": 1}
    assert (verdict.rows, verdict.kept, verdict.duplicates) == (8, 4, {"duplicate": 1})
    assert (verdict.refused, verdict.corrected, verdict.faults) == (reasons, reasons, {})
    assert verdict.refused_share == 0
    quarantined = pq.read_table(world.asked.file, partitioning=None).to_pylist()
    assert [(r["source_row"], r["requeued"]) for r in quarantined] == [
        (1, True), (2, True), (3, False), (4, True),
    ]  # fmt: skip
    # Once is enough, by row and for the export.
    with pytest.raises(UsageError, match=r"row 0 .*part.csv, row 1.* was handed in before"):
        world.requeue()
    with pytest.raises(UsageError, match="handed in again already"):
        export_refused(world.asked, world.file)
    # Taken back, all is as before.
    done.path.unlink()
    assert world.check().faults == reasons


def test_rows_that_are_refused_again_are_not_written(world: World) -> None:
    world.corrected(kind=(1, "voice"))
    with pytest.raises(DataRefused) as refused:
        world.requeue()
    said = str(refused.value)
    assert "2 corrected rows are refused again" in said
    assert "row 1 duration_s_below_minimum, row 2 time_outside_month" in said
    assert "1 are good: --keep-good" in said
    assert [p.name for p in world.folder.iterdir()] == ["part.csv"]
    done = world.requeue(keep_good=True)
    assert (done.rows, sum(done.left_out.values())) == (1, 2)
    verdict = world.check()
    assert verdict.corrected == {"kind_unknown": 1}
    assert verdict.faults == {"duration_s_below_minimum": 1, "time_outside_month": 1}
    assert (verdict.rows, verdict.kept) == (6, 2)
    # The others can still be corrected; the export has those alone.
    assert export_refused(world.asked, world.file) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source_file,source_row,knd\nx,1,a\n", "cdr has no column 'knd'"),
        ("kind\nvoice\n", "column 'source_file' is missing"),
        ("source_file,source_row\n", "holds no row"),
        ("source_file,source_row\ncdr/month=2025-01/part.csv,1.5\n", "no whole number"),
        ("source_file,source_row\ncdr/month=2025-01/part.csv,0\n", "no refused row of cdr 2025-01"),
        # A duplicate is no fault.
        ("source_file,source_row\ncdr/month=2025-01/part.csv,3\n", "no refused row of cdr 2025-01"),
        (
            "source_file,source_row\n" + "cdr/month=2025-01/part.csv,1\n" * 2,
            "row 1 .* stands for the same refused row as row 0",
        ),
    ],
)
def test_what_is_no_correction_is_named(world: World, text: str, said: str) -> None:
    world.file.write_text(text)
    with pytest.raises(UsageError, match=said):
        world.requeue()
    assert [p.name for p in world.folder.iterdir()] == ["part.csv"]


def test_what_cannot_be_read_is_named_and_not_quoted(world: World) -> None:
    world.file.write_bytes(b"source_file,source_row\nsecret\n")
    with pytest.raises(DataRefused, match="can't be read") as refused:
        world.requeue()
    assert "secret" not in str(refused.value)


def test_ids_keep_the_type_that_the_month_has(engine: Engine, tmp_path: Path) -> None:
    world = World(engine, tmp_path)
    (world.folder / "part.csv").unlink()
    times = pa.array(["2025-01-05T12:00:00"] * 2).cast(pa.timestamp("us"))
    columns = {"subscriber_id": [9007199254740993, 7], "kind": ["fax", "sms"]}
    table = pa.table({**columns, "direction": ["in"] * 2, "started_at": times})
    pq.write_table(table, world.folder / "part.parquet")
    world.check()
    world.file = tmp_path / "rows.parquet"
    export_refused(world.asked, world.file)
    rows = pq.read_table(world.file).to_pylist()
    pq.write_table(pa.Table.from_pylist([{**rows[0], "kind": "sms"}]), world.file)
    done = world.requeue()
    assert pq.read_table(done.path)["subscriber_id"].to_pylist() == [9007199254740993]
    verdict = world.check()
    assert (verdict.kept, verdict.id_types["subscriber_id"]) == (2, "integer")
    # What a spreadsheet makes of a long number is refused, and not shown.
    done.path.unlink()
    odd = [{**rows[0], "kind": "sms", "subscriber_id": "9.00720E+15"}]
    pq.write_table(pa.Table.from_pylist(odd), world.file)
    with pytest.raises(DataRefused, match="spreadsheets spoil long numbers") as refused:
        world.requeue()
    assert "9.007" not in str(refused.value)

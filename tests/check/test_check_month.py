"""Fates of a month's rows: duplicates, late records, quarantine; counts that add up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.check import Closing, Verdict, kept_rows, load_kept, read_typed
from churnlight.check.month import Folders, check_month
from churnlight.check.verdict import judge
from churnlight.engine import Engine
from churnlight.errors import DataRefused, UsageError
from churnlight.schema import BILLING, CARE, CDR, HANDSETS
from churnlight.timeline import Month

JANUARY = Month(2025, 1)
NOON = datetime(2025, 1, 5, 12)
HEADER = "subscriber_id,kind,direction,started_at,duration_s"


def write(root: Path, extract: str, text: str, name: str = "part.csv") -> None:
    folder = root / extract / f"month={JANUARY}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def check_cdr(engine: Engine, root: Path, closing: Closing | None = None) -> Verdict:
    return check_month(engine, Folders(root, root / "quarantine"), CDR, JANUARY, closing)


def quarantine(root: Path, extract: str = "cdr") -> list[dict[str, object]]:
    path = root / "quarantine" / extract / f"month={JANUARY}" / "refused.parquet"
    return pq.read_table(path).to_pylist()


def test_equal_rows_are_duplicates_and_one_stays(engine: Engine, tmp_path: Path) -> None:
    call = "1,voice,out,2025-01-05 12:00:00"
    write(tmp_path, "cdr", f"{HEADER}\n{call},60\n{call},60\n{call},61\n2{call[1:]},60\n")
    write(tmp_path, "cdr", f"{HEADER}\n{call},60\n{call},\n{call},\n", "second.csv")
    verdict = check_cdr(engine, tmp_path)
    assert (verdict.rows, verdict.kept, verdict.duplicates) == (7, 4, {"duplicate": 3})
    removed = [(r["reason"], r["source_file"], r["source_row"]) for r in quarantine(tmp_path)]
    assert removed == [
        ("duplicate", "cdr/month=2025-01/part.csv", 1),
        ("duplicate", "cdr/month=2025-01/second.csv", 0),
        ("duplicate", "cdr/month=2025-01/second.csv", 2),
    ]
    rows = load_kept(engine, tmp_path, "cdr", [JANUARY])
    kept = engine.arrow(rows).to_pylist()  # type: ignore[arg-type]
    found = sorted((r["subscriber_id"], str(r["duration_s"])) for r in kept)
    assert found == [("1", "60"), ("1", "61"), ("1", "None"), ("2", "60")]


def test_event_ids_judge_duplicates_and_the_earliest_known_stays(
    engine: Engine, tmp_path: Path
) -> None:
    head = f"{HEADER},event_id,known_at\n"
    call = "voice,out,2025-01-05 12:00:00"
    write(
        tmp_path,
        "cdr",
        head
        + f"1,{call},60,x,2025-01-07\n"  # known later, and different: removed
        + f"1,{call},55,x,2025-01-06\n"  # stays
        + f"1,{call},55,x,2025-01-06\n"  # equal to it: removed
        + f"2,{call},9,y,2025-01-06\n"  # a tie with the next: 8 is smaller
        + f"2,{call},8,y,2025-01-06\n"  # stays
        + f"3,{call},5,x,2025-01-06\n"  # the other party's record of event x: stays
        + f"4,{call},5,,2025-01-06\n"  # without an event_id, rows are compared whole
        + f"4,{call},5,,2025-01-07\n",
    )
    verdict = check_cdr(engine, tmp_path)
    assert verdict.duplicates == {"duplicate": 1, "duplicate_differs": 2}
    kept = engine.arrow(load_kept(engine, tmp_path, "cdr", [JANUARY]))  # type: ignore[arg-type]
    found = sorted(
        zip(kept["subscriber_id"].to_pylist(), kept["duration_s"].to_pylist(), strict=True)
    )
    assert found == [("1", 55), ("2", 8), ("3", 5), ("4", 5), ("4", 5)]
    reasons = [(r["reason"], r["source_row"]) for r in quarantine(tmp_path)]
    assert reasons == [("duplicate_differs", 0), ("duplicate", 2), ("duplicate_differs", 3)]


def test_events_with_one_id_but_other_times_are_found_too(engine: Engine, tmp_path: Path) -> None:
    rows = "1,voice,out,2025-01-05 12:00:00,60,x\n1,voice,out,2025-01-06 12:00:00,60,x\n"
    write(tmp_path, "cdr", f"{HEADER},event_id\n{rows}")
    assert check_cdr(engine, tmp_path).duplicates == {"duplicate_differs": 1}


def test_a_key_judges_duplicates_of_snapshots_and_bills(engine: Engine, tmp_path: Path) -> None:
    write(
        tmp_path,
        "billing",
        "subscriber_id,month,total_charge,billed_at\n"
        "1,2025-01,10,2025-02-03\n1,2025-01,12,2025-02-02\n1,2025-01,12,2025-02-02\n2,,5,\n",
    )
    verdict = check_month(engine, Folders(tmp_path, tmp_path / "quarantine"), BILLING, JANUARY)
    assert verdict.duplicates == {"duplicate": 1, "duplicate_differs": 1}
    kept = engine.arrow(load_kept(engine, tmp_path, "billing", [JANUARY]))  # type: ignore[arg-type]
    assert sorted(kept["total_charge"].to_pylist()) == [5.0, 12.0]


def test_refused_rows_make_no_duplicates(engine: Engine, tmp_path: Path) -> None:
    write(
        tmp_path,
        "billing",
        "subscriber_id,month,total_charge,billed_at\n1,2025-01,x,2025-02-01\n1,2025-01,12,\n",
    )
    verdict = check_month(engine, Folders(tmp_path, tmp_path / "quarantine"), BILLING, JANUARY)
    assert verdict.duplicates == {}
    assert verdict.refused == {"total_charge_unparsable": 1}
    assert quarantine(tmp_path, "billing") == [
        {
            "reason": "total_charge_unparsable",
            "source_file": "billing/month=2025-01/part.csv",
            "source_row": 0,
            **dict.fromkeys([c.name for c in BILLING.columns]),
            "subscriber_id": "1",
            "month": "2025-01",
            "total_charge": "x",
            "billed_at": "2025-02-01",
        }
    ]


def test_records_known_after_the_month_closed_are_late(engine: Engine, tmp_path: Path) -> None:
    # January closes 5 days after its end: at the first instant of 6 February.
    write(
        tmp_path,
        "cdr",
        f"{HEADER},known_at\n"
        "1,voice,out,2025-01-05 12:00:00,60,2025-02-05 23:59:59\n"
        "2,voice,out,2025-01-05 12:00:00,60,2025-02-06 00:00:00\n"
        "2,voice,out,2025-01-05 12:00:00,60,2025-02-06 00:00:00\n"
        "3,voice,out,2025-01-05 12:00:00,60,\n"
        "4,fax,out,2025-01-05 12:00:00,60,2025-03-01\n",
    )
    verdict = check_cdr(engine, tmp_path, Closing(close_days=5))
    assert (verdict.rows, verdict.kept, verdict.late) == (5, 2, 2)
    assert verdict.duplicates == {}
    assert verdict.refused == {"kind_unknown": 1}
    closed = load_kept(engine, tmp_path, "cdr", [JANUARY], closing=Closing(5))
    assert sorted(engine.arrow(closed)["subscriber_id"].to_pylist()) == ["1", "3"]  # type: ignore[arg-type]
    # A restatement takes them in, and then the second is a duplicate.
    restated = load_kept(engine, tmp_path, "cdr", [JANUARY])
    assert sorted(engine.arrow(restated)["subscriber_id"].to_pylist()) == ["1", "2", "3"]  # type: ignore[arg-type]


def test_a_reporting_delay_makes_the_last_hours_late(engine: Engine, tmp_path: Path) -> None:
    rows = "1,voice,out,2025-01-31 20:00:00,60\n2,voice,out,2025-01-31 21:00:00,60\n"
    write(tmp_path, "cdr", f"{HEADER}\n{rows}")
    verdict = check_cdr(engine, tmp_path, Closing(close_days=0, reporting_delay_hours=3.5))
    assert verdict.late == 1


def test_a_verdict_spares_work_and_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    write(
        tmp_path,
        "cdr",
        f"{HEADER},counterpart_network\n"
        "1,voice,out,2025-01-05 12:00:00,60,own\n1,voice,out,2025-01-05 12:00:00,60,own\n"
        "2,voice,out,2025-01-05 12:00:00,60,mars\n3,fax,out,2025-01-05 12:00:00,60,own\n",
    )
    verdict = check_cdr(engine, tmp_path, Closing(5))
    folder = tmp_path / "check" / "cdr"
    folder.mkdir(parents=True)
    (folder / "month=2025-01.json").write_text(json.dumps(verdict.to_json()))
    order = ["subscriber_id", "duration_s"]
    plain = load_kept(engine, tmp_path, "cdr", [JANUARY]).order_by(order)  # type: ignore[union-attr]
    spared = load_kept(engine, tmp_path, "cdr", [JANUARY], verdicts=tmp_path / "check")
    assert engine.arrow(plain).equals(engine.arrow(spared.order_by(order)))  # type: ignore[union-attr]
    assert engine.arrow(plain).num_rows == 2


def test_a_verdict_does_not_vouch_for_late_rows(engine: Engine, tmp_path: Path) -> None:
    late = "1,voice,out,2025-01-05 12:00:00,60,mars,2025-03-01\n"
    write(tmp_path, "cdr", f"{HEADER},counterpart_network,known_at\n{late}{late}")
    verdict = check_cdr(engine, tmp_path, Closing(5))
    assert (verdict.late, verdict.duplicates, verdict.unknown) == (2, {}, {})
    table = read_typed(engine, tmp_path, CDR, JANUARY)
    assert table is not None
    restated = engine.arrow(kept_rows(engine, table, CDR, JANUARY, verdict)).to_pylist()
    assert [r["counterpart_network"] for r in restated] == [None]
    closed = kept_rows(engine, table, CDR, JANUARY, verdict, Closing(5))
    assert engine.arrow(closed).num_rows == 0


def test_a_clean_month_leaves_no_quarantine(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path, "cdr", f"{HEADER}\n1,fax,out,2025-01-05,\n")
    check_cdr(engine, tmp_path)
    assert len(quarantine(tmp_path)) == 1
    write(tmp_path, "cdr", f"{HEADER}\n1,voice,out,2025-01-05,\n")
    verdict = check_cdr(engine, tmp_path)
    assert verdict.clean
    assert not list((tmp_path / "quarantine").rglob("*.parquet"))


def test_an_empty_month_is_named(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path, "cdr", f"{HEADER}\n")
    with pytest.raises(DataRefused, match=r"cdr/month=2025-01 holds files but no row"):
        check_cdr(engine, tmp_path)
    write(tmp_path, "care", "subscriber_id,happened_at,kind\n")
    assert check_month(engine, Folders(tmp_path, tmp_path / "q"), CARE, JANUARY).rows == 0


def test_ragged_lines_alone_are_refused(engine: Engine, tmp_path: Path) -> None:
    good = "".join(f"1,voice,out,2025-01-0{day} 12:00:00,60\n" for day in range(1, 6))
    write(tmp_path, "cdr", f"{HEADER}\n777000777,voice,out,2025-01-05,1,2\n{good}777000777,sms\n")
    verdict = check_cdr(engine, tmp_path)
    assert (verdict.rows, verdict.kept, verdict.refused) == (7, 5, {"line_unparsable": 2})
    removed = quarantine(tmp_path)
    assert [(row["source_row"], row["kind"], row["duration_s"]) for row in removed] == [
        (0, "voice", "1"),
        (6, "sms", None),
    ]


def test_a_damaged_file_is_refused(engine: Engine, tmp_path: Path) -> None:
    write(tmp_path, "cdr", "PAR1 and then nothing", "part.parquet")
    with pytest.raises(DataRefused, match=r"part.parquet can't be read as Parquet"):
        check_cdr(engine, tmp_path)


def test_reference_tables_are_checked_too(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "handsets").mkdir()
    rows = "handset_id,brand,price\nh1,A,100\nh1,A,100\nh1,B,100\nh2,A,cheap\n"
    (tmp_path / "handsets" / "all.csv").write_text(rows)
    verdict = check_month(engine, Folders(tmp_path, tmp_path / "quarantine"), HANDSETS, None)
    assert verdict.refused == {"price_unparsable": 1}
    assert verdict.duplicates == {"duplicate": 1, "duplicate_differs": 1}
    kept = engine.arrow(load_kept(engine, tmp_path, "handsets", []))  # type: ignore[arg-type]
    assert kept["brand"].to_pylist() == ["A"]


def test_rows_must_add_up() -> None:
    with pytest.raises(AssertionError, match="3 rows in, but 1 kept and 1 removed"):
        Verdict("cdr", "2025-01", rows=3, kept=1, late=1)


def test_a_verdict_survives_json() -> None:
    verdict = Verdict(
        "cdr", "2025-01", rows=9, kept=5, late=1, duplicates={"duplicate": 1},
        refused={"kind_unknown": 2}, unknown={"roaming": 1}, columns=("kind",),
        id_types={"subscriber_id": "text"},
    )  # fmt: skip
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict
    with pytest.raises(UsageError, match="schema_version is 0"):
        Verdict.from_json({**verdict.to_json(), "schema_version": 0}, "there")


def test_too_many_refused_rows_stop_the_run_with_counts() -> None:
    bad = Verdict("cdr", "2025-01", rows=100, kept=94, refused={"kind_unknown": 4, "a_missing": 2})
    judge([bad], 0.06)
    with pytest.raises(DataRefused) as refused:
        judge([replace(bad, month="2025-02"), bad], 0.05)
    assert "cdr 2025-01: 6 of 100 rows refused (kind_unknown 4, a_missing 2)" in str(refused.value)
    assert "2025-02" in str(refused.value)


def test_quarantine_is_the_same_from_parquet(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "cdr" / f"month={JANUARY}"
    folder.mkdir(parents=True)
    table = pa.table(
        {
            "subscriber_id": [1, 1, 2],
            "kind": ["voice", "voice", "fax"],
            "direction": ["out"] * 3,
            "started_at": [NOON] * 3,
        }
    )
    pq.write_table(table, folder / "a.parquet")
    check_cdr(engine, tmp_path)
    rows = quarantine(tmp_path)
    assert [(r["reason"], r["source_row"], r["subscriber_id"]) for r in rows] == [
        ("duplicate", 1, "1"),
        ("kind_unknown", 2, "2"),
    ]
    assert rows[0]["started_at"] == "2025-01-05 12:00:00"

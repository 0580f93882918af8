"""What snapshots contradict: small cases by hand, each with the fate that it must have."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.check import Verdict, load_kept
from churnlight.check.month import Folders, check_month
from churnlight.check.snapshots import snapshots_for
from churnlight.engine import Engine
from churnlight.schema import BILLING, CARE, CDR, EXTRACTS, SUBSCRIBERS
from churnlight.timeline import Month

DECEMBER, JANUARY, FEBRUARY = Month(2024, 12), Month(2025, 1), Month(2025, 2)
LEFT = {"bill_after_leaving": 1}
KEPT: dict[str, int] = {}


def put(root: Path, extract: str, month: Month, text: str) -> None:
    folder = root / extract / f"month={month}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "part.csv").write_text(text, encoding="utf-8")


def snapshot(root: Path, month: Month, *rows: str) -> None:
    """Rows `id,status,status_since,activated_on`; `z` is always there."""
    head = "subscriber_id,status,status_since,activated_on\nz,active,,2020-01-01\n"
    put(root, "subscribers", month, head + "".join(f"{row}\n" for row in rows))


def check(engine: Engine, root: Path, extract: str = "billing") -> Verdict:
    return check_month(engine, Folders(root, root / "q"), EXTRACTS[extract], JANUARY)


def bill(root: Path, *rows: str) -> None:
    """Rows `id,charge[,last day of the bill's own period]`."""
    lines = (row if row.count(",") == 2 else f"{row}," for row in rows)
    put(
        root,
        "billing",
        JANUARY,
        "subscriber_id,total_charge,period_end\nz,9,\n" + "".join(f"{line}\n" for line in lines),
    )


BILLS = {
    # name: (snapshot of December, of January, the bill of January, its fate)
    "left before the month": ("", "a,cancelled,2024-12-31,2020-01-01", "a,5", LEFT),
    "ported out long before": ("", "a,ported_out,2024-06-01,2020-01-01", "a,5", LEFT),
    "cut off for debt before": ("", "a,debt,2024-12-02,2020-01-01", "a,0.01", LEFT),
    "last bill of the leaving month": ("", "a,cancelled,2025-01-01,2020-01-01", "a,5", KEPT),
    "left on the last day": ("", "a,ported_out,2025-01-31,2020-01-01", "a,5", KEPT),
    "suspended long before": ("", "a,suspended,2024-06-01,2020-01-01", "a,5", KEPT),
    "came back": (
        "a,cancelled,2024-11-03,2020-01-01", "a,active,2025-01-20,2020-01-01", "a,5", KEPT,
    ),
    "nothing charged": ("", "a,debt,2024-12-02,2020-01-01", "a,0", KEPT),
    "paid back": ("", "a,cancelled,2024-12-02,2020-01-01", "a,-5", KEPT),
    "own period began before": ("", "a,cancelled,2024-12-20,2020-01-01", "a,5,2025-01-15", KEPT),
    "own period began after": ("", "a,cancelled,2024-12-15,2020-01-01", "a,5,2025-01-15", LEFT),
    "number given out again": (
        "a,cancelled,2024-10-01,2020-01-01", "a,active,2025-01-02,2025-01-02", "a,5", KEPT,
    ),
    "given out again, and left again": (
        "a,cancelled,2024-10-01,2020-01-01", "a,cancelled,,2025-01-02", "a,5", KEPT,
    ),
    "a date that the number's owner can't have": (
        "", "a,cancelled,2024-10-01,2025-01-02", "a,5", KEPT,
    ),
    "no date, off in both": ("a,debt,,2020-01-01", "a,cancelled,,2020-01-01", "a,5", LEFT),
    "no date, active before": ("a,active,,2020-01-01", "a,cancelled,,2020-01-01", "a,5", KEPT),
    "left before, and gone from the books": ("a,ported_out,2024-12-09,2020-01-01", "", "a,5", LEFT),
    "vanished within the month": ("a,active,,2020-01-01", "", "a,5", KEPT),
    "will leave later": ("", "a,active,2020-01-01,2020-01-01", "a,5", KEPT),
}  # fmt: skip


def whole_operator(root: Path) -> dict[str, str]:
    """All cases at once, each with an id of its own; returns the cases' names by id."""
    books: dict[Month, list[str]] = {DECEMBER: [], JANUARY: [], FEBRUARY: []}
    bills = []
    for place, (before, here, row, _) in enumerate(BILLS.values()):
        who = f"id{place}"
        books[DECEMBER] += [who + before[1:]] if before else []
        books[JANUARY] += [who + here[1:]] if here else []
        # The next month's snapshot must not matter: it was not known when the bill was.
        books[FEBRUARY].append(f"{who},cancelled,2020-01-01,2020-01-01")
        bills.append(who + row[1:])
    for month, rows in books.items():
        snapshot(root, month, *rows)
    bill(root, *bills)
    return {f"id{place}": name for place, name in enumerate(BILLS)}


def quarantined(root: Path, extract: str) -> list[tuple[object, object, object]]:
    path = root / "q" / extract / f"month={JANUARY}" / "refused.parquet"
    rows = pq.read_table(path, partitioning=None).to_pylist()
    return [(r["reason"], r["source_row"], r["subscriber_id"]) for r in rows]


def all_bills_as_expected(engine: Engine, root: Path) -> None:
    names = whole_operator(root)
    verdict = check(engine, root)
    expected = {name for name, case in BILLS.items() if case[3]}
    found = quarantined(root, "billing")
    assert {names[str(who)] for _, _, who in found} == expected
    assert {reason for reason, _, _ in found} == {"bill_after_leaving"}
    assert verdict.refused == {"bill_after_leaving": len(expected)}
    assert [who for _, row, who in found] == [f"id{row - 1}" for _, row, who in found]
    assert (verdict.not_judged, verdict.unknown_subscribers) == ((), 0)
    rows = load_kept(engine, root, "billing", [JANUARY])
    assert rows is not None
    kept = set(engine.arrow(rows)["subscriber_id"].to_pylist()) - {"z"}
    assert {names[who] for who in kept} == set(BILLS) - expected


def test_bills_against_the_snapshots(engine: Engine, tmp_path: Path) -> None:
    all_bills_as_expected(engine, tmp_path)


def test_unknown_subscribers_are_counted_and_their_bills_kept(
    engine: Engine, tmp_path: Path
) -> None:
    snapshot(tmp_path, DECEMBER)
    snapshot(tmp_path, JANUARY)
    # `a` twice: one subscriber, and one of the bills a duplicate; no charge makes no difference.
    bill(tmp_path, "a,5", "a,5", "b,0", ",5")
    verdict = check(engine, tmp_path)
    assert verdict.refused == {"subscriber_id_missing": 1}
    assert verdict.unknown_subscribers == 2
    assert (verdict.rows, verdict.kept) == (5, 3)


def test_without_the_snapshot_before_nobody_is_unknown(engine: Engine, tmp_path: Path) -> None:
    snapshot(tmp_path, JANUARY, "a,cancelled,2024-12-31,2020-01-01")
    bill(tmp_path, "a,5", "b,5")
    verdict = check(engine, tmp_path)
    assert verdict.refused == LEFT
    assert verdict.unknown_subscribers == 0
    assert verdict.not_judged == ("subscriber_unknown",)
    assert verdict.snapshots == ("2025-01",)


def test_without_the_months_snapshot_nothing_is_judged(engine: Engine, tmp_path: Path) -> None:
    snapshot(tmp_path, DECEMBER, "a,cancelled,2024-11-01,2020-01-01")
    bill(tmp_path, "a,5", "Z,5")
    verdict = check(engine, tmp_path)
    assert verdict.refused == {}
    assert verdict.not_judged == ("id_case", "bill_after_leaving", "subscriber_unknown")
    assert (verdict.rows, verdict.kept, verdict.snapshots) == (3, 3, ())
    put(tmp_path, "care", JANUARY, "subscriber_id,happened_at,kind\nZ,2025-01-02,complaint\n")
    assert check(engine, tmp_path, "care").not_judged == ("id_case", "subscriber_unknown")


def test_a_refused_row_of_the_snapshot_says_nothing(engine: Engine, tmp_path: Path) -> None:
    snapshot(tmp_path, DECEMBER, "a,active,,2020-01-01")
    snapshot(tmp_path, JANUARY, "a,cancelled,2024-12-01,")
    bill(tmp_path, "a,5")
    assert check(engine, tmp_path).refused == {}


CALLS = "subscriber_id,kind,direction,started_at\n"
CASES = {
    # id: is it refused? The snapshots have z, Ab and, twice but for its case, Xy and xY.
    "z": False, "Z": True, "ab": True, "AB": True, "Ab": False, "aB": True,
    "xy": False, "Xy": False, "stranger": False, "STRANGER": False,
    # Only December's snapshot has it: it vanished in January.
    "GONE": True, "gone": False,
}  # fmt: skip


def write_cases(root: Path) -> None:
    snapshot(root, DECEMBER, "gone,active,,2020-01-01")
    rows = (f"{who},active,,2020-01-01" for who in ("Ab", "Xy", "xY"))
    snapshot(root, JANUARY, *rows)
    # February's is not known yet.
    snapshot(root, FEBRUARY, "stranger,active,,2020-01-01")
    calls = "".join(f"{who},voice,out,2025-01-{i + 1:02d}\n" for i, who in enumerate(CASES))
    put(root, "cdr", JANUARY, CALLS + calls)


def cases_as_expected(engine: Engine, root: Path) -> None:
    write_cases(root)
    verdict = check(engine, root, "cdr")
    expected = [("id_case", i, who) for i, who in enumerate(CASES) if CASES[who]]
    assert quarantined(root, "cdr") == expected
    assert verdict.refused == {"id_case": len(expected)}
    rows = load_kept(engine, root, "cdr", [JANUARY])
    assert rows is not None
    kept = engine.arrow(rows)["subscriber_id"].to_pylist()
    assert sorted(kept) == sorted(who for who in CASES if not CASES[who])


def test_ids_in_another_case(engine: Engine, tmp_path: Path) -> None:
    cases_as_expected(engine, tmp_path)


@pytest.mark.slow
def test_snapshots_say_the_same_on_spark(spark: Engine, tmp_path: Path) -> None:
    all_bills_as_expected(spark, tmp_path / "bills")
    cases_as_expected(spark, tmp_path / "calls")


def test_every_monthly_extract_is_held_to_the_ids(engine: Engine, tmp_path: Path) -> None:
    snapshot(tmp_path, JANUARY)
    put(tmp_path, "care", JANUARY, "subscriber_id,happened_at,kind\nZ,2025-01-02,complaint\n")
    put(
        tmp_path,
        "topups",
        JANUARY,
        "subscriber_id,paid_at,amount\nZ,2025-01-02,5\nz,2025-01-02,5\n",
    )
    bill(tmp_path, "Z,5")
    for extract, rows in (("care", 1), ("topups", 2), ("billing", 2)):
        verdict = check(engine, tmp_path, extract)
        assert (verdict.rows, dict(verdict.refused)) == (rows, {"id_case": 1})
        assert verdict.unknown_subscribers == 0


def test_a_rows_own_fault_comes_first(engine: Engine, tmp_path: Path) -> None:
    snapshot(tmp_path, JANUARY)
    put(tmp_path, "cdr", JANUARY, f"{CALLS}Z,fax,out,2025-01-02\nZ,voice,out,2025-01-02\n")
    assert check(engine, tmp_path, "cdr").refused == {"id_case": 1, "kind_unknown": 1}


def test_whole_numbers_have_no_case_but_leave_and_are_unknown(
    engine: Engine, tmp_path: Path
) -> None:
    def write(extract: str, month: Month, **columns: object) -> None:
        folder = tmp_path / extract / f"month={month}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / "a.parquet")

    day = pa.array([datetime(2025, 1, 9)] * 3, pa.timestamp("us"))
    write("cdr", JANUARY, subscriber_id=[1, 2, 3], kind=["sms"] * 3, direction=["in"] * 3,
          started_at=day)  # fmt: skip
    since = pa.array([None, date(2025, 1, 8)], pa.date32())
    for month in (DECEMBER, JANUARY):
        write("subscribers", month, subscriber_id=[1, 2], status=["active", "ported_out"],
              status_since=since, activated_on=[date(2020, 1, 1)] * 2)  # fmt: skip
    verdict = check(engine, tmp_path, "cdr")
    assert verdict.refused == {"cdr_after_leaving": 1}
    assert (verdict.lost, verdict.not_judged) == ({"subscriber_id": 1}, ())
    assert (verdict.rows, verdict.kept, verdict.sound) == (3, 2, 1)


CALLED = {
    # name: (snapshot of December, of January, day of the call, is it refused?)
    "on the day of leaving": ("", "a,cancelled,2025-01-10,2020-01-01", "2025-01-10 23:59", False),
    "the day after": ("", "a,cancelled,2025-01-10,2020-01-01", "2025-01-11 00:00", True),
    "ported out long before": ("", "a,ported_out,2024-06-01,2020-01-01", "2025-01-01", True),
    "cut off for debt may be called": ("", "a,debt,2024-06-01,2020-01-01", "2025-01-11", False),
    "given out again": (
        "a,cancelled,2024-10-01,2020-01-01", "a,active,2025-01-02,2025-01-02", "2025-01-11", False,
    ),
    "gone from the books": ("a,ported_out,2024-12-09,2020-01-01", "", "2025-01-02", True),
    "vanished within the month": ("a,active,,2020-01-01", "", "2025-01-30", False),
}  # fmt: skip


def test_cdrs_after_the_number_closed(engine: Engine, tmp_path: Path) -> None:
    books: dict[Month, list[str]] = {DECEMBER: [], JANUARY: []}
    calls = ["subscriber_id,kind,direction,started_at"]
    for place, (before, here, called, _) in enumerate(CALLED.values()):
        for month, row in ((DECEMBER, before), (JANUARY, here)):
            books[month] += [f"id{place}{row[1:]}"] if row else []
        calls.append(f"id{place},sms,in,{called}")
    for month, rows in books.items():
        snapshot(tmp_path, month, *rows)
    put(tmp_path, "cdr", JANUARY, "\n".join(calls) + "\n")
    verdict = check(engine, tmp_path, "cdr")
    refused = [place for place, case in enumerate(CALLED.values()) if case[3]]
    expected = [("cdr_after_leaving", place, f"id{place}") for place in refused]
    assert quarantined(tmp_path, "cdr") == expected
    assert verdict.refused == {"cdr_after_leaving": len(expected)}
    assert verdict.lost == {}


def test_references_that_lead_nowhere_are_counted_and_kept(engine: Engine, tmp_path: Path) -> None:
    head = "subscriber_id,status,activated_on,plan_id,handset_id\n"
    rows = "a,active,2020-01-01,p1,h9\nb,active,2020-01-01,p7,\nc,active,2020-01-01,,h1\n"
    # Refused rows are not looked at.
    put(tmp_path, "subscribers", JANUARY, f"{head}{rows}d,gone,2020-01-01,p8,h8\n")
    for name, ids in (("plan", "p1\np2"), ("handset", "h1")):
        folder = tmp_path / f"{name}s"
        folder.mkdir()
        (folder / "part.csv").write_text(f"{name}_id\n{ids}\n")
    verdict = check(engine, tmp_path, "subscribers")
    assert verdict.lost == {"handset_id": 1, "plan_id": 1}
    assert (verdict.rows, verdict.kept, verdict.sound) == (4, 3, 1)
    # Of status_since, account_id ... the files have none; the rest is counted cell by cell.
    assert verdict.filled == {
        "activated_on": 4, "handset_id": 3, "month": 4, "plan_id": 3, "status": 4,
        "subscriber_id": 4,
    }  # fmt: skip
    assert verdict.completeness == pytest.approx(22 / 24)
    assert verdict.accuracy == pytest.approx(1 / 4)


def test_a_month_whose_rows_end_early_is_stale(engine: Engine, tmp_path: Path) -> None:
    def contacts(last: int, a_day: int) -> Verdict:
        rows = [f"a{n},2025-01-{d:02}" for d in range(1, last + 1) for n in range(a_day)]
        lines = "\n".join(f"{row},complaint" for row in rows)
        put(tmp_path, "care", JANUARY, f"subscriber_id,happened_at,kind\n{lines}\n")
        return check(engine, tmp_path, "care")

    # Seven days are borne; eight at the pace of 4 a day would have had 32 rows, at 3 a day 24.
    assert (contacts(24, 4).newest, contacts(24, 4).stale) == ("2025-01-24", False)
    assert (contacts(23, 4).newest, contacts(23, 4).stale) == ("2025-01-23", True)
    assert not contacts(23, 3).stale


def test_what_is_held_to_which_snapshots() -> None:
    assert snapshots_for(BILLING, JANUARY) == (DECEMBER, JANUARY)
    assert snapshots_for(CDR, JANUARY) == (DECEMBER, JANUARY)
    assert snapshots_for(CARE, None) == ()
    assert snapshots_for(SUBSCRIBERS, JANUARY) == ()
    assert snapshots_for(EXTRACTS["plans"], None) == ()

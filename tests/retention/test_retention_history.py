"""The months before: what was known then, of the present holder of the id, and nothing later."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.engine import connect
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.population import CohortParams
from churnlight.retention.absent import Absence, Ground, absence_said, why_absent
from churnlight.retention.history import history_months, read_history
from churnlight.retention.words import Words
from churnlight.timeline import moment
from extract_tables import table_of

AT = moment("2025-06-01", TimeParams())


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    params = EngineParams(threads=1, memory_limit_gb=1.0)
    with connect(params, tmp_path_factory.mktemp("engine")) as opened:
        yield opened


def put(folder: Path, month: str, name: str, rows: list[dict[str, object]]) -> None:
    path = folder / f"month={month}"
    path.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path / f"{name}.parquet")


@pytest.fixture(scope="module")
def marts(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("marts")
    for month, seconds in (("2025-03", 600), ("2025-04", 1200), ("2025-05", 60), ("2025-06", 9999)):
        usage = [{"subscriber_id": s, "voice_out_s": seconds} for s in ("A", "B")]
        if month == "2025-05":
            usage = [*usage[:1], {"subscriber_id": "C", "voice_out_s": None}]
        put(folder, month, "usage", usage)
    put(folder, "2025-04", "circle", [{"subscriber_id": "A", "contacts_count": 7}])
    return folder


def bills(engine):
    def bill(s, month, money, at=None):
        return {"subscriber_id": s, "month": month, "total_charge": money, "billed_at": at}

    late = datetime(2025, 6, 6)  # the cutoff itself: too late by an instant
    return table_of(
        engine,
        "billing",
        [
            bill("A", "2025-03", 70.25),
            bill("A", "2025-04", 80.0, late),
            bill("A", "2025-05", 90.0, datetime(2025, 6, 5, 23, 59, 59)),
            bill("A", "2025-06", 999.0),
            bill("B", "2025-03", 11.0),
            bill("Z", "2025-05", 55.0),
        ],
    )


def people(**activated):
    return pd.DataFrame(
        {"subscriber_id": list(activated), "activated_on": list(activated.values())}
    )


def series(rows, subscriber, column):
    mine = rows[rows["subscriber_id"] == subscriber]
    return {m: None if pd.isna(v) else v for m, v in zip(mine["month"], mine[column], strict=True)}


def test_the_months_before_are_twelve_and_end_before_as_of() -> None:
    months = [str(m) for m in history_months(AT)]
    assert (months[0], months[-1], len(months)) == ("2024-06", "2025-05", 12)


def test_only_what_was_known_before_the_cutoff_is_there(engine, marts) -> None:
    who = people(A=date(2020, 1, 1))
    rows = read_history(engine, MonthlyMarts(engine, marts), bills(engine), AT, who)
    assert rows["month"].max() == "2025-05"
    bill = series(rows, "A", "bill_money")
    assert bill["2025-03"] == 70.25
    assert bill["2025-04"] is None, "known only at the cutoff"
    assert bill["2025-05"] == 90.0
    minutes = series(rows, "A", "voice_out_min")
    assert (minutes["2025-03"], minutes["2025-04"], minutes["2025-05"]) == (10.0, 20.0, 1.0)
    assert minutes["2025-02"] is None, "there is no mart of that month"


def test_no_row_means_nothing_happened_and_no_mart_means_not_known(engine, marts) -> None:
    who = people(A=date(2020, 1, 1), B=date(2020, 1, 1), C=date(2020, 1, 1))
    rows = read_history(engine, MonthlyMarts(engine, marts), bills(engine), AT, who)
    assert list(rows["subscriber_id"].unique()) == ["A", "B", "C"]
    assert series(rows, "B", "voice_out_min")["2025-05"] == 0.0
    assert series(rows, "C", "voice_out_min")["2025-05"] is None, "its minutes are unknown"
    contacts = series(rows, "A", "contacts_count")
    assert (contacts["2025-04"], contacts["2025-05"]) == (7.0, None)
    assert series(rows, "B", "contacts_count")["2025-04"] == 0.0


def test_a_forerunner_on_the_id_leaves_no_trace(engine, marts) -> None:
    who = people(A=date(2025, 4, 15), B=date(2025, 5, 1))
    rows = read_history(engine, MonthlyMarts(engine, marts), bills(engine), AT, who)
    assert list(zip(rows["subscriber_id"], rows["month"], strict=True)) == [
        ("A", "2025-05"),
        ("B", "2025-05"),
    ]


def test_nobody_and_no_bills_are_no_error(engine, marts) -> None:
    none = read_history(engine, MonthlyMarts(engine, marts), bills(engine), AT, people())
    assert len(none) == 0
    who = people(A=date(2020, 1, 1))
    rows = read_history(engine, MonthlyMarts(engine, marts), None, AT, who)
    assert rows["bill_money"].isna().all()
    empty = read_history(engine, MonthlyMarts(engine, marts / "none"), None, AT, who)
    assert empty["voice_out_min"].isna().all()


def snapshot(s, month, status="active", **changes):
    row = {"subscriber_id": s, "month": month, "status": status, "activated_on": date(2020, 1, 1)}
    return row | {"is_staff": False, "is_test": False, "on_red_list": False} | changes


MONTHS = ("2025-03", "2025-04", "2025-05")


@pytest.fixture(scope="module")
def ground(engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("absent")
    names = ("good", "poor", "quiet", "susp", "clerk", "gone", "late", "crimson", "port")
    for month in MONTHS:
        seconds = {"quiet": 60 * 60}
        called = datetime.fromisoformat(f"{month}-20")
        rows = [
            {
                "subscriber_id": s,
                "voice_out_s": seconds.get(s, 9000),
                "voice_out_count": 9,
                "last_out_at": called,
            }
            for s in names
        ]
        put(folder, month, "usage", rows)
    rows = [snapshot(s, m) for s in ("good", "poor", "quiet", "port") for m in MONTHS]
    rows += [snapshot("susp", m, "suspended" if m == "2025-05" else "active") for m in MONTHS]
    rows += [snapshot("clerk", m, is_staff=True, on_red_list=True) for m in MONTHS]
    rows += [snapshot("crimson", m, on_red_list=True) for m in MONTHS]
    rows += [snapshot("gone", m, "cancelled" if m == "2025-05" else "active") for m in MONTHS]
    rows += [snapshot("lost", m) for m in MONTHS[:2]]
    rows += [snapshot("late", m, activated_on=date(2025, 4, 2)) for m in MONTHS[1:]]
    rows += [snapshot("future", "2025-06")]
    money = {"poor": 20.004}
    drawn = [
        {"subscriber_id": s, "month": m, "total_charge": money.get(s, 100.0)}
        for s in names
        for m in MONTHS
    ]
    care = [
        {
            "subscriber_id": "port",
            "happened_at": datetime(2025, 5, 20),
            "kind": "port_out_application",
        }
    ]
    sources = {
        "subscribers": table_of(engine, "subscribers", rows),
        "billing": table_of(engine, "billing", drawn),
        "care": table_of(engine, "care", care),
    }
    return Ground(sources, MonthlyMarts(engine, folder), AT, CohortParams())


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("nobody", Absence("unknown")),
        ("future", Absence("unknown")),  # its first snapshot is one that as_of can't know
        ("lost", Absence("missing")),
        ("gone", Absence("off_books", status="cancelled")),
        ("late", Absence("rule", rule="whole_window")),
        ("susp", Absence("rule", rule="not_suspended")),
        ("clerk", Absence("rule", rule="not_staff_or_test")),  # the first rule, not the red list
        ("crimson", Absence("rule", rule="not_red_list")),
        ("port", Absence("rule", rule="no_port_out_application")),
        ("poor", Absence("rule", rule="min_monthly_bill", value=20.0)),
        ("quiet", Absence("rule", rule="min_voice_out_minutes", value=180.0)),
        ("good", Absence("stale")),
    ],
)
def test_why_somebody_was_not_scored(engine, ground, who, expected) -> None:
    assert why_absent(engine, who, ground) == expected
    for language in ("en", "zh"):
        text = absence_said(expected, ground, Words(language))
        assert "2025-06-01" in text
        assert who not in text.split(), "no identifier in a message"


def test_a_rule_that_measures_says_what_it_measured(ground) -> None:
    poor = Absence("rule", rule="min_monthly_bill", value=20.0)
    text = absence_said(poor, ground, Words("en"))
    assert "mean bill 20.00 over the window's known bills; at least 80" in text

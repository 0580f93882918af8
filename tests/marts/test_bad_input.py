"""Bad records, end to end: refused, counted and quarantined by the check, and in no mart.

The same bytes come from the stages, which read the check's verdict, and from `churnlight marts`,
which applies the rules itself.
"""

from __future__ import annotations

import pytest
from marts_operator import Operator

from churnlight.errors import DataRefused
from churnlight.schema import CDR

COLUMNS = tuple(column.name for column in CDR.columns)


def line(**cells: object) -> str:
    """A good call of a minute; what is named differs."""
    row = dict.fromkeys(COLUMNS, "") | {
        "subscriber_id": "s",
        "counterpart_id": "c",
        "kind": "voice",
        "direction": "out",
        "started_at": "2025-01-10 10:00:00",
        "duration_s": 60,
    }
    assert set(cells) <= set(COLUMNS)
    return ",".join(str(v) for v in (row | cells).values())


@pytest.fixture
def operator(tmp_path, monkeypatch):
    return Operator(tmp_path / "project", monkeypatch)


def test_every_bad_record_is_refused_with_its_reason_and_counts_nowhere(operator):
    bad = {
        line(kind="fax"): "kind_unknown",
        line(kind=""): "kind_missing",
        line(direction="sideways"): "direction_unknown",
        line(direction=""): "direction_missing",
        line(duration_s=-1): "duration_s_below_minimum",
        line(duration_s="long"): "duration_s_unparsable",
        line(kind="data", direction="", bytes=-5): "bytes_below_minimum",
        line(started_at="2024-12-31 23:59:59"): "time_outside_month",
        line(started_at="2025-02-01 00:00:00"): "time_outside_month",
        line(started_at=""): "started_at_missing",
        line(started_at="yesterday"): "started_at_unparsable",
        line(subscriber_id=""): "subscriber_id_missing",
        line(events=0): "events_below_minimum",
        line(events=-2): "events_below_minimum",
        line(events="1.5"): "events_unparsable",
    }
    good = [
        line(),
        line(started_at="2025-01-01 00:00:00"),
        line(started_at="2025-01-31 23:59:59", duration_s=0),
        line(started_at="2025-01-11 10:00:00", duration_s=""),
        line(started_at="2025-01-12 10:00:00", events=1),
        line(kind="data", direction="", counterpart_id="", duration_s="", bytes=0),
    ]
    operator.write("2025-01", *good)
    clean = operator.command()
    operator.write("2025-01", *good, *bad)
    assert operator.by_stages() == clean
    assert operator.command() == clean
    verdict = operator.verdict()
    assert (verdict["rows"], verdict["kept"]) == (len(good) + len(bad), len(good))
    reasons = list(bad.values())
    assert verdict["refused"] == {r: reasons.count(r) for r in sorted(set(reasons))}
    # Quarantine says which row it was, and what stood there.
    rows = operator.quarantine()
    assert [r["reason"] for r in rows] == reasons
    assert [r["source_row"] for r in rows] == [len(good) + i for i in range(len(bad))]
    assert {r["source_file"] for r in rows} == {"cdr/month=2025-01/part.csv"}
    assert [r["events"] for r in rows][-3:] == ["0", "-2", "1.5"]
    (usage,) = operator.rows("usage")
    assert (usage["voice_out_count"], usage["voice_out_s"]) == (5, 180)


def test_a_record_adds_up_one_event_unless_it_says_more(operator):
    rows = [line(events=""), line(events=1, started_at="2025-01-11 10:00:00")]
    operator.write("2025-01", *rows, line(events=5, started_at="2025-01-12 10:00:00"))
    assert operator.by_stages() == operator.command()
    (usage,) = operator.rows("usage")
    assert (usage["voice_out_count"], usage["voice_out_s"]) == (7, 180)


def test_a_value_outside_its_list_is_unknown_and_counted(operator):
    good = {
        "counterpart_network": "rival",
        "counterpart_service": "rival_hotline",
        "roaming": "international",
    }
    odd = {"counterpart_network": "moon", "counterpart_service": "pizza", "roaming": "abroad"}
    rows = [line(), line(started_at="2025-01-11 10:00:00", **good)]
    operator.write("2025-01", *rows, line(started_at="2025-01-12 10:00:00"))
    clean = operator.command()
    operator.write("2025-01", *rows, line(started_at="2025-01-12 10:00:00", **odd))
    assert operator.by_stages() == clean
    assert operator.command() == clean
    verdict = operator.verdict()
    assert (verdict["refused"], verdict["kept"]) == ({}, 3)
    assert verdict["unknown"] == dict.fromkeys(odd, 1)
    assert operator.quarantine() == []
    (usage,), (edge,) = operator.rows("usage"), operator.rows("edges")
    assert (usage["rival_hotline_count"], usage["roaming_days"]) == (1, 1)
    assert edge["counterpart_network"] == "rival"  # the latest that is known


def test_of_equal_records_one_stays(operator):
    other = line(started_at="2025-01-11 10:00:00")
    operator.write("2025-01", line(), other)
    clean = operator.command()
    operator.write("2025-01", line(), other, line(), line())
    assert operator.by_stages() == clean
    assert operator.command() == clean
    verdict = operator.verdict()
    assert (verdict["duplicates"], verdict["kept"]) == ({"duplicate": 2}, 2)
    assert [r["reason"] for r in operator.quarantine()] == ["duplicate"] * 2


def test_of_one_event_the_earliest_known_stays_and_the_others_say_that_they_differ(operator):
    first = line(event_id="e", known_at="2025-01-12 00:00:00", duration_s=300)
    later = line(event_id="e", known_at="2025-01-13 00:00:00", duration_s=10)
    # The other party's view of the call carries the same event_id and is no duplicate.
    view = line(event_id="e", subscriber_id="c", counterpart_id="s", direction="in")
    operator.write("2025-01", first, view)
    clean = operator.command()
    operator.write("2025-01", later, later, view, first)
    assert operator.by_stages() == clean
    assert operator.command() == clean
    verdict = operator.verdict()
    assert verdict["duplicates"] == {"duplicate": 1, "duplicate_differs": 1}
    assert (verdict["rows"], verdict["kept"]) == (4, 2)


def test_ties_go_to_the_smallest_in_column_order(operator):
    """Known at once: the smaller duration stays, and among equals the smaller cell."""
    rows = [
        line(event_id="e", duration_s=20, cell_id="a"),
        line(event_id="e", duration_s=10, cell_id="z"),
        line(event_id="e", duration_s=10, cell_id="y"),
        # An earlier column decides first, whatever the later ones hold.
        line(event_id="f", counterpart_id="d", duration_s=1),
        line(event_id="f", counterpart_id="b", duration_s=999),
    ]
    operator.write("2025-01", rows[2], rows[4])
    clean = operator.command()
    operator.write("2025-01", *rows)
    assert operator.by_stages() == clean
    assert operator.verdict()["duplicates"] == {"duplicate_differs": 3}


def test_refused_and_late_records_are_no_duplicates(operator):
    """They are judged first: what they look like takes nothing from the rows that count."""
    kept = line(event_id="e", known_at="2025-01-20 00:00:00")
    operator.write("2025-01", kept)
    clean = operator.command()
    refused = line(event_id="e", known_at="2025-01-11 00:00:00", duration_s=-1)
    late = line(event_id="e", known_at="2025-02-06 00:00:00", duration_s=7)
    operator.write("2025-01", refused, late, kept)
    assert operator.by_stages() == clean
    verdict = operator.verdict()
    assert (verdict["kept"], verdict["late"], verdict["duplicates"]) == (1, 1, {})
    assert verdict["refused"] == {"duration_s_below_minimum": 1}


def test_an_empty_month_is_named_and_makes_no_mart(operator):
    operator.write("2025-01")
    with pytest.raises(DataRefused, match=r"cdr/month=2025-01 holds files but no row"):
        operator.by_stages()
    with pytest.raises(DataRefused, match=r"cdr of 2025-01 has no row that the check keeps"):
        operator.command()
    assert not (operator.project.marts / "month=2025-01").exists()
    assert not (operator.out / "month=2025-01").exists()


def test_a_month_of_bad_rows_alone_is_named_too(operator):
    operator.write("2025-01", line(kind="fax"))
    for build in (operator.by_stages, operator.command):
        with pytest.raises(DataRefused, match=r"cdr of 2025-01 has no row that the check keeps"):
            build()


def test_a_month_without_files_is_named(operator):
    operator.write("2025-01", line())
    with pytest.raises(DataRefused, match=r"no cdr of 2025-02.*months found: 2025-01"):
        operator.command(month="2025-02")

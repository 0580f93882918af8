"""Cases worked out by hand, one definition each."""

import math
from datetime import datetime

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from marts_cases import as_arrow, build, by_key, record

from churnlight.errors import DataRefused
from churnlight.marts.building import MARTS, build_month, keep_usage
from churnlight.marts.events import is_given
from churnlight.params.data import CircleParams
from churnlight.timeline import Month

FEBRUARY = Month(2025, 2)


@pytest.fixture
def marts(duckdb_engine, tmp_path):
    def of(*records, month=FEBRUARY):
        return build(duckdb_engine, list(records), month, tmp_path)[1]

    return of


def call(started_at, direction="out", whom="b", seconds=60, **columns):
    return record(started_at, "voice", direction, whom=whom, duration_s=seconds, **columns)


def test_one_call_tells_everything(marts):
    found = marts(call("2025-02-03 19:00:00", seconds=61, counterpart_network="rival"))
    assert found["edges"]["a", "b"] == {
        "counterpart_network": "rival",
        "voice_out_count": 1,
        "voice_in_count": 0,
        "voice_out_s": 61,
        "voice_in_s": 0,
        "sms_out_count": 0,
        "sms_in_count": 0,
        "forward_count": 0,
        "events_count": 1,
        "voice_count": 1,
        "voice_s": 61,
        "night_count": 1,
        "active_days": 1,
        "first_at": datetime(2025, 2, 3, 19),
        "last_at": datetime(2025, 2, 3, 19),
    }
    usage = found["usage"]["a"]
    assert usage["voice_out_billed_min"] == 2
    assert usage["silent_days_at_end"] == 25
    assert (usage["data_mb"], usage["data_sessions_count"], usage["cells_count"]) == (0.0, 0, 0)
    assert (usage["night_share"], usage["weekend_share"], usage["out_share"]) == (1.0, 0.0, 1.0)
    circle = found["circle"]["a"]
    assert (circle["contacts_count"], circle["effective_contacts_count"]) == (1, 1)
    assert circle["voice_entropy_nats"] == 0.0
    assert math.copysign(1, circle["voice_entropy_nats"]) == 1
    assert circle["sms_entropy_nats"] is None
    assert circle["rival_contacts_share"] == 1.0
    assert circle["balance_mean"] == 1.0


@pytest.mark.parametrize(
    ("clock", "night"),
    [
        ("18:59:59.999999", 0),
        ("19:00:00", 1),
        ("00:00:00", 1),
        ("06:59:59.999999", 1),
        ("07:00:00", 0),
    ],
)
def test_night_is_from_19_to_7(marts, clock, night):
    assert marts(call(f"2025-02-03 {clock}"))["edges"]["a", "b"]["night_count"] == night


def test_weekend_is_saturday_and_sunday_of_voice_and_sms(marts):
    # 2025-02-07 is a Friday, 2025-02-10 a Monday.
    found = marts(
        call("2025-02-07 23:59:59"),
        call("2025-02-08 00:00:00"),
        record("2025-02-09 23:59:59", "sms", "in"),
        call("2025-02-10 00:00:00"),
        record("2025-02-08 12:00:00", "data", None, whom=None),
    )
    assert found["usage"]["a"]["weekend_share"] == 2 / 4


def test_ten_day_counts_and_silence_at_the_end_of_a_leap_february(marts):
    days = (1, 10, 11, 20, 21, 28)
    found = marts(*(call(f"2024-02-{d:02d} 12:00:00") for d in days), month=Month(2024, 2))
    usage = found["usage"]["a"]
    assert usage["first_ten_days_count"] == 2
    assert usage["middle_ten_days_count"] == 2
    assert usage["last_ten_days_count"] == 2
    assert usage["silent_days_at_end"] == 1
    assert usage["active_days"] == 6


def test_thirty_one_days_are_counted(marts):
    rows = [call(f"2025-03-{d:02d} 12:00:00", roaming="domestic") for d in range(1, 32)]
    found = marts(*rows, month=Month(2025, 3))
    assert found["edges"]["a", "b"]["active_days"] == 31
    assert found["usage"]["a"]["roaming_days"] == 31
    assert found["usage"]["a"]["silent_days_at_end"] == 0


def test_missed_calls_count_as_attempts_and_unknown_durations_are_not_missed(marts):
    found = marts(
        call("2025-02-03 10:00:00", "in", seconds=0),
        call("2025-02-03 11:00:00", "in", seconds=None),
        call("2025-02-03 12:00:00", "out", seconds=0),
        record("2025-02-03 13:00:00", "sms", "in", duration_s=0),
    )
    usage = found["usage"]["a"]
    assert usage["voice_in_count"] == 2
    assert usage["missed_in_count"] == 1
    assert usage["voice_in_s"] == 0


def test_events_multiply_counts_and_never_seconds(marts):
    found = marts(
        call("2025-02-03 10:00:00", seconds=130, events=5),
        call("2025-02-03 11:00:00", "in", seconds=0, events=3, counterpart_service="rival_hotline"),
        call("2025-02-03 12:00:00", seconds=10, events=None),
    )
    usage = found["usage"]["a"]
    assert usage["voice_out_count"] == 6
    assert usage["voice_out_s"] == 140
    assert usage["voice_out_billed_min"] == 3 + 1
    assert usage["missed_in_count"] == 3
    assert usage["rival_hotline_count"] == 3
    assert usage["first_ten_days_count"] == 9
    assert found["edges"]["a", "b"]["events_count"] == 9
    volume = found["volume"][datetime(2025, 2, 3).date(), "voice", "out"]
    assert (volume["rows_count"], volume["events_count"]) == (2, 6)


def test_forwards_are_in_the_denominator_and_neither_in_nor_out(marts):
    found = marts(
        call("2025-02-03 10:00:00", "forward", seconds=30),
        record("2025-02-03 11:00:00", "sms", "forward"),
        call("2025-02-03 12:00:00", "out"),
        call("2025-02-03 20:00:00", "forward", whom="c", seconds=30),
    )
    usage, circle = found["usage"]["a"], found["circle"]["a"]
    assert usage["forward_count"] == 3
    assert usage["voice_s"] == 120
    assert usage["out_share"] == 1 / 4
    assert usage["night_share"] == 1 / 4
    assert usage["last_out_at"] == datetime(2025, 2, 3, 12)
    # c has neither in nor out, and is left out of the balance, but is a contact.
    assert circle["contacts_count"] == 2
    assert circle["balance_mean"] == 1.0
    assert circle["voice_contacts_count"] == 2


def test_mms_counts_with_sms(marts):
    found = marts(record("2025-02-03 10:00:00", "mms", "out"), record("2025-02-04", "sms", "out"))
    assert found["edges"]["a", "b"]["sms_out_count"] == 2
    assert found["circle"]["a"]["sms_contacts_count"] == 1
    assert {kind for _, kind, _ in found["volume"]} == {"mms", "sms"}


def test_without_a_counterpart_only_usage_counts(marts):
    found = marts(
        record("2025-02-03 10:00:00", "sms", "in", whom=None),
        record("2025-02-04 10:00:00", "data", None, whom="b", bytes=3 * 2**19, cell_id="x"),
        record("2025-02-05 10:00:00", "data", None, whom=None, bytes=None, cell_id="y"),
    )
    assert found["edges"] == {}
    assert found["circle"] == {}
    usage = found["usage"]["a"]
    assert usage["sms_in_count"] == 1
    assert usage["data_mb"] == 1.5
    assert usage["data_sessions_count"] == 2
    assert usage["cells_count"] == 2
    assert usage["active_days"] == 3
    assert usage["last_at"] == datetime(2025, 2, 5, 10)


def test_data_only_leaves_shares_and_last_out_null(marts):
    usage = marts(record("2025-02-04 10:00:00", "data", "out", whom=None))["usage"]["a"]
    assert usage["night_share"] is None
    assert usage["weekend_share"] is None
    assert usage["out_share"] is None
    assert usage["last_out_at"] is None


def test_a_network_is_that_of_the_latest_event_that_has_one(marts):
    found = marts(
        call("2025-02-03 10:00:00", counterpart_network="rival"),
        call("2025-02-03 10:00:00.000001", counterpart_network="own"),
        call("2025-02-09 10:00:00"),
        call("2025-02-05", whom="tie", counterpart_network="fixed"),
        call("2025-02-05", whom="tie", counterpart_network="service"),
        call("2025-02-05", whom="tie", counterpart_network="own"),
        call("2025-02-05", whom="none"),
    )
    networks = {whom: edge["counterpart_network"] for (_, whom), edge in found["edges"].items()}
    assert networks == {"b": "own", "tie": "service", "none": None}
    # The service number is no contact; the unknown network is one.
    assert found["circle"]["a"]["contacts_count"] == 2


def test_shares_reach_exactly_eighty_percent(marts):
    # 4 of 5 events are held by one contact: exactly 80 %, so one contact of two is enough.
    found = marts(
        *[call(f"2025-02-0{d} 10:00:00") for d in range(1, 5)], call("2025-02-01", whom="c")
    )
    circle = found["circle"]["a"]
    assert circle["pareto_contacts_share"] == 1 / 2
    assert circle["top1_share"] == 4 / 5
    assert circle["contact_entropy_nats"] == pytest.approx(
        -0.8 * math.log(0.8) - 0.2 * math.log(0.2)
    )


def test_effective_contacts_by_hand(marts):
    # Frequencies 4, 1, 1; seconds 40, 200, 10; days 2, 1, 1.
    found = marts(
        *(call(f"2025-02-0{d} 1{h}:00:00", seconds=10) for d in (1, 2) for h in (0, 1)),
        call("2025-02-01 12:00:00", whom="c", seconds=200),
        call("2025-02-01 12:00:00", whom="d", seconds=10),
    )
    # b: .6 + .04 + .2 = .84, c: .15 + .2 + .1 = .45, d: .15 + .01 + .1 = .26; total 1.55,
    # 80 % of it 1.24: b and c hold 1.29.
    assert found["circle"]["a"]["effective_contacts_count"] == 2
    assert found["circle"]["a"]["top3_share"] == 1.0


def test_the_tolerance_forgives_rounding(duckdb_engine, tmp_path):
    # Ten equal contacts: eight hold exactly 80 % of ten times 0.6 + 0.2 + 0.2, which is no sum of
    # binary fractions.
    rows = [call("2025-02-01", whom=str(i), seconds=7) for i in range(10)]
    _, found = build(duckdb_engine, rows, FEBRUARY, tmp_path, CircleParams(weights=(0.7, 0.1, 0.2)))
    assert found["circle"]["a"]["effective_contacts_count"] == 8


def test_counts_are_integers_in_the_files(duckdb_engine, tmp_path):
    rows = [call("2025-02-01", events=2), record("2025-02-01", "data", None, whom=None, bytes=7)]
    build(duckdb_engine, rows, FEBRUARY, tmp_path)
    for name in MARTS:
        for field in pq.read_schema(tmp_path / "marts" / f"{name}.parquet"):
            if field.name.endswith(("_count", "_s", "_days", "_min", "_days_at_end")):
                assert field.type == pa.int64(), (name, field)
            elif field.name.endswith(("_share", "_nats", "_mb", "_mean")):
                assert field.type == pa.float64(), (name, field)
            elif field.name.endswith("_at"):
                assert field.type == pa.timestamp("us"), (name, field)


def test_absent_columns_are_as_good_as_null(duckdb_engine, tmp_path):
    rows = [call("2025-02-01 10:00:00"), record("2025-02-02", "data", None, whom=None)]
    _, full = build(duckdb_engine, rows, FEBRUARY, tmp_path)
    optional = ("counterpart_network", "counterpart_service", "roaming", "cell_id", "events")
    whole = as_arrow(rows)
    slim = whole.drop_columns([name for name in optional if name in whole.column_names])
    pq.write_table(slim, tmp_path / "slim.parquet")
    table = duckdb_engine.read([tmp_path / "slim.parquet"])
    nulls = {name: ibis.null("string" if name != "events" else "int64") for name in optional}
    typed = table.mutate(**nulls).filter(table["subscriber_id"].notnull())
    assert not any(is_given(typed, name) for name in optional)
    assert is_given(typed, "bytes")
    # The same behind what the check may do with rows.
    joined = typed.union(typed).anti_join(table.filter(table["kind"] == "mms"), "subscriber_id")
    cleaned = joined.mutate(
        roaming=ibis.ifelse(joined["roaming"].isin(("home",)), joined["roaming"], ibis.null()),
        bytes=ibis.ifelse(joined["bytes"] > 0, joined["bytes"], ibis.null()),
    ).distinct()
    assert not any(is_given(cleaned, name) for name in optional)
    assert is_given(cleaned, "bytes")
    assert is_given(cleaned, "kind")
    build_month(duckdb_engine, typed, FEBRUARY, CircleParams(), tmp_path / "out")
    for name in MARTS:
        without = pq.read_table(tmp_path / "out" / f"{name}.parquet")
        assert by_key(without, name) == full[name], name
    assert full["usage"]["a"]["cells_count"] == 0


def test_rows_a_mart_are_reported(duckdb_engine, tmp_path):
    rows, _ = build(duckdb_engine, [call("2025-02-01"), call("2025-02-02")], FEBRUARY, tmp_path)
    assert rows == {"edges": 1, "usage": 1, "circle": 1, "volume": 2}


def test_a_month_without_rows_is_refused_by_name(duckdb_engine, tmp_path):
    pq.write_table(as_arrow([call("2025-02-01")]).slice(0, 0), tmp_path / "empty.parquet")
    empty = duckdb_engine.read([tmp_path / "empty.parquet"])
    with pytest.raises(DataRefused, match="cdr of 2025-02 has no row"):
        build_month(duckdb_engine, empty, FEBRUARY, CircleParams(), tmp_path / "out")


def test_the_extract_usage_becomes_the_mart(duckdb_engine, tmp_path):
    _, found = build(duckdb_engine, [call("2025-02-01")], FEBRUARY, tmp_path)
    extract = duckdb_engine.read([tmp_path / "marts" / "usage.parquet"])
    assert keep_usage(duckdb_engine, extract.mutate(more=1), tmp_path / "kept") == {"usage": 1}
    kept = pq.read_table(tmp_path / "kept" / "usage.parquet")
    assert by_key(kept, "usage") == found["usage"]

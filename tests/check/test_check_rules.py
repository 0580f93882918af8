"""Each rule against a row written for it; the expected fate stands beside the row."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.check import Closing, kept_rows, load_kept, read_typed, refusal
from churnlight.check.audit import audit
from churnlight.check.month import Folders, check_month
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.schema import BILLING, CAMPAIGNS, CARE, CDR, EXTRACTS, SUBSCRIBERS
from churnlight.timeline import Month

JANUARY = Month(2025, 1)

# Cells of a CDR in CSV, and why the row is refused (empty: it is kept).
CDR_ROWS = """\
subscriber_id,kind,direction,started_at,duration_s,bytes,counterpart_network,roaming,events,known_at,fate
a,voice,out,2025-01-01 00:00:00,10,,own,home,,,
a,sms,in,2025-01-31T23:59:59.999999,,,rival,,1,,
a,mms,forward,2025-01-15 10:00,,,,,3,,
a,data,,2025-01-15,0,1024,,domestic,,,
a,voice,out,2025-01-02 00:00:00,0,,mars,abroad,,,
a,voice,out,2025-01-03 00:00:00,12.0,,own,,2.0,,
 a ,voice ,out,2025-01-04 00:00:00,,,own,,,2025-01-04 00:00:01,
,voice,out,2025-01-01 00:00:00,10,,own,,,,subscriber_id_missing
a,,out,2025-01-01 00:00:00,10,,own,,,,kind_missing
a,fax,out,2025-01-01 00:00:00,10,,own,,,,kind_unknown
a,Voice,out,2025-01-01 00:00:00,10,,own,,,,kind_unknown
a,voice,sideways,2025-01-01 00:00:00,10,,own,,,,direction_unknown
a,voice,,2025-01-01 00:00:00,10,,own,,,,direction_missing
a,sms,,2025-01-01 00:00:00,,,own,,,,direction_missing
a,voice,out,,10,,own,,,,started_at_missing
a,voice,out,2024-12-31 23:59:59,10,,own,,,,time_outside_month
a,voice,out,2025-02-01 00:00:00,10,,own,,,,time_outside_month
a,voice,out,01/02/2025,10,,own,,,,started_at_unparsable
a,voice,out,2025-01-32 00:00:00,10,,own,,,,started_at_unparsable
a,voice,out,2025-01-05 00:00:00+08:00,10,,own,,,,started_at_unparsable
a,voice,out,2025-01-01 00:00:00,-1,,own,,,,duration_s_below_minimum
a,voice,out,2025-01-01 00:00:00,1.5,,own,,,,duration_s_unparsable
a,voice,out,2025-01-01 00:00:00,ten,,own,,,,duration_s_unparsable
a,voice,out,2025-01-01 00:00:00,99999999999999999999,,own,,,,duration_s_unparsable
a,data,,2025-01-01 00:00:00,,-5,,,,,bytes_below_minimum
a,voice,out,2025-01-01 00:00:00,10,,own,,0,,events_below_minimum
a,voice,out,2025-01-01 00:00:00,10,,own,,-2,,events_below_minimum
a,voice,out,2025-01-01 00:00:00,10,,own,,,soon,known_at_unparsable
"""


def put_csv(root: Path, extract: str, text: str, month: Month | None = JANUARY) -> Path:
    folder = root / extract if month is None else root / extract / f"month={month}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "part.csv"
    path.write_text(text, encoding="utf-8")
    return path


def put(root: Path, extract: str, table: pa.Table, month: Month | None = JANUARY) -> Path:
    folder = root / extract if month is None else root / extract / f"month={month}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"part-{len(list(folder.iterdir()))}.parquet"
    pq.write_table(table, path)
    return path


def fates(engine: Engine, root: Path, extract: str) -> list[str | None]:
    table = read_typed(engine, root, EXTRACTS[extract], JANUARY, source=True)
    assert table is not None
    reason = refusal(table, EXTRACTS[extract], JANUARY)
    rows = engine.arrow(table.select("source_row", reason=reason).order_by("source_row"))
    return rows["reason"].to_pylist()


def expected_fates(text: str) -> list[str | None]:
    return [line.rsplit(",", 1)[1] or None for line in text.splitlines()[1:]]


def test_each_rule_refuses_the_row_written_for_it(engine: Engine, tmp_path: Path) -> None:
    put_csv(tmp_path, "cdr", CDR_ROWS)
    assert fates(engine, tmp_path, "cdr") == expected_fates(CDR_ROWS)


@pytest.mark.slow
def test_each_rule_on_spark(spark: Engine, tmp_path: Path) -> None:
    put_csv(tmp_path, "cdr", CDR_ROWS)
    assert fates(spark, tmp_path, "cdr") == expected_fates(CDR_ROWS)
    verdict = check_month(spark, Folders(tmp_path, tmp_path / "q"), CDR, JANUARY, Closing(5))
    assert (verdict.rows, verdict.kept) == (28, 7)


def test_the_audit_counts_what_the_rows_say(engine: Engine, tmp_path: Path) -> None:
    put_csv(tmp_path, "cdr", CDR_ROWS)
    table = read_typed(engine, tmp_path, CDR, JANUARY)
    assert table is not None
    found = audit(engine, table, CDR, JANUARY, Closing(5))
    expected: dict[str, int] = {}
    for fate in expected_fates(CDR_ROWS):
        if fate:
            expected[fate] = expected.get(fate, 0) + 1
    assert found.refused == expected
    assert found.rows == 28
    # "mars" and "abroad"; the refused rows' values are not counted.
    assert found.unknown == {"counterpart_network": 1, "roaming": 1}


def test_unknown_values_read_as_null_and_the_row_stays(engine: Engine, tmp_path: Path) -> None:
    put_csv(tmp_path, "cdr", CDR_ROWS)
    rows = load_kept(engine, tmp_path, "cdr", [JANUARY])
    assert rows is not None
    kept = engine.arrow(rows.order_by("started_at")).to_pylist()
    assert [r["started_at"].day for r in kept] == [1, 2, 3, 4, 15, 15, 31]
    mars = kept[1]
    assert (mars["counterpart_network"], mars["roaming"], mars["duration_s"]) == (None, None, 0)
    assert (kept[2]["duration_s"], kept[2]["events"]) == (12, 2)
    assert (kept[3]["subscriber_id"], kept[3]["kind"]) == ("a", "voice")
    assert "unparsable" not in rows.columns


def test_typed_columns_whatever_the_file_holds(engine: Engine, tmp_path: Path) -> None:
    put_csv(tmp_path, "cdr", CDR_ROWS)
    schema = load_kept(engine, tmp_path, "cdr", [JANUARY]).schema()  # type: ignore[union-attr]
    assert list(schema) == [c.name for c in CDR.columns]
    assert str(schema["duration_s"]) == "int64"
    assert str(schema["started_at"]).startswith("timestamp")
    assert str(schema["cell_id"]) == "string"


def test_bills_must_be_finite_and_of_their_month(engine: Engine, tmp_path: Path) -> None:
    table = pa.table(
        {
            "subscriber_id": [1, 2, 3, 4, 5, 6],
            "month": ["2025-01", "2025-01", "2025-01", "2025-02", None, "2025-01"],
            "total_charge": [10.0, float("nan"), float("inf"), 10.0, -3.5, None],
            "discount": pa.array([None, 1.0, 1.0, 1.0, float("-inf"), 1.0]),
        }
    )
    put(tmp_path, "billing", table)
    assert fates(engine, tmp_path, "billing") == [
        None,
        "total_charge_not_finite",
        "total_charge_not_finite",
        "month_outside_partition",
        "discount_not_finite",
        "total_charge_missing",
    ]


def test_statuses_are_strict_and_other_lists_are_not(engine: Engine, tmp_path: Path) -> None:
    text = (
        "subscriber_id,status,activated_on,vip_tier,is_staff,has_broadband\n"
        "1,active,2020-01-01,gold,false,1\n"
        "2,gone,2020-01-01,gold,,\n"
        "3,active,,gold,,\n"
        "4,active,2020-02-30,gold,,\n"
        "5,active,2020-01-01,platinum,yes,n\n"
        "6,active,2020-01-01,gold,maybe,\n"
    )
    put_csv(tmp_path, "subscribers", text)
    assert fates(engine, tmp_path, "subscribers") == [
        None,
        "status_unknown",
        "activated_on_missing",
        "activated_on_unparsable",
        None,
        "is_staff_unparsable",
    ]
    rows = load_kept(engine, tmp_path, "subscribers", [JANUARY])
    kept = engine.arrow(rows.order_by("subscriber_id")).to_pylist()  # type: ignore[union-attr]
    assert [(r["vip_tier"], r["is_staff"], r["has_broadband"]) for r in kept] == [
        ("gold", False, True),
        (None, True, False),
    ]
    assert {r["month"] for r in kept} == {"2025-01"}
    assert kept[0]["activated_on"] == date(2020, 1, 1)


def test_a_missing_arm_is_no_arm(engine: Engine, tmp_path: Path) -> None:
    text = "subscriber_id,offered_at,campaign_id,arm\n1,2025-01-03,c,treated\n2,2025-01-03,c,x\n"
    put_csv(tmp_path, "campaigns", text)
    assert fates(engine, tmp_path, "campaigns") == [None, "arm_unknown"]
    assert CAMPAIGNS.by_name["arm"].strict


def test_parquet_types_that_mean_the_same_are_taken(engine: Engine, tmp_path: Path) -> None:
    table = pa.table(
        {
            "subscriber_id": pa.array([7, 8], pa.int32()),
            "counterpart_id": pa.array([1, None], pa.uint16()),
            "kind": pa.array(["voice", "sms"]).dictionary_encode(),
            "direction": pa.array(["out", "in"], pa.large_string()),
            "started_at": pa.array([datetime(2025, 1, 5, 1, 2, 3)] * 2, pa.timestamp("ns")),
            # What pandas makes of whole numbers with nulls.
            "duration_s": pa.array([61.0, float("nan")]),
            "bytes": pa.nulls(2),
            "known_at": pa.nulls(2),
        }
    )
    put(tmp_path, "cdr", table)
    rows = load_kept(engine, tmp_path, "cdr", [JANUARY])
    kept = engine.arrow(rows.order_by("subscriber_id")).to_pylist()  # type: ignore[union-attr]
    assert [(r["subscriber_id"], r["counterpart_id"], r["duration_s"]) for r in kept] == [
        (7, 1, 61),
        (8, None, None),
    ]
    assert kept[0]["started_at"] == datetime(2025, 1, 5, 1, 2, 3)


def test_a_half_second_in_parquet_is_unparsable(engine: Engine, tmp_path: Path) -> None:
    table = pa.table(
        {
            "subscriber_id": [1, 2],
            "kind": ["voice"] * 2,
            "direction": ["out"] * 2,
            "started_at": [datetime(2025, 1, 5)] * 2,
            "duration_s": [1.5, 2.0],
        }
    )
    put(tmp_path, "cdr", table)
    assert fates(engine, tmp_path, "cdr") == ["duration_s_unparsable", None]


def test_files_of_one_month_may_differ_in_layout(engine: Engine, tmp_path: Path) -> None:
    when = [datetime(2025, 1, 5)]
    put(
        tmp_path,
        "cdr",
        pa.table(
            {"subscriber_id": [1], "kind": ["data"], "direction": pa.nulls(1), "started_at": when}
        ),
    )
    wide = {"kind": ["data"], "subscriber_id": [2], "started_at": when, "bytes": [9]}
    put(tmp_path, "cdr", pa.table({**wide, "direction": pa.array([None], pa.string())}))
    rows = load_kept(engine, tmp_path, "cdr", [JANUARY])
    kept = engine.arrow(rows.order_by("subscriber_id")).to_pylist()  # type: ignore[union-attr]
    assert [(r["subscriber_id"], r["bytes"]) for r in kept] == [(1, None), (2, 9)]


def test_an_id_column_that_one_month_lacks_takes_the_other_months_type(
    engine: Engine, tmp_path: Path
) -> None:
    bare = {"subscriber_id": [1], "kind": ["data"], "direction": pa.array([None], pa.string())}
    put(tmp_path, "cdr", pa.table({**bare, "started_at": [datetime(2025, 1, 5)]}))
    february = {**bare, "started_at": [datetime(2025, 2, 5)], "cell_id": ["west"]}
    put(tmp_path, "cdr", pa.table(february), Month(2025, 2))
    rows = load_kept(engine, tmp_path, "cdr", [JANUARY, Month(2025, 2)])
    kept = engine.arrow(rows.order_by("started_at")).to_pylist()  # type: ignore[union-attr]
    assert [r["cell_id"] for r in kept] == [None, "west"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"started_at": None}, ["'started_at' is missing", "local times", "found: subscriber_id"]),
        ({"started_at": ["2025-01-01"]}, ["'started_at' holds string", "local times"]),
        (
            {"started_at": pa.array([datetime(2025, 1, 5)], pa.timestamp("us", "UTC"))},
            ["'started_at'", "drop the zone"],
        ),
        ({"duration_s": ["ten"]}, ["'duration_s' holds string", "whole numbers"]),
        ({"subscriber_id": [1.0]}, ["'subscriber_id' holds double", "nullable integer"]),
        ({"kind": [3]}, ["'kind' holds int64", "expected text"]),
    ],
)
def test_a_missing_column_or_wrong_type_is_named(
    engine: Engine, tmp_path: Path, change: dict[str, object], words: list[str]
) -> None:
    columns: dict[str, object] = {
        "subscriber_id": [1],
        "kind": ["voice"],
        "direction": ["out"],
        "started_at": [datetime(2025, 1, 5)],
    } | change
    path = put(tmp_path, "cdr", pa.table({k: v for k, v in columns.items() if v is not None}))
    with pytest.raises(DataRefused) as refused:
        read_typed(engine, tmp_path, CDR, JANUARY)
    for word in [str(path), *words]:
        assert word in str(refused.value)


def test_integers_in_one_file_and_text_in_another_is_an_error(
    engine: Engine, tmp_path: Path
) -> None:
    care = {"happened_at": [datetime(2025, 1, 5)], "kind": ["complaint"]}
    put(tmp_path, "care", pa.table({"subscriber_id": [1], **care}))
    put(tmp_path, "care", pa.table({"subscriber_id": ["1"], **care}))
    with pytest.raises(DataRefused, match="'subscriber_id' holds text ids"):
        read_typed(engine, tmp_path, CARE, JANUARY)


def test_what_is_absent_is_none(engine: Engine, tmp_path: Path) -> None:
    assert read_typed(engine, tmp_path, BILLING, JANUARY) is None
    assert load_kept(engine, tmp_path, "billing", [JANUARY]) is None


def test_the_month_comes_from_the_partition(engine: Engine, tmp_path: Path) -> None:
    table = pa.table(
        {"subscriber_id": [1], "status": ["active"], "activated_on": [date(2024, 1, 1)]}
    )
    put(tmp_path, "subscribers", table)
    rows = read_typed(engine, tmp_path, SUBSCRIBERS, JANUARY)
    assert rows is not None
    kept = kept_rows(engine, rows, SUBSCRIBERS, JANUARY)
    assert engine.arrow(kept)["month"].to_pylist() == ["2025-01"]


def test_extracts_without_a_time_of_their_own_carry_the_month(
    engine: Engine, tmp_path: Path
) -> None:
    put(tmp_path, "usage", pa.table({"subscriber_id": [1], "voice_out_count": [3]}))
    rows = load_kept(engine, tmp_path, "usage", [JANUARY])
    assert engine.arrow(rows).to_pylist()[0]["month"] == "2025-01"  # type: ignore[arg-type]

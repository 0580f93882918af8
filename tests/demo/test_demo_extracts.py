"""The simulated extracts keep the contract of `schema`, and agree with each other."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.schema import EXTRACTS

WRITTEN = (
    "cdr", "billing", "topups", "subscribers", "care", "services", "campaigns",
    "plans", "handsets", "holidays",
)  # fmt: skip
MONTHS = [f"2025-{n:02d}" for n in range(1, 9)]
ARROW = {
    "text": pa.string(), "int": None, "float": pa.float64(), "money": pa.float64(),
    "bool": pa.bool_(), "date": pa.date32(), "timestamp": pa.timestamp("us"),
    "month": pa.string(), "id": pa.int64(),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_columns_are_declared_and_of_their_type(operator, name):
    declared = EXTRACTS[name].by_name
    for path in operator.files(name):
        schema = pq.read_schema(path)
        assert set(schema.names) <= set(declared)
        assert set(EXTRACTS[name].required) <= set(schema.names)
        for field in schema:
            kind = declared[field.name].kind
            if kind == "int" or field.name == "cell_id":
                assert pa.types.is_integer(field.type), field
            else:
                assert field.type == ARROW[kind], field


@pytest.mark.parametrize("name", WRITTEN)
def test_values_are_allowed(operator, name):
    table = operator.table(name)
    extract = EXTRACTS[name]
    for column in extract.columns:
        if column.name not in table:
            continue
        values = table[column.name]
        if not column.nullable:
            assert values.notna().all(), column.name
        if column.allowed is not None:
            assert set(values.dropna().unique()) <= set(column.allowed), column.name
        if column.minimum is not None:
            assert values.dropna().min() >= column.minimum, column.name
    if extract.key:
        assert not table.duplicated(list(extract.key)).any()


def test_every_monthly_extract_has_every_month(operator):
    for name in WRITTEN:
        if EXTRACTS[name].monthly:
            assert sorted(operator.table(name)["part"].unique()) == MONTHS
    assert operator.rows == {name: len(operator.table(name)) for name in WRITTEN}


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("cdr", "started_at"), ("topups", "paid_at"), ("care", "happened_at"),
        ("campaigns", "offered_at"),
    ],
)  # fmt: skip
def test_times_are_inside_their_month_in_whole_seconds(operator, name, time):
    table = operator.table(name)
    assert (table[time].dt.strftime("%Y-%m") == table["part"]).all()
    assert (table[time].dt.microsecond == 0).all()


def test_months_in_rows_are_those_of_the_partition(operator):
    for name in ("billing", "subscribers", "services"):
        table = operator.table(name)
        assert (table["month"] == table["part"]).all()


def test_ids_look_like_no_telephone_number(operator):
    for column in ("subscriber_id", "counterpart_id"):
        ids = operator.table("cdr")[column].dropna().astype("int64")
        assert ids.between(20_000_000, 99_999_999).all()


def test_subscribers_and_outsiders_share_no_id(operator):
    cdr = operator.table("cdr")
    own = cdr.loc[cdr["counterpart_network"] == "own", "counterpart_id"]
    known = set(operator.table("subscribers")["subscriber_id"])
    # Who left and vanished at once is in no snapshot, yet others called them before.
    known |= set(operator.table("truth/departures")["subscriber_id"])
    assert set(own) <= known
    outside = cdr[cdr["counterpart_network"].isin(["fixed", "international", "service"])]
    assert not set(outside["counterpart_id"]) & known


def test_records_are_sorted_and_none_is_there_twice(operator):
    for path in operator.files("cdr"):
        frame = pq.read_table(path, partitioning=None).to_pandas()
        order = np.lexsort((frame["started_at"], frame["subscriber_id"]))
        assert (np.diff(order) > 0).all()
        assert not frame.duplicated().any()


def test_only_data_sessions_have_bytes_and_no_direction(operator):
    cdr = operator.table("cdr")
    data = cdr["kind"] == "data"
    assert (cdr["bytes"].notna() == data).all()
    assert (cdr["direction"].isna() == data).all()
    assert (cdr["counterpart_id"].isna() == data).all()
    assert (cdr["duration_s"].isna() == cdr["kind"].isin(["sms", "mms"])).all()


def test_late_columns_come_after_their_events(operator):
    care = operator.table("care").dropna(subset=["resolved_at"])
    assert (care["resolved_at"] > care["happened_at"]).all()
    offers = operator.table("campaigns")
    treated = offers["arm"] == "treated"
    assert (offers["responded_at"].notna() == treated).all()
    assert (offers.loc[treated, "responded_at"] > offers.loc[treated, "offered_at"]).all()
    assert 0.45 < treated.mean() < 0.75


def test_bills_are_known_within_the_closing_days(operator):
    bills = operator.table("billing")
    closed = pd.to_datetime(bills["month"] + "-01") + pd.offsets.MonthBegin(1)
    assert (bills["billed_at"] >= closed).all()
    assert (bills["billed_at"] < closed + pd.Timedelta(days=5)).all()


def test_the_snapshot_tells_status_and_its_first_day(operator):
    table = operator.table("subscribers")
    since = pd.to_datetime(table["status_since"])
    month_end = pd.to_datetime(table["month"] + "-01") + pd.offsets.MonthEnd(0)
    assert (since <= month_end).all()
    assert (since >= pd.to_datetime(table["activated_on"])).all()
    counts = table["status"].value_counts(normalize=True)
    assert counts["active"] > 0.85
    assert set(counts.index) == {"active", "suspended", "cancelled", "ported_out", "debt"}


def test_several_lines_share_an_account(operator):
    last = operator.table("subscribers").query("month == '2025-08'")
    lines = last.groupby("account_id").size()
    assert lines.max() >= 3
    assert 0.3 < (lines > 1).mean() < 0.8

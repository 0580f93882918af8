"""The adapter against the real data, counted again in plain pandas."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from churnlight.adapt.callmemaybe import adapt
from churnlight.check import Closing
from churnlight.check.month import Folders, check_month
from churnlight.engine import connect
from churnlight.errors import DataRefused
from churnlight.params.data import EngineParams
from churnlight.schema import CDR, SUBSCRIBERS
from churnlight.timeline import Month, month_range

MONTHS = month_range(Month(2019, 8), 4)

CALLS = """\
user_id,date,direction,internal,operator_id,is_missed_call,calls_count,call_duration,total_call_duration
7,2019-08-31 00:00:00+03:00,in,False,unknown,True,2,3,4
7,2019-09-01 00:00:00+03:00,out,True,88,False,1,10,18
7,2019-09-01 00:00:00+03:00,out,,88,False,1,10,18
7,2019-09-01 00:00:00+03:00,out,True,88,False,1,10,18
"""
CLIENTS = "user_id,tariff_plan,date_start\n8,B,9/1/2019\n7,A,8/15/2019\n"


def small(folder: Path, calls: str = CALLS, clients: str = CLIENTS) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "telecom_dataset_us.csv").write_text(calls)
    with gzip.open(folder / "telecom_clients_us.csv.gz", "wt") as stream:
        stream.write(clients)
    return folder


def test_a_row_becomes_events_of_its_client(tmp_path: Path) -> None:
    rows = adapt(small(tmp_path / "source"), tmp_path / "out")
    assert rows == {
        "cdr/month=2019-08": 1,
        "cdr/month=2019-09": 3,
        "subscribers/month=2019-08": 1,
        "subscribers/month=2019-09": 2,
    }
    august = pq.read_table(tmp_path / "out/cdr/month=2019-08/part-0.parquet", partitioning=None)
    assert august.to_pylist() == [
        {
            "subscriber_id": 7,
            "kind": "voice",
            "direction": "in",
            "started_at": datetime(2019, 8, 31),
            "duration_s": 0,  # missed, whatever seconds the row holds
            "counterpart_network": None,
            "cell_id": None,
            "events": 2,
            "event_id": "2019-08-31 in False unknown True",
        }
    ]
    september = pq.read_table(tmp_path / "out/cdr/month=2019-09/part-0.parquet", partitioning=None)
    assert september["counterpart_network"].to_pylist() == ["own", None, "own"]
    assert september["cell_id"].to_pylist() == [88, 88, 88]
    assert september["duration_s"].to_pylist() == [10, 10, 10]


def test_only_the_exact_duplicate_is_one(tmp_path: Path) -> None:
    adapt(small(tmp_path / "source"), tmp_path / "out")
    with connect(EngineParams(threads=1), tmp_path / "scratch") as engine:
        verdict = check_month(
            engine, Folders(tmp_path / "out", tmp_path / "q"), CDR, Month(2019, 9)
        )
    assert (verdict.kept, verdict.duplicates) == (2, {"duplicate": 1})


@pytest.mark.parametrize(
    ("calls", "clients", "words"),
    [
        (CALLS.replace("direction", "way", 1), CLIENTS, "column 'direction' is missing"),
        (CALLS.replace("2019-08-31", "31.8.2019"), CLIENTS, "can't be read"),
        (CALLS.replace(",2,3,4", ",two,3,4"), CLIENTS, "can't be read"),
        (CALLS, CLIENTS.replace("8/15", "15/8"), "can't be read"),
    ],
)
def test_another_source_is_refused(tmp_path: Path, calls: str, clients: str, words: str) -> None:
    with pytest.raises(DataRefused, match=words):
        adapt(small(tmp_path / "source", calls, clients), tmp_path / "out")


def test_a_missing_source_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"looked for .*telecom_dataset_us.csv.gz or "):
        adapt(tmp_path, tmp_path / "out")


def test_the_real_data(shared: Path, tmp_path: Path) -> None:
    source = shared / "callmemaybe"
    rows = adapt(source, tmp_path / "out")
    raw = pd.read_csv(source / "telecom_dataset_us.csv.gz")
    assert sum(n for name, n in rows.items() if name.startswith("cdr")) == len(raw) == 53_902
    with connect(EngineParams(threads=2), tmp_path / "scratch") as engine:
        verdicts = [
            check_month(
                engine, Folders(tmp_path / "out", tmp_path / "q"), extract, month, Closing(5)
            )
            for extract in (CDR, SUBSCRIBERS)
            for month in MONTHS
        ]
    calls, clients = verdicts[:4], verdicts[4:]
    assert sum(v.duplicates.get("duplicate", 0) for v in calls) == 4_900
    assert sum(v.kept for v in calls) == len(raw.drop_duplicates()) == 49_002
    assert not any(v.refused or v.unknown or v.late or len(v.duplicates) > 1 for v in verdicts)
    assert clients[3].kept == 732
    assert all(v.clean for v in clients)
    quarantined = pq.read_table(
        tmp_path / "q" / "cdr" / "month=2019-08" / "refused.parquet", partitioning=None
    )
    assert quarantined.num_rows == calls[0].duplicates["duplicate"]
    # What the extracts say adds up to what the source says.
    months = [tmp_path / f"out/cdr/month={m}/part-0.parquet" for m in MONTHS]
    cdr = pd.concat([pq.read_table(p, partitioning=None).to_pandas() for p in months])
    assert cdr["events"].sum() == raw["calls_count"].sum()
    assert cdr["duration_s"].sum() == raw.loc[~raw["is_missed_call"], "call_duration"].sum()
    assert cdr["cell_id"].nunique() == raw["operator_id"].nunique() - 1  # without "unknown"

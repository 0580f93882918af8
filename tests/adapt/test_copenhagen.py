from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from churnlight.adapt.copenhagen import adapt
from churnlight.check import load_kept
from churnlight.check.month import Folders, check_month
from churnlight.engine import connect
from churnlight.errors import DataRefused
from churnlight.params.data import EngineParams
from churnlight.schema import CDR
from churnlight.timeline import Month

FEBRUARY = Month(2015, 2)


def small(folder: Path) -> Path:
    folder.mkdir()
    (folder / "calls.csv").write_text("timestamp,from,to,duration\n86399,1,2,-1\n10,2,1,30\n")
    (folder / "sms.csv").write_text("timestamp,from,to\n10,3,1\n10,3,1\n")
    return folder


def test_every_event_is_seen_from_both_sides(tmp_path: Path) -> None:
    rows = adapt(small(tmp_path / "source"), tmp_path / "out")
    assert rows == {"cdr/month=2015-02": 8, "subscribers/month=2015-02": 3}
    table = pq.read_table(tmp_path / "out/cdr/month=2015-02/part-0.parquet", partitioning=None)
    names = ("subscriber_id", "counterpart_id", "kind", "direction", "duration_s")
    found = [tuple(row[n] for n in names) for row in table.to_pylist()]
    assert sorted(found, key=str) == sorted(
        [
            (1, 2, "voice", "out", 0),
            (2, 1, "voice", "in", 0),
            (2, 1, "voice", "out", 30),
            (1, 2, "voice", "in", 30),
            *[(3, 1, "sms", "out", None), (1, 3, "sms", "in", None)] * 2,
        ],
        key=str,
    )
    times = set(table["started_at"].to_pylist())
    assert times == {datetime(2015, 2, 1, 0, 0, 10), datetime(2015, 2, 1, 23, 59, 59)}
    people = pq.read_table(
        tmp_path / "out/subscribers/month=2015-02/part-0.parquet", partitioning=None
    )
    assert people["subscriber_id"].to_pylist() == [1, 2, 3]
    assert set(people["activated_on"].to_pylist()) == {date(2015, 2, 1)}


def test_a_source_without_its_columns_is_refused(tmp_path: Path) -> None:
    folder = small(tmp_path / "source")
    (folder / "sms.csv").write_text("when,from,to\n10,3,1\n")
    with pytest.raises(DataRefused, match=r"sms.csv: column 'timestamp' is missing"):
        adapt(folder, tmp_path / "out")


def test_the_real_data(shared: Path, tmp_path: Path) -> None:
    source = shared / "copenhagen"
    rows = adapt(source, tmp_path / "out")
    assert rows["cdr/month=2015-02"] == 2 * (3_600 + 24_333)
    with connect(EngineParams(threads=2), tmp_path / "scratch") as engine:
        verdict = check_month(engine, Folders(tmp_path / "out", tmp_path / "q"), CDR, FEBRUARY)
        kept = engine.arrow(load_kept(engine, tmp_path / "out", "cdr", [FEBRUARY]))  # type: ignore[arg-type]
    messages = pd.read_csv(source / "sms.csv.gz")
    assert verdict.duplicates == {"duplicate": 2 * int(messages.duplicated().sum())}
    assert verdict.refused == {}
    calls = pd.read_csv(source / "calls.csv.gz")
    frame = kept.to_pandas()
    out = frame[(frame["kind"] == "voice") & (frame["direction"] == "out")]
    assert out["duration_s"].sum() == calls["duration"].clip(lower=0).sum()
    assert (out["duration_s"] == 0).sum() == (calls["duration"] <= 0).sum()
    person = int(calls["from"].mode()[0])
    assert (out["subscriber_id"] == person).sum() == (calls["from"] == person).sum()
    back = frame[(frame["kind"] == "voice") & (frame["direction"] == "in")]
    assert (back["subscriber_id"] == person).sum() == (calls["to"] == person).sum()

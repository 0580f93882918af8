"""Both ends of a call, who may call when, and the times that calls are drawn from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from churnlight.demo import generate, people
from churnlight.demo.clock import Rhythm, holidays, month_clock
from churnlight.params.output import DemoParams
from churnlight.timeline import Month


def ends(cdr: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calls and messages on the operator's own network, as the caller and as the called saw them.

    Each has the columns caller, called, started_at, kind, duration_s and is sorted by them.
    """
    own = cdr[cdr["counterpart_network"] == "own"]
    names = ["caller", "called", "started_at", "kind", "duration_s"]
    sides = []
    for direction, caller, called in (
        ("out", "subscriber_id", "counterpart_id"),
        ("in", "counterpart_id", "subscriber_id"),
    ):
        rows = own.loc[own["direction"] == direction, [caller, called, *names[2:]]]
        rows = rows.set_axis(names, axis=1).astype({"caller": "int64", "called": "int64"})
        sides.append(rows.sort_values(names, ignore_index=True))
    return sides[0], sides[1]


def test_both_ends_have_a_record_under_each_others_id(operator):
    out, incoming = ends(operator.table("cdr"))
    assert len(out) > 100_000
    pd.testing.assert_frame_equal(out, incoming)


def test_both_ends_have_a_record_across_districts(tmp_path, monkeypatch):
    """Three districts, each with a file of its own."""
    monkeypatch.setattr(people, "DISTRICT_ROWS", 200)
    generate(DemoParams(subscribers=500, months=2, seed=5), tmp_path)
    paths = sorted(tmp_path.rglob("cdr/**/*.parquet"))
    assert [path.name for path in paths] == [f"part-{i}.parquet" for i in range(3)] * 2
    frames = [pq.read_table(path, partitioning=None).to_pandas() for path in paths]
    out, incoming = ends(pd.concat(frames))
    pd.testing.assert_frame_equal(out, incoming)
    first, second = (set(frame["subscriber_id"]) for frame in frames[:2])
    assert not first & second
    across = frames[0][frames[0]["counterpart_id"].isin(second)]
    assert len(across) > 100


def test_nobody_calls_before_joining_or_after_leaving(operator, departures):
    cdr = operator.table("cdr")
    keys = ["subscriber_id", "activated_on"]
    lines = operator.table("subscribers")[keys].drop_duplicates()
    # The vanished may be in no snapshot at all.
    lines = lines.merge(departures[[*keys, "left_at"]], how="outer")
    lines["activated_on"] = lines["activated_on"].astype("datetime64[us]")
    times = cdr[["subscriber_id", "started_at"]].sort_values("started_at")
    # The line that had the number when the event happened: the latest activation before it.
    found = pd.merge_asof(
        times,
        lines.sort_values("activated_on"),
        left_on="started_at",
        right_on="activated_on",
        by="subscriber_id",
    )
    assert found["activated_on"].notna().all()
    gone = found[found["left_at"].notna()]
    assert len(gone) > 1_000
    assert (gone["started_at"] < gone["left_at"]).all()


def test_who_took_the_number_away_is_called_on_a_rivals_network(operator, departures):
    cdr = operator.table("cdr")
    ported = departures[departures["kind"] == "ported_out"].set_index("subscriber_id")["left_at"]
    calls = cdr[cdr["counterpart_id"].isin(ported.index)]
    after = calls["started_at"] >= calls["counterpart_id"].astype("int64").map(ported)
    assert set(calls.loc[after, "counterpart_network"]) == {"rival"}
    assert set(calls.loc[~after, "counterpart_network"]) == {"own"}


def test_suspended_lines_make_no_calls(operator):
    snapshot = operator.table("subscribers")
    suspended = snapshot[snapshot["status"] == "suspended"]
    cdr = operator.table("cdr").merge(
        suspended[["subscriber_id", "part", "status_since"]], on=["subscriber_id", "part"]
    )
    after = cdr[cdr["started_at"].dt.date > cdr["status_since"]]
    assert len(suspended) > 5
    assert set(after["direction"].dropna()) <= {"in", "forward"}
    assert "data" not in set(after["kind"])


def test_degrees_have_a_heavy_tail_and_calls_a_rhythm(operator):
    cdr = operator.table("cdr")
    month = cdr[(cdr["part"] == "2025-03") & (cdr["kind"] == "voice")]
    contacts = month.groupby("subscriber_id")["counterpart_id"].nunique()
    assert contacts.quantile(0.99) > 2.5 * contacts.median()
    hours = month["started_at"].dt.hour
    assert (hours.between(1, 5)).mean() < 0.03
    assert (hours.between(9, 20)).mean() > 0.7
    missed = (month["duration_s"] == 0).mean()
    assert 0.10 < missed < 0.22
    assert {"voice", "sms", "mms", "data"} == set(cdr["kind"])
    assert {"home", "domestic", "international"} == set(cdr["roaming"])


@pytest.mark.parametrize(("month", "days"), [("2024-02", 29), ("2025-02", 28), ("2025-12", 31)])
def test_drawn_times_fill_the_month_and_stay_inside_it(month, days):
    clock = month_clock(Month.parse(month))
    words = np.linspace(0, 2**32 - 1, 200_000).astype(np.uint32)
    for rhythm in Rhythm:
        seconds = clock.draw(words, rhythm)
        assert seconds.min() >= 0
        assert seconds.max() < days * 86_400
        assert set(np.unique(seconds // 86_400)) == set(range(days))


def test_offices_are_quiet_on_holidays():
    clock = month_clock(Month.parse("2025-10"))
    words = np.linspace(0, 2**32 - 1, 300_000).astype(np.uint32)
    days = np.bincount(clock.draw(words, Rhythm.WORK) // 86_400, minlength=31)
    # 1 October 2025 is a Wednesday and National Day; the 15th is an ordinary Wednesday.
    assert days[0] < 0.15 * days[14]
    assert clock.volume[Rhythm.WORK] < month_clock(Month.parse("2025-07")).volume[Rhythm.WORK]


def test_spring_festival_moves_with_the_moon():
    assert holidays(Month.parse("2025-01"), 1)[pd.Timestamp("2025-01-29").date()] == (
        "Spring Festival"
    )
    assert pd.Timestamp("2026-01-29").date() not in holidays(Month.parse("2026-01"), 1)


def test_files_lie_where_the_contract_says(operator):
    relative = {path.relative_to(operator.root).parts[0] for path in operator.root.rglob("*.parq*")}
    assert relative == {"extracts", "truth"}
    assert operator.files("cdr")[0].relative_to(operator.extracts) == Path(
        "cdr/month=2025-01/part-0.parquet"
    )

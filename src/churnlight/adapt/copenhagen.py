"""Calls and text messages of the Copenhagen Networks Study, 28 days, as extracts.

- The source counts seconds from an unnamed start. Here it starts on 1 February 2015 (a Sunday) at
  00:00:00: a choice, so that the 28 days are one calendar month. Days of the week and times of day
  follow that choice; nothing is claimed about the real ones.
- Every event is written twice, as its two parties see it: `out` under the id of the one who began
  it, `in` under the other's. Messages of one second between the same two people (21 in the source)
  are equal rows, and so the check counts them as duplicates.
- A call's duration of -1 (missed) becomes 0, which the contract reads as "not answered".
- All participants are subscribers of one operator: `counterpart_network` is `own`. They are known
  from the events alone, so `subscribers` holds those who appear, active since the start; nothing
  is known of anyone leaving.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from churnlight.adapt.writing import read_source, write_months
from churnlight.errors import DataRefused
from churnlight.timeline import Month

START = datetime(2015, 2, 1)
_MISSED = -1


def adapt(source: Path, dest: Path) -> dict[str, int]:
    """Turn the source into extracts `cdr` and `subscribers` below `dest`.

    Args:
        source: folder with calls.csv(.gz) and sms.csv(.gz).
        dest: the extracts' root to write.

    Returns:
        Rows written, by "<extract>/month=YYYY-MM".

    Raises:
        DataRefused: when a file or column is missing, or a cell is not what it was.
    """
    calls = read_source(source, "calls", ("timestamp", "from", "to", "duration"))
    messages = read_source(source, "sms", ("timestamp", "from", "to"))
    try:
        events = pd.concat([_events(calls, "voice"), _events(messages, "sms")])
    except ValueError:
        raise DataRefused(f"{source}: a number in the source can't be read") from None
    table = _both_sides(events)
    months = [Month.of(t) for t in table["started_at"].to_pylist()]
    rows = {f"cdr/month={m}": n for m, n in write_months(dest, "cdr", table, months)}
    people = sorted(set(table["subscriber_id"].to_pylist()))
    for month in sorted(set(months)):
        snapshot = _subscribers(people, month)
        there = [month] * len(people)
        rows |= {
            f"subscribers/month={m}": n
            for m, n in write_months(dest, "subscribers", snapshot, there)
        }
    return rows


def _events(source: pd.DataFrame, kind: str) -> pd.DataFrame:
    numbers = source.apply(pd.to_numeric)
    seconds = numbers["duration"].replace(_MISSED, 0) if "duration" in numbers else np.nan
    return pd.DataFrame(
        {
            "from": numbers["from"],
            "to": numbers["to"],
            "kind": kind,
            "started_at": pd.Timestamp(START) + pd.to_timedelta(numbers["timestamp"], unit="s"),
            "duration_s": pd.Series(seconds, index=numbers.index, dtype="Int64"),
        }
    )


def _both_sides(events: pd.DataFrame) -> pa.Table:
    sides = ("subscriber_id", "counterpart_id")
    out = events.rename(columns=dict(zip(("from", "to"), sides, strict=True)))
    back = events.rename(columns=dict(zip(("to", "from"), sides, strict=True)))
    both = pd.concat([out.assign(direction="out"), back.assign(direction="in")])
    both = both.sort_values(["started_at", *sides, "kind", "direction", "duration_s"])
    return pa.table(
        {
            "subscriber_id": pa.array(both["subscriber_id"], pa.int64()),
            "counterpart_id": pa.array(both["counterpart_id"], pa.int64()),
            "kind": pa.array(both["kind"], pa.string()),
            "direction": pa.array(both["direction"], pa.string()),
            "started_at": pa.array(both["started_at"].astype("datetime64[us]"), pa.timestamp("us")),
            "duration_s": pa.array(both["duration_s"], pa.int64()),
            "counterpart_network": pa.array(["own"] * len(both), pa.string()),
        }
    )


def _subscribers(people: list[int], month: Month) -> pa.Table:
    since: date = START.date()
    return pa.table(
        {
            "subscriber_id": pa.array(people, pa.int64()),
            "month": pa.array([str(month)] * len(people)),
            "status": pa.array(["active"] * len(people)),
            "activated_on": pa.array([since] * len(people), pa.date32()),
        }
    )

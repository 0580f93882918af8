"""The call records of a virtual-telephony provider, August to November 2019, as extracts.

A row of the source is one client, operator (the client's own employee), direction, internal or
not, missed or not, and day, with the number of calls and their seconds. What becomes of it:

- The client is the subscriber; the row's calls are `events` of kind voice.
- `started_at` is the day's first instant as the source writes it, without its zone (+03:00): the
  source knows no time of day, so features of the hour say nothing.
- `duration_s` is `call_duration`, the row's seconds of talk. Rows of missed calls get 0, which the
  contract reads as "not answered": 301 of them hold a few seconds of talk in spite of their name.
  `total_call_duration` (with ringing) has no place in the contract.
- The other party is not in the source: `counterpart_id` stays empty, and the features of the
  calling circle have nothing to say. The operator is no counterpart; it is the line on which the
  client took part, and stands in `cell_id`, so that `cells_count` counts the client's lines.
- Internal calls, between operators of one client, have the network `own`; the rest is unknown.
- `event_id` spells the source's own key (day, direction, internal, operator, missed), so that rows
  which differ in the source never fall together. The source's exact duplicates are not removed:
  `check` sees and counts them.
- `subscribers` are month-end snapshots of the client list: active from `date_start` on, with the
  tariff as plan. Nobody ever leaves the list: only the label `silence` can be asked.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from churnlight.adapt.writing import read_source, write_months
from churnlight.errors import DataRefused
from churnlight.timeline import Month, months_between

_CALLS = (
    "user_id",
    "date",
    "direction",
    "internal",
    "operator_id",
    "is_missed_call",
    "calls_count",
    "call_duration",
)
_CLIENTS = ("user_id", "tariff_plan", "date_start")


def adapt(source: Path, dest: Path) -> dict[str, int]:
    """Turn the source into extracts `cdr` and `subscribers` below `dest`.

    Args:
        source: folder with telecom_dataset_us.csv(.gz) and telecom_clients_us.csv(.gz).
        dest: the extracts' root to write.

    Returns:
        Rows written, by "<extract>/month=YYYY-MM".

    Raises:
        DataRefused: when a file or column is missing, or a cell is not what it was.
    """
    calls = read_source(source, "telecom_dataset_us", _CALLS)
    clients = read_source(source, "telecom_clients_us", _CLIENTS)
    try:
        days = pd.to_datetime(calls["date"].str.slice(0, 10), format="%Y-%m-%d")
        cdr = _cdr(calls, days)
        since = pd.to_datetime(clients["date_start"], format="%m/%d/%Y")
        last = days.max()
    except (ValueError, pa.ArrowInvalid):
        raise DataRefused(f"{source}: a day or a number in the source can't be read") from None
    months = [Month.of(day) for day in days]
    rows = {f"cdr/month={m}": n for m, n in write_months(dest, "cdr", cdr, months)}
    for month in months_between(min(months).start, last + pd.Timedelta(days=1)):
        snapshot = _subscribers(clients, since, month)
        there = [month] * snapshot.num_rows
        rows |= {
            f"subscribers/month={m}": n
            for m, n in write_months(dest, "subscribers", snapshot, there)
        }
    return rows


def _cdr(calls: pd.DataFrame, days: pd.Series) -> pa.Table:
    key = ["direction", "internal", "operator_id", "is_missed_call"]
    event = days.dt.strftime("%Y-%m-%d").str.cat([calls[c] for c in key], sep=" ")
    missed = calls["is_missed_call"] == "True"
    seconds = pd.to_numeric(calls["call_duration"]).where(~missed, 0)
    operator = pd.to_numeric(calls["operator_id"].where(calls["operator_id"] != "unknown"))
    internal = calls["internal"] == "True"
    return pa.table(
        {
            "subscriber_id": pa.array(pd.to_numeric(calls["user_id"]), pa.int64()),
            "kind": pa.array(["voice"] * len(calls)),
            "direction": pa.array(calls["direction"], pa.string()),
            "started_at": pa.array(days.astype("datetime64[us]"), pa.timestamp("us")),
            "duration_s": pa.array(seconds, pa.int64()),
            "counterpart_network": pa.array(["own" if own else None for own in internal]),
            "cell_id": pa.array(operator.astype("Int64"), pa.int64()),
            "events": pa.array(pd.to_numeric(calls["calls_count"]), pa.int64()),
            "event_id": pa.array(event, pa.string()),
        }
    )


def _subscribers(clients: pd.DataFrame, since: pd.Series, month: Month) -> pa.Table:
    there = (since < pd.Timestamp(month.end)).to_numpy()
    listed, began = clients[there], since[there]
    count = len(listed)
    return pa.table(
        {
            "subscriber_id": pa.array(pd.to_numeric(listed["user_id"]), pa.int64()),
            "month": pa.array([str(month)] * count, pa.string()),
            "status": pa.array(["active"] * count, pa.string()),
            "activated_on": pa.array(began.dt.date, pa.date32()),
            "plan_id": pa.array(listed["tariff_plan"], pa.string()),
        }
    ).sort_by("subscriber_id")

"""The mart `edges` in pandas, in two formulations. Runs in benchmarks/.venv."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.machine import answer, timed

KEY = ["subscriber_id", "counterpart_id"]
NETWORKS = ["fixed", "international", "own", "rival", "service"]
CATEGORIES = ["kind", "direction", "counterpart_network"]
READ = [*KEY, *CATEGORIES, "started_at", "duration_s"]
HALF = 2**32


def _read(folder: str) -> pd.DataFrame:
    """Calls and messages with a counterpart, texts as categories, conditions worked out."""
    # Filtered by Arrow: a frame of all rows would cost pandas twice the memory.
    table = pq.read_table(folder, columns=READ, read_dictionary=CATEGORIES, partitioning=None)
    spoken = pc.not_equal(table["kind"], "data")
    table = table.filter(pc.and_(spoken, pc.is_valid(table["counterpart_id"])))
    rows = table.to_pandas(split_blocks=True, self_destruct=True)
    voice = (rows["kind"] == "voice").to_numpy()
    ways = {way: (rows["direction"] == way).to_numpy() for way in ("out", "in", "forward")}
    seconds = rows["duration_s"].fillna(0).to_numpy().astype("int64")
    started = rows["started_at"].astype("datetime64[us]")
    hour, day = started.dt.hour.to_numpy(), started.dt.day.to_numpy()
    code = rows["counterpart_network"].cat.set_categories(NETWORKS).cat.codes.to_numpy()
    key = started.astype("int64").to_numpy() * 8 + code
    return pd.DataFrame(
        {
            "subscriber_id": rows["subscriber_id"],
            "counterpart_id": rows["counterpart_id"].astype("int64"),
            "started_at": started,
            "day": day,
            "voice_out_count": voice & ways["out"],
            "voice_in_count": voice & ways["in"],
            "voice_count": voice,
            "forward_count": ways["forward"],
            "sms_out_count": ~voice & ways["out"],
            "sms_in_count": ~voice & ways["in"],
            "night_count": (hour >= 19) | (hour < 7),
            "voice_out_s": np.where(voice & ways["out"], seconds, 0),
            "voice_in_s": np.where(voice & ways["in"], seconds, 0),
            "voice_s": seconds,
            "network_key": np.where(code >= 0, key, -1),
        }
    )


SUMS = (
    "voice_out_count",
    "voice_in_count",
    "voice_out_s",
    "voice_in_s",
    "sms_out_count",
    "sms_in_count",
    "forward_count",
    "voice_count",
    "voice_s",
    "night_count",
)
TOTALS = {name: (name, "sum") for name in SUMS} | {
    "events_count": ("voice_s", "size"),
    "first_at": ("started_at", "min"),
    "last_at": ("started_at", "max"),
    "network_key": ("network_key", "max"),
}


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Named aggregations by both ids; days from the distinct (subscriber, counterpart, day)."""
    grouped = rows.groupby(KEY, sort=False).agg(**TOTALS)
    days = rows[[*KEY, "day"]].drop_duplicates().groupby(KEY, sort=False).size()
    return grouped.assign(active_days=days).reset_index()


def one_key(rows: pd.DataFrame) -> pd.DataFrame:
    """The same by both ids packed into one integer (they must be below 2^32)."""
    pair = rows["subscriber_id"] * HALF + rows["counterpart_id"]
    codes, pairs = pd.factorize(pair)
    grouped = rows.groupby(codes, sort=True).agg(**TOTALS)
    days = pd.unique(codes.astype("int64") * 32 + rows["day"].to_numpy())
    grouped["active_days"] = np.bincount(days // 32, minlength=len(pairs))
    return grouped.assign(subscriber_id=pairs // HALF, counterpart_id=pairs % HALF)


FORMULATIONS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "plain": plain,
    "one_key": one_key,
}


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds to write edges.

    Args:
        spec: `folder`, `out` (file), `rows`, `repeats`, `formulation`.
    """

    def run() -> None:
        edges = FORMULATIONS[spec["formulation"]](_read(spec["folder"]))
        key = edges.pop("network_key").to_numpy()
        network = np.where(key >= 0, key % 8, -1)
        edges["counterpart_network"] = pd.Categorical.from_codes(network, NETWORKS)
        edges.to_parquet(spec["out"], compression="zstd", index=False)

    found = timed(run, spec["repeats"])
    return found | {"rows_per_second": round(spec["rows"] / found["seconds"])}


if __name__ == "__main__":
    answer(measure)

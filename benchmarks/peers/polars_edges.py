"""The mart `edges` in Polars, in several formulations. Runs in benchmarks/.venv."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.machine import answer, timed

KEY = ("subscriber_id", "counterpart_id")
NETWORKS = ("fixed", "international", "own", "rival", "service")
READ = (*KEY, "kind", "direction", "started_at", "duration_s", "counterpart_network")
# Ids below this fit two to a 64-bit key.
HALF = 2**32

VOICE = pl.col("kind") == "voice"
OUT, IN, FORWARD = (pl.col("direction") == d for d in ("out", "in", "forward"))
HOUR = pl.col("started_at").dt.hour()
SECONDS = pl.col("duration_s")
DAY = pl.col("started_at").dt.day()
# Its maximum belongs to the latest event with a network; ties to the alphabetically last.
NETWORK_KEY = pl.col("started_at").dt.timestamp("us") * 8 + pl.col("counterpart_network").cast(
    pl.Enum(NETWORKS)
).to_physical().cast(pl.Int64)


def _scan(folder: str) -> pl.LazyFrame:
    rows = pl.scan_parquet(f"{folder}/*.parquet", hive_partitioning=False).select(READ)
    return rows.filter(pl.col("kind") != "data", pl.col("counterpart_id").is_not_null())


def _masks(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Conditions worked out before the grouping, the day as a bit."""
    return rows.select(
        *KEY,
        "started_at",
        "duration_s",
        voice_out=VOICE & OUT,
        voice_in=VOICE & IN,
        voice_forward=VOICE & FORWARD,
        sms_out=~VOICE & OUT,
        sms_in=~VOICE & IN,
        sms_forward=~VOICE & FORWARD,
        night=(HOUR >= 19) | (HOUR < 7),
        out_s=pl.when(VOICE & OUT).then(SECONDS),
        in_s=pl.when(VOICE & IN).then(SECONDS),
        day_bit=(pl.lit(2.0) ** DAY).cast(pl.Int64),
        network_key=NETWORK_KEY,
    )


def _totals(days: pl.Expr) -> dict[str, pl.Expr]:
    return {
        "voice_out_count": pl.col("voice_out").sum(),
        "voice_in_count": pl.col("voice_in").sum(),
        "voice_forward_count": pl.col("voice_forward").sum(),
        "voice_out_s": pl.col("out_s").sum(),
        "voice_in_s": pl.col("in_s").sum(),
        "sms_out_count": pl.col("sms_out").sum(),
        "sms_in_count": pl.col("sms_in").sum(),
        "sms_forward_count": pl.col("sms_forward").sum(),
        "voice_s": SECONDS.sum(),
        "night_count": pl.col("night").sum(),
        "active_days": days,
        "first_at": pl.col("started_at").min(),
        "last_at": pl.col("started_at").max(),
        "network_key": pl.col("network_key").max(),
    }


DAY_MASK = pl.col("day_bit").bitwise_or()


def distinct_days(folder: str) -> pl.LazyFrame:
    """As one would write it first: days counted by n_unique."""
    return _masks(_scan(folder)).group_by(KEY).agg(**_totals(pl.col("day_bit").n_unique()))


def day_mask(folder: str) -> pl.LazyFrame:
    """Days as bits of a mask."""
    grouped = _masks(_scan(folder)).group_by(KEY).agg(**_totals(DAY_MASK))
    return grouped.with_columns(pl.col("active_days").bitwise_count_ones())


def action_codes(folder: str) -> pl.LazyFrame:
    """Kind and direction as one small integer, compared within the grouping."""
    way = pl.when(OUT).then(0).when(IN).then(1).otherwise(2)
    coded = _scan(folder).select(
        *KEY,
        "started_at",
        "duration_s",
        action=(pl.when(VOICE).then(0).otherwise(3) + way).cast(pl.Int8),
        night=(HOUR >= 19) | (HOUR < 7),
        day_bit=(pl.lit(2.0) ** DAY).cast(pl.Int64),
        network_key=NETWORK_KEY,
    )
    action = pl.col("action")
    names = ("voice_out", "voice_in", "voice_forward", "sms_out", "sms_in", "sms_forward")
    totals = _totals(DAY_MASK) | {f"{n}_count": (action == i).sum() for i, n in enumerate(names)}
    totals["voice_out_s"] = pl.when(action == 0).then(SECONDS).sum()
    totals["voice_in_s"] = pl.when(action == 1).then(SECONDS).sum()
    grouped = coded.group_by(KEY).agg(**totals)
    return grouped.with_columns(pl.col("active_days").bitwise_count_ones())


def one_key(folder: str) -> pl.LazyFrame:
    """The day mask, grouped by both ids packed into one integer (they must be below 2^32)."""
    first, second = (pl.col(c).cast(pl.UInt64) for c in KEY)
    rows = _masks(_scan(folder)).with_columns(pair=first * HALF + second).drop(KEY)
    grouped = rows.group_by("pair").agg(**_totals(DAY_MASK))
    ids = {"subscriber_id": pl.col("pair") // HALF, "counterpart_id": pl.col("pair") % HALF}
    return grouped.with_columns(
        pl.col("active_days").bitwise_count_ones(),
        **{name: value.cast(pl.Int64) for name, value in ids.items()},
    )


def _finished(grouped: pl.LazyFrame) -> pl.LazyFrame:
    """The mart's columns."""
    voice = pl.col("voice_out_count") + pl.col("voice_in_count") + pl.col("voice_forward_count")
    sms = pl.col("sms_out_count") + pl.col("sms_in_count") + pl.col("sms_forward_count")
    network = (pl.col("network_key") % 8).cast(pl.UInt32)
    return grouped.select(
        *KEY,
        counterpart_network=network.replace_strict(
            dict(enumerate(NETWORKS)), return_dtype=pl.String, default=None
        ),
        voice_out_count="voice_out_count",
        voice_in_count="voice_in_count",
        voice_out_s="voice_out_s",
        voice_in_s="voice_in_s",
        sms_out_count="sms_out_count",
        sms_in_count="sms_in_count",
        forward_count=pl.col("voice_forward_count") + pl.col("sms_forward_count"),
        events_count=voice + sms,
        voice_count=voice,
        voice_s="voice_s",
        night_count="night_count",
        active_days="active_days",
        first_at="first_at",
        last_at="last_at",
    )


FORMULATIONS: dict[str, Callable[[str], pl.LazyFrame]] = {
    "distinct_days": distinct_days,
    "day_mask": day_mask,
    "action_codes": action_codes,
    "one_key": one_key,
}


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds to write edges.

    Args:
        spec: `folder`, `out` (file), `rows`, `repeats`, `formulation`, `streaming`, `sort`:
            whether rows are sorted by key, as ours are.
    """

    def run() -> None:
        edges = _finished(FORMULATIONS[spec["formulation"]](spec["folder"]))
        edges = edges.sort(KEY) if spec["sort"] else edges
        if spec["streaming"]:
            edges.sink_parquet(spec["out"], compression="zstd", engine="streaming")
        else:
            edges.collect(engine="in-memory").write_parquet(spec["out"], compression="zstd")

    Path(spec["out"]).parent.mkdir(parents=True, exist_ok=True)
    found = timed(run, spec["repeats"])
    return found | {"rows_per_second": round(spec["rows"] / found["seconds"])}


if __name__ == "__main__":
    answer(measure)

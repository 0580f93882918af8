"""Measure `churnlight pseudonymise` on a month of CDRs by kind of file, beside pandas' `map`."""

from __future__ import annotations

import hmac
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.machine import answer
from churnlight.pseudonymise import pseudonymise

KEY = b"0123456789abcdef0123456789abcdef"
IDS = ("subscriber_id", "counterpart_id")
KINDS = ("parquet_integers", "parquet_text", "csv")
_SEED = 5


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Rows a second by kind of file, with a map from number to pseudonym, and of pandas.

    Args:
        spec: `rows`, `subscribers` and `counterparts` (numbers there are to draw from),
            `peer_rows` (for pandas, from the top), `work` (an empty folder), `repeats`.

    Raises:
        ValueError: when pandas and ours disagree.
    """
    work = Path(spec["work"])
    table = _month(spec["rows"], spec["subscribers"], spec["counterparts"])
    few = table.slice(0, spec["peer_rows"])
    # Compiling is not timed, no more than starting Python is.
    _ours(work, few.slice(0, 1000), "parquet_integers", 1)
    seconds = {kind: _ours(work, table, kind, spec["repeats"]) for kind in KINDS}
    # A map lies outside every project, and so outside this one.
    with tempfile.TemporaryDirectory() as outside:
        kept = Path(outside) / "map.parquet"
        mapped = _ours(work, table, "parquet_integers", 1, number_map=kept)
    peer = _pandas(work, few)
    rows = spec["rows"]
    return {
        "rows": rows,
        "peer_rows": spec["peer_rows"],
        "distinct": {n: len(table[n].unique()) for n in IDS},
        "seconds": seconds["parquet_integers"],
        "seconds_by_kind": seconds,
        "rows_per_second_by_kind": {kind: round(rows / s) for kind, s in seconds.items()},
        "rows_per_second_with_map": round(rows / mapped),
        "rows_per_second": round(rows / seconds["parquet_integers"]),
        "peer_seconds": peer,
        "peer_rows_per_second": round(spec["peer_rows"] / peer),
    }


def _month(rows: int, subscribers: int, counterparts: int) -> Any:
    """CDRs in no order; some counterparts are called by many, as hotlines are."""
    random = np.random.default_rng(_SEED)
    called = np.minimum((random.pareto(0.7, rows) * counterparts / 50), counterparts - 1)
    return pa.table(
        {
            "subscriber_id": 13800000000 + random.integers(0, subscribers, rows),
            "counterpart_id": 13000000000 + called.astype("int64"),
            "kind": pa.array(np.array(["voice", "sms"])[random.integers(0, 2, rows)]),
            "direction": pa.array(np.array(["in", "out"])[random.integers(0, 2, rows)]),
            "started_at": (1735689600 + random.integers(0, 2678400, rows)).astype("datetime64[s]"),
            "duration_s": random.integers(0, 600, rows),
        }
    )


def _write(folder: Path, table: Any, kind: str) -> None:
    month = folder / "cdr" / "month=2025-01"
    month.mkdir(parents=True)
    if kind != "parquet_integers":
        for name in IDS:
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, table[name].cast(pa.string()))
    if kind == "csv":
        pyarrow.csv.write_csv(table, month / "a.csv")
    else:
        pq.write_table(table, month / "a.parquet", compression="zstd")


def _ours(
    work: Path, table: Any, kind: str, repeats: int, *, number_map: Path | None = None
) -> float:
    """Median seconds from files to files."""
    source, dest = work / "source", work / "dest"
    shutil.rmtree(source, ignore_errors=True)
    _write(source, table, kind)
    each = []
    for _ in range(repeats):
        shutil.rmtree(dest, ignore_errors=True)
        if number_map is not None:
            number_map.unlink(missing_ok=True)
        start = time.perf_counter()
        pseudonymise(source, dest, KEY, number_map=number_map)
        each.append(time.perf_counter() - start)
    return round(float(np.median(each)), 3)


def _pandas(work: Path, table: Any) -> float:
    """Seconds of the plain way: read, `map` each id, write."""
    source, dest = work / "peer.parquet", work / "peer_out.parquet"
    pq.write_table(table, source, compression="zstd")

    def one(number: int) -> str:
        return hmac.digest(KEY, str(number).encode(), "sha256").hex()[:16]

    start = time.perf_counter()
    frame = pd.read_parquet(source)
    for name in IDS:
        frame[name] = frame[name].map(one)
    frame.to_parquet(dest, compression="zstd")
    seconds = round(time.perf_counter() - start, 3)
    shutil.rmtree(work / "source")
    shutil.rmtree(work / "dest")
    _write(work / "source", table, "parquet_integers")
    pseudonymise(work / "source", work / "dest", KEY)
    ours = pd.read_parquet(work / "dest" / "cdr" / "month=2025-01" / "a.parquet")
    if not all((ours[n] == frame[n]).all() for n in IDS):
        raise ValueError("pandas and ours give other pseudonyms")
    return seconds


if __name__ == "__main__":
    answer(measure)

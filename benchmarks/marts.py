"""Time the whole mart set of a generated month: `python benchmarks/marts.py [--rows 20000000]`.

From Parquet on disk to marts on disk, rows as the check keeps them. Writes
benchmarks/results/marts.json: sizes, seconds, rows a second, machine and versions. The data go to
a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.engine import Engine, connect
from churnlight.files import write_json
from churnlight.marts.building import build_month
from churnlight.params.data import CircleParams, EngineParams
from churnlight.timeline import Month

MONTH = Month(2025, 3)
ROWS_A_FILE = 20_000_000
ROWS_A_BATCH = 1_000_000
KINDS = np.array(["voice", "sms", "mms", "data"])
DIRECTIONS = np.array(["out", "in", "forward"])
NETWORKS = np.array(["own", "rival", "fixed", "service", "international"])
RESULT = Path(__file__).parent / "results" / "marts.json"


def generate(folder: Path, rows: int, subscribers: int, *, text: bool, events: bool) -> None:
    """Write a month of CDRs in no order: 76 % calls and messages, some 40 contacts each."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    done = 0
    while done < rows:
        path = folder / f"part-{done // ROWS_A_FILE:03d}.parquet"
        writer = None
        stop = min(rows, done + ROWS_A_FILE)
        while done < stop:
            size = min(ROWS_A_BATCH, stop - done)
            table = _batch(random, size, subscribers, text=text, events=events)
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
            done += size
        if writer is not None:
            writer.close()


def _batch(
    random: np.random.Generator, size: int, subscribers: int, *, text: bool, events: bool
) -> pa.Table:
    who = random.integers(0, subscribers, size)
    rank = np.minimum((random.pareto(1.0, size) * 3).astype("int64"), 120)
    whom = (who * 2_654_435_761 + rank * 40_503 + 12_345) % (subscribers * 8)
    kind = random.choice(4, size, p=[0.5, 0.25, 0.01, 0.24])
    data = kind == 3
    second = random.integers(0, 31, size) * 86_400 + (random.beta(4, 2.4, size) * 86_399).astype(
        int
    )
    seconds = np.where(random.random(size) < 0.15, 0, random.exponential(110, size).astype(int) + 1)
    network = NETWORKS[np.searchsorted([0.6, 0.9, 0.96, 0.985], whom * 48_271 % 65_537 / 65_537)]
    nobody = data | (random.random(size) < 0.01)
    start = np.datetime64(MONTH.start, "us")

    def ids(values: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
        named = [f"{v:016x}" for v in values] if text else values
        return pa.array(named, mask=missing)

    columns: dict[str, Any] = {
        "subscriber_id": ids(who + 1000),
        "counterpart_id": ids(whom, nobody),
        "kind": KINDS[kind],
        "direction": pa.array(DIRECTIONS[random.choice(3, size, p=[0.5, 0.49, 0.01])], mask=data),
        "started_at": start + second.astype("timedelta64[s]"),
        "duration_s": pa.array(seconds, mask=kind != 0),
        "bytes": pa.array(random.exponential(3e6, size).astype("int64"), mask=~data),
        "counterpart_network": pa.array(network, mask=nobody),
        "counterpart_service": pa.array(
            np.full(size, "rival_hotline"), mask=(random.random(size) > 0.001) | nobody
        ),
        "roaming": np.where(random.random(size) < 0.97, "home", "domestic"),
        "cell_id": (who * 7_919 + random.integers(0, 12, size)) % 20_000,
    }
    if events:
        columns["events"] = random.integers(1, 4, size)
    return pa.table(columns)


def measure(engine: Engine, folder: Path, rows: int) -> dict[str, Any]:
    """Seconds of each mart, of the whole set, and of merely reading the same columns."""
    wall: dict[str, float] = {}
    write = engine.write

    def timed(expr: Any, path: Path, sort: Any) -> None:
        wall[path.stem] = round(_seconds(lambda: write(expr, path, sort))[0], 2)

    cdr = engine.read([folder / "cdr"])
    read = _seconds(lambda: engine.arrow(cdr.aggregate(**_touch_all(cdr))))[0]
    engine.write = timed  # type: ignore[method-assign]
    out = folder / "marts"
    total, cpu = _seconds(lambda: build_month(engine, cdr, MONTH, CircleParams(), out))
    return {
        "rows": rows,
        "seconds": round(total, 2),
        "cpu_seconds": round(cpu, 2),
        "rows_per_second": round(rows / total),
        "seconds_by_mart": wall,
        "seconds_to_read_the_same_columns": round(read, 2),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }


def _touch_all(cdr: Any) -> dict[str, Any]:
    """Aggregates that statistics in the files can't answer."""
    return {
        name: (cdr[name].length() if cdr[name].type().is_string() else cdr[name].nullif(0)).max()
        if not cdr[name].type().is_timestamp()
        else cdr[name].second().max()
        for name in cdr.columns
    }


def _seconds(run: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def _machine() -> dict[str, Any]:
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        lines = [x for x in information.read_text().splitlines() if x.startswith("model name")]
        model = lines[0].split(":", 1)[1].strip() if lines else model
    return {"cpu": model, "cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2)}


def main() -> None:
    """Generate, measure, write the result."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=20_000_000)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--text", action="store_true", help="16-character string ids")
    arguments.add_argument("--events", action="store_true", help="with a column `events`")
    arguments.add_argument("--out", type=Path, default=RESULT)
    asked = arguments.parse_args()
    machine = _machine()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        subscribers = max(1, round(asked.rows * 65_000 / 20_000_000))
        # In a process of its own, so that its memory is not counted.
        making = get_context("spawn").Process(
            target=generate,
            args=(folder / "cdr", asked.rows, subscribers),
            kwargs={"text": asked.text, "events": asked.events},
        )
        making.start()
        making.join()
        with connect(EngineParams(threads=asked.threads), folder / "spill") as engine:
            found = measure(engine, folder, asked.rows)
    content = found | {
        "subscribers": subscribers,
        "ids": "16-character strings" if asked.text else "integers",
        "events_column": asked.events,
        "threads": asked.threads,
        "machine": machine,
        "versions": {name: version(name) for name in ("duckdb", "ibis-framework", "pyarrow")}
        | {"python": platform.python_version()},
    }
    write_json(asked.out, content)


if __name__ == "__main__":
    main()

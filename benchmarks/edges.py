"""Measure the mart `edges` alone, as the peers compute it: from Parquet to a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.machine import answer, timed
from benchmarks.marts import engine_params
from churnlight.engine import connect
from churnlight.inventory import files_of
from churnlight.marts import edges as edge_marts
from churnlight.marts.events import prepare
from churnlight.timeline import Month


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds to write edges, sorted by key.

    Args:
        spec: `extracts`, `month`, `work`, `out` (file), `rows`, `threads`, `repeats`.
    """
    files = files_of(Path(spec["extracts"]), "cdr", Month.parse(spec["month"]))
    with connect(engine_params(spec), Path(spec["work"]) / "spill") as engine:

        def run() -> None:
            events, weighted = prepare(engine.read(files))
            edges = edge_marts.edges(events, weighted=weighted)
            engine.write(edges, Path(spec["out"]), edge_marts.KEY)

        found = timed(run, spec["repeats"])
    return found | {"rows": spec["rows"], "rows_per_second": round(spec["rows"] / found["seconds"])}


if __name__ == "__main__":
    answer(measure)

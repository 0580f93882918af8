"""Write some subscribers' calls and messages as bandicoot reads them: a CSV a subscriber."""

from __future__ import annotations

import csv
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.machine import answer
from benchmarks.marts import engine_params
from churnlight.engine import connect
from churnlight.inventory import files_of
from churnlight.timeline import Month

HEADER = ("interaction", "direction", "correspondent_id", "datetime", "call_duration")
INTERACTIONS = {"voice": "call", "sms": "text", "mms": "text"}


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Write `<out>/<subscriber>.csv`; bandicoot knows no forwards and no data sessions.

    Args:
        spec: `extracts`, `month`, `work`, `out` (folder), `subscribers` (how many), `threads`.
    """
    files = files_of(Path(spec["extracts"]), "cdr", Month.parse(spec["month"]))
    folder = Path(spec["out"])
    folder.mkdir(parents=True, exist_ok=True)
    with connect(engine_params(spec), Path(spec["work"]) / "spill") as engine:
        cdr = engine.read(files)
        first = cdr.select("subscriber_id").distinct().order_by("subscriber_id")
        rows = cdr.semi_join(first.limit(spec["subscribers"]), "subscriber_id").filter(
            cdr["kind"].isin(list(INTERACTIONS)),
            cdr["direction"].isin(["in", "out"]),
            cdr["counterpart_id"].notnull(),
        )
        columns = ("subscriber_id", "kind", "direction", "counterpart_id", "started_at")
        chosen = rows.select(*columns, "duration_s").order_by(list(columns))
        records = engine.arrow(chosen).to_pylist()
    for subscriber, own in groupby(records, key=lambda r: r["subscriber_id"]):
        with (folder / f"{subscriber}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(HEADER)
            writer.writerows(map(_line, own))
    return {"rows": len(records)}


def _line(record: dict[str, Any]) -> tuple[Any, ...]:
    return (
        INTERACTIONS[record["kind"]],
        record["direction"],
        record["counterpart_id"],
        f"{record['started_at']:%Y-%m-%d %H:%M:%S}",
        "" if record["duration_s"] is None else record["duration_s"],
    )


if __name__ == "__main__":
    answer(measure)

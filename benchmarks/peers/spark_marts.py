"""The whole mart set on Spark, local: our own expressions through `engine: spark`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from benchmarks import marts
from benchmarks.machine import answer, cpu_seconds_of, peak_memory_gb


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """As `benchmarks.marts`, the Java process included; a first small month is not timed.

    Args:
        spec: that of `benchmarks.marts`, and `warm_up`: extracts of a small month.
    """
    small = {"extracts": spec["warm_up"], "repeats": 1, "work": f"{spec['work']}/warm_up"}
    marts.measure(spec | small | {"engine": "spark"})
    found = marts.measure(spec | {"engine": "spark"})
    java = _java()
    return found | {
        "peak_memory_gb": round(peak_memory_gb() + sum(map(peak_memory_gb, java)), 2),
        "cpu_seconds_elsewhere": sum(map(cpu_seconds_of, java)),
        # The work is done in Java; Python's share says nothing.
        "cpu_seconds": None,
    }


def _java() -> list[int]:
    """Processes below this one."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended meanwhile
            continue
        children.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


if __name__ == "__main__":
    answer(measure)

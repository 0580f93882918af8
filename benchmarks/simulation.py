"""Measure the demo operator: CDRs a second, and peak memory, of a default one or a whole city."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.machine import answer, timed
from benchmarks.marts import size_of
from churnlight.demo import generate
from churnlight.params.output import DemoParams


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of writing an operator's extracts and truth.

    Args:
        spec: `demo` (fields of section demo), `work`, `repeats`.
    """
    params = DemoParams(**spec["demo"])
    counts: dict[str, int] = {}
    written: list[int] = []

    def run() -> None:
        with tempfile.TemporaryDirectory(dir=spec["work"]) as folder:
            counts.update(generate(params, Path(folder)))
            written.append(size_of(Path(folder)))

    found = timed(run, spec["repeats"])
    return found | {
        "demo": spec["demo"],
        "rows": counts["cdr"],
        "rows_per_second": round(counts["cdr"] / found["seconds"]),
        "bytes_on_disk": written[-1],
    }


if __name__ == "__main__":
    answer(measure)

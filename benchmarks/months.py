"""Measure that a second month costs what the first did, and reads nothing of the first."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from benchmarks.machine import answer, timed
from benchmarks.marts import build, engine_params, size_of
from churnlight.engine import connect
from churnlight.files import sha256_of
from churnlight.inventory import files_of
from churnlight.marts.building import MARTS
from churnlight.timeline import Month

GARBAGE = b"no Parquet: whoever opens this fails"


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Build two months in turn; then the second again, beside a first whose files are garbage.

    Args:
        spec: `extracts` with both months, `months`, `work`, `rows` (a month), `threads`.

    Raises:
        ValueError: when the second month's marts depend on the first's files.
    """
    extracts, marts = Path(spec["extracts"]), Path(spec["work"]) / "marts"
    first, second = map(Month.parse, spec["months"])
    found = {}
    with connect(engine_params(spec), Path(spec["work"]) / "spill") as engine:

        def run(month: Month) -> dict[str, Any]:
            out = marts / f"month={month}"
            shutil.rmtree(out, ignore_errors=True)
            seconds = timed(lambda: build(engine, extracts, month, out, duplicates=False))
            volume = engine.read([out / "volume.parquet"])
            rows = engine.arrow(volume.aggregate(rows=volume["rows_count"].sum()))
            size = sum(size_of(p) for p in files_of(extracts, "cdr", month))
            return seconds | {"rows_read": int(rows["rows"][0].as_py()), "bytes_read": size}

        # What the process does for the first time, it does for the warm-up.
        run(first)
        found["first"] = run(first)
        found["second"] = run(second)
        before = _hashes(marts / f"month={second}")
        for path in (extracts / "cdr" / f"month={first}", marts / f"month={first}"):
            for file in path.glob("*.parquet"):
                file.write_bytes(GARBAGE)
        found["second_beside_garbage"] = run(second)
        if _hashes(marts / f"month={second}") != before:
            raise ValueError(f"the marts of {second} differ with the files of {first}")
    return found | {
        "rows_a_month": spec["rows"],
        "second_over_first": round(found["second"]["seconds"] / found["first"]["seconds"], 3),
        "same_bytes_beside_garbage": True,
    }


def _hashes(folder: Path) -> dict[str, str]:
    return {name: sha256_of(folder / f"{name}.parquet") for name in MARTS}


if __name__ == "__main__":
    answer(measure)

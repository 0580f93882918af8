"""Where the time goes: DuckDB's own profile of each mart, added up by operator."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from benchmarks.machine import answer, timed
from benchmarks.marts import build, engine_params
from churnlight.engine import connect
from churnlight.marts.building import MARTS
from churnlight.timeline import Month


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of all cores by operator, for the check and each mart.

    Args:
        spec: as that of `benchmarks.marts`.
    """
    work, month = Path(spec["work"]), Month.parse(spec["month"])
    profile = work / "profile.json"
    steps: dict[str, Counter[str]] = {}
    with connect(engine_params(spec), work / "spill") as engine:
        for pragma in ("enable_profiling = 'json'", f"profiling_output = '{profile}'"):
            engine.con.raw_sql(f"PRAGMA {pragma}")
        writing, asking = engine.write, engine.arrow

        def write(expr: ir.Table, path: Path, sort: Sequence[str]) -> None:
            profile.unlink(missing_ok=True)
            writing(expr, path, sort)
            name = path.name.split(".")[0].split("-")[0]
            steps.setdefault(name, Counter()).update(_operators(profile))

        def ask(expr: Any) -> Any:
            profile.unlink(missing_ok=True)
            answered = asking(expr)
            name = "counts between" if steps.keys() - {"check"} else "check"
            steps.setdefault(name, Counter()).update(_operators(profile))
            return answered

        engine.write, engine.arrow = write, ask  # type: ignore[method-assign]
        out = work / "profiled"
        found = timed(lambda: build(engine, Path(spec["extracts"]), month, out, duplicates=False))
        engine.con.raw_sql("PRAGMA disable_profiling")
    if not all(steps.get(name) for name in MARTS):
        raise ValueError(f"DuckDB wrote no profile of some mart: {sorted(steps)}")
    return found | {
        "rows": spec["rows"],
        "core_seconds": {
            step: {name: round(s, 3) for name, s in counted.most_common() if s >= 0.001}
            for step, counted in steps.items()
        },
    }


def _operators(path: Path) -> Counter[str]:
    """Seconds by operator of the profile of the latest query."""
    counted: Counter[str] = Counter()
    if not path.is_file():
        return counted
    waiting = json.loads(path.read_text(encoding="utf-8"))["operator"]
    while waiting:
        node = waiting.pop()
        waiting += node.get("children", [])
        counted[node["type"]] += node["timing"]
    return counted


if __name__ == "__main__":
    answer(measure)

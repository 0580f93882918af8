"""Measure the whole mart set of a month, from Parquet on disk to marts on disk."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from benchmarks.machine import answer, peak_memory_gb, timed
from churnlight.check import Closing, Verdict, kept_rows
from churnlight.check.audit import audit
from churnlight.check.reading import id_classes, layouts, read_layouts
from churnlight.engine import Engine, connect
from churnlight.inventory import files_of
from churnlight.marts.building import build_month
from churnlight.marts.source import Places, build_from_extracts
from churnlight.params.data import CircleParams, EngineParams, TimeParams
from churnlight.schema import CDR
from churnlight.timeline import Month


def engine_params(spec: dict[str, Any]) -> EngineParams:
    """The engine that a measurement asks for."""
    return EngineParams(
        name=spec.get("engine", "duckdb"),
        threads=spec["threads"],
        memory_limit_gb=spec.get("memory_limit_gb", EngineParams().memory_limit_gb),
    )


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of the whole set and of its steps; and of merely reading the same columns.

    Args:
        spec: `extracts`, `work`, `month`, `rows`, `threads`, `repeats`; `duplicates`: whether they
            are looked for; `engine`, `memory_limit_gb`.
    """
    extracts, work, month = Path(spec["extracts"]), Path(spec["work"]), Month.parse(spec["month"])
    out = work / "marts" / f"month={month}"
    with connect(engine_params(spec), work / "spill") as engine:
        steps = Steps(engine)

        def run() -> None:
            shutil.rmtree(out, ignore_errors=True)
            steps.begin()
            build(engine, extracts, month, out, duplicates=spec["duplicates"])

        found = timed(run, spec["repeats"])
        by_step = steps.means(spec["repeats"])
        cdr = engine.read(files_of(extracts, "cdr", month))
        found["peak_memory_gb"] = peak_memory_gb()
        reading = timed(lambda: engine.arrow(cdr.aggregate(**touch_all(cdr))), spec["repeats"])
    marts = {path.name.split(".")[0]: size_of(path) for path in sorted(out.glob("*.parquet"))}
    return found | {
        "rows": spec["rows"],
        "rows_per_second": round(spec["rows"] / found["seconds"]),
        "seconds_by_step": by_step,
        "seconds_to_read_the_same_columns": reading["seconds"],
        "times_reading": round(found["seconds"] / reading["seconds"], 2),
        "bytes_read": sum(size_of(p) for p in files_of(extracts, "cdr", month)),
        "bytes_written": marts,
        "memory_limit_gb": engine_params(spec).memory_limit_gb,
    }


def build(
    engine: Engine, extracts: Path, month: Month, out: Path, *, duplicates: bool = True
) -> dict[str, int]:
    """Build a month's marts from extracts that nobody has checked, rows validated on the way.

    Args:
        engine: where it runs.
        extracts: the extracts' root.
        month: the month.
        out: folder to write to.
        duplicates: whether duplicates are looked for, as `churnlight marts` does; without, every
            other rule of the check is applied just the same.
    """
    time_rules = TimeParams()
    if duplicates:
        places = Places(extracts, out)
        return build_from_extracts(engine, places, month, CircleParams(), time_rules)
    layout = layouts(files_of(extracts, "cdr", month), CDR)
    table = read_layouts(engine, layout, CDR, month, classes=id_classes(layout, CDR))
    closing = Closing(time_rules.close_days, time_rules.reporting_delay_hours)
    found = audit(engine, table, CDR, month, closing)
    removed = sum(found.refused.values()) + found.late
    verdict = Verdict(
        extract=CDR.name,
        month=str(month),
        rows=found.rows,
        kept=found.rows - removed,
        late=found.late,
        refused=found.refused,
        unknown=found.unknown,
    )
    rows = kept_rows(engine, table, CDR, month, verdict, closing)
    return build_month(engine, rows, month, CircleParams(), out)


class Steps:
    """Times an engine's runs: what is written by mart, and the queries before and between."""

    def __init__(self, engine: Engine) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._writing = engine.write
        engine.write = self._write  # type: ignore[method-assign]
        engine.arrow = self._asking(engine.arrow)  # type: ignore[assignment, method-assign]
        engine.cache = self._asking(engine.cache)  # type: ignore[assignment, method-assign]
        self._written = False

    def begin(self) -> None:
        """Say that a build begins: what is asked before it writes is the check."""
        self._written = False

    def means(self, repeats: int) -> dict[str, float]:
        """Mean seconds of each step."""
        return {name: round(total / repeats, 3) for name, total in self.seconds.items()}

    def _write(self, expr: ir.Table, path: Path, sort: Sequence[str]) -> None:
        start = time.perf_counter()
        self._writing(expr, path, sort)
        # Slices are named after their mart: edges-0001.
        self.seconds[path.name.split(".")[0].split("-")[0]] += time.perf_counter() - start
        self._written = True

    def _asking(self, ask: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def asked(expr: Any) -> Any:
            start = time.perf_counter()
            try:
                return ask(expr)
            finally:
                step = "counts between" if self._written else "check"
                self.seconds[step] += time.perf_counter() - start

        return asked


def touch_all(cdr: ir.Table) -> dict[str, Any]:
    """Aggregates that read every value: plain extremes come from statistics in the files."""
    touched: dict[str, Any] = {}
    for name in cdr.columns:
        column = cdr[name]
        if column.type().is_timestamp():
            touched[name] = column.second().max()
        elif column.type().is_string():
            touched[name] = column.length().max()
        else:
            touched[name] = column.nullif(0).max()
    return touched


def size_of(path: Path) -> int:
    """Bytes of a file, or of a folder's files."""
    if path.is_dir():
        return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
    return path.stat().st_size


if __name__ == "__main__":
    answer(measure)

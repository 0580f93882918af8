"""The machine, its state, and a measurement in a process of its own. Standard library only.

A measurement is a module with `measure(spec) -> result`; it runs as `python -m MODULE SPEC RESULT`
in whichever environment it needs, so that one's memory and warm caches are not another's.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
THREADS = 2
# More work than this by others makes a figure doubtful; the results then say so.
BUSY_CORES = 0.5

PACKAGES = (
    *("churnlight", "duckdb", "ibis-framework", "pyarrow", "numpy"),
    *("pandas", "polars", "pyspark", "bandicoot"),
    *("lightgbm", "scikit-learn", "shap", "numba"),
)


def hardware() -> dict[str, Any]:
    """Processor, cores and memory."""
    cpu = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        names = [x for x in information.read_text().splitlines() if x.startswith("model name")]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def busy_cores(seconds: float = 2.0) -> float | None:
    """Cores in use over the next seconds, by everyone; None where /proc/stat is missing."""
    before = _busy_seconds()
    if before is None:
        return None
    time.sleep(seconds)
    return round(((_busy_seconds() or 0.0) - before) / seconds, 2)


def load() -> float:
    """Load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def versions() -> dict[str, str]:
    """Versions of what is installed here, of the packages that matter."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peak_memory_gb(process: int | None = None) -> float:
    """Largest resident memory that this or another process has had."""
    status = Path(f"/proc/{process or 'self'}/status")
    if status.is_file():
        # ru_maxrss of a young process may be its parent's.
        lines = [x for x in status.read_text().splitlines() if x.startswith("VmHWM")]
        if lines:
            return round(int(lines[0].split()[1]) / 2**20, 2)
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 2)


def cpu_seconds_of(process: int) -> float:
    """Seconds of all cores that another process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(run: Callable[[], object], repeats: int = 1) -> dict[str, Any]:
    """Run something some times: the median of its seconds, and of the cores' seconds."""
    wall, cpu = [], []
    for _ in range(repeats):
        start, used = time.perf_counter(), time.process_time()
        run()
        wall.append(round(time.perf_counter() - start, 3))
        cpu.append(round(time.process_time() - used, 3))
    return {
        "seconds": statistics.median(wall),
        "seconds_each": wall,
        "cpu_seconds": statistics.median(cpu),
    }


def answer(measure: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Body of `python -m MODULE SPEC RESULT`."""
    found = measure(json.loads(sys.argv[1]))
    found.setdefault("peak_memory_gb", peak_memory_gb())
    Path(sys.argv[2]).write_text(json.dumps(found | {"versions": versions()}), encoding="utf-8")


def run_alone(
    module: str, spec: Mapping[str, Any], *, python: Path | None = None, load_at_start: float = 0.0
) -> dict[str, Any]:
    """Run a measurement in a process of its own and add what the machine was doing.

    Args:
        module: with `measure`.
        spec: what to measure, as JSON.
        python: interpreter of another environment.
        load_at_start: load average before the bench began to work.

    Raises:
        subprocess.CalledProcessError: when the measurement fails; its error is on stderr.
    """
    busy, load_now = busy_cores(), load()
    began, used = time.perf_counter(), _children_seconds()
    all_used = _busy_seconds()
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [str(python or sys.executable), "-m", module, json.dumps(spec), str(result)]
        environment = {**os.environ, "POLARS_MAX_THREADS": str(THREADS), "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    others = None
    if all_used is not None:
        # A process that the measurement left running, such as Spark's, is no other.
        own = _children_seconds() - used + found.pop("cpu_seconds_elsewhere", 0.0)
        spent = (_busy_seconds() or 0.0) - all_used - own
        others = round(max(0.0, spent) / (time.perf_counter() - began), 2)
    doubts = [x for x in (busy, others, load_at_start) if x is not None and x > BUSY_CORES]
    state = {
        "load_before_bench": load_at_start,
        "load_before": load_now,
        "busy_cores_before": busy,
        "cores_used_by_others": others,
        "was_busy": bool(doubts),
    }
    return found | {"machine": hardware() | state, "threads": THREADS}


def _busy_seconds() -> float | None:
    """Seconds of all cores used since the machine started, stolen ones included."""
    path = Path("/proc/stat")
    if not path.is_file():
        return None
    ticks = [int(x) for x in path.read_text().splitlines()[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

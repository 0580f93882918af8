"""Write the figures of docs/scale.md: `python -m benchmarks.scale_page`; --measure takes them anew.

The prose is written by hand and holds no figure; the tables between its markers are written here,
from benchmarks/results/scale_*.json.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.generate import ROWS_A_SUBSCRIBER
from benchmarks.machine import ROOT, load, run_alone
from benchmarks.markdown import table
from churnlight.files import write_json

Results = Mapping[str, Mapping[str, Any]]
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "scale.md"
ENGINES = {"duckdb": "DuckDB", "spark": "Spark, local mode"}
NAMES = (*(f"scale_{name}" for name in ENGINES), "scale_bytes")
PROVINCE = 45_000_000  # subscribers
EXECUTORS = (10, 50, 200)
PARTS = 200  # Spark's own number of partitions after a shuffle
NOT_MEASURED = "not measured"
MONTHLY = ("cdr", "edges", "usage", "circle")
STEPS = {"marts": "marts of a month", "features": "labels and features", "scoring": "scoring"}
# Rows of CDRs, and subscribers with the months' traces behind them; the first warms up.
FULL = {"rows": (200_000, 1_000_000, 5_000_000), "members": (2_000, 20_000, 100_000)}
QUICK = {"rows": (20_000, 20_000, 60_000), "members": (1_500, 1_500, 3_000)}
_GB = 1e9


def per_row(sizes: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Rows a second beyond what any run costs, and these seconds; from two sizes.

    Where the larger took no longer, nothing can be parted: its own rate, and 0.
    """
    small, large = sizes[0], sizes[-1]
    rows, seconds = large["rows"] - small["rows"], large["seconds"] - small["seconds"]
    if rows <= 0 or seconds <= 0:
        return large["rows"] / large["seconds"], 0.0
    rate = rows / seconds
    return rate, max(0.0, large["seconds"] - large["rows"] / rate)


def rates(results: Results) -> str:
    """Rows a second and fixed seconds, by step and engine."""
    rows = []
    for step, words in STEPS.items():
        line = [words, "CDRs" if step == "marts" else "subscribers"]
        for name in ENGINES:
            found = results.get(f"scale_{name}")
            if found is None:
                line += [NOT_MEASURED, "", ""]
                continue
            sizes = found["steps"][step]
            rate, fixed = per_row(sizes)
            shown = " and ".join(f"{size['rows']:,}" for size in sizes)
            line += [f"{rate:,.0f}{_busy(found)}", f"{fixed:.1f}", shown]
        rows.append(line)
    head = ["step", "rows"]
    for words in ENGINES.values():
        head += [f"{words}: rows/s", "seconds whatever the rows", "measured at"]
    return table(head, rows)


def sizes(results: Results) -> str:
    """Bytes of a subscriber, and of a province."""
    found = results.get("scale_bytes")
    if found is None:
        return table(("table",), [[NOT_MEASURED]])
    rows = []
    for name, size in found["bytes_a_subscriber"].items():
        whole = size * PROVINCE
        each = "month" if name in MONTHLY else "as_of"
        part = f"{whole / PARTS / 1e6:,.0f}"
        rows.append([name, each, f"{size:,.0f}", f"{whole / _GB:,.1f}", part])
    head = ("table", "a", "bytes a subscriber", "GB, a province", f"MB a part, {PARTS} parts")
    return table(head, rows)


def hours(results: Results) -> str:
    """How long a province takes; extrapolated."""
    cluster, alone = results.get("scale_spark"), results.get("scale_duckdb")
    rows = []
    for step, words in STEPS.items():
        count = PROVINCE * (ROWS_A_SUBSCRIBER if step == "marts" else 1)
        line = [words, f"{count:,.0f}"]
        if cluster is None:
            line += [NOT_MEASURED] * len(EXECUTORS)
        else:
            rate, fixed = per_row(cluster["steps"][step])
            line += [f"{(fixed + count / rate / n) / 3600:,.1f}{_busy(cluster)}" for n in EXECUTORS]
        if alone is None:
            line += [NOT_MEASURED]
        else:
            rate, fixed = per_row(alone["steps"][step])
            line += [f"{(fixed + count / rate) / 3600:,.1f}{_busy(alone)}"]
        rows.append(line)
    head = ("step", "rows", *(f"{n} executors, hours" for n in EXECUTORS), "DuckDB alone, hours")
    return table(head, rows)


def gathers(results: Results) -> str:
    """Where bytes gather: shuffles, the driver, the largest counterpart."""
    found, cluster = results.get("scale_bytes"), results.get("scale_spark")
    rows = []
    if cluster is not None:
        for step, words in STEPS.items():
            last = cluster["steps"][step][-1]
            count = PROVINCE * (ROWS_A_SUBSCRIBER if step == "marts" else 1)
            each = last["shuffled"] / last["rows"]
            line = [f"shuffled by {words}", f"{each:,.1f} bytes a row"]
            rows.append([*line, f"{each * count / _GB:,.0f} GB"])
    if found is not None:
        memory = found["scores_bytes_in_memory"]
        rate = found["hashed_bytes_per_second"]
        monthly = sum(found["bytes_a_subscriber"][name] for name in MONTHLY) * PROVINCE
        share, edges = (
            found["share_of_the_largest_counterpart"],
            found["edges_a_subscriber"] * PROVINCE,
        )
        rows += [
            [
                "a month's scores in the driver's memory, for the call list and the movements",
                f"{memory:,.0f} bytes a subscriber",
                f"{memory * PROVINCE / _GB:,.0f} GB",
            ],
            [
                "hashing a month's CDRs and marts by the driver",
                f"{rate / 1e6:,.0f} MB/s",
                f"{monthly / rate / 3600:,.2f} hours",
            ],
            [
                "edges that end in the one largest counterpart (simulated)",
                f"{share:.4%} of all",
                f"{share * edges / 1e6:,.1f} million rows",
            ],
        ]
    return table(("what", "measured", "a province, extrapolated"), rows or [[NOT_MEASURED]])


def about(results: Results) -> str:
    """Which machine, when."""
    lines = []
    for name in NAMES:
        found = results.get(name)
        if found is not None:
            machine, run = found["machine"], found["run"]
            small = ", **at small sizes: these figures say nothing**" if run["quick"] else ""
            lines.append(
                f"- `{name}`: {run['started']}, {machine['cpu']}, {machine['cores']} cores, "
                f"{machine['memory_gb']} GB{', busy' if machine['was_busy'] else ''}{small}\n"
            )
    return "".join(lines) or f"- {NOT_MEASURED}\n"


BLOCKS: Mapping[str, Callable[[Results], str]] = {
    f.__name__: f for f in (rates, sizes, hours, gathers, about)
}


def render(page: str, results: Results) -> str:
    """The page with its tables written anew.

    Raises:
        ValueError: when a table's markers are not there.
    """
    for name, write in BLOCKS.items():
        begin, end = f"<!-- figures: {name} -->\n", "<!-- end of figures -->"
        found = re.search(re.escape(begin) + r".*?" + re.escape(end), page, re.DOTALL)
        if found is None:
            raise ValueError(f"{PAGE.name} has no markers for {name}")
        page = page[: found.start()] + begin + write(results) + end + page[found.end() :]
    return page


def read(folder: Path) -> dict[str, Any]:
    """The results there are."""
    paths = {name: folder / f"{name}.json" for name in NAMES}
    return {n: json.loads(p.read_text(encoding="utf-8")) for n, p in paths.items() if p.is_file()}


def _busy(result: Mapping[str, Any]) -> str:
    return " (busy)" if result["machine"]["was_busy"] else ""


def take(folder: Path, work: Path, *, quick: bool) -> None:
    """Measure both engines on the same data, and write their results."""
    sizes, at_start = QUICK if quick else FULL, load()
    run = {"started": f"{datetime.now():%Y-%m-%d %H:%M:%S}", "quick": quick}
    months = list(_months(work, sizes["rows"]))
    projects = list(_projects(work, sizes["members"], quick=quick))
    for name in ENGINES:
        engine = {"name": name, "threads": 2, "memory_limit_gb": 4.0}
        spec = {"engine": engine, "months": months, "projects": projects}
        spec["work"] = str(work / name)
        found = run_alone("benchmarks.scale", spec, load_at_start=at_start)
        write_json(folder / f"scale_{name}.json", found | {"run": run})


def take_bytes(folder: Path, demo: Path) -> None:
    """Measure what a project that has run takes on disk."""
    run = {"started": f"{datetime.now():%Y-%m-%d %H:%M:%S}", "quick": False}
    found = run_alone("benchmarks.scale_bytes", {"project": str(demo)})
    write_json(folder / "scale_bytes.json", found | {"run": run})


def _months(work: Path, rows: Sequence[int]) -> Iterator[dict[str, Any]]:
    for number, count in enumerate(rows):
        extracts = work / f"extracts-{number}"
        spec = {"data": {"rows": count}, "extracts": str(extracts)}
        run_alone("benchmarks.generate", spec)
        yield {"rows": count, "extracts": str(extracts)}


def _projects(work: Path, members: Sequence[int], *, quick: bool) -> Iterator[dict[str, Any]]:
    grown: Path | None = None
    for number, count in enumerate(members):
        root = work / f"project-{number}"
        sizes = {"subscribers": count + 100, "members": count // 10, "gone": 100}
        run_alone("benchmarks.base", {"project": str(root), **sizes})
        if grown is None:
            features = {"project": str(root), "everyone": True, "members": count}
            run_alone("benchmarks.scoring", features | {"threads": 2, "score": False})
            model = {"learn_rows": count // 2, "trees": 20 if quick else 300, "leaves": 7}
            run_alone("benchmarks.scoring_model", {"project": str(root), "threads": 2, **model})
            grown = root / "models"
        else:
            subprocess.run(["cp", "-r", grown, root / "models"], check=True)  # noqa: S603, S607
        yield {"project": str(root), "members": count}


def main() -> None:
    """Measure if asked to, then write the page."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.scale_page", description=__doc__)
    arguments.add_argument("--measure", action="store_true", help="take the figures anew")
    arguments.add_argument("--quick", action="store_true", help="small sizes, written to --work")
    arguments.add_argument("--demo", type=Path, help="a project that has run: bytes a subscriber")
    arguments.add_argument("--work", type=Path, default=Path(__file__).parent / "work")
    asked = arguments.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    folder = asked.work / "quick" if asked.quick else RESULTS
    if asked.demo is not None:
        take_bytes(folder, asked.demo.resolve())
    if asked.measure:
        with tempfile.TemporaryDirectory(dir=asked.work) as work:
            take(folder, Path(work), quick=asked.quick)
    page = folder / "scale.md" if asked.quick else PAGE
    page.write_text(render(PAGE.read_text(encoding="utf-8"), read(folder)), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

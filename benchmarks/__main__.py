"""`make bench`: every measurement, each in a process of its own, then docs/performance.md.

python -m benchmarks                    everything at full size
python -m benchmarks --only edges months
python -m benchmarks --quick            small sizes; results and page go to work/quick here
"""

from __future__ import annotations

import argparse
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import tables
from benchmarks.environment import peers_python
from benchmarks.generate import Data
from benchmarks.machine import ROOT, THREADS, load, run_alone
from benchmarks.scoring_group import scoring
from churnlight.errors import ChurnlightError
from churnlight.files import write_json

HERE = ROOT / "benchmarks"
MONTHS = ("2025-03", "2025-04")

log = logging.getLogger("benchmarks")


@dataclass(frozen=True)
class Sizes:
    """How much is measured; the numbers are those of issue and design."""

    rows: int = 20_000_000
    large_rows: int = 200_000_000
    spark_rows: int = 5_000_000
    warm_up_rows: int = 200_000
    bandicoot_subscribers: int = 200
    subscribers: int = 2_461_203
    members: int = 178_338
    learn_rows: int = 200_000
    shap_rows: int = 100_000
    shap_trees: int = 300
    scoring_small: int = 100_000
    scoring_middle: int = 500_000
    scoring_plain: int = 20_000
    scoring_learn_rows: int = 50_000
    scoring_shap_rows: int = 5_000
    pseudonymise_rows: int = 10_000_000
    repeats: int = 3


FULL = Sizes()
QUICK = Sizes(
    rows=200_000,
    large_rows=400_000,
    spark_rows=50_000,
    warm_up_rows=5_000,
    bandicoot_subscribers=10,
    subscribers=20_000,
    members=1_450,
    learn_rows=4_000,
    shap_rows=4_000,
    shap_trees=300,
    scoring_small=6_000,
    scoring_middle=8_000,
    scoring_plain=1_000,
    scoring_learn_rows=3_000,
    scoring_shap_rows=200,
    pseudonymise_rows=20_000,
    repeats=1,
)

# The variants of the mart set: data, and whether duplicates are looked for.
VARIANTS: Mapping[str, tuple[dict[str, Any], bool]] = {
    "integers": ({}, False),
    "integers_looked_for_duplicates": ({}, True),
    "duplicates_removed": ({"duplicates": True}, True),
    "text_ids": ({"text": True}, False),
    "events_column": ({"events": True}, False),
    "known_at_column": ({"known": True}, False),
    "sorted_by_subscriber": ({"by_subscriber": True}, False),
}


LEARNERS: Mapping[str, str] = {
    "learners_ours": "ours",
    "learners_sklearn_defaults": "defaults",
    "learners_sklearn_early_stopping": "early_stopping",
}


@dataclass
class Bench:
    """One run of the bench.

    Attributes:
        sizes: how much is measured.
        work: folder for data, gone afterwards.
        results: folder for `<name>.json`.
        run: what every result says of this run.
        failed: what could not be measured.
    """

    sizes: Sizes
    work: Path
    results: Path
    run: dict[str, Any]
    failed: list[str] = field(default_factory=list)

    @contextmanager
    def surviving(self, name: str) -> Iterator[None]:
        """Go on after a failure, whose reason stands on stderr: the rest is worth having."""
        try:
            yield
        except (subprocess.CalledProcessError, ChurnlightError, OSError):
            log.exception("%s failed", name)
            self.failed.append(name)

    @contextmanager
    def data(self, data: Data) -> Iterator[Path]:
        """Extracts with the month that `data` describes, gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            self.generate(data, Path(folder))
            yield Path(folder)

    def generate(self, data: Data, extracts: Path) -> None:
        """Write a month below `extracts`, in another process: its memory is not ours."""
        log.info("generating %s", data)
        fields = {k: v for k, v in data.describe().items() if k != "subscribers"}
        self.alone("benchmarks.generate", {"data": fields, "extracts": str(extracts)})

    def alone(
        self, module: str, spec: Mapping[str, Any], python: Path | None = None
    ) -> dict[str, Any]:
        """Run a measurement with what all of them need."""
        common = {"threads": THREADS, "repeats": self.sizes.repeats, "month": MONTHS[0]}
        at_start = self.run["load_before_bench"]
        with tempfile.TemporaryDirectory(dir=self.work) as work:
            asked = {**common, "work": work, **spec}
            return run_alone(module, asked, python=python, load_at_start=at_start)

    def record(
        self, name: str, module: str, spec: Mapping[str, Any], **more: Any
    ) -> dict[str, Any]:
        """Measure and write `<name>.json`; `data` and `python` in `more`."""
        log.info("measuring %s", name)
        about = {}
        if "data" in more:
            cdr = Path(spec["extracts"]) / "cdr" if "extracts" in spec else Path(spec["folder"])
            size = sum(p.stat().st_size for p in cdr.rglob("*") if p.is_file())
            about = {"data": more["data"].describe() | {"bytes_on_disk": size}}
        found = self.alone(module, spec, more.get("python"))
        result = found | about | {"name": name, "run": self.run}
        write_json(self.results / f"{name}.json", result)
        log.info("  %s s", found.get("seconds", "?"))
        return result


def marts(bench: Bench) -> None:
    """The whole set in its variants, at 20 million rows."""
    for name, (fields, duplicates) in VARIANTS.items():
        data = replace(Data(bench.sizes.rows), **fields)
        with bench.surviving(name), bench.data(data) as extracts:
            spec = {"extracts": str(extracts), "rows": data.rows, "duplicates": duplicates}
            bench.record(f"marts_{name}", "benchmarks.marts", spec, data=data)


def large(bench: Bench) -> None:
    """The whole set at 200 million rows, once."""
    data = Data(bench.sizes.large_rows)
    with bench.data(data) as extracts:
        spec = {"extracts": str(extracts), "rows": data.rows, "duplicates": False, "repeats": 1}
        bench.record("marts_large", "benchmarks.marts", spec, data=data)


def edges(bench: Bench) -> None:
    """Edges against edges: ours, pandas, Polars; and what byte-identical circles cost."""
    python = peers_python()
    data = Data(bench.sizes.rows)
    with bench.data(data) as extracts:
        folder = extracts / "cdr" / f"month={data.month}"
        ours = extracts / "edges.parquet"
        spec = {"extracts": str(extracts), "out": str(ours), "rows": data.rows}
        bench.record("edges_ours", "benchmarks.edges", spec, data=data)
        circle = {"edges": str(ours), "rows": data.rows}
        circle |= {"folder": str(folder)}
        bench.record("circle_scaled_and_float", "benchmarks.circles", circle, data=data)

        def peer(name: str, module: str, spec: dict[str, Any]) -> dict[str, Any]:
            out = str(extracts / "peer.parquet")
            theirs = {"folder": str(folder), "out": out, "rows": data.rows}
            found = bench.record(name, module, theirs | spec, python=python, data=data)
            bench.alone("benchmarks.compare", {"ours": str(ours), "theirs": out})
            write_json(bench.results / f"{name}.json", found | spec | {"equal_to_ours": True})
            return found

        for formulation in ("plain", "one_key"):
            spec = {"formulation": formulation}
            peer(f"edges_pandas_{formulation}", "benchmarks.peers.pandas_edges", spec)
        _polars(peer)


def _polars(peer: Callable[[str, str, dict[str, Any]], dict[str, Any]]) -> None:
    """Every formulation, and the fastest also with sorted rows, as ours are."""
    tried = {}
    for formulation, streaming in (
        ("distinct_days", True),
        ("day_mask", True),
        ("day_mask", False),
        ("action_codes", True),
        ("one_key", True),
    ):
        name = f"edges_polars_{formulation}_{'streaming' if streaming else 'in_memory'}"
        spec = {"formulation": formulation, "streaming": streaming, "sort": False}
        found = peer(name, "benchmarks.peers.polars_edges", spec)
        tried[found["seconds"], name] = spec
    spec = tried[min(tried)] | {"sort": True}
    peer("edges_polars_best_sorted", "benchmarks.peers.polars_edges", spec)


def whole(bench: Bench) -> None:
    """The whole set against Spark and bandicoot, on the same month."""
    python = peers_python()
    data, small = Data(bench.sizes.spark_rows), Data(bench.sizes.warm_up_rows)
    with bench.data(data) as extracts, bench.data(small) as warm_up:
        spec = {"extracts": str(extracts), "rows": data.rows, "duplicates": False}
        bench.record("whole_ours", "benchmarks.marts", spec, data=data)
        spark = spec | {"warm_up": str(warm_up), "memory_limit_gb": 8.0, "repeats": 1}
        bench.record("whole_spark", "benchmarks.peers.spark_marts", spark, data=data)
        csv = extracts / "csv"
        count = bench.sizes.bandicoot_subscribers
        sample = {"extracts": str(extracts), "out": str(csv), "subscribers": count}
        bench.alone("benchmarks.sample", sample)
        bandicoot = {"folder": str(csv)}
        module = "benchmarks.peers.bandicoot_marts"
        bench.record("whole_bandicoot", module, bandicoot, python=python, data=data)


def months(bench: Bench) -> None:
    """A second month after a first."""
    data = [Data(bench.sizes.rows, month=month) for month in MONTHS]
    with bench.data(data[0]) as extracts:
        bench.generate(data[1], extracts)
        spec = {"extracts": str(extracts), "months": MONTHS, "rows": data[0].rows}
        bench.record("second_month", "benchmarks.months", spec, data=data[0])


def features(bench: Bench) -> None:
    """Features of a cohort from three months' marts."""
    with tempfile.TemporaryDirectory(dir=bench.work) as project:
        sizes = {"subscribers": bench.sizes.subscribers, "members": bench.sizes.members}
        base = {"project": project, **sizes}
        log.info("generating marts of %s subscribers", f"{bench.sizes.subscribers:,}")
        written = bench.alone("benchmarks.base", base)["rows"]
        found = bench.record("features", "benchmarks.features", base)
        write_json(bench.results / "features.json", found | {"sizes": {**sizes, "rows": written}})


def profile(bench: Bench) -> None:
    """Where the time goes, by DuckDB's own profile."""
    data = Data(bench.sizes.rows)
    with bench.data(data) as extracts:
        spec = {"extracts": str(extracts), "rows": data.rows}
        bench.record("profile", "benchmarks.profiling", spec, data=data)


def learners(bench: Bench) -> None:
    """`churnlight fit` and `predict` beside scikit-learn's boosted trees, on the same rows."""
    rows = bench.sizes.learn_rows
    with tempfile.TemporaryDirectory(dir=bench.work) as folder:
        files = {name: str(Path(folder) / f"{name}.parquet") for name in ("train", "test")}
        spec = {**files, "rows": rows, "held_out": rows // 2, "features": 100}
        bench.alone("benchmarks.learners", {**spec, "what": "make"})
        for name, what in LEARNERS.items():
            with bench.surviving(name):
                bench.record(name, "benchmarks.learners", {**spec, "what": what})


def shap(bench: Bench) -> None:
    """SHAP values beside LightGBM's own and shap's."""
    rows, trees = bench.sizes.shap_rows, bench.sizes.shap_trees
    spec = {"learn_rows": min(rows, 50_000), "rows": rows, "peer_rows": rows // 20, "trees": trees}
    spec |= {"leaves": 31, "features": 100}
    bench.record("shap", "benchmarks.shap_speed", spec)


def demo(bench: Bench) -> None:
    """Simulating the default operator, and one month of a whole city."""
    whole = bench.sizes.subscribers
    for name, fields in (
        ("demo_default", {"subscribers": whole if bench.run["quick"] else 20_000}),
        ("demo_city", {"subscribers": whole, "months": 1, "profile": "city"}),
    ):
        with bench.surviving(name):
            spec = {"demo": {"seed": 1, **fields}, "repeats": 1}
            bench.record(name, "benchmarks.simulation", spec)


def pseudonymise(bench: Bench) -> None:
    """Raw numbers into pseudonyms, beside pandas."""
    rows = bench.sizes.pseudonymise_rows
    spec = {"rows": rows, "peer_rows": rows // 10}
    spec |= {"subscribers": rows // 20, "counterparts": rows // 4}
    bench.record("pseudonymise", "benchmarks.pseudonyms", spec)


GROUPS: Mapping[str, Callable[[Bench], None]] = {
    f.__name__: f
    for f in (
        *(marts, large, edges, whole, months, features, profile),
        *(learners, shap, demo, scoring, pseudonymise),
    )
}


def main() -> None:
    """Measure what is asked for, then write the page."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="small sizes, once, apart")
    arguments.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    arguments.add_argument("--repeats", type=int, help="runs that each median is of")
    arguments.add_argument("--work", type=Path, default=HERE / "work", help="folder for data")
    asked = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    sizes = QUICK if asked.quick else FULL
    sizes = replace(sizes, repeats=asked.repeats) if asked.repeats else sizes
    asked.work.mkdir(parents=True, exist_ok=True)
    results = asked.work / "quick" if asked.quick else HERE / "results"
    page = results / "performance.md" if asked.quick else ROOT / "docs" / "performance.md"
    if asked.quick:
        shutil.rmtree(results, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=asked.work) as work:
        bench = Bench(sizes, Path(work), results, _this_run(quick=asked.quick))
        for name in asked.only:
            with bench.surviving(name):
                GROUPS[name](bench)
    tables.write(results, page)
    log.info("wrote %s", page)
    sys.exit(f"failed: {', '.join(bench.failed)}" if bench.failed else 0)


def _this_run(*, quick: bool) -> dict[str, Any]:
    """When and of what code; the load before the bench itself makes some."""
    return {
        "started": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
        "commit": _git("rev-parse", "--short=12", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--", "src", "benchmarks")),
        "load_before_bench": load(),
        "quick": quick,
    }


def _git(*words: str) -> str | None:
    command = ("git", *words)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else None


if __name__ == "__main__":
    main()

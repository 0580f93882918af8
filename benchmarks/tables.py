"""Write docs/performance.md from benchmarks/results: no figure on it is typed by hand."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import tables_models, tables_privacy, tables_scoring
from benchmarks.machine import BUSY_CORES, ROOT
from benchmarks.markdown import table
from benchmarks.requirements import (
    NOT_MEASURED,
    PEERS,
    REQUIREMENTS,
    Result,
    Results,
    busy_mark,
    million_rows_per_second,
    same_run,
    times_as_fast,
)

NAMES = (
    "marts_integers",
    "marts_integers_looked_for_duplicates",
    "marts_duplicates_removed",
    "marts_text_ids",
    "marts_events_column",
    "marts_known_at_column",
    "marts_sorted_by_subscriber",
    "marts_large",
    "circle_scaled_and_float",
    "edges_ours",
    "edges_pandas_plain",
    "edges_pandas_one_key",
    "edges_polars_distinct_days_streaming",
    "edges_polars_day_mask_streaming",
    "edges_polars_day_mask_in_memory",
    "edges_polars_action_codes_streaming",
    "edges_polars_one_key_streaming",
    "edges_polars_best_sorted",
    "whole_ours",
    "whole_spark",
    "whole_bandicoot",
    "second_month",
    "features",
    "profile",
    "demo_default",
    "demo_city",
    "learners_ours",
    "learners_sklearn_defaults",
    "learners_sklearn_early_stopping",
    "shap",
    "scoring_small",
    "scoring_middle",
    "scoring_city",
    "scoring_vips",
    "scoring_plain",
    "pseudonymise",
)
VARIANTS = {
    "marts_integers": "integer ids, rows validated, duplicates not looked for",
    "marts_integers_looked_for_duplicates": "the same, duplicates looked for (there are none)",
    "marts_duplicates_removed": "half a percent of exact duplicates, removed",
    "marts_text_ids": "16-character string ids",
    "marts_events_column": "with a column `events`",
    "marts_known_at_column": "with a column `known_at`",
    "marts_sorted_by_subscriber": "input sorted by subscriber",
    "marts_large": "integer ids, ten times the rows, once",
}
STEPS = ("check", "volume", "usage", "edges", "circle")

HEAD = """\
# Speed and memory

Written by `make bench` from `benchmarks/results`; no figure on this page is typed by hand. The data
are generated: they say how fast, and how two learners compare on the same simulated rows, never how
well churn is predicted.
"""
# Prose, and no figure.
TRIED = Path(__file__).with_name("tried.md")
HOW = f"""\
## How it is measured

Each measurement runs in a process of its own, on 2 threads, with the engine's default limit of
memory where nothing else is said. It begins with Parquet on disk (in the page cache, as the data
have just been generated) and ends with marts on disk. Seconds are the median of the runs; peak
memory is the largest resident memory of the process. Starting Python, and Spark, is not timed.

- A month has {{rows_a_subscriber}} rows a subscriber, 76 % calls and messages, some 40 contacts, in
  no order.
- *Rows validated*: one pass over all columns asks every rule of the check, on the way to the marts.
- *Merely reading* takes the largest value of every column, in a form that no statistics in the
  files can answer.
- Every peer's edges are compared with ours, column by column; a difference stops the bench. Polars
  and pandas may write their rows in any order, ours are sorted by key. The requirement is held
  against the fastest formulation; the last row of Polars sorts too.
- Spark runs our own expressions, in local mode, on the same rows; a small month before it warms it
  up, and its memory is Java's with Python's.
- bandicoot describes each subscriber's calls and messages over the whole month (`groupby=None`), on
  one core, and its rate is over these records. It does not import on Python 3.11: two functions
  that left the standard library are put back at run time.
- The second month is built again beside a first whose files are garbage: the same bytes come out.
- Features are timed as the stage runs them, from marts that were generated directly: cohort and
  labels, then features.
- Learners: one fit of each in a process of its own; all run on the same files. scikit-learn gets
  the text columns as categories, and counts its defaults as it does for so many rows: early
  stopping, at most 100 rounds.
- SHAP values: ours are held to LightGBM's own on a sample in every run of the pipeline, not only
  here. `shap.TreeExplainer` hands LightGBM's models to `pred_contrib`.
- Scoring is timed as the stages features and score run, one after the other in one process, on
  marts made as those above; its model is grown on a made label. The plain way runs in another
  process, on a small city of its own with the same model; it fails where one of its features is not
  ours.
- A figure is marked *busy* where others used more than {BUSY_CORES} of a core: when the bench
  began (load average), right before, or while it ran.

`make bench` runs everything, `make bench ONLY=edges` one part (marts, large, edges, whole,
months, features, profile, learners, shap, demo, scoring, pseudonymise), and `make bench QUICK=1` a
smoke at small sizes, whose results go elsewhere. The first run with edges or whole installs the
peers into `benchmarks/.venv`.
"""


def load(folder: Path) -> dict[str, Result]:
    """The results there are."""
    paths = {name: folder / f"{name}.json" for name in NAMES}
    return {n: json.loads(p.read_text(encoding="utf-8")) for n, p in paths.items() if p.is_file()}


def write(folder: Path, page: Path) -> None:
    """Write the page from the results in a folder."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(load(folder)), encoding="utf-8")


def render(results: Results) -> str:
    """The page."""
    parts = [
        HEAD,
        _smoke(results),
        "## What was asked, and what is reached\n",
        table(("requirement", "asked", "reached", "met"), (r.row(results) for r in REQUIREMENTS)),
        _variants(results),
        _prices(results),
        _peers(results),
        _whole(results),
        _second_month(results),
        _features(results),
        _profile(results),
        tables_models.learners(results),
        tables_models.shap(results),
        tables_models.demo(results),
        tables_scoring.scoring(results),
        tables_privacy.pseudonyms(results),
        TRIED.read_text(encoding="utf-8"),
        HOW.format(rows_a_subscriber=_rows_a_subscriber(results)),
        _runs(results),
    ]
    return "\n".join(part for part in parts if part)


def _smoke(results: Results) -> str:
    quick = any(r["run"]["quick"] for r in results.values())
    return "**A smoke at small sizes: these figures say nothing.**\n" if quick else ""


def _variants(results: Results) -> str:
    head = ("mart set", "rows", "million rows/s", "seconds", *STEPS, "reading", "times reading")
    sizes = ("peak GB", "GB read")
    rows = []
    for name, words in VARIANTS.items():
        if name not in results:
            rows.append([words, NOT_MEASURED])
            continue
        r = results[name]
        steps = [f"{r['seconds_by_step'].get(step, 0.0):.1f}" for step in STEPS]
        reading = f"{r['seconds_to_read_the_same_columns']:.1f}"
        rate = f"{million_rows_per_second(r):.2f}{busy_mark([r])}"
        seconds = f"{r['seconds']:.1f}"
        memory = f"{r['peak_memory_gb']:.2f}"
        size = f"{r['bytes_read'] / 1e9:.2f}"
        times = f"{r['times_reading']:.1f}"
        count = f"{r['rows']:,}"
        rows.append([words, count, rate, seconds, *steps, reading, times, memory, size])
    return (
        "## The whole mart set, from extracts that nobody has checked\n\n"
        "Steps and reading in seconds (means of the runs).\n\n" + table((*head, *sizes), rows)
    )


def _prices(results: Results) -> str:
    base = results.get("marts_integers")
    rows = []
    for name, words in (
        ("marts_integers_looked_for_duplicates", "looking for duplicates where there are none"),
        ("marts_duplicates_removed", "removing half a percent of duplicates"),
        ("marts_text_ids", "16-character string ids"),
        ("marts_events_column", "a column `events`"),
        ("marts_known_at_column", "a column `known_at`"),
    ):
        other = results.get(name)
        if base is None or other is None:
            rows.append([words, NOT_MEASURED, ""])
            continue
        more = other["seconds"] - base["seconds"]
        share = f"{more / base['seconds']:+.0%}"
        rows.append([words, f"{more:+.1f} s{busy_mark([base, other])}", share])
    circle = results.get("circle_scaled_and_float")
    words = "byte-identical circles: scaled integer sums, not float sums"
    if circle is None:
        rows.append([words, NOT_MEASURED, ""])
    else:
        more = circle["scaled_seconds"] - circle["float_seconds"]
        share = f"{more / circle['float_seconds']:+.0%} of the circle"
        rows.append([words, f"{more:+.1f} s{busy_mark([circle])}", share])
    return "## What things cost\n\n" + table(("what", "seconds", "more"), rows)


def _peers(results: Results) -> str:
    ours = results.get("edges_ours")
    rows = []
    for name, words in PEERS.items():
        r = results.get(name)
        if r is None:
            rows.append([words, NOT_MEASURED])
            continue
        times = f"{times_as_fast(ours, r):.2f}" if ours and same_run(ours, r) else "another run"
        rate = f"{million_rows_per_second(r):.2f}{busy_mark([r])}"
        cores = f"{r['cpu_seconds']:.1f}"
        memory = f"{r['peak_memory_gb']:.2f}"
        rows.append([words, rate, f"{r['seconds']:.1f}", cores, memory, times])
    size = f"{ours['rows']:,} rows. " if ours else ""
    head = ("edges", "million rows/s", "seconds", "core seconds", "peak GB", "ours is so fast")
    return (
        f"## Edges against edges\n\n{size}Versions: {_versions(results, 'pandas', 'polars')}.\n\n"
        + table(head, rows)
    )


def _whole(results: Results) -> str:
    rows = []
    ours = results.get("whole_ours")
    for name, words in (
        ("whole_ours", "churnlight on DuckDB, 2 cores"),
        ("whole_spark", "churnlight on Spark local, 2 cores"),
        ("whole_bandicoot", "bandicoot, 1 core"),
    ):
        r = results.get(name)
        if r is None:
            rows.append([words, NOT_MEASURED])
            continue
        times = f"{times_as_fast(ours, r):.1f}" if ours and same_run(ours, r) else "another run"
        rate = f"{r['rows_per_second']:,}{busy_mark([r])}"
        memory = f"{r['peak_memory_gb']:.2f}"
        rows.append([words, f"{r['rows']:,}", rate, f"{r['seconds']:.1f}", memory, times])
    head = ("whole set", "rows", "rows/s", "seconds", "peak GB", "ours is so fast")
    return (
        "## The whole set against others\n\n"
        f"Versions: {_versions(results, 'pyspark', 'bandicoot')}.\n\n" + table(head, rows)
    )


def _second_month(results: Results) -> str:
    r = results.get("second_month")
    rows = []
    for name, words in (
        ("first", "the first month"),
        ("second", "the second, beside the first's extracts and marts"),
        ("second_beside_garbage", "the second, the first's files being garbage: the same bytes"),
    ):
        if r is None:
            rows.append([words, NOT_MEASURED])
            continue
        one = r[name]
        seconds = f"{one['seconds']:.1f}{busy_mark([r])}"
        rows.append([words, f"{one['rows_read']:,}", f"{one['bytes_read'] / 1e9:.2f}", seconds])
    head = ("mart set", "rows read", "GB read", "seconds")
    return "## A second month\n\n" + table(head, rows)


def _features(results: Results) -> str:
    r = results.get("features")
    if r is None:
        return f"## Features of an as_of\n\n{NOT_MEASURED}\n"
    sizes, rows = r["sizes"], r["sizes"]["rows"]
    parts = table(
        ("part", "seconds"),
        [
            ["cohort and labels", f"{r['seconds_population']:.1f}{busy_mark([r])}"],
            ["features", f"{r['seconds_features']:.1f}{busy_mark([r])}"],
            ["the whole stage", f"{r['seconds']:.1f}{busy_mark([r])}"],
        ],
    )
    written = ", ".join(f"{count:,} {name}" for name, count in sorted(rows.items()))
    return (
        f"## Features of an as_of\n\n{r['features']} features of {sizes['members']:,} cohort "
        f"members among {sizes['subscribers']:,} subscribers, from three months' marts and six "
        f"months' snapshots and five months' bills. Rows over all months: {written} "
        f"({r['marts_bytes'] / 1e9:.2f} GB of marts, {r['extracts_bytes'] / 1e9:.2f} GB of "
        f"extracts). Peak memory {r['peak_memory_gb']:.2f} GB.\n\n{parts}"
    )


def _profile(results: Results) -> str:
    title = "## Where the time goes\n\n"
    r = results.get("profile")
    if r is None:
        return f"{title}{NOT_MEASURED}\n"
    steps = r["core_seconds"]
    names = [n for n in STEPS if n in steps]
    operators: dict[str, float] = {}
    for counted in steps.values():
        for operator, seconds in counted.items():
            operators[operator] = operators.get(operator, 0.0) + seconds
    total = sum(operators.values())
    rows = []
    for operator in sorted(operators, key=lambda o: (-operators[o], o)):
        if operators[operator] < 0.005 * total:
            continue
        by_step = [f"{steps[n].get(operator, 0.0):.2f}" for n in names]
        share = f"{operators[operator] / total:.0%}"
        rows.append([operator.lower().replace("_", " "), *by_step, share])
    sums = [f"{sum(steps[n].values()):.2f}" for n in names]
    rows.append(["all operators", *sums, "100%"])
    return (
        f"{title}Core seconds by operator, of DuckDB's own profile, at {r['rows']:,} rows with "
        f"integer ids ({r['seconds']:.1f} s by the clock{busy_mark([r])}, profile and all).\n\n"
        + table(("operator", *names, "share"), rows)
    )


def _runs(results: Results) -> str:
    """Machines and versions: of how many results each, and who was busy."""
    machines: dict[tuple[str, ...], int] = {}
    for r in results.values():
        m, run = r["machine"], r["run"]
        changed = " with changes" if run["uncommitted_changes"] else ""
        key = (
            run["started"],
            f"{run['commit']}{changed}",
            f"{m['cpu']}, {m['cores']} cores, {m['memory_gb']} GB, {m['system']}",
            f"{run['load_before_bench']}",
        )
        machines[key] = machines.get(key, 0) + 1
    rows = [[*key, str(count)] for key, count in sorted(machines.items())]
    if not rows:
        rows = [[NOT_MEASURED]]
    busy = [name for name, r in results.items() if r["machine"]["was_busy"]]
    said = f"\nBusy: {', '.join(busy)}.\n" if busy else ""
    names = ("python", "duckdb", "ibis-framework", "pyarrow", "numpy")
    names += ("lightgbm", "scikit-learn", "shap", "numba")
    return (
        f"## Machine and versions\n\nVersions: {_versions(results, *names)}.\n\n"
        + table(("run began", "commit", "machine", "load before", "results"), rows)
        + said
    )


def _versions(results: Results, *names: str) -> str:
    found = []
    for name in names:
        seen = sorted({r["versions"][name] for r in results.values() if name in r["versions"]})
        found.append(f"{name} {' and '.join(seen) if seen else NOT_MEASURED}")
    return ", ".join(found)


def _rows_a_subscriber(results: Results) -> str:
    for r in results.values():
        if "data" in r:
            return f"{r['data']['rows'] / r['data']['subscribers']:.0f}"
    return "some"


if __name__ == "__main__":
    write(ROOT / "benchmarks" / "results", ROOT / "docs" / "performance.md")

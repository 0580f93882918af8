"""The section of docs/performance.md on scoring a month."""

from __future__ import annotations

from benchmarks.markdown import table
from benchmarks.requirements import (
    NOT_MEASURED,
    Result,
    Results,
    busy_mark,
    plain_seconds,
    plain_times,
    same_run,
)

_RUNS = {
    "scoring_small": "a small city, everyone",
    "scoring_middle": "a middle city, everyone",
    "scoring_city": "a whole city, everyone",
    "scoring_vips": "of that city the VIPs alone",
}
_PARTS = ("cohort", "features", "scores", "plots", "call list", "rest")


def scoring(results: Results) -> str:
    """How long a month takes, by size and by part, and the plain way beside it."""
    title = "## Scoring a month\n\n"
    rows = []
    for name, words in _RUNS.items():
        r = results.get(name)
        if r is None:
            rows.append([words, NOT_MEASURED])
            continue
        parts = [f"{r['seconds_by_part'].get(part, 0.0):.1f}" for part in _PARTS]
        whole = f"{r['seconds']:.1f}{busy_mark([r])}"
        counts = [f"{r['members']:,}", f"{r['listed']:,}"]
        memory = f"{r['peak_memory_gb']:.2f}"
        rows.append([words, *counts, whole, *parts, f"{r['us_a_row']:.0f}", memory])
    head = ("who", "scored", "on the list", "seconds", *_PARTS, "us a row", "peak GB")
    return title + _about(results) + table(head, rows) + "\n" + _plain(results)


def _about(results: Results) -> str:
    r = results.get("scoring_city")
    if r is None:
        return ""
    city = r["city"]
    return (
        f"From marts, extracts and models on disk to the month's folder, in one process: the "
        f"cohort; {r['features']} features; LightGBM of {city['trees']} trees of "
        f"{city['leaves']} leaves and the tree; tiers, and three reasons with SHAP values for "
        "everyone; sentences in two languages, two workbooks and a page for those from yellow up. "
        f"The city has {city['subscribers']:,} subscribers, of whom some left within the window; "
        "the VIPs' features come from the whole city's marts. Each run is made once.\n\n"
    )


def _plain(results: Results) -> str:
    plain, ours = results.get("scoring_plain"), results.get("scoring_city")
    title = "### Beside the plain way\n\n"
    if plain is None or ours is None or not same_run(plain, ours):
        return f"{title}{NOT_MEASURED}\n"
    told = plain_seconds(plain, ours)
    own = ours["seconds_by_part"]
    rows = [
        ["features", *_beside(own["cohort"] + own["features"], told["features"])],
        ["prediction and SHAP values", *_beside(own["scores"], told["predict"] + told["shap"])],
        ["together", *_beside(ours["seconds"], sum(told.values()))],
    ]
    return title + _said(plain, ours) + table(("part", "ours, s", "plain, s", "times"), rows)


def _said(plain: Result, ours: Result) -> str:
    times = f"{plain_times(plain, ours):.1f}{busy_mark([plain, ours])}"
    return (
        f"pandas, `predict` and `shap.TreeExplainer`, measured on a city of {plain['rows']:,} and "
        f"**stretched linearly** to {ours['members']:,}: ours is {times} times as fast. The plain "
        f"way makes {plain['features']} of our {ours['features']} features (each the same number, "
        f"to {plain['largest_difference']:.0e}), no reasons, sentences, workbooks or cohort, all "
        f"of which ours has in its seconds; on {plain['rows']:,} it takes "
        f"{plain['peak_memory_gb']:.2f} GB.\n\n"
    )


def _beside(ours: float, plain: float) -> list[str]:
    return [f"{ours:.1f}", f"{plain:.0f} (stretched)", f"{plain / ours:.1f}"]

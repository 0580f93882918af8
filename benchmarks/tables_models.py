"""The sections of docs/performance.md on learning, predicting and explaining."""

from __future__ import annotations

from benchmarks.markdown import table
from benchmarks.requirements import NOT_MEASURED, Results, busy_mark, same_run
from churnlight.params.output import DemoParams

_WORDS = {
    "learners_ours": "`churnlight fit` and `predict`, LightGBM",
    "learners_sklearn_defaults": "HistGradientBoostingClassifier, defaults",
    "learners_sklearn_early_stopping": "the same, early stopping without a limit of rounds",
}
_DEMO = DemoParams()
_PEERS = {
    "pred_contrib": "LightGBM's `pred_contrib`",
    "tree_explainer": "`shap.TreeExplainer`",
}


def learners(results: Results) -> str:
    """Fit and predict against scikit-learn, and where our time goes."""
    title = "## Learning from a ready-made table\n\n"
    ours = results.get("learners_ours")
    rows = []
    for name, words in _WORDS.items():
        r = results.get(name)
        if r is None or (ours is not None and not same_run(ours, r)):
            rows.append([words, NOT_MEASURED if r is None else "another run"])
            continue
        rate = f"{r['rows_per_second']:,}{busy_mark([r])}"
        fit, rounds = f"{r['seconds']:.1f}{busy_mark([r])}", str(r["rounds"])
        quality = [f"{r['log_loss']:.5f}", f"{r['roc_auc']:.4f}"]
        rows.append([words, fit, rounds, rate, *quality, f"{r['peak_memory_gb']:.2f}"])
    if ours is not None:
        tree = ours["tree"]
        words = f"our decision tree ({ours['leaves']} leaves), in the same fit"
        rows.append([words, "", "", "", f"{tree['log_loss']:.5f}", f"{tree['roc_auc']:.4f}"])
    head = (
        "learner",
        "fit, seconds",
        "rounds",
        "predicted rows/s",
        "log loss",
        "ROC AUC",
        "peak GB",
    )
    shown = title + _about(results) + table(head, rows)
    if ours is None:
        return shown
    parts = [[name, f"{seconds:.1f}"] for name, seconds in ours["seconds_by_part"].items()]
    rest = ours["seconds"] - sum(ours["seconds_by_part"].values())
    parts += [["encoding, bins, saving and the rest", f"{rest:.1f}"]]
    return f"{shown}\n{table(('part of our fit', 'seconds'), parts)}"


def _about(results: Results) -> str:
    r = results.get("learners_ours")
    if r is None:
        return ""
    return (
        f"{r['rows']:,} simulated rows by {r['features']} features, ten of them text; log loss and "
        f"ROC AUC are of {r['held_out']:,} other rows. Our fit reads a Parquet file and ends with "
        "the model's folder: both learners, each cross-fitted, calibrated and cut into tiers. "
        "scikit-learn fits one model and reads nothing. From file to file, our prediction takes "
        f"{r['seconds_from_file_to_file']:.1f} s.\n\n"
    )


def demo(results: Results) -> str:
    """How fast the demo operator is simulated."""
    rows = [
        [
            f"{r['demo']['subscribers']:,}",
            f"{r['demo'].get('months', _DEMO.months)}",
            f"{r['rows']:,}",
            f"{r['seconds']:.1f}{busy_mark([r])}",
            f"{r['rows_per_second'] / 1e6:.2f}",
            f"{r['peak_memory_gb']:.2f}",
            f"{r['bytes_on_disk'] / 2**30:.2f}",
        ]
        for r in (results[n] for n in ("demo_default", "demo_city") if n in results)
    ]
    title = "## Simulating an operator\n\n"
    if not rows:
        return f"{title}{NOT_MEASURED}\n"
    head = ("subscribers", "months", "CDRs", "seconds", "million CDRs/s", "peak GB", "GB on disk")
    return f"{title}Extracts and truth; the second is of the profile `city`.\n\n" + table(
        head, rows
    )


def shap(results: Results) -> str:
    """SHAP values against LightGBM's and shap's."""
    title = "## SHAP values\n\n"
    r = results.get("shap")
    if r is None:
        return f"{title}{NOT_MEASURED}\n"
    rows = [["churnlight", f"{r['rows']:,}", f"{r['rows_per_second']:,}{busy_mark([r])}", "1.0"]]
    for name, words in _PEERS.items():
        rate = r["peer_rows_per_second"][name]
        times = f"{r['rows_per_second'] / rate:.1f}"
        rows.append([words, f"{r['peer_rows']:,}", f"{rate:,}{busy_mark([r])}", times])
    return (
        f"{title}{r['trees']} trees of {r['leaves']} leaves, {r['features']} features; making the "
        f"model ready takes {r['seconds_ready']:.1f} s, once. The largest difference to LightGBM's "
        f"own values is {r['largest_difference']:.1e} in log-odds.\n\n"
        + table(("SHAP values", "rows", "rows/s", "ours is so fast"), rows)
    )

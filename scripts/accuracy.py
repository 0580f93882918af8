"""Measure `churnlight fit` on real ready-made tables by repeated cross-validation, by group.

    python scripts/accuracy.py FOLDER [iranian] [cell2cell]

FOLDER holds iranian/Customer_Churn.csv and cell2cell/calibration.csv.gz. Writes
benchmarks/results/accuracy-<table>.json after each repeat, and the tables of docs/accuracy.md. The
held-out fold plays no part in the fit: rounds, pruning and calibration come from folds inside the
rest. All models see the same rows, so differences are paired.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import log_loss, roc_auc_score

from churnlight.learners.dataset import Dataset
from churnlight.learners.encoding import Encoder
from churnlight.learners.folds import folds
from churnlight.tables.fitting import Settings, learn

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "accuracy.md"
MARKS = re.compile(r"(<!-- tables -->\n).*?(<!-- /tables -->)", re.DOTALL)
FOLDS, REPEATS = 5, 5
NAMES = {"gbm": "LightGBM", "tree": "Decision tree", "library": "LightGBM, library defaults"}
LESS = {"library": "library defaults", "tree": "the tree"}
TITLES = {
    "iranian": "Iranian churn (UCI 563)",
    "cell2cell": "Cell2Cell, the calibration part (balanced)",
}


def iranian(folder: Path) -> Dataset:
    """3,150 rows, 300 of them duplicates: equal rows share a group."""
    table = pd.read_csv(folder / "iranian" / "Customer_Churn.csv")
    frame = table.drop(columns="Churn")
    same = frame.astype(str).agg("|".join, axis=1)
    return Dataset.of(frame, table["Churn"] == 1, range(len(table)), same)


def cell2cell(folder: Path) -> Dataset:
    """40,000 customers, each on its own."""
    table = pd.read_csv(folder / "cell2cell" / "calibration.csv.gz")
    frame = table.drop(columns=["customer", "calibrat", "churn"])
    return Dataset.of(frame, table["churn"] == 1, table["customer"])


TABLES: dict[str, Callable[[Path], Dataset]] = {"iranian": iranian, "cell2cell": cell2cell}


def library(train: Dataset, test: Dataset) -> np.ndarray:
    """LightGBM as it comes: 100 rounds, nothing set but the thread count."""
    import lightgbm

    encoder = Encoder.learn(train.frame)
    rows = lightgbm.Dataset(
        encoder.transform(train.frame),
        train.churned.astype(float),
        categorical_feature=encoder.category_indexes,
    )
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1}
    return lightgbm.train(settings, rows).predict(encoder.transform(test.frame))


def scores(train: Dataset, test: Dataset) -> dict[str, dict[str, float]]:
    """ROC AUC and log loss on `test` of each model learned on `train`."""
    found = learn(train, Settings(), threads=1).bundle.predict_both(test.frame)
    p = {name: found[f"probability_{name}"].to_numpy() for name in ("gbm", "tree")}
    p["library"] = library(train, test)
    return {
        name: {
            "roc_auc": float(roc_auc_score(test.churned, values)),
            "log_loss": float(log_loss(test.churned, values)),
        }
        for name, values in p.items()
    }


def interval(values: np.ndarray) -> dict[str, float]:
    """Mean of all folds of all repeats with a 95 % interval.

    Folds of repeats share rows; Nadeau and Bengio (2003) widen the variance for it: s^2 (1/n +
    test rows / train rows), with n - 1 degrees of freedom.
    """
    n, mean = len(values), float(np.mean(values))
    spread = float(np.std(values, ddof=1) * np.sqrt(1 / n + 1 / (FOLDS - 1)))
    half = float(stats.t.ppf(0.975, n - 1)) * spread
    return {
        k: round(v, 6) for k, v in (("value", mean), ("low", mean - half), ("high", mean + half))
    }


Found = list[dict[str, dict[str, float]]]


def summary(name: str, data: Dataset, found: Found) -> dict[str, object]:
    """What the JSON holds."""

    def of(model: str, metric: str) -> np.ndarray:
        return np.array([fold[model][metric] for fold in found])

    return {
        "table": name,
        "simulated": False,
        "rows": len(data),
        "churners": data.churners,
        "groups": len(pd.unique(data.account)),
        "folds": FOLDS,
        "repeats": len(found) // FOLDS,
        "models": {
            model: {metric: interval(of(model, metric)) for metric in ("roc_auc", "log_loss")}
            for model in NAMES
        },
        "paired": {
            f"gbm_minus_{other}": {
                metric: interval(of("gbm", metric) - of(other, metric))
                for metric in ("roc_auc", "log_loss")
            }
            for other in ("library", "tree")
        },
        "by_fold": found,
    }


def measure(name: str, folder: Path) -> None:
    """All repeats of one table; the result so far is written after each."""
    data = TABLES[name](folder)
    found: Found = []
    RESULTS.mkdir(parents=True, exist_ok=True)
    for repeat in range(1, REPEATS + 1):
        fold = folds(data.account, FOLDS, repeat, data.churned)
        for number in range(FOLDS):
            found.append(scores(data.take(fold != number), data.take(fold == number)))
            print(f"{name}: repeat {repeat}, fold {number + 1}: {found[-1]}", flush=True)
        text = json.dumps(summary(name, data, found), indent=2)
        (RESULTS / f"accuracy-{name}.json").write_text(text + "\n", encoding="utf-8")


def shown(measured: dict[str, float], digits: int = 4, *, sign: bool = False) -> str:
    """A value with its interval."""
    mark = "+" if sign else ""
    value, low, high = (f"{measured[k]:{mark}.{digits}f}" for k in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def section(found: dict[str, object]) -> str:
    """One table of the page."""
    lines = [
        f"**{TITLES[found['table']]}**: {found['rows']:,} rows, {found['churners']:,} churners, "
        f"{found['groups']:,} groups; {found['folds']}-fold by group, {found['repeats']} repeats.",
        "",
        "| model | ROC AUC (95 % interval) | log loss (95 % interval) |",
        "|---|---|---|",
    ]
    for model, title in NAMES.items():
        measured = found["models"][model]
        lines.append(f"| {title} | {shown(measured['roc_auc'])} | {shown(measured['log_loss'])} |")
    for other in ("library", "tree"):
        paired = found["paired"][f"gbm_minus_{other}"]
        lines.append(
            f"| LightGBM less {LESS[other]}, paired | {shown(paired['roc_auc'], sign=True)} "
            f"| {shown(paired['log_loss'], sign=True)} |"
        )
    return "\n".join(lines)


def write_page() -> None:
    """Put the figures between the marks of docs/accuracy.md."""
    paths = [RESULTS / f"accuracy-{name}.json" for name in TABLES]
    parts = [section(json.loads(p.read_text(encoding="utf-8"))) for p in paths if p.is_file()]
    body = "\n\n".join(parts)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(MARKS.sub(lambda m: f"{m[1]}\n{body}\n\n{m[2]}", page), encoding="utf-8")


def main() -> None:
    """Measure the tables named (default: both) and write the page."""
    folder, *names = sys.argv[1:] or [str(ROOT.parent / "shared" / "data")]
    for name in names or list(TABLES):
        measure(name, Path(folder))
    write_page()


if __name__ == "__main__":
    main()

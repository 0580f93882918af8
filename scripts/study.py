"""Run the pipeline on several seeds of the demo operator and pool what it finds. All is simulated.

`make study` (never in CI): writes benchmarks/results/study.json and the section of docs/accuracy.md
between its marks. `--page` writes the section alone, from the file that is there.

Each seed is an operator of its own. Figures are means over the seeds; their intervals come from
resampling the accounts of each seed apart, so they hold the chance of the test cohorts, and the
spread between operators stands beside them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from churnlight.assess.measures import summary
from churnlight.assess.resampling import Scored, resample
from churnlight.backtest.ablation import ALL, FAMILIES
from churnlight.cli.replaying import ablate_project
from churnlight.files import write_json
from churnlight.params.whole import load
from churnlight.paths import Project
from churnlight.timeline import Month, default_roles, month_range

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_campaigns import SETTINGS, all_operators
from study_page import write_page
from study_reasons import added_up, reasons_of_seed

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
RESULT = ROOT / "benchmarks" / "results" / "study.json"
CAMPAIGNS = "study_campaigns.json"
PAGE = ROOT / "docs" / "accuracy.md"
LEARNERS = ("gbm", "tree")
AREAS = ("roc_auc", "pr_auc")


def run(folder: Path, *command: str) -> None:
    """A command in a project's folder, with this environment."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(command, cwd=folder, env=environment, check=True)


def project(
    folder: Path,
    seed: int,
    given: argparse.Namespace,
    months: int | None = None,
    more: Mapping[str, object] | None = None,
) -> Project:
    """A project on a demo operator of its own; `more` settings go before the usual ones."""
    settings = {"demo.seed": seed, "demo.subscribers": given.subscribers, **(more or {})}
    pairs = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    run(ROOT, "churnlight", "--quiet", "project", str(folder), *pairs)
    if months is not None:
        lengthen(folder / "params.yaml", months)
    return Project(folder)


def lengthen(file: Path, months: int) -> None:
    """Simulate so many months, and give roles to their as_ofs."""
    params = load(file)
    there = month_range(Month.parse(params.demo.start), months)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["demo"]["months"] = months
    content["extracts"]["months"] = [str(m) for m in there]
    content["as_ofs"] = default_roles(there, params.time, params.label.spend_churn_months)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def one_seed(folder: Path, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """Run a seed; its figures, and the resamples to pool."""
    made = project(folder, seed, given)
    run(folder, "dvc", "repro", "-q", "evaluate")
    params = load(made.params_file)
    details = json.loads((made.evaluation / "details.json").read_text(encoding="utf-8"))
    rows = pd.read_parquet(made.evaluation / "predictions.parquet")
    outlook = made.data / "demo" / "truth" / "outlook" / f"as_of={details['as_of']}"
    oracle = outlook.exists()
    if oracle:
        known = pd.read_parquet(outlook, columns=["subscriber_id", "p_true"])
        rows = rows.merge(known, on="subscriber_id", how="left", validate="one_to_one")
    # Another draw of accounts in each seed: the seeds are apart.
    evaluate = params.evaluate.model_copy(update={"seed": params.evaluate.seed + seed})
    churned = rows["churned"].to_numpy(dtype=bool)
    scores = {name: rows[f"probability_{name}"].to_numpy() for name in LEARNERS}
    if "p_true" in rows.columns:
        scores["oracle"] = rows["p_true"].to_numpy(dtype=np.float64)
    scored = {name: Scored.of(p, churned) for name, p in scores.items()}
    found = resample(scored, rows["account_id"].to_numpy(dtype=object), evaluate)
    ablation, held = ablate_project(made)
    return {
        "seed": seed,
        "as_of": details["as_of"],
        "subscribers": len(rows),
        "churners": int(churned.sum()),
        "tiers": {name: details["models"][name]["tiers"] for name in LEARNERS},
        "white": {name: white(rows, churned, name) for name in LEARNERS},
        "measured": found,
        "ablation": ablation,
        "features": {f: len(set(n) & set(held.frame.columns)) for f, n in FAMILIES.items()},
        "reasons": reasons_of_seed(made, rows, pd.read_parquet(outlook)) if oracle else None,
    }


def white(rows: pd.DataFrame, churned: np.ndarray, name: str) -> dict[str, float] | None:
    """Churners in white, and in as many rows that the oracle thinks likeliest."""
    if "p_true" not in rows.columns:
        return None
    inside = (rows[f"tier_{name}"] == "white").to_numpy()
    # Rows that the oracle can't tell apart share their churners.
    truth = rows["p_true"].to_numpy()
    order = np.argsort(-truth, kind="stable")
    size = int(inside.sum())
    edge = truth[order[size - 1]] if size else np.inf
    above, tied = truth > edge, truth == edge
    shared = (size - above.sum()) * churned[tied].mean() if size else 0.0
    return {
        "subscribers": size,
        "churners": int(churned[inside].sum()),
        "oracle_churners": round(float(churned[above].sum() + shared), 6),
    }


def pooled(
    runs: Sequence[Mapping[str, Any]], value: Callable[[Any, str], Mapping[Any, Any]]
) -> dict[str, Any]:
    """Mean over the seeds of a figure, with its interval and each seed's own."""
    whole = [value(r, "whole") for r in runs]
    drawn = [value(r, "drawn") for r in runs]
    names = [n for n in AREAS if n in whole[0]]
    means = summary(
        {n: np.mean([w[n] for w in whole], axis=0) for n in names},
        {n: np.mean([d[n] for d in drawn], axis=0) for n in names},
    )
    return {n: means[n] | {"seeds": [round(float(w[n][0]), 6) for w in whole]} for n in names}


def less(first: Any, second: Any, source: str) -> Callable[[Any, str], Any]:
    """First minus second of a run's resamples; second None: first alone."""

    def value(one: Mapping[str, Any], side: str) -> dict[str, np.ndarray]:
        of = getattr(one[source], side)
        if second is None:
            return dict(of[first])
        return {n: of[first][n] - of[second][n] for n in AREAS}

    return value


def share_of_oracle(name: str) -> Callable[[Any, str], Any]:
    """A learner's areas over the oracle's, in a run's resamples."""

    def value(one: Mapping[str, Any], side: str) -> dict[str, np.ndarray]:
        of = getattr(one["measured"], side)
        return {n: of[name][n] / of["oracle"][n] for n in AREAS}

    return value


def tiers(runs: Sequence[Mapping[str, Any]], learner: str) -> list[dict[str, Any]]:
    """Tiers added up over the seeds."""
    sums: dict[str, list[int]] = {}
    for one in runs:
        for tier in one["tiers"][learner]:
            of = sums.setdefault(tier["tier"], [0, 0])
            of[0] += tier["subscribers"]
            of[1] += tier["churners"]
    return [
        {"tier": name, "subscribers": n, "churners": c, "rate": round(c / n, 6) if n else None}
        for name, (n, c) in sums.items()
    ]


def result_of(runs: Sequence[Mapping[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    """Everything that study.json holds, but the backtest."""
    oracle = all("oracle" in r["measured"].whole for r in runs)
    names = (*LEARNERS, "oracle") if oracle else LEARNERS
    found: dict[str, Any] = {
        "simulated": True,
        "subscribers_a_seed": given.subscribers,
        "seeds": [{k: r[k] for k in ("seed", "as_of", "subscribers", "churners")} for r in runs],
        "models": {n: pooled(runs, less(n, None, "measured")) for n in names},
        "tree_minus_gbm": pooled(runs, less("tree", "gbm", "measured")),
        "tiers": {n: tiers(runs, n) for n in LEARNERS},
        "ablation": [
            {
                "learner": learner,
                "family": family,
                "features": runs[0]["features"][family],
                "adds": pooled(runs, less((learner, ALL), (learner, family), "ablation")),
            }
            for learner in LEARNERS
            for family in FAMILIES
        ],
    }
    if oracle:
        found["reasons"] = added_up([r["reasons"] for r in runs])
        found["minus_oracle"] = {n: pooled(runs, less(n, "oracle", "measured")) for n in LEARNERS}
        found["share_of_oracle"] = {n: pooled(runs, share_of_oracle(n)) for n in LEARNERS}
        found["white"] = {
            n: {
                key: sum(r["white"][n][key] for r in runs)
                for key in ("subscribers", "churners", "oracle_churners")
            }
            for n in LEARNERS
        }
    return found


def backtest(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Months, ageing and lead time on one longer demo."""
    made = project(folder, 1, given, given.months)
    run(folder, "dvc", "repro", "-q", "evaluate")
    run(folder, "churnlight", "--quiet", "backtest", "--parts", "months,lead")
    return {
        "months_simulated": given.months,
        **{
            part: json.loads((made.backtest / f"{part}.json").read_text(encoding="utf-8"))
            for part in ("months", "lead")
        },
    }


def campaigns(work: Path, given: argparse.Namespace) -> None:
    """The study of campaigns, into a file of its own beside the result."""

    def make(folder: Path, seed: int) -> Project:
        size = {"demo.subscribers": given.campaign_subscribers}
        made = project(folder, seed, given, more=SETTINGS | size)
        run(folder, "dvc", "repro", "-q", "features")
        return made

    kept = given.result.with_name(CAMPAIGNS)
    all_operators(work, make, given.seeds, given.campaign_subscribers, kept, resume=given.resume)


def main() -> None:
    """Run the seeds one after the other, the backtest and the campaigns; write result and page."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--subscribers", type=int, default=20_000)
    options.add_argument("--months", type=int, default=16, help="of the backtest; 0: none")
    options.add_argument("--result", type=Path, default=RESULT)
    options.add_argument("--page-file", type=Path, default=PAGE)
    options.add_argument(
        "--campaign-subscribers",
        type=int,
        default=60_000,
        help="of each in the study of campaigns",
    )
    options.add_argument("--page", action="store_true", help="write the page alone")
    options.add_argument("--campaigns", action="store_true", help="the study of campaigns alone")
    options.add_argument(
        "--resume", action="store_true", help="go on with the campaigns' operators of a run before"
    )
    given = options.parse_args()
    if not given.page and not given.campaigns:
        runs = []
        with tempfile.TemporaryDirectory() as work:
            for seed in range(1, given.seeds + 1):
                runs.append(one_seed(Path(work) / f"seed-{seed}", seed, given))
                print(f"seed {seed}: {runs[-1]['churners']} churners", flush=True)
            found = result_of(runs, given)
            # Hours may lie behind: what is there is kept before more is asked for.
            write_json(given.result, found)
            if given.months:
                found["backtest"] = backtest(Path(work) / "backtest", given)
                write_json(given.result, found)
    if given.campaign_subscribers and not given.page:
        with tempfile.TemporaryDirectory() as work:
            campaigns(Path(work), given)
    found = json.loads(given.result.read_text(encoding="utf-8"))
    if (beside := given.result.with_name(CAMPAIGNS)).exists():
        found["campaigns"] = json.loads(beside.read_text(encoding="utf-8"))
    write_page(found, given.page_file)


if __name__ == "__main__":
    main()

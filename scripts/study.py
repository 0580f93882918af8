"""Run the pipeline on several seeds of the demo operator and pool what the tiers hold.

`make study` (never in CI): writes benchmarks/results/study.json. All of it is simulated.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def outcome(folder: Path, seed: int, subscribers: int) -> dict[str, object]:
    """The summary of one seed, as `churnlight --json summary` gives it."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    make = [
        "churnlight", "project", str(folder), "--set", f"demo.seed={seed}",
        "--set", f"demo.subscribers={subscribers}",
    ]  # fmt: skip
    subprocess.run(make, cwd=ROOT, env=environment, check=True, capture_output=True)
    subprocess.run(["dvc", "repro", "evaluate"], cwd=folder, env=environment, check=True)
    details = json.loads((folder / "data/evaluation/details.json").read_text(encoding="utf-8"))
    return {"seed": seed, **{k: details[k] for k in ("subscribers", "churners", "models")}}


def pooled(runs: list[dict[str, object]], learner: str) -> list[dict[str, object]]:
    """Tiers added up over the seeds."""
    tiers: dict[str, list[int]] = {}
    for run in runs:
        for tier in run["models"][learner]["tiers"]:
            sums = tiers.setdefault(tier["tier"], [0, 0])
            sums[0] += tier["subscribers"]
            sums[1] += tier["churners"]
    return [
        {"tier": name, "subscribers": n, "churners": c, "rate": round(c / n, 6) if n else None}
        for name, (n, c) in tiers.items()
    ]


def main() -> None:
    """Run the seeds one after the other and write the pooled figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--subscribers", type=int, default=20_000)
    given = options.parse_args()
    runs = []
    with tempfile.TemporaryDirectory() as work:
        for seed in range(1, given.seeds + 1):
            runs.append(outcome(Path(work) / f"seed-{seed}", seed, given.subscribers))
            print(f"seed {seed}: {runs[-1]['churners']} churners")
    result = {
        "simulated": True,
        "subscribers_a_seed": given.subscribers,
        "seeds": [run["seed"] for run in runs],
        "tiers": {learner: pooled(runs, learner) for learner in ("gbm", "tree")},
        "roc_auc": {
            learner: [run["models"][learner]["metrics"]["roc_auc"]["value"] for run in runs]
            for learner in ("gbm", "tree")
        },
    }
    out = ROOT / "benchmarks" / "results" / "study.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

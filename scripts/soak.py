"""Kill `dvc repro` at random moments, and hold what is left to an undisturbed run.

`make soak` (never in CI): writes every kill and what became of it to benchmarks/results/soak.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from pipeline_calls import environment, hashes, make, start  # noqa: E402 - where the tests have it


def main() -> None:
    """Run once undisturbed, then kill, go on, kill ... until the run is whole; compare; repeat."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--subscribers", type=int, default=2500)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    settings = {"demo.subscribers": given.subscribers}
    draw = random.Random(given.seed)  # noqa: S311 - moments, not secrets
    rounds: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as work:
        calm = make(Path(work) / "calm", **settings)
        began = time.monotonic()
        subprocess.run(["dvc", "repro"], cwd=calm, env=environment(), check=True)
        whole = time.monotonic() - began
        expected, kills = hashes(calm), 0
        while kills < given.kills:
            folder = make(Path(work) / f"round-{len(rounds)}", **settings)
            moments = []
            while kills < given.kills and len(moments) < 10:
                run = start(folder)
                wait = draw.uniform(0.2, whole / 4)
                time.sleep(wait)
                if run.poll() is not None:
                    break
                os.killpg(run.pid, signal.SIGKILL)
                run.wait()
                moments.append(round(wait, 2))
                kills += 1
            code = start(folder).wait()
            found = hashes(folder)
            differ = sorted(k for k in expected | found if expected.get(k) != found.get(k))
            rounds.append({"kills_after_s": moments, "exit_code": code, "differ": differ})
            print(f"{kills} kills, round {len(rounds)}: exit {code}, {len(differ)} files differ")
    result = {
        "kills": kills,
        "rounds": rounds,
        "files_compared": len(expected),
        "subscribers": given.subscribers,
        "passed": all(not r["differ"] and r["exit_code"] == 0 for r in rounds),
    }
    out = ROOT / "benchmarks" / "results" / "soak.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    sys.exit(0 if result["passed"] else 1)


if __name__ == "__main__":
    main()

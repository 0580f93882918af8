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
BIN = Path(sys.executable).parent
OUTPUTS = ("data", "models", "reports")


def environment() -> dict[str, str]:
    """This environment's commands first on PATH."""
    return os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


def make(folder: Path, subscribers: int) -> Path:
    """A project of its own with a small demo."""
    command = [
        "churnlight", "project", str(folder), "--set", f"demo.subscribers={subscribers}",
        "--set", "evaluate.bootstrap=200", "--set", "train.gbm.max_rounds=80",
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, env=environment(), check=True, capture_output=True)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    """Every stage output by name; what track wrote of MLflow is excepted."""
    sys.path.insert(0, str(ROOT / "src"))
    from churnlight.files import sha256_of

    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for name in OUTPUTS
        for path in sorted((folder / name).rglob("*"))
        if path.is_file() and path.name != ".gitignore" and "tracking" not in path.parts
    }


def start(folder: Path) -> subprocess.Popen[bytes]:
    """`dvc repro` in a process group of its own, so that a kill reaches its stages too."""
    return subprocess.Popen(
        ["dvc", "repro"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main() -> None:
    """Run once undisturbed, then kill, go on, kill ... until the run is whole; compare; repeat."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--subscribers", type=int, default=2500)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    draw = random.Random(given.seed)  # noqa: S311 - moments, not secrets
    rounds: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as work:
        calm = make(Path(work) / "calm", given.subscribers)
        began = time.monotonic()
        subprocess.run(["dvc", "repro"], cwd=calm, env=environment(), check=True)
        whole = time.monotonic() - began
        expected, kills = hashes(calm), 0
        while kills < given.kills:
            folder = make(Path(work) / f"round-{len(rounds)}", given.subscribers)
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

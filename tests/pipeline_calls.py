"""What the tests of the whole pipeline share: a project of its own, and what DVC ran."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import yaml

from churnlight.files import sha256_of

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
SETTINGS = {
    "demo.subscribers": 2500,
    "demo.seed": 11,
    "evaluate.bootstrap": 200,
    "train.gbm.max_rounds": 80,
}
OUTPUTS = ("data", "models", "reports")


def environment(**changes: str) -> dict[str, str]:
    base = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "CHURNLIGHT_"))}
    return base | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"} | changes


def call(folder: Path, *command: str, code: int = 0, **changes: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == code, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr


def start(
    folder: Path, *command: str, said: IO[bytes] | int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """`dvc repro`, or `command`, in a process group of its own, so that a kill reaches its stages.

    What it says goes to `said`.
    """
    return subprocess.Popen(
        command or ("dvc", "repro"),
        cwd=folder,
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=said,
        stderr=said,
        start_new_session=True,
    )


def make(folder: Path, **settings: object) -> Path:
    pairs = [
        argument
        for key, value in (SETTINGS | settings).items()
        for argument in ("--set", f"{key}={value}")
    ]
    call(ROOT, "churnlight", "project", str(folder), *pairs)
    return folder


def ran(text: str) -> list[str]:
    """Stages that `dvc repro` ran, by its own words."""
    return re.findall(r"Running stage '(?:\.\./|demo/dvc\.yaml:)?([^']+)'", text)


def change(folder: Path, edit: Callable[[dict], object]) -> None:
    file = folder / "params.yaml"
    content = yaml.safe_load(file.read_text())
    edit(content)
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def hashes(folder: Path) -> dict[str, str]:
    """Every stage output; MLflow's store and what track wrote of it are excepted."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for name in OUTPUTS
        for path in sorted((folder / name).rglob("*"))
        if path.is_file() and path.name != ".gitignore" and "tracking" not in path.parts
    }

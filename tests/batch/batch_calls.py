"""What the batch's tests share: how the command is called, and what a partition holds."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from churnlight.files import sha256_of
from pipeline_calls import call, environment

NAME = Path(sys.executable).parent / "churnlight"
AS_OF = "2025-10-01"


def score(folder: Path, *options: str, code: int = 0, as_of: str = AS_OF) -> str:
    return call(folder, str(NAME), "score", "--as-of", as_of, *options, code=code)


def partition(folder: Path, as_of: str = AS_OF) -> Path:
    return folder / "data" / "scores" / f"as_of={as_of}"


def copy_bare(finished: Path, folder: Path) -> Path:
    """What a host has that only scores: parameters, extracts and models of a finished project."""
    (folder / "data").mkdir(parents=True)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(finished / name, folder / name)
    for name in ("data/demo", "models"):
        shutil.copytree(finished / name, folder / name)
    return folder


def hashes(folder: Path) -> dict[str, str]:
    """By file; without run.json, which has the times."""
    return {
        str(path.relative_to(folder)): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run.json"
    }


def whole(folder: Path) -> bool:
    """Whether a partition that is seen is as its manifest says."""
    if not folder.exists():
        return True
    manifest = json.loads((folder / "manifest.json").read_text())
    found = {k: v for k, v in hashes(folder).items() if k != "manifest.json"}
    return bool(manifest["files"] == found)


def kill_at(folder: Path, line: str, *options: str) -> bool:
    """Start a run and kill it as soon as its log says `line`; whether it said so."""
    running = subprocess.Popen(
        [str(NAME), "score", "--as-of", AS_OF, *options],
        cwd=folder,
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr is not None
    said = any(line in found for found in running.stderr)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    running.stderr.close()
    return said

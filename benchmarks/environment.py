"""The peers' own environment, benchmarks/.venv, made when it is missing or its pins have moved."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.machine import ROOT

FOLDER = ROOT / "benchmarks" / ".venv"
PINS = ROOT / "benchmarks" / "peers.txt"

log = logging.getLogger("benchmarks")


def peers_python() -> Path:
    """The interpreter that has the peers; installs them on first use.

    Raises:
        subprocess.CalledProcessError: when they can't be installed; the installer's words are on
            stderr.
    """
    python = FOLDER / "bin" / "python"
    ready = FOLDER / ".ready"
    pins = PINS.read_text(encoding="utf-8")
    if ready.is_file() and ready.read_text(encoding="utf-8") == pins:
        return python
    log.info("installing the peers into %s", FOLDER.relative_to(ROOT))
    shutil.rmtree(FOLDER, ignore_errors=True)
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv:
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(FOLDER))
        _run(uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(PINS))
    else:
        _run(sys.executable, "-m", "venv", str(FOLDER))
        _run(str(python), "-m", "pip", "install", "--quiet", "-r", str(PINS))
    ready.write_text(pins, encoding="utf-8")
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603

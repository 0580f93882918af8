"""Which code is running: its commit, and the hash of its own bytes where there is no Git."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

_PACKAGE = Path(__file__).parent
# Byte code and what numba compiles depend on interpreter and machine, and come with the first use;
# everything else of the package decides what it does.
_LEFT_OUT = {".pyc", ".pyo", ".nbc", ".nbi"}


def git_commit(root: Path) -> str:
    """Commit of the sources: the project's, or those of the package where that has no Git.

    Args:
        root: the project's folder.

    Returns:
        40 hexadecimal digits, "-dirty" appended where the folder differs; "none" without Git.
    """
    found = _described(root)
    return found if found != "none" else _commit_of_package()


@cache
def source_sha256() -> str:
    """SHA-256 over names and contents of the package's files, whatever Git knows of them."""
    digest = sha256()
    for path in sorted(p for p in _PACKAGE.rglob("*") if p.is_file()):
        name = path.relative_to(_PACKAGE).as_posix()
        if path.suffix not in _LEFT_OUT:
            digest.update(f"{name}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


@cache
def _commit_of_package() -> str:
    """Only where Git knows its files: a package installed in somebody's project is not its code."""
    known = _git(_PACKAGE, "ls-files", "--error-unmatch", "__init__.py")
    return "none" if known is None else _described(_PACKAGE)


def _described(folder: Path) -> str:
    return _git(folder, "describe", "--always", "--dirty", "--abbrev=40") or "none"


def _git(folder: Path, *arguments: str) -> str | None:
    program = shutil.which("git")
    if program is None:
        return None
    command = [program, "-C", str(folder), *arguments]
    try:
        # A list and no shell: nothing in a folder's name is looked at as a command.
        done = subprocess.run(  # noqa: S603  # nosec B603
            command, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()

"""Machines that fail: a disk that is full or only to be read, memory that ends, a dead server."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def limited(what: str, kilobytes: int, *command: str) -> list[str]:
    """`command` under a limit of its own, which needs no right.

    Args:
        what: "f": the size of a file it writes; "d": the memory it may ask for.
        kilobytes: the limit.
        command: to run.
    """
    # The shell counts files in blocks of 512 bytes (sh) and memory in kilobytes.
    amount = 2 * kilobytes if what == "f" else kilobytes
    return ["sh", "-c", f'ulimit -{what} {amount}; exec "$@"', "sh", *command]


def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Disk:
    """A file system of its own in memory; needs root and the right to mount."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _remount(self, options: str) -> None:
        command = ["mount", "-o", f"remount,{options}", str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)

    def leave(self, kilobytes: int) -> None:
        """Leave that much room, and let it be written."""
        # In whole blocks: a size of 0 would be no limit.
        found = os.statvfs(self.folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize // 1024
        self._remount(f"rw,size={used + kilobytes}k")

    def protect(self) -> None:
        """Let it only be read, by root too."""
        self._remount("ro")


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Disk | None]:
    """Mount a small disk; None where this machine does not let us."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "churnlight-test", str(folder)]
    try:
        mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

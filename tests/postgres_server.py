"""A PostgreSQL server of the tests' own: real, in a temporary folder, gone when they are."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "listen_addresses=127.0.0.1",
    "max_connections=30",
    "client_connection_check_interval=200ms",
    "log_statement=all",
)
# Over TCP a password is asked for; the superuser comes in by the socket.
_HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        folder: with the socket, data and server.log.
        port: on 127.0.0.1, and in the socket's name.
    """

    folder: Path
    port: int

    def admin(self, database: str = "postgres") -> Any:
        """A connection as superuser, committing each statement."""
        import psycopg

        return psycopg.connect(
            host=str(self.folder),
            port=self.port,
            user="admin",
            dbname=database,
            autocommit=True,
        )

    def address(self, user: str, database: str) -> str:
        """As `--to` takes it."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    @property
    def log(self) -> str:
        """What the server logged."""
        return (self.folder / "server.log").read_text(errors="replace")


def programs() -> Path | None:
    """The folder with initdb and postgres: Debian keeps it off PATH."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    found.sort(key=lambda p: float(p.parent.name))
    for name in ("initdb", "postgres"):
        on_path = shutil.which(name)
        if on_path is None:
            break
    else:
        found.insert(0, Path(shutil.which("initdb") or "").resolve().parent)
    whole = [p for p in found if (p / "initdb").is_file() and (p / "postgres").is_file()]
    return whole[-1] if whole else None


@contextmanager
def running(binaries: Path) -> Iterator[Server]:
    """Start a server, and end it whatever happens."""
    # Not pytest's folder: it is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="churnlight-postgres-"))
    user = _user()
    try:
        if user:
            os.chown(folder, user["user"], user["group"])
        data = folder / "data"
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "admin", "--encoding=UTF8", "--locale=C"],
            check=True,
            capture_output=True,
            cwd=folder,
            **user,
        )
        (data / "pg_hba.conf").write_text(_HBA)
        with _started(binaries, folder, data, user) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> dict[str, Any]:
    """Whom the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise RuntimeError("root can't run PostgreSQL, and there is neither postgres nor nobody")


@contextmanager
def _started(binaries: Path, folder: Path, data: Path, user: dict[str, Any]) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = [f"port={port}", f"unix_socket_directories={folder}", *_SETTINGS]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *(w for s in settings for w in ("-c", s))],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no threads of ours yet
            **user,
        )
    server = Server(folder, port)
    try:
        _wait(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_with_parent() -> None:
    """Linux: a test run that is killed leaves no server behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    until = time.monotonic() + 60
    while True:
        try:
            server.admin().close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {server.log[-2000:]}") from None
            time.sleep(0.1)
        else:
            return

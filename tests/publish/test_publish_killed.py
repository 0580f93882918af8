"""Publishing is killed for real, or meets another one: the database is as before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from publish_world import PASSWORD, Base, Model, send, write

from churnlight.errors import Locked
from churnlight.paths import Project

pytestmark = pytest.mark.slow
OTHER = Model(version="4", sha256="cd" * 32)
_CALL = "from churnlight.cli import main; main()"
_HERE = "application_name = 'churnlight publish' and datname = current_database()"


@contextmanager
def held(base: Base, table: str) -> Iterator[None]:
    """Nobody writes this table meanwhile."""
    with base.server.admin(base.name) as holder:
        holder.autocommit = False
        holder.execute(f"lock table churnlight.churnlight_{table} in share mode")
        yield
        holder.rollback()


@contextmanager
def stuck(project: Project, base: Base) -> Iterator[subprocess.Popen[str]]:
    """A publish that waits for a table that is held."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CALL, "publish", "--to", base.address],
        cwd=project.root,
        env=os.environ | {"PGPASSWORD": PASSWORD, "CHURNLIGHT_PROJECT": str(project.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait(base, f"{_HERE} and wait_event_type = 'Lock'", 1)
        yield process
    finally:
        process.kill()
        process.communicate()


def wait(base: Base, which: str, count: int) -> None:
    until = time.monotonic() + 60
    query = "select count(*) from pg_stat_activity where " + which  # noqa: S608 - ours
    while base.rows(query) != [(count,)]:
        assert time.monotonic() < until, base.rows("select * from pg_stat_activity")
        time.sleep(0.05)


@pytest.mark.parametrize("table", ["scores", "reasons", "publications"])
def test_killed_at_any_step_the_old_state_stays(project: Project, base: Base, table: str) -> None:
    """Stopped before the first row, between scores and reasons, and with all rows in."""
    write(project)
    send(project, base.target())
    before = base.state()
    write(project, model=OTHER)
    with held(base, table), stuck(project, base) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait(base, _HERE, 0)
    assert base.state() == before
    assert send(project, base.target()).done == "new"
    assert base.rows("select distinct model_version from churnlight.churnlight_current") == [
        (OTHER.key,)
    ]


def test_readers_see_the_old_state_until_the_new_one_is_whole(project: Project, base: Base) -> None:
    write(project)
    send(project, base.target())
    write(project, model=OTHER)
    query = "select distinct model_version from churnlight.churnlight_current"
    with held(base, "publications"), stuck(project, base):
        # Not held up either.
        assert base.rows(query) == [(Model().key,)]


def test_two_at_once_do_not_interleave(project: Project, base: Base) -> None:
    write(project)
    send(project, base.target())
    write(project, model=OTHER)
    with (
        held(base, "reasons"),
        stuck(project, base),
        pytest.raises(Locked, match="another `churnlight publish`"),
    ):
        send(project, base.target())
    # Another schema is another place.
    with held(base, "reasons"), stuck(project, base):
        assert send(project, base.target(schema="beside")).done == "new"

"""What all tests share: where things are, what they may lean on, and what CI may not skip."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from churnlight.engine import Engine, connect
from churnlight.params.data import EngineParams

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data for tests, which is not ours to ship; an outsider's clone has none."""
    if not SHARED.is_dir():
        pytest.skip("needs the real data in ../shared/data, which are not part of the repository")
    return SHARED


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One Spark session for all tests of a process."""
    if shutil.which("java") is None:
        pytest.skip("needs Java for Spark (Debian: apt-get install openjdk-17-jre-headless)")
    pytest.importorskip("pyspark", reason="needs pyspark")
    params = EngineParams(name="spark", threads=2, memory_limit_gb=2.0)
    with connect(params, tmp_path_factory.mktemp("spark")) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A real PostgreSQL of the tests' own; see `postgres_server.Server`."""
    import postgres_server

    binaries = postgres_server.programs()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with postgres_server.running(binaries) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, which asks the network for nothing of its own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as play:
        running = play.chromium.launch(executable_path=program, args=SWITCHES)
        yield running
        running.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """In CI a skip is a failure: `.ci/run` installs whatever a test could miss."""
    report = yield
    if (
        os.environ.get("CHURNLIGHT_NO_SKIPS") == "1"
        and report.skipped
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr[2]}"
    return report


@pytest.fixture(autouse=True)
def _no_home_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests find the project that they name, never the one the shell is in."""
    monkeypatch.delenv("CHURNLIGHT_PROJECT", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """The command sets up the package's log; no test finds it as another one left it."""
    _reset_log()
    yield
    _reset_log()


def _reset_log() -> None:
    log = logging.getLogger("churnlight")
    log.handlers, log.propagate = [], True
    log.setLevel(logging.NOTSET)

"""What the machine lacks is told in one line with what to do; a bug of ours stays one."""

from __future__ import annotations

import errno
import logging
import shutil
import sqlite3
from pathlib import Path

import pytest

from churnlight.stages import guard


class OutOfMemoryException(Exception):  # noqa: N818 - DuckDB's name
    """As DuckDB raises it."""


PLACE = "make room or give yourself the right there, and run again: what was finished is kept"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "data/x"), "data/x can't be written"),
        (OSError(errno.EROFS, "Read-only file system", "data/x"), "Read-only file system"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "data/x"), "data/x can't be"),
        (shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]), "[Errno 28] No"),
        (sqlite3.OperationalError("database or disk is full"), "database or disk is full. Name"),
        # DuckDB's own words.
        (ValueError('IO Error: Could not write file "x": No space left on device'), "IO Error"),
    ],
    ids=["full", "read-only", "a file in its place", "a tree copied", "SQLite", "DuckDB"],
)
def test_a_place_that_takes_nothing(error: Exception, said: str) -> None:
    told = guard.of_the_machine(error)
    assert told is not None
    assert said in told
    assert told.endswith(PLACE)
    assert "\n" not in told


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (MemoryError(), "(MemoryError). This machine has no more: lower engine.memory_limit_gb"),
        (
            OutOfMemoryException("could not allocate block (28.5 MiB/28.6 MiB used)"),
            "used)). Raise engine.memory_limit_gb",
        ),
        (ValueError("std::bad_alloc"), "lower engine.memory_limit_gb"),
        (ImportError("libx.so: failed to map segment from shared object"), "lower engine"),
    ],
    ids=["Python", "DuckDB's limit", "LightGBM", "the loader"],
)
def test_memory_that_ends(error: Exception, advice: str) -> None:
    told = guard.of_the_machine(error)
    assert told is not None
    assert told.startswith("memory ran out (")
    assert advice in told


def test_it_is_found_behind_other_errors() -> None:
    outer = ValueError("the page can't be drawn")
    outer.__cause__ = OSError(errno.ENOSPC, "No space left on device", "page.html")
    assert "page.html can't be written" in (guard.of_the_machine(outer) or "")


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("a"), FileNotFoundError(2, "gone")])
def test_a_bug_stays_a_bug(error: Exception) -> None:
    assert guard.of_the_machine(error) is None


def test_the_details_find_a_place_where_the_project_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".work").write_text("a file where the folder should be")
    monkeypatch.setattr(guard, "scratch_folder", lambda: tmp_path / ".work")
    monkeypatch.setattr(guard.tempfile, "gettempdir", lambda: str(tmp_path / "elsewhere"))

    def work() -> None:
        raise ValueError("ours")

    with caplog.at_level(logging.ERROR, "churnlight"):
        assert guard.guarded(work) == 1
    (kept,) = (tmp_path / "elsewhere").iterdir()
    assert str(kept) in caplog.text
    assert "ValueError" in kept.read_text()
    assert len(caplog.records) == 1

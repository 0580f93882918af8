"""Files appear whole or not at all, and what a killed process left goes away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from churnlight import files

KILLED = """
import os, signal, sys
from pathlib import Path
from churnlight import files
target = Path(sys.argv[2])
with getattr(files, sys.argv[1])(target) as part:
    (part / "half" if part.is_dir() else part).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_writing(how: str, target: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, how, str(target)], check=False)
    assert done.returncode == -9


@pytest.mark.parametrize("how", ["atomic_file", "atomic_folder"])
def test_a_killed_write_leaves_the_old_and_is_swept_by_the_next(tmp_path: Path, how: str) -> None:
    target = tmp_path / "month=2025-01.json"
    foreign = tmp_path / f".another.{os.getpid()}.part.json"
    foreign.write_text("of another output")

    def write(text: str) -> None:
        with getattr(files, how)(target) as part:
            (part / "whole" if part.is_dir() else part).write_text(text)

    def read() -> str:
        return (target / "whole" if target.is_dir() else target).read_text()

    write("first")
    killed_while_writing(how, target)
    assert read() == "first"
    assert len(list(tmp_path.iterdir())) == 3
    write("second")
    assert read() == "second"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([foreign.name, target.name])


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    beside = tmp_path / f".a.json.{os.getppid()}.part.json"
    beside.write_text("in the midst of it")
    files.write_json(tmp_path / "a.json", {})
    assert beside.exists()


@pytest.mark.parametrize("how", ["atomic_file", "atomic_folder"])
def test_an_error_leaves_the_old_and_nothing_beside_it(tmp_path: Path, how: str) -> None:
    target = tmp_path / "out"
    with getattr(files, how)(target) as part:
        (part / "whole" if part.is_dir() else part).write_text("first")
    with pytest.raises(RuntimeError), getattr(files, how)(target):
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert (target / "whole" if target.is_dir() else target).read_text() == "first"


def test_dvc_never_takes_what_was_left_for_an_output(tmp_path: Path) -> None:
    """Persisted outputs are not emptied before a stage runs: names left there must be ignored."""
    from dvc.ignore import DvcIgnoreFilter
    from dvc.repo import Repo

    (tmp_path / "scores").mkdir()
    root = Path(__file__).resolve().parents[1]
    (tmp_path / ".dvcignore").write_text((root / ".dvcignore").read_text())
    names = (".as_of=2025-01-01.7.x_y.part", ".as_of=2025-01-01.7.xy.old", ".a.json.7.part.json")
    with Repo.init(str(tmp_path), no_scm=True) as repo:
        ignored = DvcIgnoreFilter(repo.fs, str(tmp_path))
        assert [n for n in names if not ignored.is_ignored_file(str(tmp_path / "scores" / n))] == []
        assert not ignored.is_ignored_file(str(tmp_path / "scores" / "scores.parquet"))

"""DVC writes its locks in place; a part of one is put aside, a whole one is left alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from dvc.lock import make_lock

from churnlight.cli.repro import put_aside_torn
from pipeline_calls import call

WHOLE = """schema: '2.0'
stages:
  roles:
    cmd: python -m churnlight.stages.roles
    deps:
    - path: data/windows
      hash: md5
      md5: 2a475fb1d641625a1585233a403f9876.dir
      size: 1450
      nfiles: 4
"""


@pytest.mark.parametrize(
    ("text", "torn"),
    [
        (WHOLE, False),
        ("", True),
        (WHOLE[:4], True),
        (WHOLE[: WHOLE.index("cmd") + 3], True),
        (WHOLE[: WHOLE.index("'2.0") + 3], True),
        # The end of a number is lost: whole to DVC, which runs the stage again.
        (WHOLE[: WHOLE.index("50\n")], False),
    ],
    ids=["whole", "empty", "a word", "a stage's name", "a quote", "a number"],
)
def test_a_torn_one_is_put_aside(tmp_path: Path, text: str, torn: bool) -> None:
    for name in ("dvc.lock", "demo/dvc.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text if name == "dvc.lock" else WHOLE)
    assert put_aside_torn(tmp_path) == (["dvc.lock"] if torn else [])
    kept = tmp_path / ("dvc.lock.torn" if torn else "dvc.lock")
    assert kept.read_text() == text
    assert (tmp_path / "dvc.lock").exists() != torn
    assert (tmp_path / "demo" / "dvc.lock").read_text() == WHOLE


@pytest.mark.parametrize(("text", "torn"), [("", True), ('{"data": {"re', True), ("{}", False)])
def test_who_works_on_what_is_put_aside_too(tmp_path: Path, text: str, torn: bool) -> None:
    path = tmp_path / ".dvc" / "tmp" / "rwlock"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert put_aside_torn(tmp_path) == ([".dvc/tmp/rwlock"] if torn else [])
    assert path.exists() != torn


def test_another_dvc_at_work_keeps_its_files(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text("")
    scratch = tmp_path / ".dvc" / "tmp"
    scratch.mkdir(parents=True)
    with make_lock(str(scratch / "lock"), tmp_dir=str(scratch)):
        code = (
            "from pathlib import Path\n"
            "from churnlight.cli.repro import put_aside_torn\n"
            "print(put_aside_torn(Path.cwd()))"
        )
        assert call(tmp_path, sys.executable, "-c", code).strip() == "[]"
    assert put_aside_torn(tmp_path) == ["dvc.lock"]


def test_a_project_that_never_ran_has_none(tmp_path: Path) -> None:
    assert put_aside_torn(tmp_path) == []

"""The same through the command: whatever a folder or params.yaml holds, no traceback is shown."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hostile_cases import CDR, Case, Refusal, call, lines
from test_hostile_corpus import CASES, ROOT, make

from churnlight.check import run
from churnlight.cli import main

# One of each sort; the others go through the functions that this command calls.
SAMPLE = (
    *("GB18030 in the cells", "a quote that is not closed", "a line with too many cells"),
    *("no header", "gzip cut short", "a null byte in an id", "all dates in another style"),
    *("Parquet with changed bytes in a page", "a link out of the folder", "nothing but duplicates"),
)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no project's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    told = "".join(capsys.readouterr())
    assert "Traceback" not in told
    return int(left.value.code or 0), told


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name in SAMPLE], ids=lambda case: case.name
)
def test_the_command_tells_it_without_a_traceback(
    case: Case, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(case, outside / "extracts")
    code, told = said(capsys, "check", outside / "extracts")
    assert "unexpected" not in told
    if isinstance(case.outcome, Refusal):
        assert code == 3
        flat = re.sub(r"\s+", "", told)
        assert all(re.sub(r"\s+", "", part) in flat for part in case.outcome.says)
        assert not any(part in told for part in case.outcome.unsaid)
    else:
        assert code in (0, 3)


def test_the_sample_names_cases_that_there_are() -> None:
    assert len([case for case in CASES if case.name in SAMPLE]) == len(SAMPLE)


def test_an_unexpected_error_is_one_line_with_a_files_path(
    outside: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = outside / "extracts" / "cdr" / "month=2025-01"
    folder.mkdir(parents=True)
    (folder / "part.csv").write_text(lines(CDR, call(1)))
    monkeypatch.setattr(run, "check_month", lambda *_: 1 / 0)
    code, told = said(capsys, "check", outside / "extracts")
    assert code == 1
    shown = [line for line in told.splitlines() if "unexpected" in line]
    assert len(shown) == 1
    found = re.search(r"unexpected ZeroDivisionError: the details are in (\S+);", shown[0])
    assert found is not None
    assert "ZeroDivisionError" in Path(found[1]).read_text()


@pytest.mark.parametrize(
    "text", ["engine: [", "\0", "trian: 1\n", "time:\n  window_months: 2025-02-30\n", "- 1\n"]
)
def test_a_hostile_params_file(
    text: str, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copyfile(ROOT / "dvc.yaml", outside / "dvc.yaml")
    (outside / "params.yaml").write_text(text)
    code, told = said(capsys, "check")
    assert code == 2
    assert "unexpected" not in told
    assert "params.yaml" in told

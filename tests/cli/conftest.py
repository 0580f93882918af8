from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_calls import ROOT, Call, Said

from churnlight.cli import main


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Run the command in a folder without a project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("CHURNLIGHT_PSEUDONYM_KEY", raising=False)

    def run(*arguments: object) -> Said:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        said = Said(int(left.value.code or 0), *capsys.readouterr())
        assert "Traceback" not in said.out + said.err
        assert "unexpected" not in said.err, said.err
        return said

    return run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> Path:
    """A project's folder, without DVC: what `use` and `summary` need."""
    del call
    folder = tmp_path / "trial"
    folder.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(ROOT / name, folder / name)
    monkeypatch.chdir(folder)
    return folder

"""Which code ran: told beside outputs, never inside them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from churnlight import commit
from churnlight.stages.stage import running


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    command = ["git", *who, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "a $(touch x); folder"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "__init__.py").write_text("a = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch) -> Path:
    """No folder above the tests' counts as a repository, and the package stands in one of none."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setattr(commit, "_PACKAGE", tmp_path)
    commit._commit_of_package.cache_clear()
    yield tmp_path
    commit._commit_of_package.cache_clear()


def test_a_projects_commit_and_whether_it_differs(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    assert commit.git_commit(repository) == head
    (repository / "__init__.py").write_text("a = 2\n")
    assert commit.git_commit(repository) == f"{head}-dirty"
    assert not (repository.parent / "x").exists()


def test_without_git_it_is_the_packages_or_none(elsewhere: Path, repository: Path) -> None:
    plain = elsewhere / "plain"
    plain.mkdir()
    assert commit.git_commit(plain) == "none"
    # An installed package may lie in somebody's repository, which says nothing of it.
    commit._commit_of_package.cache_clear()
    installed = repository / ".venv"
    installed.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commit, "_PACKAGE", installed)
        assert commit.git_commit(plain) == "none"
        commit._commit_of_package.cache_clear()
        patch.setattr(commit, "_PACKAGE", repository)
        assert commit.git_commit(plain) == git(repository, "rev-parse", "HEAD")


def test_the_source_has_a_hash_of_its_own(elsewhere: Path) -> None:
    (elsewhere / "a.py").write_text("1")
    commit.source_sha256.cache_clear()
    first = commit.source_sha256()
    assert re.fullmatch("[0-9a-f]{64}", first)
    (elsewhere / "a.pyc").write_text("byte code")
    commit.source_sha256.cache_clear()
    assert commit.source_sha256() == first
    (elsewhere / "a.py").write_text("2")
    commit.source_sha256.cache_clear()
    assert commit.source_sha256() != first
    commit.source_sha256.cache_clear()


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    (tmp_path / "params.yaml").write_text("{}\n")
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(tmp_path))
    return tmp_path


def test_a_stage_leaves_a_note_of_its_run(project: Path) -> None:
    with running("marts", "2025-01"):
        pass
    noted = json.loads((project / "logs" / "runs" / "marts@2025-01.json").read_text())
    assert noted["stage"] == "marts@2025-01"
    assert noted["source_sha256"] == commit.source_sha256()
    assert noted["commit"] == commit.git_commit(project)
    assert noted["begun"] <= noted["ended"]


def test_a_stage_that_failed_leaves_none_and_one_without_a_place_does_not_fail(
    project: Path, caplog
) -> None:
    with pytest.raises(ValueError, match="no"), running("score"):
        raise ValueError("no")
    assert not (project / "logs").exists()
    (project / "logs").write_text("a file stands where the folder should")
    with running("score"):
        pass
    assert "score: no note of this run" in caplog.text

"""`churnlight forget`: who is on the list is gone, from rows, files and tables, and stays so."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from privacy_world import ANN, MONTH, NUMBER, make_operator, naming, take_out

from churnlight.check.verdict import Verdict, read_verdict
from churnlight.errors import DataRefused, UsageError
from churnlight.files import read_json
from churnlight.forgetting import Forgetting
from churnlight.paths import Project
from churnlight.stages.check import check
from churnlight.stages.inventory import inventory
from churnlight.stages.marts import marts
from churnlight.stages.shadow import project_is
from churnlight.suppression import key_file, list_file, take_over
from churnlight.timeline import Month


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Checked, and with marts; nobody is forgotten."""
    made = make_operator(tmp_path_factory.mktemp("before"))
    rerun(made)
    return made


@pytest.fixture(scope="module")
def done(before: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Forgetting]:
    """A copy in which she is forgotten, by an id in capitals; nothing was run again."""
    made = copy(before, tmp_path_factory.mktemp("done"))
    return made, take_out(made, ANN.upper())


@pytest.fixture(scope="module")
def after(done: tuple[Project, Forgetting], tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of that in which all ran again."""
    made = copy(done[0], tmp_path_factory.mktemp("after"))
    rerun(made)
    return made


def copy(project: Project, folder: Path) -> Project:
    shutil.copytree(project.root, folder, dirs_exist_ok=True)
    return Project(folder)


def rerun(project: Project) -> None:
    with project_is(project.root):
        inventory()
        check()
        marts(MONTH)


def mart(project: Project, name: str) -> list[dict[str, object]]:
    path = project.mart(Month.parse(MONTH)) / f"{name}.parquet"
    rows: list[dict[str, object]] = pq.read_table(path, partitioning=None).to_pylist()
    return rows


def verdict(project: Project, name: str) -> Verdict:
    found = read_verdict(project.check, name, MONTH)
    assert found is not None
    return found


def test_it_was_everywhere_and_is_nowhere(
    before: Project, done: tuple[Project, Forgetting], after: Project
) -> None:
    held = naming(before.data, "SECRETID123")
    assert len(held) > 3
    assert naming(done[0].data, "SECRETID123") == []
    assert {t.path for t in done[1].touched} == {f"data/{path}" for path in held}
    # A later run does not bring her back.
    assert naming(after.data, "SECRETID123") == []
    assert naming(after.root / "extracts", "SECRETID123") != []


def test_it_says_what_it_did_and_not_to_whom(done: tuple[Project, Forgetting]) -> None:
    said = str(done[1])
    assert "secretid" not in said.lower()
    assert "1 on the list, 1 numbers hidden" in said
    assert "data/quarantine: rows removed" in said
    assert "the extracts are yours" in said


def test_every_row_has_its_fate(before: Project, after: Project) -> None:
    for name in ("cdr", "billing", "subscribers", "numbers"):
        assert verdict(after, name).rows == verdict(before, name).rows
    # Of cdr: three of hers, one of them bad; cat's bad row stays bad.
    found = verdict(after, "cdr")
    assert found.refused == {"duration_s_below_minimum": 1, "forgotten": 3}
    assert (found.rows, found.kept, found.refused_share) == (8, 4, 1 / 8)
    for name in ("billing", "subscribers", "numbers"):
        assert verdict(after, name).refused == {"forgotten": 1}


def test_others_keep_what_they_did(before: Project, after: Project) -> None:
    usage = {row["subscriber_id"]: row for row in mart(before, "usage")}
    left = {row["subscriber_id"]: row for row in mart(after, "usage")}
    assert set(usage) - set(left) == {ANN}
    assert left["bob"] == usage["bob"]
    edges = {(row["subscriber_id"], row["counterpart_id"]) for row in mart(after, "edges")}
    assert edges == {("bob", "cat"), ("cat", "bob")}


def test_the_quarantine_keeps_others_rows_without_the_name(after: Project) -> None:
    removed = after.quarantine / "cdr" / f"month={MONTH}" / "refused.parquet"
    rows = pq.read_table(removed, partitioning=None).to_pylist()
    assert [(r["subscriber_id"], r["counterpart_id"], r["reason"]) for r in rows] == [
        ("cat", None, "duration_s_below_minimum")
    ]


def test_the_list_names_nobody(done: tuple[Project, Forgetting]) -> None:
    text = list_file(done[0]).read_text()
    assert "secretid" not in text.lower()
    content = json.loads(text)
    key = key_file(done[0]).read_bytes().strip()
    for name, identifier in (("subscribers", ANN), ("numbers", NUMBER)):
        digest = hmac.new(key, identifier.lower().encode(), "sha256").hexdigest()
        assert content[name] == [digest[:32]]
        assert hashlib.sha256(identifier.lower().encode()).hexdigest()[:32] not in text
    assert stat.S_IMODE(key_file(done[0]).stat().st_mode) == 0o600


def test_twice_adds_nobody(done: tuple[Project, Forgetting], tmp_path: Path) -> None:
    project = copy(done[0], tmp_path)
    again = take_out(project, f" {ANN} ")
    assert (again.already, again.listed, again.touched) == (True, 1, [])
    assert list_file(project).read_bytes() == list_file(done[0]).read_bytes()


def test_without_key_or_list_the_check_stops(
    done: tuple[Project, Forgetting], tmp_path: Path
) -> None:
    project = copy(done[0], tmp_path)
    key = key_file(project).read_bytes()
    key_file(project).unlink()
    with pytest.raises(UsageError, match="the key of their list is missing"):
        rerun(project)
    key_file(project).write_text("f" * 64)
    key_file(project).chmod(0o600)
    with pytest.raises(UsageError, match="made with another key"):
        rerun(project)
    key_file(project).write_bytes(key)
    key_file(project).chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        rerun(project)
    list_file(project).unlink()
    with pytest.raises(UsageError, match="would come back"):
        rerun(project)


def test_a_mart_brings_nobody_back_where_the_list_is_lost(after: Project, tmp_path: Path) -> None:
    project = copy(after, tmp_path)
    (project.check / "suppression.json").unlink()
    with project_is(project.root), pytest.raises(DataRefused, match="does not say whom"):
        marts(MONTH)


def test_nobody_on_the_list_changes_nothing(before: Project) -> None:
    made_from = read_json(before.check / "cdr" / f"month={MONTH}.json")["made_from"]
    assert isinstance(made_from, dict)
    for content in (made_from, read_json(before.activity(Month.parse(MONTH)))):
        assert "suppression_sha256" not in content


def test_a_temporary_copy_finds_the_key_in_the_users_folder(tmp_path: Path) -> None:
    make_operator(tmp_path)
    copied = tmp_path / ".dvc" / "tmp" / "exps" / "tmpabc"
    copied.mkdir(parents=True)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(tmp_path / name, copied / name)
    assert list_file(Project(copied)) == copied / "data" / "suppressed.json"
    assert key_file(Project(copied)) == tmp_path / "data" / "suppressed.key"


def test_another_project_takes_list_and_key_over(
    done: tuple[Project, Forgetting], tmp_path: Path
) -> None:
    other = make_operator(tmp_path)
    take_over(done[0], other)
    assert list_file(other).read_bytes() == list_file(done[0]).read_bytes()
    assert key_file(other).read_bytes().strip() == key_file(done[0]).read_bytes().strip()
    assert stat.S_IMODE(key_file(other).stat().st_mode) == 0o600
    key_file(done[0]).rename(tmp_path / "away")
    with pytest.raises(UsageError, match="key of their list is missing"):
        take_over(done[0], make_operator(tmp_path / "third"))
    (tmp_path / "away").rename(key_file(done[0]))

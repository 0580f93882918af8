"""What an as_of's offers were made from: nothing of later months, everything of earlier ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from churnlight.files import sha256_of, write_json
from churnlight.paths import Project
from churnlight.stages.origin import leave_manifest
from churnlight.stages.stage import Stage

AS_OF = "2025-04-01"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    project = Project(tmp_path / "project")
    for month in ("2025-02", "2025-03"):
        write_json(project.inventory / "cdr" / f"month={month}.json", {"files": month})
    write_json(project.inventory / "reference.json", {"plans": []})
    write_json(project.scores(AS_OF) / "manifest.json", {"as_of": AS_OF})
    return Stage("plan", project)


def manifest(stage: Stage, *read: Path) -> bytes:
    out = stage.project.plan(AS_OF)
    out.mkdir(parents=True, exist_ok=True)
    leave_manifest(out, stage, AS_OF, read)
    return (out / "manifest.json").read_bytes()


def test_it_names_what_was_read_by_hash(stage: Stage) -> None:
    scores = stage.project.scores(AS_OF) / "manifest.json"
    content = json.loads(manifest(stage, scores, stage.project.root / "never made"))
    assert content["read"] == {f"data/scores/as_of={AS_OF}/manifest.json": sha256_of(scores)}


@pytest.mark.parametrize("name", ["cdr/month=2025-02.json", "cdr/month=2025-03.json"])
def test_an_earlier_month_that_changes_is_seen(stage: Stage, name: str) -> None:
    before = manifest(stage)
    write_json(stage.project.inventory / name, {"files": "other"})
    assert manifest(stage) != before


@pytest.mark.parametrize("month", ["2025-04", "2025-05", "2026-01"])
def test_a_later_month_changes_nothing(stage: Stage, month: str) -> None:
    before = manifest(stage)
    write_json(stage.project.inventory / "campaigns" / f"month={month}.json", {"files": "new"})
    assert manifest(stage) == before

"""A model that is not as it was written gives no score, whoever asks for it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from churnlight.batch.model import Model, obtain
from churnlight.cli import main
from churnlight.errors import ChurnlightError
from churnlight.learners import gbm, tree
from churnlight.learners.champion import LEARNERS, Bundle
from churnlight.learners.stored import MANIFEST, hold, read_held, seal, seal_again, seal_of
from churnlight.params.whole import Params
from churnlight.paths import Project
from churnlight.stages.score import score
from scored_project import make_bundle, make_project, save_models

FILES = ("gbm/model.txt", "gbm/schema.json", "tree/tree.json", "tiers/tiers.json")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A project's models/, as the stages leave it."""
    project = Project(tmp_path_factory.mktemp("whole"))
    save_models(project, make_bundle())
    (project.tiers / "reference.json").write_text('{"months": [], "schema_version": 1}')
    seal(project.tiers, {name: seal_of(project.model(name)) for name in LEARNERS})
    return project.root / "models"


@pytest.fixture
def models(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "models")
    return tmp_path / "models"


def flip(path: Path, place: int = -20) -> None:
    """Change one bit."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))


def test_a_whole_model_loads(models: Path) -> None:
    assert Bundle.load(models).champion == "gbm"
    content = json.loads((models / "gbm" / MANIFEST).read_text())
    assert sorted(content["files"]) == ["model.txt", "schema.json"]
    assert content["schema_version"] == 1


@pytest.mark.parametrize("name", [*FILES, "tiers/reference.json"])
def test_one_changed_bit_is_refused(models: Path, name: str) -> None:
    flip(models / name)
    with pytest.raises(ChurnlightError, match="not as it was written: its hash differs") as error:
        Bundle.load(models)
    assert name in str(error.value)
    assert "copy its whole folder again" in str(error.value)


def test_each_learner_alone_is_held_too(models: Path) -> None:
    for name in FILES[:3]:
        flip(models / name)
    for learner in (gbm, tree):
        with pytest.raises(ChurnlightError, match="not as it was written"):
            learner.load(models / learner.__name__.rsplit(".", 1)[-1])


def test_a_missing_file_and_a_missing_manifest_are_refused(models: Path) -> None:
    (models / "tiers" / "reference.json").unlink()
    with pytest.raises(ChurnlightError, match=r"reference\.json is not as it was written"):
        hold(models / "tiers")
    (models / "gbm" / MANIFEST).unlink()
    with pytest.raises(ChurnlightError, match=r"has no manifest\.json with the hashes"):
        gbm.load(models / "gbm")


def test_a_file_that_no_manifest_names_is_refused(models: Path) -> None:
    shutil.copy(models / "tree" / "tree.json", models / "tree" / "other.json")
    with pytest.raises(ChurnlightError, match=r"other\.json is not as it was written"):
        read_held(models / "tree" / "other.json")


@pytest.mark.parametrize("content", ["[]", "{", '{"schema_version": 1}', '{"schema_version": 9}'])
def test_a_damaged_manifest_is_refused(models: Path, content: str) -> None:
    (models / "gbm" / MANIFEST).write_text(content)
    with pytest.raises(ChurnlightError, match=MANIFEST):
        Bundle.load(models)


def test_tiers_go_with_the_models_that_they_were_made_with(models: Path) -> None:
    path = models / "gbm" / "schema.json"
    content = json.loads(path.read_text())
    content["training"]["rows"] += 1
    path.write_text(json.dumps(content))
    # Whole in itself, yet another model than the one that was calibrated.
    seal_again(models / "gbm")
    gbm.load(models / "gbm")
    with pytest.raises(ChurnlightError, match=r"tiers was made with another .*gbm"):
        Bundle.load(models)


def test_the_batch_takes_no_damaged_model(models: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    kept = obtain(str(models), project, Params.model_construct())
    assert isinstance(kept, Model)
    assert Bundle.load(kept.folder).champion == "gbm"
    # What was kept is held to its hash, and taken anew where it was damaged.
    flip(kept.folder / "gbm" / "model.txt")
    again = obtain(str(models), project, Params.model_construct())
    assert again.sha256 == kept.sha256
    Bundle.load(again.folder)
    flip(models / "gbm" / "model.txt")
    with pytest.raises(ChurnlightError, match=r"gbm/model\.txt is not as it was written"):
        obtain(str(models), project, Params.model_construct())


def test_the_stage_score_gives_no_score_by_a_damaged_model(
    models: Path, tmp_path: Path, monkeypatch
) -> None:
    project = make_project(tmp_path / "p", 10)
    shutil.copytree(models, project.root / "models")
    flip(project.model("tree") / "tree.json")
    project.roles.mkdir(parents=True)
    (project.roles / "score.json").write_text('{"as_ofs": {"2026-01-01": {}}}')
    project.params_file.write_text("extracts: {path: e, months: ['2025-12']}\n")
    (project.root / "dvc.yaml").write_text("stages: {}\n")
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(project.root))
    with pytest.raises(ChurnlightError, match=r"tree\.json is not as it was written"):
        score()
    assert not project.scores("2026-01-01").exists()


def test_predict_tells_it_in_one_line(models: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "fitted"
    shutil.copytree(models, folder)
    (folder / "table.json").write_text('{"schema_version": 1}')
    seal(folder)
    flip(folder / "tiers" / "tiers.json")
    table = tmp_path / "t.csv"
    table.write_text("id\n1\n")
    options = ("--model", folder, "--table", table, "--out", tmp_path / "o.csv")
    with pytest.raises(SystemExit) as left:
        main(["predict", *map(str, options)])
    said = capsys.readouterr()
    assert left.value.code == 1
    assert "tiers/tiers.json is not as it was written" in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "o.csv").exists()

"""Names that lead out of a folder are refused where they come from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from churnlight.cli import main
from churnlight.errors import ChurnlightError, UsageError
from churnlight.inventory import files_of, months_of
from churnlight.learners.stored import MANIFEST, hold, read_held, seal
from churnlight.params.whole import parse
from churnlight.paths import Project
from churnlight.timeline import Month, parse_as_of

ROOT = Path(__file__).resolve().parents[2]
OUT = ("../2026-01-01", "2026-01-01/../../x", "/etc", "2026-01-01\0", "2026-01-01\n", "..", "~")


@pytest.mark.parametrize("as_of", OUT)
def test_an_as_of_is_a_day_and_nothing_else(as_of: str) -> None:
    with pytest.raises(UsageError):
        parse_as_of(as_of)


@pytest.mark.parametrize("month", ["../2026-01", "2026-01/..", "2026-1", "2026-13", "2026-01\n"])
def test_a_month_is_a_month_and_nothing_else(month: str) -> None:
    with pytest.raises(UsageError):
        Month.parse(month)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("explain", ("S1",)),
        ("trace", ("S1",)),
        ("score", ()),
        ("plan", ()),
        ("publish", ("--to", "out.csv")),
    ],
)
def test_commands_take_no_path_for_a_month(
    tmp_path: Path, monkeypatch, capsys, command: str, options: tuple[str, ...]
) -> None:
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(content))
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    # A partition that the name would lead to, were it taken as it stands.
    (tmp_path / "data" / "scores" / "as_of=2026-01-01").mkdir(parents=True)
    (tmp_path / "data" / "scores" / "as_of=2026-01-01" / "scores.parquet").touch()
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as left:
        main([command, "--as-of", "../as_of=2026-01-01", *options])
    said = capsys.readouterr()
    assert left.value.code in {1, 2}
    assert "Traceback" not in said.err
    assert [p for p in sorted(tmp_path.rglob("*")) if p.suffix in {".json", ".csv"}] == [
        p for p in before if p.suffix in {".json", ".csv"}
    ]


@pytest.mark.parametrize("key", ["../2026-01-01", "2026-01-01/.."])
def test_parameters_name_no_other_folder(key: str) -> None:
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    with pytest.raises(UsageError):
        parse({**content, "as_ofs": {**content["as_ofs"], key: "score"}}, source="params.yaml")
    months = [*content["extracts"]["months"], f"../{content['extracts']['months'][0]}"]
    with pytest.raises(UsageError):
        parse(
            {**content, "extracts": {**content["extracts"], "months": months}},
            source="params.yaml",
        )


def test_only_folders_that_are_months_are_read(tmp_path: Path) -> None:
    for name in ("month=2026-01", "other", ".month=2026-02"):
        folder = tmp_path / "cdr" / name
        folder.mkdir(parents=True)
        (folder / "part.csv").touch()
        (folder / ".hidden.csv").touch()
    assert months_of(tmp_path, "cdr") == (Month(2026, 1),)
    names = [p.name for p in files_of(tmp_path, "cdr", Month(2026, 1))]
    assert names == ["part.csv"]


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "sub/../../secret"])
def test_a_models_manifest_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    """A fetched model is somebody else's file: its manifest names files of its folder alone."""
    model = tmp_path / "model"
    model.mkdir()
    (tmp_path / "secret").write_text("x")
    (model / "tree.json").write_text("{}")
    seal(model)
    content = json.loads((model / MANIFEST).read_text())
    content["files"][name] = content["files"]["tree.json"]
    (model / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(ChurnlightError, match="not as it was written"):
        hold(model)
    read_held(model / "tree.json")


def test_a_project_resolves_extracts_and_nothing_is_written_there(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    assert project.extracts("../e") == (tmp_path / "e").resolve()
    assert project.scores("2026-01-01").is_relative_to(project.root)

"""Where things are, from a subfolder, and from the copy that `dvc exp run --temp` works in."""

from __future__ import annotations

from pathlib import Path

import pytest

from churnlight.errors import UsageError
from churnlight.paths import Project, find_project


def test_the_project_is_found_from_below(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").touch()
    (tmp_path / "dvc.yaml").touch()
    below = tmp_path / "data" / "marts"
    below.mkdir(parents=True)
    assert find_project(below).root == tmp_path


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="change into your clone"):
        find_project(tmp_path)


def test_a_temporary_copy_knows_its_home() -> None:
    copy = Project(Path("/clone/.dvc/tmp/exps/tmpabc"))
    assert copy.home == Path("/clone")
    assert copy.extracts("data/demo/extracts") == copy.root / "data" / "demo" / "extracts"
    assert copy.extracts("../operator") == Path("/operator")
    assert copy.extracts("/mnt/operator") == Path("/mnt/operator")
    assert Project(Path("/clone")).extracts("../operator") == Path("/operator")

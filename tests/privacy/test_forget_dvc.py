"""`churnlight forget` under DVC: neither its cache nor a later run has the subscriber."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from privacy_world import ANN, MONTH, make_operator, naming

from pipeline_calls import call, make, ran

pytestmark = pytest.mark.slow


def test_a_later_repro_brings_nobody_back(tmp_path: Path) -> None:
    make_operator(tmp_path / "operator")
    extracts = tmp_path / "operator" / "extracts"
    settings = {"extracts.path": extracts, "extracts.months": f'["{MONTH}"]'}
    project = make(tmp_path / "project", **settings, **{"check.max_refused_share": 0.5})
    mart = f"marts@{MONTH}"
    assert ran(call(project, "dvc", "repro", mart)) == ["inventory", "check", mart]
    assert naming(project / ".dvc" / "cache", ANN) != []
    said = call(project, "churnlight", "--json", "forget", ANN)
    assert ANN not in said
    touched = {t["path"] for t in json.loads(said[said.index("{") :])["touched"]}
    assert {path.split("/")[0] for path in touched} == {".dvc", "data"}
    assert naming(project, ANN) == []
    assert ran(call(project, "dvc", "repro", mart)) == ["inventory", "check", mart]
    assert naming(project, ANN) == []
    assert ran(call(project, "dvc", "repro", mart)) == []
    # Without its key the list forgets nobody: the run stops.
    (project / "data" / "suppressed.key").unlink()
    text = call(project, "dvc", "repro", "-f", mart, code=255)
    assert "the key of their list is missing" in text
    assert ANN not in text

"""A month more costs that month: in a file of its own, so that it runs beside the other tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_calls import ROOT, call, make, ran

pytestmark = pytest.mark.slow


def test_a_new_month_runs_that_month_and_what_follows(tmp_path: Path) -> None:
    extracts = tmp_path / "operator"
    call(
        ROOT, "churnlight", "demo", "--out", str(extracts), "--subscribers", "2500",
        "--months", "13", "--seed", "11",
    )  # fmt: skip
    later = tmp_path / "later"
    for folder in (extracts / "extracts").glob("*/month=2026-01"):
        (later / folder.parent.name).mkdir(parents=True)
        folder.rename(later / folder.parent.name / folder.name)
    project = make(tmp_path / "project")
    call(project, "churnlight", "use", str(extracts / "extracts"))
    first = ran(call(project, "dvc", "repro"))
    assert "demo" not in first
    assert "marts@2025-12" in first
    for folder in later.glob("*/month=*"):
        folder.rename(extracts / "extracts" / folder.parent.name / folder.name)
    call(project, "churnlight", "use", str(extracts / "extracts"))
    stages = ran(call(project, "dvc", "repro"))
    assert [s for s in stages if s.startswith("marts")] == ["marts@2026-01"]
    as_ofs = {s.split("@")[1] for s in stages if s.startswith("features")}
    known = {s.split("@")[1] for s in first if s.startswith("features")}
    assert as_ofs
    assert not as_ofs & known

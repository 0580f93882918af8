"""`churnlight demo`: what can't be made is told, and `demo truth` says what the best could do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from cli_calls import ROOT, Call

SIZE = ("--subscribers", 1000, "--months", 7)


def write_truth(root: Path, as_of: str, p_true: list[float], churned: list[bool | None]) -> None:
    """A demo's truth by hand: outlook and outcomes of one as_of."""
    rows = len(p_true)
    tables = {
        "outlook": {"p_true": p_true},
        "outcomes": {
            "in_cohort": [True] * (rows - 1) + [False],
            "churned": pd.array(churned, dtype="boolean"),
            "treated": [False] * rows,
        },
    }
    for name, columns in tables.items():
        folder = root / "truth" / name / f"as_of={as_of}"
        folder.mkdir(parents=True)
        frame = pd.DataFrame({"subscriber_id": np.arange(rows), **columns})
        frame.to_parquet(folder / "part-0.parquet")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--subscribers", 400), "demo.subscribers is 400"),
        (("--subscribers", 400), "give at least 1000"),
        (("--months", 5), "at least 7 in a row are needed"),
        (("--profile", "town"), "profile: Input should be 'default' or 'city'"),
        (("--profile", "city", "--subscribers", 5_000), "give at least 13334"),
    ],
)
def test_too_little_says_the_least_that_would_do(call: Call, options, said: str) -> None:
    told = call("demo", "--out", "new", *options)
    assert told.code == 2
    assert said in told.err
    assert not Path("new").exists()


def test_a_place_where_no_folder_can_be_made(call: Call, tmp_path: Path) -> None:
    told = call("demo", "--out", "/proc/x", *SIZE)
    assert told.code == 1
    assert "/proc can't be written or read" in told.err
    assert "unexpected" not in told.err
    assert not list(tmp_path.rglob(".work"))


def test_truth_ranks_by_p_true(call: Call, tmp_path: Path) -> None:
    """By hand: one churner above both stayers, one between them; the last is not in the cohort."""
    write_truth(
        tmp_path / "a", "2025-04-01", [0.9, 0.5, 0.2, 0.1, 0.9], [True, False, True, False, None]
    )
    report = json.loads(call("demo", "truth", "a", "--json").out)
    assert report["simulated"] is True
    found = report["as_ofs"]["2025-04-01"]
    assert (found["subscribers"], found["churners"]) == (4, 2)
    assert found["roc_auc"] == 0.75
    assert found["pr_auc"] == pytest.approx((1 / 1 + 2 / 3) / 2, abs=1e-6)
    assert found["expected_churners"] == 1.7


def test_truth_pools_several_seeds(call: Call, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_truth(tmp_path / name, "2025-04-01", [0.9, 0.1, 0.5], [True, False, None])
    report = json.loads(call("demo", "truth", "a", "b", "--json").out)
    assert report["pooled"]["subscribers"] == 4
    said = call("demo", "truth", "a", "b").out
    assert "simulated" in said
    assert "pooled" in said


def test_truth_of_a_project_is_held_to_its_parameters(call: Call, tmp_path: Path) -> None:
    project = tmp_path / "project"
    write_truth(project / "data" / "demo", "2025-04-01", [0.9, 0.1, 0.5], [True, False, None])
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    (project / "params.yaml").write_text(yaml.safe_dump(params))
    rules = {name: params[name] for name in ("time", "cohort", "label")}
    rules["time"]["horizon_months"] = 3
    (project / "data" / "demo" / "truth" / "rules.json").write_text(json.dumps(rules))
    told = call("demo", "truth", project)
    assert told.code == 2
    assert "was made for another time, cohort or label" in told.err


def test_truth_without_any(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told = call("demo", "truth", "empty")
    assert told.code == 2
    assert "holds no truth of a simulated operator" in told.err

"""`churnlight fit` and `churnlight predict`, as typed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli_calls import Call


@pytest.fixture
def mart(tmp_path: Path) -> Path:
    draws = np.random.default_rng(0)
    rows = 400
    risk = draws.random(rows)
    frame = pd.DataFrame(
        {
            "id": range(rows),
            "risk": risk.round(3),
            "old": draws.integers(0, 9, rows),
            "note": "x",
            "left": (draws.random(rows) < risk**2).astype(int),
        }
    )
    frame.to_csv(tmp_path / "mart.csv", index=False)
    return tmp_path / "mart.csv"


FIT = ("fit", "--table", "mart.csv", "--label", "left", "--id", "id", "--threads", "1")
PREDICT = ("predict", "--model", "m", "--table", "mart.csv")


def test_fit_and_predict(call: Call, mart: Path) -> None:
    said = call(*FIT, "--drop", "old, note", "--out", "m")
    assert said.code == 0, said.err
    assert "400 rows" in said.out
    assert "LightGBM: ROC AUC 0." in said.out
    assert "blue" in said.out
    (mart.parent / "mart.csv.gz").write_bytes(gzip.compress(mart.read_bytes()))
    said = call("--json", "predict", "--model", "m", "--table", "mart.csv.gz", "--out", "p.parquet")
    assert said.code == 0, said.err
    assert json.loads(said.out)["rows"] == 400
    found = pd.read_parquet(mart.parent / "p.parquet")
    assert list(found) == ["id", "probability", "tier"]
    said = call(*PREDICT, "--prior", "0.02", "--reasons", "r.csv", "--out", "q.csv")
    assert said.code == 0, said.err
    assert "written: q.csv" in said.out
    assert pd.read_csv(mart.parent / "q.csv")["probability"].mean() < found["probability"].mean()
    assert set(pd.read_csv(mart.parent / "r.csv")["feature"]) == {"risk"}  # the only one left


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (("--label", "lft"), 2, "did you mean 'left'?"),
        (("--label", "old"), 3, "label column 'old' holds 9 values"),
        (("--id", "old"), 3, "id column 'old' is not unique"),
        (("--table", "none.csv"), 2, "none.csv is no file"),
        (("--drop", "nothing"), 2, "--drop 'nothing': the table has no such column"),
        (("--positive", "yes"), 2, "--positive 'yes' is no value of label column 'left'"),
        (("--group", "note"), 3, "belong to 1 groups"),
    ],
)
def test_fit_says_what_is_wrong(
    call: Call, mart: Path, change: tuple[str, str], code: int, says: str
) -> None:
    del mart
    said = call(*FIT, "--out", "m", *change)  # the last of two equal options counts
    assert (said.code, said.out) == (code, "")
    assert says in said.err


def test_predict_says_what_is_wrong(call: Call, mart: Path) -> None:
    assert call(*PREDICT, "--out", "p.csv").code == 2  # no model yet
    assert call(*FIT, "--out", "m").code == 0
    said = call(*PREDICT, "--out", "p.xlsx")
    assert (said.code, "must end in .csv" in said.err) == (2, True)
    said = call(*PREDICT, "--prior", "2", "--out", "p.csv")
    assert (said.code, "--prior 2: expected a share" in said.err) == (2, True)
    said = call(*PREDICT, "--learner", "forest", "--out", "p.csv")
    assert (said.code, "expected gbm or tree" in said.err) == (2, True)
    pd.read_csv(mart).rename(columns={"risk": "risks"}).to_csv(mart, index=False)
    said = call(*PREDICT, "--out", "p.csv")
    assert (said.code, "'risk' ('risks' is there: renamed?)" in said.err) == (3, True)
    assert not (mart.parent / "p.csv").exists()

"""The notebooks run from top to bottom in a finished project, and are kept without outputs."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churnlight.params.learning import ExplainParams
from churnlight.stages.scoring import Scorer
from scored_project import AS_OF, make_bundle, make_project, save_models
from scored_project import features as read_features

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TIERS = ("blue", "green", "yellow", "red", "white")
PNG = b"\x89PNG\r\n\x1a\n"


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_nothing_that_was_printed_is_stored(path: Path) -> None:
    cells = code_cells(json.loads(path.read_text(encoding="utf-8")))
    assert cells
    assert [cell for cell in cells if cell["outputs"] or cell["execution_count"]] == []


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A project with two scored months, as its last stages leave it; the newer one counts."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    draws = np.random.default_rng(3)
    for as_of, rows in (("2025-12-01", 30), ("2026-01-01", 200)):
        probability = np.sort(draws.beta(1, 12, rows))
        bill = draws.uniform(80, 300, rows)
        place = np.searchsorted([0.60, 0.85, 0.95, 0.99], np.arange(rows) / rows, side="right")
        folder = tmp_path / "data" / "scores" / f"as_of={as_of}"
        folder.mkdir(parents=True)
        pd.DataFrame(
            {
                "subscriber_id": [f"s{i}" for i in range(rows)],
                "as_of": as_of,
                "probability": probability,
                "tier": np.array(TIERS)[place],
                "probability_tree": probability,
                "tier_tree": np.array(TIERS)[place],
                "monthly_bill_money": bill,
                "value_at_risk_money": probability * bill,
                "left_before_cutoff": np.arange(rows) > rows - 3,
            }
        ).to_parquet(folder / "scores.parquet")
    return tmp_path


def execute(path: Path, folder: Path) -> dict[str, Any]:
    """Run a notebook as if it lay in the folder's notebooks/; what it holds then."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    inside = folder / "notebooks"
    inside.mkdir()
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(inside)}}
    ).execute()
    return notebook


def outputs(notebook: dict[str, Any], kind: str) -> list[str]:
    return [
        out["data"][kind]
        for cell in code_cells(notebook)
        for out in cell["outputs"]
        if kind in out.get("data", {})
    ]


def text_of(notebook: dict[str, Any]) -> str:
    return "".join(out.get("text", "") for cell in code_cells(notebook) for out in cell["outputs"])


@pytest.mark.slow
def test_tiers_goes_from_scores_to_a_picture(finished: Path) -> None:
    notebook = execute(ROOT / "notebooks" / "tiers.ipynb", finished)
    assert "as_of=2026-01-01: 200 subscribers" in text_of(notebook)
    pictures = [base64.b64decode(data) for data in outputs(notebook, "image/png")]
    assert len(pictures) == 2
    for picture in pictures:
        assert picture.startswith(PNG)
        assert len(picture) > 5000
    (table,) = outputs(notebook, "text/html")
    # 60, 25, 10, 4 and 1 % of 200, by hand, in rising risk.
    cells = [table.index(f">{tier}</th>") for tier in TIERS]
    assert cells == sorted(cells)
    for count in (120, 50, 20, 8, 2):
        assert f">{count}</td>" in table


@pytest.mark.slow
def test_tiers_says_what_to_run_when_nothing_is_scored(finished: Path) -> None:
    from nbclient.exceptions import CellExecutionError

    shutil.rmtree(finished / "data")
    with pytest.raises(CellExecutionError, match="run `dvc repro` first"):
        execute(ROOT / "notebooks" / "tiers.ipynb", finished)


@pytest.fixture
def explained(tmp_path: Path) -> Path:
    """A project with models and one scored month, reasons among it."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    made, bundle = make_project(tmp_path, 120), make_bundle()
    save_models(made, bundle)
    out = made.scores(AS_OF)
    out.mkdir(parents=True)
    Scorer(bundle, ("yellow", "red", "white"), ExplainParams()).write(made, AS_OF, out)
    return tmp_path


@pytest.mark.slow
def test_explain_goes_from_shap_values_to_words(explained: Path) -> None:
    notebook = execute(ROOT / "notebooks" / "explain.ipynb", explained)
    text = text_of(notebook)
    assert "2026-01-01: SHAP values of 120 of 120 subscribers" in text
    pictures = [base64.b64decode(data) for data in outputs(notebook, "image/png")]
    assert len(pictures) == 2
    assert all(p.startswith(PNG) and len(p) > 5000 for p in pictures)
    features, reasons = outputs(notebook, "text/html")
    assert features.index("silent_days") < features.index("bill_money")
    assert "falling_silent" in reasons
    assert "Falling silent" in text
    assert "逐渐沉默" in text
    scores = pd.read_parquet(explained / "data" / "scores" / f"as_of={AS_OF}" / "scores.parquet")
    riskiest = int(scores["probability"].to_numpy().argmax())
    days = f"{read_features(120)['silent_days'][riskiest]:.1f}".removesuffix(".0")
    assert f"{days} days without any event at the end of December" in text

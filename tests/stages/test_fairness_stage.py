"""fairness.json, as the stages evaluate and score write it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from churnlight import files
from churnlight.errors import ChurnlightError
from churnlight.stages.evaluate import _of_champion
from churnlight.stages.fairness import FILE, write_fairness
from scored_project import AS_OF, features, make_bundle, make_project


def test_a_scored_month_says_what_the_model_weighs(tmp_path: Path) -> None:
    made, bundle = make_project(tmp_path, 60), make_bundle()
    ids = pd.read_parquet(made.labels(AS_OF) / "labels.parquet")["subscriber_id"]
    rows = bundle.predict(features(60)).assign(subscriber_id=ids)[
        ["subscriber_id", "probability", "tier"]
    ]
    with pytest.raises(ChurnlightError, match=r"groups\.parquet"):
        write_fairness(made, AS_OF, rows, bundle, tmp_path)
    areas = ["north" if n % 3 else "south" for n in range(60)]
    pd.DataFrame({"subscriber_id": ids, "region": areas, "sex": None}).to_parquet(
        made.groups(AS_OF)
    )
    write_fairness(made, AS_OF, rows, bundle, tmp_path)
    found = files.read_json(tmp_path / FILE)
    assert found["as_of"] == AS_OF
    # The project's third feature is brand_category.
    assert found["features"] == ["brand"]
    assert [(g["group"], g["subscribers"]) for g in found["by"]["region"]] == [
        ("north", 40),
        ("south", 20),
    ]
    assert found["all"]["foreseen"] == pytest.approx(rows["probability"].mean(), abs=1e-5)
    assert found["all"]["churners"] is None


def test_the_test_month_is_the_champions() -> None:
    said = pd.DataFrame(
        {
            "subscriber_id": [1],
            "churned": [True],
            "probability_gbm": [0.1],
            "tier_gbm": ["blue"],
            "probability_tree": [0.8],
            "tier_tree": ["red"],
        }
    )
    assert _of_champion(said, "tree").to_dict("records") == [
        {"subscriber_id": 1, "churned": True, "probability": 0.8, "tier": "red"}
    ]

"""Stage score: a batch at a time or at once, the files are the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlight.errors import ChurnlightError, UsageError
from churnlight.explain import contributions
from churnlight.explain.reasons import Meaning, explain
from churnlight.learners.champion import Bundle
from churnlight.params.learning import ExplainParams
from churnlight.paths import Project
from churnlight.stages import datasets
from churnlight.stages import scoring as stage
from scored_project import AS_OF, NAMES, features, make_bundle, make_project

MEANING = Meaning(
    reason={n: n.split("_")[0] for n in NAMES},
    family=dict.fromkeys(NAMES, "any"),
    quoted={"silent": ["silent_days"], "bill": ["bill_money", "silent_days"]},
)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return make_bundle()


def written(
    made: Project, bundle: Bundle, out: Path, tiers: tuple[str, ...] = ("red", "white")
) -> Path:
    out.mkdir()
    stage.Scorer(bundle, tiers, ExplainParams(), meaning=MEANING).write(made, AS_OF, out)
    return out


def test_scores_and_reasons_are_those_of_the_parts(bundle: Bundle, tmp_path: Path) -> None:
    made = make_project(tmp_path, 200)
    out = written(made, bundle, tmp_path / "out")
    scores = pd.read_parquet(out / "scores.parquet")
    frame = features(200)
    said = bundle.predict(frame)
    assert list(scores) == [
        "subscriber_id", "as_of", "probability", "tier", "probability_tree", "tier_tree", "leaf",
        "models_apart", "monthly_bill_money", "value_at_risk_money", "left_before_cutoff",
    ]  # fmt: skip
    np.testing.assert_array_equal(scores["probability"], said["probability"])
    np.testing.assert_array_equal(scores["leaf"], bundle.tree.leaf(frame))
    assert scores["left_before_cutoff"].sum() == 4
    reasons = pd.read_parquet(out / "reasons.parquet")
    whole, importance = explain(
        bundle.gbm, frame, scores["subscriber_id"].to_numpy(), MEANING, ExplainParams()
    )
    shown = [c for c in whole if c != "quoted"]
    pd.testing.assert_frame_equal(reasons[shown], whole[shown])
    high = set(scores["subscriber_id"][scores["tier"].isin(["red", "white"])])
    asked = reasons["subscriber_id"].isin(high) & reasons["reason"].isin(["silent", "bill"])
    assert 0 < asked.sum() < len(reasons)
    np.testing.assert_array_equal(reasons["quoted"].notna(), asked)
    assert json.loads((out / "importance.json").read_text())["features"] == importance
    medians = json.loads((out / "medians.json").read_text())
    assert medians["bill_money"] == frame["bill_money"].median()
    assert medians["brand_category"] is None


def test_batches_change_nothing(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables are equal; row groups alone go by the batch."""
    made = make_project(tmp_path, 200)
    whole = written(made, bundle, tmp_path / "whole")
    monkeypatch.setattr(
        stage, "feature_batches", lambda p, a: datasets.feature_batches(p, a, rows=30)
    )
    parts = written(made, bundle, tmp_path / "parts")
    for name in ("scores", "reasons"):
        first, second = (pd.read_parquet(f / f"{name}.parquet") for f in (whole, parts))
        pd.testing.assert_frame_equal(first, second)
    for name in ("medians", "importance"):
        first, second = (json.loads((f / f"{name}.json").read_text()) for f in (whole, parts))
        assert first == second


def test_values_that_do_not_add_up_stop_the_run_in_any_batch(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_project(tmp_path, 200)
    own, calls = contributions.shap_chunk, []

    def late(*how: object) -> np.ndarray:
        calls.append(how)
        return own(*how) + (0.1 if len(calls) > 4 else 0.0)

    monkeypatch.setattr(
        stage, "feature_batches", lambda p, a: datasets.feature_batches(p, a, rows=30)
    )
    monkeypatch.setattr(contributions, "shap_chunk", late)
    with pytest.raises(ChurnlightError, match="miss the raw score"):
        written(made, bundle, tmp_path / "out")


def test_nobody_is_scored_into_empty_tables(bundle: Bundle, tmp_path: Path) -> None:
    out = written(make_project(tmp_path, 0), bundle, tmp_path / "out")
    assert len(pd.read_parquet(out / "scores.parquet")) == 0
    assert "quoted" in pd.read_parquet(out / "reasons.parquet")
    assert json.loads((out / "medians.json").read_text())["bill_money"] is None


@pytest.mark.parametrize("change", [lambda t: t.iloc[1:], lambda t: t.iloc[::-1]])
def test_labels_of_others_are_refused(bundle: Bundle, tmp_path: Path, change: object) -> None:
    made = make_project(tmp_path, 100)
    file = made.labels(AS_OF) / "labels.parquet"
    change(pd.read_parquet(file)).to_parquet(file)  # type: ignore[operator]
    with pytest.raises(UsageError, match="not about the same subscribers"):
        written(made, bundle, tmp_path / "out")
    more = pd.read_parquet(file)
    pd.concat([more, more.iloc[:1]]).to_parquet(file)
    with pytest.raises(UsageError, match="not about the same subscribers"):
        written(made, bundle, tmp_path / "out2")

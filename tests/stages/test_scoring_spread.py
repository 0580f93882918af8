"""Scoring where an engine's rows lie makes the files that scoring in this process makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from score_comparison import compare_reasons, compare_scores

from churnlight.engine import Engine, connect, parts
from churnlight.errors import ChurnlightError, UsageError
from churnlight.explain import contributions
from churnlight.explain.reasons import Meaning
from churnlight.learners.champion import Bundle
from churnlight.params.data import EngineParams
from churnlight.params.learning import ExplainParams
from churnlight.params.score import ScoreParams
from churnlight.stages.scoring import SAMPLE_ROWS, LookingBack, Scorer
from scored_project import AS_OF, NAMES, make_bundle, make_project

MEANING = Meaning(
    reason={n: n.split("_")[0] for n in NAMES},
    family=dict.fromkeys(NAMES, "any"),
    quoted={"silent": ["silent_days"], "bill": ["bill_money", "silent_days"]},
)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return make_bundle()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    params = EngineParams(threads=1, memory_limit_gb=1)
    with connect(params, tmp_path_factory.mktemp("scratch")) as opened:
        yield opened


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("churnlight.engine.duck.BATCH_ROWS", 64)


def scorer(bundle: Bundle) -> Scorer:
    return Scorer(bundle, ("red", "white"), ExplainParams(), meaning=MEANING)


def tables(out: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(out / f"{name}.parquet") for name in ("scores", "reasons")}


@pytest.mark.usefixtures("small_batches")
def test_the_same_files_come_out(bundle: Bundle, engine: Engine, tmp_path: Path) -> None:
    made = make_project(tmp_path, 700)
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    assert scorer(bundle).write(made, AS_OF, here, engine) is None
    spread = scorer(bundle)
    sample = spread.write_spread(made, AS_OF, there, engine)
    first, second = tables(here), tables(there)
    for name, table in first.items():
        pd.testing.assert_frame_equal(second[name], table)
    for name in ("medians", "importance"):
        one, other = (json.loads((f / f"{name}.json").read_text()) for f in (here, there))
        assert one == other, name
    assert sorted(p.name for p in there.iterdir()) == [
        *("importance.json", "medians.json", "reasons.parquet", "scores.parquet"),
    ]
    assert spread.rows == 700
    assert len(sample) == 700 < SAMPLE_ROWS
    assert list(sample) == list(NAMES)


@pytest.mark.usefixtures("small_batches")
def test_tiers_of_the_month_before_are_held_alike(
    bundle: Bundle, engine: Engine, tmp_path: Path
) -> None:
    made, before = make_project(tmp_path, 300), "2025-12-01"
    plain = tmp_path / "plain"
    plain.mkdir()
    scorer(bundle).write(made, AS_OF, plain)
    # Everybody but the last was in the highest tier, in another order.
    earlier = pd.read_parquet(plain / "scores.parquet").iloc[-2::-1]
    made.scores(before).mkdir(parents=True)
    earlier.assign(tier="white").to_parquet(made.scores(before) / "scores.parquet", index=False)
    written = []
    for name in ("write", "write_spread"):
        out = tmp_path / name
        out.mkdir()
        back = LookingBack(before=before, params=ScoreParams(hysteresis=1.0))
        held = Scorer(bundle, ("red", "white"), ExplainParams(), meaning=MEANING, back=back)
        getattr(held, name)(made, AS_OF, out, engine)
        written.append(tables(out))
    for name, table in written[0].items():
        pd.testing.assert_frame_equal(written[1][name], table)
    assert (written[0]["scores"]["tier"] != tables(plain)["scores"]["tier"]).any()


def test_nobody_is_scored_into_empty_tables(bundle: Bundle, engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    scorer(bundle).write_spread(make_project(tmp_path, 0), AS_OF, out, engine)
    assert len(pd.read_parquet(out / "scores.parquet")) == 0
    assert "quoted" in pd.read_parquet(out / "reasons.parquet")
    assert json.loads((out / "medians.json").read_text())["bill_money"] is None


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.iloc[1:],
        lambda t: pd.concat([t, t.iloc[:1]]),
        # As many rows as before, somebody twice and somebody not at all.
        lambda t: pd.concat([t.iloc[1:], t.iloc[1:2]]),
    ],
)
def test_labels_of_others_are_refused(
    bundle: Bundle, engine: Engine, tmp_path: Path, change: object
) -> None:
    made = make_project(tmp_path, 100)
    file = made.labels(AS_OF) / "labels.parquet"
    change(pd.read_parquet(file)).to_parquet(file)  # type: ignore[operator]
    with pytest.raises(UsageError, match="not about the same subscribers"):
        scorer(bundle).write_spread(made, AS_OF, tmp_path, engine)


@pytest.mark.usefixtures("small_batches")
def test_values_that_do_not_add_up_stop_the_run_in_any_batch(
    bundle: Bundle, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, own, calls = make_project(tmp_path, 200), contributions.shap_chunk, []

    def late(*how: object) -> object:
        calls.append(how)
        return own(*how) + (0.1 if len(calls) > 4 else 0.0)

    monkeypatch.setattr(contributions, "shap_chunk", late)
    with pytest.raises(ChurnlightError, match="miss the raw score"):
        scorer(bundle).write_spread(made, AS_OF, tmp_path, engine)


def test_a_tie_at_a_cut_is_listed_and_nothing_else_is_let_pass() -> None:
    one = pd.DataFrame(
        {
            "subscriber_id": [1, 2],
            "probability": [0.5, 0.7],
            "tier": ["red", "red"],
            "probability_tree": [0.1, 0.1],
            "tier_tree": ["blue", "blue"],
            "monthly_bill_money": [1.0, None],
            "value_at_risk_money": [0.5, None],
            "leaf": [3, 4],
        }
    )
    cuts = {"tier": [0.5], "tier_tree": [0.5]}
    assert compare_scores(one, one, cuts) == compare_scores(one, one.copy(), cuts)
    below = one.assign(tier=["blue", "red"], probability=[0.5 - 1e-12, 0.7])
    found = compare_scores(one, below, cuts)
    assert (found.wrong, found.ties) == ([], ["tier of row 0: red and blue"])
    for changed in (
        one.assign(tier=["red", "blue"]),
        one.assign(probability=[0.5, 0.7 + 1e-8]),
        one.assign(leaf=[3, 5]),
        one.iloc[::-1].reset_index(drop=True),
    ):
        assert compare_scores(one, changed, cuts).wrong
    reasons = pd.DataFrame(
        {
            "subscriber_id": [1, 1],
            "direction": ["up", "up"],
            "rank": [1, 2],
            "reason": ["bill", "silent"],
            "share": [0.3, 0.3],
            "feature": ["b", "s"],
            "value": ["1", None],
            "second": [None, None],
            "quoted": [None, None],
        }
    )
    swapped = reasons.assign(reason=["silent", "bill"], feature=["s", "b"], value=[None, "1"])
    assert compare_reasons(reasons, reasons).wrong == []
    assert len(compare_reasons(reasons, swapped).ties) == 2
    apart = reasons.assign(share=[0.4, 0.2])
    assert compare_reasons(apart, swapped.assign(share=[0.4, 0.2])).wrong
    assert compare_reasons(reasons, reasons.iloc[:1]).wrong


def test_parts_are_named_by_their_place(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / "w").mkdir(exist_ok=True)
        (tmp_path / "w" / name).write_text(name)
    parts.make_folder(tmp_path / "t.parquet", [tmp_path / "w" / "b", tmp_path / "w" / "a"])
    assert [p.read_text() for p in parts.parts_of(tmp_path / "t.parquet")] == ["b", "a"]
    assert (tmp_path / "t.parquet").stat().st_mode & 0o700 == 0o700

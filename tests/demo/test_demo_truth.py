"""The truth of each as_of: calibrated, from nothing later, and read by no stage."""

import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from churnlight.demo import Rules, Turn, generate
from churnlight.demo.lives import KINDS, start_lives
from churnlight.demo.months import advance
from churnlight.demo.people import make_people
from churnlight.demo.ties import make_ties
from churnlight.demo.truth.chances import Asked, chances
from churnlight.params.data import TimeParams
from churnlight.params.output import DemoParams
from churnlight.params.population import LabelParams
from churnlight.timeline import Month

ROOT = Path(__file__).resolve().parents[2]
KEY = "subscriber_id"


def table(root: Path, name: str, as_of: str) -> pd.DataFrame:
    return pd.read_parquet(root / "truth" / name / f"as_of={as_of}" / "part-0.parquet")


def known(root: Path) -> pd.DataFrame:
    """All as_ofs: outlook and outcome of who has a label and was left alone."""
    frames = []
    for path in sorted((root / "truth" / "outcomes").iterdir()):
        as_of = path.name.removeprefix("as_of=")
        both = table(root, "outcomes", as_of).merge(table(root, "outlook", as_of), on=KEY)
        frames.append(both.assign(as_of=as_of))
    rows = pd.concat(frames)
    return rows[rows["churned"].notna() & ~rows["treated"]]


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """Three small operators of different seeds."""
    frames = []
    for seed in (21, 22, 23):
        root = tmp_path_factory.mktemp(f"seed{seed}")
        generate(DemoParams(subscribers=2_000, months=7, seed=seed), root)
        frames.append(known(root).assign(seed=seed))
    return pd.concat(frames)


def test_p_true_is_calibrated(several):
    """As many churn in each tenth as p_true says; as_ofs two months apart share no outcome."""
    rows = several[several["as_of"].isin(["2025-04-01", "2025-06-01"])]
    p, churned = rows["p_true"].astype(float), rows["churned"].astype(int)
    tenth = pd.qcut(p.rank(method="first"), 10, labels=False)
    error = np.sqrt((p * (1 - p)).groupby(tenth).sum())
    z = (churned.groupby(tenth).sum() - p.groupby(tenth).sum()) / error
    assert len(rows) > 10_000
    assert churned.sum() > 500
    assert z.abs().max() < 3.3
    assert (z**2).mean() < 2.5
    total = (churned.sum() - p.sum()) / np.sqrt((p * (1 - p)).sum())
    assert abs(total) < 3


def test_p_true_ranks_far_better_than_chance_and_shares_add_up(several):
    rows = several[several["in_cohort_x"]]
    assert rows["in_cohort_x"].equals(rows["in_cohort_y"])
    churned = rows["churned"].astype(bool)
    high, low = rows.loc[churned, "p_true"], rows.loc[~churned, "p_true"]
    assert high.mean() > 4 * low.mean()
    shares = rows[[c for c in rows if c.startswith("share_")]].sum(axis=1)
    assert np.allclose(shares[rows["p_true"] > 0], 1.0, atol=1e-5)
    assert rows["p_true"].between(0, 1).all()
    assert (rows["p_true"] >= rows["p_leave"] - 1e-6).all()
    saved, provoked = (rows["response"] == name for name in ("saved", "provoked"))
    assert (rows.loc[saved, "p_if_treated"] <= rows.loc[saved, "p_true"]).all()
    assert (rows.loc[provoked, "p_if_treated"] >= rows.loc[provoked, "p_true"]).all()
    assert (rows["response"] == "indifferent").mean() > 0.5


def test_the_same_state_has_the_same_truth_whatever_comes(tmp_path):
    """Two futures from June on: all that is known by 1 June is equal to the byte."""
    params = DemoParams(subscribers=400, months=8, seed=4)
    generate(params, tmp_path / "one")
    generate(params, tmp_path / "other", turn=Turn(index=5, seed=987))
    for as_of in ("2025-04-01", "2025-05-01", "2025-06-01"):
        name = f"truth/outlook/as_of={as_of}/part-0.parquet"
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()
    for month, same in (("2025-05", True), ("2025-06", False)):
        name = f"extracts/cdr/month={month}/part-0.parquet"
        one, other = ((tmp_path / side / name).read_bytes() for side in ("one", "other"))
        assert (one == other) is same
    churned = [table(tmp_path / side, "outcomes", "2025-06-01") for side in ("one", "other")]
    assert not churned[0]["churned"].equals(churned[1]["churned"])
    later = [table(tmp_path / side, "outlook", "2025-07-01") for side in ("one", "other")]
    assert not later[0].equals(later[1])


@pytest.mark.parametrize("asked", [Asked(), Asked(gap=1, horizon=1), Asked(horizon=3)])
def test_chances_are_those_of_many_futures(asked):
    """Closed form against brute force: one state, lived on 500 times by the simulator itself."""
    seed, futures, start = 5, 500, Month(2025, 1)
    people = make_people(seed, 400, 12)
    ties = make_ties(seed, people)
    lives = start_lives(seed, people, start)
    for index in range(4):
        advance(seed, people, lives, ties, index, start + index)
    found = chances(people, lives, ties, 4, asked)
    expected = -np.expm1(-found.leave.sum(axis=0))
    debts = np.zeros(lives.count)
    left = np.zeros(lives.count)
    labelled = np.zeros(lives.count)
    counted = [KINDS.index(kind) for kind in asked.off_net_kinds]
    for future in range(futures):
        then = deepcopy(lives)
        for index in range(4, 4 + asked.months):
            advance(10_000 + future, people, then, ties, index, start + index)
        gone = (then.left_month >= 4) & lives.on_the_books
        debt = gone & (then.left_kind == KINDS.index("debt"))
        early = gone & (then.left_month < 4 + asked.gap)
        debts += debt
        labelled += ~debt & ~early
        left += gone & ~early & np.isin(then.left_kind, counted)
    # Who has applied for a port is in no cohort.
    here = lives.on_the_books & (labelled > 0) & (lives.pending == 0)
    n, p = labelled[here], expected[here].astype(float)
    z = (left[here] - n * p) / np.sqrt(np.maximum(n * p * (1 - p), 1e-9))
    assert abs((left[here] - n * p).sum()) / np.sqrt((n * p * (1 - p)).sum()) < 3.5
    # Row by row the differences are those of chance alone: their mean square is 1.
    assert 0.8 < (z**2).mean() < 1.25
    assert np.corrcoef(left[here] / n, p)[0, 1] > 0.97
    assert abs(debts.sum() / futures - found.debt.sum()) < 0.3 * max(found.debt.sum(), 1.0)


def test_a_label_it_cannot_answer_has_no_truth(tmp_path):
    rules = Rules(time=TimeParams(horizon_days=45), label=LabelParams(kinds=("spend_churn",)))
    generate(DemoParams(subscribers=200, months=4), tmp_path, rules)
    assert not (tmp_path / "truth" / "outlook").exists()
    assert json.loads((tmp_path / "truth" / "rules.json").read_text())["time"]["horizon_days"] == 45


def test_no_stage_reads_the_truth():
    for path in (ROOT / "src" / "churnlight").rglob("*.py"):
        parts = path.relative_to(ROOT / "src" / "churnlight").parts
        if parts[0] not in ("demo", "cli"):
            text = path.read_text(encoding="utf-8")
            assert "truth" not in text.lower().replace("truth value", ""), path
    for name in ("dvc.yaml", "demo/dvc.yaml"):
        stages = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["stages"]
        for stage in stages.values():
            body = stage.get("do", stage)
            named = [*body.get("deps", []), *map(str, body.get("outs", []))]
            assert not [n for n in named if "truth" in n and not n.startswith("src/")]
            # The folder above holds it too.
            assert "data/demo" not in body.get("deps", [])

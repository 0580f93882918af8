"""The tree of the next handset: what it finds, what it leaves, and how it is judged."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from churnlight.engine import Engine
from churnlight.handsets.foreseeing import asked, leaf_of, suggestions
from churnlight.handsets.judging import guesses, judge
from churnlight.handsets.kinds import KindTree, learn
from churnlight.handsets.lifetable import LifeTable
from churnlight.handsets.words import rules_in_words
from churnlight.params.handset import HandsetParams

PARAMS = HandsetParams(min_leaf_rows=20, bootstrap=100)
TARGETS = ("brand", "price_band", "os")


def made(rows: int, seed: int = 0, *, random_choice: bool = False) -> pd.DataFrame:
    """Changes: who spends more than 100 goes to the dear Beta, others stay with their brand."""
    draws = np.random.default_rng(seed)
    spend = draws.integers(2_000, 20_000, rows)
    had = draws.choice(["Alpha", "Beta"], rows)
    got = np.where(spend > 10_000, "Beta", had)
    band = np.where(spend > 10_000, 2, 1)
    if random_choice:
        got, band = draws.choice(["Alpha", "Beta"], rows), draws.integers(1, 3, rows)
    system = {"Alpha": "Android", "Beta": "iOS"}
    frame = pd.DataFrame(
        {
            "handset_age_days": draws.integers(0, 1500, rows),
            "handset_price_cents": draws.integers(50_000, 500_000, rows),
            "handset_generation_rank": draws.choice([4, 5], rows),
            "spend_cents": spend.astype(float),
            "data_mb": draws.integers(0, 9000, rows),
            "present_brand": had,
            "present_price_band": 1,
            "present_os": [system[b] for b in had],
            "next_brand": got,
            "next_price_band": band,
            "next_os": [system[b] for b in got],
            "month_no": np.sort(draws.integers(0, 8, rows)),
            "account": [f"k{i // 2}" for i in range(rows)],
        }
    )
    frame.loc[::17, "spend_cents"] = np.nan
    return frame


@pytest.fixture(scope="module")
def tree() -> KindTree:
    return learn(made(1200), TARGETS, PARAMS)


def test_the_planted_rule_is_found(tree: KindTree) -> None:
    later = made(400, seed=1)
    later = later[later["spend_cents"].notna()]
    leaf = tree.leaf(later)
    brand, band = tree.likeliest("brand"), tree.likeliest("price_band")
    right = np.mean([brand[n] == b for n, b in zip(leaf, later["next_brand"], strict=True)])
    bands = np.mean([band[n] == b for n, b in zip(leaf, later["next_price_band"], strict=True)])
    assert right > 0.97
    assert bands > 0.97


def test_what_is_random_is_not_learned() -> None:
    found = learn(made(1200, random_choice=True), TARGETS, PARAMS)
    assert len(found.nodes.leaves) <= 2


def test_a_taste_that_has_passed_is_pruned_away() -> None:
    past, recent = made(900), made(300, seed=5, random_choice=True)
    recent["month_no"] = 8 + np.arange(300) // 100
    past["month_no"] = np.minimum(past["month_no"], 5)
    assert len(learn(past, TARGETS, PARAMS).nodes.leaves) >= 3
    frame = pd.concat([past, recent], ignore_index=True)
    months = sorted(set(frame["month_no"]))
    assert months[-len(months) // 4 :][0] >= 8  # the quarter that prunes is all random
    assert len(learn(frame, TARGETS, PARAMS).nodes.leaves) <= 2


def test_a_leaf_speaks_of_handsets_that_exist(tree: KindTree) -> None:
    real = {("Alpha", 1, "Android"), ("Beta", 1, "iOS"), ("Beta", 2, "iOS")}
    assert set(tree.kinds) == real
    assert np.allclose(tree.chances.sum(axis=1), 1)
    assert (np.diff(np.sort(tree.best(3), axis=1)) > 0).all()


def test_json_and_back(tree: KindTree) -> None:
    again = KindTree.from_json(json.loads(json.dumps(tree.to_json())))
    later = made(200, seed=2)
    assert (again.leaf(later) == tree.leaf(later)).all()
    assert (again.chances == tree.chances).all()
    assert again.to_json() == tree.to_json()


def test_rows_in_another_order_give_the_same_rules(tree: KindTree) -> None:
    frame = made(1200)
    shuffled = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    assert rules_in_words(learn(shuffled, TARGETS, PARAMS)) == rules_in_words(tree)


def test_the_engine_sends_everybody_to_the_same_leaf(engine: Engine, tree: KindTree) -> None:
    later = made(300, seed=3)
    later.loc[:20, "present_brand"] = None
    later.loc[10:30, "present_os"] = "NewOS"
    later.loc[0, "spend_cents"] = 90_000_000
    later["spend_cents"] = later["spend_cents"].astype("Int64")
    # Values on the thresholds themselves, too.
    for node in np.flatnonzero(tree.nodes.left >= 0):
        name = tree.questions.names[tree.nodes.feature[node]]
        if name in later.columns and np.isfinite(tree.nodes.threshold[node]):
            later.loc[40 + node, name] = int(np.floor(tree.nodes.threshold[node]))
    numbered = later.assign(row=range(len(later)))
    table = engine.upload(pa.Table.from_pandas(numbered, preserve_index=False))
    rows = table.select("row", leaf=leaf_of(tree.nodes, asked(tree.questions, table)))
    found = engine.arrow(rows.order_by("row"))["leaf"].to_pylist()
    assert found == tree.leaf(later).tolist()
    assert len(set(found)) > 2


def test_rules_are_in_both_languages(tree: KindTree) -> None:
    found = rules_in_words(tree)
    assert sum(rule["changes"] for rule in found) == 1200
    text = " / ".join(rule["text_en"] for rule in found)
    assert "bill a month > 100" in text
    assert "and present handset of Beta: yes" in text
    assert all("月均账单" in rule["text_zh"] or "现终端" in rule["text_zh"] for rule in found)
    dear = max(found, key=lambda rule: rule["next"][0]["price_band"])
    assert dear["next"][0]["brand"] == "Beta"


def test_each_leaf_has_three_suggestions_or_as_many_as_there_are(tree: KindTree) -> None:
    for row in suggestions(tree).to_pylist():
        chances = [row[f"{c}_chance"] for c in ("first", "second", "third")]
        assert chances == sorted(chances, reverse=True)
    few = made(200)
    few[["next_brand", "next_price_band", "next_os"]] = ["Beta", 1, "iOS"]
    only = suggestions(learn(few, TARGETS, PARAMS)).to_pylist()
    assert [(row["first_brand"], row["second_brand"]) for row in only] == [("Beta", None)]


def rows_like(kinds: list[tuple[str | None, str]]) -> pd.DataFrame:
    """Changes from one brand to another, and nothing else."""
    frame = made(len(kinds))
    frame["present_brand"] = [had for had, _ in kinds]
    frame["next_brand"] = [got for _, got in kinds]
    return frame


def test_guesses_by_hand() -> None:
    train = rows_like([("Alpha", "Beta")] * 3 + [("Beta", "Alpha")] * 2 + [("Beta", "Beta")] * 1)
    test = rows_like([("Alpha", "Beta"), ("Beta", "Alpha"), ("Beta", "Beta"), (None, "Beta")])
    plain = learn(train, ("brand",), HandsetParams(min_leaf_rows=100))
    hits = guesses(plain, train, test).hits["brand"]
    # Most common of all: Beta (4 of 6); after Alpha: Beta; after Beta: Alpha (2 of 3).
    assert hits["tree"].tolist() == [True, False, True, True]
    assert hits["most_common"].tolist() == [True, False, True, True]
    assert hits["same_again"].tolist() == [False, False, True, False]
    assert hits["most_common_transition"].tolist() == [True, True, False, True]


def test_a_new_brand_is_a_miss_and_does_not_stop() -> None:
    train, test = made(300), made(60, seed=9)
    test["next_brand"], test["present_brand"] = "Gamma", "Gamma"
    found = judge(learn(train, TARGETS, PARAMS), train, test, PARAMS)["brand"]
    assert found["ways"]["tree"]["hits"] == 0
    assert found["ways"]["same_again"]["hits"] == 60
    assert found["differences"]["same_again"]["verdict"] == "worse"


def test_intervals_cover_and_verdicts_follow(tree: KindTree) -> None:
    found = judge(tree, made(1200), made(400, seed=1), PARAMS)
    for measure in found.values():
        for way in measure["ways"].values():
            assert way["low"] <= way["share"] <= way["high"]
            assert way["share"] == pytest.approx(way["hits"] / 400)
    assert found["price_band"]["differences"]["same_again"]["verdict"] == "better"
    assert found["handset"]["differences"]["most_common"]["verdict"] == "better"


def test_the_life_table_by_hand() -> None:
    def table(exposures: list[int], changes: list[int]) -> LifeTable:
        many: Any = np.array(exposures, dtype=np.int64) * 1_000_000
        return LifeTable(2, many, np.array(changes, dtype=np.int64) * 1_000_000)

    # A tenth a month in the first two months, a half after that; nothing of unknown age.
    found = table([10, 10, 0], [1, 5, 0])
    assert found.month_chance == pytest.approx([0.1, 0.5, 0.3], abs=1e-4)
    # From the middle of its group a handset is a month away from the next.
    assert found.chance(1) == pytest.approx([0.1, 0.5, 0.3], abs=1e-4)
    assert found.chance(2) == pytest.approx([1 - 0.9 * 0.5, 0.75, 1 - 0.49], abs=1e-4)
    assert found.overall(1) == pytest.approx(0.3, abs=1e-4)
    assert LifeTable.from_json(found.to_json()).to_json() == found.to_json()

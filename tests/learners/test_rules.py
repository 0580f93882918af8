import re

import numpy as np
import pandas as pd
import pytest

from churnlight.learners import tree
from churnlight.learners.dataset import Dataset
from churnlight.learners.encoding import Column, Encoder
from churnlight.learners.folds import split_stop
from churnlight.learners.nodes import Nodes
from churnlight.learners.rules import observed, rules
from churnlight.params.learning import TrainParams


@pytest.fixture
def model() -> tree.Tree:
    """silent_days <= 7.5 (missing left): leaf; else brand rank <= 1: leaf; else bill known?"""
    return tree.Tree(
        encoder=Encoder(
            (
                Column("silent_days", "numeric"),
                Column("brand", "category", ("easy", "go", "zone")),
                Column("bill_money", "numeric"),
            )
        ),
        ranks={1: np.array([2.0, 0.0, 1.0])},
        nodes=Nodes(
            left=np.array([1, -1, 3, -1, 5, -1, -1]),
            right=np.array([2, -1, 4, -1, 6, -1, -1]),
            feature=np.array([0, -1, 1, -1, 2, -1, -1]),
            threshold=np.array([7.5, 0, 1, 0, np.inf, 0, 0]),
            missing_left=np.array([True, False, True, False, False, False, False]),
            rows=np.array([100, 50, 50, 30, 20, 12, 8]),
            churners=np.array([20, 2, 18, 6, 12, 5, 7]),
        ),
        had_missing=np.array([True, False, True]),
        training={},
    )


def test_rules_in_english_by_hand(model: tree.Tree) -> None:
    found = rules(model)
    assert [(r.leaf, r.text, r.rows, r.churners, r.share) for r in found] == [
        (6, "silent_days > 7.5 and brand is easy and bill_money is unknown", 8, 7, 0.08),
        (5, "silent_days > 7.5 and brand is easy and bill_money is known", 12, 5, 0.12),
        (3, "silent_days > 7.5 and brand is go, zone", 30, 6, 0.3),
        (1, "silent_days ≤ 7.5 or unknown", 50, 2, 0.5),
    ]
    assert found[0].rate == 7 / 8
    assert found[0].probability == pytest.approx((7 + 20 * 0.2) / (8 + 20))


def test_rules_with_values_in_words_and_flags(model: tree.Tree) -> None:
    texts = [
        r.text for r in rules(model, "en", written=lambda name, value: f"{value:.0f} of {name}")
    ]
    assert texts[2] == "silent_days > 8 of silent_days and brand is go, zone"
    flags = [r.text for r in rules(model, "en", flags=["silent_days"])]
    assert flags[2] == "silent_days: yes and brand is go, zone"
    assert flags[3] == "silent_days: no or unknown"
    assert rules(model, "zh", flags=["silent_days"])[2].text == "silent_days：是，且brand为go、zone"


def test_rules_in_chinese_with_names(model: tree.Tree) -> None:
    names = {"silent_days": "静默天数", "brand": "品牌", "bill_money": "月账单"}
    texts = [r.text for r in rules(model, "zh", names)]
    assert texts[0] == "静默天数 > 7.5，且品牌为easy，且月账单未知"
    assert texts[3] == "静默天数 ≤ 7.5或未知"


def test_observed_counts_later_rows_by_leaf(model: tree.Tree) -> None:
    frame = pd.DataFrame(
        {
            "silent_days": [1, np.nan, 9, 9, 9, 9],
            "brand": ["go", "go", "go", "easy", "easy", None],
            "bill_money": [1.0, 1.0, 1.0, np.nan, 50.0, 1.0],
        }
    )
    leaves = model.leaf(frame)
    assert leaves.tolist() == [1, 1, 3, 6, 5, 3]
    churned = np.array([False, True, True, True, False, False])
    assert observed(leaves, churned) == {1: (2, 1), 3: (2, 1), 5: (1, 0), 6: (1, 1)}


def test_two_questions_on_one_feature_become_one_range(data: Dataset, params: TrainParams) -> None:
    found = rules(tree.fit(*split_stop(data, 1), params))
    assert sum(r.rows for r in found) == len(data)
    assert sum(r.churners for r in found) == data.churners
    for rule in found:
        parts = rule.text.split(" and ")
        asked = [re.search(r"[a-z]+_[a-z]+|brand", p)[0] for p in parts]
        assert len(asked) == len(set(asked))


def test_a_tree_of_one_leaf_is_everybody(model: tree.Tree) -> None:
    stump = tree.Tree(
        model.encoder, model.ranks, model.nodes.collapse(np.ones(7, dtype=bool)),
        model.had_missing, {},
    )  # fmt: skip
    assert [r.text for r in rules(stump)] == ["everybody"]
    assert [r.text for r in rules(stump, "zh")] == ["所有用户"]

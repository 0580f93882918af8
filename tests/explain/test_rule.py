"""A leaf's rule in the catalogue's words."""

from __future__ import annotations

import numpy as np
import pytest

from churnlight.errors import ChurnlightError, UsageError
from churnlight.explain.rule import leaf_rules, leaf_words
from churnlight.learners.encoding import Column, Encoder
from churnlight.learners.nodes import Nodes
from churnlight.learners.tree import Tree


@pytest.fixture
def tree() -> Tree:
    """bill <= 88.5: leaf 1; else broadband: no leaf 3; yes: slope of outgoing minutes."""
    return Tree(
        encoder=Encoder(
            (
                Column("bill_money", "numeric"),
                Column("broadband_flag", "numeric"),
                Column("voice_out_trend_share_per_month", "numeric"),
            )
        ),
        ranks={},
        nodes=Nodes(
            left=np.array([1, -1, 3, -1, 5, -1, -1]),
            right=np.array([2, -1, 4, -1, 6, -1, -1]),
            feature=np.array([0, -1, 1, -1, 2, -1, -1]),
            threshold=np.array([88.5, 0, 0.5, 0, -0.125, 0, 0]),
            missing_left=np.array([True, False, False, False, True, False, False]),
            rows=np.array([100, 50, 50, 30, 20, 12, 8]),
            churners=np.array([20, 2, 18, 6, 12, 5, 7]),
        ),
        had_missing=np.array([True, False, False]),
        training={},
    )


def test_in_english(tree: Tree) -> None:
    assert leaf_words(tree, 1, "en") == "monthly bill after discount ≤ 88.50 yuan or unknown"
    assert leaf_words(tree, 3, "en") == (
        "monthly bill after discount > 88.50 yuan and whether there is broadband with the line: no"
    )
    assert leaf_words(tree, 5, "en") == (
        "monthly bill after discount > 88.50 yuan and whether there is broadband with the line: yes"
        " and monthly slope of outgoing minutes a day, as a share of their mean ≤ -12 %"
    )


def test_in_chinese(tree: Tree) -> None:
    assert leaf_words(tree, 5, "zh") == (
        "月账单 > 88.50元，且是否办理宽带：是，且日均主叫分钟数的月度斜率占均值的比例 ≤ -12%"
    )


def test_every_leaf_has_a_rule(tree: Tree) -> None:
    found = leaf_rules(tree, "en")
    assert sorted(found) == [1, 3, 5, 6]
    assert found[6].rows == 8


def test_no_such_leaf_and_no_such_language(tree: Tree) -> None:
    with pytest.raises(ChurnlightError, match="no leaf 2"):
        leaf_words(tree, 2, "en")
    with pytest.raises(UsageError, match="languages there are: en, zh"):
        leaf_rules(tree, "de")

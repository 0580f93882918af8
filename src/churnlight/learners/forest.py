"""A boosted model as plain arrays, read from LightGBM's text: for many rows, faster than its own.

LightGBM walks each tree for each row, and waits at every question. Here all questions of a tree are
asked of a block of rows, column by column, which a processor does several rows at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from churnlight.errors import ChurnlightError
from churnlight.learners.dataset import AnyArray, FloatArray, IntArray
from churnlight.learners.sizing import workers

BLOCK = 2048  # rows at once: their columns stay in the cache while a tree is asked
_TINY = 1e-35  # LightGBM reads smaller numbers as zero
MOST_LEAVES = 64  # a row's answers to the questions of one tree are the bits of one integer
# Bits of LightGBM's decision_type.
_CATEGORY, _DEFAULT_LEFT, _MISSING_SHIFT = 1, 2, 2
_ZERO = 1
_OBJECTIVES = {"binary sigmoid:1"}


class NotSupportedError(ChurnlightError):
    """A model that is not known here; LightGBM itself knows it."""


@dataclass(frozen=True)
class Tree:
    """One tree; nodes are numbered as LightGBM numbers them, leaf i standing as -i - 1.

    Attributes:
        feature, threshold: of each node; the threshold of a category is unused.
        left, right: children.
        nan_left: whether NaN goes left.
        zero: 0 where a zero is a number as any other, 1 where it goes left as missing, 2 right.
        words: of a category, the bits of the codes that go left, 32 a word; empty for a number.
        node_rows, leaf_rows: training rows.
        leaf_value: log-odds.
    """

    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    nan_left: AnyArray
    zero: IntArray
    words: tuple[IntArray, ...]
    node_rows: FloatArray
    leaf_rows: FloatArray
    leaf_value: FloatArray

    @property
    def expected(self) -> float:
        """Mean of the leaves over the training rows, log-odds."""
        if len(self.leaf_value) == 1:
            return float(self.leaf_value[0])
        return float(np.dot(self.leaf_rows / self.node_rows[0], self.leaf_value))

    def share(self, parent: int, child: int) -> float:
        """Of the rows at a node, the share that went on to a child."""
        rows = self.node_rows[child] if child >= 0 else self.leaf_rows[-child - 1]
        return float(rows / self.node_rows[parent])


def read_trees(text: str) -> tuple[list[Tree], int]:
    """Read a model of two classes.

    Args:
        text: as `Booster.model_to_string` writes it.

    Returns:
        The trees, and the number of features.

    Raises:
        NotSupportedError: for other kinds of models, and for trees larger than `MOST_LEAVES`.
    """
    blocks = text.split("\nend of trees", maxsplit=1)[0].split("\nTree=")
    head = _fields(blocks[0])
    if head.get("objective") not in _OBJECTIVES or "average_output" in blocks[0].split("\n"):
        raise NotSupportedError("expected a boosted model of two classes")
    return [_tree(_fields(block)) for block in blocks[1:]], int(head["max_feature_idx"]) + 1


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _tree(fields: Mapping[str, str]) -> Tree:
    if int(fields["num_leaves"]) > MOST_LEAVES or fields.get("is_linear", "0") != "0":
        raise NotSupportedError(f"expected plain trees of at most {MOST_LEAVES} leaves")

    def numbers(name: str) -> FloatArray:
        return np.array(fields.get(name, "").split(), dtype=np.float64)

    kind = numbers("decision_type").astype(np.int64)
    missing, default_left = (kind >> _MISSING_SHIFT) & 3, (kind & _DEFAULT_LEFT) > 0
    threshold = numbers("threshold")
    category = (kind & _CATEGORY) > 0
    # Where NaN is not what stands for missing, LightGBM reads it as zero.
    nan_left = np.where(missing > 0, default_left, threshold >= 0.0) & ~category
    tree = Tree(
        feature=numbers("split_feature").astype(np.int64),
        threshold=threshold,
        left=numbers("left_child").astype(np.int64),
        right=numbers("right_child").astype(np.int64),
        nan_left=nan_left,
        zero=np.where((missing == _ZERO) & ~category, np.where(default_left, 1, 2), 0),
        words=_words(fields, category, threshold),
        node_rows=numbers("internal_count"),
        leaf_rows=numbers("leaf_count"),
        leaf_value=numbers("leaf_value"),
    )
    if len(tree.leaf_value) > 1 and not (tree.node_rows.all() and tree.leaf_rows.all()):
        raise NotSupportedError("expected training rows in every node")
    return tree


def _words(
    fields: Mapping[str, str], category: AnyArray, threshold: FloatArray
) -> tuple[IntArray, ...]:
    bounds = [int(b) for b in fields.get("cat_boundaries", "").split()]
    bits = np.array(fields.get("cat_threshold", "").split(), dtype=np.int64)
    none = np.empty(0, dtype=np.int64)
    return tuple(
        bits[bounds[int(t)] : bounds[int(t) + 1]] if is_category else none
        for is_category, t in zip(category, threshold, strict=True)
    )


def below(tree: Tree, node: int) -> list[int]:
    """The questions at and below a node, left before right."""
    if node < 0:
        return []
    return [node, *below(tree, int(tree.left[node])), *below(tree, int(tree.right[node]))]


class Nodes(NamedTuple):
    """The questions of all trees, each tree's from the root, left before right.

    Attributes:
        tree_node: where each tree's begin, and the end.
        node_feature, node_threshold, node_nan_left, node_zero: see `Tree`.
        node_word: where each node's words begin, and the end.
        words: see `Tree`.
    """

    tree_node: AnyArray
    node_feature: AnyArray
    node_threshold: AnyArray
    node_nan_left: AnyArray
    node_zero: AnyArray
    node_word: AnyArray
    words: AnyArray


def nodes_of(trees: Sequence[Tree]) -> Nodes:
    """All trees' questions in one row."""
    order = [below(t, 0) if len(t.leaf_value) > 1 else [] for t in trees]
    words = [t.words[n] for t, ns in zip(trees, order, strict=True) for n in ns]

    def gathered(name: str, kind: type) -> AnyArray:
        parts = [getattr(t, name)[ns] for t, ns in zip(trees, order, strict=True) if ns]
        return np.concatenate(parts).astype(kind) if parts else np.empty(0, dtype=kind)

    return Nodes(
        tree_node=_starts([len(ns) for ns in order]),
        node_feature=gathered("feature", np.int64),
        node_threshold=gathered("threshold", np.float64),
        node_nan_left=gathered("nan_left", np.bool_),
        node_zero=gathered("zero", np.int64),
        node_word=_starts([len(w) for w in words]),
        words=np.concatenate([np.empty(0, dtype=np.int64), *words]),
    )


def _starts(lengths: Sequence[int]) -> IntArray:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


class Forest(NamedTuple):
    """What predicts.

    Attributes:
        nodes: the questions.
        node_right_leaves: the leaves on the right of each node, as bits, from right to left.
        tree_leaf: where each tree's leaves begin, and the end.
        leaf_value: log-odds, from right to left.
    """

    nodes: Nodes
    node_right_leaves: AnyArray
    tree_leaf: AnyArray
    leaf_value: FloatArray


@lru_cache(maxsize=4)
def _ready(text: str) -> tuple[Forest, int]:
    trees, features = read_trees(text)
    masks: list[int] = []
    leaves: list[list[int]] = []
    for tree in trees:
        leaves.append(_leaves(tree, 0 if len(tree.leaf_value) > 1 else -1))
        place = {leaf: 1 << i for i, leaf in enumerate(leaves[-1])}
        nodes = below(tree, 0) if len(tree.leaf_value) > 1 else []
        masks += [sum(place[leaf] for leaf in _leaves(tree, int(tree.right[n]))) for n in nodes]
    values = [t.leaf_value[[-n - 1 for n in ls]] for t, ls in zip(trees, leaves, strict=True)]
    starts = _starts([len(ls) for ls in leaves])
    flat = np.concatenate([np.empty(0), *values])
    return Forest(nodes_of(trees), np.array(masks, dtype=np.uint64), starts, flat), features


def _leaves(tree: Tree, node: int) -> list[int]:
    """The leaves at and below a node, right before left."""
    if node < 0:
        return [node]
    return [*_leaves(tree, int(tree.right[node])), *_leaves(tree, int(tree.left[node]))]


def predicted(text: str, matrix: FloatArray, threads: int = 1) -> FloatArray:
    """Probabilities of encoded rows; the last models are kept ready.

    Args:
        text: the model as LightGBM writes it.
        matrix: shape (rows, features), NaN where missing.
        threads: that work on blocks of rows; 0: as many as cores. No value depends on it.

    Returns:
        Shape (rows,).

    Raises:
        NotSupportedError: see `read_trees`.
        ImportError: where numba is not installed.
        ValueError: when the matrix has another number of columns than the model features.
    """
    from churnlight.learners import forest_kernels

    forest, features = _ready(text)
    require_width(matrix, features)
    out = np.empty(len(matrix))

    def one(rows: slice, columns: FloatArray) -> None:
        forest_kernels.probabilities(forest, columns, out[rows])

    in_blocks(matrix, threads, one)
    return out


def require_width(matrix: FloatArray, features: int) -> None:
    """Refuse a matrix of another width.

    Raises:
        ValueError: says both.
    """
    if matrix.ndim != 2 or matrix.shape[1] != features:
        raise ValueError(f"expected {features} columns, got shape {matrix.shape}")


def in_blocks(
    matrix: FloatArray,
    threads: int,
    work: Callable[[slice, FloatArray], Any],
    most: int | None = None,
) -> None:
    """Work on blocks of rows, some at once.

    Args:
        matrix: shape (rows, features).
        threads: that work; 0: as many as cores.
        work: given which rows, and their features, shape (features, rows), as LightGBM reads them.
        most: rows of a block, at most; None: `BLOCK`.
    """
    at_once = workers(threads, len(matrix))
    # Equal blocks, as many for each thread.
    turns = math.ceil(len(matrix) / (at_once * (most or BLOCK)))
    block = math.ceil(len(matrix) / max(1, at_once * turns)) or 1

    def one(start: int) -> None:
        rows = slice(start, min(start + block, len(matrix)))
        columns = np.array(matrix[rows].T, dtype=np.float64, order="C")
        columns[np.abs(columns) <= _TINY] = 0.0
        work(rows, columns)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, range(0, len(matrix), block)))

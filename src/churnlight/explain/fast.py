"""SHAP values many times as fast as LightGBM's own, and equal to them.

Path-dependent TreeSHAP (Lundberg and others 2020) asks, for each leaf, which of the features on its
path a row agrees with. There are few such patterns, so what each adds is worked out once a model
and looked up for each row, as in Fast TreeSHAP v2 (Yang 2021). Beyond that:

- Leaves below one node share a table, as long as the features above the node and the questions
  below it have at most `bits` answers together: one look-up then serves several leaves.
- A leaf whose path has more features has a table of its own, up to `alone` features; above that it
  is worked out row by row, by Gauss's quadrature of the integral that `forest_kernels.fill` states;
  the tables are filled by the same formula.

`bits` and `alone` are the largest for which all tables stay below a bound of memory. A row's values
don't depend on the other rows, on threads or on blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from churnlight.learners.dataset import AnyArray, FloatArray
from churnlight.learners.forest import (
    Nodes,
    NotSupportedError,
    Tree,
    below,
    in_blocks,
    nodes_of,
    read_trees,
    require_width,
)

__all__ = ["Forest", "NotSupportedError", "shap_values"]

_MOST_BITS, _LEAST_BITS = 11, 4
_MOST_ALONE = 14
_TABLE_CELLS = 40_000_000  # 320 MB
# Rows at once: more than for predicting, because each block has all tables pass through the cache.
_BLOCK = 8192


class Plan(NamedTuple):
    """What the kernels read; arrays named x_y hold, for each x, where its ys begin (or y itself).

    A group is some leaves of a tree below one node. Its tables have a place for each feature of the
    path to the node or of a question below it; its path holds the features of the path. An item is
    a feature on the path to one leaf.
    """

    nodes: Nodes
    points: FloatArray
    weights: FloatArray
    tree_group: AnyArray
    group_first: AnyArray
    group_mask: AnyArray
    group_bits: AnyArray
    group_table: AnyArray
    group_path: AnyArray
    group_place: AnyArray
    group_leaf: AnyArray
    path_need: AnyArray
    path_want: AnyArray
    place_feature: AnyArray
    leaf_value: AnyArray
    leaf_item: AnyArray
    item_place: AnyArray
    item_share: AnyArray
    item_need: AnyArray
    item_want: AnyArray


@dataclass(frozen=True)
class Forest:
    """A model made ready.

    Attributes:
        features: how many the model has.
        expected: the expected value, log-odds.
        plan, tables: what the kernels read.
    """

    features: int
    expected: float
    plan: Plan
    tables: FloatArray

    @classmethod
    def read(cls, text: str) -> Forest:
        """From a model as LightGBM writes it.

        Raises:
            NotSupportedError: see `forest.read_trees`.
            ImportError: where numba is not installed.
        """
        from churnlight.learners import forest_kernels

        trees, features = read_trees(text)
        for bits, alone in _sizes():
            plan, cells = _planned(trees, bits, alone)
            if cells <= _TABLE_CELLS:
                break
        tables = np.zeros(cells)
        forest_kernels.fill(plan, tables)
        return cls(features, float(sum(tree.expected for tree in trees)), plan, tables)

    def values(self, matrix: FloatArray, threads: int = 1) -> FloatArray:
        """SHAP values of encoded rows.

        Args:
            matrix: shape (rows, features), NaN where missing.
            threads: that work on blocks of rows; 0: as many as cores.

        Returns:
            Shape (rows, features + 1), log-odds, the expected value in the last column.

        Raises:
            ValueError: when the matrix has another number of columns than the model features.
        """
        from churnlight.learners import forest_kernels

        require_width(matrix, self.features)
        out = np.empty((len(matrix), self.features + 1))
        out[:, -1] = self.expected

        def one(rows: slice, columns: FloatArray) -> None:
            added = np.zeros_like(columns)
            forest_kernels.add_block(self.plan, self.tables, columns, added)
            out[rows, :-1] = added.T

        in_blocks(matrix, threads, one, _BLOCK)
        return out


@lru_cache(maxsize=2)
def _ready(text: str) -> Forest:
    return Forest.read(text)


def shap_values(text: str, matrix: FloatArray, threads: int = 1) -> FloatArray:
    """SHAP values of encoded rows; the last two models are kept ready.

    Args:
        text: the model as LightGBM writes it.
        matrix: shape (rows, features), NaN where missing.
        threads: that work on blocks of rows; 0: as many as cores.

    Returns:
        Shape (rows, features + 1), log-odds, the expected value in the last column.

    Raises:
        NotSupportedError: for a model that is no sum of plain trees of at most 64 leaves.
        ImportError: where numba is not installed.
        ValueError: when the matrix has another number of columns than the model features.
    """
    return _ready(text).values(matrix, threads)


@dataclass
class _Item:
    """A feature on a path: the share of training rows that met it, and the answers it needs."""

    share: float = 1.0
    need: int = 0
    want: int = 0

    def after(self, share: float, bit: int, *, left: bool) -> _Item:
        """With one more question, whose answer is this bit."""
        return _Item(self.share * share, self.need | bit, self.want | (bit if left else 0))


Path = dict[int, _Item]  # by feature, in the order of their first question


@dataclass
class _Planner:
    """Collects the plan's lists, tree by tree."""

    bits: int
    alone: int
    lists: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in Plan._fields})
    cells: int = 0

    def add_tree(self, tree: Tree) -> None:
        """Group the tree's leaves."""
        to = self.lists
        to["tree_group"].append(len(to["group_bits"]))
        if len(tree.leaf_value) > 1:
            self._group(tree, {node: i for i, node in enumerate(below(tree, 0))}, 0, {})

    def _group(self, tree: Tree, place: dict[int, int], node: int, path: Path) -> None:
        """A group for all leaves below the node where that fits, else groups below it."""
        asked = below(tree, node)
        if node < 0 or len(path) + len(asked) <= self.bits:
            self._add_group(tree, place[node] if asked else 0, node, path)
            return
        for child, found in _followed(tree, path, node, 1 << place[node]):
            self._group(tree, place, child, found)

    def _add_group(self, tree: Tree, first: int, node: int, path: Path) -> None:
        to = self.lists
        asked = below(tree, node)
        features = list(dict.fromkeys([*path, *(int(tree.feature[n]) for n in asked)]))
        bits = len(path) + len(asked)
        deep = bits > (self.bits if asked else self.alone)
        to["group_first"].append(first)
        to["group_mask"].append((1 << len(asked)) - 1)
        to["group_bits"].append(bits)
        to["group_table"].append(-1 if deep else self.cells)
        to["group_path"].append(len(to["path_need"]))
        to["group_place"].append(len(to["place_feature"]))
        to["group_leaf"].append(len(to["leaf_value"]))
        to["path_need"] += [item.need for item in path.values()]
        to["path_want"] += [item.want for item in path.values()]
        to["place_feature"] += features
        self.cells += 0 if deep else len(features) << bits
        # Within the group's patterns each feature of the path is one bit, then come the questions.
        start = {f: _Item(x.share, 1 << i, 1 << i) for i, (f, x) in enumerate(path.items())}
        place = {n: len(path) + i for i, n in enumerate(asked)}
        self._add_leaves(tree, place, node, start, {f: i for i, f in enumerate(features)})

    def _add_leaves(
        self, tree: Tree, place: dict[int, int], node: int, path: Path, at: dict[int, int]
    ) -> None:
        if node >= 0:
            for child, found in _followed(tree, path, node, 1 << place[node]):
                self._add_leaves(tree, place, child, found, at)
            return
        to = self.lists
        to["leaf_value"].append(float(tree.leaf_value[-node - 1]))
        to["leaf_item"].append(len(to["item_place"]))
        to["item_place"] += [at[feature] for feature in path]
        to["item_share"] += [item.share for item in path.values()]
        to["item_need"] += [item.need for item in path.values()]
        to["item_want"] += [item.want for item in path.values()]

    def plan(self, nodes: Nodes) -> Plan:
        """Everything as arrays, with the ends of the last ones."""
        to = {name: list(values) for name, values in self.lists.items()}
        for name, what in (
            ("tree_group", "group_bits"), ("group_path", "path_need"),
            ("group_place", "place_feature"), ("group_leaf", "leaf_value"),
            ("leaf_item", "item_place"),
        ):  # fmt: skip
            to[name].append(len(to[what]))
        points, weights = _quadrature()
        arrays: dict[str, AnyArray] = {
            name: np.array(to[name], dtype=_kind_of(name)) for name in Plan._fields[3:]
        }
        return Plan(nodes=nodes, points=points, weights=weights, **arrays)


def _sizes() -> list[tuple[int, int]]:
    """What `bits` and `alone` may be, the largest first."""
    shared = [(_MOST_BITS, alone) for alone in range(_MOST_ALONE, _MOST_BITS, -1)]
    return shared + [(bits, bits) for bits in range(_MOST_BITS, _LEAST_BITS - 1, -1)]


def _planned(trees: list[Tree], bits: int, alone: int) -> tuple[Plan, int]:
    planner = _Planner(bits, alone)
    for tree in trees:
        planner.add_tree(tree)
    return planner.plan(nodes_of(trees)), planner.cells


def _kind_of(name: str) -> type:
    if name in {"leaf_value", "item_share"}:
        return np.float64
    if name.endswith(("_need", "_want")) or name in {"group_mask", "group_first"}:
        return np.uint64
    return np.int64


def _followed(tree: Tree, path: Path, node: int, bit: int) -> list[tuple[int, Path]]:
    """A node's children, left first, with the paths to them; the bit is the node's answer."""
    feature = int(tree.feature[node])
    item = path.get(feature, _Item())
    return [
        (child, {**path, feature: item.after(tree.share(node, child), bit, left=left)})
        for child, left in ((int(tree.left[node]), True), (int(tree.right[node]), False))
    ]


def _quadrature() -> tuple[FloatArray, FloatArray]:
    """Gauss's points and weights on 0 to 1; row n holds those of n points."""
    most = 33
    points, weights = np.zeros((most, most)), np.zeros((most, most))
    for count in range(1, most):
        x, w = np.polynomial.legendre.leggauss(count)
        points[count, :count], weights[count, :count] = (x + 1) / 2, w / 2
    return points, weights

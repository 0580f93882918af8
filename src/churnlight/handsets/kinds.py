"""The tree of the next handset: grown by entropy over brand, price band and system together.

One tree answers all three: the impurity of a node is the mean entropy of the three (multi-output
classification), so brand, band and system share their questions and one set of rules. It is pruned
by cost and complexity to the subtree that foresees the newest months of the training best (log
loss; then the smaller), which may be no question at all. A leaf holds how many chose each whole
handset (brand, band, system), so what it suggests is always one that exists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from churnlight.handsets.features import Questions
from churnlight.handsets.pricelist import NEXT, TARGETS
from churnlight.learners.dataset import BoolArray, FloatArray, IntArray
from churnlight.learners.encoding import Column, Encoder
from churnlight.learners.nodes import Nodes
from churnlight.learners.tree import Tree
from churnlight.params.handset import HandsetParams

Kind = tuple[Any, ...]
# A leaf counts so many rows at the overall shares besides its own.
_PRIOR_ROWS = 20.0
_LEAST = 1e-9
_SMALLEST_LEAF = 5


@dataclass(frozen=True)
class KindTree:
    """A tree over kinds of handsets.

    Attributes:
        questions: the columns it asks.
        targets: what a kind says: those of `TARGETS` that the price list has.
        kinds: the kinds that somebody changed to, sorted; one value a target.
        nodes: the tree (its `churners` are the rows: all changed).
        had_missing: for each column, whether training met missing values.
        counts: changes to each kind, of each node, shape (nodes, kinds).
    """

    questions: Questions
    targets: tuple[str, ...]
    kinds: tuple[Kind, ...]
    nodes: Nodes
    had_missing: BoolArray
    counts: IntArray

    @property
    def chances(self) -> FloatArray:
        """Chance of each kind in each node, shape (nodes, kinds)."""
        overall = self.counts[0] / self.counts[0].sum()
        rows = self.counts.sum(axis=1, keepdims=True)
        smoothed = (self.counts + _PRIOR_ROWS * overall) / (rows + _PRIOR_ROWS)
        return np.asarray(np.round(smoothed, 12), dtype=np.float64)

    def leaf(self, frame: pd.DataFrame) -> IntArray:
        """Leaf of each row, shape (rows,)."""
        return self.nodes.walk(self.questions.matrix(frame))

    def likeliest(self, target: str) -> list[Any]:
        """The likeliest value of one target in each node; the first of equals."""
        place = self.targets.index(target)
        values = sorted({kind[place] for kind in self.kinds})
        member = np.array([[kind[place] == value for kind in self.kinds] for value in values])
        best = np.argmax(np.round(self.chances @ member.T, 9), axis=1)
        return [values[i] for i in best]

    def chance_of(self, target: str) -> FloatArray:
        """Chance of `likeliest` in each node."""
        place = self.targets.index(target)
        found = [
            sum(c for c, kind in zip(chances, self.kinds, strict=True) if kind[place] == best)
            for chances, best in zip(self.chances, self.likeliest(target), strict=True)
        ]
        return np.asarray(np.round(found, 9), dtype=np.float64)

    def best(self, count: int) -> IntArray:
        """Numbers of the likeliest kinds in each node, shape (nodes, at most count)."""
        return np.argsort(-self.chances, axis=1, kind="stable")[:, :count]

    def as_rules(self) -> Tree:
        """The questions as `learners.rules` puts them into words."""
        columns = tuple(Column(name, "numeric") for name in self.questions.names)
        return Tree(Encoder(columns), {}, self.nodes, self.had_missing, {})

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "questions": self.questions.to_json(),
            "targets": list(self.targets),
            "kinds": [list(kind) for kind in self.kinds],
            "nodes": self.nodes.to_json(),
            "had_missing": self.had_missing.tolist(),
            "counts": self.counts.tolist(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> KindTree:
        """The inverse of `to_json`."""
        return cls(
            questions=Questions.from_json(content["questions"]),
            targets=tuple(content["targets"]),
            kinds=tuple(tuple(kind) for kind in content["kinds"]),
            nodes=Nodes.from_json(content["nodes"]),
            had_missing=np.array(content["had_missing"], dtype=bool),
            counts=np.array(content["counts"], dtype=np.int64),
        )


def kinds_of(changes: pd.DataFrame, targets: Sequence[str]) -> list[Kind]:
    """The kind that each row changed to; None for a row whose next handset is not wholly known."""
    columns = [changes[NEXT + target] for target in targets]
    known = np.logical_and.reduce([column.notna().to_numpy() for column in columns])
    values = [
        column.astype(object).map(int if target == "price_band" else str, na_action="ignore")
        for target, column in zip(targets, columns, strict=True)
    ]
    return [
        tuple(row) if ok else None  # type: ignore[misc]
        for ok, *row in zip(known, *values, strict=True)
    ]


def learn(changes: pd.DataFrame, targets: Sequence[str], params: HandsetParams) -> KindTree:
    """Grow on the older months, prune on the newest, grow again on all with the same alpha.

    Args:
        changes: one row a change whose next handset is known: the columns of `Questions`, `next_*`
            and month_no; at least one row.
        targets: see `KindTree`.
        params: the section `handset`.
    """
    named = tuple(target for target in TARGETS if target in targets)
    kinds = kinds_of(changes, named)
    least = max(_SMALLEST_LEAF, params.min_leaf_rows)
    questions = Questions.of(changes, least)
    matrix, codes = questions.matrix(changes), _codes(kinds)
    alpha = _choose_alpha(matrix, codes, kinds, changes["month_no"].to_numpy(), params)
    nodes = _grow(matrix, codes, alpha, params)
    every = tuple(sorted(set(kinds)))
    return KindTree(
        questions=questions,
        targets=named,
        kinds=every,
        nodes=nodes,
        had_missing=np.asarray(np.isnan(matrix).any(axis=0), dtype=bool),
        counts=_counts(nodes, matrix, _numbers(kinds, every), len(every)),
    )


def _numbers(kinds: Sequence[Kind], known: Sequence[Kind]) -> IntArray:
    """Place of each kind among the known ones, -1 where it is none of them."""
    place = {kind: i for i, kind in enumerate(known)}
    return np.array([place.get(kind, -1) for kind in kinds], dtype=np.int64)


def _codes(kinds: Sequence[Kind]) -> IntArray:
    """One column of codes a target, shape (rows, targets)."""
    columns = []
    for values in zip(*kinds, strict=True):
        place = {value: i for i, value in enumerate(sorted(set(values)))}
        columns.append([place[value] for value in values])
    return np.array(columns, dtype=np.int64).T


def _grower(alpha: float, params: HandsetParams) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(
        criterion="entropy",
        min_samples_leaf=max(_SMALLEST_LEAF, params.min_leaf_rows),
        max_leaf_nodes=params.max_leaves,
        ccp_alpha=alpha,
        random_state=params.seed,
    )


def _grow(matrix: FloatArray, codes: IntArray, alpha: float, params: HandsetParams) -> Nodes:
    """The pruned tree; without a column, or with an infinite alpha, a root alone."""
    rows = len(matrix)
    if matrix.shape[1] == 0 or not np.isfinite(alpha):
        none = np.array([-1], dtype=np.int64)
        count = np.array([rows], dtype=np.int64)
        return Nodes(none, none, none, np.zeros(1), np.zeros(1, dtype=bool), count, count)
    inner = _grower(alpha, params).fit(matrix, codes).tree_
    leaf = inner.children_left < 0
    count = inner.n_node_samples.astype(np.int64)
    return _parents_first(
        Nodes(
            left=inner.children_left.astype(np.int64),
            right=inner.children_right.astype(np.int64),
            feature=np.where(leaf, -1, inner.feature).astype(np.int64),
            threshold=np.where(leaf, 0.0, inner.threshold),
            missing_left=~leaf & (inner.missing_go_to_left != 0),
            rows=count,
            churners=count,
        )
    )


def _parents_first(nodes: Nodes) -> Nodes:
    """The same tree numbered from the top, left before right."""
    return nodes.collapse(np.zeros(len(nodes), dtype=bool))


def _counts(nodes: Nodes, matrix: FloatArray, numbers: IntArray, kinds: int) -> IntArray:
    counts = np.zeros((len(nodes), kinds), dtype=np.int64)
    np.add.at(counts, (nodes.walk(matrix), numbers), 1)
    for node in np.flatnonzero(nodes.left >= 0)[::-1]:  # children before their parents
        counts[node] = counts[nodes.left[node]] + counts[nodes.right[node]]
    return counts


def _choose_alpha(
    matrix: FloatArray,
    codes: IntArray,
    kinds: Sequence[Kind],
    month: IntArray,
    params: HandsetParams,
) -> float:
    """The alpha whose tree on the older months foresees the newest quarter of months best."""
    months = np.unique(month)
    cut = months[-max(1, len(months) // 4)]
    old, new = np.flatnonzero(month < cut), np.flatnonzero(month >= cut)
    if not len(old) or matrix.shape[1] == 0:
        return float("inf")
    known = tuple(sorted({kinds[i] for i in old.tolist()}))
    numbers = _numbers(kinds, known)
    judged = new[numbers[new] >= 0]
    # A kind that is new since then is foreseen by no tree.
    path = _grower(0.0, params).cost_complexity_pruning_path(matrix[old], codes[old])
    steps = np.unique(np.maximum(path.ccp_alphas, 0.0))
    candidates = [*(float(np.sqrt(a * b)) for a, b in pairwise(steps)), float("inf")]
    best = (np.inf, 0.0)
    for alpha in candidates:
        nodes = _grow(matrix[old], codes[old], alpha, params)
        counts = _counts(nodes, matrix[old], numbers[old], len(known))
        tree = KindTree(Questions((), ()), (), known, nodes, np.zeros(0, dtype=bool), counts)
        said = tree.chances[nodes.walk(matrix[judged]), numbers[judged]]
        loss = -float(np.mean(np.log(np.maximum(said, _LEAST)))) if len(judged) else 0.0
        best = min(best, (round(loss, 9), -alpha))
    return -best[1]

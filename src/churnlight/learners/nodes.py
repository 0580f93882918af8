"""A binary decision tree as arrays: walking it, and pruning it by cost and complexity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from churnlight.learners.dataset import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Nodes:
    """The nodes, parents before their children; each array has shape (nodes,).

    Attributes:
        left, right: the children's numbers; -1 at a leaf.
        feature: the column that is asked; -1 at a leaf.
        threshold: values up to it go left; infinite where the question is only "known?".
        missing_left: where a missing value goes.
        rows, churners: of the training rows that came here.
    """

    left: IntArray
    right: IntArray
    feature: IntArray
    threshold: FloatArray
    missing_left: BoolArray
    rows: IntArray
    churners: IntArray

    def __len__(self) -> int:
        return len(self.left)

    @property
    def leaves(self) -> IntArray:
        """Numbers of the leaves."""
        return np.flatnonzero(self.left < 0)

    def walk(self, matrix: FloatArray) -> IntArray:
        """The leaf of each row.

        Args:
            matrix: encoded features, shape (rows, features).
        """
        # scikit-learn compares float32 values with float64 thresholds; so must we.
        values = matrix.astype(np.float32)
        at = np.zeros(len(values), dtype=np.int64)
        going = np.arange(len(values)) if len(self) > 1 else np.arange(0)
        while len(going):
            here = at[going]
            value = values[going, self.feature[here]]
            left = np.where(np.isnan(value), self.missing_left[here], value <= self.threshold[here])
            at[going] = np.where(left, self.left[here], self.right[here])
            going = going[self.left[at[going]] >= 0]
        return at

    def recounted(self, matrix: FloatArray, churned: BoolArray) -> Nodes:
        """The same questions with the counts of other rows.

        Args:
            matrix: encoded features, shape (rows, features).
            churned: the label of each row.
        """
        leaf = self.walk(matrix)
        rows = np.bincount(leaf, minlength=len(self))
        churners = np.bincount(leaf[churned], minlength=len(self))
        for node in np.flatnonzero(self.left >= 0)[::-1]:  # children before their parents
            for counts in (rows, churners):
                counts[node] = counts[self.left[node]] + counts[self.right[node]]
        return replace(self, rows=rows.astype(np.int64), churners=churners.astype(np.int64))

    def collapse(self, closed: BoolArray) -> Nodes:
        """The tree with the nodes of `closed`, shape (nodes,), turned into leaves."""
        keep: list[int] = []
        waiting = [0]
        while waiting:
            node = waiting.pop()
            keep.append(node)
            if self.left[node] >= 0 and not closed[node]:
                waiting += [int(self.right[node]), int(self.left[node])]
        new = np.full(len(self), -1, dtype=np.int64)
        new[keep] = np.arange(len(keep))
        leaf = (self.left[keep] < 0) | closed[keep]
        return Nodes(
            left=np.where(leaf, -1, new[self.left[keep]]),
            right=np.where(leaf, -1, new[self.right[keep]]),
            feature=np.where(leaf, -1, self.feature[keep]),
            threshold=np.where(leaf, 0.0, self.threshold[keep]),
            missing_left=~leaf & self.missing_left[keep],
            rows=self.rows[keep],
            churners=self.churners[keep],
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it: floats by their shortest exact text, an infinite threshold as null."""
        return {
            "left": self.left.tolist(),
            "right": self.right.tolist(),
            "feature": self.feature.tolist(),
            "threshold": [t if np.isfinite(t) else None for t in self.threshold.tolist()],
            "missing_left": self.missing_left.tolist(),
            "rows": self.rows.tolist(),
            "churners": self.churners.tolist(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Nodes:
        """The inverse of `to_json`."""
        return cls(
            left=np.array(content["left"], dtype=np.int64),
            right=np.array(content["right"], dtype=np.int64),
            feature=np.array(content["feature"], dtype=np.int64),
            threshold=np.array(
                [np.inf if t is None else t for t in content["threshold"]], dtype=np.float64
            ),
            missing_left=np.array(content["missing_left"], dtype=bool),
            rows=np.array(content["rows"], dtype=np.int64),
            churners=np.array(content["churners"], dtype=np.int64),
        )


def closing_alphas(nodes: Nodes) -> FloatArray:
    """The complexity alpha from which each node is a leaf, shape (nodes,).

    Weakest-link pruning (Breiman, Friedman, Olshen, Stone 1984, chapter 3) with the entropy in
    bits, weighted by the share of rows, as scikit-learn's `ccp_alpha` has it. Leaves, and nodes
    below one that closed earlier, hold infinity: their own alpha never matters.
    """
    cost = _entropy_bits(nodes) * nodes.rows / nodes.rows[0]
    parent = np.full(len(nodes), -1, dtype=np.int64)
    inner = np.flatnonzero(nodes.left >= 0)
    parent[nodes.left[inner]] = inner
    parent[nodes.right[inner]] = inner
    below = cost.copy()  # cost of the leaves below a node
    leaves = np.ones(len(nodes), dtype=np.int64)
    for node in inner[::-1]:
        below[node] = below[nodes.left[node]] + below[nodes.right[node]]
        leaves[node] = leaves[nodes.left[node]] + leaves[nodes.right[node]]
    alphas = np.full(len(nodes), np.inf)
    open_ = nodes.left >= 0
    reached = 0.0
    while open_[0]:
        with np.errstate(divide="ignore", invalid="ignore"):
            link = np.where(open_, (cost - below) / (leaves - 1), np.inf)
        weakest = int(np.argmin(link))
        reached = max(reached, float(link[weakest]))
        alphas[weakest] = reached
        _shut(nodes, open_, weakest)
        saved, gone = cost[weakest] - below[weakest], leaves[weakest] - 1
        node = weakest
        while node >= 0:
            below[node] += saved
            leaves[node] -= gone
            node = int(parent[node])
    return alphas


def _shut(nodes: Nodes, open_: BoolArray, top: int) -> None:
    """Take a node and all below it out of the pruning."""
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if nodes.left[node] >= 0:
            open_[node] = False
            waiting += [int(nodes.left[node]), int(nodes.right[node])]


def _entropy_bits(nodes: Nodes) -> FloatArray:
    share = nodes.churners / nodes.rows
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -(share * np.log2(share) + (1 - share) * np.log2(1 - share))
    return np.nan_to_num(bits, nan=0.0)

"""The decision tree: grown by entropy, pruned by cost and complexity, saved as JSON.

1. A large tree grows on the fit rows (no leaf below tree.min_leaf_share of them).
2. Of its pruned subtrees with at most tree.max_leaves leaves, the one that ranks the stop rows best
   (ROC AUC; then least log loss, then fewest leaves) gives alpha. Ranking decides because the level
   is put right later, by calibration, and with few churners log loss prunes to a stump.
3. The tree grows again on all rows and is pruned with that alpha, or with the next larger one that
   keeps it within tree.max_leaves.

Past 50,000 rows a tree grows on a seeded sample of so many; rows and churners of each node, and so
pruning and probabilities, are counted on all.

Missing values go the way that scikit-learn learned for each question. Categories are ordered by
their churn rate in training, so that one question can part them into any two groups by risk.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from churnlight.files import write_json
from churnlight.learners.dataset import (
    BoolArray,
    Dataset,
    FloatArray,
    IntArray,
    join,
    require_both,
)
from churnlight.learners.encoding import Encoder
from churnlight.learners.nodes import Nodes, closing_alphas
from churnlight.learners.sizing import workers
from churnlight.learners.stored import read_stored, seal
from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.learning import TrainParams, TreeParams

FILE = "tree.json"
_LEAST_ROWS = 20  # of a leaf, however small the data
# A leaf's probability counts this many rows at the overall rate besides its own, so that a pure
# leaf of a few rows neither says 0 or 1 nor stands above a large leaf that is nearly as risky.
_PRIOR_ROWS = 20.0
# More rows than these find no better questions for some twenty leaves, but take minutes.
_GROWN_ON = 50_000


@dataclass(frozen=True)
class Tree:
    """A pruned tree.

    Attributes:
        encoder: the feature schema.
        ranks: for each category column (by index), the rank of each category by churn rate.
        nodes: the tree.
        had_missing: for each feature, whether training met missing values.
        training: what was found in training, for people; nothing computes with it.
    """

    encoder: Encoder
    ranks: Mapping[int, FloatArray]
    nodes: Nodes
    had_missing: BoolArray
    training: Mapping[str, Any]

    def leaf(self, frame: Any) -> IntArray:
        """The leaf's number of each row of a feature table, shape (rows,)."""
        return self.nodes.walk(_ranked(self.encoder.transform(frame), self.ranks))

    def raw(self, frame: Any, threads: int = 1) -> FloatArray:  # noqa: ARG002 - as Gbm.raw
        """Probability before calibration, shape (rows,)."""
        return leaf_probability(self.nodes)[self.leaf(frame)]

    def save(self, folder: Path) -> None:
        """Write tree.json into a folder, and the manifest with its hash."""
        write_json(
            folder / FILE,
            {
                "schema_version": SCHEMA_VERSION,
                "features": self.encoder.to_json(),
                "ranks": {str(i): r.tolist() for i, r in self.ranks.items()},
                "nodes": self.nodes.to_json(),
                "had_missing": self.had_missing.tolist(),
                "training": dict(self.training),
            },
        )
        seal(folder)


def load(folder: Path) -> Tree:
    """Read what `Tree.save` wrote.

    Raises:
        ChurnlightError: when it is missing, damaged, or not as it was written.
    """
    content = read_stored(folder / FILE)
    return Tree(
        encoder=Encoder.from_json(content["features"]),
        ranks={int(i): np.array(r, dtype=np.float64) for i, r in content["ranks"].items()},
        nodes=Nodes.from_json(content["nodes"]),
        had_missing=np.array(content["had_missing"], dtype=bool),
        training=content["training"],
    )


def fit(
    fit: Dataset,
    stop: Dataset,
    params: TrainParams,
    threads: int = 1,  # noqa: ARG001
    rest: Dataset | None = None,
) -> Tree:
    """Grow, prune on `stop`, grow again on all rows, prune with the same alpha.

    Args:
        fit: rows to grow on.
        stop: rows, by the pipeline of a later as_of, to choose alpha on.
        params: section `train`.
        threads: not used; the learners share one signature.
        rest: rows of as_ofs whose labels were not yet complete when those of `stop` were asked for;
            they are learned from at the end, and choose nothing.

    Raises:
        DataRefused: with counts, when there is one class only or too few churners.
    """
    whole = join([fit, stop, *([] if rest is None else [rest])])
    require_both(whole, params.min_churners, "training")
    require_both(fit, 1, "fit")
    encoder = Encoder.learn(whole.frame)
    alpha, found = _choose_alpha(encoder, fit, stop, params)
    matrix = encoder.transform(whole.frame)
    grown = _Grown.on(encoder, matrix, whole.churned, params)
    used = max(alpha, _alpha_within(grown.nodes, grown.closing, params.tree.max_leaves))
    nodes = grown.pruned(used, params.tree.max_leaves).nodes
    logging.getLogger(__name__).info(
        "tree: %d leaves of %d, alpha %.3g", len(nodes.leaves), len(grown.nodes.leaves), used
    )
    return Tree(
        encoder=encoder,
        ranks=grown.ranks,
        nodes=nodes,
        had_missing=np.asarray(np.isnan(matrix).any(axis=0), dtype=bool),
        training={
            "rows": len(whole),
            "churners": whole.churners,
            "alpha_chosen": alpha,
            "alpha_used": used,
            **found,
            "leaves_before_pruning": len(grown.nodes.leaves),
            "leaves": len(nodes.leaves),
        },
    )


def fit_folded(
    data: Dataset, fold: IntArray, params: TrainParams, threads: int = 1, least_rows: int = 1
) -> tuple[Tree, FloatArray]:
    """Prune by cross-validation (Breiman and others 1984, chapter 3); where there is no time.

    A tree grows on all rows, and one on the rows outside each fold. Of the alphas at which the
    first one changes, the one whose pruned trees rank their own fold best on the mean (ROC AUC;
    then log loss, then the larger alpha) prunes them all.

    Args:
        data: all rows.
        fold: the fold of each row, shape (rows,), by account.
        params: section `train`.
        threads: trees that grow at once; 0: as many as cores.
        least_rows: see `Encoder.learn`.

    Returns:
        The model, and the raw prediction of each row by a tree that saw no row of its fold, shape
        (rows,).

    Raises:
        DataRefused: with counts, when there is one class only or too few churners.
    """
    require_both(data, params.min_churners, "training")
    encoder = Encoder.learn(data.frame, least_rows)
    matrix = encoder.transform(data.frame)
    held = [fold == number for number in np.unique(fold)]

    def grow(kept: BoolArray) -> _Grown:
        return _Grown.on(encoder, matrix[kept], data.churned[kept], params)

    with ThreadPoolExecutor(workers(threads, len(held) + 1)) as pool:
        every, *parts = pool.map(grow, [np.ones(len(data), dtype=bool), *(~out for out in held)])
    candidates = _candidates(every.nodes, every.closing, params.tree.max_leaves)
    judges = [
        _Path.of(part, matrix[out], data.churned[out], params.tree.max_leaves)
        for part, out in zip(parts, held, strict=True)
    ]
    scores = np.round([np.mean([j.judge(a) for j in judges], axis=0) for a in candidates], 9)
    best = min(range(len(candidates)), key=lambda i: (*scores[i], -candidates[i]))
    raw = np.empty(len(data))
    for judge, out in zip(judges, held, strict=True):
        raw[out] = judge.probability(candidates[best])[judge.leaf]
    final = every.pruned(candidates[best], params.tree.max_leaves)
    return Tree(
        encoder=encoder,
        ranks=every.ranks,
        nodes=final.nodes,
        had_missing=np.asarray(np.isnan(matrix).any(axis=0), dtype=bool),
        training={
            "rows": len(data),
            "churners": data.churners,
            "folds": len(held),
            "alpha_chosen": candidates[best],
            "stop_roc_auc": -float(scores[best, 0]),
            "stop_log_loss": float(scores[best, 1]),
            "leaves_before_pruning": len(every.nodes.leaves),
            "leaves": len(final.nodes.leaves),
        },
    ), raw


@dataclass(frozen=True)
class _Grown:
    """A tree on some rows, with what prunes it and what turns categories into numbers."""

    nodes: Nodes
    closing: FloatArray
    ranks: Mapping[int, FloatArray]

    @classmethod
    def on(
        cls, encoder: Encoder, matrix: FloatArray, churned: BoolArray, params: TrainParams
    ) -> _Grown:
        """Grow on encoded rows."""
        ranks = _category_ranks(encoder, matrix, churned, _least_rows(params.tree, len(churned)))
        nodes = _grow(_ranked(matrix, ranks), churned, params)
        return cls(nodes, closing_alphas(nodes), ranks)

    def pruned(self, alpha: float, max_leaves: int) -> _Grown:
        """With this alpha, or the next larger one that leaves at most `max_leaves` leaves."""
        used = max(alpha, _alpha_within(self.nodes, self.closing, max_leaves))
        return _Grown(self.nodes.collapse(self.closing <= used), self.closing, self.ranks)


@dataclass(frozen=True)
class _Path:
    """A grown tree's pruned subtrees, judged on rows that walk it once.

    Attributes:
        grown: the tree.
        least: the least alpha that may be used.
        leaf: of the unpruned tree, of each row.
        rows, churners: of these rows, in each leaf; shape (nodes,).
    """

    grown: _Grown
    least: float
    leaf: IntArray
    rows: IntArray
    churners: IntArray

    @classmethod
    def of(cls, grown: _Grown, matrix: FloatArray, churned: BoolArray, max_leaves: int) -> _Path:
        """Let encoded rows walk the tree."""
        leaf = grown.nodes.walk(_ranked(matrix, grown.ranks))
        count = len(grown.nodes)
        return cls(
            grown,
            _alpha_within(grown.nodes, grown.closing, max_leaves),
            leaf,
            np.bincount(leaf, minlength=count),
            np.bincount(leaf[churned], minlength=count),
        )

    def probability(self, alpha: float) -> FloatArray:
        """Of each leaf of the unpruned tree, by the node that it ends in; shape (nodes,)."""
        nodes, closed = self.grown.nodes, self.grown.closing <= max(alpha, self.least)
        place = np.arange(len(nodes))
        for node in np.flatnonzero(nodes.left >= 0):  # parents before their children
            if closed[node] or place[node] != node:
                place[[nodes.left[node], nodes.right[node]]] = place[node]
        return leaf_probability(nodes)[place]

    def judge(self, alpha: float) -> tuple[float, float]:
        """ROC AUC with its sign turned (0.5 where one class is missing), and mean log loss."""
        values, at = np.unique(self.probability(alpha), return_inverse=True)
        churners = np.bincount(at, weights=self.churners)
        stayed = np.bincount(at, weights=self.rows - self.churners)
        loss = -float(churners @ np.log(values) + stayed @ np.log(1 - values)) / self.rows.sum()
        pairs = churners.sum() * stayed.sum()
        if pairs == 0:
            return -0.5, loss
        # A churner stands above who stayed with a lower probability, and shares a tie.
        above = churners @ (np.cumsum(stayed) - stayed / 2)
        return -float(above / pairs), loss


def leaf_probability(nodes: Nodes) -> FloatArray:
    """Share of churners in each node, drawn a little toward the overall share; shape (nodes,)."""
    overall = nodes.churners[0] / nodes.rows[0]
    smoothed = (nodes.churners + _PRIOR_ROWS * overall) / (nodes.rows + _PRIOR_ROWS)
    return np.asarray(smoothed, dtype=np.float64)


def _choose_alpha(
    encoder: Encoder, fit: Dataset, stop: Dataset, params: TrainParams
) -> tuple[float, dict[str, float]]:
    """The alpha that ranks `stop` best, and what was reached there."""
    grown = _Grown.on(encoder, encoder.transform(fit.frame), fit.churned, params)
    judged = encoder.transform(stop.frame)
    path = _Path.of(grown, judged, stop.churned, params.tree.max_leaves)
    best = (np.inf, np.inf, np.inf)
    for alpha in _candidates(grown.nodes, grown.closing, params.tree.max_leaves):
        auc, loss = path.judge(alpha)
        # Rounded, so that no last digit decides; the larger alpha wins a tie.
        best = min(best, (round(auc, 9), round(loss, 9), -alpha))
    return -best[2], {"stop_roc_auc": -best[0], "stop_log_loss": best[1]}


def _candidates(grown: Nodes, closing: FloatArray, max_leaves: int) -> list[float]:
    """Between two alphas at which the tree changes, their geometric mean; rising."""
    least = _alpha_within(grown, closing, max_leaves)
    steps = np.unique(np.append(closing[np.isfinite(closing) & (closing >= least)], least))
    between = [float(np.sqrt(a * b)) for a, b in pairwise(steps)]
    return [*between, float(steps[-1])]


def _alpha_within(grown: Nodes, closing: FloatArray, max_leaves: int) -> float:
    """The least alpha that leaves at most `max_leaves` leaves; 0 when none is needed."""
    for alpha in np.append(0.0, np.unique(closing[np.isfinite(closing)])):
        if len(grown.collapse(closing <= alpha).leaves) <= max_leaves:
            return float(alpha)
    return float(np.max(closing[np.isfinite(closing)]))


def _least_rows(params: TreeParams, rows: int) -> int:
    return max(_LEAST_ROWS, round(params.min_leaf_share * rows))


def _grow(matrix: FloatArray, churned: BoolArray, params: TrainParams) -> Nodes:
    """The tree before pruning."""
    if len(churned) <= _GROWN_ON:
        return _grow_on(matrix, churned, params)
    draws = np.random.Generator(np.random.PCG64(params.seed))
    drawn = np.sort(draws.permutation(len(churned))[:_GROWN_ON])
    return _grow_on(matrix[drawn], churned[drawn], params).recounted(matrix, churned)


def _grow_on(matrix: FloatArray, churned: BoolArray, params: TrainParams) -> Nodes:
    from sklearn.tree import DecisionTreeClassifier

    grower = DecisionTreeClassifier(
        criterion="entropy",
        min_samples_leaf=_least_rows(params.tree, len(churned)),
        random_state=params.seed,
    )
    inner = grower.fit(matrix, churned).tree_
    rows = inner.n_node_samples.astype(np.int64)
    # scikit-learn keeps shares; the counts they came from are whole numbers.
    shares = inner.value[:, 0, 1] if inner.value.shape[2] == 2 else np.full(len(rows), churned[0])
    leaf = inner.children_left < 0
    return Nodes(
        left=inner.children_left.astype(np.int64),
        right=inner.children_right.astype(np.int64),
        feature=np.where(leaf, -1, inner.feature).astype(np.int64),
        threshold=np.where(leaf, 0.0, inner.threshold),
        missing_left=~leaf & (inner.missing_go_to_left != 0),
        rows=rows,
        churners=np.rint(shares * rows).astype(np.int64),
    )


def _category_ranks(
    encoder: Encoder, matrix: FloatArray, churned: BoolArray, least: int
) -> dict[int, FloatArray]:
    """Order each column's categories by churn rate; those below `least` rows share one place."""
    ranks = {}
    for i in encoder.category_indexes:
        count = len(encoder.columns[i].categories)
        known = ~np.isnan(matrix[:, i])
        codes = matrix[known, i].astype(np.int64)
        rows = np.bincount(codes, minlength=count)
        churners = np.bincount(codes, weights=churned[known], minlength=count)
        rare = rows < least
        rates = churners / np.maximum(rows, 1)
        if rare.any():
            rates[rare] = churners[rare].sum() / max(int(rows[rare].sum()), 1)
        # Equal rates share a rank: nothing in training tells them apart.
        ranks[i] = np.unique(rates, return_inverse=True)[1].astype(np.float64)
    return ranks


def _ranked(matrix: FloatArray, ranks: Mapping[int, FloatArray]) -> FloatArray:
    """The matrix with codes of categories replaced by their ranks."""
    out = matrix.copy()
    for i, rank in ranks.items():
        known = ~np.isnan(matrix[:, i])
        out[known, i] = rank[matrix[known, i].astype(np.int64)]
    return out

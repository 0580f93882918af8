"""TwoStep's log-likelihood distance between groups of subscribers, from counts and sums alone.

Source: T. Chiu, D. Fang, J. Chen, Y. Wang, C. Jeris, "A robust and scalable clustering algorithm
for mixed type attributes in large database environment", KDD 2001; as in IBM SPSS Statistics
Algorithms, "TWOSTEP CLUSTER". Numeric features are taken for normal and categorical ones for
multinomial, all for independent. With groups v, numeric features k and categorical ones b

    xi(v)   = - sum_k N_vk / 2 * log(s2_k + s2_vk) - w * sum_b N_vb * E_vb
    E_vb    = - sum_l p_vbl * log(p_vbl)
    d(i, j) = xi(i) + xi(j) - xi(i and j together)

s2_k is the variance among all, s2_vk within the group, and d is by how much the log-likelihood
falls when two groups become one. Two things are added. Missing values count nowhere: N_vk is the
number of values there are (SPSS leaves such cases out). The weight w of categories is 1 in SPSS,
where they outweigh numbers (J. Bacher, K. Wenzig, M. Vogler, "SPSS TwoStep Cluster: a first
evaluation", 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.segments.encoding import Encoding, Rows


@dataclass(frozen=True)
class Scale:
    """What distances are measured by.

    Attributes:
        variance: variance of each numeric feature among all, shape (numeric,).
        levels: number of values of each categorical feature.
        weight: of the categorical features; 1 as in SPSS.
    """

    variance: FloatArray
    levels: tuple[int, ...]
    weight: float

    @property
    def parameters(self) -> int:
        """Free parameters of a group: mean and variance, and the shares but one."""
        return 2 * len(self.variance) + sum(level - 1 for level in self.levels)


@dataclass(frozen=True)
class Groups:
    """Sufficient statistics of groups, one group a row.

    Attributes:
        rows: subscribers, shape (groups,).
        count, total, squares: of the values there are, shape (groups, numeric features).
        counts: subscribers by value, for each categorical feature shape (groups, values).
    """

    rows: FloatArray
    count: FloatArray
    total: FloatArray
    squares: FloatArray
    counts: tuple[FloatArray, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of(cls, rows: Rows, group: IntArray, groups: int, levels: Sequence[int]) -> Groups:
        """Add rows up by group.

        Args:
            rows: encoded rows; sums are added in their order.
            group: number of each row's group, from 0, shape (rows,).
            groups: how many there are.
            levels: values of each categorical feature.
        """

        def by_group(values: FloatArray) -> FloatArray:
            columns = [np.bincount(group, v, groups) for v in values.T]
            return np.stack(columns, axis=1) if columns else np.zeros((groups, 0))

        there = ~np.isnan(rows.numbers)
        values = np.where(there, rows.numbers, 0.0)
        counts = []
        for level, codes in zip(levels, rows.codes.T, strict=True):
            known = codes >= 0
            cell = group[known] * level + codes[known]
            counts.append(np.bincount(cell, minlength=groups * level).reshape(groups, level))
        return cls(
            rows=np.bincount(group, minlength=groups).astype(np.float64),
            count=by_group(there.astype(np.float64)),
            total=by_group(values),
            squares=by_group(values**2),
            counts=tuple(c.astype(np.float64) for c in counts),
        )

    def take(self, index: IntArray | Sequence[int]) -> Groups:
        """Some of the groups."""
        return Groups(
            self.rows[index],
            self.count[index],
            self.total[index],
            self.squares[index],
            tuple(c[index] for c in self.counts),
        )

    def together(self, other: Groups) -> Groups:
        """Each group with the other's of the same place, or with its only one."""
        return Groups(
            self.rows + other.rows,
            self.count + other.count,
            self.total + other.total,
            self.squares + other.squares,
            tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)),
        )

    def merged(self, into: IntArray, groups: int) -> Groups:
        """Groups of groups: `into` is the number of each one's new group."""

        def added(values: FloatArray) -> FloatArray:
            out = np.zeros((groups, *values.shape[1:]))
            np.add.at(out, into, values)
            return out

        return Groups(
            added(self.rows),
            added(self.count),
            added(self.total),
            added(self.squares),
            tuple(added(c) for c in self.counts),
        )

    @property
    def mean(self) -> FloatArray:
        """Mean of each numeric feature; 0, that of all, where nothing is known."""
        return np.asarray(self.total / np.maximum(self.count, 1.0))

    @property
    def variance(self) -> FloatArray:
        """Variance of each numeric feature, divided by the number of values."""
        return np.maximum(self.squares / np.maximum(self.count, 1.0) - self.mean**2, 0.0)


def scale_of(encoding: Encoding, rows: Rows, weight: float) -> Scale:
    """The scale of distances among these rows."""
    everyone = Groups.of(rows, np.zeros(len(rows), dtype=np.int64), 1, encoding.levels)
    return Scale(everyone.variance[0], encoding.levels, weight)


def log_likelihood(groups: Groups, scale: Scale) -> FloatArray:
    """Xi of each group (see the module), shape (groups,)."""
    spread = np.log(scale.variance + groups.variance)
    value = -(groups.count * spread).sum(axis=1) / 2
    for counts in groups.counts:
        value = value - scale.weight * _entropy_total(counts)
    return np.asarray(value)


def distance(one: Groups, other: Groups, scale: Scale) -> FloatArray:
    """D of each pair of groups of the same place (`one` may be a single group)."""
    apart = log_likelihood(one, scale) + log_likelihood(other, scale)
    return np.asarray(apart - log_likelihood(other.together(one), scale))


def bic(log_likelihoods: FloatArray, rows: float, scale: Scale) -> float:
    """Bayes' criterion: -2 sum xi + segments * parameters * log(rows); less is better."""
    penalty = len(log_likelihoods) * scale.parameters * float(np.log(rows))
    return -2.0 * float(log_likelihoods.sum()) + penalty


def _entropy_total(counts: FloatArray) -> FloatArray:
    """N * E of each group: N log N - sum of n log n."""
    total = counts.sum(axis=1)
    return np.asarray(_n_log_n(total) - _n_log_n(counts).sum(axis=1))


def _n_log_n(n: FloatArray) -> FloatArray:
    return np.asarray(n * np.log(np.maximum(n, 1.0)))

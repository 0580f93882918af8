"""The loops of `learners.forest` and `explain.fast`, compiled by numba; imported when they are run.

Everything is done tree by tree for a block of rows, whose features and SHAP values stand column by
column, so that the inner loops run along contiguous memory. Each value is added up in the order of
the trees, whatever the block or thread.

All loops stand in this one file: numba keeps compiled code until the file of a function changes,
and does not look at the files of what it calls.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

# The place of an integer's only bit, by multiplication (Leiserson, Prokop and Randall 1998).
_SEQUENCE = np.uint64(0x03F79D71B4CB0A89)
_DEEPEST = 64  # features on a path, at most
_PLACE = np.zeros(64, dtype=np.int64)
for _bit in range(64):
    _PLACE[(((1 << _bit) * 0x03F79D71B4CB0A89) & (2**64 - 1)) >> 58] = _bit


class Codes(NamedTuple):
    """Categories of a block of rows.

    Attributes:
        of: each row's code, `most` where it is in no set: NaN, negative or too large; shape
            (features, rows), filled for categories only.
        most: above all codes that a question names.
    """

    of: Any
    most: int


@njit(cache=True, nogil=True)
def probabilities(forest: Any, columns: Any, out: Any) -> None:
    """Predict a block of rows, adding up trees in their order, as LightGBM does.

    A row's leaf is the rightmost that no answer excludes: who goes left leaves out all leaves on
    the right (Lucchese and others 2015, QuickScorer, mirrored).

    Args:
        forest: see `forest.Forest`.
        columns: features, shape (features, rows).
        out: to fill, shape (rows,).
    """
    rows = columns.shape[1]
    excluded = np.empty(rows, dtype=np.uint64)
    one = np.uint64(1)
    nodes = forest.nodes
    codes = codes_of(nodes, columns)
    out[:] = 0.0
    for tree in range(len(nodes.tree_node) - 1):
        excluded[:] = 0
        for node in range(nodes.tree_node[tree], nodes.tree_node[tree + 1]):
            ask(nodes, node, forest.node_right_leaves[node], columns, codes, excluded)
        values = forest.leaf_value[forest.tree_leaf[tree] : forest.tree_leaf[tree + 1]]
        for row in range(rows):
            lowest = ~excluded[row] & (excluded[row] + one)
            out[row] += values[_PLACE[np.int64((lowest * _SEQUENCE) >> np.uint64(58))]]
    for row in range(rows):
        out[row] = 1.0 / (1.0 + math.exp(-out[row]))


@njit(cache=True, nogil=True)
def codes_of(nodes: Any, columns: Any) -> Codes:
    """The codes of the columns that are asked as categories."""
    most = 0
    category = np.zeros(len(columns), dtype=np.bool_)
    for node in range(len(nodes.node_feature)):
        words = nodes.node_word[node + 1] - nodes.node_word[node]
        most = max(most, 32 * words)
        category[nodes.node_feature[node]] |= words > 0
    of = np.empty((len(columns), columns.shape[1] if most > 0 else 0), dtype=np.int64)
    for feature in range(len(columns)):
        if category[feature]:
            for row in range(columns.shape[1]):
                value = columns[feature, row]
                of[feature, row] = int(value) if -1.0 < value < most else most
    return Codes(of, most)


@njit(cache=True, nogil=True)
def ask(nodes: Any, node: int, bits: Any, columns: Any, codes: Any, marks: Any) -> None:
    """Set these bits of the rows that go left.

    The loops hold one comparison each and no branch, so that a processor does several rows at once.
    """
    column = columns[nodes.node_feature[node]]
    first, last = nodes.node_word[node], nodes.node_word[node + 1]
    threshold, none = nodes.node_threshold[node], np.uint64(0)
    zero = nodes.node_zero[node]
    if last > first:
        table = _marks_of(nodes, node, bits, codes.most)
        code_of = codes.of[nodes.node_feature[node]]
        for row in range(len(marks)):
            marks[row] |= table[code_of[row]]
    elif zero != 0:
        for row in range(len(marks)):
            value = column[row]
            missing = value == 0.0 or value != value  # noqa: PLR0124 - NaN
            marks[row] |= bits if (zero == 1 if missing else value <= threshold) else none
    elif nodes.node_nan_left[node]:
        for row in range(len(marks)):
            # NaN is not above anything.
            marks[row] |= none if column[row] > threshold else bits
    else:
        for row in range(len(marks)):
            marks[row] |= bits if column[row] <= threshold else none


@njit(cache=True, nogil=True)
def _marks_of(nodes: Any, node: int, bits: Any, most: int) -> Any:
    """What each code of a category is marked with; nothing for the code that is in no set."""
    table = np.zeros(most + 1, dtype=np.uint64)
    first, last = nodes.node_word[node], nodes.node_word[node + 1]
    for code in range(32 * (last - first)):
        if (nodes.words[first + (code >> 5)] >> (code & 31)) & 1:
            table[code] = bits
    return table


@njit(cache=True, nogil=True)
def fill(plan: Any, tables: Any) -> None:
    """Work out the tables: for each group of leaves, item and pattern of answers, the SHAP value.

    By the integral of Shapley's weights: with o whether the row meets what item i asks, and z the
    share of training rows that do, a leaf of value v adds to item i

        v (o_i - z_i) integral over t from 0 to 1 of prod over j != i of (t o_j + (1 - t) z_j)

    which Gauss's quadrature with half as many points as items gives exactly.
    """
    factor = np.empty(_DEEPEST)
    met = np.empty(_DEEPEST, dtype=np.int64)
    for group in range(len(plan.group_bits)):
        if plan.group_table[group] < 0:
            continue
        size = 1 << plan.group_bits[group]
        for leaf in range(plan.group_leaf[group], plan.group_leaf[group + 1]):
            start, end = plan.leaf_item[leaf], plan.leaf_item[leaf + 1]
            points = (end - start + 1) // 2
            for pattern in range(size):
                for i in range(start, end):
                    asked = (np.uint64(pattern) ^ plan.item_want[i]) & plan.item_need[i]
                    met[i - start] = 1 if asked == 0 else 0
                for point in range(points):
                    t = plan.points[points, point]
                    product = plan.weights[points, point] * plan.leaf_value[leaf]
                    for i in range(start, end):
                        one = t * met[i - start] + (1.0 - t) * plan.item_share[i]
                        factor[i - start] = one
                        product *= one
                    for i in range(start, end):
                        at = plan.group_table[group] + plan.item_place[i] * size + pattern
                        gap = met[i - start] - plan.item_share[i]
                        tables[at] += gap * product / factor[i - start]


@njit(cache=True, nogil=True)
def add_block(plan: Any, tables: Any, columns: Any, values: Any) -> None:
    """Add the SHAP values of a block of rows.

    Args:
        plan: see `explain.fast`.
        tables: as `fill` left them.
        columns: features, shape (features, rows).
        values: to add to, shape (features, rows).
    """
    rows = columns.shape[1]
    answers = np.empty(rows, dtype=np.uint64)
    pattern = np.empty(rows, dtype=np.int64)
    codes = codes_of(plan.nodes, columns)
    for tree in range(len(plan.nodes.tree_node) - 1):
        answers[:] = 0
        for node in range(plan.nodes.tree_node[tree], plan.nodes.tree_node[tree + 1]):
            bit = np.uint64(1) << np.uint64(node - plan.nodes.tree_node[tree])
            ask(plan.nodes, node, bit, columns, codes, answers)
        for group in range(plan.tree_group[tree], plan.tree_group[tree + 1]):
            if plan.group_table[group] < 0:
                _add_deep(plan, group, answers, values)
            else:
                _look_up(plan, group, answers, pattern)
                _add_group(plan, tables, group, pattern, values)


@njit(cache=True, nogil=True)
def _look_up(plan: Any, group: int, answers: Any, pattern: Any) -> None:
    """Each row's place in the group's tables: what its path asks, then the answers below it."""
    first = plan.group_path[group]
    count = plan.group_path[group + 1] - first
    shift, mask = plan.group_first[group], plan.group_mask[group]
    for row in range(len(answers)):
        pattern[row] = ((answers[row] >> shift) & mask) << np.uint64(count)
    for i in range(count):
        need, want = plan.path_need[first + i], plan.path_want[first + i]
        for row in range(len(answers)):
            pattern[row] |= np.int64(((answers[row] ^ want) & need) == 0) << i


@njit(cache=True, nogil=True)
def _add_group(plan: Any, tables: Any, group: int, pattern: Any, values: Any) -> None:
    size = 1 << plan.group_bits[group]
    first = plan.group_place[group]
    for place in range(plan.group_place[group + 1] - first):
        start = plan.group_table[group] + place * size
        table = tables[start : start + size]
        target = values[plan.place_feature[first + place]]
        for row in range(len(pattern)):
            target[row] += table[pattern[row]]


@njit(cache=True, nogil=True)
def _add_deep(plan: Any, group: int, answers: Any, values: Any) -> None:
    """A leaf with too many items for a table: the formula of `fill` for each row."""
    leaf = plan.group_leaf[group]
    start, path = plan.leaf_item[leaf], plan.group_path[group]
    count = plan.leaf_item[leaf + 1] - start
    place = plan.group_place[group]
    points = (count + 1) // 2
    met = np.empty(count)
    added = np.empty(count)
    factor = np.empty((points, count, 2))
    for point in range(points):
        t = plan.points[points, point]
        for i in range(count):
            factor[point, i, 0] = (1.0 - t) * plan.item_share[start + i]
            factor[point, i, 1] = t + factor[point, i, 0]
    for row in range(len(answers)):
        for i in range(count):
            asked = (answers[row] ^ plan.path_want[path + i]) & plan.path_need[path + i]
            met[i] = 1.0 if asked == 0 else 0.0
            added[i] = 0.0
        for point in range(points):
            product = plan.weights[points, point] * plan.leaf_value[leaf]
            for i in range(count):
                product *= factor[point, i, int(met[i])]
            for i in range(count):
                added[i] += product / factor[point, i, int(met[i])]
        for i in range(count):
            gap = met[i] - plan.item_share[start + i]
            values[plan.place_feature[place + i], row] += gap * added[i]

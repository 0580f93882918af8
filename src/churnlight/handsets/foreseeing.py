"""Every member's chance of a change and suggestions, worked out where the rows lie.

The tree becomes nested conditions that give the leaf's number, and what a leaf or an age group says
is joined from a small table, so that nothing grows with the subscribers outside the engine.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from churnlight.engine import Engine
from churnlight.handsets.changes import UNKNOWN
from churnlight.handsets.features import LARGEST, PRESENT, Questions
from churnlight.handsets.kinds import KindTree
from churnlight.handsets.lifetable import LifeTable
from churnlight.handsets.pricelist import TARGETS
from churnlight.identity import ID
from churnlight.learners.nodes import Nodes

CHOICES = ("first", "second", "third")
# What comes out, in order; see docs/handsets.md.
COLUMNS = (
    ID,
    "chance_of_change",
    "likely",
    *(name for target in TARGETS for name in (target, f"{target}_chance")),
    *(f"{c}_{name}" for c in CHOICES for name in (*TARGETS, "chance")),
    "leaf",
)
_TYPES = {"brand": pa.string(), "price_band": pa.int64(), "os": pa.string()}


def asked(questions: Questions, table: ir.Table) -> list[ir.Value]:
    """The columns of `Questions.matrix` as the engine works them out, in order."""
    largest = ibis.literal(LARGEST, "int64")
    found: list[ir.Value] = []
    for name in questions.numbers:
        value = table[name].cast("int64")
        # SQL's `least` passes over nulls on both engines.
        capped = ibis.least(value, largest)
        found.append(ibis.ifelse(value.isnull(), ibis.null("int64"), capped))
    for text, brand in questions.flags:
        same = ibis.coalesce(table[PRESENT + text] == brand, ibis.literal(value=False))
        found.append(ibis.ifelse(same, 1, 0).cast("int64"))
    return found


def leaf_of(nodes: Nodes, columns: list[ir.Value]) -> ir.IntegerValue:
    """The leaf's number by nested conditions, as `Nodes.walk` finds it."""

    def below(node: int) -> ir.IntegerValue:
        if nodes.left[node] < 0:
            return ibis.literal(node, "int64")
        value, threshold = columns[nodes.feature[node]], float(nodes.threshold[node])
        if np.isfinite(threshold):
            goes = value.cast("float64") <= ibis.literal(threshold, "float64")
        else:
            goes = ibis.ifelse(value.isnull(), ibis.null("boolean"), ibis.literal(value=True))
        left = ibis.coalesce(goes, ibis.literal(value=bool(nodes.missing_left[node])))
        return ibis.ifelse(left, below(int(nodes.left[node])), below(int(nodes.right[node])))

    return below(0)


def suggestions(tree: KindTree) -> pa.Table:
    """What each leaf says: leaf, the likeliest of each target, and the three likeliest handsets."""
    leaves = tree.nodes.leaves
    columns: dict[str, pa.Array] = {"leaf": pa.array(leaves, pa.int64())}
    for target in TARGETS:
        there = target in tree.targets
        best = tree.likeliest(target) if there else []
        chance = tree.chance_of(target) if there else np.empty(0)
        columns[target] = pa.array([best[i] if there else None for i in leaves], _TYPES[target])
        columns[f"{target}_chance"] = pa.array(
            [float(chance[i]) if there else None for i in leaves], pa.float64()
        )
    kinds, chances = tree.best(len(CHOICES)), tree.chances
    for place, choice in enumerate(CHOICES):
        chosen = [int(kinds[i, place]) if place < kinds.shape[1] else None for i in leaves]
        for target in TARGETS:
            at = tree.targets.index(target) if target in tree.targets else None
            columns[f"{choice}_{target}"] = pa.array(
                [None if k is None or at is None else tree.kinds[k][at] for k in chosen],
                _TYPES[target],
            )
        columns[f"{choice}_chance"] = pa.array(
            [
                None if k is None else float(chances[i, k])
                for i, k in zip(leaves, chosen, strict=True)
            ],
            pa.float64(),
        )
    return pa.table(columns)


def foreseen(
    engine: Engine, members: ir.Table, tree: KindTree, ages: tuple[LifeTable, int, float]
) -> ir.Table:
    """One row a member that has a handset; `COLUMNS`.

    Args:
        engine: where it runs.
        members: the columns of `Questions` and age_group.
        tree: of all changes known.
        ages: the life table, months of the horizon, and from which chance a change is likely (if
            it is more, not if it is just that).
    """
    table, months, likely = ages
    chance = table.chance(months)
    groups = pa.table(
        {
            "group_no": pa.array([*range(len(chance) - 1), UNKNOWN], pa.int64()),
            "chance_of_change": pa.array(chance, pa.float64()),
            "likely": pa.array(chance > likely, pa.bool_()),
        }
    )
    by_age = engine.upload(groups)
    says = engine.upload(suggestions(tree)).rename(leaf_no="leaf")
    rows = members.mutate(leaf=leaf_of(tree.nodes, asked(tree.questions, members)))
    rows = rows.select(ID, "age_group", "leaf")
    rows = rows.inner_join(by_age, rows["age_group"] == by_age["group_no"])
    rows = rows.inner_join(says, rows["leaf"] == says["leaf_no"])
    return rows.select(*COLUMNS)

"""A tree's leaves as rules that a retention manager can read, in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from churnlight.learners.dataset import BoolArray, IntArray
from churnlight.learners.tree import Tree, leaf_probability

Language = Literal["en", "zh"]
_SHOWN = 6
_WORDS = {
    "en": {
        "and": " and ", "all": "everybody", "missing": "{name} is unknown",
        "known": "{name} is known", "or_missing": " or unknown", "more": ", … ({count} in all)",
        "in": "{name} is {values}", "comma": ", ", "none": "none of the known",
        "yes": "{name}: yes", "no": "{name}: no",
    },
    "zh": {
        "and": "，且", "all": "所有用户", "missing": "{name}未知",
        "known": "{name}已知", "or_missing": "或未知", "more": "、…（共{count}项）",
        "in": "{name}为{values}", "comma": "、", "none": "已知以外",
        "yes": "{name}：是", "no": "{name}：否",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One leaf.

    Attributes:
        leaf: its number, as `Tree.leaf` gives it.
        text: the conditions in words.
        rows, churners: of the training rows.
        share: rows over all training rows.
        rate: churners over rows.
        probability: what the tree says there before calibration.
    """

    leaf: int
    text: str
    rows: int
    churners: int
    share: float
    rate: float
    probability: float


@dataclass(frozen=True)
class _Wording:
    """How conditions are put into words: see `rules`."""

    words: Mapping[str, str]
    names: Mapping[str, str]
    written: Callable[[str, float], str]
    flags: frozenset[str]


@dataclass
class _Bounds:
    """What the path to a leaf asks of one feature."""

    above: float = -np.inf
    up_to: float = np.inf
    asked: bool = False  # a finite threshold was asked
    missing: list[bool] = field(default_factory=list)
    known: bool = True  # whether a known value can get here


def rules(
    tree: Tree,
    language: Language = "en",
    names: Mapping[str, str] | None = None,
    written: Callable[[str, float], str] | None = None,
    flags: Collection[str] = (),
) -> list[Rule]:
    """The leaves as rules, the riskiest first.

    Args:
        tree: the model.
        language: of the words between.
        names: what to call a feature in this language; its own name where absent.
        written: a feature's value in this language; six digits where None.
        flags: features that are 1 or 0, asked as yes or no.
    """
    probability = leaf_probability(tree.nodes)
    wording = _Wording(_WORDS[language], names or {}, written or _plain, frozenset(flags))
    found = []
    for leaf, path in _paths(tree).items():
        rows, churners = int(tree.nodes.rows[leaf]), int(tree.nodes.churners[leaf])
        found.append(
            Rule(
                leaf=leaf,
                text=_sentence(tree, path, wording),
                rows=rows,
                churners=churners,
                share=rows / int(tree.nodes.rows[0]),
                rate=churners / rows,
                probability=float(probability[leaf]),
            )
        )
    return sorted(found, key=lambda r: (-r.probability, r.leaf))


def observed(leaves: IntArray, churned: BoolArray) -> dict[int, tuple[int, int]]:
    """Rows and churners of each leaf on other, later data, by the leaf's number.

    Args:
        leaves: `Tree.leaf` of those data, shape (rows,).
        churned: their label, shape (rows,).
    """
    numbers, place = np.unique(leaves, return_inverse=True)
    rows = np.bincount(place)
    churners = np.bincount(place, weights=churned)
    return {int(n): (int(r), int(c)) for n, r, c in zip(numbers, rows, churners, strict=True)}


def _paths(tree: Tree) -> dict[int, dict[int, _Bounds]]:
    """What each leaf's path asks, by feature, in the order first asked."""
    nodes = tree.nodes
    steps: dict[int, list[tuple[int, bool]]] = {0: []}
    for node in range(len(nodes)):
        if nodes.left[node] >= 0:
            steps[int(nodes.left[node])] = [*steps[node], (node, True)]
            steps[int(nodes.right[node])] = [*steps[node], (node, False)]
    out = {}
    for leaf in nodes.leaves.tolist():
        path: dict[int, _Bounds] = {}
        for node, left in steps[leaf]:
            bounds = path.setdefault(int(nodes.feature[node]), _Bounds())
            bounds.missing.append(bool(nodes.missing_left[node]) == left)
            threshold = float(nodes.threshold[node])
            if not np.isfinite(threshold):
                bounds.known = bounds.known and left
            elif left:
                bounds.up_to, bounds.asked = min(bounds.up_to, threshold), True
            else:
                bounds.above, bounds.asked = max(bounds.above, threshold), True
        out[leaf] = path
    return out


def _sentence(tree: Tree, path: Mapping[int, _Bounds], wording: _Wording) -> str:
    parts = [_condition(tree, i, bounds, wording) for i, bounds in path.items()]
    return wording.words["and"].join(parts) if parts else wording.words["all"]


def _condition(tree: Tree, index: int, bounds: _Bounds, wording: _Wording) -> str:
    words, column = wording.words, tree.encoder.columns[index]
    name = wording.names.get(column.name, column.name)
    # Where training met no missing value, the way of a missing one is no finding worth a word.
    missing = bool(tree.had_missing[index]) and all(bounds.missing)
    if not bounds.known:
        return words["missing"].format(name=name)
    if not bounds.asked:
        return words["known"].format(name=name)
    if column.kind == "category":
        text = words["in"].format(name=name, values=_categories(tree, index, bounds, words))
    elif column.name in wording.flags:
        text = words["yes" if np.isfinite(bounds.above) else "no"].format(name=name)
    else:
        text = _range(name, bounds, lambda v: wording.written(column.name, v))
    return text + (words["or_missing"] if missing else "")


def _range(name: str, bounds: _Bounds, written: Callable[[float], str]) -> str:
    if not np.isfinite(bounds.up_to):
        return f"{name} > {written(bounds.above)}"
    low = f"{written(bounds.above)} < " if np.isfinite(bounds.above) else ""
    return f"{low}{name} ≤ {written(bounds.up_to)}"


def _categories(tree: Tree, index: int, bounds: _Bounds, words: Mapping[str, str]) -> str:
    names = tree.encoder.columns[index].categories
    ranks = tree.ranks[index]
    inside = [n for n, r in zip(names, ranks, strict=True) if bounds.above < r <= bounds.up_to]
    if not inside:
        return words["none"]
    text = words["comma"].join(inside[:_SHOWN])
    return text + (words["more"].format(count=len(inside)) if len(inside) > _SHOWN else "")


def _plain(_: str, value: float) -> str:
    """Six digits, never as a power of ten."""
    return np.format_float_positional(value, precision=6, fractional=False, trim="-")

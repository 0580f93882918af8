"""The tree's rules in the words of the catalogue: what stands beside a subscriber's reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import cast

from churnlight.errors import ChurnlightError
from churnlight.explain.values import hold_language, lowered, short, shown
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners.rules import Language, Rule, rules
from churnlight.learners.tree import Tree

_UNITS = {f.name: f.unit for f in CATALOGUE}
_FLAGS = frozenset(f.name for f in CATALOGUE if f.unit == "flag")
# A threshold is a number with its sign: "falling 3 % a month" would hide it.
_BARE = {"share_per_month": "share"}


def leaf_rules(tree: Tree, language: str) -> dict[int, Rule]:
    """The rule of each leaf, in the catalogue's words, by the leaf's number.

    Args:
        tree: the model.
        language: of `churnlight.explain.values.LANGUAGES`.

    Raises:
        UsageError: when the language is unknown; lists those there are.
    """
    hold_language(language)
    found = rules(tree, cast("Language", language), _names(language), _written(language), _FLAGS)
    return {rule.leaf: rule for rule in found}


def leaf_words(tree: Tree, leaf: int, language: str) -> str:
    """The rule of one leaf in words.

    Raises:
        UsageError: when the language is unknown.
        ChurnlightError: when the tree has no such leaf.
    """
    found = leaf_rules(tree, language)
    if leaf not in found:
        raise ChurnlightError(
            f"the tree has no leaf {leaf}: the scores come from another tree; score the month again"
        )
    return found[leaf].text


def _names(language: str) -> Mapping[str, str]:
    if language == "zh":
        return {f.name: short(f.zh) for f in CATALOGUE}
    return {f.name: lowered(short(f.en)) for f in CATALOGUE}


def _written(language: str) -> Callable[[str, float], str]:
    def write(name: str, value: float) -> str:
        unit = _UNITS.get(name, "count")
        return shown(value, _BARE.get(unit, unit), "", language, date.min)

    return write

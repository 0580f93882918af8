"""How often the tree names the next handset on later changes, beside simple guesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.handsets.features import PRESENT
from churnlight.handsets.kinds import Kind, KindTree, kinds_of
from churnlight.handsets.pricelist import NEXT
from churnlight.learners.dataset import BoolArray
from churnlight.learners.folds import Bootstrap
from churnlight.params.handset import HandsetParams

TREE, SAME, TRANSITION, COMMON = "tree", "same_again", "most_common_transition", "most_common"
BASELINES = (SAME, TRANSITION, COMMON)
# Besides brand, band and system alone: the whole handset, and whether it is one of three.
WHOLE, AMONG_THREE = "handset", "handset_among_three"
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Guesses:
    """What was right: for each measure and way of guessing, a mark a test row.

    Attributes:
        hits: measure -> way -> shape (rows,).
    """

    hits: Mapping[str, Mapping[str, BoolArray]]


def judge(
    tree: KindTree, train: pd.DataFrame, test: pd.DataFrame, params: HandsetParams
) -> dict[str, Any]:
    """Accuracy of the tree and of the simple guesses on changes that came later.

    Args:
        tree: learned from `train`.
        train: changes that the tree and the guesses learned from.
        test: later changes whose next handset is known, at least one; with `account`.
        params: the section `handset`.

    Returns:
        measure -> {"ways": way -> {"hits", "share", "low", "high"}, "differences": baseline ->
        {"difference", "low", "high", "verdict"}}: 95 % intervals from resamples of accounts; the
        verdict is better, worse or no_difference as the interval stands to 0.
    """
    found = guesses(tree, train, test).hits
    keys = [(measure, way) for measure, ways in found.items() for way in ways]
    marks = np.array([found[measure][way] for measure, way in keys], dtype=np.float64)
    resamples = Bootstrap.by(test["account"].to_numpy(dtype=object), params.seed)
    parts = [
        weights @ marks.T / weights.sum(axis=1, keepdims=True)
        for weights in resamples.weights(params.bootstrap)
    ]
    drawn = dict(zip(keys, np.concatenate(parts).T, strict=True))
    content: dict[str, Any] = {}
    for measure, ways in found.items():
        content[measure] = {
            "ways": {way: _share(hits, drawn[measure, way]) for way, hits in ways.items()},
            "differences": {
                way: _difference(
                    float(ways[TREE].mean() - ways[way].mean()),
                    drawn[measure, TREE] - drawn[measure, way],
                )
                for way in BASELINES
                if way in ways
            },
        }
    return content


def guesses(tree: KindTree, train: pd.DataFrame, test: pd.DataFrame) -> Guesses:
    """Mark what the tree and each simple guess got right.

    A present handset that the price list lacks is no guess, and so a miss, for `same_again`; the
    most common transition then falls back on the most common of all.
    """
    leaf = tree.leaf(test)
    actual = kinds_of(test, tree.targets)
    learned = kinds_of(train, tree.targets)
    hits: dict[str, dict[str, BoolArray]] = {}
    for place, target in enumerate(tree.targets):
        said = tree.likeliest(target)
        became = [kind[place] for kind in actual]
        past = [kind[place] for kind in learned]
        hits[target] = {
            TREE: _equal([said[node] for node in leaf], became),
            **_simple(past, _present(train, [target]), became, _present(test, [target])),
        }
    best = [[tree.kinds[i] for i in row] for row in tree.best(3)]
    before, now = _present(train, tree.targets), _present(test, tree.targets)
    hits[WHOLE] = {
        TREE: _equal([best[node][0] for node in leaf], actual),
        **_simple(learned, before, actual, now),
    }
    usual = _ranked(learned)[:3]
    hits[AMONG_THREE] = {
        TREE: _marks(kind in best[node] for kind, node in zip(actual, leaf, strict=True)),
        COMMON: _marks(kind in usual for kind in actual),
    }
    return Guesses(hits)


def _simple(
    learned: Sequence[Any], before: Sequence[Kind], became: Sequence[Any], now: Sequence[Kind]
) -> dict[str, BoolArray]:
    """The guesses that need no tree."""
    usual = _ranked(learned)[0]
    after: dict[Kind, list[Any]] = {}
    for had, got in zip(before, learned, strict=True):
        after.setdefault(had, []).append(got)
    usual_after = {had: _ranked(got)[0] for had, got in after.items() if None not in had}
    single = not isinstance(usual, tuple)
    return {
        SAME: _equal([had[0] if single else had for had in now], became),
        TRANSITION: _equal([usual_after.get(had, usual) for had in now], became),
        COMMON: _equal([usual] * len(became), became),
    }


def _present(frame: pd.DataFrame, targets: Sequence[str]) -> list[Kind]:
    """What each had before; None where the price list does not say."""
    renamed = frame[[PRESENT + target for target in targets]].rename(
        columns={PRESENT + target: NEXT + target for target in targets}
    )
    nothing = (None,) * len(targets)
    return [nothing if kind is None else kind for kind in kinds_of(renamed, targets)]


def _ranked(values: Sequence[Any]) -> list[Any]:
    """Different values, the most common first; of equals the first by name."""
    counts: dict[Any, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return sorted(counts, key=lambda value: (-counts[value], value))


def _equal(said: Sequence[Any], became: Sequence[Any]) -> BoolArray:
    return _marks(a == b for a, b in zip(said, became, strict=True))


def _marks(marks: Any) -> BoolArray:
    return np.fromiter(marks, dtype=bool)


def _share(hits: BoolArray, drawn: Any) -> dict[str, float]:
    return {"hits": int(hits.sum()), **_figure("share", float(hits.mean()), drawn)}


def _figure(name: str, value: float, drawn: Any) -> dict[str, float]:
    low, high = np.percentile(drawn, _INTERVAL)
    return {name: round(value, 6), "low": round(float(low), 6), "high": round(float(high), 6)}


def _difference(value: float, drawn: Any) -> dict[str, Any]:
    figure = _figure("difference", value, drawn)
    verdict = "no_difference"
    if figure["low"] > 0:
        verdict = "better"
    elif figure["high"] < 0:
        verdict = "worse"
    return {**figure, "verdict": verdict}

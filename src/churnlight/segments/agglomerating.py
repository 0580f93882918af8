"""The second step: pre-clusters joined two by two, and the number of segments.

Source: as in `likelihood`. The rule of SPSS for the number (0.04 and 1.15 are its constants):

1. BIC(J) for J = 1 to the most there may be, change(J) = BIC(J) - BIC(J + 1). Where change(1) < 0
   there is one segment. Otherwise k is the least J with change(J) / change(1) < 0.04.
2. R(J) = d(J) / d(J + 1), d(J) being the least distance between two of J groups. Of R(2) to R(k)
   the two largest are compared: where the first is over 1.15 times the second, its J is the
   number, otherwise the larger one of the two Js.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.segments.likelihood import Groups, Scale, bic, distance, log_likelihood

_CHANGE_LEFT = 0.04
_CLEARLY_LARGER = 1.15


@dataclass(frozen=True)
class Step:
    """A segmentation on the way.

    Attributes:
        segments: how many.
        bic: Bayes' criterion.
        least_distance: between two of its segments; None for one.
        group: the segment of each pre-cluster, from 0 in the order of their first pre-clusters.
    """

    segments: int
    bic: float
    least_distance: float | None
    group: tuple[int, ...]


def agglomerate(groups: Groups, scale: Scale, most: int) -> tuple[Step, ...]:
    """Join the two nearest groups again and again.

    Args:
        groups: the pre-clusters; of equal distances the first pair is joined.
        scale: of the distances.
        most: the largest number of segments that is of interest.

    Returns:
        The segmentations into 1, 2, ... up to `most` segments and one more, as far as there are
        pre-clusters: the last one's distance is needed to judge the one before.
    """
    rows = float(groups.rows.sum())
    state = _State(groups, scale)
    steps: list[Step] = []
    while True:
        pair = state.nearest()
        if state.left <= most + 1:
            apart = None if pair is None else float(state.apart[pair])
            found = bic(state.log_likelihoods(), rows, scale)
            steps.append(Step(state.left, found, apart, state.numbers()))
        if pair is None:
            return tuple(reversed(steps))
        state.join(*pair)


class _State:
    """Groups that are being joined; a joined group stands at the first one's place."""

    def __init__(self, groups: Groups, scale: Scale) -> None:
        self.scale = scale
        # A copy: joined groups are written over.
        self.groups = groups.take(np.arange(len(groups)))
        self.alive = np.ones(len(groups), dtype=bool)
        self.into = np.arange(len(groups))
        self.apart = np.full((len(groups), len(groups)), np.inf)
        for place in range(len(groups) - 1):
            self._measure(place, np.arange(place + 1, len(groups)))

    @property
    def left(self) -> int:
        return int(self.alive.sum())

    def nearest(self) -> tuple[int, int] | None:
        if self.left < 2:
            return None
        first, second = np.unravel_index(int(np.argmin(self.apart)), self.apart.shape)
        return int(first), int(second)

    def join(self, first: int, second: int) -> None:
        one, other = self.groups.take([first]), self.groups.take([second])
        both = one.together(other)
        for mine, new in zip(
            (self.groups.rows, self.groups.count, self.groups.total, self.groups.squares),
            (both.rows, both.count, both.total, both.squares),
            strict=True,
        ):
            mine[first] = new[0]
        for mine, new in zip(self.groups.counts, both.counts, strict=True):
            mine[first] = new[0]
        self.alive[second] = False
        self.into[self.into == second] = first
        self.apart[second, :] = self.apart[:, second] = np.inf
        others = np.flatnonzero(self.alive)
        self._measure(first, others[others != first])

    def _measure(self, place: int, others: IntArray) -> None:
        if len(others) == 0:
            return
        found = distance(self.groups.take([place]), self.groups.take(others), self.scale)
        self.apart[np.minimum(place, others), np.maximum(place, others)] = found

    def log_likelihoods(self) -> FloatArray:
        return log_likelihood(self.groups.take(np.flatnonzero(self.alive)), self.scale)

    def numbers(self) -> tuple[int, ...]:
        alive = np.flatnonzero(self.alive)
        return tuple(np.searchsorted(alive, self.into).tolist())


@dataclass(frozen=True)
class Entry:
    """What is known of a number of segments; None where it is not defined.

    Attributes:
        segments: the number, J.
        bic: Bayes' criterion.
        bic_change: BIC(J) less BIC(J + 1).
        change_ratio: that over the first such change.
        least_distance: between two of the segments.
        distance_ratio: that over the one of J + 1 segments.
    """

    segments: int
    bic: float
    bic_change: float | None
    change_ratio: float | None
    least_distance: float | None
    distance_ratio: float | None


@dataclass(frozen=True)
class Choice:
    """How the number of segments was found.

    Attributes:
        segments: the number.
        path: from one segment to the most there may be.
    """

    segments: int
    path: tuple[Entry, ...]


def choose(steps: tuple[Step, ...], least: int, most: int) -> Choice:
    """The number of segments by the rule of the module, held between `least` and `most`.

    Args:
        steps: see `agglomerate`.
        least: fewest segments; fewer pre-clusters than that make fewer.
        most: most segments.
    """
    path = tuple(entry for entry in _path(steps) if entry.segments <= most)
    ratios = {e.segments: e.distance_ratio for e in path if e.distance_ratio is not None}
    upper = _by_change(path)
    found = 1 if upper == 1 else _by_distance({j: r for j, r in ratios.items() if 2 <= j <= upper})
    if found < least:
        allowed = {j: r for j, r in ratios.items() if j >= least}
        found = _by_distance(allowed) if upper > 1 and allowed else least
    return Choice(min(found, most, len(steps)), path)


def _path(steps: tuple[Step, ...]) -> list[Entry]:
    path: list[Entry] = []
    for step, after in zip(steps, (*steps[1:], None), strict=True):
        change = None if after is None else step.bic - after.bic
        first = path[0].bic_change if path else change
        ratio = None
        if after is not None and step.least_distance is not None and after.least_distance:
            ratio = step.least_distance / after.least_distance
        share = None if change is None or not first else change / first
        path.append(Entry(step.segments, step.bic, change, share, step.least_distance, ratio))
    return path


def _by_change(path: tuple[Entry, ...]) -> int:
    first = path[0].bic_change
    if first is None or first <= 0:
        return 1
    for entry in path:
        if entry.change_ratio is None or entry.change_ratio < _CHANGE_LEFT:
            return entry.segments
    return path[-1].segments


def _by_distance(ratios: dict[int, float]) -> int:
    if not ratios:
        return 2
    ranked = sorted(ratios, key=lambda j: (-ratios[j], -j))
    if len(ranked) == 1 or ratios[ranked[0]] > _CLEARLY_LARGER * ratios[ranked[1]]:
        return ranked[0]
    return max(ranked[:2])

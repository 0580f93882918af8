"""What the month's events depend on: a read-only picture that other threads may work from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from churnlight.demo import causes
from churnlight.demo.causes import EPISODE_OF, EPISODES, RIVAL_CAUSES, Cause
from churnlight.demo.clock import DAY_S, Clock, holidays, month_clock
from churnlight.demo.lives import KIND_PORTED, Lives
from churnlight.demo.months import Changes
from churnlight.demo.people import People
from churnlight.demo.randomness import Array, Part, chance, stream
from churnlight.timeline import Month

WOBBLE = 0.08
_TRAVELS, _TRAVELS_FOR_FESTIVAL = 0.08, 0.25
_ABROAD = 0.03
# People who took their number away call their friends as before, from the other network.
_PORTED_LEVEL = 0.7
_HOTLINE_USUAL, _HOTLINE_HAZARD = 0.015, 3.0


@dataclass(frozen=True)
class View:
    """One element a row; seconds count from the month's first instant.

    Attributes:
        index, month, clock: which month, and its times.
        subscriber_id: int64.
        plan: uint8 index.
        since, until: on the books in [since, until) (int32).
        stopped, resumed: outgoing calls and data barred in [stopped, resumed) (int32).
        ported: whether the number lives on with a rival from `until` on (bool).
        outgoing, incoming: outgoing calls in 30 days; factor on those that come in (float32).
        sessions: data sessions in 30 days (float32).
        forwards, hotline: forwarded calls and calls to a rival's hotline in 30 days (float32).
        poor: whether the network often drops the row's calls (bool).
        away_from, away_to: travelling in [away_from, away_to) (int32); abroad: where (bool).
    """

    index: int
    month: Month
    clock: Clock
    subscriber_id: Array
    plan: Array
    since: Array
    until: Array
    stopped: Array
    resumed: Array
    ported: Array
    outgoing: Array
    incoming: Array
    sessions: Array
    forwards: Array
    hotline: Array
    poor: Array
    away_from: Array
    away_to: Array
    abroad: Array

    def inside(self, row: Array, second: Array) -> Array:
        """Whether the row is on the books at the second (bool)."""
        return np.asarray((second >= self.since[row]) & (second < self.until[row]))

    def may_call(self, row: Array, second: Array) -> Array:
        """Whether the row is on the books and not barred (bool)."""
        barred = (second >= self.stopped[row]) & (second < self.resumed[row])
        return np.asarray(self.inside(row, second) & ~barred)

    def elsewhere(self, row: Array, second: Array) -> Array:
        """Whether the row's number has moved to a rival by the second (bool)."""
        return np.asarray(self.ported[row] & (second >= self.until[row]))

    @cached_property
    def whole(self) -> Array:
        """Who is there, unbarred, from the month's first to its last instant (bool)."""
        there = (self.since == 0) & (self.until == self.clock.seconds)
        return np.asarray(there & (self.resumed == 0))


def make_view(seed: int, people: People, lives: Lives, changes: Changes) -> View:
    """The picture of a month, after `months.advance`; later months do not change it."""
    rng = stream(seed, Part.TRIPS, changes.index)
    present = changes.until > 0
    ported = (lives.left_month >= 0) & (lives.left_kind == KIND_PORTED) & (lives.example > 0)
    outgoing = people.out_rate * lives.level * causes.factor(lives, "outgoing")
    wobble = rng.lognormal(0.0, WOBBLE, lives.count).astype("f4")
    rival = changes.hazard[RIVAL_CAUSES].sum(axis=0)
    away_from, away_to = _journeys(rng, lives, changes)
    use = lives.data_level * np.sqrt(causes.factor(lives, "outgoing"))
    return View(
        index=changes.index,
        month=changes.month,
        clock=month_clock(changes.month),
        subscriber_id=lives.subscriber_id.copy(),
        plan=lives.plan.copy(),
        since=changes.since,
        until=changes.until,
        stopped=changes.stopped,
        resumed=changes.resumed,
        ported=ported,
        outgoing=outgoing * np.where(present, wobble, _PORTED_LEVEL * ported).astype("f4"),
        incoming=np.where(present, causes.factor(lives, "incoming"), 1.0).astype("f4"),
        sessions=np.where(present, people.data_rate * use * wobble, 0).astype("f4"),
        forwards=_forwards(lives) * present,
        hotline=np.where(present, _HOTLINE_USUAL + _HOTLINE_HAZARD * rival, 0).astype("f4"),
        poor=_poor(lives),
        away_from=away_from,
        away_to=away_to,
        abroad=chance(rng, _ABROAD, lives.count),
    )


def _forwards(lives: Lives) -> Array:
    total = np.full(lives.count, 0.12, dtype=np.float32)
    for index, episode in enumerate(EPISODES):
        if episode.forwards != (0.0,):
            total += causes.by_age(episode.forwards, lives.ages[index])
    return total


def _poor(lives: Lives) -> Array:
    """Every other line with an open complaint complains about the network."""
    complains = lives.ages[EPISODE_OF[Cause.COMPLAINT]] > 0
    return np.asarray(complains & (np.arange(lives.count) % 2 == 0))


def _journeys(rng: np.random.Generator, lives: Lives, changes: Changes) -> tuple[Array, Array]:
    """One journey a month for some, for more at Spring Festival; who moves away is mostly away."""
    rows = lives.count
    festival = "Spring Festival" in {
        name for day, name in holidays(changes.month, 0).items() if Month.of(day) == changes.month
    }
    travels = chance(rng, _TRAVELS_FOR_FESTIVAL if festival else _TRAVELS, rows)
    start = rng.integers(0, changes.seconds, rows)
    length = (1 + rng.integers(0, 6, rows)) * DAY_S
    moving = lives.ages[EPISODE_OF[Cause.MOVING]] > 0
    start = np.where(moving, start // 4, start)
    length = np.where(moving, changes.seconds, length)
    end = np.minimum(start + length, changes.seconds)
    goes = travels | moving
    return np.where(goes, start, 0).astype("i4"), np.where(goes, end, 0).astype("i4")

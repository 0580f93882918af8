"""Why subscribers leave: the monthly hazard of each cause, from the state at the month's start.

A cause shows in the extracts before it makes anyone leave: an episode that begins in a month has
traces in that month and a hazard from the next one on. Rates are assumptions, set so that 4 to 5 %
of mid/high-end subscribers leave in two months and that the traces tell part of it, not all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from churnlight.demo.offer import plan_column
from churnlight.demo.people import People, expected_minutes
from churnlight.demo.randomness import Array

if TYPE_CHECKING:
    from churnlight.demo.lives import Lives


class Cause(IntEnum):
    """Causes of leaving, in the order of the truth's hazard columns."""

    CONTRACT = 0
    MISFIT = 1
    CONTAGION = 2
    SECOND_SIM = 3
    COMPLAINT = 4
    DEBT = 5
    DRIFT = 6
    GROUP = 7
    HANDSET = 8
    MOVING = 9
    UNEXPLAINED = 10


@dataclass(frozen=True)
class Episode:
    """A cause that begins, shows, and may pass.

    The tuples go by the episode's month, the first being month 1; the last value stays.

    Attributes:
        cause: what it may lead to.
        onset: chance that it begins in a month.
        recovery: chance a month that it passes.
        longest: months after which it passes by itself.
        hazard: chance of leaving in the month; none in month 1.
        outgoing, incoming: factor on calls.
        forwards: calls forwarded in 30 days.
    """

    cause: Cause
    onset: float
    recovery: float
    longest: int
    hazard: tuple[float, ...]
    outgoing: tuple[float, ...] = (1.0,)
    incoming: tuple[float, ...] = (1.0,)
    forwards: tuple[float, ...] = (0.0,)


EPISODES: tuple[Episode, ...] = (
    Episode(
        Cause.SECOND_SIM,
        onset=0.0115,
        recovery=0.04,
        longest=24,
        hazard=(0.0, 0.05, 0.10, 0.12, 0.13),
        outgoing=(0.80, 0.60, 0.42, 0.32, 0.25),
        incoming=(0.97, 0.92, 0.85, 0.78, 0.72),
        forwards=(1.5, 3.0, 5.0, 6.0),
    ),
    Episode(Cause.COMPLAINT, 0.0085, 0.10, 4, hazard=(0.0, 0.09, 0.07, 0.05)),
    Episode(
        Cause.DRIFT,
        onset=0.0095,
        recovery=0.07,
        longest=24,
        hazard=(0.0, 0.03, 0.06, 0.10, 0.14),
        outgoing=(0.80, 0.60, 0.45, 0.33, 0.24),
        incoming=(0.92, 0.80, 0.68, 0.58, 0.50),
    ),
    Episode(Cause.GROUP, 0.0, 0.05, 4, hazard=(0.0, 0.10, 0.07, 0.04)),
    Episode(Cause.HANDSET, 0.0, 0.05, 4, hazard=(0.0, 0.030, 0.020, 0.010)),
    Episode(
        Cause.MOVING,
        onset=0.0028,
        recovery=0.10,
        longest=8,
        hazard=(0.0, 0.14, 0.16, 0.16),
        outgoing=(1.0, 0.85, 0.75),
    ),
)
EPISODE_OF = {episode.cause: index for index, episode in enumerate(EPISODES)}

# Chance that who leaves for the cause takes the number to a rival; otherwise the line is cancelled.
PORT_SHARE = np.zeros(len(Cause))
for _cause, _share in {
    Cause.CONTRACT: 0.75,
    Cause.MISFIT: 0.75,
    Cause.CONTAGION: 0.85,
    Cause.SECOND_SIM: 0.45,
    Cause.COMPLAINT: 0.75,
    Cause.DRIFT: 0.10,
    Cause.GROUP: 0.85,
    Cause.HANDSET: 0.75,
    Cause.MOVING: 0.20,
    Cause.UNEXPLAINED: 0.50,
}.items():
    PORT_SHARE[_cause] = _share
# Causes that make people ask about a rival's offer.
RIVAL_CAUSES = np.array([share >= 0.4 for share in PORT_SHARE])

_UNEXPLAINED = 0.0028
# By months since the contract ended (0: it ends in this month).
_CONTRACT = (0.030, 0.085, 0.070, 0.045, 0.020)
_MISFIT = 0.014
_CONTAGION = 0.11
# How much a departure still weighs, by months since.
_CONTAGION_FADES = (1.0, 0.8, 0.5)
_LOW_END_FACTOR = 1.25
_MOST = 0.6
_SUSPENDED_FACTOR = 0.3


def by_age(values: tuple[float, ...], age: Array) -> Array:
    """Look a tuple of an `Episode` up by its month (0: no episode; the last value stays)."""
    table = np.array((0.0, *values), dtype=np.float32)
    return np.asarray(table[np.minimum(age, len(values))])


def factor(lives: Lives, what: str) -> Array:
    """Product of all episodes' factors on calls, `outgoing` or `incoming` (float32)."""
    result = np.ones(lives.count, dtype=np.float32)
    for index, episode in enumerate(EPISODES):
        values: tuple[float, ...] = getattr(episode, what)
        if values != (1.0,):
            age = lives.ages[index]
            result *= np.where(age > 0, by_age(values, age), np.float32(1.0))
    return result


def overage(people: People, lives: Lives) -> Array:
    """Expected charges beyond the plan's allowances, over its fee (float32)."""
    minutes = expected_minutes(people.out_rate, people.talk) * lives.level
    beyond = np.maximum(minutes - plan_column("minutes")[lives.plan], 0.0)
    beyond *= plan_column("voice_cents")[lives.plan]
    megabytes = people.data_mb * lives.data_level
    beyond += np.maximum(megabytes - plan_column("data_mb")[lives.plan], 0.0)
    return np.asarray(beyond / plan_column("fee_cents")[lives.plan], dtype=np.float32)


def waste(people: People, lives: Lives) -> Array:
    """Whether less than half of a premier plan's minutes are used (bool)."""
    minutes = expected_minutes(people.out_rate, people.talk) * lives.level
    return np.asarray(people.high & (minutes < 0.35 * plan_column("minutes")[lives.plan]))


def contagion(lives: Lives, month: int) -> Array:
    """How fresh each row's own leaving is to those who know it (float32, 0 for who stays)."""
    fades = np.array((0.0, *_CONTAGION_FADES, 0.0), dtype=np.float32)
    since = np.clip(month - lives.left_month, 0, len(fades) - 1)
    return np.where(lives.left_month >= 0, fades[since], 0.0) * lives.example


def hazards(people: People, lives: Lives, month: int, contagious: Array) -> Array:
    """Chance of leaving in a month, by cause, except debt, which takes its own course.

    Args:
        people: the traits.
        lives: the state at the month's start.
        month: index of the month.
        contagious: `ties.neighbour_sum` of `contagion`.

    Returns:
        float32 array (cause, row); 0 for who is not on the books.
    """
    table = np.zeros((len(Cause), lives.count), dtype=np.float32)
    table[Cause.UNEXPLAINED] = _UNEXPLAINED
    table[Cause.CONTRACT] = _contract(lives, month)
    table[Cause.MISFIT] = _MISFIT * np.clip(overage(people, lives) * 2, 0.0, 1.5)
    table[Cause.CONTAGION] = _CONTAGION * np.minimum(contagious, 0.8)
    for index, episode in enumerate(EPISODES):
        table[episode.cause] = by_age(episode.hazard, lives.ages[index])
    scale = np.where(people.high, 1.0, _LOW_END_FACTOR) * lives.effect
    scale *= np.where(lives.arrears >= 2, _SUSPENDED_FACTOR, 1.0) * lives.on_the_books
    table *= scale.astype(np.float32)
    total = table.sum(axis=0)
    return np.asarray(table * np.minimum(1.0, _MOST / np.maximum(total, _MOST)), dtype=np.float32)


def _contract(lives: Lives, month: int) -> Array:
    since = np.where(lives.contract_ends_in >= 0, month - lives.contract_ends_in, -1)
    table = np.array((*_CONTRACT, 0.0), dtype=np.float32)
    return np.where(since >= 0, table[np.clip(since, 0, len(_CONTRACT))], 0.0)

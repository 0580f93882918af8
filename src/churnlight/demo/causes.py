"""Why subscribers leave: the monthly hazard of each cause, from the state at the month's start.

A cause shows in the extracts before it makes anyone leave: an episode that begins in a month has
traces in that month and a hazard from the next one on. Rates are assumptions, set so that 4 to 5 %
of mid/high-end subscribers leave in two months, and so that they go by what shows rather than by
hidden draws: what only an oracle can see would be no measure for a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from churnlight.demo.offer import FIRST_PREMIER, plan_column
from churnlight.demo.people import People
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
        hazard: rate of leaving in the month (see `hazards`); none in month 1.
        outgoing, incoming: factor on calls.
        forwards: calls forwarded in 30 days.
        spending: rate of staying but giving up most of the spending in the month.
    """

    cause: Cause
    onset: float
    recovery: float
    longest: int
    hazard: tuple[float, ...]
    outgoing: tuple[float, ...] = (1.0,)
    incoming: tuple[float, ...] = (1.0,)
    forwards: tuple[float, ...] = (0.0,)
    spending: tuple[float, ...] = (0.0,)


EPISODES: tuple[Episode, ...] = (
    Episode(
        Cause.SECOND_SIM,
        onset=0.0105,
        recovery=0.04,
        longest=24,
        hazard=(0.0, 0.03, 0.13, 0.18, 0.20),
        outgoing=(0.72, 0.50, 0.34, 0.26, 0.20),
        incoming=(0.97, 0.92, 0.85, 0.78, 0.72),
        forwards=(3.0, 6.0, 9.0, 10.0),
        spending=(0.0, 0.04, 0.08, 0.10),
    ),
    Episode(Cause.COMPLAINT, 0.0070, 0.10, 4, hazard=(0.0, 0.14, 0.11, 0.08)),
    Episode(
        Cause.DRIFT,
        onset=0.0082,
        recovery=0.06,
        longest=24,
        hazard=(0.0, 0.0, 0.07, 0.30, 0.34),
        outgoing=(0.62, 0.38, 0.24, 0.15, 0.10),
        incoming=(0.80, 0.60, 0.45, 0.36, 0.30),
        spending=(0.0, 0.03, 0.06, 0.08),
    ),
    Episode(Cause.GROUP, 0.0, 0.05, 4, hazard=(0.0, 0.10, 0.07, 0.04)),
    Episode(Cause.HANDSET, 0.0, 0.05, 4, hazard=(0.0, 0.035, 0.020, 0.010)),
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

UNEXPLAINED_RATE = 0.0022
# By months since the contract ended (0: it ends in this month).
_CONTRACT = (0.040, 0.110, 0.090, 0.055, 0.020)
# A plan is left when it costs much more than its fee, and friends are followed who were close:
# small annoyances move nobody.
MISFIT_RATE, MISFIT_FROM = 0.06, 0.45
CONTAGION_RATE, CONTAGION_FROM = 0.28, 0.12
# How much a departure still weighs, by months since.
CONTAGION_FADES = (1.0, 0.8, 0.5)
_LOW_END_FACTOR = 1.25
# Who is barred cannot port and hardly comes to cancel.
SUSPENDED_FACTOR = 0.3
# Giving up most of the spending for no reason that shows, and because the plan is far too large.
LOST_UNEXPLAINED_RATE, LOST_WASTE_RATE = 0.0020, 0.02


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


def passing(episode: Episode, age: Array, lost: Array) -> Array:
    """Chance that an episode passes in the month (float32); `lost` ones stay as they are."""
    may = np.where((age > 1) & ~lost, np.float32(episode.recovery), np.float32(0.0))
    return np.where(age >= episode.longest, np.float32(1.0), may)


def overage(people: People, lives: Lives, plan: Array | None = None) -> Array:
    """Expected charges beyond the plan's allowances, over its fee (float32).

    Args:
        people: the traits.
        lives: the state.
        plan: another plan to judge (uint8 index); None: the row's own.
    """
    plan = lives.plan if plan is None else plan
    minutes = people.minutes * lives.level
    beyond = np.maximum(minutes - plan_column("minutes")[plan], 0.0)
    beyond *= plan_column("voice_cents")[plan]
    megabytes = people.data_mb * lives.data_level
    beyond += np.maximum(megabytes - plan_column("data_mb")[plan], 0.0)
    return np.asarray(beyond / plan_column("fee_cents")[plan], dtype=np.float32)


def waste(people: People, lives: Lives) -> Array:
    """Whether less than half of a premier plan's minutes are used (bool)."""
    minutes = people.minutes * lives.level
    return np.asarray(people.high & (minutes < 0.35 * plan_column("minutes")[lives.plan]))


def contagion(lives: Lives, month: int) -> Array:
    """How fresh each row's own leaving is to those who know it (float32, 0 for who stays)."""
    fades = np.array((0.0, *CONTAGION_FADES, 0.0), dtype=np.float32)
    since = np.clip(month - lives.left_month, 0, len(fades) - 1)
    return np.where(lives.left_month >= 0, fades[since], 0.0) * lives.example


def susceptible(people: People, lives: Lives) -> Array:
    """Factor on all rates of leaving that lasts: kind of line, and a past offer (float32)."""
    scale = np.where(people.high, 1.0, _LOW_END_FACTOR) * lives.effect * people.profile.leaving
    return np.asarray(scale * lives.on_the_books, dtype=np.float32)


def misfit_rate(over: Array) -> Array:
    """Rate of leaving over a plan that costs `overage` more than its fee (float32)."""
    return np.asarray(MISFIT_RATE * np.clip(over - MISFIT_FROM, 0.0, 1.0), dtype=np.float32)


def contagion_rate(contagious: Array) -> Array:
    """Rate of leaving after one's contacts; see `hazards`."""
    return np.asarray(
        CONTAGION_RATE * np.clip(contagious - CONTAGION_FROM, 0.0, 0.6), dtype=np.float32
    )


def contract_rate(since: Array) -> Array:
    """Rate of leaving by months since the contract ended (0: it ends now; below 0: it runs)."""
    table = np.array((*_CONTRACT, 0.0), dtype=np.float32)
    return np.where(since >= 0, table[np.clip(since, 0, len(_CONTRACT))], np.float32(0.0))


def months_out_of_contract(lives: Lives, month: int) -> Array:
    """Months since the contract ended; below 0 where it runs or there never was one."""
    return np.where(lives.contract_ends_in >= 0, month - lives.contract_ends_in, -999)


def hazards(people: People, lives: Lives, month: int, contagious: Array) -> Array:
    """Rate of leaving in a month by cause, except debt, which takes its own course.

    Causes compete independently: with rates r_c, who is there leaves with the chance
    1 - exp(-sum of r_c), for the cause c with a probability that goes with r_c. So the chance of
    staying over months is a product over causes, and `chances` can give it in closed form.

    Args:
        people: the traits.
        lives: the state at the month's start, after its episodes and contracts have moved on.
        month: index of the month.
        contagious: `ties.neighbour_sum` of `contagion`.

    Returns:
        float32 array (cause, row); 0 for who is not on the books.
    """
    table = np.zeros((len(Cause), lives.count), dtype=np.float32)
    table[Cause.UNEXPLAINED] = UNEXPLAINED_RATE
    table[Cause.CONTRACT] = contract_rate(months_out_of_contract(lives, month))
    table[Cause.MISFIT] = misfit_rate(overage(people, lives))
    table[Cause.CONTAGION] = contagion_rate(contagious)
    for index, episode in enumerate(EPISODES):
        table[episode.cause] = by_age(episode.hazard, lives.ages[index])
    scale = susceptible(people, lives)
    scale *= np.where(lives.arrears >= 2, np.float32(SUSPENDED_FACTOR), np.float32(1.0))
    table *= scale
    return table


def spending_rates(people: People, lives: Lives) -> Array:
    """Rate of giving up most of the spending by cause (float32 (cause, row)); 0 for who may not.

    Only lines with a plan of the upper kind have that much to give up, and only once.
    """
    table = np.zeros((len(Cause), lives.count), dtype=np.float32)
    for index, episode in enumerate(EPISODES):
        if episode.spending != (0.0,):
            table[episode.cause] = by_age(episode.spending, lives.ages[index])
    table[Cause.MISFIT] = LOST_WASTE_RATE * waste(people, lives)
    table[Cause.UNEXPLAINED] = LOST_UNEXPLAINED_RATE
    return np.asarray(table * (may_lose(lives) * people.profile.spending), dtype=np.float32)


def may_lose(lives: Lives) -> Array:
    """Who has much spending left to give up (bool)."""
    here = lives.on_the_books & (lives.pending == 0)
    return np.asarray(here & (lives.plan >= FIRST_PREMIER) & ~lives.lost)

"""Groups of subscribers that are planted: when and how they call, and which services they like.

A habit changes how the minutes are called, not how many there are: short calls come with more of
them, so that plans, bills and causes stay what they are, apart from data and small fees.
Draws come from a stream of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from churnlight.demo.clock import Rhythm
from churnlight.demo.offer import SERVICES
from churnlight.demo.people import NEVER_HAD, People
from churnlight.demo.randomness import Array, Part, chance, pick, stream

# Of 256 events between people, how many are messages, as long as no habit says otherwise.
MESSAGES_OF_256 = 26
# Whoever likes a service has it at the start with this chance; the others with the second one.
_LIKED, _OTHERS = 0.30, 0.03
# Of the chance to have a service at the start, so much is the chance to take it up in a month.
_TAKEN_UP = 0.05


@dataclass(frozen=True)
class Habit:
    """A habit.

    Attributes:
        name: what the truth calls it.
        share: of all lines.
        talk: log of how much longer the calls are; there are as many fewer.
        data: factor on the MB of a month.
        hours: when calls and messages are made; None: by who is called.
        messages: of 256 calls and messages, how many are messages.
        likes: ids of the services that are liked.
    """

    name: str
    share: float
    talk: float
    data: float
    hours: Rhythm | None
    messages: int
    likes: tuple[int, ...]


# Together they make about as many calls as lines without habits would.
HABITS: tuple[Habit, ...] = (
    Habit("office", 0.30, -0.25, 0.35, Rhythm.WORK, 26, (705, 706)),
    Habit("night", 0.25, 0.15, 1.20, Rhythm.NIGHT, 26, (707, 708)),
    Habit("talker", 0.25, 0.95, 0.12, None, 26, (709,)),
    Habit("surfer", 0.20, -0.25, 1.30, None, 96, (707, 710)),
)
NAMES = tuple(habit.name for habit in HABITS)


def plant(seed: int, people: People) -> People:
    """Give every line a habit, where the profile has them; see `HABITS`."""
    if not people.profile.habits:
        return people
    rng = stream(seed, Part.HABITS)
    habit = pick(rng, tuple(h.share for h in HABITS), people.count)
    talk = np.array([h.talk for h in HABITS], dtype=np.float32)[habit]
    data = np.array([h.data for h in HABITS], dtype=np.float32)[habit]
    # More messages come on top of the calls.
    calls = np.array([256 - h.messages for h in HABITS], dtype=np.float32)[habit]
    more = np.float32(256 - MESSAGES_OF_256) / calls
    return replace(
        people,
        habit=habit,
        talk=people.talk + talk,
        out_rate=people.out_rate * np.exp(-talk) * more,
        data_mb=people.data_mb * data,
        had_from=_had_from(rng, people, habit),
    )


def rhythm_of(people: People, row: Array, usual: Array) -> Array:
    """When each event is (uint8): by the habit of the row that makes it, else as `usual`."""
    if not people.profile.habits:
        return usual
    own = _HOURS[people.habit[row]]
    return np.where(own == _BY_TIE, usual, own)


def messages_of(people: People, row: Array) -> Array | int:
    """Of 256 calls and messages that a row makes, how many are messages (uint8)."""
    return _MESSAGES[people.habit[row]] if people.profile.habits else MESSAGES_OF_256


_BY_TIE = 255
_HOURS = np.array([_BY_TIE if h.hours is None else h.hours for h in HABITS], dtype=np.uint8)
_MESSAGES = np.array([h.messages for h in HABITS], dtype=np.uint8)


def _had_from(rng: np.random.Generator, people: People, habit: Array) -> Array:
    """Month from which each service is had, with what the habit likes and what is taken up."""
    had = people.had_from.copy()
    for index, service in enumerate(SERVICES):
        usual = np.full(people.count, service.share)
        if service.share == 0:
            usual = np.where(_likes(service.service_id)[habit], _LIKED, _OTHERS)
            had[index][chance(rng, usual, people.count)] = 0
        after = rng.geometric(usual * _TAKEN_UP, people.count)
        waits = (had[index] == NEVER_HAD) & (after < NEVER_HAD)
        had[index][waits] = after[waits]
    return had


def _likes(service_id: int) -> Array:
    return np.array([service_id in habit.likes for habit in HABITS])

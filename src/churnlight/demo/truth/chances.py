"""The chance of leaving, or of giving up the spending, within the months to come: closed form.

Causes compete independently (see `causes.hazards`), so the chance that none of them strikes is a
product over causes, and each cause is a small Markov chain of its own: an episode ages, passes or
begins; a contract ends, is renewed or not. Each chain is followed through all its branches. What
is not exact: contacts who may leave within the months count by their chance, singly; who applies
for a port that only happens after the last month is taken out by a share of the rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from churnlight.demo import causes, months
from churnlight.demo.causes import CONTAGION_FADES, EPISODES, PORT_SHARE, Cause, Episode
from churnlight.demo.lives import Lives
from churnlight.demo.people import People
from churnlight.demo.randomness import Array
from churnlight.demo.ties import Ties, neighbour_sum

_KINDS_DRAWN = ("ported_out", "cancelled", "vanished")
_NO_EXAMPLE = 0.4


@dataclass(frozen=True)
class Asked:
    """What the label asks of the months to come.

    Attributes:
        gap: months between as_of and the label's first.
        horizon: months that the label looks at.
        off_net_kinds: ways of leaving that count; none where the label does not ask.
        value_loss: whether giving up the spending counts.
        drop: by how much every bill of the horizon falls, at least.
    """

    gap: int = 0
    horizon: int = 2
    off_net_kinds: tuple[str, ...] = _KINDS_DRAWN
    value_loss: bool = True
    drop: float = 0.5

    @property
    def months(self) -> int:
        """Months from as_of to the label's end."""
        return self.gap + self.horizon


@dataclass(frozen=True)
class Chances:
    """What is to be expected of every row: float32 arrays.

    Chances come as sums of rates L, so that those of several causes add up: 1 - exp(-L).

    Attributes:
        leave: (cause, row) L of leaving in one of the kinds asked for.
        lost: (cause, row) L of giving up most of the spending early enough for the label.
        debt: chance of leaving with debts before the label's end.
    """

    leave: Array
    lost: Array
    debt: Array


def chances(
    people: People,
    lives: Lives,
    ties: tuple[Ties, ...],
    index: int,
    asked: Asked,
) -> Chances:
    """Work out the chances from the state before month `index` begins, and from nothing later.

    Args:
        people: the traits.
        lives: the state at as_of, which is not changed.
        ties: all ties.
        index: index of the month that begins with as_of.
        asked: what the label asks.
    """
    steps = range(asked.months)
    in_debt, barred = _arrears(lives, asked)
    weight = [_scale(people, lives, step, barred[step]) for step in steps]
    counted = [_counted(asked, step) for step in steps]
    may = causes.may_lose(lives) & asked.value_loss
    owner = np.float32(months.CHANGES_OWNER * ("vanished" in asked.off_net_kinds))
    handed_on = [lives.on_the_books * owner * (step >= asked.gap) for step in steps]
    outlook = _Outlook(people, lives, ties, index, weight, counted, handed_on)
    loses = may * np.float32(people.profile.spending)
    early = [loses * (step <= asked.gap) for step in steps]
    leave = np.zeros((len(Cause), lives.count), dtype=np.float32)
    both = np.zeros_like(leave)
    for cause, chain in _chains(outlook).items():
        leave[cause] = -np.log(chain(None))
        both[cause] = -np.log(chain(early)) if asked.value_loss else leave[cause]
    waiting = lives.pending > 0
    goes = (1.0 - months.WITHDRAWS) * ("ported_out" in asked.off_net_kinds) * (asked.gap == 0)
    leave[:, waiting] = both[:, waiting] = 0.0
    leave[lives.pending[waiting] - 1, waiting] = -np.log1p(-goes) if goes else 0.0
    both[:, waiting] = leave[:, waiting]
    both -= leave
    return Chances(leave=leave, lost=both, debt=in_debt)


Spending = list[Array] | None
Chain = Callable[[Spending], Array]


@dataclass(frozen=True)
class _Outlook:
    people: People
    lives: Lives
    ties: tuple[Ties, ...]
    index: int
    weight: list[Array]
    counted: list[Array]
    handed_on: list[Array]

    def rate(self, cause: Cause, step: int, rate: Array | np.float32) -> Array:
        """A rate of leaving as it counts in a month."""
        return rate * self.weight[step] * np.float32(self.counted[step][cause])


def _chains(outlook: _Outlook) -> dict[Cause, Chain]:
    """By cause, what gives the chance that it does not strike within the months asked for."""
    chains: dict[Cause, Chain] = {
        Cause.CONTRACT: lambda _: _contract(outlook, 0),
        Cause.MISFIT: lambda early: _misfit(outlook, early),
        Cause.CONTAGION: lambda _: _contagion(outlook),
        Cause.UNEXPLAINED: lambda early: _unexplained(outlook, early),
    }
    for number, episode in enumerate(EPISODES):
        age, onset = outlook.lives.ages[number], _onset(outlook, episode)

        def chain(
            early: Spending, episode: Episode = episode, age: Array = age, onset: Array = onset
        ) -> Array:
            return _episode(outlook, (episode, onset), age, 0, early)

        chains[episode.cause] = chain
    return chains


def _scale(people: People, lives: Lives, step: int, barred: Array) -> Array:
    """Factor on all rates of leaving in a month to come (float32)."""
    lasting = causes.susceptible(people, lives)
    over = (lives.effect_left <= step) & (lives.effect != 1.0)
    lasting = np.where(over, lasting / lives.effect, lasting)
    less = (1.0 - causes.SUSPENDED_FACTOR) * barred
    return np.asarray(lasting * (1.0 - less), dtype=np.float32)


def _arrears(lives: Lives, asked: Asked) -> tuple[Array, list[Array]]:
    """Chance of leaving with debts before the label's end, and of being barred, month by month."""
    grow_first, grow_last = months.ARREARS_GROW
    stage = [(lives.arrears == s).astype(np.float32) * lives.on_the_books for s in range(3)]
    gone = np.zeros(lives.count, dtype=np.float32)
    barred = []
    for _ in range(asked.months):
        gone += stage[2] * np.float32(grow_last)
        begins = stage[0] * np.float32(months.ARREARS_BEGIN)
        grows = stage[1] * np.float32(grow_first)
        pays = stage[1] - grows + stage[2] * np.float32(1.0 - grow_last)
        stage = [stage[0] - begins + pays, begins, grows]
        barred.append(grows)
    return gone, barred


def _counted(asked: Asked, step: int) -> Array:
    """Share of a month's departures that the label counts, by cause (float64).

    Some who go to a rival apply at the month's end and leave in the next, if they don't withdraw.
    Who leaves within the gap has no label and counts neither way.
    """
    kinds = asked.off_net_kinds
    stays_known = 1.0 - months.VANISHES
    waits = PORT_SHARE * stays_known * months.APPLIES_EARLY * ("ported_out" in kinds)
    at_once = PORT_SHARE * stays_known * (1.0 - months.APPLIES_EARLY) * ("ported_out" in kinds)
    at_once += (1.0 - PORT_SHARE) * stays_known * ("cancelled" in kinds)
    at_once += months.VANISHES * ("vanished" in kinds)
    counted = at_once if step >= asked.gap else np.zeros_like(at_once)
    if asked.gap <= step + 1 < asked.months:
        counted = counted + waits * (1.0 - months.WITHDRAWS)
    return np.asarray(counted)


def _onset(outlook: _Outlook, episode: Episode) -> Array:
    """Chance that an episode begins in a month (float32)."""
    lives = outlook.lives
    chance: Array
    if episode.cause is Cause.GROUP:
        poached = months.GROUP_POACHED * months.FOLLOWS_GROUP
        chance = lives.in_group * (poached + (1 - months.GROUP_POACHED) * months.LEAVES_GROUP)
    elif episode.cause is Cause.HANDSET:
        free = lives.contract_ends_in <= outlook.index
        elsewhere = 1.0 - months.HANDSET_WITH_CONTRACT * free
        chance = months.NEW_HANDSET * months.HANDSET_ELSEWHERE * elsewhere
    else:
        chance = np.full(lives.count, episode.onset)
    return np.asarray(chance, dtype=np.float32)


def _episode(
    outlook: _Outlook, what: tuple[Episode, Array], age: Array, step: int, early: Spending
) -> Array:
    """Chance that an episode's cause strikes in no month from `step` on; follows both branches."""
    if step == len(outlook.weight):
        return np.ones(outlook.lives.count, dtype=np.float32)
    episode, onset = what
    running = age > 0
    goes_on = np.where(running, 1.0 - causes.passing(episode, age, outlook.lives.lost), onset)
    older = np.where(running, age + 1, 1).astype(np.uint8)
    rate = outlook.rate(episode.cause, step, causes.by_age(episode.hazard, older))
    if early is not None:
        rate = rate + early[step] * causes.by_age(episode.spending, older)
    on = np.exp(-rate) * _episode(outlook, what, older, step + 1, early)
    off = _episode(outlook, what, np.zeros_like(age), step + 1, early)
    return np.asarray(goes_on * on + (1.0 - goes_on) * off, dtype=np.float32)


def _contract(outlook: _Outlook, step: int) -> Array:
    """Chance that nobody leaves over a contract that has ended, or ends within the months."""
    lives = outlook.lives
    if step == len(outlook.weight):
        return np.ones(lives.count, dtype=np.float32)
    month = outlook.index + step
    since = causes.months_out_of_contract(lives, month)
    free = lives.contract_ends_in <= month
    ends = (since == 0) & (lives.contract > 0)
    late = (lives.contract_ends_in < month) & outlook.people.high & ~lives.lost
    profile = outlook.people.profile
    stays = 1.0 - profile.renews * ends
    stays = stays * (1.0 - profile.new_contract * late)
    stays = stays * (1.0 - months.NEW_HANDSET * months.HANDSET_WITH_CONTRACT * free)
    rate = outlook.rate(Cause.CONTRACT, step, causes.contract_rate(since))
    after = np.exp(-rate) * _contract(outlook, step + 1)
    return np.asarray(1.0 - stays + stays * after, dtype=np.float32)


def _misfit(outlook: _Outlook, early: Spending) -> Array:
    """Some whose plan is too small move up before they leave."""
    people, lives = outlook.people, outlook.lives
    now = causes.misfit_rate(causes.overage(people, lives))
    may = months.may_move_up(people, lives)
    larger = np.where(may, lives.plan + 1, lives.plan).astype(np.uint8)
    then = causes.misfit_rate(causes.overage(people, lives, larger))
    total = np.zeros(lives.count, dtype=np.float32)
    for step in range(len(outlook.weight)):
        moved = may * (1.0 - (1.0 - months.FITS_PLAN) ** (step + 1))
        total += outlook.rate(Cause.MISFIT, step, now + moved * (then - now))
        if early is not None:
            total += early[step] * np.float32(causes.LOST_WASTE_RATE) * causes.waste(people, lives)
    return np.exp(-total)


def _unexplained(outlook: _Outlook, early: Spending) -> Array:
    total = np.zeros(outlook.lives.count, dtype=np.float32)
    for step in range(len(outlook.weight)):
        total += outlook.rate(Cause.UNEXPLAINED, step, np.float32(causes.UNEXPLAINED_RATE))
        total += outlook.handed_on[step]
        if early is not None:
            total += early[step] * np.float32(causes.LOST_UNEXPLAINED_RATE)
    return np.exp(-total)


def _contagion(outlook: _Outlook) -> Array:
    """Contacts who left weigh as they do; those who may leave count by their chance, one by one."""
    lives, ties = outlook.lives, outlook.ties
    steps = range(len(outlook.weight))
    known = [neighbour_sum(ties, causes.contagion(lives, outlook.index + step)) for step in steps]
    leavers = _leavers(outlook, known[0]) if len(steps) > 1 else []
    total = np.zeros(lives.count, dtype=np.float32)
    for step in steps:
        rate = causes.contagion_rate(known[step])
        # As many are expected to leave in each later month as in the first.
        for fade in CONTAGION_FADES[:step]:
            rate = rate + _gain(ties, known[step], leavers, fade)
        total += outlook.rate(Cause.CONTAGION, step, rate)
    return np.exp(-total)


def _gain(
    ties: tuple[Ties, ...], known: Array, leavers: list[tuple[Array, float]], fade: float
) -> Array:
    """Expected rise of the rate by contacts who leave: one at a time, summed.

    Args:
        ties: all ties.
        known: weight of the contacts who left already.
        leavers: chance of leaving of every row, and the example that such a leaving is.
        fade: how much of it is left.
    """
    usual = causes.contagion_rate(known)
    total = np.zeros(len(known))
    for block in ties:
        for here, there, share in (
            (block.a, block.b, block.share_a),
            (block.b, block.a, block.share_b),
        ):
            for chance, example in leavers:
                rate = causes.contagion_rate(known[here] + share * (example * fade))
                gain = chance[there] * (rate - usual[here])
                total += np.bincount(here, gain, len(known))
    return total


def _leavers(outlook: _Outlook, contagious: Array) -> list[tuple[Array, float]]:
    """Chances of leaving in the first month with the number and otherwise, and their examples."""
    people, lives = outlook.people, outlook.lives
    rates: dict[Cause, Array | np.float32] = {
        Cause.UNEXPLAINED: np.float32(causes.UNEXPLAINED_RATE)
    }
    rates[Cause.MISFIT] = causes.misfit_rate(causes.overage(people, lives))
    rates[Cause.CONTAGION] = causes.contagion_rate(contagious)
    since = causes.months_out_of_contract(lives, outlook.index)
    stays = np.where(since == 0, 1.0 - people.profile.renews, 1.0)
    rates[Cause.CONTRACT] = causes.contract_rate(since) * stays
    for number, episode in enumerate(EPISODES):
        age = lives.ages[number]
        goes_on = (age > 0) * (1.0 - causes.passing(episode, age, lives.lost))
        rates[episode.cause] = goes_on * causes.by_age(episode.hazard, (age + 1).astype(np.uint8))
    total, with_number = np.zeros(lives.count), np.zeros(lives.count)
    stays_known = 1.0 - months.VANISHES
    at_once = PORT_SHARE * stays_known * (1.0 - months.APPLIES_EARLY)
    otherwise = np.zeros(lives.count)
    for cause, rate in rates.items():
        total += rate
        with_number += rate * at_once[cause]
        otherwise += rate * (1.0 - PORT_SHARE[cause] * stays_known)
    total *= outlook.weight[0]
    struck = outlook.weight[0] * -np.expm1(-total) / np.maximum(total, 1e-12)
    waiting = lives.pending > 0
    due = waiting * (1.0 - months.WITHDRAWS)
    return [
        (np.where(waiting, due, with_number * struck), 1.0),
        (np.where(waiting, 0.0, otherwise * struck), _NO_EXAMPLE),
    ]

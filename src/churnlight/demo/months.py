"""One month in the life of the city: what begins, who leaves and why, who joins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churnlight.demo import causes
from churnlight.demo.causes import EPISODE_OF, EPISODES, PORT_SHARE, Cause
from churnlight.demo.clock import DAY_S, first_day
from churnlight.demo.lives import (
    ACTIVE,
    DAYS_A_MONTH,
    DEBT,
    DROPPED,
    KIND_CANCELLED,
    KIND_DEBT,
    KIND_PORTED,
    KIND_VANISHED,
    NEVER,
    NOT_YET,
    STATUS_OF_KIND,
    SUSPENDED,
    Lives,
    buy_handset,
)
from churnlight.demo.offer import CONTRACT_MONTHS, FIRST_PREMIER, PLANS
from churnlight.demo.people import People
from churnlight.demo.randomness import Array, Part, chance, stream
from churnlight.demo.ties import Ties, neighbour_sum
from churnlight.timeline import Month

SNAPSHOTS_AFTER_LEAVING = 3
# Chances in a month; `chances` works out from them what is to be expected.
ARREARS_BEGIN = 0.006
ARREARS_GROW = (0.40, 0.50)
NEW_HANDSET = 0.022
HANDSET_WITH_CONTRACT = 0.4
HANDSET_ELSEWHERE = 0.6
LEAVES_GROUP = 0.0015
GROUP_POACHED = 0.004
FOLLOWS_GROUP = 0.6
VANISHES = 0.012
# The number stays, its owner changes: with a month's first instant, for no reason that shows.
CHANGES_OWNER = 0.0003
APPLIES_EARLY = 0.15
WITHDRAWS = 0.08
FITS_PLAN = 0.05
OVERAGE_NOTICED = 0.3
_RECYCLED_SHARE = 0.10
# Causes of giving up the spending that have cut the calls already.
FALLEN_CALLS = (Cause.SECOND_SIM, Cause.DRIFT)


@dataclass
class Changes:
    """What happened in a month, one element a row; seconds count from the month's first instant.

    Attributes:
        index: index of the month.
        month: the month.
        seconds: its length.
        first: its first day, days since 1970.
        since, until: on the books in [since, until) (int32; until 0: not at all).
        stopped, resumed: outgoing calls and data barred in [stopped, resumed) (int32).
        left: who left in this month (bool), with kind (uint8) and cause (uint8).
        lost: who gave up most of the spending from this month on (bool), with lost_cause (uint8).
        joined: who joined (bool).
        applied: second of a port-out application (int32, -1: none).
        hazard: rate of leaving by cause (float32 (cause, row)), see `causes.hazards`.
        lost_hazard: rate of giving up most of the spending, likewise.
        bought_handset, renewed: (bool).
    """

    index: int
    month: Month
    seconds: int
    first: int
    since: Array
    until: Array
    stopped: Array
    resumed: Array
    left: Array
    kind: Array
    cause: Array
    lost: Array
    lost_cause: Array
    joined: Array
    applied: Array
    hazard: Array
    lost_hazard: Array
    bought_handset: Array
    renewed: Array


def advance(
    seed: int, people: People, lives: Lives, ties: tuple[Ties, ...], index: int, month: Month
) -> Changes:
    """Move `lives` on by a month, in place, and say what happened."""
    rng = stream(seed, Part.LIVES, index + 1)
    changes = _nothing_yet(lives, index, month)
    _drop_from_snapshots(lives, index)
    handed_on = _hand_on(rng, lives, changes)
    _episodes(rng, people, lives)
    _contracts_and_handsets(rng, people, lives, changes)
    _arrears(rng, people, lives, changes)
    contagious = neighbour_sum(ties, causes.contagion(lives, index))
    changes.hazard = causes.hazards(people, lives, index, contagious)
    _departures(rng, lives, changes)
    _spending_lost(rng, people, lives, changes)
    _joiners(rng, people, lives, changes, handed_on)
    lives.effect_left = np.maximum(lives.effect_left - 1, 0).astype("i1")
    lives.effect = np.where(lives.effect_left > 0, lives.effect, 1.0).astype("f4")
    return changes


def _nothing_yet(lives: Lives, index: int, month: Month) -> Changes:
    rows, seconds = lives.count, month.days * DAY_S
    none = np.zeros(rows, dtype=bool)
    return Changes(
        index=index,
        month=month,
        seconds=seconds,
        first=first_day(month),
        since=np.zeros(rows, dtype="i4"),
        until=np.where(lives.on_the_books, seconds, 0).astype("i4"),
        stopped=np.zeros(rows, dtype="i4"),
        resumed=np.zeros(rows, dtype="i4"),
        left=none.copy(),
        kind=np.zeros(rows, dtype="u1"),
        cause=np.zeros(rows, dtype="u1"),
        lost=none.copy(),
        lost_cause=np.zeros(rows, dtype="u1"),
        joined=none.copy(),
        applied=np.full(rows, NEVER, dtype="i4"),
        hazard=np.zeros((len(Cause), rows), dtype="f4"),
        lost_hazard=np.zeros((len(Cause), rows), dtype="f4"),
        bought_handset=none.copy(),
        renewed=none.copy(),
    )


def _drop_from_snapshots(lives: Lives, index: int) -> None:
    old = (lives.left_month >= 0) & (lives.left_month <= index - SNAPSHOTS_AFTER_LEAVING)
    lives.status[old] = DROPPED


def _hand_on(rng: np.random.Generator, lives: Lives, changes: Changes) -> Array:
    """Rows whose owner hands the number on as the month begins: they are gone from then on."""
    who = lives.on_the_books & (lives.pending == 0) & (lives.arrears == 0)
    who &= chance(rng, CHANGES_OWNER, lives.count)
    _leave(lives, changes, who, np.zeros(lives.count, dtype="i4"))
    changes.kind[who], changes.cause[who] = KIND_VANISHED, Cause.UNEXPLAINED
    lives.left_kind[who], lives.status[who] = KIND_VANISHED, DROPPED
    return np.flatnonzero(who)


def _episodes(rng: np.random.Generator, people: People, lives: Lives) -> None:
    """Let episodes pass, grow older by a month, and begin."""
    here = lives.on_the_books
    for index, episode in enumerate(EPISODES):
        age = lives.ages[index]
        passes = chance(rng, causes.passing(episode, age, lives.lost), lives.count)
        begins = chance(rng, episode.onset, lives.count) & here & (age == 0)
        age[:] = np.where(passes, 0, np.where(age > 0, age + 1, begins))
    # Leaving the enterprise group: alone, or with the colleagues when a rival wins the group.
    groups = int(people.workplace.max(initial=0)) + 1
    poached = chance(rng, GROUP_POACHED, groups)[people.workplace]
    goes = chance(rng, np.where(poached, FOLLOWS_GROUP, LEAVES_GROUP), lives.count)
    goes &= lives.in_group & here
    lives.in_group &= ~goes
    lives.ages[EPISODE_OF[Cause.GROUP]][goes] = 1


def _contracts_and_handsets(
    rng: np.random.Generator, people: People, lives: Lives, changes: Changes
) -> None:
    rows, here = lives.count, lives.on_the_books
    ends = here & (lives.contract > 0) & (lives.contract_ends_in == changes.index)
    renewed = ends & chance(rng, people.profile.renews, rows)
    late = here & (lives.contract_ends_in < changes.index)
    late &= chance(rng, people.profile.new_contract, rows)
    late &= people.high & ~lives.lost
    buys = here & chance(rng, NEW_HANDSET, rows)
    with_contract = buys & chance(rng, HANDSET_WITH_CONTRACT, rows)
    with_contract &= lives.contract_ends_in <= changes.index
    renewed |= late | with_contract
    kind = np.where(with_contract, 3, np.where(lives.contract > 0, lives.contract, 1))
    _sign(lives, changes, renewed, kind)
    day = changes.first + rng.integers(0, changes.month.days, rows)
    lives.handset[buys] = buy_handset(rng, people.high)[buys]
    lives.handset_since[buys] = day[buys]
    elsewhere = buys & ~with_contract & chance(rng, HANDSET_ELSEWHERE, rows)
    episode = lives.ages[EPISODE_OF[Cause.HANDSET]]
    episode[elsewhere & (episode == 0)] = 1
    changes.bought_handset, changes.renewed = buys, renewed
    # Some of those whose plan is too small move to the next one.
    fits = may_move_up(people, lives) & chance(rng, FITS_PLAN, rows)
    lives.plan[fits] += 1


def may_move_up(people: People, lives: Lives) -> Array:
    """Whose plan is too small, with a larger one to be had (bool)."""
    fits = (causes.overage(people, lives) > OVERAGE_NOTICED) & people.high & lives.on_the_books
    return fits & (lives.plan >= FIRST_PREMIER) & (lives.plan < len(PLANS) - 1)


def _sign(lives: Lives, changes: Changes, who: Array, kind: Array) -> None:
    """Give `who` a contract of `kind` that begins in this month."""
    months = CONTRACT_MONTHS[kind[who]]
    lives.contract[who] = kind[who]
    lives.contract_ends_in[who] = changes.index + months
    lives.contract_end[who] = changes.first + (months * DAYS_A_MONTH).astype(np.int32) + 14


def _arrears(rng: np.random.Generator, people: People, lives: Lives, changes: Changes) -> None:
    """One unpaid bill, then suspension, then debt that ends the line; most pay before."""
    rows, days = lives.count, changes.month.days
    here = lives.on_the_books
    stage = lives.arrears.copy()
    grows = chance(rng, np.where(stage == 2, *ARREARS_GROW[::-1]), rows)
    begins = chance(rng, ARREARS_BEGIN * np.where(people.high, 0.8, 1.6), rows)
    day = rng.integers(7, 19, rows)
    second = (day * DAY_S + 9 * 3_600).astype("i4")

    stopped = here & (stage == 1) & grows
    changes.stopped[stopped] = second[stopped]
    changes.resumed[stopped] = changes.seconds
    lives.status[stopped] = SUSPENDED
    lives.status_since[stopped] = changes.first + day[stopped]

    pays = here & (stage == 2) & ~grows
    paid_on = np.minimum(day - 5, days - 1)
    changes.resumed[pays] = (paid_on * DAY_S + 12 * 3_600)[pays]
    lives.status[pays] = ACTIVE
    lives.status_since[pays] = (changes.first + paid_on)[pays]

    gone = here & (stage == 2) & grows
    changes.resumed[gone] = changes.seconds
    _leave(lives, changes, gone, second)
    changes.kind[gone], changes.cause[gone] = KIND_DEBT, Cause.DEBT
    lives.arrears = np.where(
        stage == 0, begins & here, np.where(grows, np.minimum(stage + 1, 2), 0)
    ).astype("u1")


def _leave(lives: Lives, changes: Changes, who: Array, second: Array) -> None:
    changes.left |= who
    changes.until[who] = second[who]
    lives.status[who] = DEBT
    lives.status_since[who] = changes.first + second[who] // DAY_S
    lives.left_month[who] = changes.index
    lives.left_kind[who] = KIND_DEBT


def _strikes(rng: np.random.Generator, rates: Array) -> tuple[Array, Array]:
    """Whom one of the causes strikes in the month (bool), and which (uint8), by their rates."""
    cumulated = np.cumsum(rates, axis=0)
    total = cumulated[-1]
    struck = rng.random(len(total), dtype=np.float32) < -np.expm1(-total)
    draw = rng.random(len(total), dtype=np.float32) * total
    cause = (cumulated <= draw).sum(axis=0)
    return struck, np.minimum(cause, len(rates) - 1).astype("u1")


def _departures(rng: np.random.Generator, lives: Lives, changes: Changes) -> None:
    """Draw who leaves, for what cause, in what way and when; some ports wait for next month."""
    rows = lives.count
    goes, cause = _strikes(rng, changes.hazard * ~changes.left)
    day = rng.integers(0, changes.month.days, rows)
    second = (day * DAY_S + rng.integers(9 * 3_600, 20 * 3_600, rows)).astype("i4")
    due = lives.pending > 0
    withdrawn = chance(rng, WITHDRAWS, rows)
    early = chance(rng, APPLIES_EARLY, rows)
    cause = np.where(due, lives.pending - 1, cause).astype("u1")
    second = np.where(due, second % (12 * DAY_S), second).astype("i4")
    goes = (goes & ~due) | (due & ~withdrawn & lives.on_the_books)
    ports = due | chance(rng, PORT_SHARE[cause], rows)
    vanishes = chance(rng, VANISHES, rows) & ~due

    lives.pending[:] = 0
    waits = goes & ports & early & ~due & ~vanishes
    lives.pending[waits] = cause[waits] + 1
    late_day = changes.month.days - 1 - day % 8
    changes.applied[waits] = (late_day * DAY_S + second % DAY_S)[waits]
    goes &= ~waits
    lead = (1 + day % 7) * DAY_S
    applies = goes & ports & ~due & ~vanishes
    changes.applied[applies] = np.maximum(second - lead, second % DAY_S)[applies]
    # The same day's application comes before the leaving.
    changes.applied[applies] = np.minimum(changes.applied, second - 1_800)[applies]

    kind = np.where(ports, KIND_PORTED, KIND_CANCELLED)
    kind = np.where(vanishes, KIND_VANISHED, kind).astype("u1")
    _leave(lives, changes, goes, second)
    changes.kind[goes], changes.cause[goes] = kind[goes], cause[goes]
    lives.left_kind[goes] = kind[goes]
    lives.status[goes] = STATUS_OF_KIND[kind[goes]]
    lives.example[goes] = np.where(kind[goes] == KIND_PORTED, 1.0, 0.4)
    # Who waits for the port, or left, is no longer drawn for anything else.
    lives.arrears[goes] = 0


def _spending_lost(
    rng: np.random.Generator, people: People, lives: Lives, changes: Changes
) -> None:
    """Draw who stays but gives up most of the spending: a small plan and little use, for good."""
    changes.lost_hazard = causes.spending_rates(people, lives)
    lost, cause = _strikes(rng, changes.lost_hazard)
    changes.lost, changes.lost_cause = lost, cause
    dear = lives.plan >= len(PLANS) - 2
    profile = people.profile
    lives.plan[lost] = np.where(dear, profile.refuge_dear, profile.refuge)[lost]
    fallen = np.isin(cause, FALLEN_CALLS)
    lives.level[lost] *= np.where(fallen, *profile.kept_use)[lost].astype("f4")
    lives.lost |= lost
    lives.contract[lost], lives.contract_end[lost] = 0, NEVER
    lives.contract_ends_in[lost] = NEVER


def _joiners(
    rng: np.random.Generator, people: People, lives: Lives, changes: Changes, handed_on: Array
) -> None:
    """Fill up with as many as left; some take over a number that has been free for a while."""
    for district in range(len(people.districts) - 1):
        rows = people.rows(district)
        waiting = rows.start + np.flatnonzero(lives.status[rows] == NOT_YET)
        new = waiting[: int(changes.left[rows].sum())]
        day = rng.integers(0, changes.month.days, len(new))
        second = day * DAY_S + rng.integers(9 * 3_600, 20 * 3_600, len(new))
        given = handed_on[(handed_on >= rows.start) & (handed_on < rows.stop)][: len(new)]
        takes = np.arange(len(new)) < len(given)
        day, second = np.where(takes, 0, day), np.where(takes, 0, second)
        changes.joined[new] = True
        changes.since[new], changes.until[new] = second, changes.seconds
        lives.status[new] = ACTIVE
        lives.status_since[new] = lives.activated[new] = changes.first + day
        lives.handset_since[new] = np.minimum(lives.handset_since, lives.activated)[new]
        lives.subscriber_id[new[takes]] = lives.subscriber_id[given]
        lives.reused[given] = True
        _recycle(rng, lives, rows, new[~takes], changes.index)


def _recycle(rng: np.random.Generator, lives: Lives, rows: slice, new: Array, index: int) -> None:
    free = lives.left_month[rows] <= index - SNAPSHOTS_AFTER_LEAVING - 1
    free &= (lives.left_month[rows] >= 0) & (lives.left_kind[rows] == KIND_CANCELLED)
    free &= ~lives.reused[rows]
    old = rows.start + np.flatnonzero(free)
    takes = new[rng.random(len(new)) < _RECYCLED_SHARE][: len(old)]
    old = old[: len(takes)]
    lives.reused[old] = True
    lives.subscriber_id[takes] = lives.subscriber_id[old]

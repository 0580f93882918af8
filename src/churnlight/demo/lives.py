"""The state of every line, which `months.advance` moves on by a month."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churnlight.demo.causes import EPISODES
from churnlight.demo.clock import first_day
from churnlight.demo.offer import CONTRACT_MONTHS, HANDSETS
from churnlight.demo.people import People
from churnlight.demo.randomness import Array, Part, pick, stream, subscriber_ids
from churnlight.schema import STATUSES
from churnlight.timeline import Month

ACTIVE, SUSPENDED, CANCELLED, PORTED_OUT, DEBT = range(len(STATUSES))
# States of our own: not yet a subscriber; no longer in the snapshots.
NOT_YET, DROPPED = 5, 6
KINDS = ("ported_out", "cancelled", "debt", "vanished", "value_loss")
KIND_PORTED, KIND_CANCELLED, KIND_DEBT, KIND_VANISHED, KIND_VALUE_LOSS = range(len(KINDS))
STATUS_OF_KIND = np.array([PORTED_OUT, CANCELLED, DEBT, DROPPED], dtype=np.uint8)
NEVER = -1
DAYS_A_MONTH = 30.44


@dataclass
class Lives:
    """State, one element a row; changed in place from month to month.

    Attributes:
        subscriber_id: int64; a recycled number is taken over from an earlier row.
        status: uint8, index in `schema.STATUSES`, or NOT_YET, DROPPED.
        status_since, activated: days since 1970 (int32).
        left_month: index of the month of leaving (int16, -1: none).
        left_kind: uint8, index in KINDS.
        example: how much the leaving is an example to others (float32).
        plan: uint8 index.
        level: lasting factor on use (float32).
        lost: whether most of the spending went (bool).
        contract: uint8 index in CONTRACTS; contract_end in days since 1970 (int32);
            contract_ends_in: index of that month (int32, -1: none or before the start).
        handset: uint8 index; handset_since in days since 1970 (int32).
        in_group: whether the line belongs to its workplace's group (bool).
        ages: month of each episode (uint8 (episode, row), 0: none).
        arrears: unpaid bills (uint8; 2: suspended).
        pending: cause + 1 of an applied-for port that happens next month (uint8, 0: none).
        effect: factor of a past offer on leaving (float32), for effect_left more months (int8).
        reused: whether the number was given to another (bool).
    """

    subscriber_id: Array
    status: Array
    status_since: Array
    activated: Array
    left_month: Array
    left_kind: Array
    example: Array
    plan: Array
    level: Array
    lost: Array
    contract: Array
    contract_end: Array
    contract_ends_in: Array
    handset: Array
    handset_since: Array
    in_group: Array
    ages: Array
    arrears: Array
    pending: Array
    effect: Array
    effect_left: Array
    reused: Array

    @property
    def count(self) -> int:
        """Rows."""
        return len(self.status)

    @property
    def on_the_books(self) -> Array:
        """Whether active or suspended (bool)."""
        return np.asarray(self.status <= SUSPENDED)

    @property
    def data_level(self) -> Array:
        """Lasting factor on data: who gave up the spending takes data elsewhere (float32)."""
        return np.asarray(self.level * np.where(self.lost, 0.25, 1.0), dtype=np.float32)


def start_lives(seed: int, people: People, start: Month) -> Lives:
    """The state before the first month."""
    rng = stream(seed, Part.LIVES)
    rows = people.count
    day = first_day(start)
    contract = np.where(
        people.high,
        pick(rng, people.profile.contracts, rows),
        pick(rng, (0.70, 0.15, 0.05, 0.10), rows),
    )
    contract = np.where(people.joins, 0, contract)
    ahead = (rng.random(rows) * (CONTRACT_MONTHS[contract] + 2)).astype(np.int32) - 2
    activated = np.where(people.joins, 0, day - people.tenure_days)
    handset_age = (rng.gamma(1.5, 300.0, rows)).astype(np.int32)
    return Lives(
        subscriber_id=subscriber_ids(seed, rows),
        status=np.where(people.joins, NOT_YET, ACTIVE).astype("u1"),
        status_since=activated.astype("i4"),
        activated=activated.astype("i4"),
        left_month=np.full(rows, NEVER, dtype="i2"),
        left_kind=np.zeros(rows, dtype="u1"),
        example=np.zeros(rows, dtype="f4"),
        plan=people.plan.copy(),
        level=np.ones(rows, dtype="f4"),
        lost=np.zeros(rows, dtype=bool),
        contract=contract.astype("u1"),
        contract_end=np.where(
            contract > 0, day + (ahead * DAYS_A_MONTH).astype(np.int32) + 14, NEVER
        ).astype("i4"),
        contract_ends_in=np.where((contract > 0) & (ahead >= 0), ahead, NEVER).astype("i4"),
        handset=_handsets_owned(rng, people, handset_age),
        handset_since=(day - 1 - handset_age).astype("i4"),
        in_group=people.workplace >= 0,
        ages=_running_episodes(rng, rows),
        arrears=np.zeros(rows, dtype="u1"),
        pending=np.zeros(rows, dtype="u1"),
        effect=np.ones(rows, dtype="f4"),
        effect_left=np.zeros(rows, dtype="i1"),
        reused=np.zeros(rows, dtype=bool),
    )


def buy_handset(rng: np.random.Generator, high: Array) -> Array:
    """Models (uint8 index) that are bought new: of the last three years, dear ones by the high."""
    likes_dear = rng.random(len(high)) < np.where(high, 0.25, 0.08)
    maker = np.where(likes_dear, 2, rng.integers(0, 5, len(high)))
    return (rng.integers(3, 6, len(high)) * 5 + maker).astype(np.uint8)


def _handsets_owned(rng: np.random.Generator, people: People, age_days: Array) -> Array:
    year = np.clip(5 - age_days // 365 - rng.integers(0, 2, people.count), 0, 5)
    model = year * 5 + rng.integers(0, 5, people.count)
    return np.asarray(np.minimum(model, len(HANDSETS) - 1), dtype=np.uint8)


def _running_episodes(rng: np.random.Generator, rows: int) -> Array:
    """What was already under way before the first month: about three months of onsets."""
    ages = np.zeros((len(EPISODES), rows), dtype=np.uint8)
    for index, episode in enumerate(EPISODES):
        begun = rng.random(rows) < 3 * episode.onset
        ages[index] = np.where(begun, rng.integers(1, 4, rows), 0)
    return ages

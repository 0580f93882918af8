"""Who calls whom: families, workplaces, friends, and contacts on other networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churnlight.demo.clock import Rhythm
from churnlight.demo.people import NO_GROUP, People
from churnlight.demo.randomness import Array, Part, outsider_ids, stream

# Of a line's outgoing calls and messages, the share to subscribers of the same operator.
ON_NET_SHARE = 0.66
NETWORK_RIVAL, NETWORK_FIXED, NETWORK_INTERNATIONAL = 1, 2, 3
_FRIENDS_TAIL = 1.9
_FRIENDS_MOST = 60
_TRIANGLES_CLOSED = 0.25
_ABROAD_SHARE = 0.04


@dataclass(frozen=True)
class Ties:
    """Undirected ties between subscribers of one district, or of two that are neighbours.

    Attributes:
        first, second: the districts.
        a, b: rows of the two ends (int32).
        share_a, share_b: share of the end's on-net calls that go to the other end (float32).
        rhythm: when they call (uint8).
    """

    first: int
    second: int
    a: Array
    b: Array
    share_a: Array
    share_b: Array
    rhythm: Array


@dataclass(frozen=True)
class Outside:
    """Ties of a district's rows to contacts on other networks.

    Attributes:
        row: the subscriber (int32).
        contact_id: the contact (int64).
        network: index in `schema.NETWORKS` (uint8).
        share: share of the row's off-net calls that go to the contact (float32).
        rhythm: when they call (uint8).
    """

    row: Array
    contact_id: Array
    network: Array
    share: Array
    rhythm: Array


@dataclass(frozen=True)
class _Raw:
    a: Array
    b: Array
    weight: Array
    rhythm: Array


def make_ties(seed: int, people: People) -> tuple[Ties, ...]:
    """Draw all ties between subscribers, block by block (a district, or two neighbours)."""
    blocks = _blocks(len(people.districts) - 1)
    raw = [_draw(seed, people, first, second) for first, second in blocks]
    total = _usual_weight(people, raw)
    made = []
    for first, second in blocks:
        # A block's weights go when its shares are there: a whole city's of both fill the memory.
        ties = raw.pop(0)
        made.append(
            Ties(
                first=first,
                second=second,
                a=ties.a,
                b=ties.b,
                share_a=(ties.weight / total[ties.a]).astype("f4"),
                share_b=(ties.weight / total[ties.b]).astype("f4"),
                rhythm=ties.rhythm,
            )
        )
    return tuple(made)


def _usual_weight(people: People, raw: list[_Raw]) -> Array:
    """What each row's ties weigh as long as those who leave and who join balance (float64).

    Ties to later joiners are not counted: or a longer history, with more of them, would have
    fewer calls. Rows that know few others at the start are held to half of all their ties.
    """
    every, present = np.zeros(people.count), np.zeros(people.count)
    for ties in raw:
        for here, there in ((ties.a, ties.b), (ties.b, ties.a)):
            every += np.bincount(here, ties.weight, people.count)
            present += np.bincount(here, ties.weight * ~people.joins[there], people.count)
    return np.asarray(np.maximum(present, every / 2))


def neighbour_sum(ties: tuple[Ties, ...], values: Array) -> Array:
    """Sum over each row's contacts of `values`, weighted by the share of calls (float64)."""
    total = np.zeros(len(values))
    for block in ties:
        total += np.bincount(block.a, block.share_a * values[block.b], len(values))
        total += np.bincount(block.b, block.share_b * values[block.a], len(values))
    return total


def make_outside(seed: int, people: People, district: int) -> Outside:
    """Draw a district's contacts on other networks; popular ones are shared by many."""
    rng = stream(seed, Part.OUTSIDERS, district)
    rows = people.rows(district)
    index = np.arange(rows.start, rows.stop, dtype=np.int32)
    many = np.minimum(2 + rng.pareto(1.7, len(index)) * 4, 50).astype(np.int64)
    row = np.repeat(index, many)
    pool = max(int(people.count * 1.5), 100)
    contact = (pool * rng.random(len(row)) ** 1.5).astype(np.int64)
    weight = rng.lognormal(0.0, 1.1, len(row))
    total = np.bincount(row - rows.start, weight, len(index))
    # A contact's network is the contact's own, whoever calls.
    kind = np.array([NETWORK_RIVAL, NETWORK_FIXED, NETWORK_INTERNATIONAL], dtype=np.uint8)
    chosen = np.digitize((contact * 7_919 % 1_000) / 1_000, (1 - 0.17 - _ABROAD_SHARE, 0.96))
    return Outside(
        row=row,
        contact_id=outsider_ids(seed, contact),
        network=kind[chosen],
        share=(weight / total[row - rows.start]).astype("f4"),
        rhythm=np.where(rng.random(len(row)) < 0.35, Rhythm.WORK, Rhythm.PRIVATE).astype("u1"),
    )


def _blocks(districts: int) -> list[tuple[int, int]]:
    """Every district with itself, and the ring of neighbours."""
    own = [(i, i) for i in range(districts)]
    if districts == 2:
        return [*own, (0, 1)]
    ring = [(i, (i + 1) % districts) for i in range(districts)] if districts > 2 else []
    return own + ring


def _draw(seed: int, people: People, first: int, second: int) -> _Raw:
    rng = stream(seed, Part.TIES, first, second)
    if first != second:
        return _across(rng, people, first, second)
    friends = _friend_pairs(rng, people, first)
    kinds = (
        (_family_pairs(people, first), 6.0, Rhythm.PRIVATE),
        (_work_pairs(rng, people, first), 1.2, Rhythm.WORK),
        (friends, 1.0, Rhythm.PRIVATE),
        (_friends_of_friends(rng, friends), 0.8, Rhythm.PRIVATE),
    )
    a = np.concatenate([pairs[0] for pairs, _, _ in kinds])
    b = np.concatenate([pairs[1] for pairs, _, _ in kinds])
    base = np.concatenate([np.full(len(pairs[0]), weight) for pairs, weight, _ in kinds])
    rhythm = np.concatenate([np.full(len(pairs[0]), r, dtype="u1") for pairs, _, r in kinds])
    # Two may know each other in several ways: the first way counts.
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    _, kept = np.unique(low * people.count + high, return_index=True)
    kept = kept[low[kept] != high[kept]]
    weight = base[kept] * rng.lognormal(0.0, 1.0, len(kept))
    return _Raw(low[kept].astype("i4"), high[kept].astype("i4"), weight, rhythm[kept])


def _family_pairs(people: People, district: int) -> tuple[Array, Array]:
    """All pairs within families, which stand in at most four rows in a row."""
    rows = people.rows(district)
    index = np.arange(rows.start, rows.stop)
    a, b = [], []
    for distance in (1, 2, 3):
        left = index[: len(index) - distance]
        same = people.family[left] == people.family[left + distance]
        a.append(left[same])
        b.append(left[same] + distance)
    return np.concatenate(a), np.concatenate(b)


def _work_pairs(rng: np.random.Generator, people: People, district: int) -> tuple[Array, Array]:
    rows = people.rows(district)
    group = people.workplace[rows]
    members = np.flatnonzero(group != NO_GROUP)
    members = members[np.argsort(group[members], kind="stable")]
    ordered = group[members]
    start = np.searchsorted(ordered, ordered, side="left")
    size = np.searchsorted(ordered, ordered, side="right") - start
    many = 1 + rng.poisson(2.0, len(members))
    a = np.repeat(members, many)
    other = np.repeat(start, many) + (rng.random(len(a)) * np.repeat(size, many)).astype(np.int64)
    return a + rows.start, members[other] + rows.start


def _friend_pairs(rng: np.random.Generator, people: People, district: int) -> tuple[Array, Array]:
    """A configuration model: degrees with a heavy tail, stubs joined at random."""
    rows = people.rows(district)
    count = rows.stop - rows.start
    degree = np.minimum(1 + rng.pareto(_FRIENDS_TAIL, count) * 2.4, _FRIENDS_MOST).astype(np.int64)
    degree += people.high[rows]
    stubs = rng.permutation(np.repeat(np.arange(rows.start, rows.stop), degree))
    half = len(stubs) // 2
    return stubs[:half], stubs[half : 2 * half]


def _friends_of_friends(
    rng: np.random.Generator, friends: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Close triangles: two who share a friend know each other, in some cases."""
    middle, end = np.concatenate(friends), np.concatenate(friends[::-1])
    order = np.argsort(middle, kind="stable")
    middle, end = middle[order], end[order]
    # Neighbours in a friend's list of friends, which is in no order of its own.
    pair = np.flatnonzero(middle[1:] == middle[:-1])
    pair = pair[rng.random(len(pair)) < _TRIANGLES_CLOSED]
    return end[pair], end[pair + 1]


def _across(rng: np.random.Generator, people: People, first: int, second: int) -> _Raw:
    here, there = people.rows(first), people.rows(second)
    count = (here.stop - here.start) // 3
    a = rng.integers(here.start, here.stop, count).astype("i4")
    b = rng.integers(there.start, there.stop, count).astype("i4")
    _, kept = np.unique(a.astype(np.int64) * people.count + b, return_index=True)
    weight = 0.6 * rng.lognormal(0.0, 1.0, len(kept))
    return _Raw(a[kept], b[kept], weight, np.full(len(kept), Rhythm.PRIVATE, dtype="u1"))

"""Random streams that depend on the seed and on what they are for, never on order or threads."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Arrays of one element type a table column; the type stands in the name's comment or docstring.
Array = NDArray[Any]

_SUBSCRIBER_BASE, _SUBSCRIBER_PRIME = 20_000_000, 9_999_991
_OUTSIDER_BASE, _OUTSIDER_PRIME = 40_000_000, 39_999_983


class Part(IntEnum):
    """What a stream is for. Numbers are part of the output: never reuse or renumber one."""

    PEOPLE = 1
    TIES = 2
    OUTSIDERS = 3
    LIVES = 4
    CALLS = 5
    OUTSIDE_CALLS = 6
    SESSIONS = 7
    PAYMENTS = 8
    CARE = 9
    SERVICES = 10
    CAMPAIGNS = 11
    IDS = 12
    TRIPS = 13
    DIRT = 14
    HABITS = 15
    RESPONSES = 16


def stream(seed: int, part: Part, *keys: int) -> np.random.Generator:
    """A generator of its own for a part and its keys (month, district, ...)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, int(part), *keys))))


def subscriber_ids(seed: int, count: int) -> Array:
    """Distinct shuffled int64 ids of eight digits, from 20,000,000 to 29,999,990."""
    return (
        _shuffled(seed, 0, np.arange(count, dtype=np.int64), _SUBSCRIBER_PRIME) + _SUBSCRIBER_BASE
    )


def outsider_ids(seed: int, index: Array) -> Array:
    """Int64 ids of people on other networks, from 40,000,000 to 79,999,982."""
    return _shuffled(seed, 1, index.astype(np.int64), _OUTSIDER_PRIME) + _OUTSIDER_BASE


def _shuffled(seed: int, key: int, index: Array, prime: int) -> Array:
    """An affine permutation of the numbers below `prime`: distinct, and in no visible order."""
    rng = stream(seed, Part.IDS, key)
    factor = int(rng.integers(prime // 3, prime // 2))
    shift = int(rng.integers(0, prime))
    return np.asarray((index * factor + shift) % prime, dtype=np.int64)


def chance(rng: np.random.Generator, probability: Array | float, count: int) -> Array:
    """Boolean draws, one a row."""
    return np.asarray(rng.random(count, dtype=np.float32) < probability)


def pick(rng: np.random.Generator, shares: tuple[float, ...], count: int) -> Array:
    """Indexes (uint8) drawn by their shares, which add up to 1."""
    edges = np.cumsum(np.asarray(shares))[:-1]
    return np.searchsorted(edges, rng.random(count), side="right").astype(np.uint8)

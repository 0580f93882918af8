"""HMAC-SHA-256 of many short texts, compiled by numba; imported when they are run.

SHA-256 after FIPS 180-4, HMAC after RFC 2104. `tests/test_keyed.py` holds it to Python's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


def _fractions(power: float, count: int) -> list[int]:
    """First 32 bits of the fractional parts of roots of the first primes, exactly."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))][:count]
    root = round(1 / power)
    found = []
    for prime in primes:
        # The integer root of prime * 2^(32 * root) holds 32 bits behind the point.
        wanted, low, high = prime << (32 * root), 0, 1 << 40
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if middle**root <= wanted else (low, middle - 1)
        found.append(low & 0xFFFFFFFF)
    return found


_START = np.array(_fractions(1 / 2, 8), dtype=np.uint32)
_ROUNDS = np.array(_fractions(1 / 3, 64), dtype=np.uint32)
_BLOCK = 64
_DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


@njit(cache=True, nogil=True, inline="always")
def _turned(x: Any, n: Any) -> Any:
    # Numba widens sums and shifts to 64 bits; each result is cut to 32 again.
    return np.uint32((x >> np.uint32(n)) | (x << np.uint32(32 - n)))


@njit(cache=True, nogil=True)
def _compress(state: Any, w: Any) -> None:
    """One block: its 16 words stand first in `w`, which has room for 64."""
    for i in range(16, 64):
        x, y = w[i - 15], w[i - 2]
        s0 = _turned(x, 7) ^ _turned(x, 18) ^ (x >> np.uint32(3))
        s1 = _turned(y, 17) ^ _turned(y, 19) ^ (y >> np.uint32(10))
        w[i] = np.uint32(w[i - 16] + s0 + w[i - 7] + s1)
    a, b, c, d = state[0], state[1], state[2], state[3]
    e, f, g, h = state[4], state[5], state[6], state[7]
    for i in range(64):
        s1 = _turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25)
        t1 = h + s1 + ((e & f) ^ (np.uint32(~e) & g)) + _ROUNDS[i] + w[i]
        s0 = _turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)
        t2 = s0 + ((a & b) ^ (a & c) ^ (b & c))
        h, g, f, e = g, f, e, np.uint32(d + t1)
        d, c, b, a = c, b, a, np.uint32(t1 + t2)
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d
    state[4] += e
    state[5] += f
    state[6] += g
    state[7] += h


@njit(cache=True, nogil=True)
def _begun(padded: Any) -> Any:
    """The state after one block of 64 bytes."""
    state, w = _START.copy(), np.zeros(64, np.uint32)
    for i in range(_BLOCK):
        w[i >> 2] |= np.uint32(padded[i]) << np.uint32(24 - 8 * (i & 3))
    _compress(state, w)
    return state


@njit(cache=True, nogil=True)
def _finish(state: Any, w: Any, text: Any) -> None:
    """Hash the rest of a message of which one block is done."""
    size, place = len(text), 0
    for start in range(0, size + 9, _BLOCK):
        for i in range(16):
            w[i] = np.uint32(0)
        for i in range(_BLOCK):
            place = start + i
            byte = np.uint32(text[place]) if place < size else np.uint32(0x80 * (place == size))
            w[i >> 2] |= byte << np.uint32(24 - 8 * (i & 3))
        if start + _BLOCK >= size + 9:
            bits = np.uint64(8) * np.uint64(size + _BLOCK)
            w[14] = np.uint32(bits >> np.uint64(32))
            w[15] = np.uint32(bits & np.uint64(0xFFFFFFFF))
        _compress(state, w)


@njit(cache=True, nogil=True)
def hashes(padded: Any, texts: Any, offsets: Any, digits: int) -> Any:
    """The first hexadecimal digits of each text's HMAC.

    Args:
        padded: uint8 (2, 64), the key's inner and outer block.
        texts: uint8, all texts one after the other.
        offsets: where each begins, and the last ends.
        digits: how many are wanted, at most 64.

    Returns:
        uint8, shape (texts, digits).
    """
    inner, outer = _begun(padded[0]), _begun(padded[1])
    count = len(offsets) - 1
    found = np.empty((count, digits), np.uint8)
    w, state = np.zeros(64, np.uint32), np.zeros(8, np.uint32)
    for i in range(count):
        for j in range(8):
            state[j] = inner[j]
        _finish(state, w, texts[offsets[i] : offsets[i + 1]])
        for j in range(8):
            w[j] = state[j]
        w[8] = np.uint32(0x80000000)
        for j in range(9, 15):
            w[j] = np.uint32(0)
        w[15] = np.uint32(8 * (_BLOCK + 32))
        for j in range(8):
            state[j] = outer[j]
        _compress(state, w)
        for j in range(digits):
            found[i, j] = _DIGITS[(state[j >> 3] >> np.uint32(28 - 4 * (j & 7))) & np.uint32(15)]
    return found

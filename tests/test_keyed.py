"""Keyed hashes: the fast ways give what Python's own hmac gives."""

from __future__ import annotations

import hmac
import sys

import numpy as np
import pyarrow as pa
import pytest

from churnlight.keyed import KeyedHash

# Around the ends of blocks of 64 bytes, with characters of up to four bytes.
TEXTS = [*("x" * n for n in (0, 1, 54, 55, 56, 63, 64, 65, 118, 119, 120, 500)), "手机", "📞13"]


@pytest.mark.parametrize("size", [1, 16, 63, 64, 65, 200])
def test_any_key_and_text(size: int) -> None:
    key = bytes(range(size))
    expected = [hmac.new(key, text.encode(), "sha256").hexdigest() for text in TEXTS]
    hashed = KeyedHash(key)
    assert [hashed.of(text.encode()) for text in TEXTS] == expected
    assert hashed.of_texts(pa.array(TEXTS), 64).to_pylist() == expected
    # A slice of an array has its texts further on.
    assert hashed.of_texts(pa.array(TEXTS)[3:7], 16).to_pylist() == [e[:16] for e in expected[3:7]]


def test_nothing_is_hashed_to_nothing() -> None:
    assert KeyedHash(b"k").of_texts(pa.array([], pa.string()), 16).to_pylist() == []


def test_without_numba_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = pa.array([str(n) for n in np.arange(13_800_000_000, 13_800_000_050)])
    compiled = KeyedHash(b"k" * 32).of_texts(numbers, 16)
    monkeypatch.setitem(sys.modules, "churnlight.keyed_kernels", None)
    monkeypatch.delattr("churnlight.keyed_kernels", raising=False)
    assert KeyedHash(b"k" * 32).of_texts(numbers, 16).equals(compiled)

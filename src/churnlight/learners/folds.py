"""Folds and bootstrap samples that keep an account whole, the same on every machine.

An account's place follows from sha256(seed, account), never from Python's or an engine's hash, and
not from the order of the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlight.errors import DataRefused
from churnlight.learners.dataset import AnyArray, BoolArray, Dataset, FloatArray, IntArray

_CELLS = 4_000_000  # weights held at once by a bootstrap: 32 MB, whatever the rows


def _ordered(account: AnyArray, seed: int) -> IntArray:
    """Number of each row's account in the order of the accounts' hashes, from 0."""
    codes, accounts = pd.factorize(np.asarray(account, dtype=object))
    hashes = [hashlib.sha256(f"{seed}|{name}".encode()).digest() for name in accounts.tolist()]
    # Four numbers a hash, the first counting most: sorted as the bytes are.
    keys = np.frombuffer(b"".join(hashes), dtype=">u8").reshape(-1, 4).astype(np.uint64)
    place = np.empty(len(keys), dtype=np.int64)
    place[np.lexsort(keys.T[::-1])] = np.arange(len(keys))
    return np.asarray(place[codes], dtype=np.int64)


def folds(account: AnyArray, count: int, seed: int, churned: BoolArray | None = None) -> IntArray:
    """The fold of each row, 0 to `count` - 1; all rows of an account share one.

    Args:
        account: the group of each row, shape (rows,).
        count: number of folds.
        seed: another seed deals the accounts anew.
        churned: where given, accounts with a churner are dealt evenly over the folds, so that few
            churners don't leave a fold without any.
    """
    number = _ordered(account, seed)
    accounts = int(number.max()) + 1 if len(number) else 0
    has = np.zeros(accounts, dtype=bool)
    if churned is not None:
        np.logical_or.at(has, number, churned)
    dealt = np.empty(accounts, dtype=np.int64)
    # Churners first, then the rest from where they ended: both parts even, and the whole too.
    dealt[np.argsort(~has, kind="stable")] = np.arange(accounts) % count
    return dealt[number]


def split_stop(
    data: Dataset, seed: int, search: Collection[str] | None = None
) -> tuple[Dataset, ...]:
    """What to fit on, what to stop and prune on, and what chooses nothing.

    Stopped on is the latest as_of, after a fit on those of `search`. Where there are none, one
    account in five is kept apart instead.

    Args:
        data: the rows of all fit as_ofs.
        seed: of the accounts kept apart.
        search: as_ofs whose labels were complete by the latest as_of's cutoff; None: all before it.

    Returns:
        Rows to fit on and rows to stop on; then, where there are any, the rest.

    Raises:
        DataRefused: when there are no rows.
    """
    if len(data) == 0:
        raise DataRefused(
            "no rows to learn from: no fit as_of has cohort members with a known outcome; "
            "give other fit as_ofs, or widen the cohort"
        )
    latest: BoolArray = np.asarray(data.as_of == max(data.as_of), dtype=bool)
    found: BoolArray = ~latest
    if search is not None:
        found &= np.isin(data.as_of.astype(str), list(search))
    if not found.any():
        latest = folds(data.account, 5, seed, data.churned) == 0
        found = ~latest
    rest: BoolArray = ~found & ~latest
    parts = (data.take(found), data.take(latest))
    return (*parts, data.take(rest)) if rest.any() else parts


@dataclass(frozen=True)
class Bootstrap:
    """Resamples of accounts, with replacement.

    Attributes:
        number: each row's account, 0 to accounts - 1, shape (rows,).
        accounts: how many there are.
        seed: of the draws.
    """

    number: IntArray
    accounts: int
    seed: int

    @classmethod
    def by(cls, account: AnyArray, seed: int) -> Bootstrap:
        """Resample the groups that `account`, shape (rows,), names."""
        number = _ordered(account, seed)
        return cls(number, int(number.max()) + 1 if len(number) else 0, seed)

    def weights(self, resamples: int) -> Iterator[FloatArray]:
        """How often each row was drawn, in chunks of shape (some resamples, rows)."""
        draws = np.random.Generator(np.random.PCG64(self.seed))
        at_once = max(1, _CELLS // max(len(self.number), 1))
        for start in range(0, resamples, at_once):
            size = min(at_once, resamples - start)
            counts = np.stack(
                [
                    np.bincount(
                        draws.integers(0, self.accounts, size=self.accounts),
                        minlength=self.accounts,
                    )
                    for _ in range(size)
                ]
            )
            yield counts.astype(np.float64)[:, self.number]

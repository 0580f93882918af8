"""Who moved between two scored months: from tier to tier, into the cohort and out of it.

Nobody is looked up here: what an earlier month was, and who is still on the books, is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlight import files
from churnlight.errors import UsageError
from churnlight.learners.dataset import BoolArray, IntArray
from churnlight.learners.tiers_before import NONE, TiersBefore, same_holder
from churnlight.timeline import as_ofs_apart

JSON, TABLE = "movements.json", "movements.parquet"
RISEN = 2  # tiers, from which a rise stands on top of the list
NEW, GONE = "new", "gone"
GONE_WHY = ("left_books", "below_rules", "unknown")
# What the JSON adds up, of the movements that a subscriber can make.
_MOVED = {
    "rose": ("rose_one", "rose_two"),
    "fell": ("fell_one", "fell_two"),
    **{
        one: (one,)
        for one in (
            *("rose_two", "rose_one", "same", "fell_one", "fell_two"),
            *("new", "gone", "not_comparable"),
        )
    },
}
_CENTS = {
    "monthly_bill_money": "bill",
    "value_at_risk_money": "risk",
    "value_at_risk_before_money": "risk_before",
}
_NOBODY = pd.DataFrame(columns=["from", "to", "movement", "why", "here", *_CENTS.values()])


@dataclass(frozen=True)
class ScoredMonth:
    """A scored month, as far as movements read it.

    Attributes:
        as_of: which, YYYY-MM-DD.
        scores: rows of scores.parquet; of them subscriber_id, tier, monthly_bill_money,
            value_at_risk_money and left_before_cutoff are read.
        mark: fingerprint of the model that scored it; None where it isn't known.
    """

    as_of: str
    scores: pd.DataFrame
    mark: str | None = None


@dataclass(frozen=True)
class Movements:
    """What movements.json and movements.parquet hold.

    Attributes:
        content: of the JSON file.
        table: of the Parquet file, in long form: one row a from_tier, to_tier and movement that
            has subscribers, sorted by these.
    """

    content: Mapping[str, Any]
    table: pd.DataFrame

    def write(self, out: Path) -> None:
        """Write both files into a folder."""
        files.write_json(out / JSON, dict(self.content))
        with files.atomic_file(out / TABLE) as part:
            self.table.to_parquet(part, index=False)


def steps(
    now: ScoredMonth, before: ScoredMonth, tiers: Sequence[str], activated_on: pd.Series[Any]
) -> IntArray:
    """How many tiers each subscriber has risen since; negative: fallen, 0 too for who is new.

    Args:
        now: the month.
        before: an earlier one.
        tiers: today's, in rising risk; a tier that is none of them can't be compared.
        activated_on: of the rows of `now`: an id handed on since then is new.

    Returns:
        Shape (rows of `now`,).

    Raises:
        UsageError: when `before` is not earlier.
    """
    _hold_order(now, before)
    then = TiersBefore.of(before.as_of, before.scores, tiers)
    was = then.number_of(now.scores["subscriber_id"], activated_on)
    number = _numbers(now.scores["tier"], tiers)
    return np.where((was >= 0) & (number >= 0), number - was, 0).astype(np.int64)


def movements(
    now: ScoredMonth,
    before: ScoredMonth | None,
    tiers: Sequence[str],
    activated_on: pd.Series[Any],
    *,
    called: Sequence[str] = (),
    on_books: pd.DataFrame | None = None,
) -> Movements:
    """Count all movements since the month scored before, with the money that moved.

    Money of who is still in the cohort is of `now`, of who is gone of `before`. It is added up in
    whole cents, so that the order of the rows doesn't matter.

    Args:
        now: the month.
        before: the one scored before; None: there is none, and nothing is counted.
        tiers: today's, in rising risk.
        activated_on: of the rows of `now`.
        called: the tiers of the call list.
        on_books: subscriber_id and activated_on of those on the books at the as_of of `now`, at
            least of those who are no longer in the cohort; None: not known.

    Raises:
        UsageError: when `before` is not earlier, or a tier is called "new" or "gone".
    """
    if taken := [t for t in tiers if t in {NEW, GONE}]:
        raise UsageError(
            f"tiers.names holds {', '.join(taken)}, which movements call who comes into the cohort "
            "and who goes: give the tier another name"
        )
    head: dict[str, Any] = {
        "as_of": now.as_of,
        "mark": now.mark,
        "tiers": list(tiers),
        "subscribers": len(now.scores),
    }
    if before is None:
        return Movements(head | {"before": None}, _table(_NOBODY, now.as_of, None))
    _hold_order(now, before)
    rows = _Moved(now, before, tiers, activated_on).rows(on_books)
    two = rows["movement"] == "rose_two"
    counted = {
        "risen_tiers": RISEN,
        "risen_on_list": int((_callable(rows, called) & two).sum()),
        "moved": {key: _total(rows[rows["movement"].isin(m)]) for key, m in _MOVED.items()},
        "gone": {key: _total(rows[rows["why"] == key]) for key in GONE_WHY},
    }
    content = head | _compared(now, before, tiers) | counted
    matrix = _matrix(rows, [*content["tiers_before"], NEW], [*tiers, GONE])
    return Movements(content | {"matrix": matrix}, _table(rows, now.as_of, before.as_of))


def _compared(now: ScoredMonth, before: ScoredMonth, tiers: Sequence[str]) -> dict[str, Any]:
    """What is set against what."""
    known = now.mark is not None and before.mark is not None
    return {
        "before": before.as_of,
        "months_between": as_ofs_apart(before.as_of, now.as_of),
        "subscribers_before": len(before.scores),
        "tiers_before": _names(before.scores["tier"], tiers),
        "models": {
            "now": now.mark,
            "before": before.mark,
            "same": now.mark == before.mark if known else None,
        },
        "held": _held(now.scores, tiers),
    }


class _Moved:
    """Both months, joined by who was the same subscriber."""

    def __init__(
        self,
        now: ScoredMonth,
        before: ScoredMonth,
        tiers: Sequence[str],
        activated_on: pd.Series[Any],
    ) -> None:
        self._as_of, self._tiers = before.as_of, tiers
        self._now = now.scores.reset_index(drop=True)
        self._before = before.scores.drop_duplicates("subscriber_id").reset_index(drop=True)
        then = TiersBefore.of(before.as_of, self._before, tiers)
        self._place = then.place_of(self._now["subscriber_id"], activated_on)

    def rows(self, on_books: pd.DataFrame | None) -> pd.DataFrame:
        """One row a subscriber of either month: from, to, movement, why (gone), cents."""
        return pd.concat([self._here(), self._gone(on_books)], ignore_index=True)

    def _here(self) -> pd.DataFrame:
        known = self._place >= 0
        then = self._before.reindex(np.where(known, self._place, NONE))
        was = then["tier"].to_numpy(dtype=object)
        tier = self._now["tier"].to_numpy(dtype=object)
        step = _numbers(pd.Series(tier), self._tiers) - _numbers(pd.Series(was), self._tiers)
        comparable = pd.Series(was).isin(list(self._tiers)).to_numpy() & known
        movement = np.select(
            [~known, ~comparable, step >= RISEN, step > 0, step == 0, step > -RISEN],
            ["new", "not_comparable", "rose_two", "rose_one", "same", "fell_one"],
            "fell_two",
        )
        return pd.DataFrame(
            {
                "from": np.where(known, was, NEW),
                "to": tier,
                "movement": movement,
                "why": "",
                "here": ~_flags(self._now["left_before_cutoff"]),
                **_cents(self._now),
                "risk_before": _in_cents(then["value_at_risk_money"]),
            }
        )

    def _gone(self, on_books: pd.DataFrame | None) -> pd.DataFrame:
        stayed = np.zeros(len(self._before), dtype=bool)
        stayed[self._place[self._place >= 0]] = True
        rows = self._before[~stayed]
        cents = _cents(rows)
        return pd.DataFrame(
            {
                "from": rows["tier"].to_numpy(dtype=object),
                "to": GONE,
                "movement": "gone",
                "why": self._why(rows, on_books),
                "here": False,
                **cents,
                "risk_before": cents["risk"],
            }
        )

    def _why(self, rows: pd.DataFrame, on_books: pd.DataFrame | None) -> Any:
        """Whether who is gone left the books or fell out by a rule of the cohort."""
        if on_books is None:
            left = _flags(rows["left_before_cutoff"])
            return np.where(left, "left_books", "unknown").astype(object)
        same = on_books[same_holder(on_books["activated_on"], self._as_of)]
        still = rows["subscriber_id"].isin(same["subscriber_id"]).to_numpy()
        return np.where(still, "below_rules", "left_books").astype(object)


def _hold_order(now: ScoredMonth, before: ScoredMonth) -> None:
    if before.as_of >= now.as_of:
        raise UsageError(
            f"movements to as_of {now.as_of} were asked for from {before.as_of}: expected an "
            "earlier as_of; nothing after as_of may be looked at"
        )


def _numbers(tier: pd.Series[Any], tiers: Sequence[str]) -> IntArray:
    rank = {name: number for number, name in enumerate(tiers)}
    number: IntArray = tier.map(rank).fillna(NONE).to_numpy(dtype=np.int64)
    return number


def _names(tier: pd.Series[Any], tiers: Sequence[str]) -> list[str]:
    """Today's tiers, and behind them those of the month before that are none any more."""
    return [*tiers, *sorted(set(map(str, tier.dropna().unique())) - set(tiers))]


def _flags(column: pd.Series[Any]) -> BoolArray:
    flags: BoolArray = column.fillna(value=False).to_numpy(dtype=bool)
    return flags


def _callable(rows: pd.DataFrame, called: Sequence[str]) -> BoolArray:
    found: BoolArray = rows["here"].to_numpy(dtype=bool) & rows["to"].isin(list(called)).to_numpy()
    return found


def _cents(scores: pd.DataFrame) -> dict[str, Any]:
    return {
        "bill": _in_cents(scores["monthly_bill_money"]),
        "risk": _in_cents(scores["value_at_risk_money"]),
    }


def _in_cents(money: pd.Series[Any]) -> Any:
    """Whole cents; null where there is no bill. Their sums are exact below 2^53, in any order."""
    return np.rint(money.to_numpy(dtype=np.float64) * 100)


def _money(cents: float) -> float | None:
    return None if pd.isna(cents) else int(cents) / 100


def _total(rows: pd.DataFrame) -> dict[str, Any]:
    """Subscribers and money of some rows; money is null where nobody has a bill."""
    sums = {name: _money(rows[cents].sum(min_count=1)) for name, cents in _CENTS.items()}
    return {"subscribers": len(rows), **sums}


def _held(scores: pd.DataFrame, tiers: Sequence[str]) -> dict[str, int] | None:
    """How many the margin around the cuts holds above or below the tier of their score alone."""
    if "tier_plain" not in scores.columns:
        return None
    step = _numbers(scores["tier"], tiers) - _numbers(scores["tier_plain"], tiers)
    return {"higher": int((step > 0).sum()), "lower": int((step < 0).sum())}


def _grouped(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Subscribers and cents by some keys, sorted by them."""
    groups = rows.groupby(keys, sort=True)
    sums = groups[list(_CENTS.values())].sum(min_count=1)
    return sums.assign(subscribers=groups.size()).reset_index()


def _matrix(rows: pd.DataFrame, froms: list[str], tos: list[str]) -> list[dict[str, Any]]:
    """A row a tier then, and in it a cell a tier now, all in rising risk; empty ones too."""
    cells = {
        (cell["from"], cell["to"]): cell
        for cell in _grouped(rows, ["from", "to"]).to_dict("records")
    }
    found = []
    for was in froms:
        inside = [cells.get((was, to)) for to in tos]
        every = sum(cell["subscribers"] for cell in inside if cell)
        found.append(
            {
                "from": was,
                "subscribers": every,
                "cells": [_cell(to, cell, every) for to, cell in zip(tos, inside, strict=True)],
            }
        )
    return found


def _cell(to: str, cell: Mapping[Any, Any] | None, every: int) -> dict[str, Any]:
    count = cell["subscribers"] if cell else 0
    return {
        "to": to,
        "subscribers": count,
        "share": count / every if every else None,
        **{name: _money(cell[cents]) if cell else None for name, cents in _CENTS.items()},
    }


def _table(rows: pd.DataFrame, as_of: str, before: str | None) -> pd.DataFrame:
    """The long form of the matrix, sorted by its key; only what has subscribers."""
    kind = rows["movement"].where(rows["why"] == "", "gone_" + rows["why"])
    cells = _grouped(rows.assign(movement=kind), ["from", "to", "movement"])
    every = cells.groupby("from")["subscribers"].transform("sum")
    return pd.DataFrame(
        {
            "as_of": pd.Series(as_of, index=cells.index, dtype="str"),
            "as_of_before": pd.Series(before, index=cells.index, dtype="str"),
            "from_tier": cells["from"].astype("str"),
            "to_tier": cells["to"].astype("str"),
            "movement": cells["movement"].astype("str"),
            "subscribers": cells["subscribers"].astype("int64"),
            "share": cells["subscribers"] / every,
            **{name: cells[cents].map(_money).astype("float64") for name, cents in _CENTS.items()},
        }
    )

"""Who is selected, and whose risk is foreseen how well: by area, age band, sex and brand.

Counts and sums only, so that groups too small to be shown can be added up (`Group.__add__`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churnlight.assess.measures import rounded
from churnlight.assess.tables import wilson
from churnlight.params.base import SCHEMA_VERSION

# The tiers that are called first; with a scale without these names, its two most urgent.
SELECTED = ("red", "white")


@dataclass(frozen=True)
class Part:
    """Counts of some subscribers; those of two parts without common members add up.

    Attributes:
        subscribers: how many.
        expected: sum of their probabilities of leaving: so many are foreseen to leave.
        churners: how many left; None where the outcome is not known yet.
    """

    subscribers: int = 0
    expected: float = 0.0
    churners: int | None = 0

    def __add__(self, other: Part) -> Part:
        known = None not in (self.churners, other.churners)
        return Part(
            self.subscribers + other.subscribers,
            self.expected + other.expected,
            (self.churners or 0) + (other.churners or 0) if known else None,
        )

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Part:
        """Count rows with probability and, where it is known, churned."""
        # fsum is exact, so the order of the rows does not matter.
        expected = round(math.fsum(rows["probability"]), 6)
        there = "churned" in rows.columns
        return cls(len(rows), expected, int(rows["churned"].sum()) if there else None)

    @property
    def foreseen(self) -> float | None:
        """Mean probability of leaving."""
        return self.expected / self.subscribers if self.subscribers else None

    @property
    def rate(self) -> float | None:
        """Share that left; None where there is nobody, or it is not known."""
        known = self.churners is not None and self.subscribers > 0
        return (self.churners or 0) / self.subscribers if known else None

    @property
    def interval(self) -> tuple[float, float] | tuple[None, None]:
        """Wilson's 95 % interval of `rate`."""
        return (None, None) if self.churners is None else wilson(self.churners, self.subscribers)

    def to_json(self) -> dict[str, Any]:
        """Counts, and what follows from them."""
        low, high = self.interval
        return {
            "subscribers": self.subscribers,
            "expected": round(self.expected, 6),
            "churners": self.churners,
            "foreseen": _or_none(self.foreseen),
            "rate": _or_none(self.rate),
            "rate_low": _or_none(low),
            "rate_high": _or_none(high),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Part:
        """What `to_json` made."""
        return cls(content["subscribers"], content["expected"], content["churners"])


@dataclass(frozen=True)
class Group:
    """A group: all of it, and those of it who are selected.

    Attributes:
        whole: everybody.
        selected: those in the tiers that are called first.
    """

    whole: Part = Part()
    selected: Part = Part()

    def __add__(self, other: Group) -> Group:
        return Group(self.whole + other.whole, self.selected + other.selected)

    @property
    def share(self) -> float | None:
        """Selection rate: the share of the group that is selected."""
        every = self.whole.subscribers
        return self.selected.subscribers / every if every else None

    @property
    def share_interval(self) -> tuple[float, float] | tuple[None, None]:
        """Wilson's 95 % interval of `share`: how far a group of this size swings by chance."""
        return wilson(self.selected.subscribers, self.whole.subscribers)

    def ratio(self, overall: Group) -> float | None:
        """Selection rate over that of all; None where nobody at all is selected."""
        if self.share is None or not overall.share:
            return None
        return self.share / overall.share

    def to_json(self, overall: Group) -> dict[str, Any]:
        """Counts, and what follows from them."""
        low, high = self.share_interval
        return {
            **self.whole.to_json(),
            "selected": self.selected.to_json(),
            "selection_rate": _or_none(self.share),
            "selection_low": _or_none(low),
            "selection_high": _or_none(high),
            "selection_ratio": _or_none(self.ratio(overall)),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Group:
        """What `to_json` made."""
        return cls(Part.from_json(content), Part.from_json(content["selected"]))


def selected_tiers(names: Sequence[str]) -> tuple[str, ...]:
    """The tiers that are called first, of all tiers in rising risk."""
    known = tuple(name for name in names if name in SELECTED)
    return known or tuple(names[-2:])


def fairness(
    rows: pd.DataFrame,
    groups: pd.DataFrame,
    tier_names: Sequence[str],
    features: Sequence[str] = (),
) -> dict[str, Any]:
    """Count each group of each column, and those of it in the tiers that are called first.

    Args:
        rows: one a subscriber: subscriber_id, probability, tier and, where the outcome is known,
            churned (never null).
        groups: subscriber_id, then a column of texts for what groups are made by; null: not known.
            Subscribers who are not in `rows` are left aside.
        tier_names: in rising risk.
        features: columns of these that the model weighs all the same.

    Returns:
        schema_version; selected_tiers; features; all, as `Group.to_json`; by: column -> a list of
        the same with group (null: not known), the largest first, not known last, however small;
        None where the column is known of nobody.
    """
    wanted = selected_tiers(tier_names)
    known = [c for c in ("probability", "tier", "churned") if c in rows.columns]
    joined = rows[["subscriber_id", *known]].merge(
        groups, on="subscriber_id", how="left", validate="one_to_one"
    )
    inside = joined["tier"].isin(list(wanted))
    overall = _count(joined, inside)
    columns = [c for c in groups.columns if c != "subscriber_id"]
    return {
        "schema_version": SCHEMA_VERSION,
        "selected_tiers": list(wanted),
        "features": sorted(features),
        "all": overall.to_json(overall),
        "by": {column: _by(joined, inside, column, overall) for column in columns},
    }


def _by(
    joined: pd.DataFrame, inside: pd.Series[bool], column: str, overall: Group
) -> list[dict[str, Any]] | None:
    values = joined[column]
    if values.isna().all():
        return None
    found: list[tuple[str | None, Group]] = [
        (str(name), _count(rows, inside.loc[rows.index]))
        for name, rows in joined.groupby(values, sort=True, observed=True)
    ]
    found.sort(key=lambda pair: (-pair[1].whole.subscribers, pair[0]))
    unknown = joined[values.isna()]
    if len(unknown):
        found.append((None, _count(unknown, inside.loc[unknown.index])))
    return [{"group": name, **group.to_json(overall)} for name, group in found]


def _count(rows: pd.DataFrame, inside: pd.Series[bool]) -> Group:
    return Group(Part.of(rows), Part.of(rows[inside]))


def _or_none(value: float | None) -> float | None:
    return None if value is None else rounded(value)

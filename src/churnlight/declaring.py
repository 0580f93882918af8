"""How an extract is declared: columns, types, units, ranges, keys, references, freshness, time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["id", "text", "int", "float", "money", "bool", "date", "timestamp", "month"]

# Ibis types of the kinds. `id` keeps the operator's type (any integer, or string).
IBIS_TYPE: Mapping[Kind, str | None] = {
    "id": None,
    "text": "string",
    "int": "int64",
    "float": "float64",
    "money": "float64",
    "bool": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "month": "string",
}


@dataclass(frozen=True)
class Column:
    """One column of an extract.

    Attributes:
        name: the column's name in the files.
        kind: what it holds; times are local wall-clock time, money is in the currency of the
            parameters.
        required: whether the extract can't be read without it.
        nullable: whether a row may leave it out; a null elsewhere is a reason to refuse the row.
        allowed: the values there are; None where any is.
        strict: whether another value refuses the row; otherwise it reads as null and is counted.
        minimum: the smallest value that is not refused.
        maximum: the largest value that is not refused.
        unit: what a number counts; money is in the currency of the parameters.
        wanted: whether every row should have it, so that completeness counts it; what may never be
            null is counted anyhow.
    """

    name: str
    kind: Kind
    required: bool = False
    nullable: bool = True
    allowed: tuple[str, ...] | None = None
    strict: bool = False
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    wanted: bool = False


@dataclass(frozen=True)
class Reference:
    """A column whose values stand in another extract.

    A value that is not there is counted and its row kept: snapshots and tables may cover a part of
    the base, and refusing would lose good rows.

    Attributes:
        column: the column, of the same name in both.
        extract: where its values stand. Of `subscribers` those of the row's month and of the month
            before are looked at, who vanished within the month is in the latter.
    """

    column: str
    extract: str


@dataclass(frozen=True)
class Extract:
    """One extract.

    Attributes:
        name: the folder's name.
        monthly: whether it is partitioned by month (reference tables are not).
        columns: all columns; others in the files are ignored.
        happened: column that says when the row happened (None for snapshots and bills: at the
            month's end).
        ends: column with the last day of a row's period, where rows may have one of their own; the
            row then happens when that day has passed.
        begins: column with the day from which a row holds; before it nobody knows of the row.
        known: column that says when the row was known, where it has one.
        late: columns that are filled in later, each with the column of the time when that was;
            they read as null before it.
        key: columns that are unique among the kept rows (empty: duplicates are equal rows).
        references: columns whose values stand in another extract.
        closed_by: statuses of a line that has left; rows of what came after that are refused.
        fresh_by: column whose newest day in the month says how fresh the month is.
        fresh_days: how many days before the month's last day that newest day may be.
    """

    name: str
    monthly: bool
    columns: tuple[Column, ...]
    happened: str | None = None
    ends: str | None = None
    begins: str | None = None
    known: str | None = None
    late: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    closed_by: tuple[str, ...] = ()
    fresh_by: str | None = None
    fresh_days: int = 0

    @property
    def by_name(self) -> dict[str, Column]:
        """Columns by their name."""
        return {c.name: c for c in self.columns}

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(c.name for c in self.columns if c.required)

    @property
    def counted(self) -> tuple[str, ...]:
        """Names of the columns that completeness counts."""
        return tuple(c.name for c in self.columns if c.wanted or not c.nullable)

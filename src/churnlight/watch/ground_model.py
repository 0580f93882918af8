"""What the guard looks at (`Ground`) and what it finds (`Trouble`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from churnlight.check.verdict import Verdict
from churnlight.timeline import Month
from churnlight.watch.ground_text import sentence

Cause = Literal["ingestion", "drift", "unclear"]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Columns of the volume mart that count nulls, and the CDR's column they look at.
NULL_COLUMNS = {
    "counterpart_null_count": "counterpart_id",
    "duration_null_count": "duration_s",
    "network_null_count": "counterpart_network",
    "cell_null_count": "cell_id",
}


@dataclass(frozen=True)
class Trouble:
    """One thing that makes the ground of an as_of doubtful.

    Attributes:
        kind: what is wrong, one of `ground_text.KINDS`.
        extract: the extract.
        month: "YYYY-MM".
        day: the first day that shows it, "YYYY-MM-DD"; None where a whole month does.
        column: the column, or kind/direction of CDRs, or the cohort's rule.
        figure: what came (rows a day, rows a month, a share, subscribers).
        expected: what is usual.
        cause: what it looks like, see docs/guard.md.
        stops: whether the batch stops at it.
        days: how many days in a row show it, from `day`; 0 where a whole month does.
        low, high: the bounds that `figure` is held to; None: no bound on that side.
        why: code of the reasoning behind `cause`, one of `ground_text.WHYS`.
        accepted_before: the earlier as_of whose run accepted the same trouble; it stops no more.
    """

    kind: str
    extract: str
    month: str
    day: str | None
    column: str | None
    figure: float
    expected: float | None
    cause: Cause
    stops: bool
    days: int = 0
    low: float | None = None
    high: float | None = None
    why: str = ""
    accepted_before: str | None = None

    @property
    def key(self) -> tuple[str, str, str, str | None, str | None]:
        """What makes two troubles the same one, seen by two as_ofs."""
        return self.kind, self.extract, self.month, self.day, self.column

    def accepted(self, as_of: str) -> Trouble:
        """The same trouble, known and accepted when an earlier as_of was scored."""
        return replace(self, stops=False, accepted_before=as_of)

    def to_json(self) -> dict[str, Any]:
        """The trouble as a JSON object, its sentence in both languages under `says`."""
        content = asdict(self)
        says = {language: sentence(content, language) for language in ("en", "zh")}
        return {**content, "says": says}

    def __str__(self) -> str:
        """The trouble in English: where, what came, what was expected, what it looks like."""
        return sentence(asdict(self), "en")


@dataclass(frozen=True)
class Volume:
    """CDRs a day, from the marts `volume`.

    Attributes:
        first: the first day; all arrays run day by day to the window's last.
        there: whether the day's month has a mart.
        rows: rows by "kind/direction" ("data" without one).
        nulls: nulls by column and "kind/direction".
    """

    first: date
    there: Flags
    rows: Mapping[str, Floats]
    nulls: Mapping[str, Mapping[str, Floats]]

    @property
    def days(self) -> tuple[date, ...]:
        """The days."""
        return tuple(self.first + timedelta(days=i) for i in range(len(self.there)))

    @property
    def total(self) -> Floats:
        """Rows a day of all kinds."""
        return np.asarray(np.sum(np.stack([self.rows[name] for name in sorted(self.rows)]), axis=0))


@dataclass(frozen=True)
class Cohort:
    """An as_of's cohort, from its attrition table.

    Attributes:
        subscribers: its size.
        start: subscribers on the books at as_of, before any rule.
        rules: subscribers left after each rule, in order.
    """

    subscribers: int
    start: int
    rules: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Ground:
    """Everything that the guard may look at for one as_of: nothing after the window's end.

    Attributes:
        as_of: "YYYY-MM-DD".
        window: the months that the as_of's features read.
        months: these and the months before them that are known.
        volume: CDRs a day; None for operators without CDRs.
        holidays: public holidays with their names; None where the operator gives no table.
        verdicts: the check's verdicts by extract and month.
        active: subscribers with any CDR (or usage), by month.
        cohorts: cohorts of earlier as_ofs, and of this one where it is built already.
    """

    as_of: str
    window: tuple[Month, ...]
    months: tuple[Month, ...]
    volume: Volume | None = None
    holidays: Mapping[date, str] | None = None
    verdicts: Mapping[str, Mapping[Month, Verdict]] = field(default_factory=dict)
    active: Mapping[Month, int] = field(default_factory=dict)
    cohorts: Mapping[str, Cohort] = field(default_factory=dict)

    def __post_init__(self) -> None:
        late = [m for m in self.months if m > self.window[-1]]
        late += [m for found in self.verdicts.values() for m in found if m > self.window[-1]]
        late += [m for m in self.active if m > self.window[-1]]
        if late or any(as_of > self.as_of for as_of in self.cohorts):
            raise AssertionError(f"the ground of {self.as_of} knows what came after it: {late}")
        if self.volume and self.volume.days[-1] != self.window[-1].end.date() - timedelta(days=1):
            raise AssertionError(f"the volume of {self.as_of} does not end with its window")

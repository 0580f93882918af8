"""Time, in one place and without I/O: months, as_of, cutoff, window, gap, horizon and roles.

    month      T-3      T-2      T-1   |   T        T+1
               [---- window: 3 -----)  as_of  [- horizon: 2 -)
                                       |--close_days--> cutoff: the batch runs

All intervals are half-open. All times are the operator's local wall-clock time, without a zone.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import total_ordering
from itertools import pairwise
from typing import Literal, Protocol

from churnlight.errors import DataRefused, UsageError

Role = Literal["fit", "calibrate", "test", "score"]
ROLES: tuple[Role, ...] = ("fit", "calibrate", "test", "score")

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Outside these years a date is a mistake (year 9999 as "for ever", epoch read as year 1).
_YEARS = range(1900, 3000)


class TimeRules(Protocol):
    """What this module asks of the parameters (section `time`)."""

    @property
    def window_months(self) -> int:
        """Months before as_of that features look at."""

    @property
    def gap_months(self) -> int:
        """Months between as_of and the label's interval."""

    @property
    def horizon_months(self) -> int:
        """Months that the label looks at."""

    @property
    def horizon_days(self) -> int | None:
        """Days that the label looks at, in place of `horizon_months`."""

    @property
    def close_days(self) -> int:
        """Days after a month's end until it is closed and the batch runs."""


@total_ordering
@dataclass(frozen=True)
class Month:
    """A calendar month."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read "YYYY-MM".

        Raises:
            UsageError: when `text` is no month.
        """
        match = _MONTH.fullmatch(text)
        if match is None or not 1 <= int(match[2]) <= 12:
            raise UsageError(f"{text!r} is no month: write it as YYYY-MM, for example 2025-03")
        if int(match[1]) not in _YEARS:
            raise UsageError(f"{text!r} is no plausible month: expected 1900-01 to 2999-12")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, moment: date) -> Month:
        """The month that holds a date or a datetime."""
        return cls(moment.year, moment.month)

    @property
    def start(self) -> datetime:
        """First instant of the month."""
        return datetime(self.year, self.number, 1)

    @property
    def end(self) -> datetime:
        """First instant after the month."""
        return (self + 1).start

    @property
    def days(self) -> int:
        """Number of days, 28 to 31."""
        return calendar.monthrange(self.year, self.number)[1]

    def closes_at(self, close_days: int) -> datetime:
        """When the month's mart is closed: its end plus `close_days`."""
        return self.end + timedelta(days=close_days)

    def __add__(self, months: int) -> Month:
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def __sub__(self, months: int) -> Month:
        return self + -months

    def __lt__(self, other: Month) -> bool:
        return (self.year, self.number) < (other.year, other.number)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def months_apart(first: Month, last: Month) -> int:
    """How many months `last` lies after `first`; below 0 before it."""
    return (last.year - first.year) * 12 + last.number - first.number


def as_ofs_apart(first: str, last: str) -> int:
    """As `months_apart`, of two as_ofs "YYYY-MM-DD"."""
    return months_apart(Month.of(parse_as_of(first)), Month.of(parse_as_of(last)))


def month_range(first: Month, count: int) -> tuple[Month, ...]:
    """`count` months in a row, beginning with `first`."""
    return tuple(first + i for i in range(count))


def months_between(start: datetime, end: datetime) -> tuple[Month, ...]:
    """The months that [start, end) touches."""
    if end <= start:
        return ()
    first, last = Month.of(start), Month.of(end - timedelta(microseconds=1))
    months = [first]
    while months[-1] < last:
        months.append(months[-1] + 1)
    return tuple(months)


@dataclass(frozen=True)
class Moment:
    """One as_of and everything that follows from it.

    Attributes:
        as_of: first instant of month T.
        cutoff: a row counts for features if it happened before `as_of` and was known before this.
        window: the window's months, T - window_months to T - 1.
        label_start, label_end: the label looks at [label_start, label_end).
    """

    as_of: datetime
    cutoff: datetime
    window: tuple[Month, ...]
    label_start: datetime
    label_end: datetime

    @property
    def month(self) -> Month:
        """Month T."""
        return Month.of(self.as_of)

    @property
    def window_start(self) -> datetime:
        """First instant of the window."""
        return self.window[0].start

    @property
    def horizon(self) -> tuple[Month, ...]:
        """The months that the label's interval touches."""
        return months_between(self.label_start, self.label_end)

    @property
    def key(self) -> str:
        """The as_of as folders and parameters write it: YYYY-MM-DD."""
        return f"{self.as_of:%Y-%m-%d}"


def parse_as_of(text: str | date) -> datetime:
    """Read an as_of, "YYYY-MM-DD", which must be the first day of a month.

    Raises:
        UsageError: when it is no date, written in another way, or not the first of a month.
    """
    if isinstance(text, date):
        day = text
    else:
        # One way to write it, because the text is also a key of the parameters and a folder.
        try:
            day = date.fromisoformat(text if _DAY.fullmatch(text) else "")
        except ValueError:
            raise UsageError(f"as_of {text!r} is no date: write it as YYYY-MM-01") from None
    if day.year not in _YEARS:
        raise UsageError(f"as_of {text!s} is no plausible date: expected 1900-01-01 to 2999-12-01")
    if day.day != 1:
        raise UsageError(
            f"as_of {day:%Y-%m-%d} is not the first day of a month: "
            f"did you mean {Month.of(day).start:%Y-%m-%d}?"
        )
    return Month.of(day).start


def moment(as_of: str | date, time: TimeRules) -> Moment:
    """Derive window, cutoff and label interval of an as_of."""
    start = parse_as_of(as_of)
    month = Month.of(start)
    label_start = (month + time.gap_months).start
    if time.horizon_days is not None:
        label_end = label_start + timedelta(days=time.horizon_days)
    else:
        label_end = (month + time.gap_months + time.horizon_months).start
    return Moment(
        as_of=start,
        cutoff=start + timedelta(days=time.close_days),
        window=month_range(month - time.window_months, time.window_months),
        label_start=label_start,
        label_end=label_end,
    )


def outcome_end(at: Moment, spend_churn_months: int | None) -> datetime:
    """First instant after the longest label kind that is asked for.

    Args:
        at: the as_of.
        spend_churn_months: months that the kind `spend_churn` looks at; None when it is not asked.
    """
    if spend_churn_months is None:
        return at.label_end
    return max(at.label_end, (Month.of(at.label_start) + spend_churn_months).start)


def outcome_known_at(at: Moment, time: TimeRules, spend_churn_months: int | None) -> datetime:
    """When the label of an as_of is complete: gap + longest kind + close_days."""
    return outcome_end(at, spend_churn_months) + timedelta(days=time.close_days)


def check_roles(
    as_ofs: Mapping[str, Role], time: TimeRules, spend_churn_months: int | None
) -> None:
    """Hold the roles to time: every label a role learns from is complete by the next role's cutoff.

    Raises:
        UsageError: names the two as_ofs, when the label is complete, and when it would have to be.
    """
    by_role = {role: sorted(k for k, r in as_ofs.items() if r == role) for role in ROLES}
    for role in ROLES:
        if role in ("fit", "test") and not by_role[role]:
            raise UsageError(f"as_ofs names no as_of with the role {role!r}; give at least one")
        if role != "fit" and len(by_role[role]) > 1:
            raise UsageError(f"as_ofs gives {role!r} to {', '.join(by_role[role])}; keep one")
    present = [role for role in ROLES if by_role[role]]
    for earlier, later in pairwise(present):
        for learned in by_role[earlier]:
            first_use = moment(by_role[later][0], time)
            known = outcome_known_at(moment(learned, time), time, spend_churn_months)
            if known > first_use.cutoff:
                raise UsageError(
                    f"the label of as_of {learned} ({earlier}) is complete at {known:%Y-%m-%d}, "
                    f"after the cutoff {first_use.cutoff:%Y-%m-%d} of as_of {first_use.key} "
                    f"({later}): move {later} later or {earlier} earlier"
                )


def default_roles(
    months: Sequence[Month], time: TimeRules, spend_churn_months: int | None = None
) -> dict[str, Role]:
    """Give roles to as_ofs, newest first: score, test, calibrate, and all that is left to fit.

    Calibration is left out (and cross-fitted inside fit) when history is too short for it.

    Args:
        months: the months there are, without a hole.
        time: the section `time` of the parameters.
        spend_churn_months: see `outcome_end`.

    Raises:
        DataRefused: when there is no month, or no as_of to fit on; says how many months it takes.
    """
    ordered = sorted(set(months))
    if not ordered:
        raise DataRefused("no month of extracts was found, so there is no as_of to give a role to")
    roles = _roles(ordered[0], ordered[-1], time, spend_churn_months)
    if roles is None:
        last, count = ordered[-1] + 1, len(ordered) + 1
        # Tried month by month: a horizon in days reaches over more or fewer months by the season.
        while _roles(ordered[0], last, time, spend_churn_months) is None:
            last, count = last + 1, count + 1
        raise DataRefused(
            f"{len(ordered)} months ({ordered[0]} to {ordered[-1]}) are too few: with a window of "
            f"{time.window_months} months, at least {count} in a row are needed to fit and to test"
        )
    return roles


def _roles(
    oldest: Month, newest: Month, time: TimeRules, spend_churn_months: int | None
) -> dict[str, Role] | None:
    """The roles of `default_roles` for history from `oldest` to `newest`; None: too short."""

    def latest_before(later: Month) -> Month:
        cutoff = later.start + timedelta(days=time.close_days)
        candidate = later - 1
        while outcome_known_at(moment(candidate.start, time), time, spend_churn_months) > cutoff:
            candidate = candidate - 1
        return candidate

    score, first = newest + 1, oldest + time.window_months
    test = latest_before(score)
    calibrate = latest_before(test)
    last_fit = latest_before(calibrate)
    roles: dict[Month, Role] = {score: "score", test: "test"}
    if last_fit < first:
        last_fit = calibrate
    else:
        roles[calibrate] = "calibrate"
    if last_fit < first:
        return None
    fit = first
    while fit <= last_fit:
        roles[fit] = "fit"
        fit = fit + 1
    return {f"{month.start:%Y-%m-%d}": roles[month] for month in sorted(roles)}


def require_history(at: Moment, months: Iterable[Month], *, label: bool, outcome: datetime) -> None:
    """Hold an as_of to the months there are.

    Args:
        at: the as_of.
        months: the months of the extracts.
        label: whether the outcome is needed too (fit, calibrate, test).
        outcome: see `outcome_end`.

    Raises:
        DataRefused: names the months needed and the months missing.
    """
    there = set(months)
    needed = list(at.window)
    if label:
        # The gap's months too: who left in them has no label.
        needed += months_between(at.as_of, outcome)
    missing = [str(m) for m in needed if m not in there]
    if missing:
        found = f"{min(there)} to {max(there)}" if there else "none"
        what = "history and outcome" if label else "history"
        raise DataRefused(
            f"as_of {at.key} needs {what} of the months {', '.join(map(str, needed))}; "
            f"missing: {', '.join(missing)} (found: {found}). "
            "Give another as_of in params.yaml, or the missing months"
        )

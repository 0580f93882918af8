"""Which base months and months go together, and what each pair needs.

base month - 2 ... base month | base + 1   base + 2   base + 3 = the first month that works
[------- the window --------)  as_of of the cohort
                              [---- three months of bills ----)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from churnlight.errors import DataRefused, UsageError
from churnlight.inventory import spell
from churnlight.timeline import Moment, Month, TimeRules, moment, month_range, months_apart


@dataclass(frozen=True)
class Span:
    """A base month and a month at whose end the base is counted again.

    Attributes:
        base: the base month; the cohort is that of the first instant after it.
        month: the month.
    """

    base: Month
    month: Month

    def at(self, time: TimeRules) -> Moment:
        """The as_of of the base's cohort."""
        return moment((self.base + 1).start, time)

    @property
    def later(self) -> tuple[Month, ...]:
        """The months after the base, up to the month."""
        return month_range(self.base + 1, months_apart(self.base, self.month))


def span_of(
    base: Month, month: Month, there: Sequence[Month], time: TimeRules, spend_months: int
) -> Span:
    """Hold a base month and a month to what the KPI needs.

    Args:
        base: the base month.
        month: the month.
        there: the months of the extracts.
        time: section `time`.
        spend_months: months of bills that spend churn adds up; they lie after the base.

    Raises:
        UsageError: the month is too early for the base; names the first that works.
        DataRefused: a month that is needed is not in the extracts; names the months found, and
            the first base month or the last month that works.
    """
    first = base + spend_months
    if month < first:
        raise UsageError(
            f"--month {month} is too early for --base {base}: spend churn adds up the bills of "
            f"{spend_months} months after the base month, so {first} is the first month that works"
        )
    span = Span(base, month)
    if missing := [m for m in span.at(time).window if m not in there]:
        bases = [s.base for s in all_spans(there, time, spend_months)]
        works = f"the first base month that works is {bases[0]}" if bases else "no base month works"
        raise DataRefused(
            f"--base {base} needs its window of {time.window_months} months, but {spell(missing)} "
            f"is not in the extracts (found: {spell(there)}); {works}"
        )
    if missing := [m for m in span.later if m not in there]:
        last = max(there)
        known = f"{month.closes_at(time.close_days):%Y-%m-%d}"
        works = f"the last month that works is {last}" if last >= first else "no month works yet"
        raise DataRefused(
            f"--month {month} needs {spell(missing)}, which is not in the extracts (found: "
            f"{spell(there)}); its figure is known from {known} on; for this base {works}"
        )
    return span


def all_spans(there: Sequence[Month], time: TimeRules, spend_months: int) -> list[Span]:
    """Every base month and month that the extracts allow, in order."""
    months = sorted(set(there))
    spans = []
    for base in months:
        if any(m not in months for m in Span(base, base).at(time).window):
            continue
        last = base
        while last + 1 in months:
            last = last + 1
            if last >= base + spend_months:
                spans.append(Span(base, last))
    return spans

"""The joined row of a subscriber, as the catalogue's expressions see it.

Monthly columns are written `<name>__<k>`, k = 1 for the window's first month. Everything here works
within one row: no sum over rows, so floats come out the same whatever the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import add

import ibis
import ibis.expr.types as ir

from churnlight.timeline import Moment, Month

Values = Sequence[ir.FloatingValue]


def monthly(name: str, k: int) -> str:
    """Name of a monthly column."""
    return f"{name}__{k}"


def ratio(part: ir.NumericValue, whole: ir.NumericValue) -> ir.FloatingValue:
    """`part / whole`, null where `whole` is 0 (Spark raises on a division by zero)."""
    return part / whole.nullif(0)


def flag(condition: ir.BooleanValue) -> ir.FloatingValue:
    """1 where the condition holds, else 0 (unknown too)."""
    # Whole numbers first: DuckDB would make a decimal of a literal 1.0.
    return condition.ifelse(1, 0).cast("float64")


def holds(condition: ir.BooleanValue, *, unknown: bool = False) -> ir.BooleanValue:
    """The condition, `unknown` where it is null."""
    return condition.fill_null(unknown)


def count_true(conditions: Sequence[ir.BooleanValue]) -> ir.FloatingValue:
    """How many of the conditions hold."""
    return reduce(add, [flag(c) for c in conditions])


def mean(values: Values) -> ir.FloatingValue:
    """Mean of those that are not null; null when all are."""
    return ratio(_sum(values), _known(values))


def total(values: Values) -> ir.FloatingValue:
    """Sum of those that are not null; null when all are."""
    return (_known(values) > 0).ifelse(_sum(values), ibis.null("float64"))


def slope(values: Values) -> ir.FloatingValue:
    """Least-squares slope a month over those that are not null; null with fewer than two."""
    known = [flag(v.notnull()) for v in values]
    months = reduce(add, [i * k for k, i in enumerate(known)])
    squares = reduce(add, [i * (k * k) for k, i in enumerate(known)])
    products = reduce(add, [v.fill_null(0) * k for k, v in enumerate(values)])
    count = _known(values)
    return ratio(
        count * products - months * _sum(values),
        count * squares - months * months,
    )


def deviation(values: Values) -> ir.FloatingValue:
    """Standard deviation (of the population) of those that are not null."""
    centre = mean(values)
    squares = [(v - centre) * (v - centre) for v in values]
    return ratio(_sum(squares), _known(values)).sqrt()


def _sum(values: Values) -> ir.FloatingValue:
    return reduce(add, [v.fill_null(0) for v in values])


def _known(values: Values) -> ir.FloatingValue:
    return reduce(add, [flag(v.notnull()) for v in values])


class Row:
    """One subscriber's joined row at an as_of."""

    def __init__(self, table: ir.Table, at: Moment, unknown: frozenset[str] = frozenset()) -> None:
        """Look at a joined table.

        Args:
            table: one row a subscriber.
            at: the as_of.
            unknown: columns that the operator does not deliver, for nobody.
        """
        self._table = table
        self._unknown = unknown
        self.touched: set[str] = set()
        self.at = at
        self.window: tuple[Month, ...] = at.window
        self.window_days = sum(m.days for m in at.window)

    def __getitem__(self, name: str) -> ir.Value:
        """A column that is not monthly."""
        self.touched.add(name)
        return self._table[name]

    def text(self, name: str) -> ir.StringValue:
        """A column as text."""
        return self[name].cast("string")

    @property
    def can_say(self) -> bool:
        """Whether all columns asked for so far are delivered."""
        return not self.touched & self._unknown

    @property
    def history_months(self) -> ir.FloatingValue:
        """Months of the window that are this subscriber's own, not a forerunner's on the number."""
        return self._table["history_months"]

    def months(self, name: str) -> list[ir.Value]:
        """A monthly column, first month of the window first; null where there is no own history."""
        self.touched.add(name)
        return [self._table[monthly(name, k)] for k in range(1, len(self.window) + 1)]

    def pairs(self, name: str) -> list[tuple[ir.Value, ir.Value]]:
        """Each month of a monthly column with the month after it."""
        return list(pairwise(self.months(name)))

    def rates(self, name: str) -> list[ir.FloatingValue]:
        """A monthly column per day of its month, so that February is no decline."""
        return [v / m.days for v, m in zip(self.months(name), self.window, strict=True)]

    def last(self, name: str) -> ir.FloatingValue:
        """The window's last month."""
        return self.months(name)[-1]

    def mean(self, name: str) -> ir.FloatingValue:
        """Mean over the window's months."""
        return mean(self.months(name))

    def total(self, name: str) -> ir.FloatingValue:
        """Sum over the window's months."""
        return total(self.months(name))

    def per_day(self, name: str) -> ir.FloatingValue:
        """Mean over the months of the level per day."""
        return mean(self.rates(name))

    def last_over_mean(self, values: Values) -> ir.FloatingValue:
        """Last month over the window's mean."""
        return ratio(values[-1], mean(values))

    def trend(self, values: Values) -> ir.FloatingValue:
        """Slope a month as a share of the window's mean."""
        return ratio(slope(values), mean(values))

    def volatility(self, values: Values) -> ir.FloatingValue:
        """Standard deviation over the months, over their mean."""
        return ratio(deviation(values), mean(values))

    def change(self, values: Values) -> ir.FloatingValue:
        """Last month less the mean of the months before it."""
        return values[-1] - mean(values[:-1])

    def months_with(self, name: str) -> ir.FloatingValue:
        """Months in which it was above 0; null when no month is known."""
        return total([(v > 0).cast("int64").cast("float64") for v in self.months(name)])

    def months_without(self, name: str) -> ir.FloatingValue:
        """Months in which it was 0; null when no month is known."""
        return total([(v == 0).cast("int64").cast("float64") for v in self.months(name)])

    def days_since(self, day: ir.DateValue) -> ir.FloatingValue:
        """Whole days from a date to as_of."""
        as_of = ibis.literal(self.at.as_of.date(), type="date")
        return as_of.delta(day, unit="day").cast("float64")

"""Changes of handset between two month-end snapshots, and what was known of the subscriber before.

Everything passes `known.as_known`: snapshots by as_of and its cutoff, the spend of an earlier month
by the cutoff of that month, as a forecast made then would have had it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import ibis
import ibis.expr.types as ir

from churnlight.columns import is_given
from churnlight.handsets.features import AGE, DATA, SPEND
from churnlight.identity import ID
from churnlight.known import as_known
from churnlight.marts.events import add_up
from churnlight.params.data import TimeParams
from churnlight.params.handset import HandsetParams
from churnlight.schema import BILLING, ON_THE_BOOKS, SUBSCRIBERS
from churnlight.tariffs.months import cents
from churnlight.timeline import Moment, Month, moment

# Handsets older than this are one group; so are those whose age nobody knows.
_OLDEST_MONTHS = 60
UNKNOWN = -1

STATE = (ID, "activated_on", "account", "handset_id", AGE, "month_no")


def number_of(month: Month) -> int:
    """Months since year 0, so that the next month is one more."""
    return month.year * 12 + month.number - 1


def month_of(number: int) -> Month:
    """The inverse of `number_of`."""
    return Month(number // 12, number % 12 + 1)


def shown(subscribers: ir.Table, at: Moment) -> ir.Table:
    """Known snapshots of lines on the books with a handset.

    Args:
        subscribers: kept rows; cut here to what was known.
        at: the as_of.

    Returns:
        `STATE` (age at the month's end, null where handset_since is missing or later) and
        handset_since; account is the subscriber's id where there is none.
    """
    rows = as_known(subscribers, SUBSCRIBERS, as_of=at.as_of, cutoff=at.cutoff)
    rows = rows.filter(rows["status"].isin(ON_THE_BOOKS), rows["handset_id"].notnull())
    end = ((rows["month"] + "-01").cast("date") + ibis.interval(months=1)).cast("date")
    age = end.delta(rows["handset_since"], unit="day").cast("int64")
    year, number = rows["month"].substr(0, 4), rows["month"].substr(5, 2)
    return rows.select(
        ID,
        "activated_on",
        "handset_id",
        "handset_since",
        account=ibis.coalesce(rows["account_id"].cast("string"), rows[ID].cast("string")),
        month_no=year.cast("int64") * 12 + number.cast("int64") - 1,
        **{AGE: ibis.ifelse(age >= 0, age, ibis.null("int64"))},
    )


def pairs(rows: ir.Table, first: int) -> ir.Table:
    """The same holder's handset at the ends of two months in a row.

    A change is another handset_id, or the same with a later handset_since. An id with another
    activated_on is another subscriber, and no change.

    Args:
        rows: see `shown`.
        first: number of the oldest first month.

    Returns:
        `STATE` of the first month, next_handset_id, and changed (never null).
    """
    later = rows.select(
        later_id=ID,
        later_activated_on="activated_on",
        later_no="month_no",
        next_handset_id="handset_id",
        next_since="handset_since",
    )
    both = rows.filter(rows["month_no"] >= first).inner_join(
        later,
        [
            ibis._[ID] == later["later_id"],
            ibis._["activated_on"] == later["later_activated_on"],
            ibis._["month_no"] + 1 == later["later_no"],
        ],
    )
    again = ibis.coalesce(both["next_since"] > both["handset_since"], ibis.literal(value=False))
    return both.select(
        *STATE, "next_handset_id", changed=(both["handset_id"] != both["next_handset_id"]) | again
    )


def groups(params: HandsetParams) -> int:
    """Number of the last age group."""
    return _OLDEST_MONTHS // params.age_step_months


def age_group(age_days: ir.IntegerValue, params: HandsetParams) -> ir.IntegerValue:
    """Age group of a handset, `UNKNOWN` without an age; a month is a twelfth of 365 days."""
    step = (age_days * 12) // (365 * params.age_step_months)
    last = ibis.literal(groups(params), "int64")
    return ibis.ifelse(age_days.isnull(), UNKNOWN, ibis.least(step, last)).cast("int64")


def with_use(
    rows: ir.Table, sources: Mapping[str, ir.Table], numbers: Sequence[int], time: TimeParams
) -> ir.Table:
    """Add what each line spent and used a month, as known when its month was closed.

    Means over whole months of the holder's own, among the `time.window_months` that end with the
    row's month: bills known then; megabytes of the months that have a usage mart, 0 without a row.

    Args:
        rows: `STATE` and more, one row a subscriber and month_no.
        sources: `billing` and `usage` (with `month`) where there are.
        numbers: the months that rows have (`month_no`).
        time: the section `time`.

    Returns:
        The rows with spend_cents and data_mb (whole numbers, null where nothing is known).
    """
    moments = {number: moment((month_of(number) + 1).start, time) for number in numbers}
    found = rows
    if "billing" in sources:
        found = _attach(found, _spend(rows, sources["billing"], moments))
    if "usage" in sources and is_given(sources["usage"], "data_mb"):
        found = _with_data(found, sources["usage"], moments)
    lacking = [name for name in (SPEND, DATA) if name not in found.columns]
    return found.mutate(**{name: ibis.null("int64") for name in lacking})


def _spend(rows: ir.Table, billing: ir.Table, moments: Mapping[int, Moment]) -> ir.Table:
    """Mean bill in cents by subscriber and month_no."""
    parts = []
    for number, at in moments.items():
        bills = as_known(billing, BILLING, as_of=at.as_of, cutoff=at.cutoff)
        bills = bills.filter(bills["month"].isin([str(month) for month in at.window]))
        amount = cents(bills["total_charge"])
        parts.append(bills.select(ID, "month", month_no=_number(number), amount=amount))
    mine = _own(_union(parts), rows)
    sums = mine.group_by(ID, "month_no").aggregate(total=add_up(mine["amount"]), n=mine.count())
    return sums.select(ID, "month_no", **{SPEND: sums["total"] // sums["n"].cast("int64")})


def _with_data(rows: ir.Table, usage: ir.Table, moments: Mapping[int, Moment]) -> ir.Table:
    there = set(usage.select("month").distinct().to_pyarrow()["month"].to_pylist())
    parts, counts = [], []
    size = usage["data_mb"].cast("float64").fill_null(0.0) * ibis.literal(1024.0, "float64")
    kept = usage.select(ID, "month", kb=size.ceil().cast("int64"))
    for number, at in moments.items():
        months = [month for month in at.window if str(month) in there]
        used = kept.filter(kept["month"].isin([str(month) for month in months]))
        parts.append(used.select(ID, "month", "kb", month_no=_number(number)))
        counts.append((number, months))
    mine = _own(_union(parts), rows)
    found = _attach(rows, mine.group_by(ID, "month_no").aggregate(kb=add_up(mine["kb"])))
    count = ibis.cases(
        *((found["month_no"] == number, _whole_months(found, months)) for number, months in counts)
    )
    return found.mutate(**{DATA: found["kb"].fill_null(0) // (count.nullif(0) * 1024)}).drop("kb")


def _whole_months(rows: ir.Table, months: Sequence[Month]) -> ir.IntegerValue:
    """How many of the months began in the holder's time."""
    own = [
        ibis.ifelse(rows["activated_on"] <= ibis.literal(m.start.date(), "date"), 1, 0)
        for m in months
    ]
    zero: ir.IntegerValue = ibis.literal(0, "int64")
    return reduce(lambda first, second: first + second, own, zero).cast("int64")


def _number(number: int) -> ir.IntegerScalar:
    return ibis.literal(number, "int64")


def _union(parts: Sequence[ir.Table]) -> ir.Table:
    return reduce(lambda first, second: first.union(second), parts)


def _own(table: ir.Table, rows: ir.Table) -> ir.Table:
    """Monthly rows of the lines, of months that are wholly the present holder's."""
    both = table.inner_join(rows.select(ID, "month_no", "activated_on"), [ID, "month_no"])
    return both.filter(both["activated_on"] <= (both["month"] + "-01").cast("date"))


def _attach(rows: ir.Table, found: ir.Table) -> ir.Table:
    """Left-join by subscriber and month_no."""
    other = found.rename(other_id=ID, other_no="month_no")
    keys = [rows[ID] == other["other_id"], rows["month_no"] == other["other_no"]]
    return rows.left_join(other, keys).drop("other_id", "other_no")

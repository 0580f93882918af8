"""Bills of the window beside what the plan of the month would have charged."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from churnlight.identity import ID
from churnlight.known import as_known
from churnlight.schema import BILLING, SUBSCRIBERS, Extract
from churnlight.tariffs.plans import monthly_table
from churnlight.tariffs.rating import Rating, Use, billed_seconds, charges_cents
from churnlight.timeline import Moment

# The charges that a plan explains; a bill that gives all of them says itself what is left.
_BY_PLAN = ("plan_fee", "voice_charge", "sms_charge", "data_charge")


def billed_months(
    members: ir.Table, sources: Mapping[str, ir.Table], use: ir.Table, at: Moment
) -> ir.Table:
    """The members' months with a bill and a plan, and what was used in them.

    Whole months of the member's own: a line that was activated within a month, or another holder
    of the id, says nothing of what a month costs this one.

    Args:
        members: subscriber_id and activated_on.
        sources: kept rows of `billing` and `subscribers`; cut to what was known here.
        use: see `churnlight.tariffs.use`.
        at: the as_of.

    Returns:
        subscriber_id, month, plan_id (of the month's snapshot), actual_cents, other_cents, and the
        columns of `use`, 0 where nothing was used.
    """
    window = [str(month) for month in at.window]
    bills = _known(sources["billing"], BILLING, at)
    bills = bills.filter(bills["month"].isin(window))
    shown = _known(sources["subscribers"], SUBSCRIBERS, at)
    shown = shown.filter(shown["month"].isin(window), shown["plan_id"].notnull())
    mine = shown.select(ID, "month", "plan_id", "activated_on").inner_join(
        members.select(ID, "activated_on"), [ID, "activated_on"]
    )
    first = (mine["month"] + "-01").cast("date")
    mine = mine.filter(mine["activated_on"] <= first).select(ID, "month", "plan_id")
    charged = bills.select(
        ID, "month", actual_cents=cents(bills["total_charge"]), other_cents=_other(bills)
    )
    months = mine.inner_join(charged, [ID, "month"])
    months = months.select(ID, "month", "plan_id", "actual_cents", "other_cents")
    counts = [name for name in use.columns if name not in (ID, "month")]
    joined = months.left_join(use, [ID, "month"])
    return joined.select(
        *(joined[name] for name in months.columns),
        **{name: joined[name].fill_null(0) for name in counts},
    )


def reproduced(rating: Rating, months: ir.Table) -> ir.Table:
    """Add `rated_cents`: the bill by the plan of the month, at the month's terms.

    Fee and charges by the plan, and the rest of the actual bill as it was. Null where the plan is
    not in the book.
    """
    plans = monthly_table(rating.engine, rating.book).rename(plan_month="month", plan_key="plan_id")
    joined = months.left_join(
        plans, [months["month"] == plans["plan_month"], months["plan_id"] == plans["plan_key"]]
    )
    use = use_under(joined, rating.steps, joined["step_s"])
    charged = joined["fee_cents"] + charges_cents(use, joined, rating.params)
    known = joined["fee_cents"].notnull()
    rated = ibis.ifelse(known, charged + joined["other_cents"], ibis.null("int64"))
    return joined.select(*months.columns, rated_cents=rated)


def use_under(rows: ir.Table, steps: tuple[int, ...], step_s: ir.IntegerValue) -> Use:
    """A month's use as a plan with this billing step counts it."""
    return Use(billed_seconds(steps, rows, step_s), rows["messages_count"], rows["data_kb"])


def cents(money: ir.FloatingValue) -> ir.IntegerValue:
    """An amount in whole cents."""
    return (money.cast("float64") * ibis.literal(100.0, "float64")).round().cast("int64")


def _other(bills: ir.Table) -> ir.IntegerValue:
    """What no plan explains: value-added services, discounts, whatever else is in the total."""
    parts = [cents(bills[name]) for name in _BY_PLAN]
    rest = cents(bills["total_charge"]) - sum(parts[1:], parts[0])
    extras = cents(bills["vas_charge"]).fill_null(0) - cents(bills["discount"]).fill_null(0)
    # One absent part makes the rest null.
    return ibis.coalesce(rest, extras)


def _known(table: ir.Table, extract: Extract, at: Moment) -> ir.Table:
    return as_known(table, extract, as_of=at.as_of, cutoff=at.cutoff)

"""Where each member stands: the present plan, its cost, and whether bills can be worked out."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from churnlight.identity import ID
from churnlight.known import as_known
from churnlight.marts.events import add_up
from churnlight.params.tariff import TariffParams
from churnlight.schema import SUBSCRIBERS
from churnlight.tariffs.months import use_under
from churnlight.tariffs.plans import as_table
from churnlight.tariffs.rating import Rating, charges_cents

PRICED, PLAN_UNKNOWN, NO_MONTH, MISFIT = "priced", "plan_unknown", "no_month", "misfit"
STATUSES = (PRICED, PLAN_UNKNOWN, NO_MONTH, MISFIT)
_MILLION = 1_000_000


def millionths(share: float) -> int:
    """A share as a whole number, so that comparisons with it are exact."""
    return round(share * _MILLION)


def at_most(part: ir.IntegerValue, share: float, whole: ir.IntegerValue) -> ir.BooleanValue:
    """Whether a part is at most a share of the whole, in whole numbers (below 0 counts as 0)."""
    floor = ibis.greatest(whole, ibis.literal(0, "int64"))
    return part * _MILLION <= floor * millionths(share)


def standing(
    rating: Rating, members: ir.Table, months: ir.Table, sources: Mapping[str, ir.Table]
) -> ir.Table:
    """One row a member.

    Args:
        rating: see `Rating`.
        members: see `pricing.price`.
        months: see `months.reproduced`.
        sources: `subscribers`, for the plan at the window's end.

    Returns:
        subscriber_id, in_need, status, plan_id, fee_cents and fee_level of the present plan, n
        (months), and over those months the sums actual, other, present (cents; present by the
        terms of as_of), misfit and compared (cents, of the compared_n months whose plan is known),
        voice_s, messages_count, data_kb.
    """
    present = _present(rating, members, sources["subscribers"])
    used = months.drop("plan_id").inner_join(present, ID)
    fee = used["fee_cents"].fill_null(0)
    charged = charges_cents(use_under(used, rating.steps, used["step_s"]), used, rating.params)
    rated = used["rated_cents"]
    rows = used.select(
        ID,
        "actual_cents",
        "other_cents",
        "voice_s",
        "messages_count",
        "data_kb",
        present_cents=fee + charged.fill_null(0) + used["other_cents"],
        misfit_cents=(rated - used["actual_cents"]).abs().cast("int64"),
        compared_cents=ibis.ifelse(rated.isnull(), 0, used["actual_cents"]),
        compared=ibis.ifelse(rated.isnull(), 0, 1).cast("int64"),
    )
    sums = rows.group_by(ID).aggregate(
        n=rows.count().cast("int64"),
        actual=add_up(rows["actual_cents"]),
        other=add_up(rows["other_cents"]),
        present=add_up(rows["present_cents"]),
        misfit=add_up(rows["misfit_cents"]),
        compared=add_up(rows["compared_cents"]),
        compared_n=add_up(rows["compared"]),
        voice_s=add_up(rows["voice_s"]),
        messages_count=add_up(rows["messages_count"]),
        data_kb=add_up(rows["data_kb"]),
    )
    whole = present.select(ID, "in_need", "plan_id", "fee_cents", "fee_level")
    joined = whole.left_join(sums, ID).drop(f"{ID}_right")
    return joined.mutate(n=joined["n"].fill_null(0), status=_status(joined, rating.params))


def _status(row: ir.Table, params: TariffParams) -> ir.StringValue:
    fits = (row["compared_n"] > 0) & at_most(row["misfit"], params.max_misfit, row["compared"])
    return ibis.cases(
        (row["fee_cents"].isnull(), PLAN_UNKNOWN),
        (row["n"].isnull(), NO_MONTH),
        (ibis.coalesce(fits, ibis.literal(value=False)), PRICED),
        else_=MISFIT,
    )


def _present(rating: Rating, members: ir.Table, subscribers: ir.Table) -> ir.Table:
    """Each member's plan by the window's last snapshot, with its terms at as_of."""
    at, no = rating.at, ibis.literal(value=False)
    shown = as_known(subscribers, SUBSCRIBERS, as_of=at.as_of, cutoff=at.cutoff)
    shown = shown.filter(shown["month"] == str(at.window[-1]))
    shown = shown.select(ID, "activated_on", "plan_id")
    needy = no
    if "tier" in members.columns and rating.params.need_tiers:
        needy = ibis.coalesce(members["tier"].isin(rating.params.need_tiers), no)
    who = members.select(ID, "activated_on", in_need=needy)
    mine = who.left_join(shown, [ID, "activated_on"]).select(ID, "in_need", "plan_id")
    plans = as_table(rating.engine, rating.book, rating.book.now).drop("plan_no")
    plans = plans.rename(plan_key="plan_id")
    return mine.left_join(plans, mine["plan_id"] == plans["plan_key"]).drop("plan_key")

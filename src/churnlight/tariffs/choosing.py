"""Which plan fits, which is the next up, and what the guard lets pass.

All plans that are sold are tried for everybody who can be priced: a long table of subscriber, month
and plan that is added up at once. What is best is the smallest of one number that packs what counts
first to last, so engines need agree on whole numbers only.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from churnlight.identity import ID
from churnlight.marts.events import add_up
from churnlight.params.tariff import TariffParams
from churnlight.tariffs.months import use_under
from churnlight.tariffs.plans import as_table
from churnlight.tariffs.rating import Rating, charges_cents, grown
from churnlight.tariffs.standing import PRICED, at_most

STAYS, DEARER, NO_LOSS, WITHIN_LOSS = "stays", "dearer", "no_loss", "within_loss"
IN_NEED, OVERPAYS, WITHHELD = "in_need", "overpays", "withheld"
# What the guard may say of a matching fee, and of that what lets it be proposed.
GUARDS = (STAYS, DEARER, NO_LOSS, WITHIN_LOSS, IN_NEED, OVERPAYS, WITHHELD)
ALLOWED = (NO_LOSS, WITHIN_LOSS, IN_NEED, OVERPAYS)
PLAUSIBLE, TOP_LEVEL, NONE_PLAUSIBLE = "plausible", "top_level", "none_plausible"
INCENTIVES = (PLAUSIBLE, TOP_LEVEL, NONE_PLAUSIBLE)

# A window's bill in cents stays below this; with a level in front and up to a hundred thousand
# plans behind it a packed number is still a whole one as a float.
_BILLS = 10_000_000_000


def chosen(rating: Rating, present: ir.Table, months: ir.Table) -> ir.Table:
    """Add to each member's standing the matching and the incentive fee, with their guard.

    Args:
        rating: see `Rating`.
        present: see `standing.standing`.
        months: see `months.billed_months`.

    Returns:
        The columns of `present`, and for <x> in matching, incentive: <x>_plan_id, <x>_fee_cents,
        <x>_fee_level, <x>_bill (cents over the months, the rest of the bill with it), <x>_change
        (against the present), <x>_guard; matching_covers, incentive_allowance (cents a month).
    """
    sold = as_table(rating.engine, rating.book, rating.book.sold)
    tried = _tried(rating, present, months, sold)
    count = len(rating.book.sold)
    packed = tried.mutate(key=tried["charged"] * count + tried["plan_no"])
    level = ibis.literal(_BILLS, "int64") * count * packed["plan_level"]
    best = packed.group_by(ID).aggregate(
        covering=packed["key"].min(where=packed["covers"]),
        cheapest=packed["key"].min(),
        incentive=(level + packed["key"]).min(where=packed["plausible"]),
    )
    row = present.left_join(best, ID).drop(f"{ID}_right")
    matching = ibis.coalesce(row["covering"], row["cheapest"])
    row = row.mutate(
        matching_no=matching % count,
        matching_bill=matching // count + row["other"],
        matching_covers=ibis.ifelse(matching.isnull(), None, row["covering"].notnull()),
        incentive_no=row["incentive"] % count,
        incentive_full=row["incentive"] // count % _BILLS + row["other"],
    ).drop("covering", "cheapest", "incentive")
    row = _named(_named(row, sold, "matching"), sold, "incentive")
    return _guarded(rating, row)


def _tried(rating: Rating, present: ir.Table, months: ir.Table, sold: ir.Table) -> ir.Table:
    """One row a member who can be priced and a plan that is sold.

    Returns:
        subscriber_id, plan_no, plan_level, charged (cents over the months, without the rest of the
        bill), covers, plausible.
    """
    able = present.filter(present["status"] == PRICED)
    able = able.select(
        ID, "n", "other", "present", own_fee_cents="fee_cents", own_level="fee_level"
    )
    terms = sold.drop("plan_id")
    rows = months.drop("plan_id").semi_join(able, ID).cross_join(terms)
    use = use_under(rows, rating.steps, rows["step_s"])
    rows = rows.select(
        ID,
        "plan_no",
        beyond_cents=charges_cents(use, rows, rating.params),
        grown_cents=charges_cents(grown(use, rating.params.growth), rows, rating.params),
    )
    sums = rows.group_by(ID, "plan_no").aggregate(
        beyond=add_up(rows["beyond_cents"]), grown=add_up(rows["grown_cents"])
    )
    sums = sums.inner_join(able, ID)
    sums = sums.inner_join(terms.select("plan_no", "fee_cents", plan_level="fee_level"), "plan_no")
    fees, limit = sums["n"] * sums["fee_cents"], rating.params.max_overage
    charged = ibis.least(fees + sums["beyond"], ibis.literal(_BILLS - 1, "int64"))
    sums = sums.mutate(charged=charged)
    return sums.select(
        ID,
        "plan_no",
        "plan_level",
        "charged",
        covers=at_most(sums["beyond"], limit, charged),
        plausible=at_most(sums["grown"], limit, fees + sums["grown"])
        & _taken(rating, sums, charged + sums["other"]),
    )


def _taken(rating: Rating, row: ir.Table, bill: ir.IntegerValue) -> ir.BooleanValue:
    """Whether an upgrade would plausibly be taken: an assumption, see docs/tariffs.md."""
    params = rating.params
    allowance = allowance_cents(row, bill, rating.params)
    loss = row["present"] - (bill - allowance * row["n"])
    return (
        (row["plan_level"] > row["own_level"])
        & (row["fee_cents"] > row["own_fee_cents"])
        & at_most(allowance, params.max_allowance, row["fee_cents"])
        & at_most(loss, params.max_loss, row["present"])
    )


def allowance_cents(row: ir.Table, bill: ir.IntegerValue, params: TariffParams) -> ir.IntegerValue:
    """Cents a month that bring a bill down to what an upgrade may cost, in whole steps.

    Args:
        row: has `present` (cents over the months) and `n` (months).
        bill: the bill under the new plan, cents over the months.
        params: max_step and allowance_step_money.
    """
    step = round(params.allowance_step_money * 100)
    dearer = 1000 + round(params.max_step * 1000)
    beyond = bill - row["present"] * dearer // 1000
    a_month = _up(ibis.greatest(beyond, ibis.literal(0, "int64")), row["n"])
    return _up(a_month, step) * step


def _up(value: ir.IntegerValue, unit: ir.IntegerValue | int) -> ir.IntegerValue:
    return (value + unit - 1) // unit


def _named(row: ir.Table, sold: ir.Table, name: str) -> ir.Table:
    """Id, fee and level of the plan whose number stands in `<name>_no`."""
    plans = sold.select(
        **{
            f"{name}_key": "plan_no",
            f"{name}_plan_id": "plan_id",
            f"{name}_fee_cents": "fee_cents",
            f"{name}_fee_level": "fee_level",
        }
    )
    joined = row.left_join(plans, row[f"{name}_no"] == plans[f"{name}_key"])
    return joined.drop(f"{name}_no", f"{name}_key")


def _guarded(rating: Rating, row: ir.Table) -> ir.Table:
    able = row["status"] == PRICED
    change = row["matching_bill"] - row["present"]
    full = row["incentive_full"]
    # The greatest of null and 0 is 0.
    allowance = ibis.ifelse(
        full.isnull(), ibis.null("int64"), allowance_cents(row, full, rating.params)
    )
    bill = full - allowance * row["n"]
    top = max(rating.book.level(plan) for plan in rating.book.sold)
    upgrade = ibis.cases(
        (row["incentive_plan_id"].notnull(), PLAUSIBLE),
        (row["fee_level"] >= top, TOP_LEVEL),
        else_=NONE_PLAUSIBLE,
    )
    nothing = ibis.null("string")
    return row.mutate(
        matching_change=change,
        matching_guard=ibis.ifelse(able, guard_of(row, change, rating.params), nothing),
        incentive_allowance=allowance,
        incentive_bill=bill,
        incentive_change=bill - row["present"],
        incentive_guard=ibis.ifelse(able, upgrade, nothing),
    ).drop("incentive_full")


def guard_of(row: ir.Table, change: ir.IntegerValue, params: TariffParams) -> ir.StringValue:
    """What the guard says of a matching fee.

    Args:
        row: has `matching_plan_id`, `plan_id`, `present` (cents over the months) and `in_need`.
        change: of the bill, cents over the months.
        params: max_loss and overpays.
    """
    return ibis.cases(
        (row["matching_plan_id"] == row["plan_id"], STAYS),
        (change > 0, DEARER),
        (change == 0, NO_LOSS),
        (at_most(-change, params.max_loss, row["present"]), WITHIN_LOSS),
        (row["in_need"], IN_NEED),
        (~at_most(-change, params.overpays, row["present"]), OVERPAYS),
        else_=WITHHELD,
    )

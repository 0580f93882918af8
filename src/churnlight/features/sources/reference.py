"""Plans and handsets, joined to the plan of each month and the handset of the latest."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from churnlight.features.row import monthly
from churnlight.features.sources.joining import ID, attach
from churnlight.timeline import Moment

_LONG_AGO = date(1900, 1, 1)


def plans_of(state: ir.Table, plans: ir.Table, at: Moment) -> ir.Table:
    """Fees of the members' plans, and the allowances of the latest.

    Of a plan's versions the one that began last before as_of is taken for all months, so that only
    changes of plan move the fee.

    Returns:
        subscriber_id, `plan_price__<k>`, plan_price_now, plan_minutes, plan_data_mb.
    """
    started = plans.mutate(began=plans["valid_from"].fill_null(ibis.literal(_LONG_AGO, "date")))
    started = started.filter(started["began"] < ibis.literal(at.as_of.date(), type="date"))
    newest = started.group_by("plan_id").agg(began=started["began"].max())
    current = started.semi_join(newest, ["plan_id", "began"])
    plan = current.group_by("plan_id").agg(
        **{c: current[c].max().cast("float64") for c in ("fee", "minutes", "data_mb")}
    )
    months = range(1, len(at.window) + 1)
    wide = state.select(ID, "plan_id", *(monthly("plan_id", k) for k in months))
    for k in months:
        fee = plan.select(**{monthly("plan_id", k): "plan_id", monthly("plan_price", k): "fee"})
        wide = attach(wide, fee, monthly("plan_id", k))
    now = plan.select(
        plan_id="plan_id", plan_price_now="fee", plan_minutes="minutes", plan_data_mb="data_mb"
    )
    return attach(wide, now, "plan_id").drop("plan_id", *(monthly("plan_id", k) for k in months))


def handsets_of(state: ir.Table, handsets: ir.Table) -> ir.Table:
    """Generation (2 to 6, read from texts such as "5G") and price of the members' handsets.

    Returns:
        subscriber_id, handset_generation, handset_price.
    """
    text = handsets["network_generation"]
    generation = ibis.cases(*((text.contains(str(g)), g) for g in (6, 5, 4, 3, 2)))
    rows = handsets.select(
        "handset_id", handset_generation=generation, handset_price=handsets["price"]
    )
    model = rows.group_by("handset_id").agg(
        handset_generation=rows["handset_generation"].max().cast("float64"),
        handset_price=rows["handset_price"].max().cast("float64"),
    )
    return attach(state.select(ID, "handset_id"), model, "handset_id").drop("handset_id")

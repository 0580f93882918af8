"""Who the members are, for the section on fairness alone: no model reads it."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from churnlight.population.standing import ID, attach

# The columns of the extract `subscribers`, then what its handset says.
OF_SUBSCRIBERS = ("region", "age_band", "sex", "brand")
HANDSET_BRAND = "handset_brand"
DIMENSIONS = (*OF_SUBSCRIBERS, HANDSET_BRAND)


def groups_of(members: ir.Table, snapshot: ir.Table, handsets: ir.Table | None) -> ir.Table:
    """Area, age band, sex, brand of the plan and brand of the handset of each member.

    Args:
        members: with subscriber_id, unique.
        snapshot: kept rows of `subscribers` of the window's last month, one a subscriber.
        handsets: kept rows of the reference table; None: not delivered.

    Returns:
        subscriber_id and `DIMENSIONS`, all text; null where it is not known, or empty.
    """
    wide = attach(
        members.select(ID),
        snapshot.select(ID, "handset_id", **{n: _text(snapshot[n]) for n in OF_SUBSCRIBERS}),
    )
    if handsets is None:
        return wide.drop("handset_id").mutate(**{HANDSET_BRAND: ibis.null("string")})
    # Both as text: an operator may number its handsets in one file and name them in the other.
    named = handsets.select(
        handset_text=handsets["handset_id"].cast("string"), named=_text(handsets["brand"])
    )
    one = named.group_by("handset_text").agg(**{HANDSET_BRAND: named["named"].max()})
    rows = wide.mutate(handset_text=wide["handset_id"].cast("string")).drop("handset_id")
    return rows.left_join(one, "handset_text").select(ID, *DIMENSIONS)


def _text(column: ir.Value) -> ir.StringValue:
    return column.cast("string").strip().nullif("")

"""The mart `circle`: one row a subscriber with contacts, from `edges`.

Sums over contacts are of integers, also where the summands are fractions (scaled and rounded
within the row): float sums would differ with the order in which threads deliver the rows.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from churnlight.marts.events import add_up
from churnlight.params.data import CircleParams

KEY = ("subscriber_id",)

COLUMNS = (
    *KEY,
    "contacts_count",
    "voice_contacts_count",
    "sms_contacts_count",
    "effective_contacts_count",
    "voice_entropy_nats",
    "sms_entropy_nats",
    "contact_entropy_nats",
    "top1_share",
    "top3_share",
    "pareto_contacts_share",
    "reciprocated_contacts_share",
    "rival_contacts_share",
    "balance_mean",
)

# A comparison with a share of a total tolerates this much of it.
TOLERANCE = 1e-9

# Entropies stay below 40 nats however many contacts there are, so 15 digits fit in 64 bits.
_ENTROPY_SCALE = 1e15
# Fractions up to 1: leaves room for nine million contacts.
_FRACTION_SCALE = 1e12

_KINDS = ("contact", "voice", "sms")


def circle(edges: ir.Table, params: CircleParams) -> ir.Table:
    """Describe each subscriber's contacts.

    Args:
        edges: the mart `edges`.
        params: weights of the calling index and the coverage of the effective circle.

    Returns:
        Columns `COLUMNS`; the definitions stand in docs/marts.md.
    """
    added = _added_up(_ranked(_with_totals(_contacts(edges)), params))
    contacts = added["contacts_count"]

    def mean_of(total: str, count: ir.IntegerValue, scale: float) -> ir.FloatingValue:
        return added[total].cast("float64") / scale / count.nullif(0)

    return added.mutate(
        **{
            f"{kind}_entropy_nats": ibis.ifelse(
                added[f"{kind}_total"] > 0,
                added[f"{kind}_entropy"].cast("float64") / _ENTROPY_SCALE,
                ibis.null("float64"),
            )
            for kind in _KINDS
        },
        top1_share=added["top1_count"] / added["contact_total"],
        top3_share=added["top3_count"] / added["contact_total"],
        pareto_contacts_share=added["pareto_count"] / contacts,
        reciprocated_contacts_share=added["reciprocated_count"] / contacts,
        rival_contacts_share=added["rival_count"] / contacts,
        balance_mean=mean_of("balance", added["balanced_count"], _FRACTION_SCALE),
    ).select(*COLUMNS)


def _contacts(edges: ir.Table) -> ir.Table:
    """The edges that are contacts; `contact`, `voice` and `sms` are their frequencies."""
    network = edges["counterpart_network"]
    # A plain comparison would drop the contacts whose network is unknown.
    people = edges.filter(network.isnull() | (network != "service"))
    return people.select(
        "subscriber_id",
        contact=people["events_count"],
        voice=people["voice_count"],
        sms=people["events_count"] - people["voice_count"],
        seconds=people["voice_s"],
        days=people["active_days"],
        out=people["voice_out_count"] + people["sms_out_count"],
        into=people["voice_in_count"] + people["sms_in_count"],
        is_rival=(people["counterpart_network"] == "rival").fill_null(False),  # noqa: FBT003
    )


def _with_totals(contacts: ir.Table) -> ir.Table:
    """Add the subscriber's own totals and maxima to each contact."""
    totals = contacts.group_by("subscriber_id").aggregate(
        **{f"{kind}_total": add_up(contacts[kind]) for kind in _KINDS},
        most_contact=contacts["contact"].max(),
        most_seconds=contacts["seconds"].max(),
        most_days=contacts["days"].max(),
    )
    return contacts.inner_join(totals, "subscriber_id")


def _ranked(contacts: ir.Table, params: CircleParams) -> ir.Table:
    """Add each contact's index, its rank, and what the contacts before it hold.

    Where contacts are equally frequent or equally high in index their order is open, but what
    stands at each rank is the same number in any order.
    """
    by_weight = zip(params.weights, ("contact", "seconds", "days"), strict=True)
    index = sum(
        weight * (contacts[name] / contacts[f"most_{name}"].nullif(0)).fill_null(0.0)
        for weight, name in by_weight
    )
    table = contacts.mutate(index=_scaled(index, _FRACTION_SCALE))
    frequent = _up_to_here(table, "contact")
    return table.mutate(
        rank=ibis.row_number().over(group_by="subscriber_id", order_by=table["contact"].desc()),
        held_before=table["contact"].sum().over(frequent) - table["contact"],
        index_before=table["index"].sum().over(_up_to_here(table, "index")) - table["index"],
        index_total=table["index"].sum().over(group_by="subscriber_id"),
    ).mutate(coverage=ibis.literal(params.coverage - TOLERANCE, "float64"))


def _up_to_here(table: ir.Table, name: str) -> object:
    return ibis.cumulative_window(group_by="subscriber_id", order_by=table[name].desc())


def _added_up(contacts: ir.Table) -> ir.Table:
    """Counts and scaled totals by subscriber."""
    out, both = contacts["out"], contacts["out"] + contacts["into"]
    enough = contacts["coverage"] * contacts["index_total"].cast("float64")

    def count(where: ir.BooleanValue) -> ir.IntegerValue:
        return contacts.count(where=where).cast("int64").fill_null(0)

    return contacts.group_by("subscriber_id").aggregate(
        contacts_count=contacts.count().cast("int64"),
        voice_contacts_count=count(contacts["voice"] > 0),
        sms_contacts_count=count(contacts["sms"] > 0),
        effective_contacts_count=count(contacts["index_before"].cast("float64") < enough),
        # Four fifths, in integers: no rounding, hence no tolerance.
        pareto_count=count(contacts["held_before"] * 5 < contacts["contact_total"] * 4),
        reciprocated_count=count((out > 0) & (contacts["into"] > 0)),
        rival_count=count(contacts["is_rival"]),
        balanced_count=count(both > 0),
        balance=add_up(_scaled(out / both.nullif(0), _FRACTION_SCALE)),
        top1_count=contacts["contact"].max(),
        top3_count=add_up(contacts["contact"], contacts["rank"] < 3),
        **{f"{kind}_total": contacts[f"{kind}_total"].max() for kind in _KINDS},
        **{
            f"{kind}_entropy": add_up(_entropy_term(contacts[kind], contacts[f"{kind}_total"]))
            for kind in _KINDS
        },
    )


def _entropy_term(count: ir.IntegerValue, total: ir.IntegerValue) -> ir.IntegerValue:
    """-p ln p of one contact, scaled; null (adds nothing) where p is 0."""
    share = count.nullif(0) / total.nullif(0)
    return _scaled(-share * share.ln(), _ENTROPY_SCALE)


def _scaled(value: ir.NumericValue, scale: float) -> ir.IntegerValue:
    return (value * scale).round().cast("int64")

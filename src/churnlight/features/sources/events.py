"""Care contacts and top-ups of the window, one row a subscriber."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from churnlight.features.row import holds
from churnlight.features.sources.joining import ID, day
from churnlight.timeline import Moment


def _own_events(rows: ir.Table, state: ir.Table, when: str, at: Moment) -> ir.Table:
    """Rows of the window, of members, not of a forerunner on the number; their date as `on`.

    A forerunner may have left before the window's first snapshot, which then shows no change.
    """
    mine = rows.inner_join(state.select(ID, "activated_on"), ID)
    mine = mine.mutate(on=mine[when].date())
    return mine.filter(
        mine["on"] >= day(at.window[0]), holds(mine["on"] >= mine["activated_on"], unknown=True)
    )


def care(rows: ir.Table, state: ir.Table, at: Moment) -> ir.Table:
    """Contacts by kind; days that complaints took."""
    mine = _own_events(rows, state, "happened_at", at)
    complaint = mine["kind"] == "complaint"
    opened = mine["resolved_at"].isnull()
    took = mine["resolved_at"].date().delta(mine["on"], unit="day")
    return mine.group_by(ID).agg(
        care_count=mine.count().cast("float64"),
        care_last_day=mine["on"].max(),
        care_complaints=mine.count(where=complaint).cast("float64"),
        care_open_complaints=mine.count(where=complaint & opened).cast("float64"),
        care_resolution_days=took.sum(where=complaint & ~opened).cast("float64"),
        care_port_queries=mine.count(where=mine["kind"] == "port_query").cast("float64"),
        care_contract_queries=mine.count(where=mine["kind"] == "contract_query").cast("float64"),
    )


def topups(rows: ir.Table, state: ir.Table, at: Moment) -> ir.Table:
    """Number, cents and first and last day of top-ups; cents are whole, so sums need no order."""
    mine = _own_events(rows, state, "paid_at", at)
    cents = (mine["amount"].cast("float64") * ibis.literal(100.0, "float64")).round().cast("int64")
    return mine.group_by(ID).agg(
        topup_count=mine.count().cast("float64"),
        topup_cents=cents.sum().cast("float64"),
        topup_first_day=mine["on"].min(),
        topup_last_day=mine["on"].max(),
    )


def services(rows: ir.Table) -> ir.Table:
    """Value-added services a month: subscriber_id, month, services_count."""
    return rows.group_by([ID, "month"]).agg(services_count=rows.count())

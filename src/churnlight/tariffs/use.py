"""What each subscriber used in each month of the window, as plans charge for it.

Calls are charged by started billing steps, and plans differ in them, so every call is rounded up
once a step length, in the one pass over the CDRs. The mart `usage` knows steps of a second and of a
minute only.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from churnlight.columns import is_given
from churnlight.identity import ID
from churnlight.known import as_known
from churnlight.marts.events import Counter, add_up
from churnlight.params.tariff import TariffParams
from churnlight.schema import CDR
from churnlight.tariffs.rating import voice_column
from churnlight.timeline import Moment

# Steps that the mart `usage` counts by: its seconds, and its minutes begun.
MART_STEPS = (1, 60)
_BYTES_PER_KB = 1024


def use_of_cdrs(
    cdr: ir.Table,
    members: ir.Table,
    at: Moment,
    steps: Sequence[int],
    params: TariffParams,
    reporting_delay_hours: float = 0.0,
) -> ir.Table:
    """Add up the window's CDRs by subscriber and month.

    Args:
        cdr: kept CDRs of the window; what happened after as_of, or was known after the cutoff, is
            left out here too.
        members: subscriber_id of those who count.
        at: the as_of.
        steps: billing steps in seconds.
        params: what is charged.
        reporting_delay_hours: of CDRs that do not say when they were known.

    Returns:
        subscriber_id, month ("YYYY-MM"), voice_s (as spoken), messages_count, data_kb (bytes
        rounded up), and `voice_billed_<step>_s`; no row for a month without charged use.
    """
    rows = as_known(
        cdr,
        CDR,
        as_of=at.as_of,
        cutoff=at.cutoff,
        reporting_delay_hours=reporting_delay_hours,
    )
    rows = rows.filter(
        rows["started_at"] >= ibis.literal(at.window_start, type="timestamp"),
        *_charged(rows, params),
    )
    rows = rows.semi_join(members, ID)
    weighted = is_given(rows, "events")
    voice, data = rows["kind"] == "voice", rows["kind"] == "data"
    seconds = rows["duration_s"].cast("int64").fill_null(0)
    columns = {
        "month_no": rows["started_at"].year().cast("int64") * 12
        + rows["started_at"].month().cast("int64"),
        "is_message": ~voice & ~data,
        "voice_s": ibis.ifelse(voice, seconds, 0),
        "bytes": ibis.ifelse(data, rows["bytes"].cast("int64").fill_null(0), 0),
    }
    if weighted:
        columns["events"] = rows["events"].fill_null(1)
    rows = rows.mutate(**columns)
    spoken = rows["voice_s"]
    added = rows.group_by(ID, "month_no").aggregate(
        voice_s=add_up(spoken),
        messages_count=Counter(rows, weighted).of(rows["is_message"]),
        data_bytes=add_up(rows["bytes"]),
        **{voice_column(step): add_up((spoken + step - 1) // step * step) for step in steps},
    )
    numbers = {month.year * 12 + month.number: str(month) for month in at.window}
    return added.mutate(
        month=ibis.cases(*((added["month_no"] == n, text) for n, text in numbers.items())),
        data_kb=_kb(added["data_bytes"]),
    ).drop("month_no", "data_bytes")


def use_of_marts(usage: ir.Table, members: ir.Table, at: Moment) -> ir.Table:
    """The same from usage by month, for operators without CDRs; steps are `MART_STEPS`.

    Nothing can be left out by network, service or roaming, and forwarded events are not in it.

    Args:
        usage: the mart or extract `usage` with `month`; no row is later than its month's closing.
        members: see `use_of_cdrs`.
        at: the as_of.
    """
    rows = usage.filter(usage["month"].isin([str(month) for month in at.window]))
    rows = rows.semi_join(members, ID)
    zero = ibis.literal(0, "int64")

    def whole(name: str) -> ir.IntegerValue:
        return rows[name].cast("int64").fill_null(0) if name in rows.columns else zero

    size = rows["data_mb"].cast("float64").fill_null(0.0) if "data_mb" in rows.columns else zero
    return rows.select(
        ID,
        "month",
        voice_s=whole("voice_out_s"),
        messages_count=whole("sms_out_count"),
        data_kb=(size * ibis.literal(1024.0, "float64")).ceil().cast("int64"),
        **{
            voice_column(1): whole("voice_out_s"),
            voice_column(60): whole("voice_out_billed_min") * 60,
        },
    )


def _kb(size: ir.IntegerValue) -> ir.IntegerValue:
    return (size + _BYTES_PER_KB - 1) // _BYTES_PER_KB


def _charged(rows: ir.Table, params: TariffParams) -> list[ir.BooleanValue]:
    """Rows that a plan charges for; what is unknown is charged for."""
    data = rows["kind"] == "data"
    no = ibis.literal(value=False)
    directed = ibis.coalesce(rows["direction"].isin(params.charged_directions), no)
    kept = [data | directed]
    for column, unrated in (
        ("counterpart_network", params.unrated_networks),
        ("counterpart_service", params.unrated_services),
        ("roaming", params.unrated_roaming),
    ):
        if unrated and is_given(rows, column):
            kept.append(~ibis.coalesce(rows[column].isin(unrated), no))
    return kept

"""The mart `usage`: one row a subscriber, over all counterparts and data sessions."""

from __future__ import annotations

import calendar

import ibis
import ibis.expr.types as ir

from churnlight.columns import is_given
from churnlight.marts.edges import with_sums
from churnlight.marts.events import (
    DATA,
    SMS_FORWARD,
    SMS_IN,
    SMS_OUT,
    VOICE_FORWARD,
    VOICE_IN,
    VOICE_OUT,
    Counter,
    add_up,
    bit_or,
    days_in,
)
from churnlight.schema import USAGE
from churnlight.timeline import Month

KEY = ("subscriber_id",)

# The extract `usage` has the same columns.
COLUMNS = tuple(column.name for column in USAGE.columns)

BYTES_PER_MB = 2**20


def usage(events: ir.Table, month: Month, *, weighted: bool) -> ir.Table:
    """Add up all events by subscriber.

    First by subscriber and action, then by subscriber: the second step works on a few rows a
    subscriber, so that only it pays for conditions on the action.

    Args:
        events: rows of `churnlight.marts.events.prepare`.
        month: the month of the rows.
        weighted: whether the column `events` counts.

    Returns:
        Columns `COLUMNS`; the definitions stand in docs/marts.md.
    """
    added = with_sums(_by_subscriber(_by_action(events, month, weighted=weighted)))
    table = _with_cells(added, events)
    total = table["events_count"].nullif(0)
    began = table["voice_out_count"] + table["sms_out_count"]
    return table.mutate(
        active_days=days_in(table["day_mask"]),
        roaming_days=days_in(table["roaming_mask"]),
        data_mb=table["data_bytes"].cast("float64") / BYTES_PER_MB,
        silent_days_at_end=month.days - table["last_at"].day().cast("int64"),
        night_share=table["night_count"] / total,
        weekend_share=table["weekend_count"] / total,
        out_share=began / total,
    ).select(*COLUMNS)


def _by_action(events: ir.Table, month: Month, *, weighted: bool) -> ir.Table:
    """Totals by subscriber and action."""
    count = Counter(events, weighted).of
    seconds, mask = events["duration_s"], events["day_bit"]
    totals = {
        "n_count": count(),
        "seconds": add_up(seconds),
        "billed_min": add_up(_whole_minutes(seconds)),
        "bytes": add_up(events["bytes"]),
        "night_count": count(events["at_night"]),
        "weekend_count": count(events["day"].isin(weekend_days(month))),
        "missed_count": count(seconds == 0),
        "first_ten_count": count(events["day"] <= 10),
        "last_ten_count": count(events["day"] > 20),
        "last_at": events["started_at"].max(),
        "day_mask": bit_or(mask),
    }
    # What hangs on a column that the extract lacks is known beforehand.
    constants = {}
    if is_given(events, "roaming"):
        away = events["roaming"].isin(("domestic", "international"))
        totals["roaming_mask"] = bit_or(mask, where=away)
    else:
        constants["roaming_mask"] = ibis.null("int64")
    if is_given(events, "counterpart_service"):
        totals["hotline_count"] = count(events["counterpart_service"] == "rival_hotline")
    else:
        constants["hotline_count"] = ibis.literal(0, "int64")
    return events.group_by("subscriber_id", "action").aggregate(**totals).mutate(**constants)


def _by_subscriber(parts: ir.Table) -> ir.Table:
    """Totals by subscriber from those by subscriber and action."""
    action = parts["action"]
    spoken = action != DATA

    def total(name: str, where: ir.BooleanValue | None = None) -> ir.IntegerValue:
        return add_up(parts[name], where)

    return parts.group_by("subscriber_id").aggregate(
        voice_out_count=total("n_count", action == VOICE_OUT),
        voice_in_count=total("n_count", action == VOICE_IN),
        voice_forward_count=total("n_count", action == VOICE_FORWARD),
        sms_out_count=total("n_count", action == SMS_OUT),
        sms_in_count=total("n_count", action == SMS_IN),
        sms_forward_count=total("n_count", action == SMS_FORWARD),
        voice_out_s=total("seconds", action == VOICE_OUT),
        voice_in_s=total("seconds", action == VOICE_IN),
        voice_forward_s=total("seconds", action == VOICE_FORWARD),
        night_count=total("night_count", spoken),
        weekend_count=total("weekend_count", spoken),
        missed_in_count=total("missed_count", action == VOICE_IN),
        voice_out_billed_min=total("billed_min", action == VOICE_OUT),
        data_bytes=total("bytes", action == DATA),
        data_sessions_count=total("n_count", action == DATA),
        rival_hotline_count=total("hotline_count"),
        first_ten_days_count=total("first_ten_count"),
        middle_ten_days_count=total("n_count") - total("first_ten_count") - total("last_ten_count"),
        last_ten_days_count=total("last_ten_count"),
        last_at=parts["last_at"].max(),
        last_out_at=parts["last_at"].max(where=action.isin((VOICE_OUT, SMS_OUT))),
        day_mask=bit_or(parts["day_mask"]),
        roaming_mask=bit_or(parts["roaming_mask"]),
    )


def _with_cells(table: ir.Table, events: ir.Table) -> ir.Table:
    """Add the number of different cells, of any kind and direction."""
    if not is_given(events, "cell_id"):
        return table.mutate(cells_count=ibis.literal(0, "int64"))
    # Two groupings are twice as fast as a distinct count.
    pairs = events.filter(events["cell_id"].notnull()).select("subscriber_id", "cell_id").distinct()
    cells = pairs.group_by("subscriber_id").aggregate(cells_count=pairs.count())
    joined = table.left_join(cells, "subscriber_id", rname="{name}_of_cells")
    return joined.mutate(cells_count=joined["cells_count"].cast("int64").fill_null(0))


def _whole_minutes(seconds: ir.IntegerValue) -> ir.IntegerValue:
    return (seconds + 59) // 60


def weekend_days(month: Month) -> tuple[int, ...]:
    """Days of the month (1 to 31) that are Saturdays or Sundays."""
    days = range(1, month.days + 1)
    return tuple(d for d in days if calendar.weekday(month.year, month.number, d) >= 5)

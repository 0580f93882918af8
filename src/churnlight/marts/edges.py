"""The mart `edges`: one row a subscriber and counterpart."""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir

from churnlight.marts.events import (
    DATA,
    NETWORK_CODES,
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
    is_given,
)

KEY = ("subscriber_id", "counterpart_id")

COLUMNS = (
    *KEY,
    "counterpart_network",
    "voice_out_count",
    "voice_in_count",
    "voice_out_s",
    "voice_in_s",
    "sms_out_count",
    "sms_in_count",
    "forward_count",
    "events_count",
    "voice_count",
    "voice_s",
    "night_count",
    "active_days",
    "first_at",
    "last_at",
)


def edges(events: ir.Table, *, weighted: bool) -> ir.Table:
    """Add up voice and SMS events by subscriber and counterpart.

    Args:
        events: rows of `churnlight.marts.events.prepare`.
        weighted: whether the column `events` counts.

    Returns:
        Columns `COLUMNS`; the definitions stand in docs/marts.md.
    """
    rows = events.filter(events["action"] != DATA, events["counterpart_id"].notnull())
    action, seconds = rows["action"], rows["duration_s"]
    count = Counter(rows, weighted).of
    totals = {
        "voice_out_count": count(action == VOICE_OUT),
        "voice_in_count": count(action == VOICE_IN),
        "voice_forward_count": count(action == VOICE_FORWARD),
        "sms_out_count": count(action == SMS_OUT),
        "sms_in_count": count(action == SMS_IN),
        "sms_forward_count": count(action == SMS_FORWARD),
        "night_count": count(rows["at_night"]),
        "voice_out_s": add_up(seconds, action == VOICE_OUT),
        "voice_in_s": add_up(seconds, action == VOICE_IN),
        "voice_forward_s": add_up(seconds, action == VOICE_FORWARD),
        "day_mask": bit_or(rows["day_bit"]),
        "first_at": rows["started_at"].min(),
        "last_at": rows["started_at"].max(),
    }
    known = is_given(rows, "counterpart_network")
    if known:
        totals["network_key"] = _network_key(rows).max()
    added = with_sums(rows.group_by(list(KEY)).aggregate(**totals))
    return added.mutate(
        counterpart_network=_network_of(added["network_key"]) if known else ibis.null("string"),
        active_days=days_in(added["day_mask"]),
    ).select(*COLUMNS)


def with_sums(table: ir.Table) -> ir.Table:
    """Add the columns that follow from the counts and seconds of each action."""
    voice = table["voice_out_count"] + table["voice_in_count"] + table["voice_forward_count"]
    sms = table["sms_out_count"] + table["sms_in_count"] + table["sms_forward_count"]
    return table.mutate(
        forward_count=table["voice_forward_count"] + table["sms_forward_count"],
        voice_count=voice,
        events_count=voice + sms,
        voice_s=table["voice_out_s"] + table["voice_in_s"] + table["voice_forward_s"],
    )


# Before every CDR, so that keys stay positive; microseconds since then, times 8, fit in 64 bits.
_EPOCH = datetime(1970, 1, 1)


def _network_key(rows: ir.Table) -> ir.IntegerValue:
    """A number whose maximum belongs to the latest event with a network, ties to the last name."""
    code = rows["counterpart_network"].cases(*((n, i) for i, n in enumerate(NETWORK_CODES)))
    epoch = ibis.literal(_EPOCH, type="timestamp")
    return rows["started_at"].delta(epoch, unit="microsecond").cast("int64") * 8 + code


def _network_of(key: ir.IntegerValue) -> ir.StringValue:
    return (key % 8).cases(*enumerate(NETWORK_CODES))

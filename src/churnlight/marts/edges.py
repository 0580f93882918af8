"""The mart `edges`: one row a subscriber and counterpart."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from churnlight.columns import epoch_us, is_given, place_in
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
)
from churnlight.marts.packing import (
    COUNT_BITS,
    SECONDS_BITS,
    pack_counts,
    pack_flag,
    pack_seconds,
    unpack,
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


def edges(events: ir.Table, *, weighted: bool, packed: bool = False) -> ir.Table:
    """Add up voice and SMS events by subscriber and counterpart.

    Args:
        events: rows of `churnlight.marts.events.prepare`.
        weighted: whether the column `events` counts.
        packed: whether several totals share a sum, which is faster and holds only where
            `churnlight.marts.packing.fitted` says so of the result; not for weighted events.

    Returns:
        Columns `COLUMNS`; the definitions stand in docs/marts.md.
    """
    rows = events.filter(events["action"] != DATA, events["counterpart_id"].notnull())
    totals = {
        "day_mask": bit_or(rows["day_bit"]),
        "first_at": rows["started_at"].min(),
        "last_at": rows["started_at"].max(),
    }
    known = is_given(rows, "counterpart_network")
    if known:
        totals["network_key"] = _network_key(rows).max()
    totals |= _packed_totals(rows) if packed else _plain_totals(rows, weighted=weighted)
    grouped = rows.group_by(list(KEY)).aggregate(**totals)
    added = with_sums(_unpacked(grouped) if packed else grouped)
    return added.mutate(
        counterpart_network=_network_of(added["network_key"]) if known else ibis.null("string"),
        active_days=days_in(added["day_mask"]),
    ).select(*COLUMNS)


def _plain_totals(rows: ir.Table, *, weighted: bool) -> dict[str, ir.IntegerValue]:
    action, seconds = rows["action"], rows["duration_s"]
    count = Counter(rows, weighted).of
    return {
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
    }


def _packed_totals(rows: ir.Table) -> dict[str, ir.IntegerValue]:
    action, seconds = rows["action"], rows["duration_s"]
    flagged = pack_counts(action, {SMS_IN: 0, SMS_FORWARD: 1}) + pack_flag(rows["at_night"], 2)
    spoken = ibis.ifelse(action <= VOICE_FORWARD, seconds, ibis.null("int64"))
    return {
        "all_count": rows.count().cast("int64"),
        "counts": add_up(pack_counts(action, {VOICE_OUT: 0, VOICE_IN: 1, SMS_OUT: 2})),
        "flagged": add_up(flagged),
        "seconds": add_up(pack_seconds(action, seconds, {VOICE_OUT: 0, VOICE_IN: 1})),
        "all_seconds": add_up(spoken),
    }


def _unpacked(grouped: ir.Table) -> ir.Table:
    """The totals of `_plain_totals`; what has no place of its own is what remains of the whole."""
    table = grouped.mutate(
        **unpack(
            grouped["counts"], COUNT_BITS, ("voice_out_count", "voice_in_count", "sms_out_count")
        ),
        **unpack(
            grouped["flagged"], COUNT_BITS, ("sms_in_count", "sms_forward_count", "night_count")
        ),
        **unpack(grouped["seconds"], SECONDS_BITS, ("voice_out_s", "voice_in_s")),
    )
    sms = table["sms_out_count"] + table["sms_in_count"] + table["sms_forward_count"]
    return table.mutate(
        voice_forward_count=table["all_count"]
        - sms
        - table["voice_out_count"]
        - table["voice_in_count"],
        voice_forward_s=table["all_seconds"] - table["voice_out_s"] - table["voice_in_s"],
    )


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


def _network_key(rows: ir.Table) -> ir.IntegerValue:
    """A number whose maximum belongs to the latest event with a network, ties to the last name.

    Every CDR is later than 1970, so that keys are positive; times 8, microseconds fit in 64 bits.
    """
    code = place_in(rows["counterpart_network"], NETWORK_CODES)
    return epoch_us(rows["started_at"]) * 8 + code


def _network_of(key: ir.IntegerValue) -> ir.StringValue:
    return (key % 8).cases(*enumerate(NETWORK_CODES, start=1))

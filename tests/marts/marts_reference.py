"""A second implementation of the marts: plain dictionaries, written from the definitions alone.

A record is a dictionary with the columns of the CDR extract. Nothing here is shared with the
package, and nothing is clever.
"""

from __future__ import annotations

import calendar
import math
from collections import defaultdict
from datetime import date, time

TOLERANCE = 1e-9


def times(record):
    return 1 if record.get("events") is None else record["events"]


def is_voice(record):
    return record["kind"] == "voice"


def is_message(record):
    return record["kind"] in ("sms", "mms")


def is_spoken(record):
    return is_voice(record) or is_message(record)


def at_night(record):
    clock = record["started_at"].time()
    return clock >= time(19) or clock < time(7)


def seconds_of(records):
    return sum(r["duration_s"] or 0 for r in records if is_voice(r))


def count_of(records):
    return sum(times(r) for r in records)


def with_direction(records, direction):
    return [r for r in records if r["direction"] == direction]


def counts(records):
    """The columns that `edges` and `usage` share; `records` are voice and SMS events."""
    voice = [r for r in records if is_voice(r)]
    sms = [r for r in records if is_message(r)]
    return {
        "voice_out_count": count_of(with_direction(voice, "out")),
        "voice_in_count": count_of(with_direction(voice, "in")),
        "voice_out_s": seconds_of(with_direction(voice, "out")),
        "voice_in_s": seconds_of(with_direction(voice, "in")),
        "sms_out_count": count_of(with_direction(sms, "out")),
        "sms_in_count": count_of(with_direction(sms, "in")),
        "forward_count": count_of(with_direction(records, "forward")),
        "events_count": count_of(records),
        "voice_count": count_of(voice),
        "voice_s": seconds_of(voice),
        "night_count": count_of([r for r in records if at_night(r)]),
    }


def latest_network(records):
    named = [r for r in records if r["counterpart_network"] is not None]
    if not named:
        return None
    latest = max(r["started_at"] for r in named)
    return max(r["counterpart_network"] for r in named if r["started_at"] == latest)


def share(part, whole):
    return None if whole == 0 else part / whole


def days(records):
    return len({r["started_at"].date() for r in records})


def edges(records):
    pairs = defaultdict(list)
    for r in records:
        if is_spoken(r) and r["counterpart_id"] is not None:
            pairs[r["subscriber_id"], r["counterpart_id"]].append(r)
    return {
        pair: counts(rows)
        | {
            "counterpart_network": latest_network(rows),
            "active_days": days(rows),
            "first_at": min(r["started_at"] for r in rows),
            "last_at": max(r["started_at"] for r in rows),
        }
        for pair, rows in pairs.items()
    }


def usage(records):
    by_subscriber = defaultdict(list)
    for r in records:
        by_subscriber[r["subscriber_id"]].append(r)
    return {subscriber: usage_of(rows) for subscriber, rows in by_subscriber.items()}


def usage_of(rows):
    spoken = [r for r in rows if is_spoken(r)]
    data = [r for r in rows if r["kind"] == "data"]
    out = with_direction(spoken, "out")
    calls_in = [r for r in with_direction(spoken, "in") if is_voice(r)]
    shared = counts(spoken)
    last = max(r["started_at"] for r in rows)
    month_end = date(last.year, last.month, calendar.monthrange(last.year, last.month)[1])
    weekend = [r for r in spoken if r["started_at"].isoweekday() in (6, 7)]
    return shared | {
        "missed_in_count": count_of([r for r in calls_in if r["duration_s"] == 0]),
        "data_mb": sum(r["bytes"] or 0 for r in data) / 1024 / 1024,
        "data_sessions_count": count_of(data),
        "active_days": days(rows),
        "silent_days_at_end": (month_end - last.date()).days,
        "last_at": last,
        "last_out_at": max((r["started_at"] for r in out), default=None),
        "night_share": share(shared["night_count"], count_of(spoken)),
        "weekend_share": share(count_of(weekend), count_of(spoken)),
        "out_share": share(count_of(out), count_of(spoken)),
        "roaming_days": days([r for r in rows if r["roaming"] in ("domestic", "international")]),
        "cells_count": len({r["cell_id"] for r in rows if r["cell_id"] is not None}),
        "rival_hotline_count": count_of(
            [r for r in rows if r["counterpart_service"] == "rival_hotline"]
        ),
        "voice_out_billed_min": sum(
            math.ceil((r["duration_s"] or 0) / 60) for r in out if is_voice(r)
        ),
        "first_ten_days_count": count_of([r for r in rows if r["started_at"].day <= 10]),
        "middle_ten_days_count": count_of([r for r in rows if 11 <= r["started_at"].day <= 20]),
        "last_ten_days_count": count_of([r for r in rows if r["started_at"].day >= 21]),
    }


def entropy(frequencies):
    total = sum(frequencies)
    if total == 0:
        return None
    return math.fsum(-n / total * math.log(n / total) for n in frequencies if n)


def fewest_that_hold(values, part):
    """The fewest of `values`, largest first, that add up to `part` of their total."""
    needed = part * math.fsum(values) - TOLERANCE * math.fsum(values)
    ordered = sorted(values, reverse=True)
    return next(n for n in range(len(ordered) + 1) if math.fsum(ordered[:n]) >= needed)


def circle(edge_table, weights=(0.6, 0.2, 0.2), coverage=0.8):
    by_subscriber = defaultdict(list)
    for (subscriber, _), edge in edge_table.items():
        if edge["counterpart_network"] != "service":
            by_subscriber[subscriber].append(edge)
    return {s: circle_of(contacts, weights, coverage) for s, contacts in by_subscriber.items()}


def calling_indexes(contacts, weights):
    parts = ("events_count", "voice_s", "active_days")
    most = {p: max(c[p] for c in contacts) for p in parts}
    return [
        sum(w * (c[p] / most[p] if most[p] else 0) for w, p in zip(weights, parts, strict=True))
        for c in contacts
    ]


def circle_of(contacts, weights, coverage):
    frequency = [c["events_count"] for c in contacts]
    voice = [c["voice_count"] for c in contacts]
    sms = [c["events_count"] - c["voice_count"] for c in contacts]
    out = [c["voice_out_count"] + c["sms_out_count"] for c in contacts]
    into = [c["voice_in_count"] + c["sms_in_count"] for c in contacts]
    balances = [o / (o + i) for o, i in zip(out, into, strict=True) if o + i]
    ordered = sorted(frequency, reverse=True)
    n = len(contacts)
    return {
        "contacts_count": n,
        "voice_contacts_count": sum(v > 0 for v in voice),
        "sms_contacts_count": sum(s > 0 for s in sms),
        "effective_contacts_count": fewest_that_hold(calling_indexes(contacts, weights), coverage),
        "voice_entropy_nats": entropy(voice),
        "sms_entropy_nats": entropy(sms),
        "contact_entropy_nats": entropy(frequency),
        "top1_share": ordered[0] / sum(ordered),
        "top3_share": sum(ordered[:3]) / sum(ordered),
        "pareto_contacts_share": fewest_that_hold(frequency, 0.8) / n,
        "reciprocated_contacts_share": sum(o > 0 and i > 0 for o, i in zip(out, into, strict=True))
        / n,
        "rival_contacts_share": sum(c["counterpart_network"] == "rival" for c in contacts) / n,
        "balance_mean": share(math.fsum(balances), len(balances)),
    }


def volume(records):
    groups = defaultdict(list)
    for r in records:
        groups[r["started_at"].date(), r["kind"], r["direction"]].append(r)
    return {
        key: {
            "rows_count": len(rows),
            "events_count": count_of(rows),
            "counterpart_null_count": sum(r["counterpart_id"] is None for r in rows),
            "duration_null_count": sum(r["duration_s"] is None for r in rows),
            "network_null_count": sum(r["counterpart_network"] is None for r in rows),
            "cell_null_count": sum(r["cell_id"] is None for r in rows),
        }
        for key, rows in groups.items()
    }


def all_marts(records):
    edge_table = edges(records)
    return {
        "edges": edge_table,
        "usage": usage(records),
        "circle": circle(edge_table),
        "volume": volume(records),
    }

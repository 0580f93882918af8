"""The extracts that operators hand in: columns, types, allowed values, keys, and time.

One declaration serves reading, checking, point-in-time filtering, the simulator and the adapters.
"""

from __future__ import annotations

from collections.abc import Mapping

from churnlight.declaring import IBIS_TYPE, Column, Extract, Kind, Reference

__all__ = ["EXTRACTS", "IBIS_TYPE", "Column", "Extract", "Kind", "Reference"]

NETWORKS = ("own", "rival", "fixed", "international", "service")
SERVICES = ("rival_hotline", "own_hotline", "emergency", "bank", "other")
STATUSES = ("active", "suspended", "cancelled", "ported_out", "debt")
ON_THE_BOOKS = ("active", "suspended")
# A number that nobody holds any more; one cut off for debt may still be called.
CLOSED = ("cancelled", "ported_out")

# The longest month; what one subscriber does with one other party can't take longer.
_MONTH_DAYS = 31
_MONTH_S = _MONTH_DAYS * 24 * 3600
_SUBSCRIBER = (Reference("subscriber_id", "subscribers"),)


def _id(name: str, *, required: bool = False, wanted: bool = False) -> Column:
    return Column(name, "id", required=required, nullable=not required, wanted=wanted)


def _money(*names: str, minimum: float | None = None) -> tuple[Column, ...]:
    return tuple(Column(n, "money", minimum=minimum) for n in names)


CDR = Extract(
    "cdr",
    monthly=True,
    happened="started_at",
    known="known_at",
    references=_SUBSCRIBER,
    closed_by=CLOSED,
    fresh_by="started_at",
    fresh_days=1,
    columns=(
        _id("subscriber_id", required=True),
        _id("counterpart_id"),
        Column(
            "kind",
            "text",
            required=True,
            nullable=False,
            allowed=("voice", "sms", "mms", "data"),
            strict=True,
        ),
        # Null only for data sessions: a rule of its own in `check`.
        Column("direction", "text", required=True, allowed=("out", "in", "forward"), strict=True),
        Column("started_at", "timestamp", required=True, nullable=False),
        Column("duration_s", "int", minimum=0, maximum=_MONTH_S, unit="s"),
        Column("bytes", "int", minimum=0, unit="bytes"),
        Column("counterpart_network", "text", allowed=NETWORKS),
        Column("counterpart_service", "text", allowed=SERVICES),
        Column("roaming", "text", allowed=("home", "domestic", "international")),
        Column("cell_id", "id"),
        Column("events", "int", minimum=1, unit="events"),
        Column("event_id", "id"),
        Column("known_at", "timestamp"),
    ),
)

BILLING = Extract(
    "billing",
    monthly=True,
    ends="period_end",
    known="billed_at",
    key=("subscriber_id", "month"),
    references=_SUBSCRIBER,
    closed_by=(*CLOSED, "debt"),
    columns=(
        _id("subscriber_id", required=True),
        Column("month", "month", required=True, nullable=False),
        Column("period_end", "date"),
        Column("total_charge", "money", required=True, nullable=False),
        *_money("plan_fee", "voice_charge", "sms_charge", "data_charge", "vas_charge", "discount"),
        *_money("paid", "balance_end", "arrears_end"),
        Column("suspended_days", "int", minimum=0, maximum=_MONTH_DAYS, unit="days"),
        Column("points_balance", "int", unit="points"),
        Column("billed_at", "timestamp"),
    ),
)

TOPUPS = Extract(
    "topups",
    monthly=True,
    happened="paid_at",
    references=_SUBSCRIBER,
    fresh_by="paid_at",
    fresh_days=7,
    columns=(
        _id("subscriber_id", required=True),
        Column("paid_at", "timestamp", required=True, nullable=False),
        Column("amount", "money", required=True, nullable=False, minimum=0),
    ),
)

SUBSCRIBERS = Extract(
    "subscribers",
    monthly=True,
    key=("subscriber_id", "month"),
    references=(Reference("plan_id", "plans"), Reference("handset_id", "handsets")),
    # A snapshot in which nobody was activated lately was taken before the month's end.
    fresh_by="activated_on",
    fresh_days=14,
    columns=(
        _id("subscriber_id", required=True),
        Column("month", "month", required=True, nullable=False),
        Column("status", "text", required=True, nullable=False, allowed=STATUSES, strict=True),
        Column("status_since", "date", wanted=True),
        Column("activated_on", "date", required=True, nullable=False),
        _id("account_id", wanted=True),
        Column("line_role", "text"),
        Column("payment", "text", allowed=("prepaid", "postpaid"), wanted=True),
        Column("region", "text", wanted=True),
        Column("brand", "text", wanted=True),
        Column("vip_tier", "text", allowed=("diamond", "gold", "silver", "none"), wanted=True),
        _id("plan_id", wanted=True),
        _id("group_id"),
        Column("group_class", "text", allowed=("A", "B", "C", "none")),
        Column("contract_kind", "text"),
        Column("contract_ends_on", "date"),
        _id("handset_id", wanted=True),
        Column("handset_since", "date"),
        Column("ported_in_on", "date"),
        Column("has_broadband", "bool"),
        Column("age_band", "text", wanted=True),
        Column("sex", "text", wanted=True),
        _id("manager_id"),
        Column("is_staff", "bool"),
        Column("is_test", "bool"),
        Column("on_red_list", "bool"),
        Column("no_contact", "bool"),
    ),
)

NUMBERS = Extract(
    "numbers",
    monthly=True,
    begins="valid_from",
    late={"valid_to": "valid_to"},
    references=_SUBSCRIBER,
    columns=(
        _id("subscriber_id", required=True),
        _id("number_id", required=True),
        Column("valid_from", "date"),
        Column("valid_to", "date"),
    ),
)

CARE = Extract(
    "care",
    monthly=True,
    happened="happened_at",
    late={"resolved_at": "resolved_at"},
    references=_SUBSCRIBER,
    fresh_by="happened_at",
    fresh_days=7,
    columns=(
        _id("subscriber_id", required=True),
        Column("happened_at", "timestamp", required=True, nullable=False),
        Column("kind", "text", required=True, nullable=False),
        Column("resolved_at", "timestamp"),
    ),
)

SERVICES_USED = Extract(
    "services",
    monthly=True,
    references=_SUBSCRIBER,
    columns=(
        _id("subscriber_id", required=True),
        Column("month", "month", required=True, nullable=False),
        _id("service_id", required=True),
        Column("fee", "money"),
        Column("uses", "int", minimum=0, unit="uses"),
    ),
    key=("subscriber_id", "month", "service_id"),
)

CAMPAIGNS = Extract(
    "campaigns",
    monthly=True,
    happened="offered_at",
    late={
        "responded_at": "responded_at",
        "contacted": "responded_at",
        "accepted": "responded_at",
        "succeeded": "responded_at",
    },
    references=_SUBSCRIBER,
    columns=(
        _id("subscriber_id", required=True),
        Column("offered_at", "timestamp", required=True, nullable=False),
        _id("campaign_id", required=True),
        Column("action", "text"),
        Column("channel", "text"),
        Column("arm", "text", allowed=("treated", "control"), required=True, strict=True),
        Column("responded_at", "timestamp"),
        Column("contacted", "bool"),
        Column("accepted", "bool"),
        Column("succeeded", "bool"),
        Column("cost", "money", minimum=0),
    ),
)

PLANS = Extract(
    "plans",
    monthly=False,
    begins="valid_from",
    late={"valid_to": "valid_to"},
    columns=(
        _id("plan_id", required=True),
        Column("name", "text"),
        Column("brand", "text"),
        *_money("fee", minimum=0),
        Column("minutes", "float", minimum=0, unit="min"),
        Column("data_mb", "float", minimum=0, unit="MB"),
        Column("sms", "float", minimum=0, unit="messages"),
        *_money("voice_price_per_min", "sms_price", "data_price_per_mb", minimum=0),
        Column("billing_step_s", "int", minimum=1, unit="s"),
        Column("valid_from", "date"),
        Column("valid_to", "date"),
    ),
)

HANDSETS = Extract(
    "handsets",
    monthly=False,
    begins="launched_on",
    key=("handset_id",),
    columns=(
        _id("handset_id", required=True),
        Column("brand", "text"),
        Column("os", "text"),
        *_money("price", minimum=0),
        Column("launched_on", "date"),
        Column("network_generation", "text"),
    ),
)

HOLIDAYS = Extract(
    "holidays",
    monthly=False,
    key=("date",),
    columns=(Column("date", "date", required=True, nullable=False), Column("name", "text")),
)

# The columns of the usage mart: what `churnlight.marts` writes from CDRs, and what operators
# without CDRs hand in as the extract `usage` (there only the identifier is required).
USAGE_COUNTS = (
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
    "missed_in_count",
    "data_sessions_count",
    "active_days",
    "silent_days_at_end",
    "roaming_days",
    "cells_count",
    "rival_hotline_count",
    "voice_out_billed_min",
    "first_ten_days_count",
    "middle_ten_days_count",
    "last_ten_days_count",
)
USAGE_FLOATS = ("data_mb", "night_share", "weekend_share", "out_share")
USAGE_TIMES = ("last_at", "last_out_at")

# By the end of the name: unit, and the most that there can be.
_USAGE_UNITS: Mapping[str, tuple[str, float | None]] = {
    "_s": ("s", None),
    "_min": ("min", None),
    "_mb": ("MB", None),
    "_days": ("days", _MONTH_DAYS),
    "_days_at_end": ("days", _MONTH_DAYS),
    "_share": ("parts of 1", 1.0),
    "cells_count": ("cells", None),
    "_count": ("events", None),
}


def _used(name: str, kind: Kind) -> Column:
    unit, most = next(found for end, found in _USAGE_UNITS.items() if name.endswith(end))
    return Column(name, kind, minimum=0, maximum=most, unit=unit)


USAGE = Extract(
    "usage",
    monthly=True,
    key=("subscriber_id",),
    references=_SUBSCRIBER,
    fresh_by="last_at",
    fresh_days=3,
    columns=(
        _id("subscriber_id", required=True),
        *(_used(name, "int") for name in USAGE_COUNTS),
        *(_used(name, "float") for name in USAGE_FLOATS),
        *(Column(name, "timestamp") for name in USAGE_TIMES),
    ),
)

EXTRACTS: Mapping[str, Extract] = {
    e.name: e
    for e in (
        CDR,
        BILLING,
        TOPUPS,
        SUBSCRIBERS,
        USAGE,
        NUMBERS,
        CARE,
        SERVICES_USED,
        CAMPAIGNS,
        PLANS,
        HANDSETS,
        HOLIDAYS,
    )
}
MONTHLY = tuple(e.name for e in EXTRACTS.values() if e.monthly)
REFERENCE = tuple(e.name for e in EXTRACTS.values() if not e.monthly)

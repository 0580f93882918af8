"""The extracts that operators hand in: columns, types, allowed values, keys, and time.

One declaration serves reading, checking, point-in-time filtering, the simulator and the adapters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["id", "text", "int", "float", "money", "bool", "date", "timestamp", "month"]

# Ibis types of the kinds. `id` keeps the operator's type (any integer, or string).
IBIS_TYPE: Mapping[Kind, str | None] = {
    "id": None,
    "text": "string",
    "int": "int64",
    "float": "float64",
    "money": "float64",
    "bool": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "month": "string",
}


@dataclass(frozen=True)
class Column:
    """One column of an extract.

    Attributes:
        name: the column's name in the files.
        kind: what it holds; times are local wall-clock time, money is in the currency of the
            parameters.
        required: whether the extract can't be read without it.
        nullable: whether a row may leave it out; a null elsewhere is a reason to refuse the row.
        allowed: the values there are; None where any is.
        strict: whether another value refuses the row; otherwise it reads as null and is counted.
        minimum: the smallest value that is not refused.
    """

    name: str
    kind: Kind
    required: bool = False
    nullable: bool = True
    allowed: tuple[str, ...] | None = None
    strict: bool = False
    minimum: float | None = None


@dataclass(frozen=True)
class Extract:
    """One extract.

    Attributes:
        name: the folder's name.
        monthly: whether it is partitioned by month (reference tables are not).
        columns: all columns; others in the files are ignored.
        happened: column that says when the row happened (None for snapshots and bills: at the
            month's end).
        ends: column with the last day of a row's period, where rows may have one of their own; the
            row then happens when that day has passed.
        begins: column with the day from which a row holds; before it nobody knows of the row.
        known: column that says when the row was known, where it has one.
        late: columns that are filled in later, each with the column of the time when that was;
            they read as null before it.
        key: columns that are unique among the kept rows (empty: duplicates are equal rows).
        one_of: at least one extract of each such group must be present.
    """

    name: str
    monthly: bool
    columns: tuple[Column, ...]
    happened: str | None = None
    ends: str | None = None
    begins: str | None = None
    known: str | None = None
    late: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()

    @property
    def by_name(self) -> dict[str, Column]:
        """Columns by their name."""
        return {c.name: c for c in self.columns}

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there."""
        return tuple(c.name for c in self.columns if c.required)


NETWORKS = ("own", "rival", "fixed", "international", "service")
SERVICES = ("rival_hotline", "own_hotline", "emergency", "bank", "other")
STATUSES = ("active", "suspended", "cancelled", "ported_out", "debt")
ON_THE_BOOKS = ("active", "suspended")


def _id(name: str, *, required: bool = False) -> Column:
    return Column(name, "id", required=required, nullable=not required)


def _money(*names: str) -> tuple[Column, ...]:
    return tuple(Column(n, "money") for n in names)


CDR = Extract(
    "cdr",
    monthly=True,
    happened="started_at",
    known="known_at",
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
        Column("duration_s", "int", minimum=0),
        Column("bytes", "int", minimum=0),
        Column("counterpart_network", "text", allowed=NETWORKS),
        Column("counterpart_service", "text", allowed=SERVICES),
        Column("roaming", "text", allowed=("home", "domestic", "international")),
        Column("cell_id", "id"),
        Column("events", "int", minimum=1),
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
    columns=(
        _id("subscriber_id", required=True),
        Column("month", "month", required=True, nullable=False),
        Column("period_end", "date"),
        Column("total_charge", "money", required=True, nullable=False),
        *_money("plan_fee", "voice_charge", "sms_charge", "data_charge", "vas_charge", "discount"),
        *_money("paid", "balance_end", "arrears_end"),
        Column("suspended_days", "int", minimum=0),
        Column("points_balance", "int"),
        Column("billed_at", "timestamp"),
    ),
)

TOPUPS = Extract(
    "topups",
    monthly=True,
    happened="paid_at",
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
    columns=(
        _id("subscriber_id", required=True),
        Column("month", "month", required=True, nullable=False),
        Column("status", "text", required=True, nullable=False, allowed=STATUSES, strict=True),
        Column("status_since", "date"),
        Column("activated_on", "date", required=True, nullable=False),
        _id("account_id"),
        Column("line_role", "text"),
        Column("payment", "text", allowed=("prepaid", "postpaid")),
        Column("region", "text"),
        Column("brand", "text"),
        Column("vip_tier", "text", allowed=("diamond", "gold", "silver", "none")),
        _id("plan_id"),
        _id("group_id"),
        Column("group_class", "text", allowed=("A", "B", "C", "none")),
        Column("contract_kind", "text"),
        Column("contract_ends_on", "date"),
        _id("handset_id"),
        Column("handset_since", "date"),
        Column("ported_in_on", "date"),
        Column("has_broadband", "bool"),
        Column("age_band", "text"),
        Column("sex", "text"),
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
    columns=(
        _id("subscriber_id", required=True),
        Column("month", "month", required=True, nullable=False),
        _id("service_id", required=True),
        Column("fee", "money"),
        Column("uses", "int", minimum=0),
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
        Column("cost", "money"),
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
        *_money("fee"),
        Column("minutes", "float"),
        Column("data_mb", "float"),
        Column("sms", "float"),
        *_money("voice_price_per_min", "sms_price", "data_price_per_mb"),
        Column("billing_step_s", "int", minimum=1),
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
        *_money("price"),
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

USAGE = Extract(
    "usage",
    monthly=True,
    key=("subscriber_id",),
    columns=(
        _id("subscriber_id", required=True),
        *(Column(name, "int", minimum=0) for name in USAGE_COUNTS),
        *(Column(name, "float", minimum=0) for name in USAGE_FLOATS),
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

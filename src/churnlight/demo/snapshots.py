"""The month-end snapshot of subscribers, and the reference tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from churnlight.demo import writing
from churnlight.demo.clock import epoch_day, holidays
from churnlight.demo.lives import DEBT, NEVER, Lives
from churnlight.demo.months import Changes
from churnlight.demo.offer import CONTRACTS, HANDSETS, PLANS, plan_column
from churnlight.demo.people import AGE_BANDS, GROUP_CLASSES, People
from churnlight.demo.randomness import Array
from churnlight.schema import STATUSES
from churnlight.timeline import Month

_VIP = ("none", "silver", "gold", "diamond")
_VIP_FEES_CENTS = (12_800, 18_800, 28_800)
_FIRST_GROUP, _FIRST_ACCOUNT, _FIRST_MANAGER = 600_001, 3_000_001, 951


def write_snapshot(root: Path, people: People, lives: Lives, changes: Changes) -> int:
    """Write the extract `subscribers` of a month, after `months.advance`.

    Who left stays in it for a few months, with the status of leaving.
    """
    who = np.flatnonzero(lives.status <= DEBT)
    who = who[np.argsort(lives.subscriber_id[who], kind="stable")]
    columns = _about_the_line(people, lives, changes, who)
    columns |= _about_the_person(people, lives, who)
    return writing.write_part(root / "subscribers", changes.month, columns)


def _about_the_line(people: People, lives: Lives, changes: Changes, who: Array) -> dict[str, Any]:
    plan = lives.plan[who]
    grouped = lives.in_group[who]
    group_class = np.where(grouped, people.workplace_class[who], GROUP_CLASSES.index("none"))
    never_signed = lives.contract_end[who] == NEVER
    plan_ids, handset_ids = plan_column("plan_id"), np.array([h.handset_id for h in HANDSETS])
    return {
        "subscriber_id": writing.numbers(lives.subscriber_id[who]),
        "month": writing.constant(str(changes.month), len(who)),
        "status": writing.category(lives.status[who], STATUSES),
        "status_since": writing.dates(lives.status_since[who]),
        "activated_on": writing.dates(lives.activated[who]),
        "account_id": writing.numbers(people.family[who].astype(np.int64) + _FIRST_ACCOUNT),
        "line_role": writing.category(people.family[who] != who, ("main", "member")),
        "payment": writing.category(people.postpaid[who], ("prepaid", "postpaid")),
        "region": writing.category(people.region[who], people.profile.regions),
        "brand": writing.category(plan, [p.brand for p in PLANS]),
        "vip_tier": writing.category(_vip(plan), _VIP),
        "plan_id": writing.numbers(plan_ids[plan]),
        "group_id": writing.numbers(
            people.workplace[who].astype(np.int64) + _FIRST_GROUP, ~grouped
        ),
        "group_class": writing.category(group_class, GROUP_CLASSES),
        "contract_kind": writing.category(lives.contract[who], CONTRACTS),
        "contract_ends_on": writing.dates(lives.contract_end[who], never_signed),
        "handset_id": writing.numbers(handset_ids[lives.handset[who]]),
        "handset_since": writing.dates(lives.handset_since[who]),
    }


def _about_the_person(people: People, lives: Lives, who: Array) -> dict[str, Any]:
    manager = who % 40 + _FIRST_MANAGER
    return {
        "ported_in_on": writing.dates(lives.activated[who], ~people.ported_in[who]),
        "has_broadband": writing.numbers(people.broadband[who]),
        "age_band": writing.category(people.age[who], AGE_BANDS),
        "sex": writing.category(people.female[who], ("male", "female")),
        "manager_id": writing.numbers(manager, _vip(lives.plan[who]) == 0),
        "is_staff": writing.numbers(people.staff[who]),
        "is_test": writing.numbers(people.test[who]),
        "on_red_list": writing.numbers(people.red_list[who]),
        "no_contact": writing.numbers(people.no_contact[who]),
    }


def _vip(plan: Array) -> Array:
    """VIP card by the plan's fee: index in _VIP (int64)."""
    return np.digitize(plan_column("fee_cents")[plan], _VIP_FEES_CENTS)


def write_reference(root: Path, start: Month, months: int) -> dict[str, int]:
    """Write the tables without months: plans, handsets, holidays."""
    since = writing.dates(np.full(len(PLANS), epoch_day(start.start.date()) - 1_500))
    plans = {
        "plan_id": writing.numbers(plan_column("plan_id")),
        "name": writing.category(np.arange(len(PLANS)), [p.name for p in PLANS]),
        "brand": writing.category(np.arange(len(PLANS)), [p.brand for p in PLANS]),
        "fee": writing.money(plan_column("fee_cents")),
        "minutes": writing.numbers(plan_column("minutes").astype(float)),
        "data_mb": writing.numbers(plan_column("data_mb").astype(float)),
        "sms": writing.numbers(plan_column("sms").astype(float)),
        "voice_price_per_min": writing.money(plan_column("voice_cents")),
        "sms_price": writing.money(plan_column("sms_cents")),
        "data_price_per_mb": writing.money(plan_column("data_cents_per_mb")),
        "billing_step_s": writing.numbers(plan_column("step_s")),
        "valid_from": since,
    }
    index = np.arange(len(HANDSETS))
    handsets = {
        "handset_id": writing.numbers(np.array([h.handset_id for h in HANDSETS])),
        "brand": writing.category(index, [h.brand for h in HANDSETS]),
        "os": writing.category(index, [h.os for h in HANDSETS]),
        "price": writing.money(np.array([h.price_cents for h in HANDSETS])),
        "launched_on": writing.dates(np.array([epoch_day(h.launched_on) for h in HANDSETS])),
        "network_generation": writing.category(index, [h.generation for h in HANDSETS]),
    }
    off = holidays(start, months)
    days = {
        "date": writing.dates(np.array([epoch_day(day) for day in off])),
        "name": writing.category(np.arange(len(off)), list(off.values())),
    }
    tables = {"plans": plans, "handsets": handsets, "holidays": days}
    return {name: writing.write_part(root / name, None, table) for name, table in tables.items()}

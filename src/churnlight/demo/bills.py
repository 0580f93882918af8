"""Bills that follow from use to the cent, and the payments that answer them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from churnlight.demo import writing
from churnlight.demo.clock import DAY_S
from churnlight.demo.lives import Lives
from churnlight.demo.months import Changes
from churnlight.demo.offer import (
    CONTRACT_DISCOUNT_PERCENT,
    GROUP_DISCOUNT_PERCENT,
    SERVICES,
    plan_column,
)
from churnlight.demo.people import People
from churnlight.demo.randomness import Array, Part, stream

_MB = 1 << 20
_AMOUNTS_CENTS = np.array([3_000, 5_000, 10_000, 20_000, 30_000, 50_000], dtype=np.int64)


@dataclass(frozen=True)
class Bill:
    """One month's charges, in cents, one element a row (int64)."""

    fee: Array
    voice: Array
    sms: Array
    data: Array
    services: Array
    discount: Array

    @property
    def total(self) -> Array:
        """What is to be paid."""
        gross = self.fee + self.voice + self.sms + self.data + self.services
        return np.asarray(gross - self.discount)


@dataclass
class Account:
    """Running account of every row (int64, cents; points are counts).

    Attributes:
        balance: what was paid minus what was charged.
        points: bonus points.
    """

    balance: Array
    points: Array = field(init=False)

    def __post_init__(self) -> None:
        self.points = np.zeros_like(self.balance)


def open_account(people: People, lives: Lives) -> Account:
    """The account before the first month: one fee owed by who pays later, one left to others."""
    fee = plan_column("fee_cents")[lives.plan] * lives.on_the_books
    return Account(np.where(people.postpaid, -fee, fee))


@dataclass(frozen=True)
class Terms:
    """What a month's bill depends on besides use: copied when the month is simulated.

    Attributes:
        plan: uint8 index.
        days: days on the books in the month (int64).
        discount_percent: of the fee (int64).
        in_arrears: does not pay in this month (bool).
        suspended_days: int64.
    """

    plan: Array
    days: Array
    discount_percent: Array
    in_arrears: Array
    suspended_days: Array


def make_terms(lives: Lives, changes: Changes) -> Terms:
    """The terms of a month, after `months.advance`."""
    running = (lives.contract > 0) & (lives.contract_ends_in >= changes.index)
    percent = np.where(running, CONTRACT_DISCOUNT_PERCENT[lives.contract], 0)
    percent = percent + GROUP_DISCOUNT_PERCENT * lives.in_group
    first, last = changes.since // DAY_S, -(-changes.until // DAY_S)
    barred = np.minimum(changes.resumed, changes.until) - changes.stopped
    return Terms(
        plan=lives.plan.copy(),
        days=np.where(changes.until > 0, last - first, 0).astype(np.int64),
        discount_percent=percent.astype(np.int64),
        in_arrears=(lives.arrears > 0) | (changes.left & (changes.stopped < changes.resumed)),
        suspended_days=(np.maximum(barred, 0) // DAY_S).astype(np.int64),
    )


def charge(terms: Terms, month_days: int, services: Array, use: tuple[Array, Array, Array]) -> Bill:
    """Charge a month's use by the plans; fees go by the days on the books, rounded down.

    Args:
        terms: see `Terms`.
        month_days: days of the month.
        services: fees of value-added services, in cents.
        use: billed seconds, messages and bytes (see `cdr.Use`).
    """
    seconds, messages, size = use
    plan = {
        name: plan_column(name)[terms.plan]
        for name in (
            "fee_cents", "minutes", "step_s", "voice_cents", "sms", "sms_cents",
            "data_mb", "data_cents_per_mb",
        )
    }  # fmt: skip
    fee = plan["fee_cents"] * terms.days // month_days
    # A step's price is a whole number of cents, by the choice of plans.
    steps = np.maximum(seconds - plan["minutes"] * 60, 0) // plan["step_s"]
    return Bill(
        fee=fee,
        voice=steps * (plan["voice_cents"] * plan["step_s"] // 60),
        sms=np.maximum(messages - plan["sms"], 0) * plan["sms_cents"],
        data=np.maximum(-(-size // _MB) - plan["data_mb"], 0) * plan["data_cents_per_mb"],
        services=np.where(terms.days > 0, services, 0),
        discount=fee * terms.discount_percent // 100,
    )


def service_fees(people: People, index: int) -> Array:
    """Fees of each row's value-added services in month `index`, in cents (int64)."""
    total = np.zeros(people.count, dtype=np.int64)
    for service, since in zip(SERVICES, people.had_from, strict=True):
        total += np.where(since <= index, service.fee_cents, 0)
    return total


def write_bills(
    root: Path, seed: int, people: People, terms: Terms, month: tuple[Changes, Array, Bill, Account]
) -> dict[str, int]:
    """Settle a month and write the extracts `billing` and `topups`.

    Args:
        root: folder of the extracts.
        seed: the operator's seed.
        people: the traits.
        terms: of the month.
        month: what changed, subscriber ids, the bill, and the account, which is moved on.
    """
    changes, ids, bill, account = month
    rng = stream(seed, Part.PAYMENTS, changes.index)
    paid, second = _payments(rng, people, terms, changes, account)
    account.balance += paid - bill.total
    account.points += bill.total // 100
    owed = -account.balance - np.where(people.postpaid, bill.total, 0)
    who = np.flatnonzero(changes.until > 0)
    who = who[np.argsort(ids[who], kind="stable")]
    rows = len(who)
    billed = rng.integers(0, 2 * DAY_S, people.count) + 6 * 3_600
    cents = {
        "total_charge": bill.total, "plan_fee": bill.fee, "voice_charge": bill.voice,
        "sms_charge": bill.sms, "data_charge": bill.data, "vas_charge": bill.services,
        "discount": bill.discount, "paid": paid, "balance_end": account.balance,
        "arrears_end": np.maximum(owed, 0),
    }  # fmt: skip
    written = writing.write_part(
        root / "billing",
        changes.month,
        {
            "subscriber_id": writing.numbers(ids[who]),
            "month": writing.constant(str(changes.month), rows),
            **{name: writing.money(values[who]) for name, values in cents.items()},
            "suspended_days": writing.numbers(terms.suspended_days[who]),
            "points_balance": writing.numbers(account.points[who]),
            "billed_at": writing.times(changes.first + changes.month.days, billed[who]),
        },
    )
    return {"billing": written, "topups": _write_topups(root, changes, ids, paid, second)}


def _payments(
    rng: np.random.Generator, people: People, terms: Terms, changes: Changes, account: Account
) -> tuple[Array, Array]:
    """One payment a month and row, in cents (0: none), and its second.

    Postpaid lines pay what they owe; prepaid lines top up, in round amounts, when less is left
    than the plan's fee and a half.
    """
    rows = people.count
    wanted = plan_column("fee_cents")[terms.plan] * 3 // 2 - account.balance
    step = np.minimum(np.searchsorted(_AMOUNTS_CENTS, wanted), len(_AMOUNTS_CENTS) - 1)
    top_up = np.where(wanted > 0, _AMOUNTS_CENTS[step], 0)
    amount = np.where(people.postpaid, np.maximum(-account.balance, 0), top_up)
    second = rng.integers(2 * DAY_S, 20 * DAY_S, rows)
    # Who was barred is let in again by the payment; who joins pays on joining.
    released = (changes.stopped == 0) & (changes.resumed > 0) & (changes.resumed < changes.seconds)
    second = np.where(released, changes.resumed - 60, second)
    second = np.where(changes.joined, np.maximum(changes.since - 60, 0), second)
    pays = (changes.until > 0) & ~terms.in_arrears & (second < changes.until)
    return np.where(pays, amount, 0), second


def _write_topups(root: Path, changes: Changes, ids: Array, paid: Array, second: Array) -> int:
    who = np.flatnonzero(paid > 0)
    who = who[np.lexsort((second[who], ids[who]))]
    return writing.write_part(
        root / "topups",
        changes.month,
        {
            "subscriber_id": writing.numbers(ids[who]),
            "paid_at": writing.times(changes.first, second[who]),
            "amount": writing.money(paid[who]),
        },
    )

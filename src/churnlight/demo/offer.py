"""What the simulated operator sells: plans, services, handsets. Money is in cents (fen)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from churnlight.demo.randomness import Array


@dataclass(frozen=True)
class Plan:
    """A plan: monthly fee, what it includes, what more costs.

    A call is charged by whole steps of `step_s` seconds; `voice_cents` is the price of a minute.
    """

    plan_id: int
    name: str
    brand: str
    fee_cents: int
    minutes: int
    data_mb: int
    sms: int
    voice_cents: int
    step_s: int = 60
    sms_cents: int = 10
    data_cents_per_mb: int = 1


PLANS: tuple[Plan, ...] = (
    Plan(501, "Everyday 8", "Everyday", 800, 0, 200, 0, 20),
    Plan(502, "Everyday 18", "Everyday", 1800, 50, 1_024, 20, 20),
    Plan(503, "Everyday Second", "Everyday", 3000, 0, 2_048, 50, 20, step_s=6),
    Plan(504, "Campus 38", "Campus", 3800, 100, 6_144, 100, 19),
    Plan(505, "Everyday 58", "Everyday", 5800, 150, 8_192, 100, 15),
    Plan(506, "Premier 88", "Premier", 8800, 250, 15_360, 100, 15),
    Plan(507, "Premier 128", "Premier", 12800, 450, 25_600, 200, 15),
    Plan(508, "Premier 188", "Premier", 18800, 800, 40_960, 300, 12, step_s=30),
    Plan(509, "Premier 288", "Premier", 28800, 1_500, 61_440, 500, 12, step_s=30),
)
FIRST_PREMIER = 5
EVERYDAY_8, EVERYDAY_18, CAMPUS_38 = 0, 1, 3


@dataclass(frozen=True)
class Service:
    """A value-added service with a monthly fee.

    `share` of all lines have it at the start; 0: that goes by their habit (`habits`).
    """

    service_id: int
    fee_cents: int
    share: float
    monthly_uses: float


SERVICES: tuple[Service, ...] = (
    Service(701, 300, 0.30, 4.0),
    Service(702, 500, 0.18, 9.0),
    Service(703, 900, 0.10, 14.0),
    Service(704, 1500, 0.06, 11.0),
    Service(705, 200, 0.0, 8.0),
    Service(706, 400, 0.0, 6.0),
    Service(707, 500, 0.0, 12.0),
    Service(708, 600, 0.0, 9.0),
    Service(709, 100, 0.0, 5.0),
    Service(710, 300, 0.0, 15.0),
)


@dataclass(frozen=True)
class Handset:
    """A handset model."""

    handset_id: int
    brand: str
    os: str
    price_cents: int
    launched_on: date
    generation: str


def _handsets() -> tuple[Handset, ...]:
    makers = (
        ("Aurora", "Android"),
        ("Bamboo", "Android"),
        ("Cobalt", "iOS"),
        ("Dune", "Android"),
        ("Ember", "HarmonyOS"),
    )
    generations = ("3G", "4G", "4G", "5G", "5G", "5G")
    return tuple(
        Handset(
            handset_id=801 + 5 * year + maker,
            brand=makers[maker][0],
            os=makers[maker][1],
            price_cents=79_900 + 60_000 * maker + 35_000 * year,
            launched_on=date(2018 + year, 3 + maker, 15),
            generation=generations[year],
        )
        for year in range(6)
        for maker in range(5)
    )


HANDSETS = _handsets()
# Contracts: the kinds, their length in months and the share (percent) they take off the plan's fee.
CONTRACTS: tuple[str, ...] = ("none", "discount_12m", "discount_24m", "handset_24m")
CONTRACT_MONTHS = np.array([0, 12, 24, 24], dtype=np.int32)
CONTRACT_DISCOUNT_PERCENT = np.array([0, 10, 15, 0], dtype=np.int64)
GROUP_DISCOUNT_PERCENT = 5


def plan_column(name: str) -> Array:
    """One attribute of all plans as int64, by plan index."""
    return np.array([getattr(plan, name) for plan in PLANS], dtype=np.int64)

"""What kind of operator is simulated: shares, rates and prices that differ between profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from churnlight.demo.offer import CAMPUS_38, EVERYDAY_8, EVERYDAY_18


@dataclass(frozen=True)
class Profile:
    """A kind of operator.

    Attributes:
        high_share: share of lines of the mid/high-end kind.
        high_events, low_events: mean and spread of the log of outgoing events in 30 days.
        modest_cuts: expected minutes from which low-end lines take the next plan.
        regions: names, and their shares.
        contracts: shares of no contract, discount_12m, discount_24m, handset_24m among mid/high-end
            lines at the start.
        renews, new_contract: chances of a new contract when one ends, and of one later, a month.
        leaving, spending: factor on all rates of leaving, and of giving up the spending.
        refuge, refuge_dear: plans (index) that those take who give up the spending.
        churners: share of all subscribers who leave the cohort of one as_of, roughly.
        kept_use: factor on use of who gives up the spending, with calls already fallen and without.
        habits: whether groups are planted (`demo.habits`).
        offers: chance a month that a line without hazard is made an offer.
    """

    high_share: float = 0.82
    high_events: tuple[float, float] = (4.32, 0.42)
    low_events: tuple[float, float] = (2.34, 0.80)
    modest_cuts: tuple[float, float, float, float] = (12.0, 45.0, 60.0, 110.0)
    regions: tuple[str, ...] = ("city", "east", "north", "west")
    region_shares: tuple[float, ...] = (0.55, 0.17, 0.16, 0.12)
    contracts: tuple[float, float, float, float] = (0.35, 0.20, 0.25, 0.20)
    renews: float = 0.62
    new_contract: float = 0.03
    leaving: float = 1.0
    spending: float = 1.0
    refuge: int = EVERYDAY_18
    refuge_dear: int = CAMPUS_38
    kept_use: tuple[float, float] = (0.60, 0.35)
    habits: bool = False
    offers: float = 0.010
    churners: float = 0.02


# The shares of VIPs in the published city: 106,119 in the city itself, of them outside enterprise
# groups 47,307 urban and 22,670 rural; 27,846, 27,160 and 17,213 in three counties.
_VIPS = (106_119, 27_846, 27_160, 17_213)
_RURAL = 22_670 / (47_307 + 22_670)
_CITY = _VIPS[0] / sum(_VIPS)

PROFILES: Mapping[str, Profile] = {
    "default": Profile(),
    "city": Profile(
        high_share=0.0935,
        high_events=(4.68, 0.43),
        low_events=(2.33, 0.75),
        modest_cuts=(22.0, 60.0, 75.0, 170.0),
        regions=("city-urban", "city-rural", "east", "north", "west"),
        region_shares=(
            _CITY * (1 - _RURAL), _CITY * _RURAL, *(n / sum(_VIPS) for n in _VIPS[1:]),
        ),
        contracts=(0.27, 0.21, 0.29, 0.23),
        renews=0.80,
        new_contract=0.035,
        leaving=0.14,
        spending=4.6,
        refuge=EVERYDAY_8,
        refuge_dear=EVERYDAY_8,
        kept_use=(0.05, 0.02),
        churners=0.0015,
    ),
}  # fmt: skip

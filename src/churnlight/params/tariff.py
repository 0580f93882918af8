"""The section `tariff`: how bills are worked out again, and what may be proposed."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator

from churnlight.params.base import Section, Share

Network = Literal["own", "rival", "fixed", "international", "service"]
Service = Literal["rival_hotline", "own_hotline", "emergency", "bank", "other"]
Roaming = Literal["home", "domestic", "international"]
LEVELS = 5


class TariffParams(Section):
    """Re-rating and proposals, see docs/tariffs.md.

    Attributes:
        rounding: of each charge of a month to the cent.
        data_unit_kb: a month's data is charged by started units of so many KB (1,024 bytes).
        default_step_s: billing step of plans that do not say theirs.
        charged_directions: calls and messages of these directions use allowances up and cost.
        unrated_networks, unrated_services, unrated_roaming: what a plan does not charge: it is
            free, or charged apart and then part of the bill's rest.
        max_misfit: share of the actual bills by which re-rating may miss them.
        levels: where fee levels 2 to 5 begin; None: by the fees of the plans sold at as_of.
        max_overage: charges beyond the allowances, as a share of a plan's bill, up to which the
            plan covers the use.
        growth: share by which the use may grow before the next level is to be too small.
        max_step: share of the present bill that an upgrade may cost more.
        allowance_step_money: the monthly allowance on an upgrade comes in steps of this.
        max_allowance: ... and is at most this share of the new plan's fee.
        max_loss: share of the present bill that a proposal may cost the operator without need.
        overpays: who pays by more than this share of the bill too much is in need.
        need_tiers: tiers in need.
    """

    rounding: Literal["down", "half_up", "up"] = "down"
    data_unit_kb: int = Field(default=1024, ge=1)
    default_step_s: int = Field(default=60, ge=1)
    charged_directions: tuple[Literal["out", "in", "forward"], ...] = Field(
        default=("out",), min_length=1
    )
    unrated_networks: tuple[Network, ...] = ()
    unrated_services: tuple[Service, ...] = ()
    unrated_roaming: tuple[Roaming, ...] = ()
    max_misfit: Share = 0.05
    levels: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    max_overage: Share = 0.10
    growth: float = Field(default=0.20, ge=0, le=10)
    max_step: float = Field(default=0.20, ge=0, le=10)
    allowance_step_money: float = Field(default=5.0, ge=0.01)
    max_allowance: Share = 0.15
    max_loss: Share = 0.0
    overpays: Share = 0.30
    need_tiers: tuple[str, ...] = ("red", "white")

    @field_validator("levels")
    @classmethod
    def _rise(cls, levels: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if levels is None:
            return levels
        if len(levels) != LEVELS - 1 or any(a >= b for a, b in pairwise(levels)):
            raise ValueError(
                f"tariff.levels is {list(levels)}: expected the {LEVELS - 1} rising fees at which "
                f"levels 2 to {LEVELS} begin, or null"
            )
        return levels

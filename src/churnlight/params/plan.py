"""Sections `plan` and `contact`: whom an offer is worth, and who may be asked at all."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from churnlight.params.base import Section

Group = Literal["tier", "reason", "segment"]


class PlanParams(Section):
    """The plan, see docs/plan.md.

    Attributes:
        playbook: the operator's own playbook, a YAML file; relative paths start at the project.
            None: the one that comes with churnlight.
        tiers: whose subscribers get a proposal.
        margin: share of a bill that is left to the operator.
        value_months: months for which a subscriber who is kept goes on paying the mean bill.
        budget_money: what all proposals of a cycle may cost, contacts included; None: no limit.
        control_share: share of the accounts that would get an offer, held out at random.
        salt: makes the draw the operator's own; never changed while a control group is kept.
        effect_by: the groups whose measured effect is used; a group without one takes the pooled.
    """

    playbook: str | None = Field(default=None, min_length=1)
    tiers: tuple[str, ...] = Field(default=("yellow", "red", "white"), min_length=1)
    margin: float = Field(default=0.4, gt=0, le=1)
    value_months: float = Field(default=6.0, gt=0, le=120)
    budget_money: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = 20_000.0
    control_share: float = Field(default=0.1, gt=0, lt=1)
    salt: str = Field(default="churnlight", min_length=1)
    effect_by: Group = "tier"

    @model_validator(mode="after")
    def _once(self) -> PlanParams:
        if len(set(self.tiers)) != len(self.tiers):
            raise ValueError("plan.tiers holds a name twice")
        return self


class ContactParams(Section):
    """How many can be contacted, and how often anybody may be.

    Attributes:
        rest_days: days before the cutoff in which nobody was contacted who is proposed anything.
        calls_a_day: calls that the team can make on a working day; None: no limit.
        working_days: of a cycle.
    """

    rest_days: int = Field(default=60, ge=0)
    calls_a_day: Annotated[int, Field(ge=0)] | None = 60
    working_days: int = Field(default=20, ge=0)

    @property
    def calls(self) -> int | None:
        """Calls of a cycle; None: no limit."""
        return None if self.calls_a_day is None else self.calls_a_day * self.working_days

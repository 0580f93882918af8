"""Section kpi: the operators' retention KPI."""

from __future__ import annotations

from pydantic import Field, model_validator

from churnlight.params.base import Section, Share


class KpiParams(Section):
    """Targets and scores of the retention rate, and when a contract counts.

    Attributes:
        base_target: retention rate below which the score is 0.
        challenge_target: retention rate from which the score is `challenge_score`.
        base_score: the score at `base_target`.
        challenge_score: the score at `challenge_target` and above.
        contract_months: a contract counts when it ends more than so many months after the month.
        min_group: groups of fewer subscribers of the base are shown together.
    """

    base_target: Share = 0.72
    challenge_target: Share = 0.77
    base_score: float = Field(default=80.0, ge=0)
    challenge_score: float = Field(default=100.0, ge=0)
    contract_months: int = Field(default=3, ge=0)
    min_group: int = Field(default=10, ge=1)

    @model_validator(mode="after")
    def _rising(self) -> KpiParams:
        if self.base_target >= self.challenge_target:
            raise ValueError(
                f"kpi.base_target ({self.base_target:g}) is not below kpi.challenge_target "
                f"({self.challenge_target:g}): the challenge asks for more"
            )
        if self.base_score > self.challenge_score:
            raise ValueError(
                f"kpi.base_score ({self.base_score:g}) is above kpi.challenge_score "
                f"({self.challenge_score:g}): the challenge earns more"
            )
        return self

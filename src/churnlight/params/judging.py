"""Sections that judge a model: evaluate, gate."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from churnlight.params.base import Section, Share


class ProfitParams(Section):
    """What a retention campaign costs and brings (Verbraken, Verbeke and Baesens 2013).

    Attributes:
        alpha, beta: the share of churners that accepts the offer is drawn from Beta(alpha, beta).
        value_money: what a subscriber who stays is worth (customer lifetime value).
        offer_money: what an accepted offer costs.
        contact_money: what one contact costs.
    """

    alpha: float = Field(default=6.0, gt=0)
    beta: float = Field(default=14.0, gt=0)
    value_money: float = Field(default=200.0, gt=0)
    offer_money: float = Field(default=10.0, ge=0)
    contact_money: float = Field(default=1.0, ge=0)

    @model_validator(mode="after")
    def _worth_it(self) -> ProfitParams:
        if self.offer_money >= self.value_money:
            raise ValueError(
                f"evaluate.profit: an offer of {self.offer_money:g} costs as much as a subscriber "
                f"is worth ({self.value_money:g}): no campaign could pay"
            )
        return self


class EvaluateParams(Section):
    """What is measured on the test as_of."""

    bootstrap: int = Field(default=1000, ge=100)
    seed: int = 7
    top_shares: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (0.01, 0.05, 0.10, 0.20)
    call_list: float = Field(default=500, gt=0)
    silent_days: int = Field(default=7, ge=1)
    tenure_months: tuple[Annotated[int, Field(ge=1)], ...] = (12, 36, 60)
    min_segment_churners: int = Field(default=20, ge=2)
    profit: ProfitParams = ProfitParams()

    @model_validator(mode="after")
    def _whole(self) -> EvaluateParams:
        if self.call_list >= 1 and self.call_list != int(self.call_list):
            raise ValueError(
                f"evaluate.call_list is {self.call_list:g}: give a whole number of subscribers, or "
                "a share of the cohort below 1"
            )
        if any(a >= b for a, b in zip(self.tenure_months, self.tenure_months[1:], strict=False)):
            raise ValueError(f"evaluate.tenure_months does not rise: {self.tenure_months}")
        return self

    def calls(self, subscribers: int) -> int:
        """The call list's length for a cohort, at least 1 and at most the cohort."""
        wanted = self.call_list if self.call_list >= 1 else self.call_list * subscribers
        return min(max(1, round(wanted)), subscribers)


class GateParams(Section):
    """What a challenger must show to become champion."""

    pr_auc_margin: Share = 0.005
    ece_margin: Share = 0.005
    max_age_months: int = Field(default=3, ge=0)

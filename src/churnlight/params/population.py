"""Sections that say who is at risk and what leaving means: cohort, label."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from churnlight.params.base import Section, Share

OffNetKind = Literal["ported_out", "cancelled", "debt", "vanished"]
LabelKind = Literal["off_net", "spend_churn", "value_loss", "silence"]


class CohortParams(Section):
    """Who is at risk and worth watching."""

    min_monthly_bill: float | None = Field(default=80.0, ge=0)
    min_voice_out_minutes: float | None = Field(default=300.0, ge=0)
    whole_window: bool = True


class SpendChurnParams(Section):
    """Bills of `months` months add up to less than `total_below` (money)."""

    months: int = Field(default=3, ge=1)
    total_below: float = Field(default=50.0, gt=0)


class ValueLossParams(Section):
    """Every bill of the horizon at most (1 - drop) of the window's median bill."""

    drop: float = Field(default=0.5, gt=0, lt=1)


class LabelParams(Section):
    """What leaving means."""

    kinds: tuple[LabelKind, ...] = ("off_net", "value_loss")
    off_net_kinds: tuple[OffNetKind, ...] = ("ported_out", "cancelled", "vanished")
    spend_churn: SpendChurnParams = SpendChurnParams()
    value_loss: ValueLossParams = ValueLossParams()
    max_vanished_share: Share = 0.005

    @model_validator(mode="after")
    def _some_kind(self) -> LabelParams:
        if not self.kinds:
            raise ValueError("label.kinds is empty: nothing would count as churn")
        return self

    @property
    def spend_churn_months(self) -> int | None:
        """Months that `spend_churn` looks at where it is asked for, for `timeline`."""
        return self.spend_churn.months if "spend_churn" in self.kinds else None

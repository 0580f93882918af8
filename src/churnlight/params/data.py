"""Sections that the data stages read: engine, extracts, time, circle, check."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from churnlight.params.base import Section, Share
from churnlight.timeline import Month


class EngineParams(Section):
    """Where the dataframe work runs."""

    name: Literal["duckdb", "spark"] = "duckdb"
    threads: int | None = Field(default=None, ge=1)
    memory_limit_gb: float = Field(default=4.0, gt=0)


class ExtractsParams(Section):
    """Where the operator's extracts stand."""

    path: str = "data/demo/extracts"
    months: tuple[str, ...] = ()
    allow_phone_like_ids: bool = False
    restated_months: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _restated_are_there(self) -> ExtractsParams:
        unknown = sorted(set(self.restated_months) - set(self.months))
        if unknown:
            raise ValueError(
                f"extracts.restated_months names {', '.join(unknown)}, not in extracts.months"
            )
        return self

    @property
    def month_list(self) -> tuple[Month, ...]:
        """`months`, read."""
        return tuple(Month.parse(m) for m in self.months)


class TimeParams(Section):
    """Window, gap, horizon and closing, see `churnlight.timeline`."""

    window_months: int = Field(default=3, ge=1)
    gap_months: int = Field(default=0, ge=0)
    horizon_months: int = Field(default=2, ge=1)
    horizon_days: int | None = Field(default=None, ge=1)
    # 0 would leave out the last month's snapshot and bills: they are known at as_of, not before.
    close_days: int = Field(default=5, ge=1, le=27)
    reporting_delay_hours: float = Field(default=0.0, ge=0)


class CircleParams(Section):
    """The calling index: weights of frequency, seconds and active days; coverage of the total."""

    weights: tuple[float, float, float] = (0.6, 0.2, 0.2)
    coverage: Share = 0.8


class CheckParams(Section):
    """How much bad data is bearable."""

    max_refused_share: Share = 0.05

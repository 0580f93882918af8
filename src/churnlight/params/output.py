"""Sections of what comes out, and of the simulated operator: report, tracking, demo."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from churnlight.params.base import Section, Share


class ReportParams(Section):
    """The report."""

    language: Literal["en", "zh"] = "en"


class TrackingParams(Section):
    """MLflow."""

    experiment: str = "churnlight"
    model_name: str = "churnlight"


class DirtParams(Section):
    """What is wrong in the simulated extracts; shares are of the rows of an extract."""

    duplicates: Share = 0.0
    late: Share = 0.0
    impossible_durations: Share = 0.0
    unknown_kinds: Share = 0.0
    clock_faults: Share = 0.0
    wrong_bills: Share = 0.0
    mixed_case_ids: Share = 0.0
    missing_day: str | None = None
    missing_month: str | None = None

    @property
    def any(self) -> bool:
        """Whether something is asked for."""
        return any(self.model_dump().values())


class DemoParams(Section):
    """The simulated operator."""

    subscribers: int = Field(default=20_000, ge=200)
    months: int = Field(default=12, ge=1)
    start: str = "2025-01"
    seed: int = 7
    profile: Literal["default", "city"] = "default"
    dirt: DirtParams = DirtParams()

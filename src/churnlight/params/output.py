"""Sections of what comes out, and of the simulated operator: report, tracking, demo."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from churnlight.params.base import Section


class ReportParams(Section):
    """The report."""

    language: Literal["en", "zh"] = "en"


class TrackingParams(Section):
    """MLflow."""

    experiment: str = "churnlight"
    model_name: str = "churnlight"


class DemoParams(Section):
    """The simulated operator."""

    subscribers: int = Field(default=20_000, ge=200)
    months: int = Field(default=12, ge=1)
    start: str = "2025-01"
    seed: int = 7

"""Sections of what comes out, and of the simulated operator: report, handout, tracking, demo."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from churnlight.params.base import Section, Share


class ReportParams(Section):
    """The report."""

    language: Literal["en", "zh"] = "en"


class HandoutParams(Section):
    """What the retention team receives for a scored month.

    Attributes:
        languages: of the page, the first is the one it opens in; a workbook each.
        tiers: whose subscribers are on the list.
        cards: subscribers from the top of the list with a card.
        page_rows: subscribers from the top of the list on the page; the workbook has all.
    """

    languages: tuple[Literal["en", "zh"], ...] = Field(default=("en", "zh"), min_length=1)
    tiers: tuple[str, ...] = Field(default=("yellow", "red", "white"), min_length=1)
    cards: int = Field(default=200, ge=0)
    page_rows: int = Field(default=1_000, ge=0)

    @model_validator(mode="after")
    def _once(self) -> HandoutParams:
        for name in ("languages", "tiers"):
            if len(set(getattr(self, name))) != len(getattr(self, name)):
                raise ValueError(f"handout.{name} holds a name twice")
        return self


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


class DemoOffersParams(Section):
    """The simulated operator's offers; other values make what studies of campaigns need.

    Attributes:
        share: chance a month that a line is made an offer, before what its risk adds.
        response: whom an offer saves or provokes: drawn by `chance`, or by `traits` that show.
        foretell_months: months after each offer's own over which the simulator tells the chance of
            leaving with and without it; 0: it doesn't.
    """

    share: Share = 0.010
    response: Literal["chance", "traits"] = "chance"
    foretell_months: int = Field(default=0, ge=0, le=6)


class DemoParams(Section):
    """The simulated operator."""

    subscribers: int = Field(default=20_000, ge=200)
    months: int = Field(default=12, ge=1)
    start: str = "2025-01"
    seed: int = 7
    profile: Literal["default", "city"] = "default"
    habits: bool = False
    offers: DemoOffersParams = DemoOffersParams()
    dirt: DirtParams = DirtParams()

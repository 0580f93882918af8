"""Section `monitor`: drift and ageing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from churnlight.params.base import Section


class MonitorParams(Section):
    """When a month no longer looks like the training cohort, and a model no longer holds.

    Attributes:
        alarm_share: share of months without drift in which something is named all the same.
        min_pairs: past pairs of months below which drift is judged provisionally.
        reference_rows: of the training cohort, over all its as_ofs, that are profiled.
        calibration_margin: how far observed over predicted may lie from 1.
    """

    alarm_share: Annotated[float, Field(gt=0, lt=1)] = 0.05
    min_pairs: int = Field(default=6, ge=6)
    reference_rows: int = Field(default=200_000, ge=1000)
    calibration_margin: float = Field(default=0.10, ge=0)

"""The section `score`: what a monthly score looks back on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from churnlight.params.base import Section


class ScoreParams(Section):
    """How steady the tiers of one month and the next are.

    Attributes:
        hysteresis: margin in log-odds around each cut, inside which a subscriber keeps the tier of
            the month scored before; 0: none.
        hold: both: neither up nor down without the margin; falls: who reaches a higher cut rises at
            once, only falls wait for the margin.
    """

    hysteresis: float = Field(default=0.0, ge=0, le=3, allow_inf_nan=False)
    hold: Literal["both", "falls"] = "both"

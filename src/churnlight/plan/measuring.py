"""What campaigns with a control group did to leaving, as known when a plan is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churnlight.campaigns import Terms
from churnlight.campaigns.judging import Where, judge, months_followed
from churnlight.engine import Engine
from churnlight.params.plan import PlanParams
from churnlight.plan.effects import effects_from
from churnlight.timeline import Moment


@dataclass(frozen=True)
class Measured:
    """What was measured, or why nothing was.

    Attributes:
        effects: see `effects.COLUMNS`; None: no effect is claimed.
        content: of plan.json under `measured`: follow_months, campaigns, treated and control
            (lines whose outcome is known), churn (difference, low, high, verdict; null without a
            claim), why_not (code and both texts; null where an effect is claimed).
    """

    effects: pd.DataFrame | None
    content: Mapping[str, Any]


def measure(engine: Engine, where: Where, at: Moment, params: PlanParams) -> Measured:
    """Judge the campaigns whose outcome was complete and known at the plan's cutoff.

    Outcomes are read when the horizon of the offer's month ends, so that the effect speaks of the
    same months as the chance of leaving.

    Args:
        engine: where it runs.
        where: see `Where`.
        at: the plan's as_of.
        params: section `plan`.
    """
    terms = Terms(
        follow_months=months_followed(at),
        margin=params.margin,
        value_months=params.value_months,
        control_share=params.control_share,
        # The Qini curve's interval; nobody reads it here.
        resamples=1,
    )
    found = judge(engine, where, at, terms).content
    churn = found.get("churn")
    kept = ("difference", "low", "high", "verdict")
    counts = found["assignments"]
    content = {
        "follow_months": terms.follow_months,
        "campaigns": counts["campaigns"],
        "treated": counts["treated_known"],
        "control": counts["control_known"],
        "churn": None if churn is None else {name: churn[name] for name in kept},
        "why_not": found["why_not"],
    }
    return Measured(effects_from(found), content)

"""How many lines the next campaign needs to see an effect of some size."""

from __future__ import annotations

import math
from typing import Any

REDUCTIONS = (0.1, 0.2, 0.3, 0.5)
_ALPHA, _POWER = 0.05, 0.8


def sample_sizes(
    control_rate: float, design: float, control_share: float, measured: float | None
) -> list[dict[str, Any]]:
    """Lines for a power of 80 % at 5 % (two-sided), by how much of the churn is to be prevented.

    Two independent shares by Cohen's (1988) arcsine difference, as statsmodels has it, times what
    accounts of several lines cost (`design`).

    Args:
        control_rate: share that leaves without an offer.
        design: variance over that of independent lines; below 1 counts as 1.
        control_share: share held out, between 0 and 1.
        measured: the present campaign's difference (below 0: fewer leave), added to `REDUCTIONS`;
            None where it was not shown to lower churn.

    Returns:
        reduction (share of the churn prevented), treated_rate, lines, lines_control, measured
        (whether it is this campaign's estimate); empty where nobody leaves.
    """
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    if not 0 < control_rate < 1:
        return []
    asked = [(reduction, False) for reduction in REDUCTIONS]
    if measured is not None and 0 < -measured < control_rate:
        asked.append((-measured / control_rate, True))
    found = []
    for reduction, own in sorted(asked):
        rate = control_rate * (1 - reduction)
        size = abs(float(proportion_effectsize(rate, control_rate)))
        treated = NormalIndPower().solve_power(
            effect_size=size,
            alpha=_ALPHA,
            power=_POWER,
            ratio=control_share / (1 - control_share),
            alternative="two-sided",
        )
        lines = math.ceil(float(treated) / (1 - control_share) * max(design, 1.0))
        found.append(
            {
                "reduction": round(reduction, 6),
                "treated_rate": round(rate, 6),
                "lines": lines,
                "lines_control": math.ceil(lines * control_share),
                "measured": own,
            }
        )
    return found

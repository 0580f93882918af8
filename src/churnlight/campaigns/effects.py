"""What assignment changed: treated less control, with intervals that keep accounts together.

Campaigns may differ in whom they treat and in what share. Each line counts 1 / share of its arm in
its campaign (inverse probability weights, Hajek), so that both arms stand for everybody assigned,
in any part of them too. The estimate is a weighted regression on the arm (statsmodels WLS) of the
outcome less its campaign's mean of both arms, which leaves the difference as it is and takes what
campaigns differ by out of its error; the error is clustered by account (Liang and Zeger 1986, t
with accounts - 1 degrees of freedom).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.campaigns.assigned import CAMPAIGN
from churnlight.learners.dataset import BoolArray, FloatArray

SAVES, PROVOKES, UNCLEAR = "saves", "provokes", "unclear"
MORE, LESS = "more", "less"
WEIGHT = "weight"
_TINY = 1e-12


@dataclass(frozen=True)
class Effect:
    """A difference of means, treated less control.

    Attributes:
        difference: in the outcome's unit; below 0 fewer leave.
        low, high: its 95 % interval; None where it can't be told.
        error: standard error, clustered by account.
        design: its variance over that of lines independent of each other.
        treated, control: the arms' weighted means.
        lines_treated, lines_control: how many.
    """

    difference: float
    low: float | None
    high: float | None
    error: float
    design: float
    treated: float
    control: float
    lines_treated: int
    lines_control: int

    def to_json(self, digits: int = 6) -> dict[str, Any]:
        """As the report holds it."""
        return {
            "difference": _rounded(self.difference, digits),
            "low": _rounded(self.low, digits),
            "high": _rounded(self.high, digits),
            "treated": _rounded(self.treated, digits),
            "control": _rounded(self.control, digits),
            "lines_treated": self.lines_treated,
            "lines_control": self.lines_control,
        }


def controlled(frame: pd.DataFrame) -> pd.DataFrame:
    """Lines of campaigns with both arms, with their weight.

    Args:
        frame: campaign_id and treated of lines whose outcome is known.

    Returns:
        The rows of such campaigns, with `WEIGHT`.
    """
    arm = frame["treated"].astype("float64")
    share = arm.groupby(frame[CAMPAIGN].to_numpy()).transform("mean").to_numpy()
    kept = (share > 0) & (share < 1)
    chance = np.where(arm > 0, share, 1 - share)
    return frame[kept].assign(**{WEIGHT: 1 / chance[kept]}).reset_index(drop=True)


def difference(frame: pd.DataFrame, outcome: str) -> Effect | None:
    """The effect of assignment on an outcome.

    Args:
        frame: some of the rows of `controlled`; account, and the outcome without nulls.
        outcome: a column of numbers or booleans.

    Returns:
        The effect; None where an arm is empty.
    """
    treated = frame["treated"].to_numpy(dtype=bool)
    if treated.all() or not treated.any():
        return None
    value = frame[outcome].to_numpy(dtype=np.float64)
    weight = frame[WEIGHT].to_numpy(dtype=np.float64)
    means = [float(np.average(value[arm], weights=weight[arm])) for arm in (treated, ~treated)]
    error, plain, half = _errors(frame, _centred(frame, value, treated), treated, weight)
    gap = means[0] - means[1]
    told = error > _TINY and np.isfinite(half)
    return Effect(
        difference=gap,
        low=gap - half if told else None,
        high=gap + half if told else None,
        error=error,
        design=(error / plain) ** 2 if told and plain > _TINY else 1.0,
        treated=means[0],
        control=means[1],
        lines_treated=int(treated.sum()),
        lines_control=int((~treated).sum()),
    )


def _centred(frame: pd.DataFrame, value: FloatArray, treated: BoolArray) -> FloatArray:
    """The outcome less the mean of its campaign's two arms, where both are here."""
    codes, _ = pd.factorize(frame[CAMPAIGN])
    middle = np.zeros(int(codes.max()) + 1)
    for arm in (treated, ~treated):
        rows = np.bincount(codes[arm], minlength=len(middle))
        sums = np.bincount(codes[arm], weights=value[arm], minlength=len(middle))
        with np.errstate(invalid="ignore"):
            middle += sums / rows / 2
    # In a part of a campaign an arm may be missing; its lines are then measured from the mean.
    missing = ~np.isfinite(middle)
    middle[missing] = np.average(value)
    return np.asarray(value - middle[codes], dtype=np.float64)


def _errors(
    frame: pd.DataFrame, value: FloatArray, treated: BoolArray, weight: FloatArray
) -> tuple[float, float, float]:
    """Clustered and plain standard error, and half the 95 % interval."""
    from statsmodels.regression.linear_model import WLS

    codes, accounts = pd.factorize(frame["account"])
    if len(accounts) < 3 or len(value) < 4:
        return 0.0, 0.0, float("nan")
    matrix = np.column_stack([np.ones(len(value)), treated.astype(np.float64)])
    model = WLS(value, matrix, weights=weight)
    plain = model.fit(cov_type="HC1").bse[1]
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    low, high = fitted.conf_int(alpha=0.05)[1]
    return float(fitted.bse[1]), float(plain), float(high - low) / 2


def verdict(low: float | None, high: float | None) -> str:
    """What an interval of the difference in churn says."""
    if low is None or high is None:
        return UNCLEAR
    if high < 0:
        return SAVES
    return PROVOKES if low > 0 else UNCLEAR


def direction(low: float | None, high: float | None) -> str:
    """What an interval of the difference in revenue says."""
    if low is None or high is None:
        return UNCLEAR
    if high < 0:
        return LESS
    return MORE if low > 0 else UNCLEAR


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits) + 0.0

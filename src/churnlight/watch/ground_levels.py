"""What is usual on a day: its weekday's level with the trend, and the noise around it.

The usual of a day is the median of the same weekday in the eight weeks before, carried forward
along the trend (Theil 1950, Sen 1968: the median slope over pairs of days); near the beginning,
with fewer than three such weeks before, of the weeks on both sides. Days that are themselves in
trouble, public holidays and the days around them don't count. The noise has two parts: counting
(Poisson) and the days' own, from the median absolute deviation of the past's residuals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from churnlight.watch.ground_model import Flags, Floats

Lags = npt.NDArray[np.int64]

WEEKS = 8
LEAST_PAST = 3
# Where all eight weeks were in trouble, the last of them are the usual.
RECENT_WEEKS = 4
# No trend of more than about 10 % a month is carried forward.
LARGEST_SLOPE = 0.003
# Residuals of so many days before the window's end say how noisy days are.
NOISE_DAYS = 180
# With fewer residuals the noise is at least this; with any number at least the floor.
FEW_RESIDUALS, FEW_NOISE, LEAST_NOISE = 28, 0.1, 0.02
FEW_SHARE_NOISE, LEAST_SHARE_NOISE = 0.01, 0.003
# The level of the weeks beside a day, against which its noise is measured.
LOCAL_DAYS = 14
MAD_TO_SD = 1.4826
# With fewer rows expected, a day without any can be chance.
LEAST_ROWS = 30.0

ORDINARY, AROUND, HOLIDAY = 0, 1, 2


@dataclass(frozen=True)
class Level:
    """What is usual, day by day.

    Attributes:
        expected: rows (or share) that are usual; NaN where nothing can be said.
        noise: standard deviation of the days' own part, by day: of the logarithm of rows, or of
            the share. Where the days before alone don't say what is usual, the trend is in it too.
    """

    expected: Floats
    noise: Floats


def day_types(days: tuple[date, ...], holidays: Mapping[date, str] | None) -> Floats:
    """ORDINARY, AROUND a holiday (half the holiday's length on either side) or HOLIDAY, by day."""
    types = dict.fromkeys(days, ORDINARY)
    runs: list[list[date]] = []
    for day in sorted(holidays or {}):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    for run in runs:
        margin = -(-len(run) // 2)
        for i in range(-margin, len(run) + margin):
            day = run[0] + timedelta(days=i)
            if day in types:
                own = HOLIDAY if 0 <= i < len(run) else AROUND
                types[day] = max(types[day], own)
    return np.array([types[day] for day in days], dtype=np.float64)


def usual_rows(rows: Floats, usable: Flags) -> Level:
    """The usual rows of each day.

    Args:
        rows: rows a day; NaN where the month has no mart.
        usable: the days that may say what is usual.
    """
    values = np.log(np.maximum(rows, 0.5))
    centre, past = _centre(values, usable & (rows > 0), trend=True)
    with np.errstate(over="ignore"):
        expected = np.exp(centre)
    residual = np.where(usable & (rows > 0), values - centre, np.nan)
    counting = 1 / np.maximum(expected, 1.0)
    return Level(expected, _noise(residual, counting, past, (LEAST_NOISE, FEW_NOISE)))


def usual_share(shares: Floats, variance: Floats, usable: Flags) -> Level:
    """The usual share of each day.

    Args:
        shares: a share a day; NaN where there are no rows.
        variance: of counting, a day.
        usable: the days that may say what is usual.
    """
    centre, past = _centre(shares, usable & ~np.isnan(shares), trend=False)
    residual = np.where(usable, shares - centre, np.nan)
    return Level(centre, _noise(residual, variance, past, (LEAST_SHARE_NOISE, FEW_SHARE_NOISE)))


def least(expected: Floats, noise: Floats, drop: float | Floats, sds: float) -> Floats:
    """The fewest rows that are no trouble: `drop` below what is usual, and beyond the noise."""
    with np.errstate(invalid="ignore"):
        typical = expected * np.exp(-sds * noise)
        beyond = typical - sds * np.sqrt(np.maximum(typical, 0.0))
        return np.maximum(np.minimum(beyond, expected * (1 - drop)), 0.0)


def _centre(values: Floats, usable: Flags, *, trend: bool) -> tuple[Floats, Flags]:
    clean = np.where(usable, values, np.nan)
    lags = np.arange(1, WEEKS + 1) * 7
    before, after = _shifted(clean, lags), _shifted(clean, -lags)
    open_days = np.where(np.isfinite(values), values, np.nan)
    before_all = _shifted(open_days, lags)
    past = np.sum(~np.isnan(before_all), axis=1) >= LEAST_PAST
    reach = before
    if trend:
        slope = _slope(before, lags, len(values))
        reach = before + slope[:, None] * lags
    both = _median(np.concatenate([before, after], axis=1))
    centre = np.where(past, _median(reach), both)
    # A level that was in trouble for eight weeks is the usual by now.
    recent = _median(before_all[:, :RECENT_WEEKS])
    centre = np.where(np.isnan(centre), recent, centre)
    return np.where(np.isnan(centre), _median(_shifted(open_days, -lags)), centre), past


def _shifted(values: Floats, lags: Lags) -> Floats:
    count = len(values)
    places = np.arange(count)[:, None] - lags[None, :]
    inside = (places >= 0) & (places < count)
    return np.where(inside, values[np.clip(places, 0, count - 1)], np.nan)


def _slope(before: Floats, lags: Lags, count: int) -> Floats:
    """Slope a day: the median over pairs of the same weekday, then over the last seven days."""
    pairs = [
        (before[:, near] - before[:, far]) / (lags[far] - lags[near])
        for near in range(WEEKS)
        for far in range(near + 2, WEEKS)
    ]
    own = np.clip(_median(np.stack(pairs, axis=1)), -LARGEST_SLOPE, LARGEST_SLOPE)
    week = np.stack([np.concatenate([np.full(k, np.nan), own[: count - k]]) for k in range(7)], 1)
    return np.nan_to_num(_median(week), nan=0.0)


def _noise(residual: Floats, counting: Floats, past: Flags, floors: tuple[float, float]) -> Floats:
    """Noise by day: around the level of the weeks beside it, or around what was expected."""
    recent = slice(-NOISE_DAYS, None)
    days = np.arange(-LOCAL_DAYS, LOCAL_DAYS + 1)
    local = residual - _median(_shifted(residual, days))
    own = _spread(local[recent], counting[recent], floors)
    return np.where(past, own, max(own, _spread(residual[recent], counting[recent], floors)))


def _spread(residual: Floats, counting: Floats, floors: tuple[float, float]) -> float:
    least_noise, few = floors
    here = ~np.isnan(residual)
    if not here.any():
        return few
    found = residual[here]
    spread = MAD_TO_SD * float(np.median(np.abs(found - np.median(found))))
    own = float(np.sqrt(max(0.0, spread**2 - float(np.median(counting[here])))))
    return max(own, least_noise, few if len(found) < FEW_RESIDUALS else 0.0)


def _median(values: Floats) -> Floats:
    """Median along the second axis of what is no NaN; NaN where nothing is."""
    ordered = np.sort(values, axis=1)
    count = np.sum(~np.isnan(ordered), axis=1)
    rows = np.arange(len(ordered))
    low = ordered[rows, np.maximum(count - 1, 0) // 2]
    high = ordered[rows, np.minimum(count // 2, ordered.shape[1] - 1)]
    return np.where(count > 0, (low + high) / 2, np.nan)

"""When things happen within a month: hours, weekdays, holidays, as tables to draw from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

import numpy as np

from churnlight.demo.randomness import Array
from churnlight.timeline import Month

DAY_S = 86_400
_CELLS_BITS = 16
_CELLS = 1 << _CELLS_BITS

# First day of the lunar year, where Spring Festival falls.
_LUNAR_NEW_YEAR = {
    2020: (1, 25), 2021: (2, 12), 2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29),
    2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23),
}  # fmt: skip


class Rhythm(IntEnum):
    """Which daily and weekly rhythm an event follows."""

    PRIVATE = 0
    WORK = 1
    DATA = 2
    NIGHT = 3


# Relative intensity of the 24 hours of a working day and of a day off, by rhythm.
_WORKDAY = {
    Rhythm.PRIVATE: (
        2, 1, 1, 1, 1, 2, 5, 12, 20, 22, 24, 28,
        30, 24, 20, 20, 24, 34, 44, 46, 42, 32, 18, 7,
    ),
    Rhythm.WORK: (
        0, 0, 0, 0, 0, 1, 4, 20, 60, 80, 82, 60,
        36, 50, 74, 78, 70, 50, 26, 14, 9, 5, 2, 1,
    ),
    Rhythm.DATA: (
        12, 7, 4, 3, 3, 5, 14, 30, 36, 34, 34, 38,
        46, 40, 34, 34, 36, 42, 48, 54, 60, 62, 50, 28,
    ),
    Rhythm.NIGHT: (
        34, 24, 12, 5, 2, 1, 2, 4, 6, 8, 8, 10,
        14, 12, 10, 10, 12, 16, 24, 40, 56, 64, 60, 48,
    ),
}  # fmt: skip
_DAY_OFF = {
    Rhythm.PRIVATE: (
        3, 2, 1, 1, 1, 2, 4, 8, 18, 30, 36, 36,
        32, 26, 26, 28, 30, 36, 42, 42, 38, 30, 18, 8,
    ),
    Rhythm.WORK: (
        0, 0, 0, 0, 0, 0, 1, 4, 10, 14, 15, 12,
        8, 8, 10, 11, 10, 8, 5, 4, 3, 2, 1, 0,
    ),
    Rhythm.DATA: (
        16, 10, 6, 4, 3, 4, 9, 20, 32, 40, 44, 46,
        48, 46, 44, 44, 46, 48, 52, 58, 62, 64, 54, 34,
    ),
    Rhythm.NIGHT: (
        44, 34, 18, 8, 3, 1, 1, 3, 5, 8, 10, 14,
        18, 18, 16, 16, 18, 22, 32, 48, 62, 70, 66, 56,
    ),
}  # fmt: skip
_HOLIDAY_BOOST = {Rhythm.PRIVATE: 1.25, Rhythm.WORK: 0.3, Rhythm.DATA: 1.1, Rhythm.NIGHT: 1.25}


@dataclass(frozen=True)
class Clock:
    """Times of one month to draw from.

    Attributes:
        start, width: int32 arrays (rhythm, cell): cells of equal probability, in seconds since
            the month's first instant; a cell is [start, start + width).
        volume: events of a 30-day month times this make the month's, by rhythm.
        seconds: length of the month.
    """

    start: Array
    width: Array
    volume: Array
    seconds: int

    def draw(self, words: Array, rhythm: Array | int) -> Array:
        """Seconds (int32) since the month's first instant, from uniform uint32 words."""
        flat = (words >> np.uint32(_CELLS_BITS)).astype(np.int32)
        flat += np.asarray(rhythm, dtype=np.int32) * _CELLS
        offset = (words & np.uint32(_CELLS - 1)).astype(np.int64) * self.width.ravel()[flat]
        return self.start.ravel()[flat] + (offset >> _CELLS_BITS).astype(np.int32)


def holidays(first: Month, months: int) -> dict[date, str]:
    """Public holidays of the calendar years that the months touch."""
    found: dict[date, str] = {}
    for year in range(first.year, (first + months).year + 1):
        found[date(year, 1, 1)] = "New Year"
        if year in _LUNAR_NEW_YEAR:
            eve = date(year, *_LUNAR_NEW_YEAR[year]) - timedelta(days=1)
            found |= {eve + timedelta(days=i): "Spring Festival" for i in range(8)}
        found |= {date(year, 5, day): "Labour Day" for day in range(1, 6)}
        found |= {date(year, 10, day): "National Day" for day in range(1, 8)}
    return dict(sorted(found.items()))


def month_clock(month: Month) -> Clock:
    """The clock of a month."""
    off = holidays(month, 0)
    days = [month.start.date() + timedelta(days=i) for i in range(month.days)]
    starts, widths, volumes = [], [], []
    for rhythm in Rhythm:
        weights = np.concatenate([_day_weights(day, rhythm, off) for day in days])
        normal = 5 * sum(_WORKDAY[rhythm]) + 2 * sum(_DAY_OFF[rhythm])
        volumes.append(weights.sum() / (normal * 30 / 7))
        share = np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum()
        hours = np.arange(len(share)) * 3_600.0
        edges = np.interp(np.linspace(0.0, 1.0, _CELLS + 1), share, hours).astype(np.int32)
        starts.append(edges[:-1])
        widths.append(np.maximum(np.diff(edges), 1))
    return Clock(
        start=np.stack(starts),
        width=np.stack(widths).astype(np.int64),
        volume=np.array(volumes),
        seconds=month.days * DAY_S,
    )


def _day_weights(day: date, rhythm: Rhythm, off: dict[date, str]) -> Array:
    if day in off:
        return np.array(_DAY_OFF[rhythm], dtype=np.float64) * _HOLIDAY_BOOST[rhythm]
    hours = _DAY_OFF[rhythm] if day.weekday() >= 5 else _WORKDAY[rhythm]
    return np.array(hours, dtype=np.float64)


def epoch_day(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def first_day(month: Month) -> int:
    """Days since 1970-01-01 of a month's first day."""
    return epoch_day(month.start.date())

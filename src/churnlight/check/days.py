"""Days of a month of CDRs that are missing: not a row, while the days around have their usual."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from statistics import median

from churnlight.timeline import Month

# With fewer rows on the days around, a day without any can be chance.
LEAST_USUAL_ROWS = 30
# Of the usual day's rows; with fewer on the days around, the gap is part of a longer decline.
NEIGHBOUR_SHARE = 0.5


def missing_days(rows_by_day: Mapping[int, int], month: Month) -> tuple[str, ...]:
    """Find the days without a row whose neighbours have their usual volume.

    The usual is the median of the days that have rows. At the month's edge the one neighbour
    inside decides; of days in a row that lack rows, the days before and after them.

    Args:
        rows_by_day: rows that are not refused, by day of the month (1 to 31).
        month: the month.

    Returns:
        Days as YYYY-MM-DD, sorted.
    """
    counts = [rows_by_day.get(day, 0) for day in range(1, month.days + 1)]
    if not any(counts):
        return ()
    usual = median([count for count in counts if count])
    missing: list[int] = []
    least = max(NEIGHBOUR_SHARE * usual, LEAST_USUAL_ROWS)
    for empty, run in groupby(range(month.days), key=lambda i: counts[i] == 0):
        places = list(run)
        around = [i for i in (places[0] - 1, places[-1] + 1) if 0 <= i < month.days]
        if empty and all(counts[i] >= least for i in around):
            missing += places
    return tuple(f"{month}-{place + 1:02d}" for place in missing)

"""Days of a month: those of CDRs that are missing, and how fresh a month's newest rows are."""

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


def newest_day(rows_by_day: Mapping[int, int], month: Month) -> str | None:
    """The newest day with a row, as YYYY-MM-DD; None where no row tells its day."""
    days = [day for day, count in rows_by_day.items() if count]
    return f"{month}-{max(days):02d}" if days else None


def is_stale(rows_by_day: Mapping[int, int], month: Month, fresh_days: int) -> bool:
    """Whether a month's rows end too early to be chance.

    Args:
        rows_by_day: rows by day of the month.
        month: the month.
        fresh_days: how many days before the month's last the newest day may be.

    Returns:
        True where more days than that are empty at the month's end, and `LEAST_USUAL_ROWS` rows
        would stand in them if the month had gone on at its own pace.
    """
    days = [day for day, count in rows_by_day.items() if count]
    if not days:
        return False
    empty = month.days - max(days)
    pace = sum(rows_by_day.values()) / max(days)
    return empty > fresh_days and pace * empty >= LEAST_USUAL_ROWS

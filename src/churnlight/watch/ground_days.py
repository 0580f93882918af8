"""Days of CDRs that are missing or far below what is usual, and what that looks like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise

import numpy as np

from churnlight.params.guard import GuardParams
from churnlight.timeline import Month
from churnlight.watch.ground_levels import (
    AROUND,
    HOLIDAY,
    LEAST_ROWS,
    ORDINARY,
    Level,
    day_types,
    least,
    usual_rows,
)
from churnlight.watch.ground_model import Cause, Flags, Floats, Ground, Trouble, Volume

ALL = "all kinds"
# Kinds that fall together hold this share of the usual rows.
TOGETHER = 0.8
# A fall is sudden when three days on either side of its beginning differ by this share of it.
SUDDEN = 0.5
# Runs at least so long are a lower level rather than bad days.
LONG_RUN = 7
# A lower level is told week by week, as the days before it cease to say what is usual.
PASSES = 10
# No public holiday is longer, shops closed on the days around it included.
LONGEST_HOLIDAY = 16


@dataclass(frozen=True)
class Series:
    """Rows a day of one kind and direction, or of all.

    Attributes:
        name: "kind/direction", or ALL.
        rows: rows a day; NaN where the month has no mart.
        expected: what is usual.
        least: the fewest rows that are no trouble.
        low: days with fewer.
    """

    name: str
    rows: Floats
    expected: Floats
    least: Floats
    low: Flags

    @property
    def ratio(self) -> Floats:
        """Rows over what is usual; NaN where nothing is expected."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.expected >= 1, self.rows / self.expected, np.nan)


@dataclass(frozen=True)
class Days:
    """The days that were looked at.

    Attributes:
        days: from the first known to the window's last.
        judged: the days of the window whose month has a mart.
        types: ordinary, around a holiday, holiday.
        total: all kinds.
        kinds: each kind and direction, by name.
        day_off: ordinary weekdays with the volume of a weekend, where no holidays are given.
    """

    days: tuple[date, ...]
    judged: Flags
    types: Floats
    total: Series
    kinds: tuple[Series, ...]
    day_off: Flags

    @property
    def sound(self) -> Flags:
        """Ordinary days without trouble, which may say what is usual."""
        return np.asarray(
            (self.types == ORDINARY) & ~self.total.low & ~np.isnan(self.total.rows), dtype=bool
        )


def look_at_days(ground: Ground, volume: Volume, params: GuardParams) -> Days:
    """Work out what is usual on each day, and which days lack rows."""
    days = volume.days
    types = day_types(days, ground.holidays)
    first = ground.window[0].start.date()
    judged = np.array([day >= first for day in days]) & volume.there
    usable = (types == ORDINARY) & volume.there
    rows = np.where(volume.there, volume.total, np.nan)
    total, level = _total(rows, usable, (days, types, ground), params)
    off_level = least(_lowest_of_week(level.expected), level.noise, params.day_drop, params.noise)
    weekday = np.array([day.weekday() < 5 for day in days])
    deep = _lowest_of_week(level.expected) < (1 - params.day_drop) * level.expected
    off = total.low & weekday & deep & (rows >= off_level) & (ground.holidays is None)
    kinds = tuple(
        _kind(name, np.where(volume.there, volume.rows[name], np.nan), total, types, params)
        for name in sorted(volume.rows)
    )
    return Days(days, judged, types, total, kinds, off)


def _total(
    rows: Floats,
    usable: Flags,
    calendar: tuple[tuple[date, ...], Floats, Ground],
    params: GuardParams,
) -> tuple[Series, Level]:
    low = np.nan_to_num(rows, nan=1.0) == 0
    # Days in trouble must not say what is usual, and which they are depends on what is.
    for _ in range(PASSES):
        level = usual_rows(rows, usable & ~low)
        bound = _bound(rows, level, low, calendar, params)
        before, low = low, _below(rows, bound)
        if (low == before).all():
            break
    return Series(ALL, rows, level.expected, bound, low), level


def _below(rows: Floats, bound: Floats) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray(rows < bound)


def _bound(
    rows: Floats,
    level: Level,
    low: Flags,
    calendar: tuple[tuple[date, ...], Floats, Ground],
    params: GuardParams,
) -> Floats:
    """The fewest rows that are no trouble; holidays and the days around them may have fewer."""
    days, types, ground = calendar
    between = (params.day_drop + params.holiday_drop) / 2
    base = np.where(types == ORDINARY, level.expected, _lowest_of_week(level.expected))
    drop = np.select([types == HOLIDAY, types == AROUND], [params.holiday_drop, between], 0.0)
    drop = np.where(types == ORDINARY, params.day_drop, drop)
    for i in np.flatnonzero(types == HOLIDAY):
        seen = _same_holiday(int(i), days, ground)
        ratios = [rows[j] / level.expected[j] for j in seen if not low[j]]
        ratios = [ratio for ratio in ratios if ratio > 0]
        if ratios:
            base[i], drop[i] = level.expected[i] * min(1.0, *ratios), between
    bound = least(base, level.noise, drop, params.noise)
    return np.where(level.expected >= LEAST_ROWS, bound, 0.0)


def _same_holiday(at: int, days: Sequence[date], ground: Ground) -> list[int]:
    """Days of the same holiday in an earlier year, as places in `days`."""
    holidays = ground.holidays or {}
    name, latest = holidays[days[at]], days[at] - timedelta(days=180)
    places = {day: i for i, day in enumerate(days) if day < latest}
    return [places[day] for day in sorted(places) if holidays.get(day) == name]


def _lowest_of_week(expected: Floats) -> Floats:
    """The least that is usual on any of the seven days around each day."""
    count = len(expected)
    places = np.clip(np.arange(count)[:, None] + np.arange(-3, 4)[None, :], 0, count - 1)
    around = np.where(np.isnan(expected[places]), np.inf, expected[places])
    lowest = around.min(axis=1)
    return np.where(np.isfinite(lowest), lowest, np.nan)


def _kind(name: str, rows: Floats, total: Series, types: Floats, params: GuardParams) -> Series:
    usable = (types == ORDINARY) & ~total.low & ~np.isnan(rows)
    low = np.nan_to_num(rows, nan=1.0) == 0
    # Use shifts between kinds on holidays; only a kind that is all but gone is told from that.
    drop = np.where(types == ORDINARY, params.kind_drop, (1 + params.holiday_drop) / 2)
    for _ in range(PASSES):
        level = usual_rows(rows, usable & ~low)
        base = np.where(types == ORDINARY, level.expected, _lowest_of_week(level.expected))
        bound = least(base, level.noise, drop, params.noise)
        bound = np.where(level.expected >= LEAST_ROWS, bound, 0.0)
        before, low = low, _below(rows, bound)
        if (low == before).all():
            break
    return Series(name, rows, level.expected, bound, low)


def runs(flags: Flags) -> Iterator[slice]:
    """Runs of true flags."""
    for flag, group in groupby(enumerate(flags.tolist()), key=lambda item: item[1]):
        places = [place for place, _ in group]
        if flag:
            yield slice(places[0], places[-1] + 1)


def bridged(flags: Flags, near: Flags) -> Flags:
    """Flags, and the gaps of at most a week between them in which all days are near it.

    A level that falls slowly crosses the bound on some days before it does on all.
    """
    joined = flags.copy()
    found = list(runs(flags))
    for one, two in pairwise(found):
        gap = slice(one.stop, two.start)
        if two.start - one.stop <= LONG_RUN and near[gap].all():
            joined[gap] = True
    return joined


def judge_days(ground: Ground, looked: Days, broken: frozenset[str]) -> list[Trouble]:
    """Troubles of the days of the window.

    Args:
        ground: what is looked at.
        looked: what `look_at_days` found.
        broken: months in which bills or snapshots are in trouble, "YYYY-MM".
    """
    found = []
    together = np.zeros(len(looked.days), dtype=bool)
    for run in _low_runs(looked, looked.total):
        falling = _falling(looked, run)
        if falling >= TOGETHER or not any(k.low[run].any() for k in looked.kinds):
            together[run] = True
            found.append(_of_total(ground, looked, run, (falling, broken)))
    for kind in looked.kinds:
        lacking = _low_runs(looked, kind, ~together)
        found += [_of_kind(ground, looked, kind, run, broken) for run in lacking]
    return found


def _low_runs(looked: Days, series: Series, among: Flags | None = None) -> Iterator[slice]:
    """Runs of days that lack rows, in the window."""
    flags = series.low & looked.judged
    if among is not None:
        flags &= among
    with np.errstate(invalid="ignore"):
        near = series.rows < (series.least + series.expected) / 2
    return runs(bridged(flags, near & looked.judged))


def _falling(looked: Days, run: slice) -> float:
    """Of the usual rows of a run, the share of kinds that fall by at least half as much as all."""
    fall = (1 - np.nansum(looked.total.rows[run]) / np.nansum(looked.total.expected[run])) / 2
    usual = [(k, float(np.nansum(k.expected[run]))) for k in looked.kinds]
    falling = sum(e for k, e in usual if np.nansum(k.rows[run]) <= (1 - fall) * e)
    return falling / max(sum(e for _, e in usual), 1.0)


def _of_total(
    ground: Ground, looked: Days, run: slice, evidence: tuple[float, frozenset[str]]
) -> Trouble:
    falling, broken = evidence
    series, length = looked.total, run.stop - run.start
    empty = bool(np.all(series.rows[run] == 0))
    at_end = run.stop == len(looked.days)
    newest = Month.of(looked.days[run.start]) == ground.window[-1]
    cause, why = _cause(ground, series, run, broken)
    if empty:
        cause, why = "ingestion", "absent"
    elif looked.day_off[run].all():
        cause, why = "unclear", "day_off"
    elif at_end and series.rows[run.stop - 1] == 0:
        cause, why = "ingestion", "absent"
    elif ground.holidays is None and length <= LONGEST_HOLIDAY and not _nearly_empty(looked, run):
        cause, why = "unclear", "holiday_possible"
    elif cause == "ingestion" and falling < TOGETHER:
        cause, why = "unclear", "one_day_step"
    whole = looked.days[run.start].day == 1 and length >= LONG_RUN
    if at_end and newest and cause != "drift" and not whole:
        kind = "month_partial"
    elif empty:
        kind = "day_missing"
    else:
        kind = "volume_low" if length >= LONG_RUN else "day_low"
    stops = not (why == "day_off" and not at_end)
    return _trouble(kind, looked, series, run, (cause, why), stops=stops)


def _nearly_empty(looked: Days, run: slice) -> bool:
    """Whether a run of low days has days so deep in it that no holiday explains them."""
    return bool(np.nanmin(looked.total.ratio[run]) < 0.05)


def _of_kind(
    ground: Ground, looked: Days, kind: Series, run: slice, broken: frozenset[str]
) -> Trouble:
    cause, why = _cause(ground, kind, run, broken)
    if cause == "ingestion":
        empty = np.nansum(kind.rows[run]) <= 0.05 * np.nansum(kind.expected[run])
        cause, why = ("ingestion" if empty else "unclear"), "one_kind"
    return _trouble("kind_low", looked, kind, run, (cause, why), stops=True)


def _cause(ground: Ground, series: Series, run: slice, broken: frozenset[str]) -> tuple[Cause, str]:
    """Sudden or slow, and whether the rest of the data went along; see docs/guard.md."""
    first = Month.of(ground_day(ground, run.start))
    if not sudden(series.ratio, run, usual=1.0):
        return ("unclear", "gradual_broken") if str(first) in broken else ("drift", "gradual")
    if _snapshots_shrank(ground, first, float(np.nanmean(series.ratio[run]))):
        return "unclear", "base_shrank"
    return "ingestion", "whole_days"


def ground_day(ground: Ground, place: int) -> date:
    """The day at a place of the arrays."""
    if ground.volume is None:
        raise AssertionError("no days without volume")
    return ground.volume.first + timedelta(days=place)


def sudden(values: Floats, run: slice, usual: float) -> bool:
    """Whether a run begins from one day to the next: `values` against `usual`."""
    before = values[max(0, run.start - 3) : run.start]
    before = before[~np.isnan(before)]
    after = values[run][:3]
    if not len(before) or np.isnan(after).all() or np.isnan(values[run]).all():
        return True
    step = abs(float(before.mean()) - float(np.nanmean(after)))
    return step >= SUDDEN * abs(usual - float(np.nanmedian(values[run])))


def _snapshots_shrank(ground: Ground, month: Month, ratio: float) -> bool:
    """Whether the snapshots lost at least half the share that the CDRs lost."""
    verdicts = ground.verdicts.get("subscribers", {})
    now, before = verdicts.get(month), verdicts.get(month - 1)
    if now is None or before is None or not before.kept:
        return False
    return now.kept / before.kept <= 1 - (1 - ratio) / 2


def _trouble(
    kind: str, looked: Days, series: Series, run: slice, because: tuple[Cause, str], *, stops: bool
) -> Trouble:
    day = looked.days[run.start]
    return Trouble(
        kind=kind,
        extract="cdr",
        month=str(Month.of(day)),
        day=f"{day}",
        column=None if series.name == ALL else series.name,
        figure=round(float(np.nanmean(series.rows[run])), 1),
        expected=round(float(np.nanmean(series.expected[run])), 1),
        low=round(float(np.nanmean(series.least[run])), 1),
        cause=because[0],
        why=because[1],
        stops=stops,
        days=run.stop - run.start,
    )

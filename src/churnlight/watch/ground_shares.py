"""Shares that jump: of nulls in a column of CDRs, and of CDRs in a kind and direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from churnlight.params.guard import GuardParams
from churnlight.timeline import Month
from churnlight.watch.ground_days import PASSES, Days, bridged, ground_day, runs, sudden
from churnlight.watch.ground_levels import Level, usual_share
from churnlight.watch.ground_model import Cause, Flags, Floats, Ground, Trouble, Volume

# A single day's share may stray by this many times the parameter, a month's mean by it alone.
DAY_FACTOR = 2.0
# One day of another mix is news (a day of sales); from two on it is a shift.
LEAST_DAYS = {"null_jump": 1, "share_jump": 2}
# With fewer rows a day's share says little.
LEAST_ROWS = 30.0
# A column of which more is null holds nothing that could be lost.
NEVER_GIVEN = 0.95


@dataclass(frozen=True)
class Shares:
    """A share, day by day.

    Attributes:
        kind: "null_jump" or "share_jump".
        name: the column, or the kind and direction.
        values: the share; NaN where there are too few rows.
        level: what is usual.
        reach: how far a day's share may stray.
        out: days that stray further.
    """

    kind: str
    name: str
    values: Floats
    level: Level
    reach: Floats
    out: Flags

    @property
    def near(self) -> Flags:
        """Days that stray at least half as far."""
        with np.errstate(invalid="ignore"):
            return np.abs(self.values - self.level.expected) > self.reach / 2


def look_at_shares(volume: Volume, looked: Days, params: GuardParams) -> tuple[Shares, ...]:
    """Shares of nulls and of categories, with what is usual on each day."""
    found = []
    for column, nulls in volume.nulls.items():
        values, variance = _null_share(volume.rows, nulls)
        found.append(("null_jump", column, values, variance, params.null_jump))
    total = volume.total
    odd = np.zeros(len(looked.days), dtype=bool)
    for kind in looked.kinds:
        odd |= kind.low
    enough = (total >= LEAST_ROWS) & ~odd
    for name in sorted(volume.rows):
        share = np.where(enough, volume.rows[name] / np.maximum(total, 1.0), np.nan)
        variance = share * (1 - share) / np.maximum(total, 1.0)
        found.append(("share_jump", name, share, variance, params.category_jump))
    return tuple(
        _shares((kind, name), values, variance, looked, (jump, params.noise))
        for kind, name, values, variance, jump in found
        if not np.isnan(values).all()
    )


def _null_share(rows: Mapping[str, Floats], nulls: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """Share of nulls a day, and the variance of counting it.

    Kinds that never have the column (data sessions have no counterpart) are left out, and the
    others enter with their usual weights, so that a change of the mix changes no share.
    """
    total = {name: float(rows[name].sum()) for name in rows}
    given = [n for n in sorted(rows) if total[n] and nulls[n].sum() < NEVER_GIVEN * total[n]]
    days = len(next(iter(rows.values())))
    share, weight, variance = np.zeros(days), np.zeros(days), np.zeros(days)
    count = np.zeros(days)
    for name in given:
        here = rows[name] > 0
        one = np.where(here, nulls[name] / np.maximum(rows[name], 1.0), 0.0)
        share += np.where(here, total[name] * one, 0.0)
        weight += np.where(here, total[name], 0.0)
        variance += np.where(
            here, total[name] ** 2 * one * (1 - one) / np.maximum(rows[name], 1), 0
        )
        count += rows[name]
    enough = (weight > 0) & (count >= LEAST_ROWS)
    weight = np.where(enough, weight, 1.0)
    return np.where(enough, share / weight, np.nan), variance / weight**2


def _shares(
    of: tuple[str, str],
    values: Floats,
    variance: Floats,
    looked: Days,
    limits: tuple[float, float],
) -> Shares:
    jump, sds = limits
    out = np.zeros(len(values), dtype=bool)
    for _ in range(PASSES):
        level = usual_share(values, variance, looked.sound & ~out)
        reach = np.maximum(DAY_FACTOR * jump, sds * np.sqrt(variance + level.noise**2))
        before = out
        with np.errstate(invalid="ignore"):
            out = np.abs(values - level.expected) > reach
        if (out == before).all():
            break
    # Days off have a mix of their own; a column is empty or not on any day.
    if of[0] == "share_jump":
        out &= looked.sound
    return Shares(*of, values, level, reach, out)


def judge_shares(
    ground: Ground, looked: Days, shares: tuple[Shares, ...], params: GuardParams
) -> list[Trouble]:
    """Troubles of shares: runs of days, and months whose mean strays."""
    found = []
    for one in shares:
        told: set[Month] = set()
        for run in runs(bridged(one.out & looked.judged, one.near & looked.judged)):
            if run.stop - run.start < LEAST_DAYS[one.kind]:
                continue
            told |= {Month.of(looked.days[i]) for i in range(run.start, run.stop)}
            found.append(_of_run(ground, one, run))
        jump = params.null_jump if one.kind == "null_jump" else params.category_jump
        for month in ground.window:
            trouble = None if month in told else _of_month(looked, one, month, jump, params)
            if trouble:
                found.append(trouble)
    return _one_of_each(found)


def _of_run(ground: Ground, one: Shares, run: slice) -> Trouble:
    usual = float(np.nanmean(one.level.expected[run]))
    value = float(np.nanmean(one.values[run]))
    cause: Cause = "drift"
    why = "gradual"
    if sudden(one.values, run, usual):
        first = ground_day(ground, run.start).day == 1
        why = "month_boundary" if first else "day_boundary"
        cause = "ingestion"
        if one.kind == "share_jump":
            cause, why = "unclear", "shift"
    return _trouble(
        ground, one, run, (value, usual, float(np.nanmean(one.reach[run]))), (cause, why)
    )


def _of_month(
    looked: Days, one: Shares, month: Month, jump: float, params: GuardParams
) -> Trouble | None:
    """A month whose mean strays though no run of days does by enough: it came slowly."""
    inside = np.array([Month.of(day) == month for day in looked.days])
    here = inside & looked.sound & ~np.isnan(one.values) & ~np.isnan(one.level.expected)
    if here.sum() < 7:
        return None
    value, usual = float(one.values[here].mean()), float(one.level.expected[here].mean())
    noise = float(one.level.noise[here].max()) / np.sqrt(here.sum() / 7)
    reach = max(jump, params.noise * noise)
    if abs(value - usual) <= reach:
        return None
    places = np.flatnonzero(inside)
    start = int(places[0])
    run = slice(start, int(places[-1]) + 1)
    because: tuple[Cause, str] = ("drift", "gradual")
    if sudden(np.where(looked.sound, one.values, np.nan), run, usual):
        nulls = one.kind == "null_jump"
        because = ("ingestion", "month_boundary") if nulls else ("unclear", "shift")
    return Trouble(
        kind=one.kind, extract="cdr", month=str(month), day=None, column=one.name,
        figure=round(value, 4), expected=round(usual, 4), cause=because[0], why=because[1],
        stops=True, low=round(max(0.0, usual - reach), 4), high=round(min(1.0, usual + reach), 4),
    )  # fmt: skip


def _trouble(
    ground: Ground,
    one: Shares,
    run: slice,
    figures: tuple[float, float, float],
    because: tuple[Cause, str],
) -> Trouble:
    value, usual, reach = figures
    day = ground_day(ground, run.start)
    return Trouble(
        kind=one.kind, extract="cdr", month=str(Month.of(day)), day=f"{day}", column=one.name,
        figure=round(value, 4), expected=round(usual, 4), cause=because[0], why=because[1],
        stops=True, days=run.stop - run.start,
        low=round(max(0.0, usual - reach), 4), high=round(min(1.0, usual + reach), 4),
    )  # fmt: skip


def _one_of_each(found: list[Trouble]) -> list[Trouble]:
    """Of categories that jump from the same day, the one that moves most: shares add up to 1."""
    best: dict[tuple[str, str, str | None], Trouble] = {}
    rest = []
    for trouble in found:
        if trouble.kind != "share_jump":
            rest.append(trouble)
            continue
        place = (trouble.kind, trouble.month, trouble.day)
        if place not in best or _moves(trouble) > _moves(best[place]):
            best[place] = trouble
    return rest + list(best.values())


def _moves(trouble: Trouble) -> float:
    return abs(trouble.figure - (trouble.expected or 0.0))

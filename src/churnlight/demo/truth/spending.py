"""The chance that all bills of the months to come are small: simulated forward, row by row.

Whoever gave up the spending, or never had much of it fixed, is measured against the median of the
window's bills. Use to come is drawn around what the row's own past says of it; the same 512 draws
serve all rows, spread evenly over each source of chance, so that their mean carries little noise.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from churnlight.demo import causes
from churnlight.demo.bills import Bill
from churnlight.demo.calls import CALL_SPREAD, SESSION_SPREAD
from churnlight.demo.causes import EPISODES
from churnlight.demo.cdr import Use
from churnlight.demo.clock import Rhythm
from churnlight.demo.lives import Lives
from churnlight.demo.offer import (
    CONTRACT_DISCOUNT_PERCENT,
    GROUP_DISCOUNT_PERCENT,
    PLANS,
    plan_column,
)
from churnlight.demo.people import People
from churnlight.demo.randomness import Array
from churnlight.demo.view import WOBBLE, View

DRAWS = 512
_LOST_DRAWS = 64
_ROWS_AT_ONCE = 2_000
# Spread of the sum of n calls or sessions, times n: E[x^2] / E[x]^2 of one.
_CALLS, _SESSIONS = float(np.exp(CALL_SPREAD**2)), float(np.exp(SESSION_SPREAD**2))
_BYTES = float(1 << 20)
_CALLED = [i for i, e in enumerate(EPISODES) if e.outgoing != (1.0,)]


class History:
    """What was billed and used in the last months, one element a row, newest month last."""

    def __init__(self, window: int, horizon: int) -> None:
        self._bills: deque[Array] = deque(maxlen=max(window, horizon))
        self._use: deque[tuple[Array, ...]] = deque(maxlen=window)

    def add(self, bill: Bill, uses: list[Use], view: View) -> None:
        """Add a month that is settled."""
        self._bills.append(bill.total.astype(np.int32))
        billed = np.concatenate([u.voice_s for u in uses]).astype(np.int32)
        talked = np.concatenate([u.talk_s for u in uses]).astype(np.int32)
        size = np.concatenate([u.bytes for u in uses]).astype(np.float32)
        out = (view.outgoing * view.clock.volume[Rhythm.PRIVATE]).astype(np.float32)
        sessions = (view.sessions * view.clock.volume[Rhythm.DATA]).astype(np.float32)
        self._use.append((billed, talked, size, out, sessions))

    def bills(self, rows: Array, months: int) -> Array:
        """Bills of the last months in cents (int64 (month, row))."""
        return np.stack([bill[rows] for bill in list(self._bills)[-months:]]).astype(np.int64)

    def talked_s(self, rows: Array) -> Array:
        """Outgoing seconds over the window (int64)."""
        return np.asarray(np.sum([use[1][rows].astype(np.int64) for use in self._use], axis=0))

    def ratios(self, rows: Array) -> tuple[Array, Array]:
        """Billed seconds for each outgoing event expected; bytes for each session (float64)."""
        total = [sum(use[i][rows].astype(np.float64) for use in self._use) for i in (0, 2, 3, 4)]
        return total[0] / np.maximum(total[2], 1e-6), total[1] / np.maximum(total[3], 1e-6)


@dataclass(frozen=True)
class Spenders:
    """The state at an as_of that bills depend on, of the rows `row`; one element a row of them.

    Attributes:
        row: int32.
        plan: uint8 index.
        level, data_level: lasting factors on use (float32).
        ages: months of the episodes that change the calls (uint8 (episode, row)).
        lost: whether most of the spending went (bool).
        percent: discount on the fee (int64 (month to come, row)); the group's own alone in `group`.
        services: cents a month (int64).
    """

    row: Array
    plan: Array
    level: Array
    data_level: Array
    ages: Array
    lost: Array
    percent: Array
    group: Array
    services: Array


def spenders(lives: Lives, row: Array, index: int, months: int, services: Array) -> Spenders:
    """Copy what bills depend on, before month `index` begins."""
    group = GROUP_DISCOUNT_PERCENT * lives.in_group[row].astype(np.int64)
    kind = lives.contract[row]
    percent = [
        group
        + np.where(
            (kind > 0) & (lives.contract_ends_in[row] >= index + step),
            CONTRACT_DISCOUNT_PERCENT[kind],
            0,
        )
        for step in range(months)
    ]
    return Spenders(
        row=row,
        plan=lives.plan[row],
        level=lives.level[row],
        data_level=lives.data_level[row],
        ages=lives.ages[_CALLED][:, row],
        lost=lives.lost[row],
        percent=np.stack(percent),
        group=group,
        services=services[row],
    )


@dataclass(frozen=True)
class Odds:
    """Chances that every bill of the horizon is at most the limit (float32).

    Attributes:
        stays: as things stand.
        lost: if most of the spending goes in the first month, by what is left of the use.
    """

    stays: Array
    lost: dict[float, Array]


def bill_odds(
    people: People, who: Spenders, history: History, limit: Array, steps: range, levels: list[float]
) -> Odds:
    """Chances that every bill of the horizon is at most `limit`.

    Args:
        people: the traits.
        who: the state at as_of.
        history: of the window.
        limit: cents (float64), one a row of `who`.
        steps: the label's months, counted from as_of.
        levels: factors on the use of who gives up the spending; none: that is not asked.
    """
    fee = plan_column("fee_cents")[who.plan]
    least = fee * (100 - who.percent.max(axis=0)) // 100 + who.services
    stays = np.zeros(len(who.row), dtype=np.float32)
    open_ = np.flatnonzero((least <= limit) & (limit > 0))
    for part in _parts(open_):
        month = _Months(people, who, history, part, DRAWS)
        stays[part] = month.small(limit[part], steps, who.plan[part], None)
    lost: dict[float, Array] = {}
    dear = who.plan >= len(PLANS) - 2
    refuge = np.where(dear, people.profile.refuge_dear, people.profile.refuge)
    may = np.flatnonzero(~who.lost & (limit > 0)) if levels else np.zeros(0, dtype=np.int64)
    for level in levels:
        lost[level] = np.zeros(len(who.row), dtype=np.float32)
        for part in _parts(may):
            month = _Months(people, who, history, part, _LOST_DRAWS)
            lost[level][part] = month.small(limit[part], steps, refuge[part], level)
    return Odds(stays, lost)


def _parts(rows: Array) -> list[Array]:
    return np.array_split(rows, max(-(-len(rows) // _ROWS_AT_ONCE), 1)) if len(rows) else []


class _Months:
    """Months to come of some rows (positions in `Spenders`), drawn `draws` times."""

    def __init__(
        self, people: People, who: Spenders, history: History, part: Array, draws: int
    ) -> None:
        self.who, self.part, self.draws = who, part, draws
        row = who.row[part]
        self.seconds, self.size = history.ratios(row)
        self.out = people.out_rate[row] * who.level[part]
        self.sessions = people.data_rate[row] * who.data_level[part]

    def small(self, limit: Array, steps: range, plan: Array, lost_level: float | None) -> Array:
        """Share of the draws in which every bill of `steps` is at most `limit` (float32)."""
        table = {
            name: plan_column(name)[plan][:, None].astype(np.float32)
            for name in (
                "fee_cents", "minutes", "voice_cents", "data_mb", "data_cents_per_mb", "step_s",
            )
        }  # fmt: skip
        ages = np.repeat(self.who.ages[:, self.part, None], self.draws, axis=2)
        kept = np.ones((len(self.part), self.draws), dtype=bool)
        for step in range(steps.stop):
            normal, uniform = _draws(self.draws, step)
            ages = self._older(ages, uniform)
            if step not in steps:
                continue
            calls = np.ones_like(kept, dtype=np.float32)
            for number, index in enumerate(_CALLED):
                age = ages[number]
                calls *= np.where(age > 0, causes.by_age(EPISODES[index].outgoing, age), 1.0)
            wobble = np.exp(np.float32(WOBBLE) * normal[0])
            kept &= self._bill(table, step, (calls, wobble, normal), lost_level) <= limit[:, None]
        return np.asarray(kept.mean(axis=1), dtype=np.float32)

    def _older(self, ages: Array, uniform: Array) -> Array:
        lost = self.who.lost[self.part][:, None]
        older = []
        for number, index in enumerate(_CALLED):
            episode, age = EPISODES[index], ages[number]
            passes = uniform[number] < causes.passing(episode, age, lost)
            begins = (age == 0) & (uniform[number] < episode.onset)
            older.append(np.where(passes, 0, np.where(age > 0, age + 1, begins)))
        return np.stack(older).astype(np.uint8)

    def _bill(
        self,
        plan: dict[str, Array],
        step: int,
        use: tuple[Array, Array, Array],
        lost_level: float | None,
    ) -> Array:
        """Cents (float32 (row, draw))."""
        calls, wobble, normal = use
        level = np.float32(1.0 if lost_level is None else lost_level)
        # Who gives up the spending takes the data elsewhere (`Lives.data_level`).
        data_level = np.float32(1.0 if lost_level is None else 0.25 * lost_level)
        out = (self.out * level)[:, None] * calls
        sessions = (self.sessions * data_level)[:, None] * np.sqrt(calls)
        seconds = out * wobble * _noise(out, _CALLS, normal[1])
        seconds *= self.seconds.astype(np.float32)[:, None]
        size = sessions * wobble * _noise(sessions, _SESSIONS, normal[2])
        size *= self.size.astype(np.float32)[:, None]
        voice = np.maximum(seconds - plan["minutes"] * 60, 0) * plan["voice_cents"] / 60
        data = np.maximum(np.ceil(size / _BYTES) - plan["data_mb"], 0) * plan["data_cents_per_mb"]
        who, part = self.who, self.part
        percent = who.percent[step][part] if lost_level is None else who.group[part]
        fee = plan["fee_cents"] * (100 - percent[:, None]) / 100
        return np.asarray(fee + voice + data + who.services[part][:, None], dtype=np.float32)


def _noise(mean_count: Array, spread: float, normal: Array) -> Array:
    """Factor of mean 1 on a sum of about `mean_count` draws (float32)."""
    # The row's own ratio is known from some three months, which adds a third of the variance.
    variance = np.log1p(spread * 4 / 3 / np.maximum(mean_count * 0.7, 1.0)).astype(np.float32)
    return np.exp(np.sqrt(variance) * normal - variance / 2)


def _draws(count: int, step: int) -> tuple[Array, Array]:
    """Normal (3, count) and uniform (episodes, count) numbers, each row spread evenly; fixed."""
    rng = np.random.default_rng((20_250_101, count, step))
    even = (np.arange(count) + 0.5) / count
    uniform = np.stack([rng.permutation(even) for _ in range(3 + len(_CALLED))])
    return _normal(uniform[:3]).astype(np.float32), uniform[3:]


def _normal(uniform: Array) -> Array:
    """Quantiles of the normal distribution (float64); accurate to 5e-4 (Hastings 1955)."""
    tail = np.minimum(uniform, 1.0 - uniform)
    t = np.sqrt(-2.0 * np.log(tail))
    above = 2.515517 + t * (0.802853 + t * 0.010328)
    below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    return np.where(uniform < 0.5, -1.0, 1.0) * (t - above / below)

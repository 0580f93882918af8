"""Who the subscribers are: traits that do not change while the operator knows them.

Rows are the lines of a city, those who are there at the start and those who will join; rows of a
district stand together, so that a district can be simulated and written by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from churnlight.demo.offer import FIRST_PREMIER, SERVICES, plan_column
from churnlight.demo.profile import PROFILES, Profile
from churnlight.demo.randomness import Array, Part, chance, pick, stream

# A district's rows times its seconds times its events must fit one 63-bit sorting key (cdr.py).
DISTRICT_ROWS = 30_000
# More join over the months than leave; what is left over never appears.
_JOINERS_MONTHLY = 0.03
_FIRST_CELL = 100_001
# What an offer does to a line's rates of leaving: some are saved, most are indifferent, some are
# reminded that they could leave.
RESPONSES = ("saved", "indifferent", "provoked")
RESPONSE_EFFECT = np.array([0.35, 1.0, 1.6], dtype=np.float32)
_RESPONSE_SHARES = (0.25, 0.65, 0.10)

AGE_BANDS = ("under_18", "18-24", "25-34", "35-44", "45-54", "55-64", "65_and_over")
GROUP_CLASSES = ("A", "B", "C", "none")
NO_GROUP = -1
NO_HABIT = 255
NEVER_HAD = 127


@dataclass(frozen=True)
class People:
    """Traits, one element a row.

    Attributes:
        profile: the kind of operator.
        districts: first row of each district, and the number of rows at the end (int64).
        joins: whether the row joins later (bool).
        high: whether the line is of the mid/high-end kind (bool).
        out_rate: outgoing calls and messages in 30 days (float32).
        talk: log of how much longer than usual the line's calls are (float32).
        minutes: outgoing minutes in 30 days, roughly; no habit changes them (float32).
        data_rate, data_mb: data sessions and MB in 30 days (float32).
        family: row of the family's main line (int32).
        workplace, workplace_class: enterprise group (int32, -1: none) and its class (uint8 index).
        home, elsewhere: number of the cell at home, and of three others (int32); see `cells`.
        plan: plan at the start (uint8 index).
        tenure_days: days on the books at the start (int32).
        had_from: index of the month from which each value-added service is had, 0 for the start and
            NEVER_HAD for never (int8 (service, row)).
        habit: planted group (uint8 index in `habits.HABITS`); NO_HABIT where there are none.
        region: uint8 index in the profile's regions.
        response: what an offer would do (uint8 index in RESPONSES).
    """

    profile: Profile
    districts: Array
    joins: Array
    high: Array
    out_rate: Array
    talk: Array
    minutes: Array
    data_rate: Array
    data_mb: Array
    family: Array
    workplace: Array
    workplace_class: Array
    home: Array
    elsewhere: Array
    plan: Array
    tenure_days: Array
    had_from: Array
    habit: Array
    region: Array
    age: Array
    female: Array
    postpaid: Array
    broadband: Array
    ported_in: Array
    staff: Array
    test: Array
    red_list: Array
    no_contact: Array
    response: Array

    @property
    def count(self) -> int:
        """Rows."""
        return len(self.high)

    def rows(self, district: int) -> slice:
        """Rows of a district."""
        return slice(int(self.districts[district]), int(self.districts[district + 1]))

    def cells(self, rows: slice) -> Array:
        """Cells where lines are seen: columns 0-7 at leisure, 8-15 at work (int32).

        Worked out when asked for: sixteen cells a line of a whole city would fill the memory.
        """
        home, other = self.home[rows], self.elsewhere[rows]
        workplace = self.workplace[rows]
        cells = _cell_count(self.count)
        at_work = (workplace.astype(np.int64) * 7 % cells).astype(np.int32)
        work = np.where(workplace == NO_GROUP, other[:, 0], at_work)
        columns = [home] * 5 + [other[:, 0], other[:, 1], other[:, 2]]
        columns += [work] * 5 + [home, other[:, 0], other[:, 1]]
        return np.stack(columns, axis=1) + np.int32(_FIRST_CELL)


def make_people(
    seed: int, subscribers: int, months: int, profile: Profile = PROFILES["default"]
) -> People:
    """Draw the city's lines: `subscribers` at the start, and those who may join in `months`."""
    rng = stream(seed, Part.PEOPLE)
    rows = subscribers + int(np.ceil(subscribers * _JOINERS_MONTHLY * months)) + 20
    parts = -(-rows // DISTRICT_ROWS)
    districts = np.linspace(0, rows, parts + 1).astype(np.int64)
    joins = np.ones(rows, dtype=bool)
    joins[rng.permutation(rows)[:subscribers]] = False
    family = _families(rng, rows, districts)
    high = _high(rng, family, profile.high_share)
    workplace, workplace_class = _workplaces(rng, rows, districts)
    home = rng.integers(0, _cell_count(rows), rows).astype(np.int32)[family]
    mean, spread = (
        np.where(high, *pair) for pair in zip(profile.high_events, profile.low_events, strict=True)
    )
    out_rate = rng.lognormal(mean, spread).astype("f4")
    talk = rng.normal(0.0, 0.25, rows).astype("f4")
    minutes = expected_minutes(out_rate, talk)
    plan, data_mb = _plans(rng, high, minutes, profile.modest_cuts)
    return People(
        profile=profile,
        districts=districts,
        joins=joins,
        high=high,
        out_rate=out_rate,
        talk=talk,
        minutes=minutes,
        data_rate=rng.lognormal(np.where(high, 3.3, 2.8), 0.4).astype("f4"),
        data_mb=data_mb,
        family=family,
        workplace=workplace,
        workplace_class=workplace_class,
        home=home,
        elsewhere=rng.integers(0, _cell_count(rows), (rows, 3)).astype(np.int32),
        plan=plan,
        tenure_days=(60 + rng.gamma(1.6, 750.0, rows)).astype("i4"),
        had_from=_services(rng, rows),
        habit=np.full(rows, NO_HABIT, dtype=np.uint8),
        region=pick(rng, profile.region_shares, rows)[family],
        age=pick(rng, (0.03, 0.15, 0.27, 0.23, 0.17, 0.10, 0.05), rows),
        female=chance(rng, 0.48, rows),
        postpaid=chance(rng, np.where(high, 0.7, 0.35), rows),
        broadband=chance(rng, np.where(high, 0.5, 0.25), rows)[family],
        ported_in=chance(rng, 0.06, rows),
        staff=chance(rng, 0.004, rows),
        test=chance(rng, 0.0005, rows),
        red_list=chance(rng, 0.003, rows),
        no_contact=chance(rng, 0.012, rows),
        response=pick(rng, _RESPONSE_SHARES, rows),
    )


def expected_minutes(out_rate: Array, talk: Array) -> Array:
    """Outgoing minutes in 30 days that a rate of calls makes, roughly (float32)."""
    return np.asarray(out_rate * np.exp(talk) * np.float32(2.3), dtype=np.float32)


def _families(rng: np.random.Generator, rows: int, districts: Array) -> Array:
    """Row of the main line, for each row; a family is one to four rows that stand together."""
    starts = rng.random(rows) < 0.45
    starts[districts[:-1]] = True
    index = np.arange(rows)
    main = np.maximum.accumulate(np.where(starts, index, 0))
    # Cut long runs into families of at most four lines.
    return np.asarray(main + (index - main) // 4 * 4, dtype=np.int32)


def _high(rng: np.random.Generator, family: Array, share: float) -> Array:
    rows = len(family)
    alike = chance(rng, 0.5, rows)
    own = chance(rng, share, rows)
    return np.where(alike, own[family], own)


def _workplaces(rng: np.random.Generator, rows: int, districts: Array) -> tuple[Array, Array]:
    """Enterprise group of each row and its class: some large, many small, within a district."""
    workplace = np.full(rows, NO_GROUP, dtype=np.int32)
    classes = np.full(rows, GROUP_CLASSES.index("none"), dtype=np.uint8)
    first = 0
    for low, high in pairwise(districts.tolist()):
        workers = low + rng.permutation(high - low)[: int(0.34 * (high - low))]
        sizes = np.minimum(4 + rng.pareto(1.1, len(workers)) * 6, 400).astype(np.int64)
        ends = np.cumsum(sizes)
        group = np.searchsorted(ends, np.arange(len(workers)), side="right")
        workplace[workers] = first + group
        classes[workers] = np.digitize(sizes[group], (100, 25)).astype(np.uint8)
        first += int(group.max(initial=-1)) + 1
    return workplace, classes


def _plans(
    rng: np.random.Generator, high: Array, minutes: Array, cuts: tuple[float, ...]
) -> tuple[Array, Array]:
    """The plan that seemed to fit when it was bought, and the data that the line really uses."""
    guess = minutes * rng.lognormal(0.1, 0.35, len(high))
    included = plan_column("minutes")
    premier = FIRST_PREMIER + np.searchsorted(included[FIRST_PREMIER:-1], guess, side="left")
    modest = np.searchsorted(cuts, guess, side="left")
    plan = np.where(high, premier, modest).astype(np.uint8)
    usual = plan_column("data_mb")[plan] * 0.55
    return plan, (usual * rng.lognormal(0.0, 0.5, len(high))).astype("f4")


def _cell_count(rows: int) -> int:
    return max(rows // 150, 3)


def _services(rng: np.random.Generator, rows: int) -> Array:
    had = np.full((len(SERVICES), rows), NEVER_HAD, dtype=np.int8)
    for index, service in enumerate(SERVICES):
        if service.share > 0:
            had[index][chance(rng, service.share, rows)] = 0
    return had

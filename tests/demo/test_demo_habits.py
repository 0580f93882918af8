"""Planted habits: visible in the calls, harmless to bills' minutes, absent from the city."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from churnlight.demo.bills import service_fees
from churnlight.demo.habits import HABITS, NAMES, plant
from churnlight.demo.offer import SERVICES
from churnlight.demo.people import NEVER_HAD, NO_HABIT, make_people
from churnlight.demo.profile import PROFILES


@pytest.fixture(scope="module")
def people():
    made = make_people(5, 20_000, 6, replace(PROFILES["default"], habits=True))
    return made, plant(5, made)


@pytest.fixture(scope="module")
def operator(operator_of):
    return operator_of(habits=True)


@pytest.fixture(scope="module")
def habits(operator):
    """Habit of each subscriber, by the truth of the last as_of."""
    outlook = operator.table("truth/outlook/as_of=2025-09-01")
    return outlook.set_index("subscriber_id")["habit"]


def test_every_line_has_a_habit_by_its_share(people):
    _, planted = people
    shares = np.bincount(planted.habit, minlength=len(HABITS)) / planted.count
    assert shares == pytest.approx([h.share for h in HABITS], abs=0.01)
    assert sum(h.share for h in HABITS) == pytest.approx(1.0)


def test_habits_change_how_minutes_are_called_and_not_how_many(people):
    made, planted = people
    calls = (256 - np.array([h.messages for h in HABITS])[planted.habit]) / (256 - 26)
    before = made.out_rate * np.exp(made.talk)
    after = planted.out_rate * np.exp(planted.talk) * calls
    assert after == pytest.approx(before, rel=1e-4)
    assert (planted.minutes == made.minutes).all()
    assert (planted.plan == made.plan).all()
    assert not np.allclose(planted.out_rate, made.out_rate)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_there_are_none_unless_asked_for(profile):
    made = make_people(5, 1_000, 6, profile)
    same = plant(5, made)
    assert same is made
    assert (same.habit == NO_HABIT).all()
    extra = [index for index, service in enumerate(SERVICES) if service.share == 0]
    assert (same.had_from[extra] == NEVER_HAD).all()


def test_services_go_by_habit_and_are_taken_up_over_the_months(people):
    _, planted = people
    for index, service in enumerate(SERVICES):
        if service.share > 0:
            continue
        likes = np.array([service.service_id in h.likes for h in HABITS])[planted.habit]
        had = planted.had_from[index] == 0
        assert had[likes].mean() == pytest.approx(0.30, abs=0.02)
        assert had[~likes].mean() == pytest.approx(0.03, abs=0.01)
        # Of those without it 1.5 % a month take it up.
        waiting = likes & ~had
        assert (planted.had_from[index][waiting] == 1).mean() == pytest.approx(0.015, abs=0.006)
    first, later = service_fees(planted, 0), service_fees(planted, 5)
    assert (later >= first).all()
    assert 0.1 < (later > first).mean() < 0.6


def test_the_calls_show_the_habit(operator, habits):
    calls = operator.table("cdr").query("part == '2025-06' and direction == 'out'")
    calls = calls[calls["counterpart_network"] != "service"]
    calls = calls.assign(habit=calls["subscriber_id"].map(habits)).dropna(subset=["habit"])
    assert set(habits) == set(NAMES)
    started = pd.to_datetime(calls["started_at"])
    night = ((started.dt.hour >= 19) | (started.dt.hour < 7)).groupby(calls["habit"]).mean()
    assert night["night"] > 0.6
    assert night["office"] < 0.2
    voice = calls[(calls["kind"] == "voice") & (calls["duration_s"] > 0)]
    seconds = voice.groupby("habit")["duration_s"].mean()
    assert seconds["talker"] > 2 * seconds["night"]
    assert seconds["night"] > 1.2 * seconds["office"]
    messages = (calls["kind"] != "voice").groupby(calls["habit"]).mean()
    assert messages["surfer"] > 0.3
    assert messages["office"] < 0.15


def test_somebody_takes_a_service_up_in_every_month(operator):
    rows = operator.table("services")
    months = sorted(rows["month"].unique())
    keys = ["subscriber_id", "service_id"]
    pairs = [set(month[keys].itertuples(index=False)) for _, month in rows.groupby("month")]
    new = [len(now - before) for before, now in pairwise(pairs)]
    assert len(new) == len(months) - 1
    # Joiners bring theirs; 1,200 lines take up some 40 more a month.
    assert min(new) > 20

"""Drift: seldom found where there is none, found and named where it is, never from later months."""

from __future__ import annotations

import json

import pytest
from drift_world import World, as_of

from churnlight.errors import ChurnlightError
from churnlight.params.monitor import MonitorParams
from churnlight.watch.drift import judge_drift
from churnlight.watch.profile import Profile, Reference

PARAMS = MonitorParams()


def named(judged) -> set[str]:
    return {one["name"] for one in judged["outside"]}


@pytest.mark.parametrize("shock", [0.0, 0.1])
def test_months_without_drift_alarm_about_as_seldom_as_wanted(shock) -> None:
    worlds = 80
    alarms = 0
    for seed in range(worlds):
        world = World(seed, shock=shock)
        reference = world.reference()
        past = [world.month(m).to_json() for m in (7, 8)]
        alarms += judge_drift(reference, world.month(9), past, PARAMS)["verdict"] == "outside"
    # Wanted 0.05; more than 11 of 80 come by chance less than once in five hundred times.
    assert alarms <= 11


def test_planted_shifts_are_found_and_named() -> None:
    planted = {"f01": (1.5, 0.0), "f03": (2.5, 0.0), "f05": (0.0, 0.5)}
    found = dict.fromkeys(planted, 0)
    wrong = 0
    for seed in range(20):
        world = World(seed, shock=0.05)
        reference = world.reference()
        past = [world.month(m).to_json() for m in (7, 8)]
        for name, change in planted.items():
            judged = judge_drift(reference, world.month(9, {name: change}), past, PARAMS)
            found[name] += name in named(judged)
            wrong += bool(named(judged) - {name})
            assert (judged["verdict"] == "outside") == bool(named(judged))
    assert min(found.values()) >= 18
    assert wrong <= 8


def test_what_drifted_is_told_then_and_now() -> None:
    world = World(0, shock=0.03)
    reference = world.reference()
    change = {"f01": (2.0, 0.0), "f03": (4.0, 0.0), "f05": (0.0, 0.6)}
    judged = judge_drift(reference, world.month(9, change), [], PARAMS)
    assert named(judged) == set(change)
    told = {e["name"]: e for e in judged["distributions"] if e["outside"]}
    assert told["f01"]["median_then"] == pytest.approx(0.0, abs=0.15)
    assert told["f01"]["median_now"] == pytest.approx(1.96, abs=0.1)  # the last cut
    assert told["f03"]["level"] == "b"
    assert told["f03"]["level_now"] > 0.8 > told["f03"]["level_then"]
    assert told["f05"]["missing_now"] == pytest.approx(0.65, abs=0.05)
    assert sum(told["f05"]["now"]) == pytest.approx(1.0, abs=1e-4)
    assert json.loads(json.dumps(judged)) == judged


def test_later_months_change_nothing() -> None:
    world = World(1)
    reference = world.reference()
    earlier = [world.month(m).to_json() for m in (7, 8)]
    now = world.month(9)
    judged = judge_drift(reference, now, earlier, PARAMS)
    wild = {f"f{k:02d}": (5.0, 0.5) for k in range(20)}
    later = [world.month(m, wild).to_json() for m in (9, 10, 11)]
    assert judge_drift(reference, now, [*later, *reversed(earlier)], PARAMS) == judged
    assert judged["months"] == [as_of(m) for m in (1, 2, 3, 4, 6, 7, 8)]
    # The earlier ones do count: without them the bands are others.
    assert judge_drift(reference, now, [], PARAMS)["distributions"] != judged["distributions"]


def test_training_months_that_are_not_earlier_make_no_pairs() -> None:
    world = World(2)
    judged = judge_drift(world.reference(), world.month(4), [], PARAMS)
    assert judged["months"] == [as_of(m) for m in (1, 2, 3)]
    assert judged["left_out"] == [
        {"as_of": as_of(4), "why": "later"},
        {"as_of": as_of(6), "why": "later"},
    ]


def test_a_month_that_drifted_is_no_measure_of_the_usual() -> None:
    world = World(3, shock=0.05)
    reference = world.reference()
    drifted = {"f01": (3.0, 0.0)}
    past = [world.month(7).to_json(), world.month(8, drifted).to_json()]
    judged = judge_drift(reference, world.month(9, drifted), past, PARAMS)
    assert judged["left_out"] == [{"as_of": as_of(8), "why": "drifted"}]
    assert "f01" in named(judged), "the second month after a shift is outside too"


def test_profiles_of_another_model_are_left_out() -> None:
    world, other = World(4), World(4, features=7)
    judged = judge_drift(world.reference(), world.month(9), [other.month(7).to_json()], PARAMS)
    assert judged["left_out"] == [{"as_of": as_of(7), "why": "other_model"}]
    with pytest.raises(ChurnlightError, match="bins of another model"):
        judge_drift(world.reference(), other.month(9), [], PARAMS)
    with pytest.raises(ChurnlightError, match="no subscribers"):
        judge_drift(world.reference(), Profile(world.edges, as_of(9)), [], PARAMS)


def test_few_pairs_are_provisional_and_none_unjudged() -> None:
    world = World(5)
    months = [world.month(m) for m in (1, 2, 3, 4)]
    verdicts = {}
    for count in (1, 2, 3, 4):
        reference = Reference(world.edges, tuple(months[:count]))
        judged = judge_drift(reference, world.month(9), [], PARAMS)
        verdicts[judged["pairs"]] = judged["verdict"]
    assert verdicts[0] == "unjudged"
    assert verdicts[1] == verdicts[3] == "provisional"
    assert verdicts[6] in {"within", "outside"}


def test_a_small_cohort_is_excused_for_its_noise() -> None:
    alarms = 0
    for seed in range(30):
        world = World(seed, shock=0.05, rows=20_000)
        reference = world.reference()
        world.rows = 300
        alarms += judge_drift(reference, world.month(8), [], PARAMS)["verdict"] == "outside"
    assert alarms <= 5

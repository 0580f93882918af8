"""Refusing, accepting, and ground.json."""

from __future__ import annotations

import json

import pytest
from ground_world import anything, copy_of, world

from churnlight.errors import DataRefused, DriftAlarm, UsageError
from churnlight.params.guard import GuardParams
from churnlight.timeline import Month
from churnlight.watch.ground import (
    Trouble,
    ground_content,
    hold_ground,
    judge_ground,
    with_accepted,
)

PARAMS = GuardParams()
CLEAN = world(5)


def trouble(cause="ingestion", *, stops=True, **changes) -> Trouble:
    given = {
        "kind": "day_low", "extract": "cdr", "month": "2025-11", "day": "2025-11-12",
        "column": None, "figure": 900.0, "expected": 1500.0, "low": 1200.0, "days": 1,
        "why": "whole_days",
    }  # fmt: skip
    return Trouble(cause=cause, stops=stops, **{**given, **changes})


DRIFT = trouble("drift", why="gradual", month="2025-12", day="2025-12-03", kind="volume_low")


def test_ingestion_refuses_the_data_and_names_everything():
    with pytest.raises(DataRefused) as refused:
        hold_ground([trouble(), DRIFT])
    said = str(refused.value)
    for part in (
        "cdr 2025-11", "2025-11-12", "900", "1,500", "1,200", "cdr 2025-12", "2025-12-03",
        "looks like an ingestion failure", "looks like real drift", "--accept REASON",
        "2 troubles", "nothing was scored",
    ):  # fmt: skip
        assert part in said
    assert refused.value.exit_code == 3


def test_drift_alone_is_an_alarm_of_its_own():
    with pytest.raises(DriftAlarm) as alarm:
        hold_ground([DRIFT])
    assert alarm.value.exit_code == 4
    assert "--accept REASON" in str(alarm.value)


def test_what_nobody_can_tell_is_refused():
    with pytest.raises(DataRefused, match="the data can't tell"):
        hold_ground([trouble("unclear", why="shift"), DRIFT])


def test_a_reason_or_nothing_that_stops_lets_it_pass():
    hold_ground([trouble(), DRIFT], accepted="the switch was down, operations know")
    hold_ground([trouble(stops=False)])
    hold_ground([])


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_reason_is_none(empty):
    with pytest.raises(UsageError, match="--accept needs a reason"):
        hold_ground([trouble()], accepted=empty)


def spoilt():
    w = copy_of(CLEAN)
    w.cut(0, "2025-11-12", "2025-11-12", anything)
    return w


def test_the_content_keeps_reason_troubles_and_everything_looked_at():
    ground = spoilt().ground("2026-01-01")
    content = ground_content(ground, PARAMS, judge_ground(ground, PARAMS), "it was a strike")
    # Strict JSON, with everything in it.
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["accepted"] == "it was a strike"
    assert [t["day"] for t in content["troubles"]] == ["2025-11-12"]
    assert content["troubles"][0]["says"]["zh"].startswith("cdr 2025-11: 2025-11-12 没有话单")
    days = content["looked"]["days"]
    total = days["series"][0]
    place = 31 + 11
    assert days["first"] == "2025-10-01"
    assert len(total["rows"]) == len(total["least"]) == len(days["types"]) == 31 + 30 + 31
    assert total["rows"][place] == 0
    assert 14_000 < total["expected"][place] < 17_000
    assert total["least"][place] == pytest.approx(0.8 * total["expected"][place], rel=0.01)
    assert {s["name"] for s in content["looked"]["shares"] if s["kind"] == "null_jump"} == {
        "counterpart_id", "duration_s", "counterpart_network", "cell_id",
    }  # fmt: skip
    extracts = {(r["extract"], r["month"]): r for r in content["looked"]["rows"]}
    billing = CLEAN.verdicts["billing"][Month(2025, 11)].kept
    assert extracts[("billing", "2025-11")]["rows"] == billing
    assert content["looked"]["cohort"]["subscribers"] == CLEAN.cohorts["2026-01-01"].subscribers


def test_a_reason_without_trouble_is_not_kept():
    ground = CLEAN.ground("2026-01-01")
    content = ground_content(ground, PARAMS, (), "just in case")
    assert content["accepted"] is None
    assert content["troubles"] == []


def accepted_at(as_of: str, *troubles: Trouble, reason: str | None = "known"):
    return {
        "as_of": as_of,
        "accepted": reason,
        "troubles": [t.to_json() for t in troubles],
    }


def test_what_was_accepted_once_is_not_asked_again():
    [passed] = with_accepted([trouble()], [accepted_at("2025-12-01", trouble())])
    assert not passed.stops
    assert "accepted when 2025-12-01 was scored" in str(passed)
    hold_ground([passed])


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (trouble(), None),
        (trouble(day="2025-11-13"), "known"),
        (trouble(column="voice/out"), "known"),
        (trouble(figure=1100.0), "known"),
        (trouble(stops=False), "known"),
        (trouble(figure=2500.0), "known"),
    ],
    ids=["not accepted", "another day", "another column", "milder then", "only a note", "a rise"],
)
def test_another_or_a_worse_trouble_is_asked_again(before, reason):
    [asked] = with_accepted([trouble()], [accepted_at("2025-12-01", before, reason=reason)])
    assert asked.stops


def test_the_ragged_end_of_a_month_is_the_same_bad_day_a_month_later():
    w = copy_of(CLEAN)
    w.cut(0, "2025-11-29", "2025-11-30", anything)
    then = w.ground("2025-12-01")
    found = judge_ground(then, PARAMS)
    assert [t.kind for t in found] == ["month_partial"]
    kept = ground_content(then, PARAMS, found, "the switch was down")
    later = judge_ground(w.ground("2026-01-01"), PARAMS)
    assert [(t.kind, t.stops) for t in later] == [("day_missing", True)]
    assert [t.stops for t in with_accepted(later, [kept])] == [False]

"""Who must not be proposed anything; nothing from the cutoff on is looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from plan_world import AT, book, campaigns, earlier, facts, world

from churnlight.plan import caller_rows, make_plan
from churnlight.plan.suppress import REASONS

PEOPLE = dict.fromkeys((1, 2, 3), ("red", 0.5, 200.0))
CUTOFF = datetime(2026, 1, 6)


@pytest.fixture
def plain(tmp_path: Path):
    return world(book(tmp_path), PEOPLE)


def why(inputs) -> list[str | None]:
    found = make_plan(inputs)
    out = found.table["suppressed_by"]
    silent = found.table[out.notna()]
    columns = ["arm", "action", "offer", "plan_id", "expected_profit_money", "offers_from"]
    assert silent[columns].isna().all(axis=None)
    assert not set(caller_rows(found.table, inputs.playbook)["subscriber_id"]) & set(
        silent["subscriber_id"]
    )
    counted = {k: v["first"] for k, v in found.content["suppressed"].items() if v["first"]}
    assert counted == out.value_counts().to_dict()
    return out.astype(object).where(out.notna(), None).tolist()


def test_nothing_speaks_against_anybody(plain) -> None:
    assert why(plain) == [None, None, None]


@pytest.mark.parametrize(("place", "reason"), [(1, "red_list"), (2, "no_contact")])
def test_flags_of_the_snapshot(plain, place: int, reason: str) -> None:
    row = [2, False, False, None, None]
    row[place] = True
    assert why(replace(plain, facts=facts([tuple(row)]))) == [None, reason, None]


def test_gone_since_as_of(plain) -> None:
    scores = plain.scores.assign(left_before_cutoff=[False, False, True])
    assert why(replace(plain, scores=scores)) == [None, None, "left"]


@pytest.mark.parametrize(
    ("filed", "counts"),
    [
        (datetime(2025, 11, 2), True),
        (datetime(2026, 1, 5, 23, 59), True),
        (CUTOFF, False),  # not known yet
        (datetime(2019, 12, 31), False),  # of whoever had the id before
    ],
)
def test_an_application_to_port_out(plain, filed: datetime, counts: bool) -> None:
    given = replace(plain, facts=facts([(1, False, False, None, filed)]))
    assert why(given) == ["port_out" if counts else None, None, None]


OFFERED = datetime(2025, 12, 20)


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        ((OFFERED, "treated", None, None), True),
        ((OFFERED, "control", None, None), False),
        ((OFFERED, None, None, None), False),
        ((datetime(2025, 11, 7), "treated", None, None), True),  # 60 days before the cutoff
        ((datetime(2025, 11, 6, 23), "treated", None, None), False),
        ((datetime(2025, 10, 1), "treated", datetime(2025, 12, 1), True), True),
        ((OFFERED, "treated", datetime(2025, 12, 22), False), False),  # nobody was reached
        # What came from the cutoff on is not known: not the offer, not that nobody was reached.
        ((CUTOFF, "treated", None, None), False),
        ((datetime(2026, 1, 5, 23, 59), "treated", None, None), True),
        ((OFFERED, "treated", CUTOFF, False), True),
        ((datetime(2025, 10, 1), "treated", CUTOFF, True), False),
        ((datetime(2019, 12, 31), "treated", None, None), False),
    ],
)
def test_contacted_within_the_days_of_rest(plain, row, counts: bool) -> None:
    given = replace(plain, campaigns=campaigns([(2, *row)]))
    assert why(given) == [None, "contacted" if counts else None, None]


def test_nobody_rests_from_another_holder_of_the_id(plain) -> None:
    people = plain.people.assign(activated_on=date(2025, 12, 25))
    given = replace(
        plain, people=people, campaigns=campaigns([(2, OFFERED, "treated", None, None)])
    )
    assert why(given) == [None, None, None]


@pytest.mark.parametrize(
    ("cycle", "arm", "counts"),
    [
        ("2025-12-01", "treated", True),
        ("2025-12-01", "control", False),
        ("2026-01-01", "treated", False),  # this very cycle, planned again
        ("2026-02-01", "treated", False),  # a later one
    ],
)
def test_who_an_earlier_plan_had_called_rests(plain, cycle: str, arm: str, counts: bool) -> None:
    ended = date(2026, 1, 1)
    row = (cycle, 2, "A2", arm, ended, date.fromisoformat(cycle[:8] + "06"))
    given = replace(plain, earlier=earlier([row]))
    assert why(given) == [None, "contacted" if counts else None, None]


def test_the_first_reason_counts_and_all_are_told(plain) -> None:
    given = replace(plain, facts=facts([(1, True, True, None, datetime(2025, 12, 1))]))
    found = make_plan(given).content["suppressed"]
    assert list(found) == list(REASONS)
    assert found["red_list"] == {"first": 1, "applies": 1}
    assert found["no_contact"] == found["port_out"] == {"first": 0, "applies": 1}


def test_a_later_plan_holds_nobody_out(plain) -> None:
    later = ("2026-02-01", 2, "A2", "control", date(2026, 4, 1), date(2026, 2, 6))
    own = ("2026-01-01", 3, "A3", "control", date(2026, 3, 1), AT.cutoff.date())
    found = make_plan(replace(plain, earlier=earlier([later, own]))).table
    assert found["arm"].tolist() == ["treated"] * 3

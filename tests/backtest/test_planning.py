"""Roles by time for past months: worked out by hand, and held to a second rule."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from churnlight.backtest.planning import plan, testable
from churnlight.params.data import TimeParams
from churnlight.timeline import Month, check_roles, month_range

testable.__test__ = False  # no test, whatever pytest thinks of its name

YEAR = month_range(Month(2025, 1), 12)
TIME = TimeParams()


def days(*months: int) -> tuple[str, ...]:
    return tuple(f"2025-{m:02d}-01" for m in months)


def test_what_can_be_tested_by_hand() -> None:
    # Window of three months: April is the first; the two months from November are the last.
    assert testable(YEAR, TIME, None) == days(4, 5, 6, 7, 8, 9, 10, 11)
    assert testable(YEAR, TimeParams(gap_months=2), None) == days(4, 5, 6, 7, 8, 9)
    # A label over three months of bills needs one month more.
    assert testable(YEAR, TIME, 3) == days(4, 5, 6, 7, 8, 9, 10)
    assert testable(YEAR[:4], TIME, None) == ()


@pytest.mark.parametrize(
    ("test", "fit", "search", "calibrate"),
    [
        # The label of April (April, May) is complete on 5 June, before the cutoff of 6 June.
        (6, (4,), (), None),
        (7, (4, 5), (), None),
        (8, (4,), (), 6),
        (9, (4, 5), (), 7),
        (10, (4, 5, 6), (4,), 8),
        (11, (4, 5, 6, 7), (4, 5), 9),
    ],
)
def test_roles_by_hand(
    test: int, fit: tuple[int, ...], search: tuple[int, ...], calibrate: int | None
) -> None:
    found = plan(days(test)[0], days(*range(4, 12)), TIME, None)
    assert found is not None
    assert found.fit == days(*fit)
    assert found.search == days(*search)
    assert found.calibrate == (None if calibrate is None else days(calibrate)[0])


def test_the_demos_own_roles_come_out() -> None:
    """params.yaml gives fit 4 to 7, calibrate 9, test 11."""
    found = plan("2025-11-01", days(*range(4, 12)), TIME, None)
    assert found is not None
    assert found.learned == days(4, 5, 6, 7, 9)


def test_without_a_complete_label_there_is_no_plan() -> None:
    assert plan("2025-05-01", days(*range(4, 12)), TIME, None) is None
    assert plan("2025-08-01", (), TIME, None) is None


@pytest.mark.parametrize("gap", [0, 1, 2])
@pytest.mark.parametrize(
    "horizon", [{"horizon_months": 1}, {"horizon_months": 3}, {"horizon_days": 40}]
)
@pytest.mark.parametrize("spend", [None, 4])
def test_no_label_is_learned_before_it_was_complete(
    gap: int, horizon: dict[str, int], spend: int | None
) -> None:
    """The leak test, by counting days instead of the timeline's own functions."""
    time = TimeParams(gap_months=gap, **horizon)
    as_ofs = [str(m) + "-01" for m in month_range(Month(2023, 1), 30)]

    def complete(as_of: str) -> datetime:
        start = Month.parse(as_of[:7]) + gap
        ends = [
            start.start + timedelta(days=time.horizon_days)
            if time.horizon_days
            else (start + time.horizon_months).start
        ]
        if spend:
            ends.append((start + spend).start)
        return max(ends) + timedelta(days=time.close_days)

    def cutoff(as_of: str) -> datetime:
        return datetime.fromisoformat(as_of) + timedelta(days=time.close_days)

    seen = 0
    for test in as_ofs:
        found = plan(test, as_ofs, time, spend)
        if found is None:
            continue
        seen += 1
        assert test not in found.learned
        for learned in found.learned:
            assert complete(learned) <= cutoff(test)
        for searched in found.search:
            assert complete(searched) <= cutoff(found.fit[-1])
        if found.calibrate is not None:
            assert all(complete(a) <= cutoff(found.calibrate) for a in found.fit)
        # Nothing that was known is left out, and the pipeline's own rule agrees.
        known = [a for a in as_ofs if complete(a) <= cutoff(test)]
        assert found.learned[-1] == known[-1]
        roles = dict.fromkeys(found.fit, "fit") | {test: "test"}
        if found.calibrate:
            roles[found.calibrate] = "calibrate"
        check_roles(roles, time, spend)
    assert seen > 20

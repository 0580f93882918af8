"""The gate's decision, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from churnlight.gate import Champion, age_months, decide, without_comparison
from churnlight.params.data import TimeParams
from churnlight.params.judging import GateParams
from churnlight.timeline import moment, outcome_known_at

TIME = TimeParams()
TEST = moment("2026-02-01", TIME)  # cutoff 2026-02-06
# Fit and calibrated until 2025-10: complete at 2025-12-06.
CHAMPION = Champion("3", "2025-12-01", datetime(2025, 12, 6))


def figures(
    pr_auc: tuple[float, float, float] = (0.01, 0.002, 0.02),
    ece: tuple[float, float, float] = (0.0, -0.003, 0.003),
) -> dict[str, dict[str, float | None]]:
    return {
        name: dict(zip(("value", "low", "high"), numbers, strict=True))
        for name, numbers in (("pr_auc", pr_auc), ("ece", ece))
    }


def test_the_first_model_is_champion_and_says_why() -> None:
    decision = without_comparison("1", None, TEST)
    assert decision is not None
    assert (decision.outcome, decision.promote) == ("first", True)
    assert "no champion" in decision.reasons[0]


def test_the_champion_stays_itself() -> None:
    decision = without_comparison("3", CHAMPION, TEST)
    assert decision is not None
    assert (decision.outcome, decision.promote) == ("champion", False)


@pytest.mark.parametrize(
    ("pr_auc", "ece", "test_as_of", "promoted"),
    [
        ((0.01, 0.002, 0.02), (0.0, -0.003, 0.003), "2025-12-01", True),  # better
        ((0.01, -0.002, 0.02), (0.0, -0.003, 0.003), "2025-12-01", False),  # no need
        ((0.01, -0.002, 0.02), (0.0, -0.003, 0.003), "2025-11-01", False),  # three months old
        ((0.01, -0.002, 0.02), (0.0, -0.003, 0.003), "2025-10-01", True),  # four
        ((0.01, -0.005, 0.02), (0.0, -0.003, 0.003), "2025-10-01", False),  # at the margin
        ((0.01, -0.0049, 0.02), (0.0, -0.003, 0.003), "2025-10-01", True),  # just above it
        ((0.01, 0.002, 0.02), (0.004, 0.002, 0.005), "2025-12-01", True),  # at the margin
        ((0.01, 0.002, 0.02), (0.004, 0.002, 0.0051), "2025-12-01", False),  # calibration worse
    ],
)
def test_the_rules(
    pr_auc: tuple[float, float, float],
    ece: tuple[float, float, float],
    test_as_of: str,
    promoted: bool,
) -> None:
    champion = replace(CHAMPION, test_as_of=test_as_of)
    decision = decide(figures(pr_auc, ece), champion, TEST, GateParams())
    assert decision.promote == promoted
    assert decision.outcome == ("promoted" if promoted else "kept")
    assert len(decision.reasons) == 3


def test_the_parameters_decide() -> None:
    near = figures((0.0, -0.008, 0.01))
    old = replace(CHAMPION, test_as_of="2025-01-01")
    assert not decide(near, old, TEST, GateParams()).promote
    assert decide(near, old, TEST, GateParams(pr_auc_margin=0.01)).promote
    assert not decide(near, old, TEST, GateParams(pr_auc_margin=0.01, max_age_months=13)).promote


def test_an_unmeasured_difference_is_no_evidence() -> None:
    unknown: dict[str, float | None] = {"value": 0.0, "low": None, "high": None}
    old = replace(CHAMPION, test_as_of="2025-01-01")
    for name in ("pr_auc", "ece"):
        assert not decide(figures() | {name: unknown}, old, TEST, GateParams()).promote


def test_a_champion_that_knew_the_test_is_not_compared() -> None:
    """Its last label must be complete by the test's cutoff: a day later, and the test leaks."""
    last = moment("2025-12-01", TIME)
    fair = replace(CHAMPION, labels_known_at=outcome_known_at(last, TIME, None))
    assert fair.labels_known_at == TEST.cutoff
    assert without_comparison("4", fair, TEST) is None
    later = moment("2026-01-01", TIME)
    unfair = replace(CHAMPION, labels_known_at=outcome_known_at(later, TIME, None))
    decision = without_comparison("4", unfair, TEST)
    assert decision is not None
    assert (decision.outcome, decision.promote) == ("not_compared", False)
    assert "2026-03-06" in decision.reasons[0]


def test_what_is_not_known_or_was_taken_back_is_not_compared() -> None:
    for champion in (
        replace(CHAMPION, labels_known_at=None),
        replace(CHAMPION, rolled_back=frozenset({"4"})),
    ):
        decision = without_comparison("4", champion, TEST)
        assert decision is not None
        assert decision.outcome == "not_compared"
        assert "by hand" in decision.reasons[1]


def test_age_crosses_the_year() -> None:
    assert age_months(replace(CHAMPION, test_as_of="2025-11-01"), TEST) == 3
    assert age_months(replace(CHAMPION, test_as_of=None), TEST) is None

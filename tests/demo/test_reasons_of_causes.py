"""Explanations held to the simulator's truth, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from churnlight.demo.causes import Cause
from churnlight.demo.reasons_of_causes import REASONS_OF, held_to_truth
from churnlight.errors import ChurnlightError
from churnlight.features import REASONS


def test_every_cause_has_its_reasons_and_they_exist() -> None:
    # Debt is no leaving of the label's; bills are what falls by itself.
    named = {cause.name.lower() for cause in Cause if cause is not Cause.DEBT} | {"bills"}
    assert set(REASONS_OF) == named
    assert set().union(*REASONS_OF.values()) <= set(REASONS)
    assert [cause for cause, reasons in REASONS_OF.items() if not reasons] == ["unexplained"]


SCORES = pd.DataFrame(
    {
        "subscriber_id": [1, 2, 3, 4, 5, 6],
        "account_id": ["a", "a", "b", "c", "d", "e"],
        "tier": ["red", "white", "red", "yellow", "red", "red"],
        "churned": pd.array([True, True, False, True, None, True], dtype="boolean"),
    }
)
OUTLOOK = pd.DataFrame(
    {
        "subscriber_id": [6, 5, 4, 3, 2, 1],
        "share_drift": [0.1, 0.5, 0.9, 0.9, 0.2, 0.6],
        "share_contagion": [0.3, 0.5, 0.1, 0.1, 0.8, 0.4],
        "share_unexplained": [0.6, 0.0, 0.0, 0.0, 0.0, 0.0],
        "p_true": 0.5,
    }
)


def reasons(*given: tuple[int, str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(given, columns=["subscriber_id", "direction", "rank", "reason"])


GIVEN = reasons(
    (1, "up", 1, "handset"),
    (1, "up", 2, "bill_level"),
    (1, "up", 3, "falling_silent"),
    (2, "up", 1, "handset"),
    (2, "up", 2, "bill_level"),
    (2, "up", 4, "contacts_left"),
    (2, "down", 1, "contacts_to_rival"),
    (3, "up", 1, "handset"),
    (3, "up", 2, "falling_silent"),
    (4, "up", 1, "contacts_left"),
    (6, "up", 1, "falling_silent"),
)


def test_counts_by_hand() -> None:
    """1: drift, its reason third: named. 2: contagion, its reason fourth or the other way: not.
    6: unexplained, which no reason names. 3 stayed, 4 is yellow, 5 has no label.
    """
    found = held_to_truth(GIVEN, OUTLOOK, SCORES)
    assert found.commonest == ("falling_silent", "handset", "bill_level")
    assert found.rows.to_numpy().tolist() == [
        [1, "a", "drift", 0.6, True, True],
        [2, "a", "contagion", 0.8, False, False],
        [6, "e", "unexplained", 0.6, False, False],
    ]
    assert found.total() == {"leavers": 3, "named": 1, "usual": 1}
    assert found.by_cause()[0] == {"cause": "contagion", "leavers": 1, "named": 0, "usual": 0}
    white = held_to_truth(GIVEN, OUTLOOK, SCORES, tiers=["white"])
    assert white.total() == {"leavers": 1, "named": 0, "usual": 0}


def test_nobody_left() -> None:
    found = held_to_truth(GIVEN, OUTLOOK, SCORES.assign(churned=False))
    assert found.total() == {"leavers": 0, "named": 0, "usual": 0}
    assert found.by_cause() == []


def test_an_outlook_that_does_not_belong_is_refused() -> None:
    with pytest.raises(ChurnlightError, match="lacks 1 of 3 leavers"):
        held_to_truth(GIVEN, OUTLOOK.iloc[1:], SCORES)
    with pytest.raises(ChurnlightError, match="causes without a reason: weather"):
        held_to_truth(GIVEN, OUTLOOK.assign(share_weather=0.0), SCORES)

"""Which as_ofs may choose rounds and pruning: held to separate code."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from churnlight.params.data import TimeParams
from churnlight.params.population import LabelParams
from churnlight.stages.roles import search_as_ofs, searches

FITS = ["2025-04-01", "2025-05-01", "2025-06-01", "2025-07-01"]


def test_the_demos_as_ofs_by_hand() -> None:
    """June's label is complete on 6 August; July's model would have been made on 6 July."""
    assert search_as_ofs(FITS, TimeParams(), LabelParams()) == FITS[:2]


@pytest.mark.parametrize("gap", [0, 1, 2])
@pytest.mark.parametrize("horizon", [1, 2, 3])
@pytest.mark.parametrize("spend", [False, True])
def test_every_label_was_complete_when_the_last_model_was_made(
    gap: int, horizon: int, spend: bool
) -> None:
    time = TimeParams(gap_months=gap, horizon_months=horizon)
    label = LabelParams(kinds=("off_net", "spend_churn") if spend else ("off_net",))
    months = gap + max(horizon, 3 if spend else 0)
    made = date(2025, 7, 1) + timedelta(days=5)
    expected = [
        text
        for text in FITS[:-1]
        if date(2025, int(text[5:7]) + months, 1) + timedelta(days=5) <= made
    ]
    assert search_as_ofs(FITS, time, label) == expected


def test_no_fit_as_of() -> None:
    assert search_as_ofs([], TimeParams(), LabelParams()) == []


def test_what_each_fit_as_of_may_judge_by_hand() -> None:
    """Tuning: April's label is complete on 6 June, so June judges April; May judges nothing."""
    expected = {"2025-06-01": FITS[:1], "2025-07-01": FITS[:2]}
    assert searches(FITS, TimeParams(), LabelParams()) == expected
    assert searches(FITS[:2], TimeParams(), LabelParams()) == {}

"""Selection rate and calibration by group, against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churnlight.assess.fairness import Group, Part, fairness, selected_tiers

TIERS = ("blue", "green", "yellow", "red", "white")


def people() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten subscribers; of the north's four two are selected, of the south's five none."""
    rows = pd.DataFrame(
        {
            "subscriber_id": np.arange(10),
            "probability": [0.9, 0.6, 0.1, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.7],
            "tier": ["white", "red", "blue", "green", *["blue"] * 5, "red"],
            "churned": [True, False, False, True, *[False] * 5, True],
        }
    )
    groups = pd.DataFrame(
        {
            # Another order, and one who is not in the cohort any more.
            "subscriber_id": [99, *range(9, -1, -1)],
            "region": ["north", None, *["south"] * 5, *["north"] * 4],
            "sex": [None] * 11,
        }
    )
    return rows, groups


def test_by_hand() -> None:
    found = fairness(*people(), TIERS, ["brand"])
    assert found["selected_tiers"] == ["red", "white"]
    assert found["features"] == ["brand"]
    assert found["by"]["sex"] is None, "known of nobody"
    every = found["all"]
    assert (every["subscribers"], every["churners"], every["expected"]) == (10, 3, 3.0)
    assert every["selection_rate"] == 0.3
    assert every["selection_ratio"] == 1.0
    south, north, unknown = found["by"]["region"]
    assert [g["group"] for g in (south, north, unknown)] == ["south", "north", None]
    assert (north["subscribers"], north["selected"]["subscribers"]) == (4, 2)
    assert north["selection_rate"] == 0.5
    assert north["selection_ratio"] == pytest.approx(0.5 / 0.3, abs=1e-6)
    assert north["foreseen"] == pytest.approx((0.9 + 0.6 + 0.1 + 0.2) / 4)
    assert north["rate"] == 0.5
    # Wilson (1927) of 2 in 4 at 95 %: 0.150 to 0.850.
    assert (north["rate_low"], north["rate_high"]) == pytest.approx((0.150, 0.850), abs=5e-4)
    assert north["selected"]["foreseen"] == pytest.approx(0.75)
    assert north["selected"]["rate"] == 0.5
    assert south["selection_ratio"] == 0.0
    assert south["selected"]["foreseen"] is None
    assert (unknown["subscribers"], unknown["selection_rate"]) == (1, 1.0)


def test_without_outcomes_nothing_is_said_of_who_left() -> None:
    rows, groups = people()
    found = fairness(rows.drop(columns="churned"), groups, TIERS)
    for entry in (found["all"], *found["by"]["region"]):
        assert entry["churners"] is entry["rate"] is entry["rate_low"] is None
        assert entry["foreseen"] is not None


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows, groups = people()
    other = fairness(rows.iloc[::-1], groups.iloc[::-1], TIERS)
    assert other == fairness(rows, groups, TIERS)


def test_groups_add_up_to_all_however_they_were_stored() -> None:
    found = fairness(*people(), TIERS)
    parts = [Group.from_json(entry) for entry in found["by"]["region"]]
    whole = parts[0] + parts[1] + parts[2]
    every = Group.from_json(found["all"])
    assert whole.to_json(every) == found["all"]
    assert (Part(1, 0.5, None) + Part(2, 0.5, 1)).churners is None


def test_nobody_is_selected_or_there() -> None:
    rows, groups = people()
    none = fairness(rows.assign(tier="blue"), groups, TIERS)
    assert none["all"]["selection_rate"] == 0.0
    assert none["all"]["selection_ratio"] is None
    empty = fairness(rows.iloc[:0], groups, TIERS)
    assert empty["all"]["selection_rate"] is empty["all"]["foreseen"] is None


def test_tiers_of_other_names_are_the_two_most_urgent() -> None:
    assert selected_tiers(TIERS) == ("red", "white")
    assert selected_tiers(("low", "middle", "high")) == ("middle", "high")

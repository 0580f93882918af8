"""A recycled id inherits nothing: bills, usage, offers of who held it before or after."""

from __future__ import annotations

import pytest
from population_world import EVERYBODY, World, by_id

# So that who came within the window is looked at too.
WHOEVER = EVERYBODY.model_copy(update={"whole_window": False})
LABEL_MONTHS = ("2025-04", "2025-05")


def row_of(world: World, **more) -> dict[str, object]:
    world.stays(99, "2024-12", "2025-05")
    for month in LABEL_MONTHS:
        world.bill(month, 99, 100)
    world.usage("2025-03", 99, voice_out_s=60)
    return by_id(world.population(cohort=WHOEVER, **more))[1]


def new_in_february(world: World) -> None:
    """Id 1, active from 10 February; January is not its own, whatever stands there."""
    world.stays(1, "2025-02", "2025-05", activated_on="2025-02-10")
    world.usage("2025-02", 1, voice_out_s=600, last_out_at="2025-02-20T10:00:00")
    world.usage("2025-03", 1, voice_out_s=60, last_out_at="2025-03-20T10:00:00")
    world.bills(1, "2025-02", [500, 80])


def test_a_newcomers_first_month_is_its_own(world):
    new_in_february(world)
    row = row_of(world)
    assert (row["voice_out_min"], row["monthly_bill_money"]) == (11.0, 290.0)


@pytest.mark.parametrize(
    ("month", "status"), [("2025-01", "active"), ("2025-01", "cancelled"), ("2024-12", "active")]
)
def test_the_month_an_id_changed_hands_is_nobodys(world, month, status):
    """The forerunner may stand in a snapshot of the window, or of the month before it."""
    new_in_february(world)
    world.snapshot(month, 1, status, activated_on="2019-05-01")
    world.bill("2025-01", 1, 900)
    row = row_of(world)
    assert (row["voice_out_min"], row["monthly_bill_money"]) == (1.0, 80.0)


def test_a_forerunner_long_before_the_window_is_not_looked_for(world):
    new_in_february(world)
    world.snapshot("2024-11", 1, activated_on="2019-05-01")
    assert row_of(world)["voice_out_min"] == 11.0


@pytest.mark.parametrize(
    ("month", "usage"),
    [
        ("2025-01", {"sms_out_count": 1}),
        ("2025-02", {"voice_out_s": 60, "last_out_at": "2025-02-09T23:59:59"}),
    ],
)
def test_a_forerunner_that_no_snapshot_shows_leaves_traces_in_the_marts(world, month, usage):
    new_in_february(world)
    world.usage_rows = [r for r in world.usage_rows if r["month"] != month]
    world.usage(month, 1, **usage)
    row = row_of(world)
    assert (row["voice_out_min"], row["monthly_bill_money"]) == (1.0, 80.0)


def test_the_last_outgoing_event_after_the_activation_is_ones_own(world):
    world.snapshot("2025-02", 1, activated_on="2019-05-01")
    world.stays(1, "2025-03", "2025-05", activated_on="2025-03-10")
    world.usage("2025-03", 1, voice_out_s=60, last_out_at="2025-03-29T12:00:00")
    row = row_of(world)
    assert (row["voice_out_min"], row["days_since_out"]) == (0.0, 2)


def test_the_median_bill_of_value_loss_is_ones_own(world):
    """500 yuan were the forerunner's; a bill of 80 that stays is no loss."""
    world.snapshot("2025-01", 1, activated_on="2019-05-01")
    new_in_february(world)
    world.bills(1, "2025-04", [80, 80])
    assert row_of(world)["value_loss"] is False


def test_an_offer_to_the_next_holder_treats_nobody(world):
    for who, offered in ((1, "2025-05-09T12:00:00"), (2, "2025-05-10T12:00:00")):
        world.stays(who, "2025-01", "2025-04")
        world.snapshot("2025-05", who, activated_on="2025-05-10")
        world.offer(who, offered)
    world.stays(99, "2025-01", "2025-05")
    rows = by_id(world.population(cohort=WHOEVER))
    assert (rows[1]["treated"], rows[2]["treated"]) == (True, False)

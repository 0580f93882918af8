"""What counts as charged use: steps, directions, months, and nothing that was not known."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from tariffs_world import AS_OF, World

from churnlight.engine import Engine
from churnlight.params.data import TimeParams
from churnlight.params.tariff import TariffParams
from churnlight.tariffs.use import use_of_cdrs, use_of_marts
from churnlight.timeline import moment

AT = moment(AS_OF, TimeParams())


@pytest.fixture
def world() -> World:
    made = World()
    made.members["A"] = {"subscriber_id": "A"}
    # Someone else's use is nobody's of the cohort.
    made.event("Z", "2025-01-05 10:00", duration_s=600)
    return made


def used(
    world: World, engine: Engine, steps: tuple[int, ...] = (60,), **params: Any
) -> dict[str, dict[str, int]]:
    """Use of member A by month."""
    members = engine.upload(pa.Table.from_pylist(list(world.members.values())))
    cdr = world.sources(engine)["cdr"]
    table = use_of_cdrs(cdr, members, AT, steps, TariffParams(**params))
    rows = engine.arrow(table).to_pylist()
    assert {row.pop("subscriber_id") for row in rows} <= {"A"}
    return {row.pop("month"): row for row in rows}


def test_each_call_is_rounded_up_by_every_step(world: World, engine: Engine) -> None:
    for minute, seconds in enumerate((0, 1, 6, 7, 30, 60, 61, None)):
        world.event("A", f"2025-01-05 10:{minute:02}", duration_s=seconds)
    assert used(world, engine, (1, 6, 30, 60)) == {
        "2025-01": {
            "voice_s": 165,
            "messages_count": 0,
            "data_kb": 0,
            "voice_billed_1_s": 165,
            # 0, 6, 6, 12, 30, 60, 66 and 0 for the unknown one.
            "voice_billed_6_s": 180,
            # 0, 30, 30, 30, 30, 60, 90
            "voice_billed_30_s": 270,
            # 0, 60, 60, 60, 60, 60, 120
            "voice_billed_60_s": 420,
        }
    }


def test_kinds_and_directions(world: World, engine: Engine) -> None:
    for minute, direction in enumerate(("out", "in", "forward")):
        when = f"2025-02-05 10:{minute:02}"
        world.event("A", when, direction=direction, duration_s=10 ** (minute + 1))
        world.event("A", when, kind="sms", direction=direction)
    world.event("A", "2025-02-05 11:00", kind="mms")
    # What a message or a data session holds in other columns is not charged.
    world.event("A", "2025-02-05 11:01", kind="sms", duration_s=99, bytes=99)
    world.event("A", "2025-02-05 11:02", kind="data", duration_s=99, bytes=1)
    world.event("A", "2025-02-05 11:03", kind="data", bytes=1024)
    world.event("A", "2025-02-05 11:04", kind="data", bytes=None)
    found = used(world, engine)["2025-02"]
    assert found == {"voice_s": 10, "messages_count": 3, "data_kb": 2, "voice_billed_60_s": 60}
    found = used(world, engine, charged_directions=("out", "forward"))["2025-02"]
    assert found == {
        "voice_s": 1010, "messages_count": 4, "data_kb": 2, "voice_billed_60_s": 60 + 1020,
    }  # fmt: skip


def test_what_plans_do_not_charge(world: World, engine: Engine) -> None:
    columns: tuple[dict[str, Any], ...] = (
        {"counterpart_network": "own"},
        {"counterpart_network": "service", "counterpart_service": "emergency"},
        {"roaming": "international"},
        {},
    )
    for minute, some in enumerate(columns):
        world.event("A", f"2025-03-05 10:{minute:02}", duration_s=60, **some)
    world.event("A", "2025-03-05 11:00", kind="data", bytes=1024, roaming="international")
    world.event("A", "2025-03-05 11:01", kind="data", bytes=1024)

    def found(**params: Any) -> tuple[int, int]:
        row = used(world, engine, **params)["2025-03"]
        return row["voice_s"], row["data_kb"]

    assert found() == (240, 2)
    # What is unknown is charged for; data have no network.
    assert found(unrated_networks=("own",)) == (180, 2)
    assert found(unrated_services=("emergency",)) == (180, 2)
    assert found(unrated_roaming=("international",)) == (180, 1)


def test_rows_that_add_several_events_up(world: World, engine: Engine) -> None:
    world.event("A", "2025-01-05 10:00", kind="sms", events=7)
    world.event("A", "2025-01-05 11:00", kind="sms")
    # Where one call ends is not known: the row is rounded up once.
    world.event("A", "2025-01-05 12:00", duration_s=61, events=3)
    found = used(world, engine)["2025-01"]
    assert (found["messages_count"], found["voice_billed_60_s"]) == (8, 120)


def test_months_begin_and_end_sharply(world: World, engine: Engine) -> None:
    for when in (
        "2024-12-31 23:59:59.999999",
        "2025-01-01 00:00:00",
        "2025-01-31 23:59:59.999999",
        "2025-02-01 00:00:00",
        "2025-03-31 23:59:59.999999",
        "2025-04-01 00:00:00",
    ):
        world.event("A", when, duration_s=60)
    found = used(world, engine)
    assert {month: row["voice_s"] for month, row in found.items()} == {
        "2025-01": 120, "2025-02": 60, "2025-03": 60,
    }  # fmt: skip


def test_what_was_not_known_in_time_is_not_there(world: World, engine: Engine) -> None:
    for known, seconds in ((None, 60), ("2025-04-05 23:59:59", 600), ("2025-04-06", 6_000)):
        known_at = None if known is None else datetime.fromisoformat(known)
        world.event("A", "2025-03-30 10:00", duration_s=seconds, known_at=known_at)
    assert used(world, engine)["2025-03"]["voice_s"] == 660


def test_use_of_operators_without_cdrs(engine: Engine) -> None:
    usage = engine.upload(
        pa.table(
            {
                "subscriber_id": ["A", "A", "Z"],
                "month": ["2025-01", "2025-04", "2025-01"],
                "voice_out_s": [90, 1, 1],
                "voice_out_billed_min": [3, 1, 1],
                "sms_out_count": pa.array([None, 1, 1], pa.int64()),
                "data_mb": [1.5, 1.0, 1.0],
            }
        )
    )
    members = engine.upload(pa.table({"subscriber_id": ["A"]}))
    assert engine.arrow(use_of_marts(usage, members, AT)).to_pylist() == [
        {
            "subscriber_id": "A",
            "month": "2025-01",
            "voice_s": 90,
            "messages_count": 0,
            "data_kb": 1536,
            "voice_billed_1_s": 90,
            "voice_billed_60_s": 180,
        }
    ]

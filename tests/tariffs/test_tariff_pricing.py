"""Matching and incentive fee, worked out by hand on a tiny operator."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from tariffs_world import FEB, JAN, LONG_AGO, MAR, World, rows_of

from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.params.data import TimeParams
from churnlight.params.tariff import TariffParams
from churnlight.tariffs import COLUMNS, Priced, Settings, price
from churnlight.tariffs.choosing import allowance_cents, guard_of
from churnlight.timeline import moment

Row = dict[str, Any]


def same(total: float) -> dict[str, float]:
    return {JAN: total, FEB: total, MAR: total}


def minutes(world: World, who: str, *by_month: int) -> None:
    """One call a month of so many minutes."""
    for number, count in enumerate(by_month, start=1):
        if count:
            world.event(who, f"2025-{number:02}-10 09:00", duration_s=60 * count)


def three_plans() -> World:
    """Plans of 30, 50 and 80 a month, in levels 1, 2 and 4."""
    world = World()
    world.plan("p30")
    world.plan("p50", fee=50.0, minutes=300.0, data_mb=5_000.0, sms=50.0)
    world.plan("p80", fee=80.0, minutes=1_000.0, data_mb=20_000.0, sms=100.0)
    return world


def town() -> World:
    world = three_plans()
    world.plan("broken", fee=None)
    world.line("idle", "p30", bills=same(30.0))
    # 100, 150 and 50 minutes beyond the allowance, at 0.20.
    world.line("small", "p30", bills={JAN: 50.0, FEB: 60.0, MAR: 40.0})
    minutes(world, "small", 200, 250, 150)
    # 46 minutes beyond.
    world.line("grows", "p30", bills=same(39.2))
    minutes(world, "grows", 146, 146, 146)
    # 180 minutes beyond.
    world.line("full", "p30", bills=same(66.0))
    minutes(world, "full", 280, 280, 280)
    world.line("dear", "p80", bills=same(80.0))
    world.line("risk", "p80", bills=same(80.0), tier="red")
    # The total has 3 for services, less 5, and 2 of which no column speaks.
    parts = {"plan_fee": 30.0, "voice_charge": 0.0, "sms_charge": 0.0, "data_charge": 0.0}
    world.line("rest", "p30", bills={JAN: 30.0}, vas_charge=3.0, discount=5.0, **parts)
    world.line("rest 2", "p30", bills={JAN: 28.0}, vas_charge=3.0, discount=5.0)
    world.line("rest 3", "p30", bills={JAN: 30.5})
    world.line("moved", "p50", bills={JAN: 30.0, FEB: 30.0, MAR: 50.0})
    world.snapshot("moved", JAN, "p30", LONG_AGO)
    world.snapshot("moved", FEB, "p30", LONG_AGO)
    # The number was somebody else's in January.
    world.line("heir", "p30", bills={FEB: 30.0, MAR: 30.0}, activated_on=date(2025, 2, 1))
    world.snapshot("heir", JAN, "p80", LONG_AGO)
    world.bill("heir", JAN, 500.0)
    minutes(world, "heir", 5_000)
    # 1.60 of 31.60 is more than a twentieth, 1.50 of 31.50 is not; whichever way a month is
    # missed, it counts.
    world.line("apart", "p30", bills={JAN: 31.6})
    world.line("near", "p30", bills={JAN: 31.5})
    world.line("both ways", "p30", bills={JAN: 28.0, FEB: 32.0, MAR: 30.0})
    world.line("unknown", "p99", bills=same(30.0))
    world.line("unsaid", None, bills=same(30.0))
    world.line("faulty", "broken", bills=same(30.0))
    world.line("unbilled", "p30", bills={})
    world.line("new", "p30", bills={MAR: 30.0}, activated_on=date(2025, 3, 2))
    return world


@pytest.fixture(scope="module")
def priced(engine: Engine) -> Priced:
    return town().priced(engine)


@pytest.fixture(scope="module")
def found(engine: Engine, priced: Priced) -> dict[str, Row]:
    return {row["subscriber_id"]: row for row in rows_of(engine, priced)}


@pytest.fixture(scope="module")
def otherwise(engine: Engine) -> dict[str, Row]:
    """The same with other parameters."""
    return town().result(
        engine, max_overage=1.0, growth=0.0, max_allowance=0.0, max_misfit=0.04, max_loss=1.0
    )


def test_who_uses_nothing_pays_the_fee(found: dict[str, Row]) -> None:
    assert tuple(found["idle"]) == COLUMNS
    assert found["idle"] == {
        "subscriber_id": "idle",
        "status": "priced",
        "months_count": 3,
        "plan_id": "p30",
        "fee_level": 1,
        "fee_money": 30.0,
        "actual_bill_money": 30.0,
        "present_bill_money": 30.0,
        "other_money": 0.0,
        "misfit_money": 0.0,
        "voice_min": 0.0,
        "messages_count": 0.0,
        "data_mb": 0.0,
        "matching_plan_id": "p30",
        "matching_fee_level": 1,
        "matching_fee_money": 30.0,
        "matching_bill_money": 30.0,
        "matching_change_money": 0.0,
        "matching_covers": True,
        "matching_guard": "stays",
        # 50 is 14 more than 30 and a fifth, and 15 are too much off a fee of 50.
        "incentive_plan_id": None,
        "incentive_fee_level": None,
        "incentive_fee_money": None,
        "incentive_bill_money": None,
        "incentive_allowance_money": None,
        "incentive_change_money": None,
        "incentive_guard": "none_plausible",
    }


def test_a_plan_that_is_too_small(found: dict[str, Row], otherwise: dict[str, Row]) -> None:
    row = found["small"]
    assert row["present_bill_money"] == row["actual_bill_money"] == 50.0
    assert row["voice_min"] == 200.0
    # p50 costs what p30 does now, and a fifth more of 250 minutes is all that it has.
    assert (row["matching_plan_id"], row["matching_bill_money"]) == ("p50", 50.0)
    assert (row["matching_change_money"], row["matching_guard"]) == (0.0, "no_loss")
    assert (row["incentive_plan_id"], row["incentive_guard"]) == ("p50", "plausible")
    assert (row["incentive_bill_money"], row["incentive_allowance_money"]) == (50.0, 0.0)
    # Where charges beyond the allowances are no matter the two tie, and the lower fee wins.
    assert otherwise["small"]["matching_plan_id"] == "p30"
    assert otherwise["small"]["matching_guard"] == "stays"


def test_an_upgrade_with_an_allowance(found: dict[str, Row], otherwise: dict[str, Row]) -> None:
    row = found["grows"]
    # 39.20 and a fifth are 47.04, and 50 are 2.96 more: a step of 5.
    assert row["incentive_plan_id"] == "p50"
    assert (row["incentive_allowance_money"], row["incentive_bill_money"]) == (5.0, 45.0)
    assert row["incentive_change_money"] == pytest.approx(5.8, abs=1e-12)
    # p50 is what covers the use, but it costs more: nothing to offer for the fit's sake.
    assert (row["matching_plan_id"], row["matching_guard"]) == ("p50", "dearer")
    assert otherwise["grows"]["incentive_guard"] == "none_plausible"


def test_an_upgrade_leaves_room_to_grow(found: dict[str, Row], otherwise: dict[str, Row]) -> None:
    # A fifth more are 336 minutes, 36 beyond p50's; 7.20 of 57.20 is more than a tenth.
    row = found["full"]
    assert (row["incentive_plan_id"], row["incentive_fee_level"]) == ("p80", 4)
    # 79.20 is a fifth more than now.
    assert (row["incentive_allowance_money"], row["incentive_bill_money"]) == (5.0, 75.0)
    # Without growth p50 would do, where a loss is no matter.
    assert otherwise["full"]["incentive_plan_id"] == "p50"
    assert otherwise["full"]["incentive_change_money"] == -16.0
    assert found["dear"]["incentive_guard"] == "top_level"


def test_the_guard_asks_for_need(found: dict[str, Row], otherwise: dict[str, Row]) -> None:
    # Both pay 80 where 30 would do, and one of them is about to leave.
    assert found["dear"]["matching_change_money"] == found["risk"]["matching_change_money"] == -50.0
    assert found["dear"]["matching_guard"] == "overpays"
    assert found["risk"]["matching_guard"] == "in_need"
    assert otherwise["risk"]["matching_guard"] == "within_loss"


def test_the_rest_of_the_bill_is_carried_over(found: dict[str, Row]) -> None:
    rows = [found[who] for who in ("rest", "rest 2", "rest 3")]
    # By the parts: 30 less 30. Without them: services and discount. Neither: all is the plan's.
    assert [row["other_money"] for row in rows] == [0.0, -2.0, 0.0]
    assert [row["misfit_money"] for row in rows] == [0.0, 0.0, 0.5]
    assert [row["present_bill_money"] for row in rows] == [30.0, 28.0, 30.0]
    assert [row["matching_bill_money"] for row in rows] == [30.0, 28.0, 30.0]


def test_a_change_of_plan_within_the_window(found: dict[str, Row]) -> None:
    row = found["moved"]
    # Every bill is right by the plan of its month; the change is against the present plan.
    assert (row["misfit_money"], row["actual_bill_money"]) == (0.0, 110 / 3)
    assert (row["plan_id"], row["present_bill_money"]) == ("p50", 50.0)
    assert (row["matching_plan_id"], row["matching_change_money"]) == ("p30", -20.0)


def test_the_number_s_last_holder_is_someone_else(found: dict[str, Row]) -> None:
    row = found["heir"]
    assert (row["months_count"], row["actual_bill_money"], row["voice_min"]) == (2, 30.0, 0.0)


def test_who_cannot_be_priced(
    priced: Priced, found: dict[str, Row], otherwise: dict[str, Row]
) -> None:
    assert {who: row["status"] for who, row in found.items() if row["status"] != "priced"} == {
        "apart": "misfit",
        "unknown": "plan_unknown",
        "unsaid": "plan_unknown",
        "faulty": "plan_unknown",
        "unbilled": "no_month",
        "new": "no_month",
    }
    # 4 of 90 are more than a 25th.
    assert otherwise["both ways"]["status"] == otherwise["near"]["status"] == "misfit"
    proposed = [c for c in COLUMNS if c.startswith(("matching", "incentive", "present"))]
    for row in found.values():
        if row["status"] != "priced":
            assert {row[name] for name in proposed} == {None}
    assert priced.summary["status"] == {
        "priced": 13, "plan_unknown": 3, "no_month": 2, "misfit": 1,
    }  # fmt: skip
    assert priced.summary["plans_left_out"] == {"fee_missing": 1}


def test_how_well_bills_are_reproduced(priced: Priced) -> None:
    # Apart are 0.50 of 30.50 (1.6 %), 1.60 of 31.60 (5.1 %), 1.50 of 31.50 (4.8 %), 2 of 28 and
    # 2 of 32; three months each of an unknown and a faulty plan.
    assert priced.summary["reproduction"] == {
        "bills": 31,
        "exact": 26,
        "within_cent": 26,
        "within_1_percent": 26,
        "within_5_percent": 28,
        "plan_unknown": 6,
    }


def test_the_summary_counts_moves(priced: Priced, found: dict[str, Row]) -> None:
    for move in ("matching", "incentive"):
        counted = priced.summary[move]
        assert sum(each["members"] for each in counted.values()) == 13
        for guard, each in counted.items():
            rows = [row for row in found.values() if row[f"{move}_guard"] == guard]
            assert each["members"] == len(rows)
            total = sum(row[f"{move}_change_money"] or 0.0 for row in rows)
            assert each["change_money"] == pytest.approx(total, abs=1e-4)
    assert priced.summary["levels"]["incentive"] == {"1": 0, "2": 2, "3": 0, "4": 1, "5": 0}


def test_ties_versions_and_ended_plans(engine: Engine) -> None:
    world = World()
    world.plan("p30c")
    world.plan("p30b")
    world.plan("p30a", valid_to=date(2025, 1, 1))
    # 5 minutes beyond cost 1: 30 as well, but its fee is lower.
    world.plan("x29", fee=29.0, minutes=95.0, sms=0.0)
    world.plan("big", fee=90.0, minutes=900.0)
    world.plan("old", fee=10.0, minutes=500.0, valid_to=date(2024, 1, 1))
    world.plan("q", fee=60.0, valid_to=date(2025, 3, 1))
    world.plan("q", fee=65.0, valid_from=date(2025, 3, 1))
    world.line("100", "big", bills=same(90.0))
    minutes(world, "100", 100, 100, 100)
    # 2 minutes and a message more: by the message the plans of 30 are cheaper.
    world.line("102", "big", bills=same(90.0))
    minutes(world, "102", 102, 102, 102)
    world.event("102", "2025-01-10 11:00", kind="sms")
    world.line("kept", "old", bills=same(10.0))
    minutes(world, "kept", 90, 90, 90)
    world.line("raised", "q", bills={JAN: 60.0, FEB: 60.0, MAR: 65.0})
    found = world.result(engine)
    assert found["100"]["matching_plan_id"] == "x29"
    assert found["102"]["matching_plan_id"] == "p30b"
    # Nobody is offered a plan that has ended; who has it keeps it.
    row = found["kept"]
    assert (row["status"], row["fee_level"], row["present_bill_money"]) == ("priced", 1, 10.0)
    assert (row["matching_plan_id"], row["matching_guard"]) == ("x29", "dearer")
    row = found["raised"]
    assert (row["misfit_money"], row["fee_money"], row["present_bill_money"]) == (0.0, 65.0, 65.0)


@pytest.fixture(scope="module")
def guards(engine: Engine) -> Callable[..., list[str]]:
    """The guard of a present bill of 8,000 cents and these matching ones."""
    bills = [3_000, 5_000, 8_000, 8_001]
    table = engine.upload(
        pa.table(
            {
                "bill": bills * 2,
                "in_need": [False] * 4 + [True] * 4,
                "present": [8_000] * 8,
                "plan_id": ["a"] * 8,
                "matching_plan_id": ["b"] * 8,
            }
        )
    )

    def ask(**params: Any) -> list[str]:
        guard = guard_of(table, table["bill"] - table["present"], TariffParams(**params))
        rows = engine.arrow(table.select("in_need", "bill", guard=guard)).to_pylist()
        return [r["guard"] for r in sorted(rows, key=lambda r: (r["in_need"], r["bill"]))]

    return ask


@pytest.mark.parametrize(
    ("params", "without_need", "in_need"),
    [
        ({}, ("overpays", "overpays"), ("in_need", "in_need")),
        ({"overpays": 0.5}, ("overpays", "withheld"), ("in_need", "in_need")),
        # Exactly so much is not more than so much, and a loss of exactly so much is borne.
        ({"overpays": 0.625}, ("withheld", "withheld"), ("in_need", "in_need")),
        (
            {"overpays": 0.9, "max_loss": 0.375},
            ("withheld", "within_loss"),
            ("in_need", "within_loss"),
        ),
        ({"overpays": 0.9, "max_loss": 0.374}, ("withheld", "withheld"), ("in_need", "in_need")),
    ],
)
def test_the_guard_s_borders(
    guards: Callable[..., list[str]],
    params: dict[str, float],
    without_need: tuple[str, str],
    in_need: tuple[str, str],
) -> None:
    rest = ("no_loss", "dearer")
    assert guards(**params) == [*without_need, *rest, *in_need, *rest]


@pytest.mark.parametrize(
    ("bill", "params", "cents"),
    [
        # Three months of 39.20 and a fifth are 141.12.
        (14_112, {}, 0),
        (14_113, {}, 500),
        (15_000, {"allowance_step_money": 0.5}, 300),
        (15_000, {"allowance_step_money": 0.01}, 296),
        (15_000, {"max_step": 0.3}, 0),
    ],
)
def test_allowances(engine: Engine, bill: int, params: dict[str, float], cents: int) -> None:
    row = engine.upload(pa.table({"present": [11_760], "n": [3], "bill": [bill]}))
    asked = row.select(cents=allowance_cents(row, row["bill"], TariffParams(**params)))
    assert engine.arrow(asked)["cents"].to_pylist() == [cents]


def test_the_future_changes_nothing(engine: Engine) -> None:
    world = three_plans()
    world.line("A", "p30", bills=same(30.0))
    world.line("B", "p80", bills={JAN: 80.0, FEB: 80.0})
    minutes(world, "A", 50, 90, 100)
    # Somebody's, so that the column is there.
    world.bill("Z", JAN, 1.0, billed_at=datetime(2025, 2, 2))
    world.event("Z", "2025-01-02 10:00", known_at=datetime(2025, 2, 2), duration_s=1)
    before = world.priced(engine)
    later = copy.deepcopy(world)
    # Plans that begin after as_of, or whose end is set for later.
    later.plan("new", fee=1.0, minutes=9_999.0, valid_from=date(2025, 4, 2))
    later.plan("p30", fee=5.0, valid_from=date(2025, 5, 1))
    later.rows["plans"][1]["valid_to"] = date(2025, 4, 2)
    # A bill that came after the cutoff, a snapshot, a bill and records of April, a record known
    # too late.
    later.bill("B", MAR, 80.0, billed_at=datetime(2025, 4, 6))
    later.bill("A", "2025-04", 999.0)
    later.snapshot("A", "2025-04", "p80", LONG_AGO)
    later.event("A", "2025-04-01 00:00", duration_s=60_000)
    later.event("A", "2025-03-09 12:00", duration_s=60_000, known_at=datetime(2025, 4, 6))
    after = later.priced(engine)
    assert rows_of(engine, after) == rows_of(engine, before)
    assert after.summary == before.summary
    # The test sees what is known in time.
    later.rows["billing"][-2]["billed_at"] = datetime(2025, 4, 5)
    assert later.result(engine)["B"]["months_count"] == 3


@pytest.mark.parametrize(
    ("absent", "reason"),
    [("plans", "no_plans"), ("billing", "no_billing"), ("cdr", "no_activity")],
)
def test_pricing_is_left_out_with_its_reason(engine: Engine, absent: str, reason: str) -> None:
    world = town()
    world.rows[absent] = []
    found = world.priced(engine)
    assert found.table is None
    assert found.summary == {"left_out": reason, "plans_left_out": {}}


def test_no_plan_that_is_sold(engine: Engine) -> None:
    world = town()
    for row in world.rows["plans"]:
        row["valid_to"] = date(2025, 4, 1)
    found = world.priced(engine)
    assert found.table is None
    assert found.summary == {"left_out": "no_plan_sold", "plans_left_out": {"fee_missing": 1}}


def test_plans_that_begin_with_as_of(engine: Engine) -> None:
    """They are sold, but say nothing of the window's bills."""
    world = World()
    world.plan("p30", valid_from=date(2025, 4, 1))
    world.line("A", "p30", bills=same(30.0))
    world.event("A", "2025-01-10 09:00", duration_s=60)
    found = world.priced(engine)
    assert [row["status"] for row in rows_of(engine, found)] == ["misfit"]
    assert found.summary["reproduction"]["plan_unknown"] == 3


def test_operators_without_cdrs(engine: Engine) -> None:
    world = three_plans()
    world.plan("by 6 s", billing_step_s=6, fee=1.0)
    world.line("A", "p30", bills=same(50.0))
    world.line("B", "by 6 s", bills=same(1.0))
    sources = world.sources(engine)
    used = {"subscriber_id": ["A"] * 3, "voice_out_s": [11_999] * 3, "sms_out_count": [3] * 3}
    usage = {**used, "month": [JAN, FEB, MAR], "voice_out_billed_min": [200] * 3}
    sources["usage"] = engine.upload(pa.table(usage))
    members = engine.upload(pa.Table.from_pylist(list(world.members.values())))
    at = moment("2025-04-01", TimeParams())
    found = price(engine, sources, members, at, Settings(TariffParams()))
    a, b = rows_of(engine, found)
    assert (a["misfit_money"], a["matching_plan_id"], b["status"]) == (0.0, "p50", "plan_unknown")
    assert found.summary["plans_left_out"] == {"step_unknown": 1}


def test_ids_of_one_type(engine: Engine) -> None:
    world = town()
    for row in world.rows["subscribers"]:
        row["plan_id"] = None
    sources = world.sources(engine)
    assert sources["subscribers"]["plan_id"].type().is_string()
    sources["plans"] = sources["plans"].mutate(plan_id=1)
    with pytest.raises(DataRefused, match="plan_id holds numbers in plans and text in"):
        price(
            engine,
            sources,
            sources["subscribers"],
            moment("2025-04-01", TimeParams()),
            Settings(TariffParams()),
        )

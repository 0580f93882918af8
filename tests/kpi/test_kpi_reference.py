"""Random operators: the KPI against one told subscriber by subscriber in plain Python.

The cohort comes from the reference of tests/population, which shares no code with the package; what
happens to it afterwards is told here, from the design alone.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from kpi_world import KpiWorld
from population_reference import ON, Told, first_of, name, shift
from test_against_reference import random_settings, random_world

from churnlight.kpi.content import span_content
from churnlight.kpi.counting import KpiRules, base_of, count
from churnlight.kpi.spans import Span
from churnlight.params.kpi import KpiParams
from churnlight.timeline import Month

BASE, LAST = "2024-01", "2024-07"


def kpi_world(seed: int, engine, folder, subscribers: int) -> KpiWorld:
    made = random_world(seed, engine, folder, subscribers)
    world = KpiWorld(engine, folder, made.id_type)
    world.rows, world.usage_rows, world.absent = made.rows, made.usage_rows, made.absent
    rng = random.Random(seed + 7)  # noqa: S311
    for row in world.rows["subscribers"]:
        row["region"] = rng.choice(["east", "west", "north", None])
        days = rng.choice([None, None, 60, 91, 92, 122, 400])
        ends = days and first_of(row["month"]) + timedelta(days=days + rng.choice([0, 30, 31]))
        row["contract_ends_on"] = ends.date() if ends else None
    return world


def settings_of(seed: int) -> dict[str, object]:
    found = random_settings(seed)
    time = found["time"].model_copy(update={"window_months": 3})
    kpi = KpiParams(min_group=1, contract_months=seed % 4)
    return {"time": time, "label": found["label"], "cohort": found["cohort"], "kpi": kpi}


def expected(world: KpiWorld, month: str, settings: dict[str, object]) -> dict[object, Counter]:
    """Counts by area and of all (under "all")."""
    time, label, kpi = settings["time"], settings["label"], settings["kpi"]
    there = {r["month"] for r in world.rows["subscribers"]}
    as_of = f"{name(shift(first_of(BASE), 1))}-01"
    told = Told(world, as_of, settings["cohort"], label, there, time)
    members, _ = told.tell()
    end = shift(first_of(month), 1)
    spent = [name(shift(first_of(month), -i)) for i in range(label.spend_churn.months)]
    later = Told.months(shift(first_of(BASE), 1), end)
    found: dict[object, Counter] = {}
    for member in members:
        who, born = member["subscriber_id"], member["activated_on"]
        facts = ["base"]
        gone = None
        for one in later:
            state, _ = told.state(who, one, born)
            state = "vanished" if state == "replaced" else state
            gone = None if state in ON else (gone or state)
        if gone:
            facts.append(gone)
        else:
            facts.append("on_books")
            bills = [_bill(told, who, one, born, end, time.close_days) for one in spent]
            if None in bills:
                facts.append("unknown_bills")
            elif sum(bills) < Decimal(str(label.spend_churn.total_below)):
                facts.append("spend_churn")
            ends = told.snap[who, month]["contract_ends_on"]
            if ends is not None and _ends_late(ends, end, kpi.contract_months):
                facts.append("contracts")
        for key in ("all", told.snap[who, BASE]["region"]):
            found.setdefault(key, Counter()).update(facts)
    return found


def _bill(told: Told, who, month: str, born: date, end, close_days: int) -> Decimal | None:
    state, _ = told.state(who, month, born)
    if state == "replaced":
        return Decimal(0)
    row = told.bill.get((who, month))
    over = shift(first_of(month), 1)
    if row is not None and max(row["billed_at"] or over, over) < end + timedelta(days=close_days):
        return Decimal(str(row["total_charge"]))
    return None if state in ON else Decimal(0)


def _ends_late(ends: date, end, months: int) -> bool:
    """The contract is over at the midnight after its last day: more than so many months on?"""
    over = first_of("2000-01").replace(year=ends.year, month=ends.month, day=ends.day)
    return over + timedelta(days=1) > shift(end, months)


def compare(world: KpiWorld, settings: dict[str, object]) -> int:
    rules = KpiRules(**settings)
    sources = world.sources()
    followed = Span(Month.parse(BASE), Month.parse(LAST))
    base = base_of(world.engine, sources, followed, rules)
    for month in ("2024-04", "2024-06", LAST):
        counted = count(world.engine, base, sources, Month.parse(month), rules)
        found = span_content(Span(base.month, Month.parse(month)), counted, rules)
        told = expected(world, month, settings)
        groups = {"all": found["total"]} | {g["group"]: g for g in found["by"]["region"]}
        assert groups.keys() == told.keys()
        for key, group in groups.items():
            flat = group | group["off_net_kinds"]
            assert {k: flat[k] or 0 for k in NAMES} == {k: told[key][k] for k in NAMES}, key
    return base.start


NAMES = (
    *("base", "on_books", "ported_out", "cancelled", "debt", "vanished"),
    *("spend_churn", "unknown_bills", "contracts"),
)


@pytest.mark.parametrize("seed", [0, 2, 5])
def test_random_operators_agree(seed, engine, tmp_path):
    world = kpi_world(seed, engine, tmp_path, subscribers=200)
    assert compare(world, settings_of(seed)) > 100


def test_the_random_operators_hold_every_way_of_being_lost(engine, tmp_path):
    world = kpi_world(2, engine, tmp_path, subscribers=600)
    told = expected(world, LAST, settings_of(2))
    assert all(told["all"][name] > 0 for name in NAMES), told["all"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 32))
def test_many_more_random_operators_agree(seed, engine, tmp_path):
    assert compare(kpi_world(seed, engine, tmp_path, 250), settings_of(seed)) > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2])
def test_spark_counts_the_same(seed, spark, tmp_path):
    assert compare(kpi_world(seed, spark, tmp_path, 80), settings_of(seed)) > 40

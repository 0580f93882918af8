"""What a plan charges: known answers, an independent calculation, and what must always hold."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churnlight.engine import Engine
from churnlight.params.tariff import TariffParams
from churnlight.tariffs.rating import Use, charges_cents, grown

# 100 minutes, 10 messages and 1000 MB are in it; then 0.20 a minute, 0.10 a message, 0.01 a MB.
PLAN = {
    "free_s": 6_000,
    "free_messages": 10,
    "free_kb": 1_024_000,
    "step_s": 60,
    "voice_micro": 200_000,
    "sms_micro": 100_000,
    "data_micro": 10_000,
}
NOTHING = {"billed_s": 0, "messages": 0, "kb": 0}


def charged(engine: Engine, rows: list[dict[str, int]], **params: Any) -> list[int]:
    """Cents of each row of use and plan, in order; `grown` on top where a growth is given."""
    growth = params.pop("growth_by", None)
    columns = {name: pa.array([row[name] for row in rows], pa.int64()) for name in rows[0]}
    table = engine.upload(pa.table({"place": pa.array(range(len(rows))), **columns}))
    use = Use(table["billed_s"], table["messages"], table["kb"])
    use = use if growth is None else grown(use, growth)
    cents = charges_cents(use, table, TariffParams(**params))
    return engine.arrow(table.select("place", cents=cents).order_by("place"))["cents"].to_pylist()


@pytest.mark.parametrize(
    ("changes", "cents"),
    [
        ({}, 0),
        # The allowance is used up, and not a second or a message or a KB more.
        ({"billed_s": 6_000, "messages": 10, "kb": 1_024_000}, 0),
        ({"billed_s": 6_060}, 20),
        # A second beyond the allowance is a step begun.
        ({"billed_s": 6_001}, 20),
        ({"messages": 11}, 10),
        # A KB beyond is a MB begun.
        ({"kb": 1_024_001}, 1),
        ({"kb": 1_025_024}, 1),
        ({"kb": 1_025_025}, 2),
        ({"billed_s": 6_120, "messages": 13, "kb": 1_026_048}, 40 + 30 + 2),
        # 7 steps of 6 seconds at 0.20 a minute are 14 cents.
        ({"step_s": 6, "billed_s": 6_042}, 14),
        # 5 steps of 6 seconds at 0.19 a minute are 9.5 cents.
        ({"step_s": 6, "billed_s": 6_030, "voice_micro": 190_000}, 9),
        # An allowance that is no whole number of steps: 60 s less 45 s are one step of 30.
        ({"step_s": 30, "free_s": 45, "billed_s": 60}, 10),
        ({"free_s": 0, "billed_s": 60, "free_messages": 0, "messages": 1}, 30),
    ],
)
def test_known_answers(engine: Engine, changes: dict[str, int], cents: int) -> None:
    assert charged(engine, [PLAN | NOTHING | changes]) == [cents]


def test_rounding_and_units(engine: Engine) -> None:
    nearly = PLAN | NOTHING | {"step_s": 6, "billed_s": 6_030, "voice_micro": 190_000}  # 9.5 cents
    third = PLAN | NOTHING | {"step_s": 1, "billed_s": 6_001}  # a third of a cent
    small = PLAN | NOTHING | {"kb": 1_024_513}  # 513 KB at 0.01 a MB: half a cent and a bit
    for rounding, unit, expected in (
        ("down", 1024, [9, 0, 1]),
        ("half_up", 1024, [10, 0, 1]),
        ("up", 1024, [10, 1, 1]),
        ("down", 1, [9, 0, 0]),
        ("half_up", 1, [10, 0, 1]),
        ("up", 1, [10, 1, 1]),
    ):
        found = charged(engine, [nearly, third, small], rounding=rounding, data_unit_kb=unit)
        assert found == expected, (rounding, unit)


def test_growth(engine: Engine) -> None:
    row = PLAN | {"billed_s": 6_000, "messages": 11, "kb": 1_024_000}
    # 7200 s: 20 minutes beyond; 13.2 messages: 3 beyond; 1200 MB: 200 beyond.
    assert charged(engine, [row], growth_by=0.2) == [400 + 30 + 200]


def by_fractions(row: dict[str, int], unit: int, rounding: str) -> int:
    """The same by fractions, in another order of steps."""

    def cents(exact: Fraction) -> int:
        match rounding:
            case "down":
                return floor(exact)
            case "up":
                return ceil(exact)
            case _:
                return floor(exact + Fraction(1, 2))

    minutes = Fraction(ceil(Fraction(max(row["billed_s"] - row["free_s"], 0), row["step_s"])))
    minutes = minutes * row["step_s"] / 60
    data_kb = ceil(Fraction(row["kb"], unit)) * unit - row["free_kb"]
    megabytes = Fraction(ceil(Fraction(max(data_kb, 0), unit)) * unit, 1024)
    return sum(
        cents(amount * Fraction(row[price], 10_000))
        for amount, price in (
            (minutes, "voice_micro"),
            (Fraction(max(row["messages"] - row["free_messages"], 0)), "sms_micro"),
            (megabytes, "data_micro"),
        )
    )


AMOUNT = st.integers(0, 3_000_000) | st.integers(0, 200)
MICRO = st.integers(0, 3_000_000) | st.sampled_from([0, 1, 150_000, 333_333])
ROW = st.fixed_dictionaries(
    {
        "billed_s": AMOUNT,
        "messages": AMOUNT,
        "kb": st.integers(0, 2**31) | st.integers(0, 3_000),
        "free_s": AMOUNT,
        "free_messages": AMOUNT,
        "free_kb": st.integers(0, 2**31) | st.integers(0, 3_000),
        "step_s": st.sampled_from([1, 6, 7, 30, 60, 90]),
        "voice_micro": MICRO,
        "sms_micro": MICRO,
        "data_micro": MICRO,
    }
)
RULES = st.tuples(st.sampled_from([1, 10, 64, 1024]), st.sampled_from(["down", "half_up", "up"]))
SLOWLY = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SLOWLY
@given(st.lists(ROW, min_size=1, max_size=60), RULES)
def test_an_independent_calculation_agrees(
    engine: Engine, rows: list[dict[str, int]], rules: tuple[int, str]
) -> None:
    unit, rounding = rules
    found = charged(engine, rows, data_unit_kb=unit, rounding=rounding)
    assert found == [by_fractions(row, unit, rounding) for row in rows]


@SLOWLY
@given(st.lists(ROW, min_size=1, max_size=60), RULES, st.data())
def test_more_allowance_never_costs_more_and_more_use_never_less(
    engine: Engine, rows: list[dict[str, int]], rules: tuple[int, str], data: Any
) -> None:
    unit, rounding = rules
    freer = data.draw(st.sampled_from(["free_s", "free_messages", "free_kb"]))
    fuller = data.draw(st.sampled_from(["billed_s", "messages", "kb"]))
    more = data.draw(st.integers(1, 100_000))
    variants = [
        variant
        for row in rows
        for variant in (row, row | {freer: row[freer] + more}, row | {fuller: row[fuller] + more})
    ]
    found = charged(engine, variants, data_unit_kb=unit, rounding=rounding)
    for base, allowed, used in zip(found[::3], found[1::3], found[2::3], strict=True):
        assert allowed <= base <= used

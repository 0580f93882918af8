"""The tariff book: which plan was there when, at what terms, and in which fee level."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from tariffs_world import AS_OF, LONG_AGO, World

from churnlight.engine import Engine
from churnlight.errors import UsageError
from churnlight.params.base import validate
from churnlight.params.data import TimeParams
from churnlight.params.tariff import TariffParams
from churnlight.params.whole import parse
from churnlight.tariffs import COLUMNS, Book, Plan, read_book
from churnlight.tariffs.choosing import GUARDS, INCENTIVES
from churnlight.tariffs.standing import STATUSES
from churnlight.timeline import moment

AT = moment(AS_OF, TimeParams())


def book_of(world: World, engine: Engine, **params: object) -> Book:
    plans = world.sources(engine)["plans"]
    return read_book(engine, plans, AT, TariffParams(**params))


def test_terms_in_whole_numbers(engine: Engine) -> None:
    world = World()
    world.plan("p", fee=88.5, minutes=2.5, data_mb=0.5, voice_price_per_min=0.19)
    world.plan("q", minutes=None, sms=None, data_mb=1e12, billing_step_s=None)
    book = book_of(world, engine)
    assert book.now == (
        Plan("p", 8_850, 150, 10, 512, 60, 190_000, 100_000, 10_000),
        # What is not said is not included; nobody uses more than a billion MB.
        Plan("q", 3_000, 0, 0, 1_024_000_000_000, 60, 200_000, 100_000, 10_000),
    )
    assert book.steps == (60,)


@pytest.mark.parametrize(
    ("begins", "ends", "known", "is_sold"),
    [
        (None, None, True, True),
        (date(2025, 4, 1), None, True, True),
        (date(2025, 4, 2), None, False, False),
        (LONG_AGO, date(2025, 4, 1), True, False),
        (LONG_AGO, date(2025, 4, 2), True, True),
        (LONG_AGO, date(2025, 3, 31), True, False),
    ],
)
def test_validity_at_as_of(
    engine: Engine,
    begins: date | None,
    ends: date | None,
    known: bool,
    is_sold: bool,
) -> None:
    world = World()
    world.plan("p", valid_from=begins, valid_to=ends)
    book = book_of(world, engine)
    assert [len(book.now), len(book.sold)] == [known, is_sold]


def test_versions_of_a_plan(engine: Engine) -> None:
    world = World()
    world.plan("p", fee=30.0)
    world.plan("p", fee=40.0, valid_from=date(2025, 2, 1), valid_to=date(2025, 3, 1))
    world.plan("p", fee=50.0, valid_from=date(2025, 4, 1))
    world.plan("p", fee=60.0, valid_from=date(2025, 5, 1))
    world.plan("old", fee=20.0, valid_to=date(2021, 1, 1))
    book = book_of(world, engine)
    fees = {m: {p.plan_id: p.fee_cents for p in plans} for m, plans in book.by_month.items()}
    # What holds on the month's last day; a plan that ended is kept by those who have it.
    assert fees == {
        "2025-01": {"p": 3_000, "old": 2_000},
        "2025-02": {"p": 4_000, "old": 2_000},
        "2025-03": {"p": 3_000, "old": 2_000},
    }
    assert [(p.plan_id, p.fee_cents) for p in book.sold] == [("p", 5_000)]


def test_plans_that_cannot_be_priced_are_counted(engine: Engine) -> None:
    world = World()
    world.plan("fine")
    world.plan("a", fee=None)
    world.plan("b", sms_price=None)
    world.plan("c", minutes=-1.0)
    world.plan("d", voice_price_per_min=1e9)
    world.plan("e", fee=10.0)
    world.plan("e", fee=11.0)
    # The same row twice is one version.
    world.plan("fine")
    # A faulty plan of the future is unknown.
    world.plan("f", fee=None, valid_from=date(2025, 6, 1))
    book = book_of(world, engine)
    assert [p.plan_id for p in book.now] == ["fine"]
    assert book.left_out == {
        "fee_missing": 1,
        "negative": 1,
        "price_missing": 1,
        "too_large": 1,
        "two_versions": 1,
    }


def levels(book: Book) -> dict[str, int]:
    return {plan.plan_id: book.level(plan) for plan in book.now}


def test_five_levels_by_the_fees_sold(engine: Engine) -> None:
    world = World()
    for fee in (8, 18, 30, 38, 58, 88, 128, 188, 288):
        world.plan(f"p{fee:03}", fee=float(fee))
    world.plan("same", fee=288.0)
    # Sold no longer: has a level, and moves none.
    world.plan("old", fee=45.0, valid_to=date(2024, 1, 1))
    book = book_of(world, engine)
    assert book.cuts == (3_000, 5_800, 12_800, 28_800)
    found = levels(book)
    assert [found[f"p{fee:03}"] for fee in (8, 18, 30, 38, 58, 88, 128, 188, 288)] == [
        1, 1, 2, 2, 3, 3, 4, 4, 5,
    ]  # fmt: skip
    assert (found["same"], found["old"]) == (5, 2)


def test_levels_given(engine: Engine) -> None:
    world = World()
    for fee in (9.99, 10.0, 20.0, 30.0, 40.0):
        world.plan(f"p{fee:05.2f}", fee=fee)
    book = book_of(world, engine, levels=(10.0, 20.0, 30.0, 40.0))
    assert list(levels(book).values()) == [1, 2, 3, 4, 5]


def test_few_fees_leave_levels_empty(engine: Engine) -> None:
    world = World()
    world.plan("a", fee=10.0)
    world.plan("b", fee=20.0)
    assert levels(book_of(world, engine)) == {"a": 1, "b": 3}


@pytest.mark.parametrize("given", [[10, 20, 30], [10, 20, 20, 30], [10, 20, 30, 40, 50]])
def test_levels_must_be_four_that_rise(given: list[int]) -> None:
    with pytest.raises(UsageError, match="expected the 4 rising fees"):
        validate({"levels": given}, TariffParams, source="params.yaml")


def test_plans_without_a_step_that_is_counted_are_left_out(engine: Engine) -> None:
    world = World()
    world.plan("a")
    world.plan("b", billing_step_s=6)
    book = book_of(world, engine).only((1, 60))
    assert [p.plan_id for p in book.now] == ["a"] == [p.plan_id for p in book.sold]
    assert book.left_out == {"step_unknown": 1}


def test_tiers_in_need_must_be_tiers() -> None:
    with pytest.raises(UsageError, match=r"tariff.need_tiers names crimson, which is no tier"):
        parse({"tariff": {"need_tiers": ["crimson"]}}, source="params.yaml")


def test_the_page_names_every_column_and_outcome() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "tariffs.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \*{0,2}([a-z_]+)\*{0,2} \|", page, re.MULTILINE)
    assert tuple(name for name in rows if name in COLUMNS) == COLUMNS
    for name in (*STATUSES, *GUARDS, *INCENTIVES):
        assert f"`{name}`" in page, name

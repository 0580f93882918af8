"""Who is kept, by hand: base of March 2025 (window January to March), counted in June and later.

Each case is one subscriber in an area of its own, so that one count of the operator tells them all.
"""

from __future__ import annotations

from typing import Any

import pytest
from kpi_world import KpiWorld, rules_with

from churnlight.errors import DataRefused
from churnlight.params.population import CohortParams, LabelParams, SpendChurnParams

GOOD = [100.0] * 6
WINDOW = [100.0] * 3


def keep(world: KpiWorld, *ids: int) -> None:
    for who in ids:
        world.billed(who, "2025-01", GOOD)


def lost(kind: str) -> dict[str, Any]:
    return {"on_books": 0, "off_net": 1, "gone": kind, "kept": 0, "rate": 0.0}


def kept(**more: Any) -> dict[str, Any]:
    return {"on_books": 1, "off_net": 0, "gone": None, "kept": 1, "rate": 1.0} | more


def by_spend(churn: int) -> dict[str, Any]:
    return kept(spend_churn=churn, kept=1 - churn, rate=1.0 - churn)


# What happens from April to June, as (status, bill) a month; then what the count must say.
# None: not in the snapshot, or no bill.
CASES: dict[str, tuple[list[tuple[str | None, float | None]], dict[str, Any]]] = {
    "stays": ([("active", 100)] * 3, kept(spend_churn=0, unknown_bills=0, score=100.0)),
    "ports out": ([("active", 90), ("ported_out", 50), ("ported_out", None)], lost("ported_out")),
    "cancels": ([("active", 90), ("active", 90), ("cancelled", 50)], lost("cancelled")),
    # Neither class in training, and lost all the same.
    "debt": ([("debt", 90), ("debt", None), ("debt", None)], lost("debt")),
    "debt, then dropped": ([("debt", 90), (None, None), (None, None)], lost("debt")),
    "vanishes": ([("active", 90), ("active", 90), (None, None)], lost("vanished")),
    # Off the books in April without a bill: nothing paid then, 60 in all.
    "comes back": ([("cancelled", None), ("active", 60), ("suspended", 0)], kept(unknown_bills=0)),
    "leaves twice": ([("cancelled", 90), ("active", 60), ("ported_out", 5)], lost("ported_out")),
    "pays 49.99": ([("active", 16.66), ("active", 16.66), ("active", 16.67)], by_spend(1)),
    "pays 50": ([("active", 16.66), ("active", 16.67), ("active", 16.67)], by_spend(0)),
    # Both true: counted once, as off the books.
    "pays nothing and goes": (
        [("active", 1), ("active", 1), ("cancelled", 1)],
        lost("cancelled") | {"spend_churn": 0},
    ),
    "lacks a bill": (
        [("active", 1), ("active", None), ("active", 1)],
        kept(spend_churn=0, unknown_bills=1, rate_at_least=0.0, score_at_least=0.0),
    ),
}


@pytest.fixture(scope="module")
def told(engine, tmp_path_factory) -> dict[str, Any]:
    world = KpiWorld(engine, tmp_path_factory.mktemp("cases"))
    for who, (name, (later, _)) in enumerate(CASES.items()):
        world.billed(who, "2025-01", WINDOW, region=name)
        for month, (status, bill) in zip(("2025-04", "2025-05", "2025-06"), later, strict=True):
            if status is not None:
                world.snapshot(month, who, status, region="elsewhere by now")
            if bill is not None:
                world.bill(month, who, bill)
    # The same number, but another subscriber's from 10 April on.
    world.billed(50, "2025-01", WINDOW, region="number goes to another")
    world.billed(50, "2025-04", WINDOW, activated_on="2025-04-10")
    return world.kpi("2025-03", "2025-06")


def row_of(told: dict[str, Any], name: str) -> dict[str, Any]:
    (row,) = [g for g in told["by"]["region"] if g["group"] == name]
    gone = [kind for kind, count in row["off_net_kinds"].items() if count]
    return {**row, "gone": gone[0] if gone else None}


@pytest.mark.parametrize("name", CASES)
def test_each_case(told, name):
    row, expected = row_of(told, name), CASES[name][1]
    assert row["base"] == 1
    assert {key: row[key] for key in expected} == expected


def test_a_recycled_number_is_somebody_else(told):
    row = row_of(told, "number goes to another")
    assert (row["on_books"], row["gone"], row["kept"]) == (0, "vanished", 0)


def test_the_total_adds_the_cases_up(told):
    total = told["total"]
    # Stays, comes back, 49.99, 50, lacks a bill are on the books; 49.99 is not kept.
    assert (total["base"], total["on_books"], total["kept"]) == (13, 5, 4)
    assert total["off_net_kinds"] == {"ported_out": 2, "cancelled": 2, "debt": 2, "vanished": 2}
    assert total["rate"] == 4 / 13
    # 72 % of 13 is 9.36, 77 % is 10.01: ten and eleven are needed.
    assert (total["above_base_target"], total["above_challenge_target"]) == (-6, -7)
    assert {"notice": "unknown_bills", "subscribers": 1} in told["notices"]
    assert told["known_on"] == "2025-07-06"


def test_spend_looks_at_the_three_months_that_end_with_the_month(world):
    world.billed(1, "2025-01", [100.0] * 3 + [100.0, 10.0, 10.0, 10.0])
    assert world.kpi("2025-03", "2025-06")["total"]["spend_churn"] == 0
    assert world.kpi("2025-03", "2025-07")["total"]["spend_churn"] == 1


def test_a_bill_known_after_the_month_was_closed_is_missing(world):
    keep(world, 1)
    # Closed on 6 July (five days after the month's end): that instant is too late.
    for who, at in ((2, "2025-07-05T23:59:59"), (3, "2025-07-06T00:00:00")):
        world.billed(who, "2025-01", [100.0] * 5 + [None], region=f"billed {at}")
        world.bill("2025-06", who, 100.0, billed_at=at)
    groups = world.kpi("2025-03", "2025-06")["by"]["region"]
    unknown = {g["group"]: g["unknown_bills"] for g in groups if g["kind"] == "named"}
    assert unknown == {"billed 2025-07-05T23:59:59": 0, "billed 2025-07-06T00:00:00": 1}


def test_nothing_of_later_months_changes_a_figure(world):
    """The leak test: what comes after the month is as bad as can be."""
    cohort = CohortParams(min_monthly_bill=80, min_voice_out_minutes=None)
    rules = rules_with(cohort=cohort)
    keep(world, 1, 2, 3, 4)
    world.billed(5, "2025-01", [79.0] * 6)  # below 80 all the time
    before = world.kpi("2025-03", "2025-06", rules)
    for who in (1, 2):
        for month in ("2025-07", "2025-08"):
            world.snapshot(month, who, "cancelled", status_since="2025-06-01", region="x")
            world.bill(month, who, 0.0)
    for month in ("2025-07", "2025-08"):
        world.snapshot(month, 3, activated_on="2025-06-15", contract_ends_on="2030-01-01")
        world.snapshot(month, 4, contract_ends_on="2030-01-01", vip_tier="gold")
        world.bill(month, 5, 10_000.0)
    world.care(4, "2025-04-01T00:00:00")
    assert world.kpi("2025-03", "2025-06", rules, followed_to="2025-08") == before
    assert before["total"]["base"] == 4
    # With the base a month later the application counts, so the rows above are no decoration.
    assert world.kpi("2025-04", "2025-07", rules)["total"]["base"] == 3


def test_the_base_is_the_cohort_as_it_was_known(world):
    rules = rules_with(cohort=CohortParams(min_monthly_bill=80, min_voice_out_minutes=None))
    keep(world, 1)
    world.billed(2, "2025-01", [80.0, 80.0, 80.0, 0.0, 0.0, 0.0])  # only the window decides
    world.billed(3, "2025-01", [60.0, 60.0, None, 500.0, 500.0, 500.0])
    # A bill that would lift the mean to 80, known when the base month was closed already.
    world.bill("2025-03", 3, 120.0, billed_at="2025-04-06T00:00:00")
    total = world.kpi("2025-03", "2025-06", rules)["total"]
    assert (total["base"], total["spend_churn"], total["kept"]) == (2, 1, 1)


def test_an_application_to_port_out_before_the_window_is_forgotten_as_in_the_cohort(world):
    keep(world, 1, 2)
    world.care(1, "2024-12-31T23:59:59")
    world.care(2, "2025-01-01T00:00:00")
    assert world.kpi("2025-03", "2025-06")["total"]["base"] == 1


def test_a_contract_counts_when_it_ends_more_than_three_months_after_the_month(world):
    ends = [None, "2025-06-30", "2025-09-30", "2025-10-01", "2026-05-31"]
    for who, date in enumerate(ends):
        world.billed(who, "2025-01", GOOD, contract_ends_on=date)
    # The snapshot of the month says it, not the base's.
    world.billed(8, "2025-01", [100.0] * 3, contract_ends_on="2025-05-31")
    world.billed(8, "2025-04", [100.0] * 3, contract_ends_on="2027-05-31")
    world.billed(9, "2025-01", [100.0] * 5, contract_ends_on="2030-01-01")
    world.snapshot("2025-06", 9, "cancelled", contract_ends_on="2030-01-01")
    total = world.kpi("2025-03", "2025-06")["total"]
    assert (total["on_books"], total["contracts"], total["contract_rate"]) == (6, 3, 0.5)


def test_groups_are_those_of_the_base(world):
    world.billed(1, "2025-01", [100.0] * 3, region="east", vip_tier="gold", group_class="A")
    world.billed(1, "2025-04", [100.0] * 3, region="west", vip_tier="none", group_class="B")
    world.billed(2, "2025-01", [100.0] * 5, region="east", vip_tier="diamond")
    world.snapshot("2025-06", 2, "cancelled", region="west")
    by = world.kpi("2025-03", "2025-06")["by"]
    assert [(g["group"], g["kind"], g["base"], g["kept"]) for g in by["region"]] == [
        ("east", "named", 2, 1)
    ]
    assert [(g["group"], g["kept"]) for g in by["vip_tier"]] == [("diamond", 0), ("gold", 1)]
    assert [(g["group"], g["kind"]) for g in by["group_class"]] == [
        ("A", "named"),
        (None, "unknown"),
    ]


def test_without_billing_no_rate_and_no_score_are_claimed(world):
    world.stays(1, "2025-01", "2025-06", contract_ends_on="2026-01-01")
    world.stays(2, "2025-01", "2025-05")
    found = world.kpi("2025-03", "2025-06")
    total = found["total"]
    assert (total["on_books"], total["off_net"], total["rate_at_most"]) == (1, 1, 0.5)
    unknown = ("spend_churn", "unknown_bills", "kept", "rate", "rate_at_least", "score")
    assert [total[name] for name in unknown] == [None] * 6
    assert total["above_base_target"] is None
    assert {"notice": "no_billing"} in found["notices"]


def test_columns_that_nobody_fills_in_are_named(world):
    keep(world, 1)
    found = world.kpi("2025-03", "2025-06")
    assert found["total"]["contract_rate"] is None
    assert found["total"]["contracts"] is None
    assert found["by"] == {}
    assert [n["notice"] for n in found["notices"]] == ["no_contracts", *["no_dimension"] * 3]


def test_a_month_without_any_bill_is_refused(world):
    world.billed(1, "2025-01", [100.0] * 5 + [None])
    with pytest.raises(DataRefused, match=r"needs the bills of 2025-06.*before 2025-07-06"):
        world.kpi("2025-03", "2025-06")


def test_a_snapshot_that_lost_many_is_refused_and_earlier_months_are_not(world):
    rules = rules_with(label=LabelParams(max_vanished_share=0.1))
    world.billed(1, "2025-01", [100.0] * 7)
    world.billed(2, "2025-01", [100.0] * 6)
    found = world.kpi("2025-03", "2025-06", rules, followed_to="2025-07")
    assert found["total"]["rate"] == 1.0
    with pytest.raises(DataRefused, match=r"1 of 2 .* snapshot of subscribers of 2025-07"):
        world.kpi("2025-03", "2025-07", rules)


def test_an_empty_base_is_refused(world):
    keep(world, 1)
    rules = rules_with(cohort=CohortParams(min_monthly_bill=1_000, min_voice_out_minutes=None))
    with pytest.raises(DataRefused, match=r"nobody is in the base of 2025-03: of 1 "):
        world.kpi("2025-03", "2025-06", rules)


def test_a_shorter_rule_of_spend_looks_at_fewer_months(world):
    label = LabelParams(
        max_vanished_share=1.0, spend_churn=SpendChurnParams(months=1, total_below=20)
    )
    world.billed(1, "2025-01", [100.0] * 3 + [10.0, 30.0])
    assert world.kpi("2025-03", "2025-04", rules_with(label=label))["total"]["spend_churn"] == 1
    assert world.kpi("2025-03", "2025-05", rules_with(label=label))["total"]["spend_churn"] == 0

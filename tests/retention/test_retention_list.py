"""Who is on the list, in which order, and what is counted of the month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from retention_world import ORDER, PEOPLE, month, scores

from churnlight.errors import ChurnlightError, UsageError
from churnlight.params.output import HandoutParams
from churnlight.params.whole import parse
from churnlight.retention.entries import entries
from churnlight.retention.month import HandoutInputs, call_list, card_ids
from churnlight.retention.totals import by_area, by_tier, tier_totals
from churnlight.retention.words import Words

LISTED = ("yellow", "red", "white")


def ids(table, rows):
    return table["subscriber_id"].iloc[rows].tolist()


def test_the_most_money_at_risk_comes_first_and_who_has_left_is_not_there() -> None:
    table = scores()
    assert ids(table, call_list(table, LISTED)) == ORDER


def test_the_order_of_the_rows_changes_nothing() -> None:
    table = scores(PEOPLE[::-1])
    assert ids(table, call_list(table, LISTED)) == ORDER


def test_only_the_tiers_asked_for_are_on_the_list() -> None:
    table = scores()
    assert ids(table, call_list(table, ("red",))) == ["S2", "S4"]
    assert card_ids(table, HandoutParams(cards=2)).tolist() == ["S2", "S1"]


def test_an_entry_carries_its_own_numbers_and_reasons() -> None:
    inputs = month()
    found = list(entries(inputs, call_list(inputs.scores, LISTED), "en"))
    assert [e.place for e in found] == [1, 2, 3, 4, 5]
    first = found[0]
    assert (first.subscriber, first.at_risk_money, first.apart) == ("S2", 150.0, True)
    assert [said.code for said in first.up] == ["falling_silent", "bill_falling"]
    assert first.down is not None
    assert first.down.code == "contract_ending"
    assert first.rule is not None
    assert first.rule.text == "Bill ≤ 50"
    assert found[-1].bill_money is None
    assert found[-1].at_risk_money is None


def test_chunks_change_nothing(monkeypatch) -> None:
    inputs = month()
    rows = call_list(inputs.scores, LISTED)
    whole = list(entries(inputs, rows, "zh"))
    monkeypatch.setattr("churnlight.retention.entries._CHUNK", 2)
    assert list(entries(inputs, rows, "zh")) == whole


def test_tiers_add_up_and_who_has_left_costs_nothing_more() -> None:
    totals = {t.tier: t for t in tier_totals(month())}
    white = totals["white"]
    assert (white.subscribers, white.to_call) == (2, 1)
    assert (white.bills_money, white.at_risk_money) == (100.0, 90.0)
    assert white.rate == pytest.approx(0.4)
    assert totals["green"].subscribers == 0
    assert totals["green"].bills_money is None
    assert totals["blue"].rate is None
    assert sum(t.share for t in totals.values()) == pytest.approx(1.0)


def test_the_commonest_first_reasons_are_counted_among_those_to_call() -> None:
    # By place in PEOPLE, even ones have bill_falling first: S1, S3 and S7; S2 and S4 silence.
    found = {g.group: (g.subscribers, g.reasons) for g in by_tier(month())}
    assert list(found) == ["white", "red", "yellow"]
    assert found["white"] == (1, (("bill_falling", 1),))
    assert found["red"] == (2, (("falling_silent", 2),))
    assert found["yellow"] == (2, (("bill_falling", 2),))
    areas = {g.group: g.subscribers for g in by_area(month())}
    assert areas == {"city": 3, "north": 2}  # S1, S4, S7; S2, S3


def test_areas_of_too_few_are_one() -> None:
    (both,) = by_area(month(least=3))
    # North's 2 alone would be all less the city's 3.
    assert (both.subscribers, both.areas) == (5, 2)
    assert both.reasons == (("bill_falling", 3), ("falling_silent", 2))
    assert Words("en").area(both.group, both.areas) == "other groups together (2)"
    assert [g.areas for g in by_area(month(least=2))] == [1, 1]


def before_with(*tiers: str) -> pd.DataFrame:
    return scores().assign(tier=list(tiers))


# S3 rises from blue to yellow, S4 from green to red, S5 from blue but has left; S1 rises one tier.
RISERS = before_with("red", "red", "blue", "green", "blue", "white", "yellow")


def risen_month(**changes: Any) -> HandoutInputs:
    return month(previous=RISERS, previous_as_of="2025-12-01", **changes)


def test_who_rose_two_tiers_stands_on_top_in_the_order_of_before() -> None:
    inputs = risen_month()
    listed = ids(inputs.scores, inputs.listed)
    assert listed == ["S3", "S4", "S2", "S1", "S7"], "S3 has money at risk, S4 no bill"
    assert sorted(listed) == sorted(ORDER), "the same people"
    first = [s for s in ORDER if s in {"S3", "S4"}]
    assert listed == first + [s for s in ORDER if s not in first]
    found = {
        e.subscriber: (e.rose_from, e.rose_since) for e in entries(inputs, inputs.listed, "en")
    }
    assert found["S3"] == ("blue", "2025-12-01")
    assert found["S4"] == ("green", "2025-12-01")
    assert {found[s] for s in ("S1", "S2", "S7")} == {(None, None)}


def test_an_id_handed_on_since_then_did_not_rise() -> None:
    inputs = risen_month()
    since = [
        date(2025, 12, 5) if s == "S3" else date(2020, 2, 3) for s in inputs.people["subscriber_id"]
    ]
    inputs = risen_month(people=inputs.people.assign(activated_on=since))
    assert ids(inputs.scores, inputs.listed)[:2] == ["S4", "S2"]


def test_without_a_month_before_the_order_is_the_plain_one() -> None:
    inputs = month()
    assert ids(inputs.scores, inputs.listed) == ORDER
    assert not inputs.risen.any()


def test_cards_are_of_the_top_of_the_same_list() -> None:
    inputs = risen_month()
    cards = card_ids(inputs.scores, HandoutParams(cards=3), inputs.risen)
    assert cards.tolist() == ids(inputs.scores, inputs.listed)[:3]


def test_parameters_name_tiers_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"handout\.tiers names purple, which is no tier"):
        parse({"handout": {"tiers": ["red", "purple"]}}, source="params.yaml")
    with pytest.raises(UsageError, match="holds a name twice"):
        parse({"handout": {"languages": ["en", "en"]}}, source="params.yaml")
    own = {
        "tiers": {"names": ["a", "b"], "shares": [0.9, 0.1]},
        "handout": {"tiers": ["b"]},
        "tariff": {"need_tiers": ["b"]},
        "plan": {"tiers": ["b"]},
    }
    assert parse(own, source="params.yaml").handout.tiers == ("b",)


def test_an_older_table_is_refused_by_what_it_lacks() -> None:
    inputs = month()
    with pytest.raises(ChurnlightError, match="scores of as_of 2026-01-01 lack leaf"):
        replace(inputs, scores=inputs.scores.drop(columns="leaf")).hold()
    with pytest.raises(ChurnlightError, match="reasons of as_of 2026-01-01 lack quoted"):
        replace(inputs, reasons=inputs.reasons.drop(columns="quoted")).hold()
    with pytest.raises(UsageError, match=r"handout\.tiers names purple"):
        replace(inputs, params=HandoutParams(tiers=("purple",))).hold()

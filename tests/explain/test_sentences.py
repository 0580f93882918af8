"""Sentences by hand, in both languages, and what they must never say."""

from __future__ import annotations

import json
import re
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churnlight.errors import ChurnlightError, UsageError
from churnlight.explain.sentences import LANGUAGES, sentences, title
from churnlight.features import CATALOGUE, REASONS
from churnlight.features.phrases import PHRASES, QUOTED, Phrase

UNITS = {f.name: f.unit for f in CATALOGUE}


def row(reason: str, feature: str, second: str | None = "", **quoted: Any) -> dict[str, Any]:
    value = quoted.get(feature)
    return {
        "subscriber_id": 1,
        "rank": 1,
        "direction": "up",
        "reason": reason,
        "share": 0.5,
        "feature": feature,
        "value": None if value is None else str(value),
        "second": second,
        "quoted": json.dumps(quoted) if quoted else None,
    }


def said(
    line: dict[str, Any],
    language: str = "en",
    medians: dict[str, float | None] | None = None,
    as_of: str = "2026-01-01",
) -> str:
    return sentences(pd.DataFrame([line]), medians or {}, as_of, language)[0]


LOST = row(
    "circle_shrinking",
    "contacts_lost_count",
    contacts_lost_count=12,
    contacts_kept_share=19 / 31,
    strong_contacts_lost_share=0.25,
)


def test_contacts_lost_of_those_there_were() -> None:
    """12 lost and a share of 19/31 kept: 31 there were."""
    assert said(LOST) == (
        "12 of 31 contacts of November not seen in December; "
        "25 % of November's close contacts not seen in December"
    )
    assert (
        said(LOST, "zh")
        == "11月的31位联系人中有12位在12月未再联系；11月的亲密联系人中25%在12月未再联系"
    )


def test_months_are_those_before_as_of() -> None:
    assert said(LOST, as_of="2025-02-01").startswith("12 of 31 contacts of December not seen in J")
    assert said(LOST, "zh", as_of="2025-03-01").startswith("1月的31位联系人中有12位在2月未再联系")


def test_a_bill_that_fell() -> None:
    """Mean 120.00, the last one 0.62 of it: 74.40."""
    line = row(
        "bill_falling",
        "bill_last_over_mean_ratio",
        "plan_down_count",
        bill_money=120,
        bill_last_over_mean_ratio=0.62,
        plan_down_count=1,
    )
    assert said(line) == (
        "December's bill 74.40 yuan, 38 % below the recent mean; moved once to a cheaper plan"
    )
    assert said(line, "zh") == "12月账单74.40元，较近月均值低38%；降档1次"


@pytest.mark.parametrize(
    ("line", "medians", "en", "zh"),
    [
        (
            row("bill_level", "bill_money", None, bill_money=1234.5),
            {"bill_money": 108.8},
            "Bill 1,234.50 yuan a month (cohort's median 108.80 yuan)",
            "月均账单1,234.50元（群体中位数108.80元）",
        ),
        (
            row("contract_ending", "contract_left_days", None, contract_left_days=45),
            {},
            "Contract ends on 15 February 2026",
            "合约于2026年2月15日到期",
        ),
        (
            row("contract_ending", "contract_left_days", None, contract_left_days=-17),
            {},
            "Contract ended on 15 December 2025",
            "合约已于2025年12月15日到期",
        ),
        (
            row(
                "contract_ending",
                "contract_left_days",
                None,
                contract_left_days=None,
                under_contract_flag=0,
            ),
            {},
            "No contract",
            "无合约",
        ),
        (
            row("second_sim", "forward_count_per_day", None, forward_count_per_day=1 / 30),
            {},
            "1 forwarded call in 30 days",
            "30天内呼叫转移1次",
        ),
        (
            row("moving_away", "roaming_days", None, roaming_days=78),
            {"roaming_days": 0.0},
            "78 days with roaming in recent months (cohort's median 0)",
            "近月漫游78天（群体中位数0）",
        ),
        (
            row("plan_misfit", "data_allowance_ratio", None, data_allowance_ratio=20.334),
            {"data_allowance_ratio": None},
            "2,033 % of the plan's data used",
            "使用套餐流量的2,033%",
        ),
        (
            row("falling_silent", "silent_days", None, silent_days=21),
            {},
            "21 days without any event at the end of December",
            "12月末连续21天无任何记录",
        ),
        (
            row("falling_silent", "voice_out_trend_share_per_month", None,
                voice_out_trend_share_per_month=-0.3849),
            {},
            "Outgoing minutes falling 38 % a month",
            "主叫分钟数每月下降38%",
        ),
        (
            row("second_sim", "out_change_share", None, out_change_share=-0.01),
            {},
            "Share of calls and messages that the subscriber begins fell by 1 point in December",
            "12月主动发起比例下降1个百分点",
        ),
        (
            row("contacts_left", "contacts_left_count", None, contacts_left_count=1,
                contacts_left_share=0.004, contacts_left_weighted_share=0.095),
            {},
            "1 contact has left our network (0.4 % of all), with 9.5 % of calls and messages",
            "1位联系人已离网（占联系人0.4%，占通信9.5%）",
        ),
        (
            row("service_trouble", "since_care_days", "open_complaints_count",
                care_contacts_count=2, since_care_days=12, open_complaints_count=1),
            {"since_care_days": 92},
            "2 contacts with customer care, last on 20 December 2025; 1 complaint not resolved",
            "联系客服2次，最近一次在2025年12月20日；1件投诉未解决",
        ),
        (
            row("long_standing", "tenure_days", None, tenure_days=172),
            {"tenure_days": 1095.75},
            "On the network for 172 days (cohort's median 3 years)",
            "在网172天（群体中位数3年）",
        ),
        (
            row("topup_rhythm", "payment_category", None, payment_category="prepaid"),
            {},
            "Prepaid line",
            "预付费号码",
        ),
        (
            row("use_level", "voice_out_min_per_day", None, voice_out_min_per_day=0.0849),
            {"voice_out_min_per_day": 6.53},
            "Outgoing calls 0.08 minutes a day (cohort's median 6.5)",
            "主叫日均0.08分钟（群体中位数6.5）",
        ),
    ],
)  # fmt: skip
def test_by_hand(line: dict[str, Any], medians: dict[str, float | None], en: str, zh: str) -> None:
    assert said(line, "en", medians) == en
    assert said(line, "zh", medians) == zh


def test_what_is_known_to_say_little_is_not_said() -> None:
    """`second` null: the model saw nothing else in this reason."""
    line = LOST | {"second": None}
    assert said(line) == "12 of 31 contacts of November not seen in December"
    assert said(LOST | {"second": float("nan")}) == said(line)


def test_without_own_values_the_strongest_feature_alone_is_stated() -> None:
    line = row("moving_away", "roaming_days") | {"value": "12", "second": "cells_count"}
    assert said(line) == "12 days with roaming in recent months"
    # Neither the lost contacts nor those before can be told from a share alone.
    line = row("circle_shrinking", "contacts_kept_share") | {"value": "0.613"}
    assert said(line, "en", {"contacts_kept_share": 0.96}) == (
        "Share of the contacts of the month before last that the last month saw again: 61 % "
        "(cohort's median 96 %)"
    )


def test_what_is_unknown_is_called_unknown() -> None:
    line = row("bill_level", "bill_money", None, bill_money=None)
    assert said(line) == "Monthly bill after discount: unknown"
    assert said(line, "zh") == "月账单：未知"


def test_a_feature_of_another_version_is_stated_by_its_name() -> None:
    line = row("bill_level", "bill_old_money", None) | {"value": "12.5"}
    assert said(line) == "Bill_old_money: 12.5"


def edge(name: str, draws: np.random.Generator) -> Any:
    """A value that a feature may have, extremes and none among them."""
    if UNITS[name] == "category":
        return draws.choice([None, "none", "prepaid", "{x}", 'a "b"'])
    large = 9.0 if UNITS[name] == "nats" else 123456.0
    return draws.choice([None, 0, 1, -1, 0.5, 1e-9, 2.5, large, -1e-12])


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_said_is_empty_or_claims_a_cause(language: str) -> None:
    draws = np.random.default_rng(1)
    reason = {f.name: f.reason for f in CATALOGUE}
    lines = []
    for name in [f.name for f in CATALOGUE] * 6:
        quoted = {other: edge(other, draws) for other in QUOTED[reason[name]]}
        quoted.setdefault(name, edge(name, draws))
        second = draws.choice(["", *QUOTED[reason[name]]])
        lines.append(row(reason[name], name, str(second), **quoted))
    for medians in ({}, dict.fromkeys(UNITS), dict.fromkeys(UNITS, 0.37)):
        for text in sentences(pd.DataFrame(lines), medians, "2025-11-01", language):
            assert text
            words = re.findall(r"[a-z]+", text.lower())
            assert not {"nan", "null", "inf", "because"} & set(words)
            assert "因为" not in text
            assert not re.search(r"\d\.\d{3}|e[-+]\d|-0\b(?!\.)|\{\w+:", text), text


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda p: p.en[:50])
def test_every_fact_can_hold(phrase: Phrase) -> None:
    """A condition that nothing can meet would hide a fact for ever."""
    draws = np.random.default_rng(2)
    for _ in range(500):
        quoted = {n: edge(n, draws) for n in phrase.quoted}
        first = (*phrase.features, *phrase.quoted)[0]
        text = said(row(phrase.reason, first, None, **quoted)) if holds(phrase, quoted) else ""
        if text:
            return
    raise AssertionError("nobody has it")


def holds(phrase: Phrase, quoted: dict[str, Any]) -> bool:
    tests = {"<": lt, ">": gt, "<=": le, ">=": ge, "==": eq, "!=": ne}
    for name, test, against in phrase.when:
        value = quoted[name]
        if (value is None) != (test == "unknown"):
            return False
        if value is not None and not tests[test](value, against):
            return False
    return all(quoted[n] is not None for n in phrase.features)


def test_titles() -> None:
    assert title("circle_shrinking", "en") == "Calling circle shrinking"
    assert title("circle_shrinking", "zh", "down") == "通话圈稳定"
    # A protective reason is named for what it usually does: it lowers.
    assert title("long_standing", "en") == title("long_standing", "en", "down")
    assert title("long_standing", "en", "up") == "Short tenure or few points"
    # One that can work either way takes no side.
    assert title("handset", "en", "up") == title("handset", "en", "down") == "Handset"
    assert all(title(code, language) for code in REASONS for language in LANGUAGES)


def test_a_language_unknown_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match="'fr'; languages there are: en, zh"):
        title("handset", "fr")
    with pytest.raises(UsageError, match="en, zh"):
        said(LOST, "EN")


def test_a_code_unknown_and_a_date_that_is_none() -> None:
    with pytest.raises(ChurnlightError, match="no reason 'hand'"):
        title("hand", "en")
    with pytest.raises(UsageError, match="as_of '2026-13-01' is no date"):
        said(LOST, as_of="2026-13-01")


def test_nobody() -> None:
    assert sentences(pd.DataFrame([LOST]).iloc[:0], {}, "2026-01-01", "en") == []

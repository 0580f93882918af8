"""The page of a campaign report: what it claims, what it withholds, and the curves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from churnlight.campaigns.words import note, order_verdict, warning
from churnlight.report.campaign_page import render_campaigns


def share(value: float, of: str) -> dict[str, Any]:
    return {"of": of, "share": value, "low": value - 0.05, "high": value + 0.05}


def bare(**more: Any) -> dict[str, Any]:
    """A document that claims nothing."""
    return {
        "simulated": True,
        "as_of": "2026-01-01",
        "campaigns": [],
        "min_group": 20,
        "effect_claimed": False,
        "why_not": note("no_control"),
        "follow_months": 2,
        "assignments": {"campaigns": 3, "treated": 1200, "control": 0},
        "funnel": {
            "target": 1200,
            "contacted": 600,
            "accepted": 120,
            "succeeded": 7,
            "shares": {
                "contacted": share(0.5, "target"),
                "accepted": share(0.2, "contacted"),
                "succeeded": share(0.0117, "contacted"),
            },
        },
        "notes": [note("not_yet", count=27)],
        "warnings": [],
        **more,
    }


def curve(*saved: float, coefficient: float) -> dict[str, Any]:
    points = [{"share": i / (len(saved) - 1), "saved": s} for i, s in enumerate(saved)]
    return {"points": points, "coefficient": coefficient, "low": -0.001, "high": 0.006}


def group(value: str | None, lines: int, verdict: str, difference: float) -> dict[str, Any]:
    shrunk = {"difference": difference, "low": difference - 0.01, "high": difference + 0.01}
    return {
        "value": value,
        "lines_treated": lines - 5,
        "lines_control": 5,
        "shrunk": shrunk,
        "verdict": verdict,
    }


def claimed(**more: Any) -> dict[str, Any]:
    churn = {"difference": -0.021, "low": -0.034, "high": -0.008, "treated": 0.1, "control": 0.121}
    money = {"difference": 1.25, "low": -0.5, "high": 3.0, "treated": 81.0, "control": 79.75}
    profit = {"profit_money": 900.0, "low": -100.0, "high": 1900.0}
    return bare(
        effect_claimed=True,
        why_not=None,
        churn=churn | {"verdict": "saves"},
        revenue=money | {"verdict": "unclear"},
        cost={
            "cost_money": 1920.0,
            "measured": profit | {"months": 2},
            "assumed": profit | {"value_months": 6.0},
        },
        groups={
            "tier": [group("red", 500, "saves", -0.03), group("white", 12, "provokes", 0.077)],
            "reason": [group(None, 700, "unclear", 0.001)],
        },
        qini=curve(0, 0.004, 0.005, coefficient=0.0015),
        next_campaign={"sizes": [{"reduction": 0.2, "lines": 14844, "lines_control": 1485}]},
        warnings=[warning(None, None, "unclear"), warning("tier", "white", "provokes")],
        **more,
    )


def compared(verdict: str) -> dict[str, Any]:
    return {
        "uplift": curve(0, 0.006, 0.005, coefficient=0.0035),
        "risk": curve(0, 0.003, 0.005, coefficient=0.0005),
        "difference": {"value": 0.003, "low": 0.001, "high": 0.005},
        "verdict": order_verdict(verdict),
    }


def text_of(page: str, language: str) -> str:
    start = page.index(f'<div class="page {language}"')
    end = page.find('<div class="page ', start + 1)
    body = re.sub(r"<[^>]+>", " ", page[start : end if end > 0 else None])
    return re.sub(r"\s+", " ", body)


def test_without_a_claim_it_says_why_and_shows_the_funnel_alone() -> None:
    page = render_campaigns(bare())
    told = text_of(page, "en")
    assert "No control group was held out" in told
    assert "3 campaigns: 1,200 lines assigned to an offer, 0 held out." in told
    assert "600 50.0% 45.0–55.0%" in told
    assert "27 outcomes are not complete yet" in told
    assert "What the offer changed" not in told
    assert "没有随机对照组" in text_of(page, "zh")
    assert 'id="campaigns_funnel-en"' in page


def test_what_was_found_stands_with_its_intervals() -> None:
    told = text_of(render_campaigns(claimed(orders=compared("better"))), "en")
    assert "Left 10.0% 12.1% −2.1 points (−3.4 … −0.8) saves" in told
    assert "Bill a month 81 79.75 +1.25 −0.50 … +3 not shown" in told
    assert "red 500 −3.0 points (−4.0 … −2.0) saves" in told
    assert "unknown 700" in told
    assert "by effect +3.50" in told
    assert "by effect less by risk +3.00 +1.00 … +5.00" in told
    assert "Treating by effect keeps more than treating by risk does, beyond chance." in told
    assert "20% 14,844 1,485" in told
    assert "it is not shown that contact saves anybody" in told


def test_an_order_that_is_no_better_says_to_list_by_risk() -> None:
    page = render_campaigns(claimed(orders=compared("not_better")), "zh")
    assert "List by risk" in text_of(page, "en")
    assert "请按风险排序" in text_of(page, "zh")
    few = {
        **dict.fromkeys(("uplift", "risk", "difference")),
        "verdict": order_verdict("few_leavers", treated=5, control=2, least=100),
    }
    told = render_campaigns(claimed(orders=few))
    assert "Too few left in an arm (5 treated, 2 control; 100 are needed)" in text_of(told, "en")
    assert "<svg" not in told


def test_groups_and_steps_that_are_too_small_are_not_shown() -> None:
    told = text_of(render_campaigns(claimed()), "en")
    row = told[told.index("white") :][:60]
    assert "ewer than 20" in row
    assert "7.7" not in told
    # Seven succeeded: neither the count nor the share that gives it away.
    assert "1.2%" not in told


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_curves_are_drawn_from_nothing_to_all(language: str) -> None:
    page = render_campaigns(claimed(orders=compared("better")))
    start = page.index(f'id="qini-{language}-t"')
    drawing = page[start : page.index("</svg>", start)]
    lines = re.findall(r'<polyline points="([^"]+)" class="curve (\w+)"', drawing)
    assert [style for _, style in lines] == ["gbm", "tree"]
    ends = [points.split(" ")[-1] for points, _ in lines]
    # Treating all is the same, whatever the order; the left end is at the share 0.
    assert ends[0] == ends[1]
    assert {points.split(",")[0] for points, _ in lines} == {"58"}


def test_the_same_document_makes_the_same_page_and_nothing_is_left_unescaped() -> None:
    content = claimed(orders=compared("better"))
    content["groups"]["reason"][0]["value"] = "<script>alert(1)</script>"
    page = render_campaigns(content)
    assert page == render_campaigns(content)
    assert "<script" not in page
    assert "&lt;script&gt;" in page

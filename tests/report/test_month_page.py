"""The page of a scored month: what to do on top, each part it is given, nothing it is not."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from churnlight.errors import UsageError
from churnlight.report.month_page import MonthFacts, render_month
from churnlight.report.view_drift import drift_view
from churnlight.report.view_realised import realised_view
from churnlight.report.words import Words

TIERS = ("blue", "green", "yellow", "red", "white")


def facts(*, simulated: bool = True) -> MonthFacts:
    counts = zip(TIERS, (6000, 2500, 1000, 420, 100), (6000, 2500, 997, 417, 91), strict=True)
    tiers = [{"tier": t, "subscribers": n, "to_call": c} for t, n, c in counts]
    return MonthFacts("2026-01-01", "2026-01-06", "churnlight version 3", simulated, tiers)


def entry(kind: str, name: str, over: float, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "psi": round(0.1 * over, 3),
        "psi_band": 0.1,
        "wasserstein": 0.04,
        "wasserstein_band": 0.2,
        "over_band": over,
        "outside": over > 1,
        "outside_by": ["psi"] if over > 1 else [],
        **more,
    }


def told(**more: Any) -> dict[str, Any]:
    return {
        "then": [0.5, 0.5, 0.0],
        "now": [0.2, 0.5, 0.3],
        "missing_then": 0.0,
        "missing_now": 0.3,
        **dict.fromkeys(("median_then", "median_now", "level", "level_then", "level_now")),
        **more,
    }


def drift(**changes: Any) -> dict[str, Any]:
    level = {"level": "prepaid", "level_then": 0.2, "level_now": 0.55, "missing_now": 0.0}
    entries = [
        entry("features", "bill_money", 3.0, **told(median_then=108.8, median_now=54.25)),
        entry("features", "payment_category", 2.0, **told(**level)),
        entry("reasons", "bill_falling", 1.5, **told(missing_now=0.0)),
        entry("scores", "tier", 0.81),
        entry("features", "tenure_days", 0.4),
    ]
    return {
        "as_of": "2026-01-01",
        "subscribers": 10_020,
        "verdict": "outside",
        "alarm_share": 0.05,
        "pairs": 15,
        "pairs_needed": 6,
        "months": ["2025-04-01"],
        "left_out": [{"as_of": "2025-12-01", "why": "drifted"}],
        "reference": {"as_ofs": ["2025-04-01", "2025-09-01"], "subscribers": 49_413},
        "outside": [{"kind": e["kind"], "name": e["name"]} for e in entries if e["outside"]],
        "distributions": entries,
        **changes,
    }


def quiet() -> dict[str, Any]:
    entries = [e for e in drift()["distributions"] if not e["outside"]]
    return drift(verdict="within", distributions=entries, outside=[], left_out=[])


def figure(value: float, half: float, **more: float) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half, **more}


def realised(advice: str = "retrain") -> dict[str, Any]:
    promised = {"promised": 0.85, "promised_low": 0.82, "promised_high": 0.88}
    measures = {
        "roc_auc": figure(0.74, 0.02, **promised),
        "pr_auc": figure(0.25, 0.03, **promised),
        "observed": figure(0.04, 0.004),
        "mean_predicted": figure(0.05, 0.001),
        "ratio": figure(0.8, 0.05),
        "slope": figure(0.9, 0.1),
    }
    tiers = [
        {"tier": t, "subscribers": 1000, "churners": 50, "rate": 0.05}
        | {"rate_low": 0.04, "rate_high": 0.06}
        | {"promised_rate": 0.07, "promised_rate_low": 0.06, "promised_rate_high": 0.08}
        for t in TIERS
    ]
    left = {"subscribers": 5000, "churners": 250, "tiers": tiers, "measures": measures}
    treated = {"subscribers": 139, "churners": 3, "tiers": tiers, "measures": None}
    month = {"as_of": "2025-11-01", "groups": {"untreated": left, "treated": treated}}
    said = {"en": "Train the model again. It ranks worse.", "zh": "建议重新训练模型。"}
    return {"months": [month], "advice": {"advice": advice, "reasons": ["auc_fell"], **said}}


def text_of(page: str, language: str) -> str:
    start = page.index(f'<div class="page {language}"')
    end = page.find('<div class="page', start + 1)
    body = page[start : end if end > 0 else len(page)]
    body = re.sub(r"<(title|desc)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.fixture(scope="module")
def page() -> str:
    return render_month({"drift": drift(), "realised": realised()}, "en", facts())


def test_what_to_do_stands_on_top(page) -> None:
    english = text_of(page, "en")
    parts = [
        "Scored month 2026-01-01",
        "These are the figures of a simulated operator",
        "Known up to 2026-01-06; scored by model churnlight version 3.",
        "What to do",
        "Call first 417 in the red tier Then 997 in the yellow tier.",
        "91 in the white tier are as good as gone",
        "The model train it again Train the model again. It ranks worse.",
        "Does this month look like the past? Not quite. 3 of 5",
        "How past scores did Train the model again.",
    ]
    places = [english.rindex(part) for part in parts]
    assert places == sorted(places)
    chinese = text_of(page, "zh")
    assert "优先联系 红档用户 417 个" in chinese
    assert "模型 重新训练 建议重新训练模型" in chinese


def test_what_drifted_is_named_in_words_with_its_limits(page) -> None:
    english, chinese = text_of(page, "en"), text_of(page, "zh")
    row = english[english.index("Monthly bill after discount bill_money") :]
    assert "typically 108.80 yuan, now 54.25 yuan unknown for 0.0%, now 30.0%" in row
    assert "0.300 usual up to 0.100 0.040 usual up to 0.200" in row
    assert "prepaid: 20.0%, now 55.0%" in row
    assert "Bill falling or unsteady reason, its weight" in row
    assert "All the rest (2) lie within. Nearest to its limit: Tier, 81% of the way." in row
    assert "Not among the past months: 2025-12-01 (had an alarm itself)." in row
    assert "账单" in chinese
    assert "tenure_days" not in english


def test_realised_figures_stand_against_the_promise_for_those_left_alone_only(page) -> None:
    english = text_of(page, "en")
    assert "2025-11-01 left alone 5,000 250 0.740 0.720–0.760 promised 0.820–0.880" in english
    assert "2025-11-01 made an offer 139 3 too few to measure" in english
    assert english.count("Promised by the test") == 1
    assert "blue 1,000 50 5.0% 4.0–6.0% 7.0% 6.0–8.0%" in english


def test_of_a_treated_group_of_too_few_nothing_is_told() -> None:
    shown = realised_view(realised(), Words("en", 140))
    assert [(r["subscribers"], r["left"]) for r in shown["rows"]] == [
        ("5,000", "250"),
        ("fewer than 140", "–"),
    ]
    assert shown["rows"][1]["cells"] is None
    assert len(shown["tiers"]) == 1
    hidden = replace(facts(), least=140)
    page = render_month({"realised": realised()}, "en", hidden)
    assert "139" not in page
    assert "少于 140" in page
    assert "139" in render_month({"realised": realised()}, "en", facts())


def test_parts_that_are_not_given_are_not_shown() -> None:
    empty = dict.fromkeys(("ground", "drift", "realised", "movements", "kpi"))
    for parts in ({}, empty):
        page = render_month(parts, "zh", facts(simulated=False))
        ids = re.findall(r'<section id="([\w-]+)"', page)
        assert ids == ["brief-en", "brief-zh"]
        assert "simulated" not in text_of(page, "en")
    assert render_month({}, "zh", facts()).startswith('<!doctype html>\n<html lang="zh-CN">')
    with pytest.raises(UsageError, match="no section for weather"):
        render_month({"weather": {}}, "en", facts())


def test_the_page_is_whole_and_fetches_nothing(page) -> None:
    assert page == render_month({"drift": drift(), "realised": realised()}, "en", facts())
    assert "<script" not in page
    assert "url(" not in page
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}
    ids = Counter(re.findall(r'\bid="([^"]+)"', page))
    assert [i for i, n in ids.items() if n > 1] == []
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert page.count("<table") == page.count("<caption")
    assert page.count("<svg") == page.count('role="img"') == page.count("<desc")
    levels = [int(n) for n in re.findall(r"<h([1-6])", page)]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert "None" not in text_of(page, "en")


def test_values_from_outside_are_escaped() -> None:
    hostile = '"><script>alert(1)</script>{{ 7*7 }}'
    entries = [
        entry("features", hostile, 2.0, **told(level=hostile, level_then=0.1, level_now=0.2)),
        entry("reasons", hostile, 0.5),
    ]
    content = realised()
    content["advice"]["en"] = hostile
    month = MonthFacts("2026-01-01", "2026-01-06", hostile, False, facts().tiers)
    page = render_month({"drift": drift(distributions=entries), "realised": content}, "en", month)
    assert "<script" not in page
    assert "49" not in text_of(page, "en").split()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_verdict_has_a_sentence_and_quiet_months_one_line(language) -> None:
    words = Words(language)
    view = drift_view(quiet(), words)
    assert view["rows"] == []
    assert "2" in view["rest"]
    for verdict in ("within", "outside", "provisional", "unjudged"):
        assert drift_view(drift(verdict=verdict), words)["sentence"]
    unjudged = [
        {**e, "psi_band": None, "wasserstein_band": None, "over_band": None}
        for e in quiet()["distributions"]
    ]
    view = drift_view(drift(verdict="unjudged", distributions=unjudged, left_out=[]), words)
    assert view["rest"] is None
    assert view["method"] is None
    none = {"months": [], "advice": realised()["advice"]}
    assert realised_view(none, words)["rows"] == []
    assert realised()["advice"][language] in realised_view(none, words)["sentence"]

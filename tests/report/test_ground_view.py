"""The section on what the scores stand on: what it says, in both languages, and as HTML."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from churnlight.report.html import templates
from churnlight.report.view_ground import ground_view
from churnlight.report.words import LANGUAGES, Words
from churnlight.watch import ground_text

TROUBLE: dict[str, Any] = {
    "kind": "month_partial", "extract": "cdr", "month": "2025-12", "day": "2025-12-30",
    "column": None, "figure": 0.0, "expected": 1500.0, "low": 1200.0, "high": None, "days": 2,
    "cause": "ingestion", "why": "absent", "stops": True, "accepted_before": None,
}  # fmt: skip


def content(*troubles: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Two months with one day each, as ground.json holds them."""
    return {
        "window": ["2025-11", "2025-12"],
        "params": {"noise": 5.0},
        "holidays": 3,
        "stopping": sum(t["stops"] for t in troubles),
        "accepted": None,
        "troubles": list(troubles),
        "looked": {
            "days": {
                "first": "2025-11-29",
                "types": [0, 0, 2, 0],
                "series": [
                    {
                        "name": "all kinds",
                        "rows": [1000, 900, 500, None],
                        "expected": [1000.0, 1000.0, 1000.0, 1000.0],
                    }
                ],
            },
            "rows": [
                {"extract": "billing", "month": "2025-11", "what": "rows", "rows": 2000,
                 "expected": None, "least": None},
                {"extract": "billing", "month": "2025-12", "what": "rows", "rows": 1000,
                 "expected": 2010.4, "least": 1800.0},
                {"extract": "cdr", "month": "2025-12", "what": "active", "rows": 1900,
                 "expected": 1890.0, "least": 1700.0},
            ],
            "cohort": {"subscribers": 950, "expected": 1000.0, "low": 750.0, "high": 1333.3},
        },
        **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (content(), "Nothing needs to be done"),
        (content(TROUBLE), "Not fit to score on: the extracts are in doubt (1, below)"),
        (
            content(TROUBLE, accepted="a strike"),
            "Scored although the extracts are in doubt (1, ",
        ),
        (content(TROUBLE | {"stops": False}), "good enough to score on"),
    ],
)
def test_the_first_sentence_says_what_to_do(given, said):
    assert said in ground_view(given, Words("en"))["sentence"]


def test_reason_cohort_and_missing_holidays_are_said():
    view = ground_view(content(TROUBLE, accepted="a strike", holidays=None), Words("en"))
    assert view["reason"] == "Why it was accepted: a strike"
    assert view["remarks"][0] == "The cohort has 950 subscribers; 750 to 1,333 is usual."
    assert "hand in the extract holidays" in view["remarks"][1]
    assert ground_view(content(), Words("en"))["reason"] is None


def test_a_row_a_trouble():
    before = TROUBLE | {"accepted_before": "2025-12-01", "stops": False}
    note = TROUBLE | {"stops": False}
    view = ground_view(content(TROUBLE, before, note), Words("en"))
    assert [row["status"] for row in view["troubles"]] == [
        "stops scoring", "accepted 2025-12-01", "does not stop",
    ]  # fmt: skip
    first = view["troubles"][0]
    assert (first["extract"], first["month"]) == ("cdr", "2025-12")
    assert "from 2025-12-30 for 2 days" in first["what"]
    assert "1,500" in first["what"]
    assert first["cause"] == "looks like an ingestion failure"
    accepted = ground_view(content(TROUBLE, accepted="a strike"), Words("en"))
    assert accepted["troubles"][0]["status"] == "accepted"


def test_a_row_a_month_with_its_lowest_day():
    rows = ground_view(content(), Words("en"))["days"]["rows"]
    assert rows == [
        {"name": "2025-11", "rows": "1,900", "days": "2 of 2", "whole": True, "share": "90%",
         "day": "2025-11-30"},
        {"name": "2025-12", "rows": "500", "days": "1 of 2", "whole": False, "share": "50%",
         "day": "2025-12-01, a holiday"},
    ]  # fmt: skip


def test_extracts_by_month_what_is_low_stands_out():
    billing, active = ground_view(content(), Words("en"))["extracts"]["rows"]
    assert billing["cells"] == [
        {"rows": "2,000", "usual": None, "low": False},
        {"rows": "1,000", "usual": "usual 2,010", "low": True},
    ]
    assert active["says"] == "subscribers with activity"
    assert active["cells"][0] == {"rows": "–", "usual": None, "low": True}


def test_an_operator_without_cdrs_has_no_days():
    given = content()
    given["looked"] = given["looked"] | {"days": None, "rows": [], "cohort": None}
    view = ground_view(given, Words("en"))
    assert (view["days"], view["extracts"], view["remarks"]) == (None, None, [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_section_escapes_what_comes_from_outside(language):
    words = Words(language)
    macro = templates("churnlight.report").from_string(
        '{% from "section_ground.html" import ground %}{{ ground(v, w, l) }}'
    )
    for given in (content(), content(TROUBLE, accepted="<b>us & them</b>")):
        page = macro.render(v=ground_view(given, words), w=words, l=language)
        assert f'<section id="ground-{language}">' in page
        assert "<b>" not in page
        assert page.count("<tr>") == page.count("</tr>")
    assert "&lt;b&gt;us &amp; them" in page
    assert "2025-12-30" in page


@pytest.mark.parametrize("kind", ground_text.KINDS)
def test_every_trouble_has_a_sentence_in_both_languages(kind):
    for cause, why in product(ground_text.CAUSES, ground_text.WHYS):
        given = TROUBLE | {"kind": kind, "why": why, "cause": cause, "column": "cell_id"}
        english, chinese = (ground_text.sentence(given, language) for language in LANGUAGES)
        assert not re.search("[\u4e00-\u9fff]", english)
        assert re.search("[\u4e00-\u9fff]", chinese)
        assert "2025-12" in english
        assert "2025-12" in chinese
        assert "{" not in english + chinese

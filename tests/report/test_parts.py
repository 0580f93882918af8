"""Parts of the cohort and the ablation on the page: shown with counts, or said to be too small."""

from __future__ import annotations

import re
from copy import deepcopy
from html.parser import HTMLParser

import pytest

from churnlight.report.html import render
from churnlight.report.view_parts import ablation_view, segment_view
from churnlight.report.words import LANGUAGES, Words

FIGURE = {"value": 0.8, "low": 0.75, "high": 0.85}
MEASURED = {m: {"roc_auc": FIGURE, "pr_auc": FIGURE} for m in ("gbm", "tree")}


def part(by: str, name: str, churners: int, models=MEASURED, bounds=None) -> dict:
    return {
        "by": by, "segment": name, "bounds_months": bounds, "subscribers": 1234,
        "churners": churners, "models": models,
    }  # fmt: skip


PARTS = [
    part("activity", "active", 300),
    part("activity", "silent", 3, models=None),
    part("tenure", "0_12", 40, bounds=[None, 12]),
    part("tenure", "12_36", 40, bounds=[12, 36]),
    part("tenure", "36_more", 40, bounds=[36, None]),
    part("label", "ported_out", 161),
    part("label", "a_new_kind", 161),
    part("history", "unseen", 73),
]
RULES = {"segment_rules": {"silent_days": 9, "min_churners": 20}}
ABLATION = {
    "as_of": "2025-11-01",
    "families": [
        {
            "learner": "gbm",
            "family": family,
            "features": count,
            "adds": {"roc_auc": {"value": 0.02, "low": low, "high": 0.04}, "pr_auc": FIGURE},
        }
        for family, count, low in (("circle", 25, 0.01), ("churned_neighbours", 6, -0.01))
    ],
}


class Text(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.said = ""
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.said += " " + data


@pytest.fixture
def inputs(make_inputs, details):
    return make_inputs(details=deepcopy(details) | RULES | {"segments": PARTS}, ablation=ABLATION)


def test_every_part_has_counts_and_intervals_or_says_it_is_too_small(inputs) -> None:
    seen = segment_view(inputs, Words("en"))
    assert [g["name"] for g in seen["groups"]] == [
        "By activity", "By tenure", "By kind of leaving", "By what the models had seen",
    ]  # fmt: skip
    rows = {row["name"]: row for group in seen["groups"] for row in group["rows"]}
    assert list(rows) == [
        "active", "silent before as_of", "below 12 months", "12 to 36 months",
        "36 months and more", "ported out", "a new kind", "in no fit as_of",
    ]  # fmt: skip
    assert rows["silent before as_of"]["cells"] is None
    assert rows["silent before as_of"]["churners"] == "3"
    assert rows["active"]["subscribers"] == "1,234"
    assert rows["active"]["cells"][0] == {"value": "0.800", "interval": "0.750–0.850"}
    assert len(rows["active"]["cells"]) == len(seen["heads"]) == 4
    assert "fewer than 20 left" in seen["lead"]
    assert "last 9 days" in seen["lead"]


def test_what_a_family_adds_and_whether_it_may_be_chance(inputs) -> None:
    rows = ablation_view(inputs, Words("en"))["rows"]
    assert [r["verdict"] for r in rows] == ["they help", "may be chance"]
    assert rows[0]["features"] == "whole calling circle (25)"
    assert rows[0]["cells"][0]["value"] == "+0.020"


def test_another_months_ablation_is_not_shown(make_inputs) -> None:
    assert (
        ablation_view(make_inputs(ablation=ABLATION | {"as_of": "2025-10-01"}), Words("en")) is None
    )
    assert ablation_view(make_inputs(), Words("en")) is None


def test_an_evaluation_without_parts_is_shown_without(make_inputs) -> None:
    assert segment_view(make_inputs(), Words("en")) is None
    assert 'class="segments"' not in render(make_inputs())


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_languages_say_it_on_the_page(inputs, language) -> None:
    words = Words(language)
    html = render(inputs)
    assert html.count('<table class="segments">') == html.count('<table class="ablation">') == 2
    said = re.sub(r"\s+", " ", Text(html).said)
    for key in ("segments", "ablation", "too_small", "by_history", "segment_unseen"):
        assert words(key) in said


def test_parts_of_too_few_are_not_shown_nor_what_would_give_them_away(make_inputs, details) -> None:
    # 19 are silent; of all less the active's 1,234 anybody could tell. 19 were ported out.
    parts = [
        PARTS[0],
        part("activity", "silent", 3) | {"subscribers": 19},
        part("label", "ported_out", 19),
        part("label", "cancelled", 30),
        part("label", "vanished", 161),
        part("history", "unseen", 3, models=None),
    ]
    inputs = make_inputs(details=deepcopy(details) | RULES | {"segments": parts})
    seen = segment_view(inputs, Words("en", 20))
    rows = {row["name"]: row for group in seen["groups"] for row in group["rows"]}
    told = {name: (row["subscribers"], row["churners"]) for name, row in rows.items()}
    assert told == {
        "active": ("not shown", "–"),
        "silent before as_of": ("fewer than 20", "–"),
        "ported out": ("–", "fewer than 20"),
        "cancelled": ("–", "not shown"),
        "vanished from the snapshots": ("1,234", "161"),
        "in no fit as_of": ("1,234", "3"),
    }
    assert rows["silent before as_of"]["cells"] is rows["active"]["cells"] is None
    page = render(make_inputs(details=inputs.details, least=20))
    assert "fewer than 20" in page
    assert "少于 20" in page

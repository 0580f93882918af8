"""The section on retention: sentences, tables, chart, and nothing that breaks the page."""

from __future__ import annotations

from typing import Any

import pytest
from balanced import assert_balanced
from rich.console import Console

from churnlight.kpi.figures import Group, figure
from churnlight.params.kpi import KpiParams
from churnlight.report.html import templates
from churnlight.report.terminal_kpi import kpi_table
from churnlight.report.view_kpi import kpi_view, points, share
from churnlight.report.words import Words

PARAMS = KpiParams()
LANGUAGES = ("en", "zh")


def total(kept: int, base: int = 1000, **more: Any) -> dict[str, Any]:
    group = Group(base=base, on_books=kept, cancelled=base - kept, contracts=kept // 2)
    return figure(group, PARAMS, **({"billing": True, "contracts": True} | more))


def one(base: str, month: str, kept: int, **more: Any) -> dict[str, Any]:
    rows = [
        {"group": "<b>east</b>", "kind": "named", "groups": 1, **total(kept // 2, 500, **more)},
        {"group": "west", "kind": "named", "groups": 1, **total(kept // 2 - 20, 480, **more)},
        {"group": None, "kind": "small", "groups": 3, **total(10, 12, **more)},
        {"group": None, "kind": "unknown", "groups": 1, **total(8, 8, **more)},
    ]
    tiers = [{"group": "gold", "kind": "named", "groups": 1, **total(kept, **more)}]
    return {
        "base": base,
        "month": month,
        "known_on": "2025-10-06",
        "total": total(kept, **more),
        "by": {"region": rows, "vip_tier": tiers},
        "notices": [],
    }


def content(*figures: dict[str, Any], left_out: tuple[str, ...] = ()) -> dict[str, Any]:
    last = figures[-1] if figures else None
    return {
        "schema_version": 1,
        "simulated": True,
        "kpi": PARAMS.model_dump(),
        "spend_churn": {"months": 3, "total_below": 50.0},
        "headline": last and {"base": last["base"], "month": last["month"]},
        "figures": list(figures),
        "left_out": [{"base": None, "month": None, "why": why} for why in left_out],
    }


def drawn(shown: dict[str, Any], language: str) -> str:
    words = Words(language)
    page = templates("churnlight.report").from_string(
        '{% from "section_kpi.html" import kpi %}{{ kpi(v, w, l) }}'
    )
    return page.render(v=kpi_view(shown, words), w=words, l=language)


@pytest.mark.parametrize(
    ("kept", "english"),
    [
        (700, "20 more of the base would have had to be kept to reach 72%, and 70 to reach 77%"),
        (720, "0 subscribers more than 72% asks for, and 50 short of 77%"),
        (769, "49 subscribers more than 72% asks for, and 1 short of 77%"),
        (770, "0 more of the base may be lost before 77% is missed"),
        (800, "30 more of the base may be lost before 77% is missed"),
    ],
)
def test_the_distance_to_the_next_target_is_told(kept, english):
    view = kpi_view(content(one("2025-03", "2025-09", kept)), Words("en"))
    assert english in view["says"][0]
    assert view["sentence"].startswith("72% is asked, 77% is the challenge: ")
    assert f"{kept} were kept at the end of 2025-09, 6 months later" in view["sentence"]


def test_a_rate_is_never_rounded_up_to_a_target():
    assert share(0.71999) == "71.9%"
    assert share(0.72) == "72.0%"
    assert share(0.77) == "77.0%"
    assert share(None) == "–"
    assert points(99.96) == "99.9"
    assert (points(100.0), points(0.0), points(86.5)) == ("100", "0", "86.5")


def test_rows_stand_in_their_order_with_the_weakest_named():
    view = kpi_view(content(one("2025-03", "2025-09", 800)), Words("en"))
    names = [[row["name"] for row in group["rows"]] for group in view["table"]["groups"]]
    assert names == [
        ["Whole base"],
        ["<b>east</b>", "west", "small groups (3)", "not known"],
        ["gold"],
    ]
    whole = view["table"]["groups"][0]["rows"][0]["cells"]
    assert whole == ["80.0%", "100", "+80", "+30", "1,000", "200", "0", "50.0%"]
    # 400 of 500 against 380 of 480; a dimension with one group has no weakest.
    assert view["says"][-1] == "Lowest: area west (79.1%)."


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_section_escapes_and_closes_what_it_opens(language):
    figures = [one("2025-03", "2025-08", 850), one("2025-03", "2025-09", 800)]
    html = drawn(content(*figures, left_out=("<i>no bills</i>",)), language)
    assert "<b>east" not in html
    assert "<i>no bills" not in html
    assert f'<section id="kpi-{language}">' in html
    assert html.count("<svg") == 2
    assert_balanced(html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_bills_no_rate_is_claimed(language):
    figure_of = one("2025-03", "2025-09", 800, billing=False)
    figure_of["notices"] = [
        {"notice": "no_billing"},
        {"notice": "no_contracts"},
        {"notice": "no_dimension", "dimension": "group_class"},
    ]
    view = kpi_view(content(figure_of), Words(language))
    assert "80.0%" in view["sentence"]
    assert view["table"]["groups"][0]["rows"][0]["cells"][:4] == ["–"] * 4
    assert view["chart"] is None
    assert len(view["notices"]) == 3
    assert drawn(content(figure_of), language)


def test_missing_bills_are_told_with_what_they_could_cost():
    figure_of = one("2025-03", "2025-09", 800)
    figure_of["total"] |= {"rate_at_least": 0.71, "score_at_least": 0.0}
    figure_of["notices"] = [{"notice": "unknown_bills", "subscribers": 90}]
    (notice,) = kpi_view(content(figure_of), Words("en"))["notices"]
    assert notice.startswith("90 on the books lack a bill: they count as kept.")
    assert "the rate would be 71.0% and the score 0" in notice


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_any_figure_it_says_why(language):
    html = drawn(content(left_out=("too short",)), language)
    assert "too short" in html
    assert "<table" not in html


def test_bases_of_the_same_age_stand_side_by_side():
    figures = [
        one("2025-03", "2025-06", 900),
        one("2025-04", "2025-07", 910),
        one("2025-03", "2025-09", 800),
    ]
    view = kpi_view(content(*figures), Words("en"))
    assert [row["name"] for row in view["bases"]["rows"]] == ["2025-03", "2025-04"]
    assert [row["name"] for row in view["series"]["rows"]] == ["2025-06", "2025-09"]


def test_the_terminal_shows_every_head_at_80_columns():
    figure_of = one("2025-03", "2025-09", 123_456)
    figure_of["total"] = total(1_123_456, 2_461_203)
    console = Console(width=80, record=True, force_terminal=False)
    with console.capture() as said:
        console.print(kpi_table(content(figure_of)))
    text = said.get()
    assert "Simulated operator" in text
    assert "…" not in text
    for head in ("kept", "score", "vs 72%", "vs 77%", "base", "lost", "contract"):
        assert head in text
    # Base, and what was lost of it.
    assert "2,461,203 1,337,747" in text
    assert max(len(line) for line in text.splitlines()) <= 80

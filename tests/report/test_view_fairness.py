"""The section on fairness: who stands apart is named, who is too few is not shown."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from test_view_offers import drawn

from churnlight.assess.fairness import fairness
from churnlight.report.view_fairness import fairness_content, fairness_view
from churnlight.report.words import Words

TIERS = ("blue", "red", "white")


def content(
    counts: dict[str | None, tuple[int, int, int]], column: str = "region", **more: Any
) -> dict[str, Any]:
    """Groups by name: subscribers, of them in red, and who left (of those not in red)."""
    rows, names = [], []
    for name, (size, red, left) in counts.items():
        rows += [
            {"probability": 0.2 if n < red else 0.05, "tier": "red" if n < red else "blue",
             "churned": n >= size - left}
            for n in range(size)
        ]  # fmt: skip
        names += [name] * size
    frame = pd.DataFrame(rows).assign(subscriber_id=range(len(rows)))
    groups = pd.DataFrame({"subscriber_id": frame["subscriber_id"], column: names, "sex": None})
    return {"as_of": "2026-01-01", **fairness(frame, groups, TIERS, **more)}


def unknown_yet(told: dict[str, Any]) -> dict[str, Any]:
    """The same as of a month whose outcome nobody knows."""

    def without(entry: dict[str, Any]) -> dict[str, Any]:
        selected = {"selected": without(entry["selected"])} if "selected" in entry else {}
        gone = dict.fromkeys(("churners", "rate", "rate_low", "rate_high"))
        return {**entry, **gone, **selected}

    by = {k: None if v is None else [without(e) for e in v] for k, v in told["by"].items()}
    return {**told, "all": without(told["all"]), "by": by}


def view(scored: Any, tested: Any, least: int = 20, language: Any = "en") -> dict[str, Any]:
    found = fairness_content(scored, tested)
    assert found is not None
    return fairness_view(found, Words(language, least))


def lines(table: dict[str, Any]) -> dict[str, list[str]]:
    return {
        row["name"]: [cell["lines"][0] for cell in row["cells"]]
        for group in table["groups"]
        for row in group["rows"]
    }


# 160 of 1,600 in red: 10 %.
APART = {"city": (800, 80, 40), "north": (400, 70, 60), "west": (400, 10, 4)}


def test_who_stands_clearly_apart_is_named_and_no_cause_is_claimed():
    shown = view(unknown_yet(content(APART)), None)
    assert shown["sentence"].startswith("Of the 1,600 subscribers of 2026-01-01, 10.0% are in red")
    assert shown["says"][0] == (
        "Clearly more often in red and white than all together: area north 17.5% (1.75 times)."
    )
    assert "less often" in shown["says"][1]
    assert "area west 2.5% (0.25 times)" in shown["says"][1]
    assert "Nobody knows yet" in shown["says"][2]
    assert "differences, not causes" in shown["says"][3]
    assert "Of 3 groups" in shown["says"][3]
    assert shown["says"][4].startswith("The model does not see these columns")
    assert shown["notices"] == ["Known of nobody, and so not shown: sex."]
    assert len(shown["tables"]) == 1
    assert lines(shown["tables"][0]) == {
        "All": ["1,600", "10.0%", "1.00", "6.5%"],
        "city": ["800", "10.0%", "1.00", "6.5%"],
        # (70 x 0.2 + 330 x 0.05) / 400
        "north": ["400", "17.5%", "1.75", "7.6%"],
        "west": ["400", "2.5%", "0.25", "5.4%"],
    }


def test_whose_risk_was_foreseen_wrongly_is_named_on_the_test_month():
    shown = view(None, content(APART))
    # North: 15 % left (Wilson 11.8 to 18.8 %), 7.6 % foreseen; west: 1 % left, 5.4 % foreseen.
    told = " ".join(shown["says"])
    assert "more of these left than foreseen: area north (15.0% left, 7.6% foreseen)" in told
    assert "fewer of these left than foreseen: area west (1.0% left, 5.4% foreseen)" in told
    assert "city" not in told
    assert shown["path"] == "data/evaluation/fairness.json"
    rows = lines(shown["tables"][0])
    # Of the city's 80 in red none left, 20 % were foreseen to.
    assert rows["city"][4:] == ["5.0%", "20.0%", "0.0%"]
    # West has 10 in red: too few; the next smallest goes with it, or the total would tell.
    assert rows["west"][4:] == ["1.0%", "not shown", "–"]
    assert rows["north"][4:] == ["15.0%", "not shown", "–"]


def test_where_nobody_stands_apart_it_says_so():
    alike = {"city": (400, 40, 24), "north": (400, 41, 24)}
    told = view(unknown_yet(content(alike)), content(alike))["says"]
    assert told[0].startswith("No group is in red and white clearly more or less often")
    assert told[1].startswith("On the test month 2026-01-01 as many left as foreseen in every")


def test_small_groups_are_one_row_and_cannot_be_worked_out():
    counts = {"city": (400, 40, 20), "north": (60, 6, 3), "isle": (19, 19, 19), None: (40, 4, 2)}
    rows = lines(view(unknown_yet(content(counts)), None)["tables"][0])
    # The isle by itself would be the total less the rest, so the smallest other goes with it.
    assert list(rows) == ["All", "city", "north", "other groups together (2)"]
    assert rows["other groups together (2)"][:2] == ["59", "39.0%"]
    assert list(lines(view(unknown_yet(content(counts)), None, 10)["tables"][0])) == [
        *("All", "city", "north", "isle", "not known"),
    ]
    for language in ("en", "zh"):
        page = drawn("fairness", fairness_content(content(counts), content(counts)), language)
        assert "isle" in page, "Words without a least size hide nothing"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_cohort_that_is_too_small_shows_no_figure(language):
    few = content({"city": (12, 1, 1)})
    shown = view(few, few, language=language)
    words = Words(language, 20)
    assert words("fewer", least=20) in shown["sentence"].lower()
    for table in shown["tables"]:
        for cells in lines(table).values():
            assert cells[0] == words("fewer", least=20)
            assert set(cells[1:]) == {"–"}
    assert "12" not in str([lines(t) for t in shown["tables"]])


def test_of_many_groups_the_largest_are_shown_and_ages_rise():
    many = {f"town {n:02}": (100 + n, 10, 5) for n in range(30)}
    rows = list(lines(view(unknown_yet(content(many)), None)["tables"][0]))
    assert rows[1:3] == ["town 29", "town 28"]
    assert len(rows) == 1 + 12
    assert rows[-1] == "other groups together (19)"
    ages = {"65-": (50, 5, 2), "18-24": (40, 4, 2), "25-34": (90, 9, 4)}
    rows = list(lines(view(unknown_yet(content(ages, "age_band")), None)["tables"][0]))
    assert rows[1:] == ["18-24", "25-34", "65-"]


def test_what_the_model_weighs_is_said():
    shown = view(unknown_yet(content(APART, features=["brand", "sex"])), None)
    assert shown["says"][-1] == (
        "The model weighs brand, sex, because features.allow_personal allows it."
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_from_outside_are_escaped(language):
    told = content({"<b>city</b>": (400, 40, 20), "north": (60, 6, 3)})
    page = drawn("fairness", fairness_content(told, told), language)
    assert f'<section id="fairness-{language}">' in page
    assert "&lt;b&gt;city" in page
    assert "<b>" not in page
    assert page.count("<table") == page.count("</table>") == 2


def test_nothing_known_is_no_section():
    assert fairness_content(None, None) is None

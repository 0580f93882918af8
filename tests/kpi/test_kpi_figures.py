"""Rate, score, distance to the targets, and the folding of small groups."""

from __future__ import annotations

import json

import pytest
from kpi_world import rules_with

from churnlight.errors import DataRefused, UsageError
from churnlight.kpi.content import flat, headline, kpi_content, of_headline, span_content
from churnlight.kpi.figures import Counted, Group, figure, groups_of, score
from churnlight.kpi.spans import Span, all_spans, span_of
from churnlight.params.base import validate
from churnlight.params.data import TimeParams
from churnlight.params.kpi import KpiParams
from churnlight.timeline import Month, month_range

PARAMS = KpiParams()
TIME = TimeParams()
YEAR = month_range(Month(2025, 1), 12)


def span(base: str, month: str) -> Span:
    return span_of(Month.parse(base), Month.parse(month), YEAR, TIME, 3)


@pytest.mark.parametrize(
    ("kept", "base", "expected"),
    [
        (7199, 10_000, 0.0),
        (72, 100, 80.0),
        (18, 25, 80.0),
        (7200, 10_000, 80.0),
        (745, 1000, 90.0),
        (7699, 10_000, 99.96),
        (77, 100, 100.0),
        (7700, 10_000, 100.0),
        (100, 100, 100.0),
        (0, 5, 0.0),
        (None, 5, None),
    ],
)
def test_the_score_is_zero_then_a_line(kept, base, expected):
    assert score(kept, base, PARAMS) == expected


def test_a_target_is_met_at_its_written_value():
    # 0.55 * 100 is 55.00000000000001 in binary; 55 of 100 must reach it.
    params = KpiParams(base_target=0.55, challenge_target=0.56)
    found = figure(Group(base=100, on_books=55), params, billing=True, contracts=False)
    assert (found["score"], found["above_base_target"]) == (80.0, 0)
    assert found["above_challenge_target"] == -1


def test_the_fewest_that_reach_a_target():
    # 72 % of 10 is 7.2: eight are needed; 77 % is 7.7: eight too.
    found = figure(Group(base=10, on_books=7), PARAMS, billing=True, contracts=True)
    assert (found["above_base_target"], found["above_challenge_target"]) == (-1, -1)
    assert found["contract_rate"] == 0.0


@pytest.mark.parametrize(
    "content",
    [
        {"base_target": 0.8},
        {"base_target": 0.77},
        {"base_score": 101.0},
        {"contract_months": -1},
        {"min_group": 0},
    ],
)
def test_parameters_that_contradict_each_other_are_refused(content):
    with pytest.raises(UsageError, match="kpi"):
        validate(content, KpiParams, source="params.yaml", prefix=("kpi",))


def counted(**areas: Group) -> Counted:
    cells = {(area, None, None): group for area, group in areas.items()}
    return Counted(cells=cells, billing=True)


def test_small_groups_are_put_together_and_large_ones_come_first():
    groups = groups_of(
        counted(
            small=Group(base=9, on_books=9),
            ten=Group(base=10, on_books=5),
            tiny=Group(base=1, on_books=0),
            big=Group(base=30, on_books=30, spend_churn=3),
        ),
        "region",
        PARAMS,
    )
    told = [(g["group"], g["kind"], g["groups"], g["base"], g["kept"]) for g in groups]
    assert told == [
        ("big", "named", 1, 30, 27),
        ("ten", "named", 1, 10, 5),
        (None, "small", 2, 10, 9),
    ]


def test_every_dimension_adds_up_to_the_total():
    cells = {
        (area, tier, None): Group(base=base, on_books=base - 1)
        for base, (area, tier) in enumerate(
            [("a", "gold"), ("a", None), (None, "gold"), ("b", "none")], start=5
        )
    }
    found = span_content(
        span("2025-03", "2025-06"), Counted(cells=cells, billing=True), rules_with(kpi=PARAMS)
    )
    assert set(found["by"]) == {"region", "vip_tier"}
    for groups in found["by"].values():
        assert sum(g["base"] for g in groups) == found["total"]["base"] == 26
        assert sum(g["kept"] for g in groups) == found["total"]["kept"] == 22
    assert [g["kind"] for g in found["by"]["vip_tier"]] == ["named", "small"]


def test_the_first_month_that_works_is_named():
    with pytest.raises(UsageError, match="2025-06 is the first month that works"):
        span("2025-03", "2025-05")
    assert span("2025-03", "2025-06").later == month_range(Month(2025, 4), 3)


@pytest.mark.parametrize("month", ["2025-03", "2024-12"])
def test_a_month_before_the_base_is_too_early_too(month):
    with pytest.raises(UsageError, match="first month that works"):
        span("2025-03", month)


def test_a_base_without_its_window_names_the_first_that_works():
    with pytest.raises(DataRefused, match=r"2024-12 is not .*2025-01 to 2025-12.* is 2025-03"):
        span("2025-02", "2025-09")


def test_a_month_that_the_extracts_lack_says_when_it_is_known():
    with pytest.raises(DataRefused) as refused:
        span("2025-06", "2026-02")
    assert "2026-01 to 2026-02" in str(refused.value)
    assert "found: 2025-01 to 2025-12" in str(refused.value)
    assert "known from 2026-03-06 on" in str(refused.value)
    assert "the last month that works is 2025-12" in str(refused.value)


def test_all_spans_of_a_year():
    spans = all_spans(YEAR, TIME, 3)
    # Bases March to September; March can be counted in June to December, September in December.
    assert len(spans) == 7 + 6 + 5 + 4 + 3 + 2 + 1
    assert (str(spans[0].base), str(spans[0].month)) == ("2025-03", "2025-06")
    assert (str(spans[-1].base), str(spans[-1].month)) == ("2025-09", "2025-12")
    assert all(span(str(s.base), str(s.month)) == s for s in spans)
    assert all_spans(YEAR[:5], TIME, 3) == []


def test_a_hole_ends_the_spans_before_it():
    months = [m for m in YEAR if m != Month(2025, 8)]
    assert {(str(s.base), str(s.month)) for s in all_spans(months, TIME, 3)} == {
        ("2025-03", "2025-06"),
        ("2025-03", "2025-07"),
        ("2025-04", "2025-07"),
    }


def one(base: str, month: str, kept: int = 7) -> dict[str, object]:
    total = figure(Group(base=10, on_books=kept), PARAMS, billing=True, contracts=False)
    return {"base": base, "month": month, "total": total, "by": {}, "notices": []}


def test_the_headline_is_the_newest_month_and_the_base_a_year_before():
    months = [one("2024-03", "2025-06"), one("2024-06", "2025-06"), one("2024-08", "2025-06")]
    assert headline(months) == {"base": "2024-06", "month": "2025-06"}
    assert headline([*months, one("2025-01", "2025-07")]) == {"base": "2025-01", "month": "2025-07"}
    assert headline(months[:1]) == {"base": "2024-03", "month": "2025-06"}
    assert headline([]) is None


def test_what_mlflow_gets():
    content = kpi_content([one("2025-03", "2025-06", 8)], [], rules_with(), simulated=True)
    assert flat(content) == {"kpi_rate": 0.8, "kpi_score": 100.0}
    assert of_headline(content)["base"] == "2025-03"
    assert json.loads(json.dumps(content)) == content
    assert flat(kpi_content([], [], rules_with(), simulated=True)) == {}


def test_a_single_small_group_takes_the_next_smallest_with_it():
    areas = {"tiny": 3, "ten": 10, "twenty": 20, "big": 30}
    counts = {name: Group(base=base, on_books=base) for name, base in areas.items()}
    groups = groups_of(counted(**counts), "region", PARAMS)
    # The base less the others would be the tiny's 3.
    assert [(g["group"], g["kind"], g["base"]) for g in groups] == [
        ("big", "named", 30),
        ("twenty", "named", 20),
        (None, "small", 13),
    ]

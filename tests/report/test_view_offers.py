"""Segments, tariffs, handsets and the plan: what is said, what to do, and nothing that breaks."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from balanced import assert_balanced

from churnlight.paths import Project
from churnlight.plan.wording import held_back
from churnlight.report.html import templates
from churnlight.report.view_handsets import handsets_view
from churnlight.report.view_month import SECTIONS, month_views
from churnlight.report.view_offers import change, money, span
from churnlight.report.view_plan import plan_view
from churnlight.report.view_segments import segments_view
from churnlight.report.view_tariffs import tariffs_view
from churnlight.report.words import Words
from churnlight.report.words_offers import SEGS, TARIFFS
from churnlight.report.words_plan import HANDSETS, PLAN
from churnlight.stages.report import month_parts

LANGUAGES = ("en", "zh")
OFFERS = ("plan", "segments", "tariffs", "handsets")
EN, ZH = Words("en"), Words("zh")


def trait(text: str, difference: float, unit: str = "money") -> dict[str, Any]:
    return {
        "feature": text,
        "category": None,
        "en": f"<b>{text}</b>",
        "zh": f"<b>{text}</b>",
        "unit": unit,
        "segment": 148.2,
        "cohort": 0.5,
        "difference": difference,
    }


def segment(code: str, churners: int, low: float, high: float) -> dict[str, Any]:
    return {
        "code": code,
        "name_en": f"name {code}",
        "name_zh": f"群 {code}",
        "rows": 1200,
        "share": 0.5,
        "above": [trait("bill", 1.1), trait("slight", 0.19)],
        "below": [trait("texts", -0.1)],
        "churn": {
            "rows": 1000,
            "churners": churners,
            "rate": churners / 1000,
            "low": low,
            "high": high,
        },
        "services": [
            {"service_id": 704, "level": 3, "penetration": 0.4, "cohort_penetration": 0.2},
            {"service_id": 701, "level": 1, "penetration": 0.1, "cohort_penetration": 0.3},
        ],
    }


def segments(**changes: Any) -> dict[str, Any]:
    return {
        "as_of": "2026-01-01",
        "model_as_of": "2025-12-01",
        "made": "frozen",
        "subscribers": 2400,
        "churn_as_of": "2025-11-01",
        "before": {
            "as_of": "2025-12-01",
            "rows": 2300,
            "adjusted_rand": 0.5934,
            "kept_share": 0.812,
            "new": ["S4"],
            "gone": [],
        },
        # Together 100 of 2,000: 5 %.
        "segments": [segment("S1", 80, 0.065, 0.098), segment("S2", 20, 0.013, 0.031)],
        "services": {
            "left_out": None,
            "popular": [701],
            "with_offer_share": 0.9,
            "hit_rate": {
                "as_of": "2025-12-01",
                "month": "2025-12",
                "subscribers": 300,
                "by_segment": 0.6,
                "by_popularity": 0.5,
                "difference": 0.1,
                "low": 0.04,
                "high": 0.16,
                "better": True,
            },
        },
    } | changes


def tariffs(**changes: Any) -> dict[str, Any]:
    def one(members: int, change_money: float) -> dict[str, Any]:
        return {"members": members, "change_money": change_money}

    return {
        "as_of": "2026-01-01",
        "left_out": None,
        "plans_sold": 9,
        "plans_left_out": {},
        "level_begins_money": [30.0, 58.0, 128.0, 288.0],
        "status": {"priced": 90, "plan_unknown": 0, "no_month": 3, "misfit": 7},
        "reproduction": {
            "bills": 200,
            "exact": 150,
            "within_cent": 150,
            "within_1_percent": 190,
            "within_5_percent": 195,
            "plan_unknown": 4,
        },
        "matching": {
            "in_need": one(12, -421.5),
            "overpays": one(5, -100.25),
            "within_loss": one(2, -8.25),
            "no_loss": one(1, 0.0),
            "withheld": one(20, -2000.0),
            "dearer": one(30, 700.0),
            "stays": one(20, 0.0),
        },
        "incentive": {
            "plausible": one(8, 86.0),
            "none_plausible": one(80, 0.0),
            "top_level": one(2, 0.0),
        },
        "levels": {
            kind: {str(i): 10 * i for i in range(1, 6)}
            for kind in ("present", "matching", "incentive")
        },
    } | changes


def measure(**verdicts: str) -> dict[str, Any]:
    shares = {"same_again": 0.3, "most_common": 0.2, "most_common_transition": 0.4}
    band = {"low": 0.1, "high": 0.6, "hits": 30}
    return {
        "ways": {"tree": {"share": 0.35, **band}}
        | {way: {"share": shares[way], **band} for way in verdicts},
        "differences": {
            way: {"difference": 0.0, "low": -0.1, "high": 0.1, "verdict": verdict}
            for way, verdict in verdicts.items()
        },
    }


BETTER = dict.fromkeys(("same_again", "most_common", "most_common_transition"), "better")


def handsets(**changes: Any) -> dict[str, Any]:
    judged = {"changes": 89, "first_month": "2025-10", "last_month": "2025-12"}
    kind = {"brand": "<i>Cobalt", "price_band": 2, "os": "iOS", "chance": 0.27}
    rule = {"leaf": 0, "changes": 341, "text_en": "everybody", "text_zh": "所有用户"}
    return {
        "as_of": "2026-01-01",
        "left_out": None,
        "notices": [],
        "bands": [
            {"price_band": 1, "from_money": 0.0, "below_money": 2199.0},
            {"price_band": 2, "from_money": 2199.0, "below_money": None},
        ],
        "members": {"members": 800, "with_handset": 773, "likely": 218},
        "horizon_months": 3,
        "chance_judged": {
            "likely": {"month_rate": 0.0217},
            "others": {"month_rate": 0.0188},
            "verdict": "no_difference",
        },
        "accuracy": {
            "judged": judged,
            "learned": {"changes": 252},
            "measures": {
                "brand": measure(**BETTER),
                "os": measure(**(BETTER | {"same_again": "worse"})),
                "handset_among_three": measure(most_common="no_difference"),
            },
        },
        "rules": [{**rule, "next": [kind, kind]}],
    } | changes


def plan(**changes: Any) -> dict[str, Any]:
    return {
        "as_of": "2026-01-01",
        "offers_from": "2026-01-06",
        "subscribers": 123,
        "tiers": {"red": 30, "white": 13, "yellow": 80},
        "status": {"listed": 21, "not_worth": 95, "beyond_limits": 2, "suppressed": 5},
        "suppressed": {
            "contacted": {"first": 4, "applies": 4},
            "port_out": {"first": 1, "applies": 3},
        },
        "control_kept": 0,
        "limits": {
            "budget_money": 20000.0,
            "outlay_money": 400.0,
            "outlay_treated_money": 361.5,
            "calls": 1200,
            "calls_listed": 11,
            "calls_treated": 9,
        },
        "listed": {"subscribers": 21, "expected_profit_money": 30.0},
        "arms": {
            "treated": {"subscribers": 18, "expected_profit_money": 25.5},
            "control": {"subscribers": 3, "until": "2026-03-01"},
        },
        "rates": {"assumed": 21, "measured": 0},
        "actions": [
            {
                "action": action,
                "channel": channel,
                "rate_source": "assumed",
                "subscribers": n,
                "treated": treated,
                "outlay_money": 200.0,
                "expected_profit_money": profit,
            }
            for action, channel, n, treated, profit in (
                ("care_call", "call", 11, 9, 10.0),
                ("<u>spring_gift", "app", 10, 9, 20.0),
            )
        ],
        "notices": [
            {"code": "no_effects", "en": "told above", "zh": "上文已述"},
            {"code": "small_control", "en": "<b>few", "zh": "<b>太少"},
        ],
    } | changes


CONTENT = {"plan": plan(), "segments": segments(), "tariffs": tariffs(), "handsets": handsets()}


def drawn(key: str, content: dict[str, Any], language: str) -> str:
    words = Words(language)
    page = templates("churnlight.report").from_string(
        '{% from "sections.html" import sections %}{{ sections(v, w, l) }}'
    )
    return page.render(v=month_views({key: content}, words), w=words, l=language)


def rows(shown: dict[str, Any]) -> dict[str, list[list[str]]]:
    """The lines of each cell by the row's name."""
    return {r["name"]: [c["lines"] for c in r["cells"]] for g in shown["groups"] for r in g["rows"]}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", OFFERS)
def test_each_section_escapes_and_closes_what_it_opens(key, language):
    html = drawn(key, CONTENT[key], language)
    assert f'<section id="{key}-{language}">' in html
    assert not any(tag in html for tag in ("<b>", "<i>", "<u>"))
    assert f"data/{'plans' if key == 'plan' else key}/as_of=2026-01-01/{key}.json" in html
    assert_balanced(html)


def test_segments_apart_from_all_are_named_and_no_cause_is_claimed():
    view = segments_view(segments(), EN)
    assert "These left more often than all together (5.0%): S1 name S1 8.0%. " in view["says"][0]
    assert "These left less often than all together (5.0%): S2 name S2 2.0%." in view["says"][0]
    assert "a correlation, no cause" in view["says"][0]
    close = segments(segments=[segment("S1", 60, 0.049, 0.08), segment("S2", 40, 0.03, 0.051)])
    assert segments_view(close, EN)["says"][0].startswith("No segment's churn rate stands clearly")


def test_only_telling_traits_are_shown():
    cells = rows(segments_view(segments(), EN)["table"])["name S1"]
    assert cells == [["1,200"], ["8.0%"], ["<b>bill</b>: 148 (all: 0.50)"], ["–"]]


def test_stability_and_what_is_new_are_told():
    said = segments_view(segments(), EN)["says"][1]
    assert "81.2% are in the same segment; adjusted Rand index 0.59" in said
    assert "Below 0.6" in said
    assert said.endswith("New: S4.")
    first = segments(made="first", before=None)
    assert segments_view(first, ZH)["says"][1] == "首次分群，没有上月可比。"


def test_services_that_fit_are_marked_and_the_hit_rate_is_judged():
    services = segments_view(segments(), EN)["services"]
    assert rows(services["table"])["name S1"] == [["▲ 704"], ["701"]]
    assert "difference 10.0%, 95% interval 4.0–16.0%" in services["says"][1]
    assert "hit more often" in services["says"][1]
    for low, high, told in ((-0.02, 0.2, "not shown to be better"), (-0.2, -0.1, "less often")):
        content = segments()
        content["services"]["hit_rate"] |= {"low": low, "high": high, "better": False}
        assert told in segments_view(content, EN)["services"]["says"][1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_segments_without_outcome_and_services_say_so(language):
    content = segments(churn_as_of=None)
    for one in content["segments"]:
        one |= {"churn": None, "services": None}
    content["services"] = {"left_out": "no_services", "popular": [], "hit_rate": None}
    view = segments_view(content, Words(language))
    assert len(view["notices"]) == 1
    assert len(view["says"]) == 1
    assert view["services"]["table"] is None
    assert drawn("segments", content, language)


@pytest.mark.parametrize(
    ("within_cent", "near", "told"),
    [
        (200, 200, "All 200 bills of the window came out to the cent"),
        (150, 190, "190 of 200 bills (95.0%) came out within 1%"),
        (150, 189, "Only 189 of 200 bills (94.5%) came out within 1%"),
    ],
)
def test_how_far_the_moves_can_be_trusted_is_said_first(within_cent, near, told):
    content = tariffs()
    content["reproduction"] |= {"within_cent": within_cent, "within_1_percent": near}
    assert tariffs_view(content, EN)["sentence"].startswith(told)


def test_moves_are_added_up_as_the_guard_lets_them_pass():
    view = tariffs_view(tariffs(), EN)
    # 12 + 5 + 2 + 1 members; 421.50 + 100.25 + 8.25.
    assert view["says"][0].startswith("20 may be proposed")
    assert "revenue would change by −530 a month" in view["says"][0]
    assert "from 20 who do not need it: it would change revenue by −2,000" in view["says"][1]
    assert "8 would plausibly take" in view["says"][2]
    assert view["notices"] == [
        "Not priced: 3 without a whole month's bill, 7 whose bills do not come out."
    ]
    shown = rows(view["tables"][0])
    assert shown["cheaper, in a tier that needs it"] == [["12"], ["−421.50"], ["yes"]]
    assert shown["cheaper without need: withheld"] == [["20"], ["−2,000"], ["no"]]
    assert shown["has it already"] == [["20"], ["–"], ["no"]]
    levels = rows(view["tables"][2])
    assert [levels[n][0] for n in "125"] == [["below 30"], ["30 to below 58"], ["from 288"]]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", ["no_plans", "no_billing", "no_activity", "no_plan_sold"])
def test_pricing_left_out_says_why_and_shows_no_table(why, language):
    content = {"as_of": "2026-01-01", "left_out": why, "plans_left_out": {"fee_missing": 2}}
    view = tariffs_view(content, Words(language))
    assert view["tables"] == []
    assert len(view["notices"]) == 1
    assert "<table" not in drawn("tariffs", content, language)


def test_every_reason_of_pricing_has_words():
    reasons = ("two_versions", "fee_missing", "price_missing", "negative", "too_large")
    counts = dict.fromkeys((*reasons, "step_unknown"), 1)
    (told,) = tariffs_view(tariffs(plans_left_out=counts, status={}), EN)["notices"]
    assert told.count("1 with") == 6


def test_better_means_better_than_each_simple_guess():
    said = handsets_view(handsets(), EN)["sentence"]
    assert said.startswith("The suggestions name brand of the next handset better")
    assert "For the system they are worse than “Same again”" in said
    content = handsets()
    content["accuracy"]["measures"]["brand"] = measure(
        **(BETTER | {"most_common": "no_difference"})
    )
    said = handsets_view(content, EN)["sentence"]
    assert said.startswith("The suggestions are not shown to be better than simple guesses")


def test_what_the_age_of_a_handset_tells_is_judged():
    said = handsets_view(handsets(), EN)["says"][0]
    assert "218 of 773" in said
    assert "(2.17% against 1.88% a month): don't pick subscribers by it" in said
    for verdict in ("better", "worse"):
        content = handsets()
        content["chance_judged"]["verdict"] = verdict
        assert handsets_view(content, ZH)["says"][0] != handsets_view(handsets(), ZH)["says"][0]


def test_suggestions_name_price_bands_as_money():
    shown = rows(handsets_view(handsets(), EN)["tables"][1])
    assert shown["everybody"] == [["341"], *[["<i>Cobalt, from 2,199, iOS"]] * 2, ["–"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_handsets_left_out_or_not_judged_say_so(language):
    notice = {"code": "no_handsets", "en": "no list", "zh": "没有目录"}
    out = {"as_of": "2026-01-01", "left_out": "no_handsets", "notices": [notice]}
    view = handsets_view(out, Words(language))
    assert view["sentence"] == notice[language]
    assert view["tables"] == view["notices"] == []
    unjudged = handsets(accuracy=None, chance_judged=None)
    assert len(handsets_view(unjudged, Words(language))["tables"]) == 1
    assert drawn("handsets", unjudged, language)


def test_the_plan_says_whom_to_contact_and_whom_to_leave_alone():
    view = plan_view(plan(), EN)
    assert view["sentence"].startswith(
        "21 of 123 subscribers in the tiers white, red, yellow are worth a contact from 2026-01-06"
    )
    assert (
        "Contact the 18 on the caller's sheet, and leave 3 alone until 2026-03-01"
        in (view["sentence"])
    )
    # What the control group would bring is nobody's profit.
    assert "All save rates are only assumed: the expected profit of 25.50" in view["says"][0]
    assert view["says"][1].startswith("2 more would be worth a contact")
    assert view["notices"] == ["<b>few"]


def test_actions_are_added_up_and_an_operators_own_keep_their_names():
    shown = rows(plan_view(plan(), EN)["tables"][0])
    assert list(shown) == ["<u>spring gift", "Service call", "Together"]
    assert shown["Service call"][2:] == [["11"], ["9"], ["2"], ["200"], ["10"]]
    assert shown["Together"][2:] == [["21"], ["18"], ["3"], ["400"], ["30"]]


def test_everybody_has_one_fate_and_suppressions_stand_by_reason():
    shown = rows(plan_view(plan(), EN)["tables"][2])
    assert sum(int(cells[0][0]) for cells in shown.values()) == 123
    port = next(name for name in shown if "port out" in name)
    assert shown[port] == [["1"], ["3"]]


@pytest.mark.parametrize(
    ("assumed", "measured", "told"),
    [(1, 20, "1 of the proposals have a save rate that is only assumed"), (0, 21, "All proposals")],
)
def test_measured_rates_are_told_from_assumed_ones(assumed, measured, told):
    content = plan(rates={"assumed": assumed, "measured": measured})
    assert plan_view(content, EN)["says"][0].startswith(told)
    assert len(plan_view(content, EN)["notices"]) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_plan_and_one_without_control_say_so(language):
    empty = plan(actions=[], listed={"subscribers": 0}, rates={"assumed": 0, "measured": 0})
    alone = deepcopy(plan())
    alone["arms"]["control"] = {"subscribers": 0, "until": "2026-03-01"}
    broke = deepcopy(empty)
    broke["limits"]["budget_money"] = 0.0
    told = {plan_view(c, Words(language))["sentence"] for c in (empty, alone, broke, plan())}
    assert len(told) == 4
    assert plan_view(empty, Words(language))["says"] == []
    assert drawn("plan", empty, language)


def test_no_text_calls_an_agreement_a_bond():
    told = {key: pair for group in (PLAN, SEGS, TARIFFS, HANDSETS) for key, pair in group.items()}
    assert [key for key, pair in told.items() if any(map(held_back, pair))] == []


def test_money_and_spans():
    assert [money(v) for v in (None, 8.39, 12.0, -1234.5, 0.0)] == [
        "–",
        "8.39",
        "12",
        "−1,234",
        "0",
    ]
    assert [change(v) for v in (1.5, 0.0, -1.5)] == ["+1.50", "0", "−1.50"]
    assert span(None, None, "tariffs_fee", EN) == "–"


def test_the_stage_reads_each_part_where_it_is(tmp_path):
    project, as_of = Project(tmp_path), "2026-01-01"
    assert month_parts(project, as_of) == dict.fromkeys(SECTIONS)
    for key in OFFERS:
        folder = "plans" if key == "plan" else key
        path = tmp_path / "data" / folder / f"as_of={as_of}" / f"{key}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"is": key}), encoding="utf-8")
    parts = month_parts(project, as_of)
    assert {k: v for k, v in parts.items() if v} == {
        key: {"as_of": as_of, "is": key} for key in OFFERS
    }


def test_offers_to_too_few_are_not_told_and_not_to_be_worked_out():
    few = Words("en", 20)
    actions = rows(plan_view(plan(), few)["tables"][0])
    assert actions["Service call"][2:] == [["fewer than 20"], *[["–"]] * 4]
    assert actions["Together"][2] == ["21"], "the team's work is told"
    fates = rows(plan_view(plan(), few)["tables"][2])
    assert [cells[0][0] for cells in fates.values()] == [
        *("21", "fewer than 20", "not shown", "fewer than 20", "fewer than 20"),
    ]
    assert "Fewer than 20 more would be worth a contact" in plan_view(plan(), few)["says"][1]
    moves = rows(tariffs_view(tariffs(), few)["tables"][0])
    # 90 are priced. 12, 5, 2 and 1 are too few, and 20 together: no other need be hidden.
    told = [cells[0][0] for cells in moves.values()]
    assert told[:4] == ["fewer than 20"] * 4
    assert told[4:7] == ["20", "30", "20"]
    # 8 and 2 are 10 together, so the 80 would tell.
    assert told[7:] == ["fewer than 20", "not shown", "fewer than 20"]
    assert all(cells[1] == ["–"] for cells in list(moves.values())[:4])
    levels = rows(tariffs_view(tariffs(), few)["tables"][2])
    assert [cells[1][0] for cells in levels.values()] == [
        *("fewer than 20", "not shown", "30", "40", "50"),
    ]
    # 12, 5, 2 and 1 may be proposed a cheaper plan: 20 together.
    assert tariffs_view(tariffs(), few)["says"][0].startswith("20 may be proposed")
    # 15 are at the top: how many would take a plan, or not, would tell, here and in a sentence.
    incentive = {"plausible": (60, 86.0), "none_plausible": (61, 0.0), "top_level": (15, 0.0)}
    found = {k: {"members": n, "change_money": c} for k, (n, c) in incentive.items()}
    shown = tariffs_view(tariffs(incentive=found), few)
    told = [cells[0][0] for cells in rows(shown["tables"][0]).values()][7:]
    assert told == ["not shown", "61", "fewer than 20"]
    assert "60" not in " ".join(shown["says"])
    one = plan(actions=plan()["actions"][:1])
    assert rows(plan_view(one, few)["tables"][0])["Service call"][2] == ["11"], "it is all there is"
    unpriced = tariffs_view(tariffs(), few)["notices"][0]
    assert "3" not in unpriced
    assert unpriced.count("fewer than 20") == 2


def test_segments_and_rules_of_too_few_show_only_that_there_are_some():
    few = Words("en", 20)
    small = segment("S2", 20, 0.013, 0.031) | {"rows": 19, "share": 0.008}
    content = segments(segments=[segment("S1", 80, 0.065, 0.098), small])
    shown = segments_view(content, few)
    cells = {r["name"]: r["cells"] for g in shown["table"]["groups"] for r in g["rows"]}
    assert [c["lines"] for c in cells["name S2"]] == [["fewer than 20"], ["–"], ["–"], ["–"]]
    assert [c["lines"] for c in cells["name S1"]][:2] == [["not shown"], ["8.0%"]]
    assert cells["name S1"][0]["says"] == cells["name S2"][0]["says"] == []
    assert "S2" not in " ".join(shown["says"])
    assert list(rows(shown["services"]["table"])) == ["name S1"]
    rule = handsets()["rules"][0] | {"changes": 19}
    told = rows(handsets_view(handsets(rules=[rule]), few)["tables"][1])
    assert told["everybody"] == [["fewer than 20"], ["–"], ["–"], ["–"]]

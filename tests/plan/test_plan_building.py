"""From a scored month to its plan, by hand: profit, proposals, the list, arms, callers' sheet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from plan_world import AT, BOOK, book, earlier, facts, reasons, scores, with_params, world

from churnlight.errors import ChurnlightError, DataRefused
from churnlight.plan import COLUMNS, caller_rows, make_plan
from churnlight.plan.building import STATUSES
from churnlight.plan.effects import effects_from
from churnlight.plan.storing import write_plan

# Margin 0.4 x 6 months: a bill of 200 is worth 480.
ONE = {1: ("red", 0.5, 200.0)}
HEAD = BOOK[: BOOK.index("    propose:")]


def rules(*proposals: str) -> str:
    return HEAD + "    propose:\n" + "".join(f"      - {{{p}}}\n" for p in proposals)


CARE = "action: care_call, offer: care, channel: call, wording: thanks, cost_money: 0, save_rate: 0"
MATCH = (
    "action: tariff_match, offer: matching_plan, channel: sms, wording: plan_fit, "
    "cost_money: 1, save_rate: 0.5"
)
STEP_UP = MATCH.replace("matching_plan", "incentive_plan").replace("_match", "_up")
TRIAL = MATCH.replace("matching_plan", "service_trial").replace("tariff_match", "trial")
AGREE = MATCH.replace("matching_plan", "renewal").replace("tariff_match", "renewal")


def only(inputs) -> dict:
    (row,) = make_plan(inputs).table.to_dict("records")
    return row


def test_expected_profit_by_hand(tmp_path: Path) -> None:
    row = only(world(book(tmp_path), ONE))
    # Discount: 0.5 x 0.5 x (480 - 20) - 0.5 x 20 - 4 = 101; care: 0.5 x 0.1 x 480 - 4 = 20.
    assert (row["action"], row["expected_profit_money"]) == ("fee_discount", 101.0)
    assert (row["value_money"], row["saved_share"]) == (480.0, 0.25)
    assert (row["cost_money"], row["contact_money"], row["calls"]) == (20.0, 4.0, 1)
    assert (row["status"], row["rate_source"], row["rule"]) == ("listed", "assumed", 1)


def effects(*rows: tuple[str | None, str, str | None, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["action", "by", "level", "effect_share"], dtype=object)


@pytest.mark.parametrize(
    ("rows", "saved", "profit"),
    [
        # 0.1 x (480 - 20) - 0.5 x 20 - 4 = 32, and care stays assumed with 20.
        ([("fee_discount", "all", None, 0.1)], 0.1, 32.0),
        ([("fee_discount", "all", None, 0.0), ("fee_discount", "tier", "red", 0.1)], 0.1, 32.0),
        ([("fee_discount", "tier", "white", 0.0), ("fee_discount", "all", None, 0.1)], 0.1, 32.0),
        ([("fee_discount", "all", None, 0.1), (None, "tier", "red", 0.0)], 0.1, 32.0),
        # All that would leave, and no more.
        ([("fee_discount", "all", None, 0.9)], 0.5, 0.5 * 460 - 14.0),
    ],
)
def test_a_measured_effect_takes_the_place_of_the_assumption(
    tmp_path: Path, rows, saved: float, profit: float
) -> None:
    given = replace(world(book(tmp_path, rules(DISCOUNT, CARE)), ONE), effects=effects(*rows))
    row = only(given)
    assert row["action"] == "fee_discount"
    assert (row["saved_share"], row["rate_source"]) == (saved, "measured")
    assert row["expected_profit_money"] == pytest.approx(profit)


DISCOUNT = (
    "action: fee_discount, offer: fee_discount, channel: call, wording: thanks, "
    "cost_money: 20, save_rate: 0.5"
)


def test_an_effect_of_all_actions_serves_where_the_action_has_none(tmp_path: Path) -> None:
    given = replace(world(book(tmp_path), ONE), effects=effects((None, "all", None, 0.1)))
    # Care: 0.1 x 480 - 4 = 44 now beats the discount's 32.
    row = only(given)
    assert (row["action"], row["rate_source"]) == ("care_call", "measured")
    assert row["expected_profit_money"] == 44.0


def test_a_campaign_report_becomes_the_table_with_its_sign_turned() -> None:
    def part(value: str | None, change: float) -> dict:
        return {"value": value, "shrunk": {"difference": change, "low": -1, "high": 1}}

    groups = {
        "tier": [part("red", -0.04), part(None, 0.5)],
        "action": [part("data_gift", 0.02)],
        "channel": [part("call", -0.9)],
    }
    told = {"effect_claimed": True, "churn": {"difference": -0.03}, "groups": groups}
    table = effects_from(told)
    assert table is not None
    assert table.astype(object).where(table.notna(), None).to_numpy().tolist() == [
        [None, "all", None, 0.03],
        [None, "tier", "red", 0.04],
        ["data_gift", "all", None, -0.02],
    ]
    assert effects_from({"effect_claimed": False}) is None


def test_who_is_provoked_to_leave_is_not_contacted(tmp_path: Path) -> None:
    harm = effects(("fee_discount", "all", None, -0.1), ("care_call", "all", None, -0.02))
    row = only(replace(world(book(tmp_path), ONE), effects=harm))
    # Care: -0.02 x 480 - 4; the discount -0.1 x 460 - 14.
    assert (row["status"], row["action"]) == ("not_worth", "care_call")
    assert row["expected_profit_money"] == pytest.approx(-13.6)
    assert row["arm"] is None or row["arm"] != row["arm"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (effects(("a", "all", None, 1.5)), "no share"),
        (effects(("a", "all", None, float("nan"))), "no share"),
        (effects(("a", "all", None, 0.1), ("a", "all", None, 0.2)), "twice"),
        (effects().drop(columns="by"), "lacks by"),
    ],
)
def test_effects_that_cannot_be_read(tmp_path: Path, table: pd.DataFrame, says: str) -> None:
    with pytest.raises(DataRefused, match=says):
        make_plan(replace(world(book(tmp_path), ONE), effects=table))


TARIFF = {
    "subscriber_id": [1],
    "matching_plan_id": [501],
    "matching_fee_money": [88.0],
    "matching_change_money": [-12.5],
    "matching_guard": ["in_need"],
    "incentive_plan_id": [502],
    "incentive_fee_money": [128.0],
    "incentive_change_money": [18.0],
    "incentive_allowance_money": [5.0],
    "incentive_guard": ["plausible"],
}


def with_tariff(tmp_path: Path, proposal: str, **changes):
    given = world(book(tmp_path, rules(proposal, CARE)), ONE)
    table = pd.DataFrame(TARIFF).assign(**{k: [v] for k, v in changes.items()})
    return replace(given, tariffs=table)


def test_a_tariff_that_fits_fills_in(tmp_path: Path) -> None:
    given = with_tariff(tmp_path, MATCH)
    row = only(given)
    assert (row["plan_id"], row["plan_fee_money"]) == ("501", 88.0)
    assert row["revenue_change_money"] == -12.5
    # What the bill loses over six months is a cost: 1 + 75.
    assert row["cost_money"] == 76.0
    assert row["expected_profit_money"] == pytest.approx(0.25 * (480 - 76) - 0.5 * 76 - 0.1)
    (said,) = caller_rows(make_plan(given).table, given.playbook).to_dict("records")
    expected = "Change to plan 501 at 88.00 a month, which fits what is used: -12.50 a month."
    assert said["offer_en"] == expected
    assert "501" in said["offer_zh"]


def test_an_upgrade_fills_in_and_its_gain_is_not_counted(tmp_path: Path) -> None:
    given = with_tariff(tmp_path, STEP_UP)
    row = only(given)
    assert (row["plan_id"], row["allowance_money"], row["cost_money"]) == ("502", 5.0, 1.0)
    assert row["expected_profit_money"] == pytest.approx(0.25 * 479 - 0.5 - 0.1)
    (said,) = caller_rows(make_plan(given).table, given.playbook).to_dict("records")
    assert "with 5.00 off each month: +18.00 a month" in said["offer_en"]


@pytest.mark.parametrize(
    ("proposal", "changes"),
    [
        (MATCH, {"matching_guard": "withheld"}),
        (MATCH, {"matching_guard": "stays"}),
        (MATCH, {"matching_guard": None}),
        (MATCH, {"subscriber_id": 9}),
        (STEP_UP, {"incentive_guard": "none_plausible"}),
    ],
)
def test_a_tariff_that_may_not_be_proposed_is_not(tmp_path: Path, proposal, changes) -> None:
    assert only(with_tariff(tmp_path, proposal, **changes))["action"] == "care_call"


def test_without_tables_the_plan_does_without_and_says_so(tmp_path: Path) -> None:
    given = world(book(tmp_path, rules(MATCH, STEP_UP, TRIAL, CARE)), ONE)
    found = make_plan(replace(given, tariffs_left_out="no_plans", lacking=("care", "no_contact")))
    assert found.table["action"].tolist() == ["care_call"]
    told = {n["code"]: n for n in found.content["notices"]}
    assert set(told) == {
        "no_tariffs", "no_segments", "no_services", "no_effects", "no_care", "no_flag"
    }  # fmt: skip
    assert "no_plans" in told["no_tariffs"]["en"]
    assert "no_contact" in told["no_flag"]["zh"]


def test_the_first_service_not_yet_had_is_offered(tmp_path: Path) -> None:
    services = pd.DataFrame({"subscriber_id": [1, 1], "rank": [2, 1], "service_id": [701, 703]})
    given = replace(world(book(tmp_path, rules(TRIAL, CARE)), ONE), services=services)
    assert only(given)["service_id"] == "703"
    assert only(replace(given, services=services.assign(subscriber_id=2)))["offer"] == "care"


@pytest.mark.parametrize(
    ("ends", "offered"),
    [(None, True), (date(2026, 2, 28), True), (date(2026, 3, 1), False), (date(2027, 1, 1), False)],
)
def test_an_agreement_is_for_who_has_none_that_runs_on(tmp_path: Path, ends, offered: bool) -> None:
    given = world(book(tmp_path, rules(AGREE, CARE)), ONE)
    row = only(replace(given, facts=facts([(1, None, None, ends, None)])))
    assert row["offer"] == ("renewal" if offered else "care")


def test_tier_reason_and_segment_find_the_rule(tmp_path: Path) -> None:
    proposals = BOOK[BOOK.index("    propose:") :]
    first = HEAD.replace("tier: any", "tier: white").replace("reason: any", "reason: handset")
    text = first.replace("segment: any", "segment: S2") + proposals
    text += "  - tier: any\n    reason: any\n    segment: any\n" + proposals
    people = dict.fromkeys((1, 2, 3, 4), ("white", 0.5, 200.0)) | {5: ("red", 0.5, 200.0)}
    given = replace(
        world(book(tmp_path, text), people),
        reasons=reasons({1: "handset", 2: "handset", 3: "bill_level", 5: "handset"}),
        segments=pd.DataFrame({"subscriber_id": [1, 2, 3, 5], "segment": ["S2", "S1", "S2", "S2"]}),
    )
    table = make_plan(given).table
    assert table["rule"].tolist() == [1, 2, 2, 2, 2]
    assert table["segment"].tolist()[:3] == ["S2", "S1", "S2"]
    assert table["reason"].isna().tolist() == [False, False, False, True, False]


MANY = {n: (("yellow", "red", "white")[n % 3], 0.2 + n / 500, 100.0 + n) for n in range(1, 121)}


def test_everybody_in_the_tiers_gets_one_proposal_and_no_one_else(tmp_path: Path) -> None:
    people = MANY | {900: ("blue", 0.9, 900.0), 901: ("green", 0.9, 900.0)}
    table = make_plan(world(book(tmp_path), people)).table
    assert table["subscriber_id"].tolist() == sorted(MANY)
    assert table["action"].notna().all()
    assert list(table.columns) == list(COLUMNS)


def test_limits_hold_and_what_is_left_out_says_why(tmp_path: Path) -> None:
    given = with_params(world(book(tmp_path), MANY), budget_money=700.0)
    given = replace(given, contact=given.contact.model_copy(update={"calls_a_day": 5,
                                                                   "working_days": 9}))  # fmt: skip
    found = make_plan(given)
    listed = found.table[found.table["status"] == "listed"]
    assert (listed["cost_money"] + listed["contact_money"]).sum() <= 700
    assert 0 < listed["calls"].sum() <= 45
    assert set(found.table["status"]) <= set(STATUSES)
    assert (found.table["status"] == "beyond_limits").any()
    assert found.content["listed"]["proved_best"] is True
    limits = found.content["limits"]
    spent = round((listed["cost_money"] + listed["contact_money"]).sum() * 100) / 100
    assert (limits["outlay_money"], limits["calls"]) == (spent, 45)


def test_more_budget_never_brings_less(tmp_path: Path) -> None:
    given = world(book(tmp_path), MANY)
    profits = [
        make_plan(with_params(given, budget_money=b)).content["listed"]["expected_profit_money"]
        for b in (0.0, 50.0, 51.0, 400.0, 2_000.0, None)
    ]
    assert profits == sorted(profits)
    assert profits[0] == 0 < profits[1]


def test_a_budget_of_zero_is_a_valid_empty_list(tmp_path: Path) -> None:
    found = make_plan(with_params(world(book(tmp_path), MANY), budget_money=0.0))
    assert found.table["arm"].isna().all()
    assert found.table["action"].notna().all()
    assert caller_rows(found.table, book(tmp_path)).empty
    assert found.content["arms"]["treated"]["expected_profit_money"] == 0


def test_nobody_to_plan_for(tmp_path: Path) -> None:
    found = make_plan(world(book(tmp_path), {1: ("blue", 0.1, 100.0)}))
    assert (len(found.table), found.content["subscribers"]) == (0, 0)
    write_plan(found.table, tmp_path / "plan.parquet")
    assert pd.read_parquet(tmp_path / "plan.parquet").empty


def test_who_has_no_bill_is_not_listed(tmp_path: Path) -> None:
    found = make_plan(world(book(tmp_path), {1: ("red", 0.5, None), 2: ("red", 0.5, 200.0)}))
    assert found.table["status"].tolist() == ["no_bill", "listed"]
    assert "no_bill" in {n["code"] for n in found.content["notices"]}


def accounts(tmp_path: Path, share: float = 0.4):
    given = with_params(world(book(tmp_path), MANY), control_share=share)
    people = given.people.assign(account_id=[f"A{n // 3}" for n in given.people["subscriber_id"]])
    return replace(given, people=people)


def test_whole_accounts_go_to_one_arm(tmp_path: Path) -> None:
    table = make_plan(accounts(tmp_path)).table
    assert set(table["arm"]) == {"treated", "control"}
    assert not table[["account_id", "arm"]].drop_duplicates()["account_id"].duplicated().any()
    control = table[table["arm"] == "control"]
    assert set(control["control_until"]) == {AT.label_end.date()}
    assert set(control["cycle"]) == {"2026-01-01"}
    assert control["action"].notna().all()


def test_control_is_drawn_after_suppression_and_selection(tmp_path: Path) -> None:
    given = accounts(tmp_path)
    out = facts([(n, n % 2 == 0, False, None, None) for n in MANY])
    found = make_plan(replace(with_params(given, budget_money=500.0), facts=out)).table
    drawn = found[found["arm"].notna()]
    assert set(drawn["status"]) == {"listed"}
    assert not (drawn["subscriber_id"] % 2 == 0).any()
    # And the draw itself knows nothing of the others.
    whole = make_plan(given).table.set_index("subscriber_id")["arm"]
    assert (whole[drawn["subscriber_id"]].to_numpy() == drawn["arm"].to_numpy()).all()


def test_control_of_an_earlier_plan_stays_control(tmp_path: Path) -> None:
    row = ("2025-12-01", 7, "A2", "control", date(2026, 2, 1), date(2025, 12, 6))
    found = make_plan(replace(accounts(tmp_path), earlier=earlier([row])))
    held = found.table[found.table["account_id"] == "A2"]
    assert held["subscriber_id"].tolist() == [6, 7, 8]
    assert set(held["status"]) == {"control_kept"}
    assert set(held["arm"]) == {"control"}
    assert set(held["cycle"]) == {"2025-12-01"}
    assert set(held["control_until"]) == {date(2026, 2, 1)}
    assert held["action"].isna().all()
    assert found.content["control_kept"] == 3


def test_callers_see_the_treated_alone(tmp_path: Path) -> None:
    given = accounts(tmp_path)
    row = ("2025-12-01", 7, "A2", "control", date(2026, 2, 1), date(2025, 12, 6))
    out = facts([(n, n % 5 == 0, False, None, None) for n in MANY])
    found = make_plan(replace(given, facts=out, earlier=earlier([row]))).table
    sheet = caller_rows(found, given.playbook)
    treated = found[found["arm"] == "treated"]
    assert sorted(sheet["subscriber_id"]) == treated["subscriber_id"].tolist()
    assert sheet["expected_profit_money"].is_monotonic_decreasing
    texts = sheet[[c for c in sheet.columns if c.endswith(("_en", "_zh"))]]
    assert (texts != "").all(axis=None)
    assert not texts.apply(lambda c: c.str.contains("{", regex=False)).any(axis=None)


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    given = with_params(accounts(tmp_path), budget_money=600.0)
    other = replace(
        given,
        scores=given.scores.sample(frac=1, random_state=1),
        reasons=given.reasons.sample(frac=1, random_state=2),
        people=given.people.sample(frac=1, random_state=3),
        facts=given.facts.sample(frac=1, random_state=4),
    )
    for name, one in (("a", given), ("b", other)):
        write_plan(make_plan(one).table, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert make_plan(given).content == make_plan(other).content


def test_a_table_of_an_older_churnlight_is_named(tmp_path: Path) -> None:
    given = world(book(tmp_path), ONE)
    with pytest.raises(ChurnlightError, match="scores of as_of 2026-01-01 lack probability"):
        make_plan(replace(given, scores=scores(ONE).drop(columns="probability")))

"""The whole report: what it claims, what it does not, and what it warns of."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from campaign_lines import lines

from churnlight.campaigns import Terms, assigned, report

TERMS = Terms(follow_months=2, margin=0.5, value_months=10, resamples=30)


def made(frame: pd.DataFrame) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    """Assignments, outcomes and standing of lines."""
    treated = frame["treated"].to_numpy()
    offers = frame[["campaign_id", "subscriber_id"]].assign(
        offered_at=datetime(2025, 3, 1),
        arm=np.where(treated, "treated", "control"),
        action="gift",
        channel=np.where(np.arange(len(frame)) % 3 == 0, "sms", "call"),
        contacted=[i % 2 == 0 if t else None for i, t in enumerate(treated)],
        accepted=[i % 4 == 0 if t else None for i, t in enumerate(treated)],
        succeeded=[i % 8 == 0 if t else None for i, t in enumerate(treated)],
        cost=np.where(treated, 2.0, 0.0),
    )
    found = frame[["campaign_id", "subscriber_id", "account", "bill_money"]].assign(
        outcome="known", churned=frame["churned"].astype("boolean")
    )
    return assigned(offers), found, frame[["campaign_id", "subscriber_id", "tier", "score"]]


def judged(frame: pd.DataFrame, **changes: Any) -> dict[str, Any]:
    who, found, standing = made(frame)
    return report(who, found.assign(**changes), standing, TERMS)


def test_a_campaign_that_works() -> None:
    frame = lines(3000, control=0.4, treated=0.25)
    found = judged(frame)
    assert found["effect_claimed"]
    assert found["why_not"] is None
    churn, revenue = found["churn"], found["revenue"]
    assert churn["verdict"] == "saves"
    assert churn["low"] < -0.15 < churn["high"] < 0
    assert revenue["verdict"] == "more"
    # Who leaves pays nothing, the others 50: the revenue is the churn's mirror.
    assert revenue["difference"] == pytest.approx(-50 * churn["difference"], abs=0.5)
    assert found["warnings"] == []
    assert set(found["groups"]) == {"tier", "action", "channel"}
    assert [s["measured"] for s in found["next_campaign"]["sizes"]].count(True) == 1
    assert json.loads(json.dumps(found)) == found


def test_cost_and_return_by_hand() -> None:
    frame = lines(1000, control=0.4, treated=0.2)
    found = judged(frame)
    cost, treated = found["cost"], int(frame["treated"].sum())
    assert cost["cost_money"] == 2.0 * treated
    gap = found["churn"]["difference"]
    assert cost["saved_lines"]["estimate"] == pytest.approx(-gap * treated, abs=0.01)
    saved = cost["saved_lines"]
    assert saved["low"] < saved["estimate"] < saved["high"]
    # Half the revenue's difference over two months, less the cost.
    expected = 0.5 * 2 * treated * found["revenue"]["difference"] - cost["cost_money"]
    assert cost["measured"]["profit_money"] == pytest.approx(expected, abs=0.2)
    each = 0.5 * 10 * frame.loc[~frame["churned"], "bill_money"].mean()
    assert cost["assumed"]["value_each_money"] == pytest.approx(each, abs=0.01)
    assert cost["assumed"]["profit_money"] == pytest.approx(
        -gap * treated * each - cost["cost_money"], abs=1
    )
    assert found["next_campaign"]["cost_each_money"] == 2.0


def test_the_funnel_by_hand() -> None:
    frame = lines(16).assign(treated=[True] * 8 + [False] * 8)
    found = judged(frame)["funnel"]
    # Of eight assigned, numbers 0, 2, 4, 6 were contacted, 0 and 4 accepted, 0 succeeded.
    assert [found[k] for k in ("target", "contacted", "accepted", "succeeded")] == [8, 4, 2, 1]
    shares = {step: entry["share"] for step, entry in found["shares"].items()}
    assert shares == {"contacted": 0.5, "accepted": 0.5, "succeeded": 0.25}
    assert (found["cost_money"], found["control"], found["control_contacted"]) == (16.0, 8, 0)


def test_contact_that_provokes_is_named() -> None:
    worse = judged(lines(3000, control=0.2, treated=0.35))
    assert worse["churn"]["verdict"] == "provokes"
    assert worse["warnings"][0]["verdict"] == "provokes"
    assert "Stop" in worse["warnings"][0]["en"]
    mixed = lines(6000, control=0.4, treated=0.2)
    white = mixed["tier"] == "white"
    draws = np.random.default_rng(1).random(len(mixed))
    mixed.loc[white, "churned"] = draws[white] < np.where(mixed.loc[white, "treated"], 0.5, 0.35)
    found = judged(mixed)
    assert [(w["by"], w["value"]) for w in found["warnings"] if w["verdict"] == "provokes"] == [
        ("tier", "white")
    ]


def test_contact_that_saves_nobody_is_named() -> None:
    found = judged(lines(1500, control=0.3, treated=0.3))
    assert found["churn"]["verdict"] == "unclear"
    assert (found["warnings"][0]["by"], found["warnings"][0]["verdict"]) == (None, "unclear")
    assert not any(s["measured"] for s in found["next_campaign"]["sizes"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.assign(treated=True), "no_control"),
        (lambda f: f.assign(treated=False), "no_treated"),
        (lambda f: f.head(40), "too_few"),
        (lambda f: f.head(0), "no_offers"),
    ],
)
def test_without_both_arms_no_effect_is_claimed(change: Any, code: str) -> None:
    found = judged(change(lines(200)))
    assert not found["effect_claimed"]
    assert found["why_not"]["code"] == code
    assert found["why_not"]["en"]
    assert found["why_not"]["zh"]
    assert not {"churn", "revenue", "cost", "groups", "qini"} & set(found)
    assert found["warnings"] == []


def test_two_campaigns_of_one_arm_each_are_no_control() -> None:
    frame = pd.concat(
        [lines(100).assign(treated=True), lines(100, campaign="d").assign(treated=False)],
        ignore_index=True,
    )
    assert judged(frame)["why_not"]["code"] == "no_control"


def test_only_known_outcomes_count() -> None:
    frame = lines(1000)
    outcome = np.where(np.arange(1000) < 100, "not_yet", "known")
    found = judged(frame, outcome=outcome)
    alone = judged(frame.iloc[100:].reset_index(drop=True))
    assert found["churn"] == alone["churn"]
    assert found["assignments"]["treated_known"] < found["assignments"]["treated"]
    notes = {note["code"]: note["en"] for note in found["notes"]}
    assert notes["not_yet"].startswith("100 ")
    nothing = judged(frame, outcome="not_yet")
    assert nothing["why_not"]["code"] == "nothing_known"


def test_intention_to_treat_ignores_who_was_reached() -> None:
    who, found, standing = made(lines(1000))
    nobody = assigned(who.rows.assign(
        arm=np.where(who.rows["treated"], "treated", "control"), contacted=False, accepted=False
    ))  # fmt: skip
    first, second = (report(w, found, standing, TERMS) for w in (who, nobody))
    assert first["churn"] == second["churn"]
    assert second["funnel"]["contacted"] == 0


def test_what_spoils_a_comparison_is_noted() -> None:
    frame = lines(1000, control=0.02, treated=0.01)
    who, found, standing = made(frame)
    control = ~who.rows["treated"]
    who.rows.loc[control & (who.rows.index < 50), "contacted"] = True
    late = frame["treated"] & (frame.index < 400)
    uneven = found.assign(outcome=np.where(late, "not_yet", "known"))
    codes = {note["code"] for note in report(who, uneven, standing, TERMS)["notes"]}
    assert {"contaminated", "left_out_unevenly", "few_churners", "not_yet"} <= codes
    assert "no_scores" not in codes
    plain = report(who, found.assign(bill_money=np.nan), None, TERMS)
    assert {"no_scores", "no_bills"} <= {note["code"] for note in plain["notes"]}
    assert (plain["revenue"], plain["qini"], plain["cost"]["measured"]) == (None, None, None)


def test_rows_in_another_order_make_the_same_report() -> None:
    frame = lines(800, account_lines=2)
    shuffled = frame.sample(frac=1, random_state=3).reset_index(drop=True)
    _, found, standing = made(shuffled)
    first = made(frame)
    # The funnel's marks follow from the row, so assignments are taken from one of them.
    assert report(first[0], found, standing, TERMS) == report(*first, TERMS)

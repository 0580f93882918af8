"""Who counts as assigned, and what became of them: by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd

from churnlight.campaigns import assigned, outcomes, standing_at
from churnlight.timeline import Month

OLD, NEW = date(2020, 1, 1), date(2025, 5, 9)
NEWEST = Month(2025, 6)


def offer(who: str, day: str = "2025-03-10", **columns: Any) -> dict[str, Any]:
    row = {"subscriber_id": who, "campaign_id": "c", "arm": "treated"}
    return row | {"offered_at": datetime.fromisoformat(day)} | columns


def test_one_row_a_subscriber_and_campaign() -> None:
    who = assigned(
        pd.DataFrame(
            [
                offer("a", "2025-03-12", contacted=True, accepted=False, cost=0.1, channel="sms"),
                offer("a", "2025-03-10", contacted=False, cost=0.2, channel="call"),
                offer("a", campaign_id="d", arm="control"),
                offer("b", arm="control"),
                offer("b", "2025-03-11"),
                offer("e", arm=None),
            ]
        )
    )
    assert who.left_out == {"both_arms": 1, "no_arm": 1}
    rows = who.rows.set_index(["campaign_id", "subscriber_id"])
    assert list(rows.index) == [("c", "a"), ("d", "a")]
    first = rows.loc["c", "a"]
    assert (first["contacted"], first["accepted"], first["cost"]) == (True, False, 0.3)
    assert (first["offered_at"], first["channel"]) == (datetime(2025, 3, 10), "call")
    assert pd.isna(first["succeeded"])
    assert not rows.loc["d", "a"]["treated"]


def snapshot(who: str, month: int, activated: date = OLD, status: str = "active") -> dict[str, Any]:
    row = {"subscriber_id": who, "month": f"2025-{month:02d}", "status": status}
    return row | {"activated_on": activated, "account_id": f"k{who}"}


def followed(
    snapshots: list[dict[str, Any]], bills: list[tuple[str, int, float]] | None, *who: str
) -> dict[str, Any]:
    """Outcomes of offers of March, followed for two months."""
    rows = assigned(pd.DataFrame([offer(name) for name in who])).rows
    paid = None
    if bills is not None:
        columns = ["subscriber_id", "month", "total_charge"]
        paid = pd.DataFrame([(w, f"2025-{m:02d}", v) for w, m, v in bills], columns=columns)
    # One who is always there, so that every month has a snapshot.
    every = [*snapshots, *(snapshot("z", month) for month in range(1, 9))]
    found = outcomes(rows, pd.DataFrame(every), paid, 2, NEWEST)
    return {row["subscriber_id"]: row for row in found.to_dict("records")}


def test_who_left_and_what_was_paid() -> None:
    lives = [
        *(snapshot("stays", m) for m in (2, 3, 4, 5)),
        *(snapshot("leaves", m) for m in (2, 3, 4)),
        snapshot("leaves", 5, status="ported_out"),
        *(snapshot("vanishes", m) for m in (2, 3)),
        *(snapshot("recycled", m) for m in (2, 3, 4)),
        snapshot("recycled", 5, NEW),
        *(snapshot("came_later", m, NEW) for m in (3, 4, 5)),
        *(snapshot("no_bill", m) for m in (2, 3, 4, 5)),
        *(snapshot("left_later", m) for m in (2, 3, 4, 5)),
    ]
    bills = [
        ("stays", 2, 11.0),
        ("stays", 3, 900.0),
        ("stays", 4, 10.0),
        ("stays", 5, 20.0),
        ("leaves", 4, 10.0),
        ("leaves", 5, 4.0),
        ("recycled", 4, 30.0),
        ("recycled", 5, 99.0),
        ("no_bill", 4, 10.0),
        ("stays", 6, 5000.0),
    ]
    names = ("stays", "leaves", "vanishes", "recycled", "came_later", "no_bill", "left_later")
    found = followed(lives, bills, *names)
    assert {name: found[name]["churned"] for name in names if name != "came_later"} == {
        "stays": False,
        "leaves": True,
        "vanishes": True,
        "recycled": True,
        "no_bill": False,
        "left_later": False,
    }
    assert found["came_later"]["outcome"] == "not_on_books_before"
    assert pd.isna(found["came_later"]["churned"])
    # (10 + 20) / 2; a last bill counts; who has gone pays nothing, and not the next holder's bill.
    money = {name: found[name]["bill_money"] for name in names}
    assert money["stays"] == 15.0
    assert money["leaves"] == 7.0
    assert money["vanishes"] == 0.0
    assert money["recycled"] == 15.0
    assert pd.isna(money["no_bill"])
    assert found["stays"]["account"] == "kstays"


def test_an_outcome_is_known_when_it_is_complete() -> None:
    rows = assigned(
        pd.DataFrame([offer("z", "2025-04-30"), offer("z", "2025-05-01", campaign_id="d")])
    ).rows
    shown = pd.DataFrame([snapshot("z", month) for month in range(1, 13)])
    found = outcomes(rows, shown, None, 2, NEWEST)
    # April's is complete at the end of June; May's at the end of July, whatever the files hold.
    assert found["outcome"].tolist() == ["known", "not_yet"]
    hole = shown[shown["month"] != "2025-06"]
    assert outcomes(rows, hole, None, 2, NEWEST)["outcome"].tolist() == ["no_snapshot", "not_yet"]


def test_nothing_later_changes_an_outcome() -> None:
    lives = [snapshot("a", m) for m in (2, 3, 4, 5)]
    later = [snapshot("a", 7, status="cancelled"), snapshot("a", 8, NEW)]
    bills = [("a", 4, 1.0), ("a", 5, 2.0)]
    before, after = (
        followed(lives, bills, "a"),
        followed(lives + later, [*bills, ("a", 7, 9e9)], "a"),
    )
    pd.testing.assert_series_equal(pd.Series(before["a"]), pd.Series(after["a"]))


def test_a_score_counts_from_its_cutoff_on() -> None:
    rows = assigned(
        pd.DataFrame(
            [offer("a", f"2025-03-{day}", campaign_id=str(day)) for day in ("05", "06", "31")]
        )
    ).rows
    scored = {
        "2025-03-06": pd.DataFrame({"subscriber_id": ["a"], "tier": ["red"]}),
        "2025-04-06": pd.DataFrame({"subscriber_id": ["a"], "tier": ["white"]}),
    }
    tiers = standing_at(rows, scored, ["tier"])["tier"].astype(object)
    assert tiers.where(tiers.notna(), None).tolist() == [None, "red", "red"]
    assert standing_at(rows, {}, ["tier"])["tier"].isna().all()

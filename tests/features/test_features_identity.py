"""A recycled id inherits nothing, in its own features and in those of its contacts.

One world holds all cases, so that features are worked out once.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from features_tables import Rows, World, at_of
from features_world import ALL, FEB, JAN, MAR, edge, snapshots

from churnlight.engine import Engine

DEC = "2024-12"
OLD = {"activated_on": date(2019, 1, 1)}
YOUNG = {"activated_on": date(2025, 2, 10)}
Found = dict[str, dict[str, Any]]


def _on(day: int) -> dict[str, date]:
    return {"activated_on": date(2025, 2, day)}


# --- newcomers of February: a minute a day and a contact of its own, in February and in March ---

# By id: further snapshots, what February's usage says more, the activation, January's usage.
NEWCOMERS: dict[str, tuple[Rows, dict[str, Any], dict[str, date], bool]] = {
    "nobody before": ([], {}, YOUNG, False),
    "first days": ([], {"active_days": 19, "last_at": datetime(2025, 2, 10)}, YOUNG, False),
    "the tenth": ([], {"first_ten_days_count": 1}, _on(10), False),
    "the twentieth": ([], {"middle_ten_days_count": 1, "active_days": 3}, _on(20), False),
    "long ago": (snapshots("long ago", {"2024-11": OLD}), {}, YOUNG, False),
}
RECYCLED: dict[str, tuple[Rows, dict[str, Any], dict[str, date], bool]] = {
    "in the window": (snapshots("in the window", {JAN: OLD}), {}, YOUNG, False),
    "gone in the window": (
        snapshots("gone in the window", {JAN: OLD}, status="cancelled"), {}, YOUNG, False,
    ),
    "before the window": (snapshots("before the window", {DEC: OLD}), {}, YOUNG, False),
    "used in January": ([], {}, YOUNG, True),
    "last event before": ([], {"last_at": datetime(2025, 2, 9, 23)}, YOUNG, False),
    "last call before": ([], {"last_out_at": datetime(2025, 2, 9, 23)}, YOUNG, False),
    "too many days": ([], {"active_days": 20}, YOUNG, False),
    "first third": ([], {"first_ten_days_count": 1}, _on(11), False),
    "second third": ([], {"middle_ten_days_count": 1, "active_days": 3}, _on(21), False),
}  # fmt: skip

# --- contacts: A and X share 4, 3 and 5 events in the months, A and E, who stays, 8 each ---

JANUARY = {"activated_on": date(2025, 1, 20)}
LAST_YEAR = {"activated_on": date(2024, 12, 31)}
CONTACTS: dict[str, dict[str, dict[str, Any]]] = {
    "stays": {JAN: OLD, FEB: OLD, MAR: OLD},
    "leaves": {JAN: OLD, FEB: OLD, MAR: {**OLD, "status": "ported_out"}},
    "handed on": {JAN: OLD, FEB: YOUNG, MAR: YOUNG},
    "handed on in January": {DEC: OLD, JAN: JANUARY, FEB: JANUARY, MAR: JANUARY},
    "handed on before": {DEC: OLD, JAN: LAST_YEAR, FEB: LAST_YEAR, MAR: LAST_YEAR},
    "dated back": {JAN: YOUNG, FEB: OLD, MAR: OLD},
    "both leave": {JAN: OLD, FEB: YOUNG, MAR: {**YOUNG, "status": "ported_out"}},
}
# By hand: contacts who left, their events of 36, contacts of February lost, moved to a rival.
OUTCOMES = {
    "stays": (0, 0, 0, 0),
    "leaves": (1, 12, 0, 1),
    "handed on": (1, 7, 1, 0),
    "handed on in January": (1, 4, 0, 0),
    "handed on before": (0, 0, 0, 0),
    "dated back": (0, 0, 0, 0),
    # The port-out was the second one's.
    "both leave": (2, 12, 1, 1),
}


def _newcomer(world: World, who: str, case: tuple[Rows, dict[str, Any], Any, bool]) -> None:
    before, february, activated, january = case
    world.extracts["subscribers"] += [*before, *snapshots(who, {FEB: activated, MAR: activated})]
    for month, days, charge in ((FEB, 28, 100.0), (MAR, 31, 50.0)):
        usage = {"subscriber_id": who, "voice_out_s": days * 60, "voice_out_count": days}
        usage |= {"active_days": 8, "last_ten_days_count": 8, "last_at": datetime(2025, 3, 1)}
        world.marts[month, "usage"].append(usage | (february if month == FEB else {}))
        world.marts[month, "edges"].append(edge(who, f"{who} {month}", 5, 5))
        world.extracts["billing"].append(
            {"subscriber_id": who, "month": month, "total_charge": charge}
        )
    if january:
        world.marts[JAN, "usage"].append({"subscriber_id": who, "voice_out_s": 9})


def _contact(world: World, name: str, shown: dict[str, dict[str, Any]]) -> None:
    me, other = f"A {name}", f"X {name}"
    world.extracts["subscribers"] += [*snapshots(me, ALL), *snapshots(other, shown)]
    for month, events in ((JAN, 4), (FEB, 3), (MAR, 5)):
        world.marts[month, "edges"] += [edge(me, other, events, 2), edge(me, "E", 8, 8)]


@pytest.fixture(scope="module")
def found(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Found:
    world = World(
        {"subscribers": [*snapshots("E", ALL)], "billing": []},
        {(month, mart): [] for month in (JAN, FEB, MAR) for mart in ("usage", "edges")},
    )
    for who, case in (NEWCOMERS | RECYCLED).items():
        _newcomer(world, who, case)
    for name, shown in CONTACTS.items():
        _contact(world, name, shown)
    # X's number left G's group with its old holder; the new one, in no group, has left since.
    gone = {**YOUNG, "status": "cancelled"}
    world.extracts["subscribers"] += [
        *snapshots("G", ALL, group_id="g"),
        *snapshots("H", {JAN: {**OLD, "group_id": "g"}, FEB: YOUNG, MAR: gone}),
    ]
    members = (*NEWCOMERS, *RECYCLED, *(f"A {name}" for name in CONTACTS), "G")
    return world.by_member(engine, tmp_path_factory.mktemp("identity"), members, at_of())


@pytest.mark.parametrize("who", NEWCOMERS)
def test_a_newcomers_first_month_is_its_own(found: Found, who: str) -> None:
    row = found[who]
    assert row["voice_out_min_per_day"] == pytest.approx(1)
    assert (row["bill_money"], row["contacts_lost_count"]) == (75, 1)


@pytest.mark.parametrize("who", RECYCLED)
def test_the_month_an_id_changed_hands_is_nobodys(found: Found, who: str) -> None:
    row = found[who]
    assert row["voice_out_min_per_day"] == pytest.approx(1)
    # One month alone: March's bill, and nothing to compare it with.
    assert (row["bill_money"], row["contacts_lost_count"]) == (50, None)


@pytest.mark.parametrize("name", CONTACTS)
def test_who_held_a_contacts_number_before_is_another_contact(found: Found, name: str) -> None:
    left, events, lost, rival = OUTCOMES[name]
    row = found[f"A {name}"]
    assert row["contacts_left_count"] == left
    assert row["contacts_left_weighted_share"] == pytest.approx(events / 36)
    assert (row["contacts_lost_count"], row["contacts_to_rival_count"]) == (lost, rival)


def test_a_group_loses_its_own_members_only(found: Found) -> None:
    assert (found["G"]["group_size_count"], found["G"]["group_left_share"]) == (1, 0)

"""All of it on a small operator: what comes out, what stays out, and that nothing leaks."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from handsets_world import AS_OF, MONTHS, World, rows_of

from churnlight.engine import Engine, connect
from churnlight.errors import DataRefused
from churnlight.handsets import COLUMNS, Preferred, preferring
from churnlight.handsets.changes import number_of
from churnlight.params.data import EngineParams

TOMORROW = datetime(2025, 10, 7)  # the cutoff of as_of is the sixth


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def found(engine: Engine, world: World) -> Preferred:
    return world.preferred(engine)


def test_one_row_a_member_with_every_column(engine: Engine, found: Preferred) -> None:
    assert found.table is not None
    assert tuple(found.table.columns) == COLUMNS
    rows = rows_of(engine, found)
    assert len(rows) == 150 == found.content["members"]["with_handset"]
    assert json.loads(json.dumps(found.content)) == found.content
    assert json.loads(json.dumps(found.model)) == found.model
    for row in rows.values():
        assert 0 < row["chance_of_change"] < 1
        assert row["first_chance"] >= row["second_chance"] >= row["third_chance"]


def test_suggestions_and_chances_follow_the_planted_rule(
    engine: Engine, world: World, found: Preferred
) -> None:
    bills = {row["subscriber_id"]: row["total_charge"] for row in world.rows["billing"]}
    since = {r["subscriber_id"]: r["handset_since"] for r in world.rows["subscribers"]}
    rows = rows_of(engine, found)
    rich = [rows[who] for who, bill in bills.items() if bill > 100]
    assert {(row["first_brand"], row["first_price_band"]) for row in rich} == {("Beta", 2)}
    old = [rows[who] for who, day in since.items() if day < date(2024, 7, 1)]
    young = [rows[who] for who, day in since.items() if day > date(2025, 6, 1)]
    assert min(r["chance_of_change"] for r in old) > max(r["chance_of_change"] for r in young)
    assert all(row["likely"] for row in old)
    accuracy = found.content["accuracy"]["measures"]["price_band"]
    assert accuracy["ways"]["tree"]["share"] > 0.95
    assert accuracy["differences"]["same_again"]["verdict"] == "better"
    assert found.content["chance_judged"]["verdict"] == "better"


def test_changes_are_counted_as_they_were_planted(world: World, found: Preferred) -> None:
    shown: dict[str, list[Any]] = {}
    for row in world.rows["subscribers"]:
        shown.setdefault(row["subscriber_id"], []).append((row["handset_id"], row["handset_since"]))
    changes = sum(a != b for line in shown.values() for a, b in pairwise(line))
    assert found.content["changes"]["known"] == changes
    assert found.content["changes"]["last_month"] == "2025-09"
    judged = found.content["chance_judged"]
    late = sum(
        a != b for line in shown.values() for a, b in zip(line[-4:], line[-3:], strict=False)
    )
    assert judged["happened"] == late == judged["likely"]["changes"] + judged["others"]["changes"]


def test_nothing_after_as_of_changes_a_byte(engine: Engine, world: World, found: Preferred) -> None:
    later = World(0)
    later.rows = copy.deepcopy(world.rows)
    for number in range(150):
        who = f"s{number:04d}"
        # October's snapshot and bill, a bill of September known too late, a mart of October.
        later.snapshot(who, MONTHS[-1] + 1, "x9", date(2025, 10, 2))
        later.bill(who, MONTHS[-1] + 1, 9999.0)
        later.rows["billing"] = [
            row | {"billed_at": TOMORROW, "total_charge": 7777.0}
            if row["month"] == str(MONTHS[-1]) and number == 0
            else row
            for row in later.rows["billing"]
        ]
        later.rows["usage"].append(
            {"subscriber_id": who, "month": str(MONTHS[-1] + 1), "data_mb": 1e6}
        )
    for model in ("x9", "x8"):
        row = {"handset_id": model, "brand": "Future", "os": "Future", "price": 1.0}
        later.rows["handsets"].append(row | {"launched_on": date.fromisoformat(AS_OF)})
    members = world.members(engine)
    again = later.preferred(engine, members)
    # The late bill is missing in both.
    world_without = World(0)
    world_without.rows = copy.deepcopy(world.rows)
    world_without.rows["billing"] = [
        row for row in world.rows["billing"] if row["month"] != str(MONTHS[-1])
    ]
    base = world_without.preferred(engine, members)
    assert again.content == base.content
    assert again.model == base.model
    assert rows_of(engine, again) == rows_of(engine, base)
    assert "Future" not in json.dumps(again.content)
    assert found.content["changes"] == base.content["changes"]


def test_what_is_judged_learned_from_older_changes_only(
    engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[pd.DataFrame] = []
    real = preferring.learn

    def noted(changes: pd.DataFrame, *rest: Any) -> Any:
        seen.append(changes)
        return real(changes, *rest)

    monkeypatch.setattr(preferring, "learn", noted)
    content = world.preferred(engine, test_months=2).content
    whole, judged = seen
    # Changes of August and September are judged; those seen by the end of July were learned from.
    assert judged["month_no"].max() + 1 == number_of(MONTHS[-1]) - 2
    assert whole["month_no"].max() + 1 == number_of(MONTHS[-1])
    assert content["accuracy"]["learned"]["last_month"] == "2025-07"
    assert content["accuracy"]["judged"]["first_month"] == "2025-08"
    assert content["accuracy"]["judged"]["changes"] == len(whole) - len(judged)


def test_a_recycled_id_is_nobody_s_change(engine: Engine, world: World) -> None:
    other = World(0)
    other.rows = copy.deepcopy(world.rows)
    activated = date(2025, 9, 3)
    for row in other.rows["subscribers"]:
        if row["subscriber_id"] < "s0100" and row["month"] == str(MONTHS[-1]):
            row |= {"activated_on": activated, "handset_id": "a1", "handset_since": activated}
    found = other.preferred(engine)
    shown: dict[str, list[Any]] = {}
    for row in world.rows["subscribers"]:
        if row["subscriber_id"] >= "s0100" or row["month"] != str(MONTHS[-1]):
            mark = (row["handset_id"], row["handset_since"])
            shown.setdefault(row["subscriber_id"], []).append(mark)
    changes = sum(a != b for line in shown.values() for a, b in pairwise(line))
    assert found.content["changes"]["known"] == changes
    assert len(rows_of(engine, found)) == 150
    # The holder of before has no handset that is known.
    members = engine.upload(
        pa.table({"subscriber_id": ["s0001"], "activated_on": [date(2020, 1, 1)]})
    )
    assert other.preferred(engine, members).content["left_out"] == "no_snapshots"


@pytest.mark.parametrize(
    ("extract", "change", "reason"),
    [
        ("handsets", lambda _: [], "no_handsets"),
        ("subscribers", lambda rows: [r | {"handset_id": None} for r in rows], "too_few_changes"),
        (
            "subscribers",
            lambda rows: [{k: v for k, v in r.items() if k != "handset_id"} for r in rows],
            "no_handset_columns",
        ),
        ("handsets", lambda _: [{"handset_id": "a1"}], "no_attributes"),
    ],
)
def test_what_is_missing_is_named(
    engine: Engine, world: World, extract: str, change: Any, reason: str
) -> None:
    other = World(0)
    other.rows = dict(world.rows) | {extract: change(world.rows[extract])}
    found = other.preferred(engine)
    assert (found.table, found.model) == (None, None)
    assert found.content["left_out"] == reason
    assert found.content["notices"][0]["en"]
    assert found.content["notices"][0]["zh"]


def test_less_is_foreseen_where_less_is_known(engine: Engine, world: World) -> None:
    other = World(0)
    other.rows = {
        "handsets": [{k: v for k, v in r.items() if k != "os"} for r in world.rows["handsets"]],
        "subscribers": [
            {k: v for k, v in r.items() if k != "handset_since"} for r in world.rows["subscribers"]
        ],
    }
    found = other.preferred(engine)
    codes = [entry["code"] for entry in found.content["notices"]]
    assert codes == ["no_os", "ages_unknown"]
    rows = rows_of(engine, found)
    assert len({row["chance_of_change"] for row in rows.values()}) == 1
    assert {row["os"] for row in rows.values()} == {None}
    assert {row["brand"] for row in rows.values()} <= {"Alpha", "Beta"}


def test_a_next_handset_that_the_list_lacks_is_counted(engine: Engine, world: World) -> None:
    other = World(0)
    kept = [row for row in world.rows["handsets"] if row["handset_id"] != "b2"]
    other.rows = dict(world.rows) | {"handsets": kept}
    changes = other.preferred(engine).content["changes"]
    assert changes["next_unknown"] > 10
    assert changes["known"] == changes["learned_from"] + changes["next_unknown"]


def test_ids_of_two_kinds_are_refused(engine: Engine, world: World) -> None:
    sources = world.sources(engine)
    numbers = sources["handsets"].mutate(handset_id=sources["handsets"]["price"].cast("int64"))
    settings = preferring.Settings(None, None)  # type: ignore[arg-type]
    with pytest.raises(DataRefused, match="handset_id holds numbers in handsets and text"):
        preferring.prefer(
            engine,
            sources | {"handsets": numbers},
            world.members(engine),
            None,
            settings,  # type: ignore[arg-type]
        )


def test_a_sample_is_told_and_does_not_depend_on_the_rows_order(
    engine: Engine, world: World
) -> None:
    first = world.preferred(engine, max_changes=100)
    other = World(0)
    other.rows = {name: list(reversed(rows)) for name, rows in world.rows.items()}
    again = other.preferred(engine, max_changes=100)
    assert "sampled" in [entry["code"] for entry in first.content["notices"]]
    assert first.content == again.content
    assert first.model == again.model
    assert rows_of(engine, first) == rows_of(engine, again)
    assert first.content["changes"]["learned_from"] == 100


def test_a_short_history_suggests_but_is_not_judged(engine: Engine, world: World) -> None:
    found = world.preferred(engine, history_months=3)
    assert found.content["accuracy"] is None
    assert found.content["chance_judged"] is None
    assert "not_judged" in [entry["code"] for entry in found.content["notices"]]
    assert len(rows_of(engine, found)) == 150


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    scratch: Path = tmp_path_factory.mktemp("spark")
    with connect(EngineParams(name="spark", threads=1), scratch) as opened:
        yield opened


@pytest.mark.slow
def test_spark_finds_the_same(engine: Engine, spark: Engine, world: World) -> None:
    here, there = world.preferred(engine), world.preferred(spark)
    assert there.content == here.content
    assert there.model == here.model
    assert rows_of(spark, there) == rows_of(engine, here)

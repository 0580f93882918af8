"""What was not known by the cutoff changes nothing; what is absent is left out; engines agree."""

from __future__ import annotations

import logging
import math
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from features_tables import Rows, World, at_of
from features_world import (
    ALL,
    FEB,
    JAN,
    MAR,
    MEMBERS,
    edge,
    snapshots,
    tiny_world,
)

from churnlight.engine import Engine, connect
from churnlight.errors import DataRefused
from churnlight.features import CATALOGUE
from churnlight.features.building import build_features
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.data import EngineParams
from churnlight.params.features import FeaturesParams
from churnlight.timeline import Moment

AS_OF = datetime(2025, 4, 1)
CUTOFF = datetime(2025, 4, 6)


def _too_late() -> dict[str, Rows]:
    """Rows that happened at or after as_of, or became known at or after the cutoff."""
    april = {"2025-04": {"status": "ported_out", "plan_id": "p1", "handset_id": "h1"}}
    bill = {"subscriber_id": "S", "total_charge": 9.0}
    return {
        "subscribers": [
            *snapshots("A", april),
            *snapshots("E", april, group_id="g1"),
            *snapshots("R", april, activated_on=date(2025, 4, 2)),
        ],
        "billing": [
            bill | {"month": "2025-04"},
            bill | {"month": MAR, "billed_at": CUTOFF},
        ],
        "topups": [{"subscriber_id": "A", "paid_at": AS_OF, "amount": 1.0}],
        "care": [{"subscriber_id": "A", "happened_at": AS_OF, "kind": "port_query"}],
        "services": [{"subscriber_id": "A", "month": "2025-04", "service_id": "ring"}],
    }


def test_what_came_too_late_changes_no_byte(
    engine: Engine, tmp_path: Path, plain: bytes, at: Moment
) -> None:
    later = tiny_world().plus(**_too_late())
    # The open complaint is resolved, but nobody knew before the cutoff.
    for row in later.extracts["care"]:
        if row["happened_at"] == datetime(2025, 3, 22, 23):
            row["resolved_at"] = CUTOFF
    assert later.written(engine, tmp_path, MEMBERS, at) == plain


def test_one_second_before_as_of_counts(engine: Engine, tmp_path: Path, at: Moment) -> None:
    just = datetime(2025, 3, 31, 23, 59, 59)
    world = (
        tiny_world()
        .only("topups", "care")
        .plus(
            topups=[{"subscriber_id": "A", "paid_at": just, "amount": 1.0}],
            care=[{"subscriber_id": "S", "happened_at": just, "kind": "complaint"}],
        )
    )
    found = world.by_member(engine, tmp_path, MEMBERS, at)
    assert found["A"]["since_topup_days"] == 1
    assert found["A"]["topups_count"] == 4
    assert (found["S"]["since_care_days"], found["S"]["open_complaints_count"]) == (1, 1)


def test_a_forerunner_that_no_snapshot_shows_leaves_no_events(
    engine: Engine, tmp_path: Path, at: Moment
) -> None:
    world = tiny_world().only("topups", "care")
    world.extracts["subscribers"] = snapshots("N", ALL, activated_on=date(2025, 1, 20))
    for day in (19, 20):
        when = datetime(2025, 1, day, 23)
        world = world.plus(
            topups=[{"subscriber_id": "N", "paid_at": when, "amount": 1.0}],
            care=[{"subscriber_id": "N", "happened_at": when, "kind": "complaint"}],
        )
    found = world.by_member(engine, tmp_path, ("N",), at)["N"]
    assert (found["topups_count"], found["complaints_count"]) == (1, 1)


def test_leaving_counts_only_once_a_known_snapshot_shows_it(engine: Engine, tmp_path: Path) -> None:
    # With the cutoff at as_of March's snapshot is not known yet: B and C are still there.
    early = replace(at_of(), cutoff=at_of().as_of)
    world = tiny_world().only("edges", "plans")
    found = world.by_member(engine, tmp_path, ("A",), early)["A"]
    assert found["contacts_left_count"] == 0
    assert found["contacts_to_rival_count"] == 1  # Y's network the CDRs show
    assert found["plan_fee_money"] == 80


def test_absent_extracts_leave_their_features_out(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    absent = ("billing", "care", "plans", "topups", "services", "handsets", "circle", "edges")
    with caplog.at_level(logging.INFO, logger="churnlight"):
        found = tiny_world().without(*absent).by_member(engine, tmp_path, ("A", "S"), at_of())
    left = set(found["A"]) - {"subscriber_id"}
    assert left == {f.name for f in CATALOGUE if not set(f.needs) & set(absent)}
    assert "7 features left out: no care" in caplog.text
    # Without CDRs `usage` is the operator's own: what it never gives is unknown, not zero.
    assert found["S"]["voice_out_min_per_day"] == 0


def test_columns_that_an_operators_usage_lacks_are_unknown_for_all(
    engine: Engine, tmp_path: Path
) -> None:
    world = tiny_world().only("usage")
    for (_, name), rows in world.marts.items():
        assert name == "usage"
        for row in rows:
            row |= {"data_mb": None, "last_at": None}
    found = world.by_member(engine, tmp_path, ("A", "S"), at_of())
    for who in ("A", "S"):
        assert found[who]["data_mb_per_day"] is None
        assert found[who]["silent_days"] is None
    assert found["S"]["silent_out_days"] == 90


@pytest.mark.parametrize("window", [1, 2])
def test_short_windows(engine: Engine, tmp_path: Path, window: int) -> None:
    found = tiny_world().by_member(engine, tmp_path, ("A",), at_of(window=window))["A"]
    assert list(found)[1:] == [f.name for f in CATALOGUE if f.months_needed <= window]
    assert found["voice_out_min_per_day"] == pytest.approx((300 if window == 1 else 450) / 60)
    assert found["bill_money"] == (60 if window == 1 else 70)
    assert found["contacts_left_count"] == (0 if window == 1 else 2)


def test_a_missing_month_of_a_mart_is_refused(engine: Engine, tmp_path: Path, at: Moment) -> None:
    world = tiny_world()
    del world.marts[FEB, "usage"]
    with pytest.raises(DataRefused, match="mart usage lacks 2025-02 of the window"):
        world.features(engine, tmp_path, MEMBERS, at)


def test_no_snapshots_are_refused(engine: Engine, tmp_path: Path, at: Moment) -> None:
    world = tiny_world()
    cohort = engine.upload(pa.table({"subscriber_id": ["A"]}))
    with pytest.raises(DataRefused, match="extract subscribers"):
        build_features(engine, cohort, {}, MonthlyMarts(engine, tmp_path), at)
    world.extracts["subscribers"] = snapshots("A", {"2024-12": {}})
    with pytest.raises(DataRefused, match="no snapshot of extract subscribers from 2025-01"):
        world.features(engine, tmp_path, MEMBERS, at)


def test_numbers_lead_to_the_contacts_who_left(engine: Engine, tmp_path: Path, at: Moment) -> None:
    world = (
        tiny_world()
        .only("edges")
        .plus(
            numbers=[
                {"subscriber_id": "B", "number_id": "E"},
                {"subscriber_id": "E", "number_id": "C"},
                {"subscriber_id": "B", "number_id": "X", "valid_to": date(2025, 1, 1)},
            ]
        )
    )
    found = world.by_member(engine, tmp_path, ("A",), at)["A"]
    # B itself (18 events) and number E, which is B's too (15); number C is not the leaver C's, and
    # X is B's no longer.
    assert found["contacts_left_count"] == 2
    assert found["contacts_left_weighted_share"] == pytest.approx(33 / 54)


def _random_world(members: int, seed: int) -> World:
    rng = np.random.default_rng(seed)
    ids = [f"u{i:05d}" for i in range(members * 2)]
    world = tiny_world()
    world.extracts["subscribers"] += [
        row
        for i, who in enumerate(ids)
        for row in snapshots(who, ALL if i % 7 else {JAN: {}, FEB: {}}, group_id=f"g{i % 40}")
    ]
    for month in (JAN, FEB, MAR):
        pairs = {(a, b) for a, b in rng.integers(0, len(ids), (members * 8, 2)) if a != b}
        networks = ("own", "rival", "service", None)
        world.marts[month, "edges"] = [
            edge(ids[a], ids[b], *map(int, rng.integers(1, 9, 2)), networks[(a + b) % 4])
            for a, b in sorted(pairs)
        ]
        world.marts[month, "usage"] += [
            {"subscriber_id": u, "voice_out_s": int(s), "night_share": float(s) / 7919}
            for u, s in zip(ids, rng.integers(0, 7919, len(ids)), strict=True)
        ]
    world.extracts["topups"] += [
        {"subscriber_id": ids[i], "paid_at": datetime(2025, 2, 1 + i % 28), "amount": i / 100}
        for i in rng.integers(0, len(ids), members * 3)
    ]
    return world


@pytest.fixture(scope="module")
def crowd() -> World:
    return _random_world(200, seed=3)


CROWD = tuple(f"u{i:05d}" for i in range(200))


def test_threads_change_no_byte(crowd: World, tmp_path: Path, at: Moment) -> None:
    written = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        with connect(EngineParams(threads=threads, memory_limit_gb=1), folder) as engine:
            written.append(crowd.written(engine, folder, CROWD, at))
    assert written[0] == written[1]


def test_contacts_against_plain_python(
    crowd: World, engine: Engine, tmp_path: Path, at: Moment
) -> None:
    found = crowd.only("edges").by_member(engine, tmp_path, CROWD, at)
    days: dict[str, dict[tuple[str, str], int]] = {}
    events: Counter[tuple[str, str]] = Counter()
    for month in (JAN, FEB, MAR):
        rows = [e for e in crowd.marts[month, "edges"] if e["counterpart_network"] != "service"]
        days[month] = {(e["subscriber_id"], e["counterpart_id"]): e["active_days"] for e in rows}
        for e in rows:
            events[e["subscriber_id"], e["counterpart_id"]] += e["events_count"]
    gone = {f"u{i:05d}" for i in range(0, 400, 7)}
    circle: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for tie in events:
        circle[tie[0]].append(tie)
    for who in CROWD:
        mine = circle[who]
        left = [t for t in mine if t[1] in gone]
        strong = [t for t in mine if days[FEB].get(t, 0) >= 4]
        lost = [t for t in strong if t not in days[MAR]]
        assert found[who]["contacts_left_count"] == len(left)
        total = sum(events[t] for t in mine)
        weighted = sum(events[t] for t in left) / total if total else 0
        assert found[who]["contacts_left_weighted_share"] == pytest.approx(weighted)
        assert found[who]["contacts_lost_count"] == len(
            [t for t in mine if t in days[FEB] and t not in days[MAR]]
        )
        share = len(lost) / len(strong) if strong else 0
        assert found[who]["strong_contacts_lost_share"] == pytest.approx(share)


@pytest.mark.slow
def test_spark_agrees(
    crowd: World, engine: Engine, spark: Engine, tmp_path: Path, at: Moment
) -> None:
    members = (*MEMBERS, *CROWD[:60])
    expected = crowd.by_member(engine, tmp_path / "duckdb", members, at)
    got = crowd.by_member(spark, tmp_path / "spark", members, at)
    assert set(got) == set(expected)
    for who, row in expected.items():
        assert list(got[who]) == list(row)
        off = {n: (v, got[who][n]) for n, v in row.items() if not _same(v, got[who][n])}
        assert off == {}


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12)
    return bool(first == second)


def test_who_somebody_is_becomes_a_feature_only_where_it_is_allowed(
    engine: Engine, tmp_path: Path
) -> None:
    world = replace(tiny_world().only("usage"), params=FeaturesParams())
    found = world.by_member(engine, tmp_path, ("A",), at_of())["A"]
    assert not {n for n in found if n.startswith(("brand", "region", "sex", "age"))}
    allowed = replace(world, params=FeaturesParams(allow_personal=("sex",)))
    there = allowed.by_member(engine, tmp_path, ("A",), at_of())["A"]
    assert there == {**found, "sex_category": "f"}

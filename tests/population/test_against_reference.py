"""Random operators: `build_population` against the reference told in plain Python.

Each world holds a few hundred subscribers, every one with a random history of its own, so that a
world is several hundred small cases under one random set of parameters.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import pairwise

import pyarrow as pa
import pytest
from population_reference import Told
from population_world import World, months

from churnlight.params.data import TimeParams
from churnlight.params.population import (
    CohortParams,
    LabelParams,
    SpendChurnParams,
    ValueLossParams,
)

FIRST, LAST = "2023-11", "2024-07"  # 29 February 2024 lies inside
KINDS = ("off_net", "spend_churn", "value_loss", "silence")
DEPARTURES = ("ported_out", "cancelled", "debt", "vanished")
BORN = ("2019-05-01", "2024-01-01", "2024-01-31", "2024-02-01", "2024-03-15")
CHARGES = (0, 9.99, 10, 16.66, 16.67, 20, 33.33, 50, 50.01, 80, 100, 100.02, -5, 240)
EDGES = ("00:00:00", "00:00:01", "12:00:00", "23:59:59", "23:59:59.999999")


def _moments(rng: random.Random, month: str) -> str:
    day = rng.choice(["01", "02", "05", "06", "15", "28", "29"])
    text = f"{month}-{day}T{rng.choice(EDGES)}"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return f"{month}-28T00:00:00"
    return text


def _history(rng: random.Random, world: World, who: object) -> None:
    """Snapshots of one id: mostly on the books, with departures, returns, holes and new owners."""
    born, status, since = rng.choice(BORN[:1] * 12 + BORN), "active", None
    account = rng.choice([None, None, 7, 8])
    flags = {f: rng.choice([None, False, rng.random() < 0.1]) for f in ("is_staff", "is_test")}
    for month in months(FIRST, LAST):
        if rng.random() < 0.12:
            status = rng.choice(["active", "suspended", "cancelled", "ported_out", "debt"])
            since = rng.choice([None, _moments(rng, month)[:10]])
        if rng.random() < 0.03:
            born, status, since = _moments(rng, month)[:10], "active", None
        if rng.random() < 0.05:
            continue
        world.snapshot(
            month,
            who,
            status,
            activated_on=born,
            status_since=since,
            account_id=None if account is None else type(who)(account),
            on_red_list=rng.choice([None, False, rng.random() < 0.1]),
            **flags,
        )


def _traces(rng: random.Random, world: World, who: object) -> None:
    for month in months(FIRST, LAST):
        if rng.random() < 0.93:
            late = rng.choice([None, None, None, _moments(rng, month)])
            next_month = datetime.fromisoformat(f"{month}-28") + timedelta(days=4)
            billed = rng.choice([late, f"{next_month:%Y-%m}-0{rng.choice([4, 5, 6, 7])}T00:00:00"])
            world.bill(month, who, rng.choice(CHARGES), billed)
        if rng.random() < 0.5:
            last = rng.choice([None, _moments(rng, month)])
            seconds = rng.choice([0, 59, 60, 61, 600, 6000])
            world.usage(
                month,
                who,
                voice_out_s=seconds,
                voice_out_count=int(seconds > 0),
                sms_out_count=rng.choice([0, 1, None]),
                data_sessions_count=rng.choice([0, 0, 3]),
                last_out_at=last,
            )
        for _ in range(rng.choice([0, 0, 1])):
            kind = rng.choice(["voice", "sms", "data", "mms"])
            direction = None if kind == "data" else rng.choice(["in", "out", "in", "forward"])
            world.event(who, _moments(rng, month), kind, direction)
        if rng.random() < 0.02:
            world.care(who, _moments(rng, month), rng.choice(["port_out_application", "inquiry"]))
        if rng.random() < 0.05:
            arm = rng.choice(["treated", "control"])
            world.offer(who, _moments(rng, month), arm, rng.choice([None, True, False]))


def random_world(seed: int, engine, folder, subscribers: int) -> World:
    rng = random.Random(seed)  # noqa: S311
    world = World(engine, folder, rng.choice([pa.int64(), pa.int32(), pa.string()]))
    kind = str if world.id_type == pa.string() else int
    for who in rng.sample(range(10 * subscribers), subscribers):
        _history(rng, world, kind(who))
        _traces(rng, world, kind(who))
    # One beyond doubt, heard of all the time: CDRs and bills are there up to the end.
    sure = kind(10 * subscribers)
    world.stays(sure, FIRST, LAST)
    for month in months(FIRST, LAST):
        world.bill(month, sure, 300)
        world.usage(month, sure, voice_out_s=30_000, voice_out_count=9)
    for day in range(275):
        heard = datetime(2023, 11, 1, 12) + timedelta(days=day)
        world.event(sure, heard.isoformat())
    return world


def random_settings(seed: int) -> dict[str, object]:
    rng = random.Random(seed + 1_000_000)  # noqa: S311
    time = TimeParams(
        window_months=rng.choice([1, 2, 3]),
        gap_months=rng.choice([0, 0, 1, 2]),
        horizon_months=rng.choice([1, 2, 3]),
        horizon_days=rng.choice([None, None, 10, 28, 30, 45, 61]),
        close_days=rng.choice([1, 5, 6]),
    )
    label = LabelParams(
        kinds=tuple(rng.sample(KINDS, rng.choice([1, 2, 3, 4]))),
        off_net_kinds=rng.choice([DEPARTURES[:2] + DEPARTURES[3:], DEPARTURES, DEPARTURES[:1]]),
        spend_churn=SpendChurnParams(
            months=rng.choice([1, 2, 3]), total_below=rng.choice([50, 20, 66.67])
        ),
        value_loss=ValueLossParams(drop=rng.choice([0.5, 0.9, 0.8, 0.3])),
        max_vanished_share=1.0,
    )
    cohort = CohortParams(
        min_monthly_bill=rng.choice([None, None, 33.33, 50]),
        min_voice_out_minutes=rng.choice([None, None, 0, 10]),
        whole_window=rng.choice([True, True, False]),
    )
    there = months(FIRST, rng.choice(["2024-07"] * 4 + ["2024-04", "2024-03", "2024-01"]))
    return {"time": time, "label": label, "cohort": cohort, "there": there}


def compare(world: World, as_of: str, settings: dict[str, object]) -> int:
    time = settings["time"]
    expected, attrition = Told(world, as_of, **settings).tell()
    found = world.population(
        as_of,
        cohort=settings["cohort"],
        label=settings["label"],
        there=settings["there"],
        **time.model_dump(exclude={"reporting_delay_hours"}),
    )
    rows = found.labels.drop_columns(["region"]).to_pylist()
    assert [r["subscriber_id"] for r in rows] == [r["subscriber_id"] for r in expected]
    for row, other in zip(rows, expected, strict=True):
        assert row == {**other, **_close(row, other)}
    steps = [(r["rule"], r["subscribers_left"], r["churners_left"]) for r in found.attrition]
    assert steps == attrition
    return len(rows)


def _close(row: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    """Shares of money and minutes may differ in the last digit, nothing else."""
    return {
        name: row[name]
        for name in ("monthly_bill_money", "voice_out_min")
        if row[name] is not None and row[name] == pytest.approx(other[name], rel=1e-12)
    }


@pytest.mark.parametrize("seed", range(8))
def test_random_worlds_agree(seed, engine, tmp_path):
    world = random_world(seed, engine, tmp_path, subscribers=250)
    assert compare(world, "2024-02-01", random_settings(seed)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_more_random_worlds_agree(seed, engine, tmp_path):
    world = random_world(seed, engine, tmp_path, subscribers=250)
    assert compare(world, "2024-02-01", random_settings(seed)) > 0


def test_the_random_worlds_hold_every_kind_of_leaving(engine, tmp_path):
    world = random_world(5, engine, tmp_path, subscribers=600)
    label = LabelParams(kinds=KINDS, max_vanished_share=1.0)
    time = TimeParams(gap_months=1, horizon_months=1)
    cohort = CohortParams(min_monthly_bill=None, min_voice_out_minutes=None)
    rows, attrition = Told(
        world, "2024-02-01", cohort=cohort, label=label, there=months(FIRST, LAST), time=time
    ).tell()
    assert {r["label_kind"] for r in rows} == {
        *("ported_out", "cancelled", "vanished", "debt", "spend_churn", "value_loss", "silence"),
        *("none", "unknown"),
    }
    assert {r["churned"] for r in rows} == {True, False, None}
    assert {r["left_before_cutoff"] for r in rows} == {True, False}
    assert {r["treated"] for r in rows} == {True, False}
    counts = [left for _, left, _ in attrition]
    assert all(a > b for a, b in pairwise(counts)), attrition

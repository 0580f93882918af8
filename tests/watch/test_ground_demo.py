"""The guard on the demo, clean and with a day and a month cut out, and on real call records."""

from __future__ import annotations

from pathlib import Path

import pytest
from ground_world import Places

from churnlight.check import Closing
from churnlight.check.run import CheckRules, check_extracts
from churnlight.check.run import Places as CheckPlaces
from churnlight.demo import generate
from churnlight.engine import Engine, connect
from churnlight.files import write_json
from churnlight.inventory import write_inventory
from churnlight.marts.source import Places as MartPlaces
from churnlight.marts.source import build_from_extracts
from churnlight.params.data import CircleParams, EngineParams, TimeParams
from churnlight.params.guard import GuardParams
from churnlight.params.output import DemoParams, DirtParams
from churnlight.timeline import Month, moment, month_range
from churnlight.watch.ground import Trouble, judge_ground, read_ground, read_holidays

MONTHS = month_range(Month(2025, 1), 4)
PARAMS = GuardParams()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    params = EngineParams(threads=1, memory_limit_gb=1)
    with connect(params, tmp_path_factory.mktemp("scratch")) as opened:
        yield opened


def operator(engine: Engine, root: Path, dirt: DirtParams) -> Places:
    """Simulate an operator, check its extracts and build its marts, as the stages do."""
    generate(DemoParams(subscribers=250, months=len(MONTHS), seed=3, dirt=dirt), root)
    extracts, places = root / "extracts", Places(root)
    write_inventory(extracts, MONTHS, root / "inventory")
    check_extracts(
        engine,
        CheckPlaces(extracts, root / "inventory", places.check, root / "quarantine"),
        CheckRules(MONTHS, Closing(5)),
    )
    for month in MONTHS:
        out = places.mart(month)
        made = MartPlaces(extracts, out, places.check)
        rows = build_from_extracts(engine, made, month, CircleParams(), TimeParams())
        write_json(out / "manifest.json", {"rows": rows})
    return places


def judged(engine: Engine, places: Places, as_of: str) -> tuple[Trouble, ...]:
    ground = read_ground(
        places,
        moment(as_of, TimeParams()),
        months=MONTHS,
        history_months=PARAMS.history_months,
        holidays=read_holidays(engine, places.root / "extracts", places.check),
    )
    assert ground.holidays is not None
    assert ground.volume is not None
    return judge_ground(ground, PARAMS)


@pytest.mark.slow
def test_dirt_is_found_and_nothing_else(engine, tmp_path):
    dirt = DirtParams(missing_day="2025-03-12", missing_month="care/2025-04")
    places = operator(engine, tmp_path, dirt)
    # April is not there yet on 1 April, and its care contacts are not missing then.
    [day] = judged(engine, places, "2025-04-01")
    assert (day.kind, day.extract, day.day, day.days) == ("day_missing", "cdr", "2025-03-12", 1)
    assert day.figure == 0
    found = judged(engine, places, "2025-05-01")
    assert [(t.kind, t.extract, t.month, t.day) for t in found] == [
        ("day_missing", "cdr", "2025-03", "2025-03-12"),
        ("month_missing", "care", "2025-04", None),
    ]
    assert {t.cause for t in found} == {"ingestion"}


@pytest.mark.slow
def test_a_clean_demo_raises_no_alarm(engine, tmp_path):
    places = operator(engine, tmp_path, DirtParams())
    assert [judged(engine, places, a) for a in ("2025-04-01", "2025-05-01")] == [(), ()]


@pytest.mark.slow
def test_real_call_records_raise_no_false_alarm(engine, shared, tmp_path):
    from churnlight.adapt.callmemaybe import adapt

    extracts, places = tmp_path / "extracts", Places(tmp_path)
    adapt(shared / "callmemaybe", extracts)
    months = month_range(Month(2019, 8), 4)
    write_inventory(extracts, months, tmp_path / "inventory")
    check_extracts(
        engine,
        CheckPlaces(extracts, tmp_path / "inventory", places.check, tmp_path / "quarantine"),
        CheckRules(months, Closing(5)),
    )
    for month in months:
        made = MartPlaces(extracts, places.mart(month), places.check)
        rows = build_from_extracts(engine, made, month, CircleParams(), TimeParams())
        write_json(places.mart(month) / "manifest.json", {"rows": rows})
    found = {}
    for month in months:
        at = moment(f"{month + 1}-01", TimeParams(window_months=1))
        ground = read_ground(places, at, months=months, history_months=PARAMS.history_months)
        found[at.key] = [(t.kind, t.day, t.days, t.stops) for t in judge_ground(ground, PARAMS)]
    # The provider grew twentyfold in four months. 4 November is a public holiday in its country,
    # of which the data have no table; and the data do end on 28 November.
    assert found == {
        "2019-09-01": [],
        "2019-10-01": [],
        "2019-11-01": [],
        "2019-12-01": [
            ("month_partial", "2019-11-29", 2, True),
            ("day_low", "2019-11-04", 1, False),
        ],
    }

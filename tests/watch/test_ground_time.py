"""An old as_of is judged today as it was then: nothing that came later is looked at."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ground_world import HOLIDAYS, MONTHS, Places, World, world

from churnlight.check.verdict import write_verdict
from churnlight.files import write_json
from churnlight.params.data import TimeParams
from churnlight.params.guard import GuardParams
from churnlight.timeline import Month, moment
from churnlight.watch.ground import ground_content, judge_ground, read_ground

PARAMS = GuardParams()
AT = moment("2025-10-01", TimeParams())


def write(root: Path, w: World, until: Month) -> Places:
    """What the stages would have written by the end of a month."""
    places = Places(root)
    for month in [m for m in MONTHS if m <= until]:
        rows = [row for row in w.rows if Month.of(row["day"]) == month]
        places.mart(month).mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), places.mart(month) / "volume.parquet")
        write_json(places.mart(month) / "manifest.json", {"rows": {"usage": w.active[month]}})
        for found in [f for f in w.verdicts.values() if month in f]:
            write_verdict(places.check, found[month], {})
    for as_of, cohort in w.cohorts.items():
        if as_of <= f"{until + 1}-01":
            counts = {"subscribers": cohort.subscribers, "start_population": cohort.start}
            rules = [{"rule": r, "subscribers_left": n} for r, n in cohort.rules.items()]
            path = places.labels(as_of) / "attrition.json"
            write_json(path, {"counts": counts, "rules": rules})
    return places


def judged(places: Places, until: Month, holidays: dict[date, str] | None) -> str:
    ground = read_ground(
        places,
        AT,
        months=[m for m in MONTHS if m <= until],
        history_months=PARAMS.history_months,
        holidays=holidays,
        as_ofs=[f"{m + 1}-01" for m in MONTHS if m <= until],
    )
    return json.dumps(ground_content(ground, PARAMS, judge_ground(ground, PARAMS)))


def wild(w: World) -> None:
    """After the as_of nothing is as it was."""
    for row in w.rows:
        if row["day"] >= AT.as_of.date():
            row["rows_count"] = row["rows_count"] // 5 + 1
            row["cell_null_count"] = row["rows_count"]
    for month in [m for m in MONTHS if m >= AT.month]:
        w.verdict("billing", month, kept=3, columns=("subscriber_id",))
        w.verdicts["care"].pop(month)
        w.active[month] = 1
    for as_of in [a for a in w.cohorts if a > AT.key]:
        w.cohorts[as_of] = dataclasses.replace(w.cohorts[as_of], subscribers=1)


def missing_day(w: World) -> None:
    w.rows = [row for row in w.rows if row["day"] != date(2025, 8, 20)]


@pytest.mark.parametrize("spoil", [lambda _: None, missing_day], ids=["sound", "a day missing"])
def test_later_months_change_nothing(tmp_path: Path, spoil: Callable[[World], None]) -> None:
    w = world(7, rows_a_day=1_500)
    spoil(w)
    then = judged(write(tmp_path / "then", w, AT.window[-1]), AT.window[-1], HOLIDAYS)
    wild(w)
    for until in (AT.month, MONTHS[-1]):
        assert judged(write(tmp_path / f"{until}", w, until), until, HOLIDAYS) == then
    assert ("2025-08-20" in json.dumps(json.loads(then)["troubles"])) == (spoil is missing_day)


def test_holidays_after_the_cutoff_change_nothing(tmp_path: Path) -> None:
    w = world(7, rows_a_day=1_500)
    places = write(tmp_path, w, AT.window[-1])
    # The cutoff is 6 October: the festival's first days were known to come, the rest is no matter.
    known = {d: n for d, n in HOLIDAYS.items() if d < date(2025, 10, 6)}
    with_all = judged(places, AT.window[-1], HOLIDAYS)
    assert with_all == judged(places, AT.window[-1], known)
    assert with_all != judged(places, AT.window[-1], None)


def test_a_ground_that_knows_the_future_is_refused() -> None:
    w = world(7, rows_a_day=150)
    ground = w.ground(AT.key)
    later = {"2025-11-01": w.cohorts["2025-11-01"]}
    with pytest.raises(AssertionError, match="knows what came after"):
        dataclasses.replace(ground, cohorts=later)
    with pytest.raises(AssertionError, match="knows what came after"):
        dataclasses.replace(ground, active={AT.month: 3})
    with pytest.raises(AssertionError, match="does not end with its window"):
        dataclasses.replace(ground, volume=w.ground("2025-11-01").volume)


def test_months_before_the_history_are_not_read(tmp_path: Path) -> None:
    w = world(7, rows_a_day=150)
    places = write(tmp_path, w, AT.window[-1])
    ground = read_ground(places, AT, months=MONTHS, history_months=5)
    assert [str(m) for m in ground.months] == [f"2025-0{n}" for n in range(5, 10)]
    assert ground.volume is not None
    assert ground.volume.first == date(2025, 5, 1)


def test_an_operator_without_cdrs_is_judged_by_its_extracts() -> None:
    w = world(7, rows_a_day=1_500)
    w.rows, w.verdicts["usage"] = [], w.verdicts.pop("cdr")
    ground = w.ground("2026-01-01")
    assert ground.volume is None
    assert judge_ground(ground, PARAMS) == ()
    w.verdict("usage", Month(2025, 12), kept=10)
    assert [t.kind for t in judge_ground(w.ground("2026-01-01"), PARAMS)] == ["rows_low"]
    assert ground_content(ground, PARAMS, ())["looked"]["days"] is None

"""No false alarm: growing operators of three sizes, weekdays, Spring Festival, at any as_of."""

from __future__ import annotations

import pytest
from ground_world import MONTHS, World, anything, world

from churnlight.params.guard import GuardParams
from churnlight.watch.ground import Trouble, judge_ground

PARAMS = GuardParams()
# Rows a day, and the noise of whole days: small operators are noisier.
SIZES = {"tiny": (150, 0.08), "small": (1_500, 0.05), "2,000 subscribers": (11_000, 0.03)}
# From the first as_of with a whole window on.
AS_OFS = [f"{month + 1}-01" for month in MONTHS[2:]]
SEEDS = range(20)


def alarms(w: World, as_ofs: list[str], *, holidays: bool = True) -> list[tuple[str, Trouble]]:
    found = []
    for as_of in as_ofs:
        troubles = judge_ground(w.ground(as_of, holidays=holidays), PARAMS)
        found += [(as_of, trouble) for trouble in troubles]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_twenty_clean_operators_raise_no_alarm(seed):
    # Each seed takes another size, and four as_ofs: both Spring Festivals and two others.
    rows_a_day, noise = list(SIZES.values())[seed % len(SIZES)]
    chosen = ["2025-03-01", "2026-03-01", AS_OFS[seed % len(AS_OFS)], AS_OFS[-1 - seed % 7]]
    assert alarms(world(seed, rows_a_day, noise), chosen) == []


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_alarm_at_any_as_of(size, seed):
    # 3 sizes, 20 seeds and 14 as_ofs: 840 judgements without an alarm. Were each to raise one with
    # a chance of 0.4 %, none would have a chance of 3 %.
    assert alarms(world(100 + seed, *SIZES[size]), AS_OFS) == []


@pytest.mark.parametrize("as_of", ["2025-03-01", "2026-03-01"])
def test_without_holidays_spring_festival_is_told_with_its_likely_cause(as_of):
    found = alarms(world(1), [as_of], holidays=False)
    [(_, trouble)] = found
    first = "2025-01-28" if as_of < "2026" else "2026-02-16"
    assert (trouble.kind, trouble.day, trouble.days) == ("volume_low", first, 8)
    assert (trouble.cause, trouble.why) == ("unclear", "holiday_possible")
    assert "a public holiday may be the cause" in str(trouble)
    assert "hand in the extract holidays" in str(trouble)


def test_a_weekday_with_a_weekends_volume_stops_nothing_where_no_holidays_are_given():
    w = world(2)
    for row in w.rows:
        # An operator for business: hardly a call at the weekend, and on 4 November none works.
        if row["day"].weekday() >= 5 or f"{row['day']}" == "2025-11-04":
            for name in row:
                if name.endswith("_count"):
                    row[name] = int(row[name] * 0.3)
    w.rows = [row for row in w.rows if row["rows_count"]]
    found = [t for _, t in alarms(w, ["2025-12-01"], holidays=False) if t.day == "2025-11-04"]
    assert [(t.kind, t.cause, t.why, t.stops) for t in found] == [
        ("day_low", "unclear", "day_off", False)
    ]
    given = [t for _, t in alarms(w, ["2025-12-01"]) if t.day == "2025-11-04"]
    assert [(t.kind, t.cause, t.stops) for t in given] == [("day_low", "ingestion", True)]


@pytest.mark.parametrize(
    ("year", "as_of", "told"), [(2025, "2025-03-01", []), (2026, "2026-02-01", ["2026-01-01"])]
)
def test_a_holiday_is_held_to_what_it_was_a_year_before(year, as_of, told):
    # New Year has 80 % of the calls. At 40 % it is a holiday like any other the first time, and
    # too few once a year has shown what is usual for it.
    w = world(3)
    w.cut(0.5, f"{year}-01-01", f"{year}-01-01", anything)
    assert [t.day for _, t in alarms(w, [as_of])] == told

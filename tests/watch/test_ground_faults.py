"""Each injected fault is found, named to the day and column, and told apart; nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from ground_world import World, anything, copy_of, world

from churnlight.params.guard import GuardParams
from churnlight.timeline import Month
from churnlight.watch.ground import Cohort, Trouble, judge_ground

PARAMS = GuardParams()
OCT, NOV, DEC = Month(2025, 10), Month(2025, 11), Month(2025, 12)
AS_OF = "2026-01-01"

CLEAN = world(5)

Spoil = Callable[[World], object]


def of_kind(kind: str) -> Callable[[dict[str, Any]], bool]:
    return lambda row: row["kind"] == kind


def days(share: float, first: str, last: str, where: Callable[..., bool] = anything) -> Spoil:
    return lambda w: w.cut(share, first, last, where)


def slide(first: str, weeks: int, to: float) -> Spoil:
    """All CDRs fall day by day to a share of what they were."""

    def spoil(w: World) -> None:
        for row in w.rows:
            gone = (row["day"] - date.fromisoformat(first)).days / (7 * weeks)
            share = 1 - min(1.0, max(0.0, gone)) * (1 - to)
            row.update({n: int(v * share) for n, v in row.items() if n.endswith("_count")})

    return spoil


def slow_nulls(column: str, first: str, weeks: int, to: float) -> Spoil:
    """A column of nulls that grows day by day."""

    def spoil(w: World) -> None:
        for row in w.rows:
            come = (row["day"] - date.fromisoformat(first)).days / (7 * weeks)
            nulls = int(row["rows_count"] * to * min(1.0, max(0.0, come)))
            row[column] = max(row[column], nulls)

    return spoil


def voice_to_data(first: str, weeks: int) -> Spoil:
    """Subscribers call less and less over the network and ever more over the internet."""

    def spoil(w: World) -> None:
        moved: dict[date, int] = {}
        for row in w.rows:
            gone = (row["day"] - date.fromisoformat(first)).days
            if gone >= 0 and (row["kind"], row["direction"]) == ("voice", "out"):
                share = 0.5 * (min(1.0, gone / (7 * weeks)) if weeks else 1.0)
                moved[row["day"]] = int(row["rows_count"] * share)
                row["rows_count"] -= moved[row["day"]]
        for row in w.rows:
            if row["kind"] == "data":
                for name in ("rows_count", "counterpart_null_count", "network_null_count"):
                    row[name] += moved.get(row["day"], 0)

    return spoil


def rows(extract: str, month: Month, share: float) -> Spoil:
    return lambda w: w.verdict(extract, month, kept=int(w.verdicts[extract][month].kept * share))


def small_cohort(w: World) -> None:
    now = w.cohorts[AS_OF]
    w.cohorts[AS_OF] = Cohort(700, now.start, {**now.rules, "min_monthly_bill": 820})


def large_cohort(w: World) -> None:
    now = w.cohorts[AS_OF]
    w.cohorts[AS_OF] = Cohort(2 * now.subscribers, now.start, now.rules)


def drop_verdict(extract: str, *months: Month) -> Spoil:
    return lambda w: [w.verdicts[extract].pop(month) for month in months]


def no_mart(month: Month) -> Spoil:
    def spoil(w: World) -> None:
        w.rows = [row for row in w.rows if Month.of(row["day"]) != month]
        w.verdicts["cdr"].pop(month)
        w.active.pop(month)

    return spoil


# The fault, and of the one trouble that is found: kind, extract, month, day, days, column, cause,
# why. All of them stop.
FAULTS: dict[str, tuple[Spoil, tuple[Any, ...]]] = {
    "a month of CDRs was never handed in": (
        no_mart(NOV), ("month_missing", "cdr", "2025-11", None, 0, None, "ingestion", "absent")),
    "a month of bills was never handed in": (
        drop_verdict("billing", NOV),
        ("month_missing", "billing", "2025-11", None, 0, None, "ingestion", "absent")),
    "the newest snapshot was never handed in": (
        drop_verdict("subscribers", DEC),
        ("month_missing", "subscribers", "2025-12", None, 0, None, "ingestion", "absent")),
    "a month of care contacts was never handed in": (
        drop_verdict("care", OCT),
        ("month_missing", "care", "2025-10", None, 0, None, "ingestion", "absent")),
    "a day is missing": (
        days(0, "2025-11-12", "2025-11-12"),
        ("day_missing", "cdr", "2025-11", "2025-11-12", 1, None, "ingestion", "absent")),
    "two days are missing, across months": (
        days(0, "2025-10-31", "2025-11-01"),
        ("day_missing", "cdr", "2025-10", "2025-10-31", 2, None, "ingestion", "absent")),
    "a public holiday is missing": (
        days(0, "2025-10-03", "2025-10-03"),
        ("day_missing", "cdr", "2025-10", "2025-10-03", 1, None, "ingestion", "absent")),
    "a Wednesday has 60 % of its rows": (
        days(0.6, "2025-11-12", "2025-11-12"),
        ("day_low", "cdr", "2025-11", "2025-11-12", 1, None, "ingestion", "whole_days")),
    "a Saturday has 70 % of its rows": (
        days(0.7, "2025-11-15", "2025-11-15"),
        ("day_low", "cdr", "2025-11", "2025-11-15", 1, None, "ingestion", "whole_days")),
    "a public holiday has a sixth of its rows": (
        days(0.15, "2025-10-03", "2025-10-03"),
        ("day_low", "cdr", "2025-10", "2025-10-03", 1, None, "ingestion", "whole_days")),
    "a source is lost for good": (
        days(0.6, "2025-11-24", "2026-12-31"),
        ("volume_low", "cdr", "2025-11", "2025-11-24", 37, None, "ingestion", "whole_days")),
    "a whole month has 60 % of its rows": (
        days(0.6, "2025-11-01", "2025-11-30"),
        ("volume_low", "cdr", "2025-11", "2025-11-01", 30, None, "ingestion", "whole_days")),
    "use slides by half over six weeks": (
        slide("2025-11-10", 6, 0.5),
        ("volume_low", "cdr", "2025-11", "2025-11-27", 34, None, "drift", "gradual")),
    "the newest month ends on the 28th": (
        days(0, "2025-12-29", "2025-12-31"),
        ("month_partial", "cdr", "2025-12", "2025-12-29", 3, None, "ingestion", "absent")),
    "the newest month ends on the 12th": (
        days(0, "2025-12-13", "2025-12-31"),
        ("month_partial", "cdr", "2025-12", "2025-12-13", 19, None, "ingestion", "absent")),
    "the newest month's last days are thin": (
        days(0.3, "2025-12-22", "2025-12-31"),
        ("month_partial", "cdr", "2025-12", "2025-12-22", 10, None, "ingestion", "whole_days")),
    "data sessions are missing for five days": (
        days(0, "2025-12-05", "2025-12-09", of_kind("data")),
        ("kind_low", "cdr", "2025-12", "2025-12-05", 5, "data", "ingestion", "one_kind")),
    "text messages are rarer from one day on": (
        days(0.3, "2025-12-05", "2025-12-20",
             lambda r: (r["kind"], r["direction"]) == ("sms", "in")),
        ("kind_low", "cdr", "2025-12", "2025-12-05", 16, "sms/in", "unclear", "one_kind")),
    "a column is empty from the 20th on": (
        lambda w: w.empty("network_null_count", 1, "2025-12-20", "2026-12-31"),
        ("null_jump", "cdr", "2025-12", "2025-12-20", 12, "counterpart_network", "ingestion",
         "day_boundary")),
    "a column is empty on one day": (
        lambda w: w.empty("network_null_count", 0.8, "2025-12-03", "2025-12-03"),
        ("null_jump", "cdr", "2025-12", "2025-12-03", 1, "counterpart_network", "ingestion",
         "day_boundary")),
    "a column is half empty in the month's file": (
        lambda w: w.empty("duration_null_count", 0.4, "2025-12-01", "2026-12-31"),
        ("null_jump", "cdr", "2025-12", "2025-12-01", 31, "duration_s", "ingestion",
         "month_boundary")),
    "a column lacks a little more in the month's file": (
        lambda w: w.empty("network_null_count", 0.09, "2025-12-01", "2026-12-31"),
        ("null_jump", "cdr", "2025-12", None, 0, "counterpart_network", "ingestion",
         "month_boundary")),
    "a column empties over six weeks": (
        slow_nulls("cell_null_count", "2025-11-10", 6, 0.5),
        ("null_jump", "cdr", "2025-11", "2025-11-23", 39, "cell_id", "drift", "gradual")),
    "calls become data over five weeks": (
        voice_to_data("2025-11-10", 5),
        ("share_jump", "cdr", "2025-11", "2025-11-30", 31, "data", "drift", "gradual")),
    "bills lack a sixth in the newest month": (
        rows("billing", DEC, 0.83),
        ("rows_partial", "billing", "2025-12", None, 0, None, "ingestion", "base_whole")),
    "bills lack half in an older month": (
        rows("billing", OCT, 0.5),
        ("rows_low", "billing", "2025-10", None, 0, None, "ingestion", "base_whole")),
    "a third of the newest snapshot is missing": (
        rows("subscribers", DEC, 0.66),
        ("rows_partial", "subscribers", "2025-12", None, 0, None, "ingestion", "bills_whole")),
    "two thirds of the care contacts are missing": (
        rows("care", DEC, 0.33),
        ("rows_low", "care", "2025-12", None, 0, None, "unclear", "base_whole")),
    "a fifth of the subscribers has no CDR any more": (
        lambda w: w.active.update({DEC: int(0.78 * w.active[DEC])}),
        ("active_low", "cdr", "2025-12", None, 0, None, "ingestion", "base_whole")),
    "a column of bills is gone": (
        lambda w: w.verdict("billing", DEC, columns=("subscriber_id", "month", "total_charge")),
        ("column_gone", "billing", "2025-12", None, 0, "discount", "ingestion", "month_boundary")),
    "a code that nobody knows": (
        lambda w: w.verdict("cdr", DEC, unknown={"counterpart_network": 20_000}),
        ("unknown_jump", "cdr", "2025-12", None, 0, "counterpart_network", "ingestion", "values")),
    "rows that the check refuses": (
        lambda w: w.verdict("billing", DEC, refused={"total_charge_null": 90}, rows=2_784 + 90,
                            kept=2_784),
        ("refused_jump", "billing", "2025-12", None, 0, None, "ingestion", "values")),
    "records that came after the month was closed": (
        lambda w: w.verdict("cdr", DEC, late=15_000, rows=w.verdicts["cdr"][DEC].kept + 15_000),
        ("late_jump", "cdr", "2025-12", None, 0, None, "ingestion", "late"),
    ),
    "bills of subscribers in no snapshot": (
        lambda w: w.verdict("billing", DEC, unknown_subscribers=150),
        ("strangers_jump", "billing", "2025-12", None, 0, None, "ingestion", "bills_whole"),
    ),
    "the cohort is half its size": (
        small_cohort,
        ("cohort_size", "subscribers", "2026-01", None, 0, "min_monthly_bill", "unclear",
         "no_cross_check")),
}  # fmt: skip


def test_without_a_fault_nothing_is_found():
    assert judge_ground(CLEAN.ground(AS_OF), PARAMS) == ()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_named(name):
    spoil, expected = FAULTS[name]
    spoilt = copy_of(CLEAN)
    spoil(spoilt)
    found = judge_ground(spoilt.ground(AS_OF), PARAMS)
    # A share that moves moves the others: the first one told is the one that moved most.
    if expected[0] == "share_jump":
        found = found[:1]
    assert [told(trouble) for trouble in found] == [expected]
    assert found[0].stops


def told(trouble: Trouble) -> tuple[Any, ...]:
    return (
        trouble.kind, trouble.extract, trouble.month, trouble.day, trouble.days, trouble.column,
        trouble.cause, trouble.why,
    )  # fmt: skip


def test_figure_and_expectation_are_rows_a_day():
    clean, spoilt = CLEAN, copy_of(CLEAN)
    spoilt.cut(0.6, "2025-11-12", "2025-11-13", anything)
    [trouble] = judge_ground(spoilt.ground(AS_OF), PARAMS)

    def a_day(w: World) -> float:
        inside = [r for r in w.rows if "2025-11-12" <= f"{r['day']}" <= "2025-11-13"]
        return sum(r["rows_count"] for r in inside) / 2

    assert trouble.figure == a_day(spoilt)
    assert trouble.expected == pytest.approx(a_day(clean), rel=0.06)
    assert trouble.low == pytest.approx(0.8 * trouble.expected, rel=0.02)


def test_all_calls_missing_is_told_kind_by_kind():
    spoilt = copy_of(CLEAN)
    spoilt.cut(0, "2025-12-05", "2025-12-06", of_kind("voice"))
    found = judge_ground(spoilt.ground(AS_OF), PARAMS)
    assert [(t.kind, t.column, t.day, t.days) for t in found] == [
        ("kind_low", f"voice/{way}", "2025-12-05", 2) for way in ("forward", "in", "out")
    ]


def test_snapshots_that_shrink_with_the_calls_leave_it_open():
    spoilt = copy_of(CLEAN)
    spoilt.cut(0.6, "2025-12-01", "2025-12-31", anything)
    spoilt.verdict("subscribers", DEC, kept=int(0.6 * spoilt.verdicts["subscribers"][DEC].kept))
    spoilt.verdict("billing", DEC, kept=int(0.6 * spoilt.verdicts["billing"][DEC].kept))
    found = {t.kind: t for t in judge_ground(spoilt.ground(AS_OF), PARAMS) if t.extract == "cdr"}
    assert (found["volume_low"].cause, found["volume_low"].why) == ("unclear", "base_shrank")


def test_a_slide_while_bills_are_broken_is_no_proven_drift():
    spoilt = copy_of(CLEAN)
    slide("2025-11-10", 6, 0.5)(spoilt)
    rows("billing", NOV, 0.6)(spoilt)
    found = {t.kind: t for t in judge_ground(spoilt.ground(AS_OF), PARAMS)}
    assert (found["volume_low"].cause, found["volume_low"].why) == ("unclear", "gradual_broken")


def test_a_sudden_shift_between_kinds_is_left_open():
    spoilt = copy_of(CLEAN)
    voice_to_data("2025-12-08", 0)(spoilt)
    found = judge_ground(spoilt.ground(AS_OF), PARAMS)
    shifts = {(t.column, t.day): t for t in found if t.kind == "share_jump"}
    assert shifts[("data", "2025-12-08")].cause == "unclear"


def test_an_extract_that_comes_and_goes_stops_nothing():
    spoilt = copy_of(CLEAN)
    for month in [m for m in spoilt.verdicts["topups"] if m.number % 2 == 0]:
        spoilt.verdicts["topups"].pop(month)
    found = judge_ground(spoilt.ground(AS_OF), PARAMS)
    assert [(t.kind, t.extract, t.month, t.stops) for t in found] == [
        ("month_missing", "topups", "2025-10", False),
        ("month_missing", "topups", "2025-12", False),
    ]


def test_copies_are_told_and_stop_nothing():
    spoilt = copy_of(CLEAN)
    kept = spoilt.verdicts["cdr"][DEC].kept
    spoilt.verdict("cdr", DEC, duplicates={"duplicate": kept}, rows=2 * kept)
    [trouble] = judge_ground(spoilt.ground(AS_OF), PARAMS)
    assert (trouble.kind, trouble.figure, trouble.stops) == ("duplicates_jump", 0.5, False)


def test_a_cohort_too_large_is_told_too():
    spoilt = copy_of(CLEAN)
    large_cohort(spoilt)
    [trouble] = judge_ground(spoilt.ground(AS_OF), PARAMS)
    assert trouble.kind == "cohort_size"
    assert trouble.figure > (trouble.high or 0) > (trouble.expected or 0)


def test_two_faults_are_two_troubles():
    spoilt = copy_of(CLEAN)
    spoilt.cut(0, "2025-10-15", "2025-10-15", anything)
    spoilt.cut(0, "2025-12-30", "2025-12-31", anything)
    found = judge_ground(spoilt.ground(AS_OF), PARAMS)
    assert [(t.kind, t.day) for t in found] == [
        ("day_missing", "2025-10-15"),
        ("month_partial", "2025-12-30"),
    ]


def test_only_the_window_is_judged():
    spoilt = copy_of(CLEAN)
    spoilt.cut(0, "2025-09-15", "2025-09-20", anything)
    assert judge_ground(spoilt.ground(AS_OF), PARAMS) == ()

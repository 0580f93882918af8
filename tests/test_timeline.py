"""Time: by hand, and against separate code that finds months by walking day by day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlight.errors import DataRefused, UsageError
from churnlight.params.data import TimeParams
from churnlight.timeline import (
    Month,
    check_roles,
    default_roles,
    moment,
    month_range,
    months_between,
    outcome_end,
    outcome_known_at,
    parse_as_of,
    require_history,
)

YEAR = month_range(Month(2025, 1), 12)


# --- separate code: months by walking days ---


def walk(day: date, months: int) -> date:
    """The first of the month `months` after day's month."""
    found = day.replace(day=1)
    step = timedelta(days=1 if months > 0 else -1)
    for _ in range(abs(months)):
        here = (found.year, found.month)
        while (found.year, found.month) == here:
            found += step
        found = found.replace(day=1)
    return found


def complete_on(as_of: date, time: TimeParams, spend: int | None) -> date:
    """The day on which the label of an as_of is complete."""
    begin = walk(as_of, time.gap_months)
    if time.horizon_days is None:
        ends = [walk(begin, time.horizon_months)]
    else:
        ends = [begin + timedelta(days=time.horizon_days)]
    if spend is not None:
        ends.append(walk(begin, spend))
    return max(ends) + timedelta(days=time.close_days)


def obeys(roles: dict[str, str], time: TimeParams, spend: int | None) -> bool:
    """The roles' rule: each label is complete by the cutoff of every later role's as_of."""
    order = ["fit", "calibrate", "test", "score"]
    as_ofs = [(order.index(role), date.fromisoformat(text)) for text, role in roles.items()]
    return all(
        complete_on(earlier, time, spend) <= later + timedelta(days=time.close_days)
        for rank, earlier in as_ofs
        for other, later in as_ofs
        if rank < other
    )


times = st.builds(
    TimeParams,
    window_months=st.integers(1, 4),
    gap_months=st.integers(0, 2),
    horizon_months=st.integers(1, 4),
    horizon_days=st.one_of(st.none(), st.integers(1, 100)),
    close_days=st.integers(1, 27),
)
spends = st.one_of(st.none(), st.integers(1, 4))
firsts = st.builds(Month, st.integers(1999, 2032), st.integers(1, 12))


# --- months ---


def test_months_by_hand():
    assert str(Month.parse("2024-02")) == "2024-02"
    assert Month.parse("2024-02").days == 29
    assert Month.parse("1900-02").days == 28
    assert Month(2024, 12) + 1 == Month(2025, 1)
    assert Month(2025, 1) - 1 == Month(2024, 12)
    assert Month(2025, 1) - 13 == Month(2023, 12)
    assert Month(2024, 12) < Month(2025, 1)
    assert Month(2025, 3) >= Month(2025, 3)
    assert Month.of(date(2025, 3, 31)) == Month(2025, 3)
    assert Month(2024, 12).end == datetime(2025, 1, 1)
    assert Month(2024, 2).closes_at(5) == datetime(2024, 3, 6)


@pytest.mark.parametrize(
    "text",
    [
        "2025-13",
        "2025-00",
        "2025-1",
        "202501",
        "2025-01-01",
        "2025-01\n",
        " 2025-01",
        "",
        "٢٠٢٥-٠١",
    ],
)
def test_what_is_no_month_is_said(text):
    with pytest.raises(UsageError, match="is no month: write it as YYYY-MM"):
        Month.parse(text)


@pytest.mark.parametrize("text", ["9999-12", "0001-01", "1899-12", "3000-01"])
def test_implausible_years_are_refused_before_they_overflow(text):
    with pytest.raises(UsageError, match="no plausible month"):
        Month.parse(text)
    with pytest.raises(UsageError, match="no plausible date"):
        parse_as_of(f"{text}-01")


def test_months_between_is_half_open():
    start = datetime(2025, 1, 1)
    assert months_between(start, start) == ()
    assert months_between(datetime(2025, 2, 1), start) == ()
    assert months_between(start, datetime(2025, 2, 1)) == (Month(2025, 1),)
    assert months_between(start, datetime(2025, 2, 1, 0, 0, 0, 1)) == month_range(Month(2025, 1), 2)
    assert months_between(datetime(2024, 12, 31), start) == (Month(2024, 12),)


@given(firsts, st.integers(-60, 60))
def test_month_arithmetic_agrees_with_walking(month, by):
    assert (month + by).start.date() == walk(month.start.date(), by)
    assert (month + by) - by == month
    assert month.end - month.start == timedelta(days=month.days)


# --- as_of and moment ---


def test_the_moment_of_the_design():
    at = moment("2025-04-01", TimeParams())
    assert at.as_of == datetime(2025, 4, 1)
    assert at.cutoff == datetime(2025, 4, 6)
    assert [str(m) for m in at.window] == ["2025-01", "2025-02", "2025-03"]
    assert at.window_start == datetime(2025, 1, 1)
    assert (at.label_start, at.label_end) == (datetime(2025, 4, 1), datetime(2025, 6, 1))
    assert [str(m) for m in at.horizon] == ["2025-04", "2025-05"]
    assert (at.key, str(at.month)) == ("2025-04-01", "2025-04")


def test_gap_and_days_move_the_label_only():
    at = moment("2025-12-01", TimeParams(gap_months=1, horizon_days=45))
    assert (at.label_start, at.label_end) == (datetime(2026, 1, 1), datetime(2026, 2, 15))
    assert [str(m) for m in at.horizon] == ["2026-01", "2026-02"]
    assert [str(m) for m in at.window] == ["2025-09", "2025-10", "2025-11"]


def test_28_days_from_1_november():
    at = moment("2019-11-01", TimeParams(horizon_days=28))
    assert at.label_end == datetime(2019, 11, 29)
    assert at.horizon == (Month(2019, 11),)
    assert outcome_known_at(at, TimeParams(horizon_days=28), None) == datetime(2019, 12, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2025-04-02", "not the first day of a month: did you mean 2025-04-01"),
        ("2025-02-30", "is no date"),
        ("2025-04", "is no date"),
        ("20250401", "is no date"),
        ("2025-W14-2", "is no date"),
        ("2025-04-01T00:00", "is no date"),
        ("", "is no date"),
    ],
)
def test_an_as_of_is_written_in_one_way(text, message):
    with pytest.raises(UsageError, match=message):
        parse_as_of(text)


@given(firsts, times, spends)
def test_a_moment_agrees_with_walking(month, time, spend):
    as_of = month.start.date()
    at = moment(as_of, time)
    assert at.window_start.date() == walk(as_of, -time.window_months)
    assert at.window[-1].end == at.as_of
    assert all(b == a + 1 for a, b in pairwise(at.window))
    assert at.label_start.date() == walk(as_of, time.gap_months)
    assert at.as_of <= at.label_start < at.label_end
    assert at.horizon[0].start == at.label_start
    assert at.horizon[-1].start < at.label_end <= at.horizon[-1].end
    assert outcome_known_at(at, time, spend).date() == complete_on(as_of, time, spend)
    assert outcome_end(at, spend) >= at.label_end
    assert parse_as_of(at.key) == at.as_of


@given(firsts, times, spends, st.integers(0, 8))
def test_a_months_snapshot_is_closed_whenever_the_label_is_complete(month, time, spend, later):
    """A horizon that ends inside a month needs that month's snapshot and bills too."""
    at = moment(month.start, time)
    use = moment((month + later).start, time)
    if outcome_known_at(at, time, spend) <= use.cutoff:
        last = months_between(at.as_of, outcome_end(at, spend))[-1]
        assert last.closes_at(time.close_days) <= use.cutoff


# --- roles ---


def test_the_roles_of_the_design():
    roles = default_roles(YEAR, TimeParams())
    assert roles == {
        "2025-04-01": "fit",
        "2025-05-01": "fit",
        "2025-06-01": "fit",
        "2025-07-01": "fit",
        "2025-09-01": "calibrate",
        "2025-11-01": "test",
        "2026-01-01": "score",
    }


def test_a_short_history_leaves_calibration_out():
    four = month_range(Month(2019, 8), 4)
    roles = default_roles(four, TimeParams(window_months=1, horizon_days=28))
    assert roles == {
        "2019-09-01": "fit",
        "2019-10-01": "calibrate",
        "2019-11-01": "test",
        "2019-12-01": "score",
    }
    roles = default_roles(four[1:], TimeParams(window_months=1, horizon_days=28))
    assert roles == {"2019-10-01": "fit", "2019-11-01": "test", "2019-12-01": "score"}


def test_too_short_a_history_says_how_many_months_it_takes():
    with pytest.raises(DataRefused, match=r"6 months \(2025-01 to 2025-06\).*at least 7 in a row"):
        default_roles(YEAR[:6], TimeParams())
    assert "fit" in default_roles(YEAR[:7], TimeParams()).values()
    with pytest.raises(DataRefused, match="no month of extracts"):
        default_roles((), TimeParams())


@settings(max_examples=200)
@given(firsts, st.integers(1, 26), times, spends)
def test_default_roles_obey_the_rule_and_waste_nothing(first, count, time, spend):
    months = month_range(first, count)
    try:
        roles = default_roles(months, time, spend)
    except DataRefused as error:
        needed = int(str(error).split("at least ")[1].split()[0])
        assert needed > count
        more = default_roles(month_range(first, needed), time, spend)
        assert {"fit", "test", "score"} <= set(more.values())
        with pytest.raises(DataRefused):
            default_roles(month_range(first, needed - 1), time, spend)
        return
    assert obeys(roles, time, spend)
    check_roles(roles, time, spend)
    for text, role in roles.items():
        at = moment(text, time)
        require_history(at, months, label=role != "score", outcome=outcome_end(at, spend))
        # A month later the label would come too late for the next role, or be its as_of.
        if role in ("calibrate", "test"):
            later = walk(at.as_of.date(), 1).isoformat()
            moved = {k: r for k, r in roles.items() if k != text} | {later: role}
            assert later in roles or not obeys(moved, time, spend)


@st.composite
def role_maps(draw):
    """Any as_ofs with at least one fit, one test, at most one calibrate and score."""
    named = ["fit"] * draw(st.integers(1, 3)) + ["test"]
    named += draw(st.lists(st.sampled_from(["calibrate", "score"]), unique=True))
    spread = st.lists(st.integers(0, 4), min_size=len(named), max_size=len(named))
    ordered = draw(st.one_of(st.permutations(named), st.just(_in_order(named))))
    month, roles = 0, {}
    for role, step in zip(ordered, draw(spread), strict=True):
        month += 1 + step
        roles[walk(date(2025, 1, 1), month).isoformat()] = role
    return roles


def _in_order(named: list[str]) -> list[str]:
    return sorted(named, key=["fit", "calibrate", "test", "score"].index)


def _refused(roles: dict[str, str], time: TimeParams, spend: int | None) -> bool:
    try:
        check_roles(roles, time, spend)
    except UsageError:
        return True
    return False


@settings(max_examples=300)
@given(role_maps(), times, spends)
def test_check_roles_agrees_with_separate_code(roles, time, spend):
    assert _refused(roles, time, spend) is not obeys(roles, time, spend)


def test_roles_that_look_ahead_are_named():
    roles = {"2025-08-01": "fit", "2025-09-01": "calibrate", "2025-11-01": "test"}
    with pytest.raises(UsageError) as caught:
        check_roles(roles, TimeParams(), None)
    assert str(caught.value) == (
        "the label of as_of 2025-08-01 (fit) is complete at 2025-10-06, after the cutoff "
        "2025-09-06 of as_of 2025-09-01 (calibrate): move calibrate later or fit earlier"
    )


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"2025-11-01": "test"}, "no as_of with the role 'fit'"),
        ({"2025-04-01": "fit"}, "no as_of with the role 'test'"),
        (
            {"2025-04-01": "fit", "2025-10-01": "test", "2025-11-01": "test"},
            "'test' to 2025-10-01, 2025-11-01; keep one",
        ),
    ],
)
def test_roles_that_lack_or_repeat_are_named(roles, message):
    with pytest.raises(UsageError, match=message):
        check_roles(roles, TimeParams(), None)


# --- history ---


def test_history_and_outcome_name_what_is_missing():
    at = moment("2025-11-01", TimeParams())
    require_history(at, YEAR, label=True, outcome=at.label_end)
    with pytest.raises(DataRefused, match=r"of the months 2025-08.*missing: 2025-12 \(found"):
        require_history(at, YEAR[:11], label=True, outcome=at.label_end)
    require_history(at, YEAR[:11], label=False, outcome=at.label_end)
    with pytest.raises(DataRefused, match=r"missing: 2025-08 \(found: 2025-09 to 2025-12\)"):
        require_history(at, YEAR[8:], label=True, outcome=at.label_end)
    with pytest.raises(DataRefused, match=r"\(found: none\)"):
        require_history(at, (), label=False, outcome=at.label_end)


def test_the_gaps_months_are_needed_too():
    at = moment("2025-10-01", TimeParams(gap_months=1, horizon_months=1))
    holed = [m for m in YEAR if m != Month(2025, 10)]
    with pytest.raises(DataRefused, match="missing: 2025-10"):
        require_history(at, holed, label=True, outcome=at.label_end)

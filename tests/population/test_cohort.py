"""The cohort's rules by hand. As_of is 1 April 2025, the window is January to March."""

from __future__ import annotations

import pyarrow as pa
import pytest
from population_world import EVERYBODY, World, by_id

from churnlight.errors import DataRefused
from churnlight.params.population import CohortParams, LabelParams
from churnlight.population.model import LABEL_COLUMNS

LATER = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05"]


def _members(world: World, **options: object) -> list[object]:
    return world.population(**options).labels["subscriber_id"].to_pylist()


def _base(world: World) -> World:
    """Subscriber 9 meets every rule and stays."""
    world.stays(9, "2025-01", "2025-05")
    return world


def test_the_start_is_who_is_on_the_books_in_the_last_snapshot(world):
    _base(world)
    for who, status in enumerate(("cancelled", "ported_out", "debt", "active"), start=1):
        world.stays(who, "2025-01", "2025-02")
        world.snapshot("2025-03", who, status)
    world.stays(5, "2025-01", "2025-02")  # absent in March
    world.stays(6, "2025-04", "2025-05")  # new in April
    found = world.population()
    assert found.labels["subscriber_id"].to_pylist() == [4, 9]
    assert found.attrition[0] == {
        "rule": "active_at_as_of",
        "subscribers_left": 2,
        "churners_left": 1,
    }


def test_every_rule_leaves_a_row_with_its_churners(world):
    _base(world)
    for who in range(1, 10):
        if who == 9:
            continue
        activated = "2025-01-02" if who == 1 else "2024-12-31"
        more = {"is_staff": who == 3, "is_test": who == 4, "on_red_list": who == 5}
        for month in ("2025-01", "2025-02"):
            world.snapshot(month, who, activated_on=activated)
        status = "suspended" if who == 2 else "active"
        world.snapshot("2025-03", who, status, activated_on=activated, **more)
        for month in ("2025-04", "2025-05"):
            world.snapshot(month, who, "ported_out", activated_on=activated)
    world.care(6, "2025-03-31T23:59:59")
    for who in range(1, 10):
        world.bills(who, "2025-01", [80, 80, 79.99 if who == 7 else 80])
        world.usage("2025-01", who, voice_out_s=18_000 if who == 8 else 18_001)
    found = world.population(cohort=CohortParams())
    steps = [(r["rule"], r["subscribers_left"], r["churners_left"]) for r in found.attrition]
    assert steps == [
        ("active_at_as_of", 9, 8),
        ("whole_window", 8, 7),
        ("not_suspended", 7, 6),
        ("not_staff_or_test", 5, 4),
        ("not_red_list", 4, 3),
        ("no_port_out_application", 3, 2),
        ("min_monthly_bill", 2, 1),
        ("min_voice_out_minutes", 1, 0),
    ]
    assert found.labels["subscriber_id"].to_pylist() == [9]
    assert found.counts["start_population"] == 9


class TestWholeWindow:
    def test_activated_by_the_first_instant(self, world):
        _base(world)
        world.stays(1, "2025-01", "2025-05", activated_on="2025-01-01")
        world.stays(2, "2025-01", "2025-05", activated_on="2025-01-02")
        assert _members(world) == [1, 9]
        assert _members(world, window_months=2) == [1, 2, 9]
        off = EVERYBODY.model_copy(update={"whole_window": False})
        found = world.population(cohort=off)
        assert found.labels["subscriber_id"].to_pylist() == [1, 2, 9]
        assert "whole_window" not in [r["rule"] for r in found.attrition]

    def test_an_id_that_changed_hands_or_left_for_a_while_is_out(self, world):
        _base(world)
        # 1 is dated back, so that only the change gives it away.
        world.snapshot("2025-01", 1, activated_on="2018-01-01")
        world.stays(1, "2025-02", "2025-05", activated_on="2017-01-01")
        world.snapshot("2025-01", 2, "debt")
        world.stays(2, "2025-02", "2025-05")
        world.stays(3, "2025-02", "2025-05")  # not in January's snapshot: not held against it
        assert _members(world) == [3, 9]


def test_absent_flags_remove_nobody_and_false_ones_neither(world):
    _base(world)
    world.stays(1, "2025-01", "2025-05", is_staff=False, is_test=None, on_red_list=False)
    world.stays(2, "2025-01", "2025-05", is_staff=None, is_test=True)
    assert _members(world) == [1, 9]


def test_flags_count_as_the_last_snapshot_has_them(world):
    _base(world)
    for who, before, last, after in ((1, True, False, False), (2, False, False, True)):
        for month, flag in zip(LATER, (before, before, last, after, after), strict=True):
            world.snapshot(month, who, on_red_list=flag)
    assert _members(world) == [1, 2, 9]


def test_port_out_applications_count_before_as_of_and_for_ones_own_identity(world):
    cases = {
        "2025-03-31T23:59:59": False,
        "2025-04-01T00:00:00": True,
        "2025-02-15T00:00:00": False,
        "2025-02-14T23:59:59": True,
    }
    _base(world)
    for who, at in enumerate(cases, start=1):
        world.stays(who, "2025-02", "2025-05", activated_on="2025-02-15")
        world.care(who, at)
    world.stays(8, "2025-02", "2025-05", activated_on="2025-02-15")
    world.care(8, "2025-03-31T23:59:59", "port_query")
    members = _members(world, window_months=1)
    assert [who in members for who in (1, 2, 3, 4, 8)] == [*cases.values(), True]


class TestBills:
    COHORT = EVERYBODY.model_copy(update={"min_monthly_bill": 80.0})

    def test_the_mean_of_the_known_bills_at_least(self, world):
        cases = {
            1: [80, 80, 80],
            2: [80, 80, 79.99],
            3: [0, 0, 240],
            4: [None, None, 80],
            5: [None, None, None],
            6: [79.99, 80, 80.01],
        }
        for who, totals in cases.items():
            world.stays(who, "2025-01", "2025-05")
            world.bills(who, "2025-01", totals)
        found = world.population(cohort=self.COHORT)
        assert found.labels["subscriber_id"].to_pylist() == [1, 3, 4, 6]
        bills = world.population().labels["monthly_bill_money"].to_pylist()
        assert bills == [80.0, pytest.approx(79.9966666666, rel=1e-9), 80.0, 80.0, None, 80.0]

    def test_a_bill_counts_if_known_before_the_cutoff(self, world):
        cases = {None: 70.0, "2025-04-05T23:59:59": 70.0, "2025-04-06T00:00:00": 100.0}
        for who, billed_at in enumerate(cases):
            world.stays(who, "2025-01", "2025-05")
            world.bills(who, "2025-01", [100, 100])
            world.bill("2025-03", who, 10, billed_at)
        world.bill("2025-04", 0, 1000, "2025-03-20T00:00:00")  # of a later month, whatever it says
        rows = by_id(world.population()).values()
        assert [r["monthly_bill_money"] for r in rows] == list(cases.values())

    def test_the_threshold_without_bills_says_what_to_set(self, world):
        _base(world)
        with pytest.raises(DataRefused, match=r"min_monthly_bill is 80.*set.*: null"):
            world.population(cohort=self.COHORT)
        assert world.population().labels["monthly_bill_money"].to_pylist() == [None]


class TestUsage:
    COHORT = EVERYBODY.model_copy(update={"min_voice_out_minutes": 300.0})

    def test_minutes_of_the_window_more_than(self, world):
        seconds = {1: [18_001], 2: [18_000], 3: [9_000, 9_000, 1], 4: [], 5: [17_999, None, 2]}
        for who, values in seconds.items():
            world.stays(who, "2025-01", "2025-05")
            for month, value in zip(LATER, values, strict=False):
                world.usage(month, who, voice_out_s=value)
        world.usage("2024-12", 2, voice_out_s=9_999)
        world.usage("2025-04", 2, voice_out_s=9_999)
        assert _members(world, cohort=self.COHORT) == [1, 3, 5]
        minutes = world.population().labels["voice_out_min"].to_pylist()
        assert minutes == [18_001 / 60, 300.0, 18_001 / 60, 0.0, 18_001 / 60]

    def test_a_column_that_the_operator_lacks_removes_nobody(self, world):
        world.stays(1, "2025-01", "2025-05")
        world.stays(2, "2025-01", "2025-05")
        world.usage("2025-02", 1, sms_out_count=3)
        found = world.population(cohort=self.COHORT)
        assert found.labels["voice_out_min"].to_pylist() == [None, None]
        assert found.attrition[-1] == {
            "rule": "min_voice_out_minutes",
            "subscribers_left": 2,
            "churners_left": 0,
        }

    def test_the_threshold_without_usage_says_what_to_set(self, world):
        _base(world)
        with pytest.raises(DataRefused, match=r"min_voice_out_minutes is 300.*cdr or usage.*null"):
            world.population(cohort=self.COHORT)

    def test_days_since_the_last_outgoing_event_are_whole_days(self, world):
        cases = {
            "2025-03-31T23:59:59.999999": 0,
            "2025-03-31T00:00:00.000001": 0,
            "2025-03-31T00:00:00": 1,
            "2025-03-30T23:59:59": 1,
            "2025-03-01T12:00:00": 30,
            "2025-01-01T00:00:00": 90,
            None: None,
        }
        for who, last in enumerate(cases):
            world.stays(who, "2025-01", "2025-05")
            world.usage("2025-01", who, last_out_at="2025-01-01T00:00:00" if last else None)
            world.usage(last[:7] if last else "2025-02", who, last_out_at=last)
        rows = by_id(world.population()).values()
        assert [r["days_since_out"] for r in rows] == list(cases.values())

    def test_the_label_silence_asks_for_a_sign_of_life_in_the_window(self, world):
        signs = [
            {"voice_out_count": 1},
            {"sms_out_count": 1},
            {"data_sessions_count": 1},
            {"voice_out_count": 0, "sms_out_count": 0, "data_sessions_count": 0},
            None,
        ]
        for who, sign in enumerate(signs):
            world.stays(who, "2025-01", "2025-05")
            if sign is not None:
                world.usage("2025-03", who, **sign)
            world.event(who, "2025-05-31T12:00:00")
        label = LabelParams(kinds=("silence",), max_vanished_share=1.0)
        found = world.population(label=label)
        assert found.labels["subscriber_id"].to_pylist() == [0, 1, 2]
        assert found.attrition[-1]["rule"] == "active_in_window"
        assert _members(world) == [0, 1, 2, 3, 4]


def test_treated_is_who_was_offered_something_between_as_of_and_the_labels_end(world):
    cases = [
        ("2025-04-01T00:00:00", "treated", None, True),
        ("2025-03-31T23:59:59", "treated", None, False),
        ("2025-05-31T23:59:59", "treated", True, True),
        ("2025-06-01T00:00:00", "treated", True, False),
        ("2025-04-10T00:00:00", "control", None, False),
        ("2025-04-10T00:00:00", "treated", False, False),
    ]
    for who, (at, arm, contacted, _) in enumerate(cases):
        world.stays(who, "2025-01", "2025-05")
        world.offer(who, at, arm, contacted)
    world.offer(0, "2025-04-02T00:00:00")
    rows = by_id(world.population()).values()
    assert [r["treated"] for r in rows] == [case[-1] for case in cases]


def test_accounts_are_text_and_who_has_none_is_one_alone(world):
    world.stays(1, "2025-01", "2025-05", account_id=70)
    world.stays(2, "2025-01", "2025-05")
    assert world.population().labels["account_id"].to_pylist() == ["70", "2"]


@pytest.mark.parametrize("id_type", [pa.int64(), pa.int32(), pa.string()])
def test_the_table_has_its_columns_in_order_and_the_operators_ids(engine, tmp_path, id_type):
    world = World(engine, tmp_path, id_type)
    for who in (30, 4, 100):
        world.stays(str(who) if id_type == pa.string() else who, "2025-01", "2025-05")
    found = world.population(there=LATER[:3]).labels
    assert found.schema == pa.schema([("subscriber_id", id_type), *LABEL_COLUMNS.items()])
    ordered = ["100", "30", "4"] if id_type == pa.string() else [4, 30, 100]
    assert found["subscriber_id"].to_pylist() == ordered


def test_nothing_after_as_of_moves_the_cohort(world):
    """Later rows change labels, never who is in or what is said of the window."""
    before = ["subscriber_id", "account_id", "region", "monthly_bill_money", "voice_out_min"]
    before += ["activated_on", "days_since_out"]
    for who in (1, 2):
        world.stays(who, "2025-01", "2025-03")
        world.bills(who, "2025-01", [100, 90, 80])
        world.usage("2025-03", who, voice_out_s=20_000, last_out_at="2025-03-30T10:00:00")
    cohort = CohortParams()
    early = world.population(cohort=cohort).labels.select(before)
    world.snapshot("2025-04", 1, "cancelled", status_since="2025-04-02", on_red_list=True)
    world.snapshot("2025-04", 2, activated_on="2025-04-03", is_staff=True, region="elsewhere")
    world.bill("2025-04", 1, 5)
    world.usage("2025-04", 1, voice_out_s=1, last_out_at="2025-04-02T00:00:00")
    world.care(2, "2025-04-01T00:00:00")
    assert world.population(cohort=cohort).labels.select(before) == early


class TestNobody:
    def test_an_empty_start_names_the_snapshot(self, world):
        world.stays(1, "2025-01", "2025-02")
        with pytest.raises(DataRefused, match=r"nobody is active.*snapshot of 2025-03"):
            world.population()

    def test_an_empty_cohort_names_the_rule(self, world):
        world.stays(1, "2025-01", "2025-05", on_red_list=True)
        with pytest.raises(DataRefused, match=r"the rule not_red_list leaves nobody.*test 1"):
            world.population()

    def test_no_subscribers_extract(self, world):
        world.absent.add("subscribers")
        _base(world)
        with pytest.raises(DataRefused, match="no extract subscribers"):
            world.population()

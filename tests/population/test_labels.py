"""Labels, each by a hand-written case. As_of is 1 April 2025: window January to March, horizon
April and May, unless said otherwise."""

from __future__ import annotations

import pyarrow as pa
import pytest
from population_world import EVERYBODY, World, by_id

from churnlight.errors import DataRefused
from churnlight.params.population import LabelParams, SpendChurnParams, ValueLossParams


def _label(*kinds: str, **more: object) -> LabelParams:
    return LabelParams(**{"kinds": kinds, "max_vanished_share": 1.0, **more})


def _outcome(world: World, who: object = 1, **options: object) -> tuple[object, object]:
    row = by_id(world.population(**options))[who]
    return row["churned"], row["label_kind"]


@pytest.fixture
def window(world):
    """Subscriber 1 in the window; subscriber 9 stays throughout, so that snapshots are there."""
    world.stays(1, "2025-01", "2025-03")
    world.stays(9, "2025-01", "2025-07")
    return world


# April's and May's status (None: not in the snapshot), churned, label_kind.
OFF_NET = [
    ("active", "active", False, "none"),
    ("suspended", "suspended", False, "none"),
    ("active", "ported_out", True, "ported_out"),
    ("cancelled", "cancelled", True, "cancelled"),
    ("active", None, True, "vanished"),
    (None, None, True, "vanished"),
    ("active", "debt", None, "debt"),
    ("debt", "cancelled", None, "debt"),
    ("cancelled", "active", False, "none"),
    ("debt", "suspended", False, "none"),
    (None, "active", False, "none"),
    ("ported_out", None, True, "ported_out"),
    (None, "cancelled", True, "vanished"),
]


def test_off_net_by_the_last_snapshot_and_the_first_departure(world):
    for who, (april, may, _, _) in enumerate(OFF_NET):
        world.stays(who, "2025-01", "2025-03")
        for month, status in (("2025-04", april), ("2025-05", may)):
            if status is not None:
                world.snapshot(month, who, status)
    rows = by_id(world.population())
    found = [(*OFF_NET[who][:2], r["churned"], r["label_kind"]) for who, r in rows.items()]
    assert found == OFF_NET


def test_what_comes_after_the_horizon_does_not_matter(window):
    window.stays(1, "2025-04", "2025-05")
    window.snapshot("2025-06", 1, "cancelled", status_since="2025-06-01")
    assert _outcome(window) == (False, "none")


def test_debt_counts_where_it_is_asked_for_and_off_net_says_so_either_way(window):
    window.snapshot("2025-04", 1, "debt")
    window.snapshot("2025-05", 1, "debt")
    label = _label("off_net", off_net_kinds=("debt", "ported_out"))
    assert _outcome(window, label=label) == (True, "debt")
    assert by_id(window.population())[1]["off_net"] is True


def test_a_kind_of_departure_that_is_not_asked_for_is_neither_class(window):
    window.snapshot("2025-05", 1, "cancelled")
    label = _label("off_net", off_net_kinds=("ported_out",))
    assert _outcome(window, label=label) == (None, "vanished")
    window.snapshot("2025-04", 1, "cancelled")
    assert _outcome(window, label=label) == (None, "cancelled")


def test_a_recycled_id_means_that_its_forerunner_left(window):
    window.stays(1, "2025-04", "2025-04")
    window.snapshot("2025-05", 1, activated_on="2025-05-10")
    assert _outcome(window) == (True, "vanished")


def test_a_status_before_the_id_was_recycled_is_the_kind(window):
    window.snapshot("2025-04", 1, "ported_out")
    window.snapshot("2025-05", 1, activated_on="2025-05-10")
    assert _outcome(window) == (True, "ported_out")


class TestGap:
    def test_leaving_in_the_gap_is_no_label(self, window):
        window.snapshot("2025-04", 1, "cancelled")
        window.snapshot("2025-05", 1, "cancelled")
        window.snapshot("2025-06", 1, "cancelled")
        found = window.population(gap_months=1)
        row = by_id(found)[1]
        assert (row["churned"], row["label_kind"], row["off_net"]) == (None, "unknown", None)
        assert found.counts["left_in_gap"] == 1

    def test_back_before_the_gap_ends_is_at_risk_again(self, window):
        window.snapshot("2025-04", 1, "cancelled")
        window.snapshot("2025-05", 1, "active")
        window.snapshot("2025-06", 1, "ported_out")
        found = window.population(gap_months=2, horizon_months=1)
        assert by_id(found)[1]["label_kind"] == "ported_out"
        assert found.counts["left_in_gap"] == 0

    def test_leaving_after_the_gap_counts(self, window):
        window.snapshot("2025-04", 1)
        window.snapshot("2025-05", 1, "cancelled")
        window.snapshot("2025-06", 1, "cancelled")
        assert _outcome(window, gap_months=1) == (True, "cancelled")

    def test_the_gap_moves_the_horizon(self, window):
        window.stays(1, "2025-04", "2025-05")
        window.snapshot("2025-06", 1, "cancelled")
        assert _outcome(window) == (False, "none")
        assert _outcome(window, gap_months=1) == (True, "cancelled")


class TestHorizonInDays:
    """28 days from 1 April: the label looks until 29 April, the snapshot is of 30 April."""

    def test_a_departure_on_or_after_the_end_has_not_happened(self, world):
        cases = {
            "2025-04-28": (True, "cancelled"),
            "2025-04-29": (False, "none"),
            "2025-04-30": (False, "none"),
            None: (True, "cancelled"),
        }
        for who, since in enumerate(cases):
            world.stays(who, "2025-01", "2025-03")
            world.snapshot("2025-04", who, "cancelled", status_since=since)
        rows = by_id(world.population(horizon_days=28)).values()
        found = [(r["churned"], r["label_kind"]) for r in rows]
        assert dict(zip(cases, found, strict=True)) == cases

    def test_back_after_the_end_is_still_gone_at_the_end(self, window):
        window.snapshot("2025-04", 1, "cancelled", status_since="2025-04-03")
        window.snapshot("2025-05", 1, "active", status_since="2025-05-20")
        assert _outcome(window, horizon_days=40) == (True, "cancelled")
        assert _outcome(window, horizon_days=55) == (False, "none")

    def test_another_owner_after_the_end_is_no_departure_yet(self, window):
        window.snapshot("2025-04", 1, activated_on="2025-04-30")
        assert _outcome(window, horizon_days=28) == (False, "none")
        assert _outcome(window, horizon_days=30) == (True, "vanished")


class TestBeforeCutoff:
    def test_left_between_as_of_and_cutoff_is_marked_and_stays_a_label(self, world):
        cases = {
            "2025-03-31": False,
            "2025-04-01": True,
            "2025-04-05": True,
            "2025-04-06": False,
            None: False,
        }
        for who, since in enumerate(cases):
            world.stays(who, "2025-01", "2025-03")
            world.snapshot("2025-04", who, "cancelled", status_since=since)
            world.snapshot("2025-05", who, "cancelled", status_since=since)
        found = world.population()
        rows = by_id(found).values()
        assert dict(zip(cases, [r["left_before_cutoff"] for r in rows], strict=True)) == cases
        assert all(r["churned"] for r in rows)
        assert found.counts["left_before_cutoff"] == 2

    def test_suspended_is_not_left(self, window):
        window.snapshot("2025-04", 1, "suspended", status_since="2025-04-02")
        assert by_id(window.population())[1]["left_before_cutoff"] is False

    def test_without_the_months_snapshot_nobody_has(self, window):
        there = ["2025-01", "2025-02", "2025-03"]
        window.snapshot("2025-04", 1, "cancelled", status_since="2025-04-02")
        row = by_id(window.population(there=there))[1]
        assert (row["left_before_cutoff"], row["churned"]) == (False, None)


class TestIncomplete:
    def test_a_label_that_is_not_complete_is_missing_and_never_negative(self, window):
        window.snapshot("2025-04", 1, "cancelled")
        there = ["2025-01", "2025-02", "2025-03", "2025-04"]
        found = window.population(there=there)
        assert [r["churned"] for r in by_id(found).values()] == [None, None]
        assert {r["label_kind"] for r in by_id(found).values()} == {"unknown"}
        assert found.counts["outcome_complete"] is False

    def test_a_hole_in_the_gap_is_not_complete_either(self, window):
        window.stays(1, "2025-05", "2025-06")
        there = ["2025-01", "2025-02", "2025-03", "2025-05", "2025-06"]
        assert _outcome(window, there=there, gap_months=1) == (None, "unknown")

    def test_a_kind_that_reaches_further_is_unknown_alone(self, window):
        window.stays(1, "2025-04", "2025-05")
        window.bills(1, "2025-01", [100, 100, 100, 100, 100])
        window.stays(2, "2025-01", "2025-04")
        window.snapshot("2025-05", 2, "cancelled")
        window.bills(9, "2025-01", [100, 100, 100, 10, 10, 10])
        there = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05"]
        rows = by_id(window.population(there=there, label=_label("off_net", "value_loss")))
        assert {who: r["label_kind"] for who, r in rows.items()} == {
            1: "none",
            2: "cancelled",
            9: "value_loss",
        }
        assert {r["spend_churn"] for r in rows.values()} == {None}
        # June's bill is asked for: nobody has a label, although 2 has left by all accounts.
        rows = by_id(window.population(there=there, label=_label("off_net", "spend_churn")))
        assert {r["churned"] for r in rows.values()} == {None}
        assert {r["label_kind"] for r in rows.values()} == {"unknown"}
        assert (rows[2]["off_net"], rows[9]["value_loss"]) == (True, True)

    def test_the_vanished_do_not_stop_an_as_of_without_outcome(self, window):
        label = LabelParams(kinds=("off_net",))
        there = ["2025-01", "2025-02", "2025-03", "2025-04"]
        assert window.population(there=there, label=label).counts["vanished"] == 0


class TestVanished:
    def test_above_the_limit_the_run_stops_with_counts(self, window):
        with pytest.raises(DataRefused, match=r"1 of 2 .*50\.00%.*at most 0\.50%.*max_vanished"):
            window.population(label=LabelParams(kinds=("off_net",)))

    def test_at_the_limit_it_goes_on(self, window):
        found = window.population(label=_label("off_net", max_vanished_share=0.5))
        assert (found.counts["vanished"], found.counts["vanished_share"]) == (1, 0.5)

    def test_who_is_missing_in_the_gap_or_comes_back_counts_too(self, window):
        window.snapshot("2025-05", 1)
        window.snapshot("2025-06", 1)
        with pytest.raises(DataRefused, match="1 of 2"):
            window.population(label=LabelParams(kinds=("off_net",)), gap_months=1)

    def test_silence_alone_asks_nothing_of_snapshots(self, window):
        window.event(1, "2025-05-31T10:00:00")
        window.event(9, "2025-05-31T10:00:00")
        found = window.population(label=LabelParams(kinds=("silence",)))
        assert found.counts["churners"] == 0


class TestSpendChurn:
    def _world(self, world: World, *cases: list[float | None]) -> World:
        for who, totals in enumerate([*cases, [100] * 4]):
            world.stays(who, "2025-01", "2025-07")
            world.bills(who, "2025-01", [100, 100, 100, *totals])
        return world

    def test_three_bills_below_the_threshold(self, world):
        cases = [
            ([10, 20, 19.99], True),
            ([10, 20, 20], False),
            ([0, 0, 0], True),
            ([60, -20, 5], True),
            ([10, 10, None], None),
            ([None, 300, 300], None),
            ([10, 10, 10, 500], True),
        ]
        self._world(world, *(totals for totals, _ in cases))
        rows = by_id(world.population(label=_label("spend_churn")))
        found = [(totals, rows[who]["spend_churn"]) for who, (totals, _) in enumerate(cases)]
        assert found == cases
        assert all(r["churned"] is r["spend_churn"] for r in rows.values())

    def test_cents_add_up_exactly(self, world):
        # In floats 0.1 + 0.2 is above 0.3.
        self._world(world, [0.1, 0.2, 0.0])
        strict = _label("spend_churn", spend_churn=SpendChurnParams(total_below=0.30))
        loose = _label("spend_churn", spend_churn=SpendChurnParams(total_below=0.31))
        assert by_id(world.population(label=strict))[0]["spend_churn"] is False
        assert by_id(world.population(label=loose))[0]["spend_churn"] is True

    def test_months_and_gap_are_its_own(self, world):
        self._world(world, [500, 10, 10, 500])
        label = _label("spend_churn", spend_churn=SpendChurnParams(months=2))
        assert by_id(world.population(label=label, gap_months=1))[0]["spend_churn"] is True
        assert by_id(world.population(label=label))[0]["spend_churn"] is False

    def test_who_left_owes_nothing_more(self, world):
        world.stays(1, "2025-01", "2025-04")
        for month in ("2025-05", "2025-06"):
            world.snapshot(month, 1, "cancelled")
        world.stays(9, "2025-01", "2025-06")
        world.bills(1, "2025-01", [100, 100, 100, 30])
        world.bills(9, "2025-01", [100] * 6)
        row = by_id(world.population(label=_label("off_net", "spend_churn")))[1]
        assert row["spend_churn"] is True
        assert row["label_kind"] == "cancelled"


class TestValueLoss:
    def _rows(
        self, world: World, *cases: list[float | None], drop: float = 0.5
    ) -> dict[object, dict[str, object]]:
        for who, totals in enumerate([*cases, [100] * 5]):
            world.stays(who, "2025-01", "2025-05")
            world.bills(who, "2025-01", totals)
        label = _label("value_loss", value_loss=ValueLossParams(drop=drop))
        return by_id(world.population(label=label))

    def test_every_bill_at_most_half_the_median(self, world):
        cases = [
            ([100, 100, 100, 50, 50], True),
            ([100, 100, 100, 50, 50.01], False),
            ([100, 100, 100, 50.01, 50], False),
            ([300, 100, 80, 50, 50], True),
            ([300, 100, 80, 60, 60], False),
            ([100, 100, 100, 50, None], None),
            ([100, 100, 100, 90, None], None),
            ([100, None, 100, 10, 10], None),
            ([None, None, None, 10, 10], None),
            ([0, 0, 0, 0, 0], False),
            ([33.33, 33.33, 33.33, 16.66, 16.66], True),
            ([33.33, 33.33, 33.33, 16.67, 16.66], False),
        ]
        rows = self._rows(world, *(totals for totals, _ in cases))
        found = [(totals, rows[who]["value_loss"]) for who, (totals, _) in enumerate(cases)]
        assert found == cases
        names = {True: "value_loss", False: "none", None: "unknown"}
        for row in rows.values():
            assert row["churned"] is row["value_loss"]
            assert row["label_kind"] == names[row["value_loss"]]

    def test_the_share_is_exact(self, world):
        # 1 - 0.9 is below 0.1 in floats.
        assert self._rows(world, [100, 100, 100, 10, 10], drop=0.9)[0]["value_loss"] is True

    def test_the_median_of_two_bills_is_their_mean(self, world):
        world.stays(1, "2025-02", "2025-05")
        world.stays(9, "2025-02", "2025-05")
        world.bills(9, "2025-02", [100] * 4)
        world.stays(2, "2025-02", "2025-05")
        world.bills(1, "2025-02", [100, 100.04, 50, 50.01])
        world.bills(2, "2025-02", [100, 100.03, 50, 50.01])
        rows = by_id(world.population(label=_label("value_loss"), window_months=2))
        assert [rows[who]["value_loss"] for who in (1, 2)] == [True, False]

    def test_only_months_of_ones_own_count_for_a_newcomer(self, world):
        cohort = EVERYBODY.model_copy(update={"whole_window": False})
        world.snapshot("2025-01", 1, activated_on="2019-01-01")
        world.stays(1, "2025-02", "2025-05", activated_on="2025-01-20")
        world.stays(2, "2025-03", "2025-05", activated_on="2025-02-20")
        world.stays(9, "2025-01", "2025-05")
        world.bills(9, "2025-01", [100] * 5)
        world.bills(1, "2025-01", [10, 100, 100, 50, 50])
        world.bills(2, "2025-01", [1000, None, 90, 45, 45])
        rows = by_id(world.population(label=_label("value_loss"), cohort=cohort))
        # 10, 100, 100: January's bill is of the month in which 1 began.
        assert rows[1]["value_loss"] is True
        # January belongs to another; the part of February has no bill and needs none.
        assert rows[2]["value_loss"] is True
        assert rows[2]["monthly_bill_money"] == 90.0

    def test_a_successors_bills_are_not_ones_own(self, world):
        world.stays(1, "2025-01", "2025-04")
        world.snapshot("2025-05", 1, activated_on="2025-05-02")
        world.stays(9, "2025-01", "2025-05")
        world.bills(9, "2025-01", [100] * 5)
        world.bills(1, "2025-01", [100, 100, 100, 40, 400])
        row = by_id(world.population(label=_label("off_net", "value_loss")))[1]
        assert row["value_loss"] is True
        assert row["label_kind"] == "vanished"


def test_bills_of_the_outcome_that_nobody_has_stop_the_run(world):
    world.stays(1, "2025-01", "2025-05")
    world.bills(1, "2025-01", [100, 100, 100, 100])
    with pytest.raises(DataRefused, match=r"need the bills of 2025-05"):
        world.population(label=_label("value_loss"))


@pytest.mark.parametrize("kind", ["spend_churn", "value_loss"])
def test_bill_labels_without_bills_are_an_error(window, kind):
    with pytest.raises(DataRefused, match=rf"label\.kinds has {kind}.*no extract billing"):
        window.population(label=_label("off_net", kind))


class TestSilence:
    def _world(self, world: World) -> World:
        for who in (1, 9):
            world.stays(who, "2025-01", "2025-05")
        world.usage("2025-02", 1, voice_out_count=1, voice_out_s=60)
        world.usage("2025-02", 9, voice_out_count=1, voice_out_s=60)
        world.event(9, "2025-05-31T23:59:59")
        return world

    def test_any_outgoing_event_or_data_session_breaks_it(self, world):
        cases = [
            ("2025-04-01T00:00:00", "voice", "out", False),
            ("2025-05-31T23:59:59.999999", "sms", "out", False),
            ("2025-04-20T12:00:00", "mms", "out", False),
            ("2025-04-20T12:00:00", "data", None, False),
            ("2025-04-20T12:00:00", "voice", "in", True),
            ("2025-04-20T12:00:00", "voice", "forward", True),
            ("2025-04-20T12:00:00", "sms", "in", True),
            ("2025-03-31T23:59:59.999999", "voice", "out", True),
            ("2025-06-01T00:00:00", "voice", "out", True),
        ]
        self._world(world)
        for who, (at, kind, direction, _) in enumerate(cases, start=10):
            world.stays(who, "2025-01", "2025-05")
            world.usage("2025-02", who, sms_out_count=1)
            world.event(who, at, kind, direction)
        rows = by_id(world.population(label=_label("silence")))
        found = [(*case[:3], rows[who]["churned"]) for who, case in enumerate(cases, start=10)]
        assert found == cases
        assert (rows[1]["label_kind"], rows[9]["label_kind"]) == ("silence", "none")

    def test_a_horizon_in_days_cuts_a_month(self, world):
        self._world(world).event(1, "2025-04-29T00:00:00")
        world.event(9, "2025-04-28T00:00:00")
        assert _outcome(world, label=_label("silence"), horizon_days=28) == (True, "silence")
        assert _outcome(world, label=_label("silence"), horizon_days=29) == (False, "none")

    def test_cdrs_that_end_early_stop_the_run(self, world):
        self._world(world).event(1, "2025-04-27T23:59:00")
        with pytest.raises(DataRefused, match=r"end at 2025-04-27 23:59; expected some on 2025-04"):
            world.population(label=_label("silence"), horizon_days=28)
        world.event(1, "2025-04-28T00:00:00", "voice", "in")
        assert _outcome(world, label=_label("silence"), horizon_days=28) == (False, "none")

    def test_no_cdr_at_all_in_the_horizon_stops_it_too(self, world):
        self._world(world)
        with pytest.raises(DataRefused, match="there are none in it"):
            world.population(label=_label("silence"), horizon_days=28)

    def test_without_outcome_nothing_stops_and_nothing_is_known(self, world):
        self._world(world)
        there = ["2025-01", "2025-02", "2025-03", "2025-04"]
        assert _outcome(world, label=_label("silence"), there=there) == (None, "unknown")

    def test_unasked_it_is_reported_where_there_are_cdrs(self, world):
        self._world(world)
        found = world.population()
        assert by_id(found)[1]["silence"] is True
        assert by_id(found)[1]["churned"] is False
        assert found.counts["kinds"]["silence"] == 1

    def test_without_cdrs_it_is_an_error(self, window):
        with pytest.raises(DataRefused, match="no extract cdr"):
            window.population(label=_label("silence"))

    def test_a_successors_calls_break_no_silence(self, world):
        self._world(world)
        world.rows["subscribers"] = [
            r
            for r in world.rows["subscribers"]
            if (r["subscriber_id"], r["month"]) != (1, "2025-05")
        ]
        world.snapshot("2025-05", 1, activated_on="2025-05-10")
        world.event(1, "2025-05-10T00:00:00")
        assert by_id(world.population())[1]["silence"] is True
        world.event(1, "2025-05-09T23:00:00")
        assert by_id(world.population())[1]["silence"] is False


class TestPrecedence:
    def test_the_order_of_the_table_decides_and_each_is_counted_once(self, world):
        label = _label("silence", "value_loss", "spend_churn", "off_net")
        for who in (1, 2, 3, 4, 5, 9):
            world.stays(who, "2025-01", "2025-04")
            world.usage("2025-02", who, voice_out_count=1)
        world.snapshot("2025-05", 1, "ported_out")
        world.snapshot("2025-05", 5, "debt")
        for who in (2, 3, 4, 9):
            world.snapshot("2025-05", who)
        for who in (1, 2, 3, 4, 5, 9):
            world.snapshot("2025-06", who)
        world.bills(1, "2025-01", [100, 100, 100, 1, 1, 1])
        world.bills(2, "2025-01", [100, 100, 100, 1, 1, 1])
        world.bills(3, "2025-01", [100, 100, 100, 20, 20, 20])
        world.bills(4, "2025-01", [100, 100, 100, 100, 100, 100])
        world.bills(5, "2025-01", [100, 100, 100, 1, 1, 1])
        world.bills(9, "2025-01", [100] * 6)
        world.event(9, "2025-05-31T12:00:00")
        found = world.population(label=label)
        kinds = {who: row["label_kind"] for who, row in by_id(found).items()}
        assert kinds == {
            1: "ported_out",
            2: "spend_churn",
            3: "value_loss",
            4: "silence",
            5: "debt",
            9: "none",
        }
        assert by_id(found)[5]["churned"] is None
        assert found.counts["kinds"] == {
            "off_net": 2,
            "spend_churn": 3,
            "value_loss": 4,
            "silence": 5,
        }
        assert (found.counts["churners"], found.counts["stayers"]) == (4, 1)
        assert found.counts["unlabelled"] == 1
        assert sum(found.counts["label_kinds"].values()) == 6

    def test_a_missing_bill_of_a_kind_does_not_hide_one_that_came_true(self, world):
        world.stays(1, "2025-01", "2025-05")
        world.stays(2, "2025-01", "2025-04")
        world.snapshot("2025-05", 2, "cancelled")
        world.bills(1, "2025-01", [100, 100, 100, 100])
        world.bills(2, "2025-01", [100, 100])
        world.stays(9, "2025-01", "2025-05")
        world.bills(9, "2025-01", [100] * 5)
        rows = by_id(world.population(label=_label("off_net", "value_loss")))
        assert (rows[1]["churned"], rows[1]["label_kind"]) == (None, "unknown")
        assert (rows[2]["churned"], rows[2]["label_kind"]) == (True, "cancelled")


def test_string_ids_and_all_null_optional_columns(engine, tmp_path):
    world = World(engine, tmp_path, pa.string())
    for who in ("b", "a", "ä", "B"):
        world.stays(who, "2025-01", "2025-05")
    found = world.population()
    assert found.labels["subscriber_id"].to_pylist() == ["B", "a", "b", "ä"]
    assert found.labels["account_id"].to_pylist() == ["B", "a", "b", "ä"]
    assert found.labels["churned"].to_pylist() == [False] * 4

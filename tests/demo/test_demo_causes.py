"""Every cause leaves traces in the extracts before the month in which it makes someone leave."""

import pandas as pd
import pytest

from churnlight.demo import generate
from churnlight.demo.causes import EPISODES, Cause
from churnlight.params.output import DemoParams

pytestmark = pytest.mark.slow
MONTHS = 7
NO_TRACES = {"unexplained"}


class City:
    """Extracts of a city, and who left when and why, from the fifth month on."""

    def __init__(self, root) -> None:
        self.root = root
        left = pd.read_parquet(root / "truth" / "departures")
        left = left[(left["month"] >= "2025-05") & (left["kind"] != "value_loss")]
        left["at"] = pd.PeriodIndex(left["month"], freq="M")
        self.left = left
        self.lines = self.whole("subscribers")
        self.bills = self.whole("billing")
        self.care = self.whole("care")

    def whole(self, name: str) -> pd.DataFrame:
        paths = sorted((self.root / "extracts" / name).rglob("*.parquet"))
        return pd.concat([pd.read_parquet(p, partitioning=None) for p in paths])

    def calls(self, month: str) -> pd.DataFrame:
        """Outgoing, incoming, forwarded, roaming and very short events of each line in a month."""
        path = self.root / "extracts" / "cdr" / f"month={month}" / "part-0.parquet"
        columns = ["subscriber_id", "direction", "roaming", "duration_s"]
        cdr = pd.read_parquet(path, columns=columns)
        found = pd.crosstab(cdr["subscriber_id"], cdr["direction"])
        found["all"] = cdr.groupby("subscriber_id").size()
        away = cdr[cdr["roaming"] != "home"].groupby("subscriber_id").size()
        found["away"] = away.reindex(found.index).fillna(0)
        spoken = cdr[cdr["direction"].notna() & (cdr["duration_s"] > 0)]
        short = spoken["duration_s"].le(12).groupby(spoken["subscriber_id"]).mean()
        found["short"] = short.reindex(found.index)
        return found

    def of(self, cause: str) -> pd.DataFrame:
        found = self.left[self.left["cause"] == cause]
        assert len(found) > 0, f"nobody left for {cause}"
        return found

    def before(self, row, months: int = 1) -> pd.DataFrame:
        """The line's snapshots of the months before it left, newest first."""
        mine = self.lines[self.lines["subscriber_id"] == row.subscriber_id].set_index("month")
        names = [str(row.at - i) for i in range(1, months + 1)]
        return mine.reindex(names).dropna(how="all")


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    root = tmp_path_factory.mktemp("causes")
    generate(DemoParams(subscribers=5_000, months=MONTHS, seed=31), root)
    return City(root)


def test_no_cause_strikes_in_the_month_in_which_it_first_shows():
    for episode in EPISODES:
        assert episode.hazard[0] == 0
        assert max(episode.hazard) > 0


def test_contracts_have_ended(city):
    for row in city.of("contract").itertuples():
        ended = pd.Period(city.before(row)["contract_ends_on"].iloc[0], "M")
        assert row.at - 6 <= ended <= row.at


def test_debtors_were_suspended_and_owed(city):
    owing = city.bills.set_index(["subscriber_id", "month"])["arrears_end"]
    for row in city.of("debt").itertuples():
        assert city.before(row)["status"].iloc[0] == "suspended"
        assert owing.loc[(row.subscriber_id, str(row.at - 1))] > 0


def test_the_group_was_left_before(city):
    for row in city.of("group").itertuples():
        seen = city.before(row, 6)["group_id"]
        assert pd.isna(seen.iloc[0])
        assert seen.notna().any() or len(seen) < 4


def test_the_handset_is_new_and_comes_without_a_contract(city):
    for row in city.of("handset").itertuples():
        bought = pd.Period(city.before(row)["handset_since"].iloc[0], "M")
        assert row.at - 6 <= bought < row.at


def test_who_left_over_trouble_had_complained_without_answer(city):
    complaints = city.care[city.care["kind"] == "complaint"]
    for row in city.of("complaint").itertuples():
        mine = complaints[complaints["subscriber_id"] == row.subscriber_id]
        mine = mine[mine["happened_at"] < row.at.start_time]
        assert mine["resolved_at"].isna().any()


def test_misfits_paid_far_more_than_their_fee(city):
    bills = city.bills
    bills["over"] = bills[["voice_charge", "sms_charge", "data_charge"]].sum(axis=1)
    bills["over"] /= bills["plan_fee"].clip(lower=8)
    usual = bills["over"].mean()
    keyed = bills.set_index(["subscriber_id", "month"])["over"]
    before = [keyed.get((r.subscriber_id, str(r.at - 1))) for r in city.of("misfit").itertuples()]
    before = pd.Series(before).dropna()
    assert len(before) > 5
    assert before.mean() > 2 * usual


@pytest.mark.parametrize(
    ("cause", "measure", "low", "high"),
    [
        ("moving", lambda c: c["away"] / c["all"], 3.0, 99.0),
        ("second_sim", lambda c: c["forward"], 5.0, 99.0),
        ("drift", lambda c: c["out"], 0.0, 0.7),
        # With half of those who complain, a quarter of the calls break off.
        ("complaint", lambda c: c["short"], 2.0, 10.0),
        # What nothing explains does not show: calls are as everybody's.
        ("unexplained", lambda c: c["out"] / (c["in"] + 1), 0.8, 1.25),
    ],
)
def test_calls_change_in_the_month_before(city, cause, measure, low, high):
    ratios = []
    for at, rows in city.of(cause).groupby("at"):
        seen = measure(city.calls(str(at - 1)))
        ratios += list(seen.reindex(rows["subscriber_id"]).dropna() / seen.mean())
    assert len(ratios) > 8
    assert low < sum(ratios) / len(ratios) < high


def test_every_cause_is_held_to_its_traces():
    """Contagion is held to them in test_demo_leaving."""
    held = {"contract", "debt", "group", "handset", "complaint", "misfit"}
    held |= {"moving", "second_sim", "drift", "contagion"}
    assert held | NO_TRACES == {cause.name.lower() for cause in Cause}

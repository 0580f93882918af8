"""Who leaves, why, and what shows before and after."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from churnlight.demo import generate, require_size, simulate
from churnlight.errors import UsageError
from churnlight.params.data import TimeParams
from churnlight.params.output import DemoParams


def digests(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_same_seed_same_bytes_with_any_number_of_threads(tmp_path, monkeypatch):
    params = DemoParams(subscribers=300, months=3, seed=0)
    generate(params, tmp_path / "a")
    monkeypatch.setattr(simulate, "_THREADS", 1)
    monkeypatch.setattr(simulate, "_AHEAD", 1)
    generate(params, tmp_path / "b")
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    generate(params.model_copy(update={"seed": 1}), tmp_path / "c")
    one, other = digests(tmp_path / "a"), digests(tmp_path / "c")
    assert one.keys() == other.keys()
    same = {name for name in one if one[name] == other[name]}
    same = {Path(name).parts[1] for name in same}
    assert same == {"plans", "handsets", "holidays", "rules.json"}


def test_a_longer_history_begins_with_other_people_but_the_same_kind(tmp_path):
    """Months and size are part of what is simulated; both folders are replaced whole."""
    generate(DemoParams(subscribers=200, months=2), tmp_path)
    (tmp_path / "extracts" / "left-over").touch()
    rows = generate(DemoParams(subscribers=200, months=1, start="2024-02"), tmp_path)
    assert not (tmp_path / "extracts" / "left-over").exists()
    months = {path.parent.name for path in (tmp_path / "extracts" / "cdr").rglob("*.parquet")}
    assert months == {"month=2024-02"}
    assert rows["subscribers"] in range(200, 210)


def test_too_small_says_the_least_that_would_do():
    with pytest.raises(UsageError, match="at least 7 in a row"):
        require_size(DemoParams(months=6), TimeParams(), 20)
    with pytest.raises(UsageError, match="give at least 1000"):
        require_size(DemoParams(subscribers=400), TimeParams(), 20)
    require_size(DemoParams(subscribers=1_000, months=7), TimeParams(), 20)
    with pytest.raises(UsageError, match="no month"):
        generate(DemoParams(start="2025-13"), Path("never-made"))


def test_the_base_stays_level_and_a_few_percent_leave(operator, departures):
    snapshot = operator.table("subscribers")
    base = snapshot[snapshot["status"].isin(["active", "suspended"])].groupby("month").size()
    assert base.between(1_195, 1_205).all()
    monthly = departures.groupby("month").size() / 1_200
    assert 0.012 < monthly.mean() < 0.04
    kinds = departures["kind"].value_counts(normalize=True)
    assert {"ported_out", "cancelled", "debt"} <= set(kinds.index)
    assert len(departures[departures["kind"] == "vanished"]) / len(snapshot) < 0.0015
    assert departures["cause"].nunique() >= 9


def test_departures_show_in_the_snapshot_of_their_month(operator, departures):
    snapshot = operator.table("subscribers").set_index(["subscriber_id", "month"])
    for row in departures[departures["kind"] != "vanished"].itertuples():
        seen = snapshot.loc[(row.subscriber_id, row.month)]
        assert seen["status"] == row.kind
        assert seen["status_since"] == row.left_at.date()


def test_who_left_stays_three_snapshots_with_the_status_of_leaving(operator, departures):
    snapshot = operator.table("subscribers")
    months = sorted(snapshot["month"].unique())
    seen = snapshot.groupby(["subscriber_id", "activated_on"])["month"].agg(list)
    early = departures[(departures["month"] <= "2025-05") & (departures["kind"] != "vanished")]
    for row in early.itertuples():
        index = months.index(row.month)
        after = [m for m in seen[(row.subscriber_id, row.activated_on)] if m >= row.month]
        assert after == months[index : index + 3]


def test_the_vanished_are_in_no_snapshot_from_then_on(tmp_path):
    # Rare, so that a small operator may have none: look among more departures.
    generate(DemoParams(subscribers=2_000, months=3, seed=11), tmp_path)
    truth = pd.read_parquet(tmp_path / "truth/departures/part-0.parquet")
    vanished = truth[truth["kind"] == "vanished"]
    assert len(vanished) > 0
    for row in vanished.itertuples():
        path = tmp_path / f"extracts/subscribers/month={row.month}/part-0.parquet"
        lines = pd.read_parquet(path)
        same = lines[lines["subscriber_id"] == row.subscriber_id]
        # The number may be another's by then.
        assert (same["activated_on"] > row.activated_on).all()


def test_numbers_are_recycled_after_a_rest(operator, departures):
    snapshot = operator.table("subscribers")
    lines = snapshot[["subscriber_id", "activated_on"]].drop_duplicates()
    again = lines[lines.duplicated("subscriber_id", keep=False)].sort_values("activated_on")
    assert len(again) >= 2
    for subscriber, owners in again.groupby("subscriber_id"):
        first, second = owners["activated_on"]
        left = departures[
            (departures["subscriber_id"] == subscriber) & (departures["activated_on"] == first)
        ]
        rest = pd.Timestamp(second) - left["left_at"].iloc[0]
        # Given anew after a rest, or handed on by its owner without one.
        assert rest > pd.Timedelta(days=90) or rest == pd.Timedelta(0)
        assert left["kind"].iloc[0] == ("vanished" if rest == pd.Timedelta(0) else "cancelled")


def test_ports_are_applied_for_before(operator, departures):
    care = operator.table("care").query("kind == 'port_out_application'")
    applied = care.groupby("subscriber_id")["happened_at"].max()
    ported = departures[departures["kind"] == "ported_out"].set_index("subscriber_id")["left_at"]
    assert set(ported.index) <= set(applied.index)
    assert (applied.reindex(ported.index) < ported).all()
    # Some wait into the next month, some withdraw.
    across = applied.reindex(ported.index).dt.month != ported.dt.month
    assert 0.03 < across.mean() < 0.4
    assert len(applied) > len(ported)


def test_causes_leave_traces_before(operator, departures):
    """A second SIM: fewer outgoing calls and more forwards in the month before than at first."""
    usual = operator.table("cdr").pivot_table(
        index=["subscriber_id", "part"],
        columns="direction",
        values="started_at",
        aggfunc="count",
        fill_value=0,
    )
    chosen = departures[(departures["cause"] == "second_sim") & (departures["month"] >= "2025-04")]
    before = [f"{pd.Period(month, 'M') - 1}" for month in chosen["month"]]
    last = usual.reindex(pd.MultiIndex.from_arrays([chosen["subscriber_id"], before])).fillna(0)
    assert len(last) > 10
    assert last["forward"].mean() > 5 * usual["forward"].mean()
    balance = (usual["out"] / (usual["in"] + 1)).median()
    assert (last["out"] / (last["in"] + 1)).median() < 0.75 * balance


def test_leaving_is_contagious(operator, departures):
    """Who shares a tenth of the calls with someone who just ported leaves more often."""
    calls = operator.table("cdr")[["subscriber_id", "counterpart_id", "part"]].dropna()
    snapshot = operator.table("subscribers")
    ported = departures[departures["kind"] == "ported_out"]
    exposed_left = others_left = exposed = others = 0
    for month in pd.period_range("2025-03", "2025-08", freq="M"):
        last, before = f"{month - 1}", f"{month - 2}"
        just = ported.loc[ported["month"] == last, "subscriber_id"]
        circle = calls[calls["part"] == before]
        with_them = circle[circle["counterpart_id"].isin(just)].groupby("subscriber_id").size()
        share = with_them / circle.groupby("subscriber_id").size()
        near = set(share[share > 0.1].index)
        active = (snapshot["month"] == last) & (snapshot["status"] == "active")
        here = set(snapshot.loc[active, "subscriber_id"])
        goes = set(departures.loc[departures["month"] == str(month), "subscriber_id"])
        exposed, others = exposed + len(here & near), others + len(here - near)
        exposed_left += len(here & near & goes)
        others_left += len((here - near) & goes)
    assert exposed > 80
    assert exposed_left / exposed > 1.4 * others_left / others


def test_hazards_are_chances_that_come_true(operator, departures):
    hazards = operator.table("truth/hazards")
    totals = {"p_leave", "p_value_loss"}
    parts = hazards[[c for c in hazards if c.startswith("p_") and c not in totals]].sum(axis=1)
    assert (parts - hazards["p_leave"]).abs().max() < 1e-5
    assert hazards["p_leave"].between(0, 0.61).all()
    real = len(departures[departures["kind"] != "debt"])
    assert 0.8 < real / hazards["p_leave"].sum() < 1.2
    keys = ["subscriber_id", "part"]
    gone = departures.rename(columns={"month": "part"})[keys].assign(gone=True)
    joined = hazards.merge(gone, on=keys, how="left")
    rate = joined["gone"].notna().groupby(pd.qcut(joined["p_leave"], 4, duplicates="drop")).mean()
    assert rate.iloc[-1] > 3 * rate.iloc[0]


def test_value_loss_halves_the_bill_for_good(operator):
    truth = operator.table("truth/departures").query("kind == 'value_loss' and month <= '2025-06'")
    bills = operator.table("billing").pivot_table(
        index="subscriber_id", columns="month", values="total_charge"
    )
    halved = []
    for subscriber, month in truth[["subscriber_id", "month"]].itertuples(index=False):
        at = pd.Period(month, "M")
        if str(at - 3) in bills and subscriber in bills.index:
            line = bills.loc[subscriber]
            before = line[[str(at - i) for i in (1, 2, 3)]].median()
            halved += [line[str(at + i)] <= 0.5 * before for i in (0, 1, 2)]
    assert len(halved) > 40
    assert sum(halved) / len(halved) > 0.75

"""Dirt on request: all of it is on record, the check finds exactly that, and clean rows stay."""

import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from churnlight.check import Closing
from churnlight.check.run import CheckRules, Places, check_extracts
from churnlight.demo import generate
from churnlight.engine import connect
from churnlight.errors import UsageError
from churnlight.inventory import write_inventory
from churnlight.marts.source import Places as MartPlaces
from churnlight.marts.source import build_from_extracts
from churnlight.params.data import CircleParams, EngineParams, TimeParams
from churnlight.params.output import DemoParams, DirtParams
from churnlight.timeline import Month, month_range

MONTHS = month_range(Month(2025, 1), 3)
SIZE = {"subscribers": 300, "months": 3, "seed": 8}
DIRT = DirtParams(
    duplicates=0.004, late=0.003, impossible_durations=0.002, unknown_kinds=0.002,
    clock_faults=0.002, wrong_bills=0.02,
)  # fmt: skip


def record(root: Path) -> pd.DataFrame:
    return pd.read_parquet(root / "truth" / "dirt" / "part-0.parquet")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    with connect(EngineParams(threads=2, memory_limit_gb=1), scratch) as opened:
        yield opened


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    root = tmp_path_factory.mktemp("clean")
    generate(DemoParams(**SIZE), root)
    return root


@pytest.fixture(scope="module")
def dirty(tmp_path_factory):
    root = tmp_path_factory.mktemp("dirty")
    generate(DemoParams(**SIZE, dirt=DIRT), root)
    return root


@pytest.fixture(scope="module")
def checked(engine, dirty, tmp_path_factory):
    """The verdicts, and the rows that the check removed: reason by file and row."""
    out = tmp_path_factory.mktemp("check")
    write_inventory(dirty / "extracts", MONTHS, out / "inventory")
    places = Places(dirty / "extracts", out / "inventory", out / "check", out / "quarantine")
    rules = CheckRules(MONTHS, Closing(TimeParams().close_days))
    verdicts = check_extracts(engine, places, rules)
    removed = {}
    for path in sorted((out / "quarantine").rglob("refused.parquet")):
        for row in pq.read_table(path, partitioning=None).to_pylist():
            removed[(row["source_file"], row["source_row"])] = row["reason"]
    return verdicts, removed


def test_the_clean_files_stay_as_they_are(clean, dirty):
    names = {p.relative_to(clean) for p in (clean / "extracts").rglob("*.parquet")}
    assert len(names) > 20
    for name in names:
        assert (clean / name).read_bytes() == (dirty / name).read_bytes()
    more = {p.relative_to(dirty) for p in (dirty / "extracts").rglob("*.parquet")} - names
    assert {p.name for p in more} == {"part-900.parquet"}


def test_the_check_finds_what_was_injected_by_reason(checked, dirty):
    verdicts, removed = checked
    injected = record(dirty)
    assert (injected["what"].value_counts() >= 4).all()
    assert set(injected["what"]) == {k for k, v in DIRT.model_dump().items() if v}
    found = Counter()
    for verdict in verdicts:
        found += Counter({**verdict.refused, **verdict.duplicates, "late": verdict.late})
    known = injected[injected["reason"].notna()]
    assert found == Counter(known["reason"])
    # Row by row too. Of two equal rows either may go; the late are counted and not kept apart.
    told = known[~known["reason"].isin(["late", "duplicate"])]
    expected = {(r.file, r.row): r.reason for r in told.itertuples()}
    assert expected == {at: why for at, why in removed.items() if why != "duplicate"}


def test_clean_rows_make_the_same_marts(engine, clean, dirty, tmp_path):
    for month in MONTHS[:2]:
        tables = []
        for root in (clean, dirty):
            out = tmp_path / root.name / str(month)
            out.mkdir(parents=True)
            places = MartPlaces(root / "extracts", out)
            build_from_extracts(engine, places, month, CircleParams(), TimeParams())
            tables.append(
                {p.name: pq.read_table(p, partitioning=None) for p in out.rglob("*.parquet")}
            )
        assert tables[0].keys() == tables[1].keys()
        for name in ("edges.parquet", "circle.parquet", "usage.parquet"):
            assert tables[0][name].num_rows > 200
            assert tables[0][name].equals(tables[1][name]), name


def test_wrong_bills_are_of_lines_that_have_left(dirty):
    wrong = record(dirty).query("what == 'wrong_bills'")
    for month, rows in wrong.groupby("month"):
        path = dirty / "extracts" / "subscribers" / f"month={month}" / "part-0.parquet"
        status = pd.read_parquet(path).astype({"subscriber_id": str}).set_index("subscriber_id")
        assert not set(status.loc[rows["subscriber_id"], "status"]) & {"active", "suspended"}


def test_a_day_and_a_month_are_cut_out_and_ids_get_letters(tmp_path, clean):
    dirt = DirtParams(missing_day="2025-02-10", missing_month="care/2025-03", mixed_case_ids=0.01)
    generate(DemoParams(**SIZE, dirt=dirt), tmp_path)
    cut = json.loads((tmp_path / "truth" / "dirt.json").read_text())["cut"]
    folder = "extracts/cdr/month=2025-02/part-0.parquet"
    before, after = pd.read_parquet(clean / folder), pd.read_parquet(tmp_path / folder)
    on_the_day = before["started_at"].dt.strftime("%Y-%m-%d") == "2025-02-10"
    assert cut["missing_day"]["rows"] == on_the_day.sum() == len(before) - len(after) > 1_000
    assert not (tmp_path / "extracts/care/month=2025-03").exists()
    assert cut["missing_month"]["rows"] > 10
    loud = record(tmp_path).query("file == 'cdr/month=2025-02/part-0.parquet'")
    capital = after["subscriber_id"] != after["subscriber_id"].str.lower()
    assert sorted(loud["row"]) == list(after.index[capital])
    assert list(loud["subscriber_id"]) == list(after.loc[capital, "subscriber_id"])
    assert 0.005 < capital.mean() < 0.02
    numbers = before.loc[~on_the_day.to_numpy(), "subscriber_id"].map("id{:x}".format)
    assert list(after["subscriber_id"].str.lower()) == list(numbers)


@pytest.mark.parametrize(
    ("dirt", "said"),
    [
        ({"missing_day": "10 June"}, "write it as YYYY-MM-DD"),
        ({"missing_day": "2024-06-10"}, "2025-01 to 2025-01: name one of them"),
        ({"missing_month": "bills/2025-01"}, "for example care/2025-06"),
        ({"missing_month": "care/2025-07"}, "2025-01 to 2025-01: name one of them"),
    ],
)
def test_dirt_that_cannot_be_made(tmp_path, dirt, said):
    with pytest.raises(UsageError, match=said):
        generate(DemoParams(subscribers=200, months=1, dirt=DirtParams(**dirt)), tmp_path)
    assert not (tmp_path / "extracts").exists()

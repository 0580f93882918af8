"""Dirt on request: all of it is on record, the check finds exactly that, and clean rows stay."""

import json
from collections import Counter

import pandas as pd
import pytest
from dirty_operator import EXTRACTS, ROWS, SORTS, check, spoil

from churnlight.check import load_kept
from churnlight.demo import generate
from churnlight.engine import connect
from churnlight.errors import UsageError
from churnlight.marts.source import Places as MartPlaces
from churnlight.marts.source import build_from_extracts
from churnlight.params.data import CircleParams, EngineParams, TimeParams
from churnlight.params.output import DemoParams, DirtParams
from churnlight.timeline import Month, month_range

MONTHS = 3
SEEDS = (8, pytest.param(21, marks=pytest.mark.slow))
ALONE = [
    pytest.param(s, marks=() if s in ("mixed_case_ids", "wrong_bills") else pytest.mark.slow)
    for s in SORTS
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("scratch")
    with connect(EngineParams(threads=1, memory_limit_gb=1), scratch) as opened:
        yield opened


@pytest.fixture(scope="module", params=SEEDS)
def clean(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("clean") / str(request.param)
    generate(DemoParams(subscribers=250, months=MONTHS, seed=request.param), root)
    return root


def clean_files(clean):
    return {
        p.relative_to(clean) for e in EXTRACTS for p in (clean / "extracts" / e).rglob("*.parq*")
    }


@pytest.fixture(scope="module")
def all_rows(engine, clean, tmp_path_factory):
    """Every sort of dirty row at once; nothing is cut out."""
    root = tmp_path_factory.mktemp("dirty")
    spoil(clean, root, int(clean.name), ROWS)
    return check(engine, root, MONTHS)


@pytest.mark.slow
def test_clean_extracts_have_no_finding(engine, clean, tmp_path):
    spoil(clean, tmp_path, int(clean.name), {})
    checked = check(engine, tmp_path, MONTHS)
    assert checked.found == Counter()
    assert checked.findings == []
    assert sum(v.rows for v in checked.verdicts) > 50_000


@pytest.mark.parametrize("sort", ALONE)
def test_each_sort_is_found_alone(engine, clean, sort, tmp_path):
    spoil(clean, tmp_path, int(clean.name), {sort: SORTS[sort]})
    checked = check(engine, tmp_path, MONTHS)
    injected = checked.injected
    assert checked.found == Counter(injected["reason"])
    assert set(injected["what"]) == ({sort} if sort in ROWS else set())
    assert len(injected) >= (4 if sort in ROWS else 0)
    cut = {(f.extract, f.day or f.month) for f in checked.findings}
    assert cut == checked.cut
    assert len(cut) == len(checked.findings) == (0 if sort in ROWS else 1)


def test_all_sorts_are_found_together(engine, clean, tmp_path):
    spoil(clean, tmp_path, int(clean.name), SORTS)
    checked = check(engine, tmp_path, MONTHS)
    assert checked.found == Counter(checked.injected["reason"])
    assert set(checked.injected["what"]) == set(ROWS)
    cut = {(f.extract, f.day or f.month) for f in checked.findings}
    assert cut == checked.cut == {("cdr", "2025-02-10"), ("care", "2025-02")}


def test_each_row_is_found_where_it_was_injected(all_rows):
    injected = all_rows.injected
    assert set(injected["what"]) == set(ROWS)
    # Of two equal rows either may go; the late are counted and not kept apart.
    told = injected[~injected["reason"].isin(["late", "duplicate"])]
    expected = {(r.file, r.row): r.reason for r in told.itertuples()}
    assert expected == {at: why for at, why in all_rows.removed.items() if why != "duplicate"}
    by_month = injected.groupby(["extract", "month", "reason"]).size()
    for verdict in all_rows.verdicts:
        found = {**verdict.refused, **verdict.duplicates, "late": verdict.late}
        for reason, count in found.items():
            assert by_month.get((verdict.extract, verdict.month, reason), 0) == count


def test_the_clean_files_stay_as_they_are(clean, tmp_path):
    rest = {name: share for name, share in ROWS.items() if name != "mixed_case_ids"}
    spoil(clean, tmp_path, int(clean.name), rest)
    names = clean_files(clean)
    assert len(names) == 12
    for name in names:
        assert (clean / name).read_bytes() == (tmp_path / name).read_bytes()
    more = {p.relative_to(tmp_path) for p in (tmp_path / "extracts").rglob("*.parquet")} - names
    assert {p.name for p in more} == {"part-900.parquet"}


def mart(engine, root, verdicts, out):
    """Usage and edges of February, as the stage makes them."""
    out.mkdir()
    places = MartPlaces(root / "extracts", out, verdicts)
    build_from_extracts(engine, places, Month(2025, 2), CircleParams(), TimeParams())
    return {name: pd.read_parquet(out / f"{name}.parquet") for name in ("usage", "edges")}


@pytest.mark.parametrize("checked_before", [True, False])
def test_marts_are_those_of_the_clean_rows(engine, clean, all_rows, checked_before, tmp_path):
    verdicts = all_rows.root / "check" if checked_before else None
    before = mart(engine, clean, None, tmp_path / "before")
    after = mart(engine, all_rows.root, verdicts, tmp_path / "after")
    for name, ids in (("usage", ["subscriber_id"]), ("edges", ["subscriber_id", "counterpart_id"])):
        expected = before[name]
        for column in ids:
            expected[column] = expected[column].map("id{:x}".format)
        tables = [t.sort_values(ids, ignore_index=True) for t in (expected, after[name])]
        assert len(tables[0]) > 200
        pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_bills_are_those_of_the_clean_rows(engine, clean, all_rows):
    rows = load_kept(
        engine,
        all_rows.root / "extracts",
        "billing",
        month_range(Month(2025, 1), MONTHS),
        verdicts=all_rows.root / "check",
    )
    kept = rows.select("month", "subscriber_id", "total_charge").order_by("month", "subscriber_id")
    files = sorted((clean / "extracts" / "billing").rglob("*.parquet"))
    bills = pd.concat(pd.read_parquet(path) for path in files)[list(kept.columns)]
    bills["subscriber_id"] = bills["subscriber_id"].map("id{:x}".format)
    bills = bills.sort_values(["month", "subscriber_id"], ignore_index=True)
    pd.testing.assert_frame_equal(engine.arrow(kept).to_pandas(), bills, check_dtype=False)


def test_wrong_bills_charge_lines_that_had_left_before_the_month(all_rows):
    wrong = all_rows.injected.query("what == 'wrong_bills'")
    for month, rows in wrong.groupby("month"):
        folder = all_rows.root / "extracts"
        books = pd.read_parquet(folder / "subscribers" / f"month={month}" / "part-0.parquet")
        line = books.set_index("subscriber_id").loc[rows["subscriber_id"]]
        assert not set(line["status"]) & {"active", "suspended"}
        assert (line["status_since"].astype(str) < f"{month}-01").all()
        bills = pd.read_parquet(folder / "billing" / f"month={month}" / "part-900.parquet")
        assert (bills["total_charge"] > 0).all()


def test_ids_get_letters_and_the_rows_in_capitals_come_beside(clean, all_rows):
    names = clean_files(clean)
    for name in names:
        before, after = pd.read_parquet(clean / name), pd.read_parquet(all_rows.root / name)
        ids = [c for c in before if c in ("subscriber_id", "counterpart_id")]
        for column in ids:
            given = before[column].notna()
            text = before.loc[given, column].astype("int64").map("id{:x}".format)
            assert list(after.loc[given, column]) == list(text)
            assert after.loc[~given, column].isna().all()
        pd.testing.assert_frame_equal(before.drop(columns=ids), after.drop(columns=ids))
    loud = all_rows.injected.query("what == 'mixed_case_ids'")
    assert set(loud["file"].str.rsplit("/").str[-1]) == {"part-900.parquet"}
    assert (loud["subscriber_id"].str.upper() == loud["subscriber_id"]).all()


def test_a_day_and_a_month_are_cut_out(clean, tmp_path):
    spoil(clean, tmp_path, int(clean.name), {k: v for k, v in SORTS.items() if "missing" in k})
    cut = json.loads((tmp_path / "truth" / "dirt.json").read_text())["cut"]
    file = "extracts/cdr/month=2025-02/part-0.parquet"
    before, after = pd.read_parquet(clean / file), pd.read_parquet(tmp_path / file)
    on_the_day = before["started_at"].dt.strftime("%Y-%m-%d") == "2025-02-10"
    assert cut["missing_day"]["rows"] == on_the_day.sum() == len(before) - len(after) > 500
    assert not (tmp_path / "extracts/care/month=2025-02").exists()
    assert cut["missing_month"]["rows"] > 5


@pytest.mark.slow
def test_generating_with_dirt_spoils_what_it_made(engine, tmp_path):
    dirt = DirtParams(duplicates=0.01, missing_day="2025-01-15")
    generate(DemoParams(subscribers=200, months=2, seed=4, dirt=dirt), tmp_path)
    checked = check(engine, tmp_path, 2)
    assert checked.found == Counter(checked.injected["reason"])
    assert checked.found["duplicate"] > 50
    assert [f.day for f in checked.findings] == ["2025-01-15"]


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

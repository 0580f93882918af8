"""How marts are built: the same bytes with any threads and slices, on two engines; reading back."""

import random
from datetime import timedelta

import marts_reference as plain
import pyarrow.parquet as pq
import pytest
from marts_cases import as_arrow, build, by_key, differences, record

from churnlight.engine import connect
from churnlight.marts import building
from churnlight.marts.building import MARTS, build_month
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.data import CircleParams, EngineParams
from churnlight.schema import NETWORKS
from churnlight.timeline import Month

MARCH = Month(2025, 3)


def many(rows, *, text, events=False, seed=1, subscribers=60):
    """Plausible CDRs: a few frequent contacts a subscriber, all columns in use."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    name = (lambda number: f"{number:016x}") if text else int
    records = []
    for _ in range(rows):
        kind = draw.choice(["voice", "voice", "voice", "sms", "sms", "mms", "data"])
        who = draw.randrange(subscribers)
        whom = None if draw.random() < 0.05 or kind == "data" else int(draw.paretovariate(0.7)) % 40
        missing = draw.random() < 0.1
        records.append(
            record(
                MARCH.start + timedelta(seconds=draw.randrange(31 * 86_400)),
                kind,
                None if kind == "data" else draw.choice(["out", "out", "in", "in", "forward"]),
                name(who),
                None if whom is None else name(whom + 1000),
                duration_s=None if missing else draw.choice([0, 30, draw.randrange(4000)]),
                bytes=None if missing or kind != "data" else draw.randrange(10**9),
                counterpart_network=None if missing or whom is None else NETWORKS[whom % 5],
                counterpart_service="rival_hotline" if draw.random() < 0.02 else None,
                roaming=draw.choice(["home", "home", "domestic", None]),
                cell_id=name(draw.randrange(30)),
                events=draw.choice([None, 1, 4]) if events else None,
            )
        )
    return records


def bytes_of(folder):
    return {name: (folder / f"{name}.parquet").read_bytes() for name in MARTS}


@pytest.mark.parametrize("text", [True, False], ids=["string ids", "integer ids"])
def test_thousands_of_rows_against_dictionaries(duckdb_engine, tmp_path, text):
    records = many(6_000, text=text, events=text)
    _, found = build(duckdb_engine, records, MARCH, tmp_path)
    for name, expected in plain.all_marts(records).items():
        assert not differences(found[name], expected), name


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Enough rows for several row groups, so that two threads have something to share."""
    folder = tmp_path_factory.mktemp("large")
    rows = as_arrow(many(20_000, text=False, subscribers=900))
    tables = [rows]
    for copy in range(1, 20):
        shifted = rows.set_column(
            0, "subscriber_id", [[v + copy * 1000 for v in rows["subscriber_id"].to_pylist()]]
        )
        tables.append(shifted.cast(rows.schema))
    for part in range(3):
        with pq.ParquetWriter(folder / f"{part}.parquet", rows.schema) as writer:
            for table in tables[part::3]:
                writer.write_table(table)
    return folder


@pytest.mark.parametrize("slices", [1, 2])
def test_one_and_two_threads_write_the_same_bytes(large, tmp_path, monkeypatch, slices):
    monkeypatch.setattr(building, "SLICE_ROWS", -(-400_000 // slices))
    written = []
    for threads in (1, 2):
        out = tmp_path / f"{len(written)}"
        with connect(EngineParams(threads=threads, memory_limit_gb=1), tmp_path / "s") as engine:
            build_month(engine, engine.read([large]), MARCH, CircleParams(), out)
        written.append(bytes_of(out))
    assert pq.read_metadata(tmp_path / "0" / "edges.parquet").num_row_groups > 1
    assert written[0] == written[1]


@pytest.mark.parametrize("text", [True, False])
def test_slices_change_nothing(duckdb_engine, tmp_path, monkeypatch, text):
    records = many(3_000, text=text)
    build(duckdb_engine, records, MARCH, tmp_path / "whole")
    monkeypatch.setattr(building, "SLICE_ROWS", 1_000)
    build(duckdb_engine, records, MARCH, tmp_path / "sliced")
    for name in MARTS:
        whole, sliced = (
            tmp_path / way / "marts" / f"{name}.parquet" for way in ("whole", "sliced")
        )
        assert pq.read_table(whole).to_pylist() == pq.read_table(sliced).to_pylist(), name
    assert sorted(p.name for p in (tmp_path / "sliced" / "marts").iterdir()) == sorted(
        f"{name}.parquet" for name in MARTS
    )


def test_more_slices_than_subscribers(duckdb_engine, tmp_path, monkeypatch):
    records = many(50, text=False, subscribers=2)
    monkeypatch.setattr(building, "SLICE_ROWS", 3)
    _, found = build(duckdb_engine, records, MARCH, tmp_path)
    assert not differences(found["circle"], plain.circle(plain.edges(records)))


def test_the_order_of_rows_changes_nothing(duckdb_engine, tmp_path):
    records = many(2_000, text=False)
    build(duckdb_engine, records, MARCH, tmp_path / "first")
    random.Random(2).shuffle(records)  # noqa: S311 - no secret
    build(duckdb_engine, records, MARCH, tmp_path / "second")
    assert bytes_of(tmp_path / "first" / "marts") == bytes_of(tmp_path / "second" / "marts")


def test_months_are_read_as_one_table(duckdb_engine, tmp_path):
    records = many(500, text=True, subscribers=5)
    for month in (MARCH, MARCH + 1):
        folder = tmp_path / f"month={month}"
        source = tmp_path / f"{month}.parquet"
        pq.write_table(as_arrow(records), source)
        build_month(duckdb_engine, duckdb_engine.read([source]), MARCH, CircleParams(), folder)
    (tmp_path / f"month={MARCH + 1}" / "edges.parquet").unlink()
    marts = MonthlyMarts(duckdb_engine, tmp_path)
    usage = duckdb_engine.arrow(marts.table("usage", [MARCH, MARCH + 1, MARCH + 2]))
    assert sorted(usage["month"].to_pylist()) == ["2025-03"] * 5 + ["2025-04"] * 5
    edges = duckdb_engine.arrow(marts.table("edges", [MARCH, MARCH + 1]))
    assert set(edges["month"].to_pylist()) == {"2025-03"}
    assert marts.table("edges", [MARCH + 1]) is None
    assert marts.table("usage", []) is None


@pytest.mark.slow
@pytest.mark.parametrize("text", [True, False], ids=["string ids", "integer ids"])
def test_spark_agrees(duckdb_engine, spark_engine, tmp_path, text):
    records = many(4_000, text=text, events=text)
    rows, expected = build(duckdb_engine, records, MARCH, tmp_path / "duckdb")
    spark_rows, found = build(spark_engine, records, MARCH, tmp_path / "spark")
    assert spark_rows == rows
    for name in MARTS:
        # Integers, times, text and nulls exactly, floats to 1e-9: see marts_cases.same.
        assert not differences(found[name], expected[name]), name
        types = [
            {
                f.name: f.type
                for f in pq.read_table(tmp_path / e / "marts" / f"{name}.parquet").schema
            }
            for e in ("duckdb", "spark")
        ]
        assert types[0] == types[1], name


@pytest.mark.slow
def test_spark_reads_its_folders_and_is_not_sliced(spark_engine, tmp_path, monkeypatch):
    """Each slice would read every row again, on executors that spill by themselves."""
    monkeypatch.setattr(building, "SLICE_ROWS", 300)
    monkeypatch.setattr(building, "_ranges", lambda cuts: [lambda t: t] if not cuts else 1 / 0)
    records = many(800, text=False)
    pq.write_table(as_arrow(records), tmp_path / "cdr.parquet")
    out = tmp_path / f"month={MARCH}"
    cdr = spark_engine.read([tmp_path / "cdr.parquet"])
    build_month(spark_engine, cdr, MARCH, CircleParams(), out)
    table = MonthlyMarts(spark_engine, tmp_path).table("circle", [MARCH])
    found = by_key(spark_engine.arrow(table.drop("month")), "circle")
    assert (out / "circle.parquet").is_dir()
    assert not differences(found, plain.circle(plain.edges(records)))

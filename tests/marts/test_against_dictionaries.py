"""The marts against a second implementation in plain dictionaries (marts_reference.py)."""

import csv
import gzip
from datetime import datetime, timedelta

import marts_reference as plain
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marts_cases import build, differences, record

from churnlight.params.data import CircleParams
from churnlight.schema import NETWORKS
from churnlight.timeline import Month


def compare(engine, records, month, folder):
    _, found = build(engine, records, month, folder)
    for name, expected in plain.all_marts(records).items():
        assert not differences(found[name], expected), name


@pytest.fixture(scope="module")
def copenhagen(shared):
    """Calls and SMS of four weeks, one record at each end; laid into February 2025."""
    start = datetime(2025, 2, 1)
    records = []
    for name, kind in (("calls", "voice"), ("sms", "sms")):
        with gzip.open(shared / "copenhagen" / f"{name}.csv.gz", "rt") as stream:
            for i, row in enumerate(csv.DictReader(stream)):
                ends = int(row["from"]), int(row["to"])
                seconds = max(int(row["duration"]), 0) if kind == "voice" else None
                for direction, who, whom in (("out", *ends), ("in", *ends[::-1])):
                    records.append(
                        record(
                            start + timedelta(seconds=int(row["timestamp"])),
                            kind,
                            direction,
                            who,
                            whom,
                            duration_s=seconds,
                            # The study has no networks: made up, changing, some unknown.
                            counterpart_network=(*NETWORKS, None, None)[(whom + i // 4000) % 7],
                            cell_id=(who + i) % 11,
                        )
                    )
    return records


def test_copenhagen(duckdb_engine, copenhagen, tmp_path):
    assert len(copenhagen) == 2 * (3_600 + 24_333)
    compare(duckdb_engine, copenhagen, Month(2025, 2), tmp_path)


def instants(month):
    """Moments of a month, with a liking for midnight, the turn of night, the month's ends."""
    last = month.end - timedelta(microseconds=1)
    turns = [timedelta(hours=h, seconds=s) for h in (0, 7, 19) for s in (-1, 0, 1)]
    days = [month.start + timedelta(days=d) for d in (0, 1, 9, 10, 19, 20, month.days - 1)]
    near = [d + t for d in days for t in turns if month.start <= d + t <= last]
    return st.one_of(st.sampled_from([*near, month.start, last]), st.datetimes(month.start, last))


def nullable(*values):
    return st.sampled_from([None, *values])


@st.composite
def tables(draw):
    """A month and its CDRs: few subscribers and counterparts, so that all kinds of ties occur."""
    month = draw(st.sampled_from([Month(2024, 2), Month(2025, 2), Month(2025, 4), Month(2024, 12)]))
    ids = draw(st.sampled_from([(1, 2, 3, 4, 5, 6), ("a", "b", "é", "", "10", "9")]))
    # With few moments, ties between networks come up; seconds that tie make equal indexes.
    moments = draw(st.lists(instants(month), min_size=1, max_size=8))
    spoken = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["voice", "voice", "sms", "mms"]),
            "direction": st.sampled_from(["out", "in", "forward"]),
            "whom": st.sampled_from([None, *ids]),
            "duration_s": nullable(0, 0, 1, 59, 60, 61, 600, 86_400),
            "counterpart_network": nullable(*NETWORKS, "rival", "own"),
        }
    )
    data = st.fixed_dictionaries(
        {
            "kind": st.just("data"),
            "direction": st.none(),
            "whom": nullable(ids[0]),
            "bytes": nullable(0, 1, 2**20, 3 * 10**12),
            "duration_s": nullable(30),
        }
    )
    common = st.fixed_dictionaries(
        {
            "started_at": st.sampled_from(moments),
            "who": st.sampled_from(ids),
            "counterpart_service": nullable("rival_hotline", "bank"),
            "roaming": nullable("home", "domestic", "international"),
            "cell_id": nullable(*ids),
            "events": nullable(1, 2, 7) if draw(st.booleans()) else st.none(),
        }
    )
    rows = draw(st.lists(st.tuples(common, st.one_of(spoken, spoken, spoken, data)), min_size=1))
    copies = draw(st.integers(1, 2))
    return month, [record(**a, **b) for a, b in rows] * copies


CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=10, deadline=None, suppress_health_check=CHECKS)
@given(tables())
def test_random_tables(duckdb_engine, tmp_path_factory, table):
    month, records = table
    compare(duckdb_engine, records, month, tmp_path_factory.mktemp("random"))


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=CHECKS)
@given(tables())
def test_many_random_tables(duckdb_engine, tmp_path_factory, table):
    month, records = table
    compare(duckdb_engine, records, month, tmp_path_factory.mktemp("random"))


@pytest.mark.parametrize(
    ("weights", "coverage"), [((1.0, 0.0, 0.0), 0.5), ((0.2, 0.5, 0.3), 0.9), ((0, 1, 0), 1.0)]
)
def test_other_weights_and_coverage(duckdb_engine, copenhagen, tmp_path, weights, coverage):
    params = CircleParams(weights=weights, coverage=coverage)
    records = [r for r in copenhagen if r["subscriber_id"] % 5 == 0]
    _, found = build(duckdb_engine, records, Month(2025, 2), tmp_path, params)
    expected = plain.circle(plain.edges(records), weights, coverage)
    assert not differences(found["circle"], expected)


@pytest.mark.slow
def test_spark_gives_the_same_on_copenhagen(spark_engine, copenhagen, tmp_path):
    compare(spark_engine, copenhagen, Month(2025, 2), tmp_path)

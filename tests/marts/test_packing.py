"""Totals that share a sum: the same edges, and none wrong where they do not fit."""

import random
from datetime import timedelta

import ibis
import marts_reference as plain
import pytest
from marts_cases import as_arrow, build, differences, record

from churnlight.marts import building, edges, packing
from churnlight.marts.events import prepare
from churnlight.timeline import Month

MARCH = Month(2025, 3)


def calls(count, seconds, **columns):
    return [
        record(MARCH.start + timedelta(hours=i), duration_s=seconds, **columns)
        for i in range(count)
    ]


def some(rows, seed):
    draw = random.Random(seed)  # noqa: S311 - no secret
    return [
        record(
            MARCH.start + timedelta(seconds=draw.randrange(31 * 86_400)),
            draw.choice(["voice", "sms", "mms", "data"]),
            draw.choice(["out", "in", "forward"]),
            draw.choice("abc"),
            draw.choice(["x", "y", None]),
            duration_s=draw.choice([None, 0, 7, 3_000]),
            counterpart_network=draw.choice([None, "own", "rival"]),
        )
        for _ in range(rows)
    ]


def written(engine, monkeypatch, records, folder):
    """Edges, and whether each attempt to write them was packed."""
    attempts = []
    real = edges.edges

    def watched(events, *, weighted, packed=False):
        attempts.append(packed)
        return real(events, weighted=weighted, packed=packed)

    monkeypatch.setattr(building.edge_marts, "edges", watched)
    _, marts = build(engine, records, MARCH, folder)
    return marts["edges"], attempts


@pytest.mark.parametrize("seed", range(3))
def test_packed_and_plain_are_the_same_edges(duckdb_engine, seed):
    events, weighted = prepare(ibis.memtable(as_arrow(some(400, seed))))
    assert not weighted
    packed, unpacked = (
        duckdb_engine.arrow(edges.edges(events, weighted=False, packed=p).order_by(edges.KEY))
        for p in (True, False)
    )
    assert packed.equals(unpacked)


def test_small_totals_are_written_once_and_packed(duckdb_engine, monkeypatch, tmp_path):
    records = some(300, 9)
    found, attempts = written(duckdb_engine, monkeypatch, records, tmp_path)
    assert attempts == [True]
    assert not differences(found, plain.edges(records))


def test_rows_that_add_up_events_are_not_packed(duckdb_engine, monkeypatch, tmp_path):
    records = [record("2025-03-04", duration_s=9, events=3)]
    found, attempts = written(duckdb_engine, monkeypatch, records, tmp_path)
    assert attempts == [False]
    assert found["a", "b"]["voice_out_count"] == 3


@pytest.mark.parametrize("direction", ["out", "in", "forward"])
@pytest.mark.parametrize("seconds", [[2**31 - 1], [2**31], [2**30, 2**30], [2**62]])
def test_seconds_that_do_not_fit(duckdb_engine, tmp_path, direction, seconds):
    records = [
        record(MARCH.start + timedelta(hours=i), direction=direction, duration_s=s)
        for i, s in enumerate(seconds)
    ] + [record("2025-03-09", direction="in", duration_s=5, whom="c")]
    _, marts = build(duckdb_engine, records, MARCH, tmp_path)
    assert marts["edges"]["a", "b"]["voice_s"] == sum(seconds)
    assert not differences(marts["edges"], plain.edges(records))


@pytest.mark.parametrize("count", [3, 4, 9])
def test_counts_that_do_not_fit(duckdb_engine, monkeypatch, tmp_path, count):
    # Two bits hold three events.
    monkeypatch.setattr(packing, "COUNT_BITS", 2)
    monkeypatch.setattr(edges, "COUNT_BITS", 2)
    records = calls(count, 10)
    found, attempts = written(duckdb_engine, monkeypatch, records, tmp_path)
    assert attempts == ([True] if count == 3 else [True, False])
    assert not differences(found, plain.edges(records))

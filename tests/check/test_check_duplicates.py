"""Duplicates against a second implementation, in plain Python, on random tables."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.check import load_kept
from churnlight.check.duplicates import DUPLICATE, mark_duplicates
from churnlight.check.month import Folders, check_month
from churnlight.check.reading import columns_of
from churnlight.engine import Engine
from churnlight.schema import CDR
from churnlight.timeline import Month

JANUARY = Month(2025, 1)
START = datetime(2025, 1, 1)
SCHEMA = pa.schema(
    {
        "subscriber_id": pa.int64(),
        "counterpart_id": pa.int64(),
        "kind": pa.string(),
        "direction": pa.string(),
        "started_at": pa.timestamp("us"),
        "duration_s": pa.int64(),
        "event_id": pa.string(),
        "known_at": pa.timestamp("us"),
    }
)

CHOICES: dict[str, list[Any]] = {
    "subscriber_id": [1, 2],
    "counterpart_id": [None, 5],
    "kind": ["voice", "voice", "fax"],
    "direction": ["out"],
    "started_at": [START, START + timedelta(days=1)],
    "duration_s": [None, 0, 60],
    "event_id": [None, None, "x", "y"],
    "known_at": [None, START, START + timedelta(days=3)],
}


def random_rows(seed: int, count: int) -> list[dict[str, Any]]:
    draw = np.random.default_rng(seed)
    return [{n: v[draw.integers(len(v))] for n, v in CHOICES.items()} for _ in range(count)]


def expected(table: list[dict[str, Any]]) -> tuple[Counter[tuple[Any, ...]], dict[str, int]]:
    """Rows that stay, and duplicates by reason, straight from the definitions."""
    good = [tuple(r.values()) for r in table if r["kind"] != "fax"]
    groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in good:
        event = row[6]
        key = row if event is None else ("event", row[0], event)
        groups.setdefault(key, []).append(row)
    stay: Counter[tuple[Any, ...]] = Counter()
    reasons: Counter[str] = Counter()
    for group in groups.values():
        first = min(group, key=lambda r: (r[7] or r[4], [(v is None, v or 0) for v in r]))
        stay[first] += 1
        different = set(group)
        reasons["duplicate"] += len(group) - len(different)
        reasons["duplicate_differs"] += len(different) - 1
    return stay, {reason: count for reason, count in reasons.items() if count}


@pytest.mark.parametrize(("seed", "count"), [(1, 6), (2, 40), (3, 300)])
def test_duplicates_follow_their_definition(
    engine: Engine, tmp_path: Path, seed: int, count: int
) -> None:
    table = random_rows(seed, count)
    folder = tmp_path / "cdr" / f"month={JANUARY}"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(table, SCHEMA), folder / "a.parquet")
    verdict = check_month(engine, Folders(tmp_path, tmp_path / "quarantine"), CDR, JANUARY)
    kept = engine.arrow(load_kept(engine, tmp_path, "cdr", [JANUARY]))  # type: ignore[arg-type]
    stay, reasons = expected(table)
    found = kept.select(SCHEMA.names).to_pylist()
    assert Counter(tuple(r.values()) for r in found) == stay
    assert dict(verdict.duplicates) == reasons
    assert verdict.kept == sum(stay.values())


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "count"), [(2, 40), (3, 300)])
def test_spark_marks_the_same_rows(
    engine: Engine, spark: Engine, tmp_path: Path, seed: int, count: int
) -> None:
    """Row by row: which copy of an event stays is no matter of chance, on either engine."""
    table = [r for r in random_rows(seed, count) if r["kind"] != "fax"]
    path = tmp_path / "rows.parquet"
    numbered = [r | {"source_row": i} for i, r in enumerate(table)]
    schema = SCHEMA.append(pa.field("source_row", pa.int64()))
    pq.write_table(pa.Table.from_pylist(numbered, schema), path)

    def marked(on: Engine) -> dict[int, str | None]:
        rows = on.read([path])
        absent = {c: ibis.null("string") for c in columns_of(CDR) if c not in rows.columns}
        found = mark_duplicates(rows.mutate(**absent), CDR, 0.0)
        kept = on.arrow(found.select("source_row", DUPLICATE)).to_pylist()
        return {r["source_row"]: r[DUPLICATE] for r in kept}

    first, second = marked(engine), marked(spark)
    assert first == second
    assert Counter(v for v in first.values() if v) == Counter(expected(table)[1])

"""Labels are made from what was known when the outcome was complete, not from what came later."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from churnlight.engine import connect
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.population import LabelParams
from churnlight.schema import BILLING, CDR
from churnlight.stages.features import _complete
from churnlight.timeline import moment

SECOND = timedelta(seconds=1)
# as_of 1 November, two months of horizon: complete on 1 January + 5 days.
COMPLETE = datetime(2026, 1, 6)


def left(tmp_path: Path, name: str, rows: list[dict[str, object]], time: TimeParams) -> list[int]:
    extract = {"billing": BILLING, "cdr": CDR}[name]
    kinds = {"id": pa.int64(), "timestamp": pa.timestamp("us"), "month": pa.string()}
    kinds["date"] = pa.date32()
    columns = {
        c.name: kinds.get(c.kind, pa.string() if c.kind == "text" else pa.float64())
        for c in extract.columns
    }
    table = pa.table(
        {n: pa.array([row.get(n) for row in rows], kind) for n, kind in columns.items()}
    )
    with connect(EngineParams(threads=1), tmp_path) as engine:
        sources = {name: engine.upload(table)}
        at = moment("2025-11-01", time)
        found = _complete(sources, at, time, LabelParams())[name]
        return sorted(engine.arrow(found.select("subscriber_id"))["subscriber_id"].to_pylist())


def test_a_bill_that_came_too_late_is_missing(tmp_path: Path) -> None:
    bills = [
        {"subscriber_id": 1, "month": "2025-12", "billed_at": COMPLETE - SECOND},
        {"subscriber_id": 2, "month": "2025-12", "billed_at": COMPLETE},
        {"subscriber_id": 3, "month": "2025-12", "billed_at": None},
        {"subscriber_id": 4, "month": "2026-01", "billed_at": None},
    ]
    assert left(tmp_path, "billing", bills, TimeParams()) == [1, 3]


def test_a_record_that_came_too_late_breaks_no_silence(tmp_path: Path) -> None:
    calls = [
        {"subscriber_id": 1, "started_at": datetime(2025, 12, 31), "known_at": COMPLETE - SECOND},
        {"subscriber_id": 2, "started_at": datetime(2025, 12, 31), "known_at": COMPLETE},
        {"subscriber_id": 3, "started_at": datetime(2025, 12, 31), "known_at": None},
        {"subscriber_id": 4, "started_at": datetime(2026, 1, 1), "known_at": None},
    ]
    assert left(tmp_path, "cdr", calls, TimeParams()) == [1, 3]


@pytest.mark.parametrize(("delay", "kept"), [(0.0, [1]), (200.0, [])])
def test_the_reporting_delay_counts(tmp_path: Path, delay: float, kept: list[int]) -> None:
    calls = [{"subscriber_id": 1, "started_at": datetime(2025, 12, 31), "known_at": None}]
    assert left(tmp_path, "cdr", calls, TimeParams(reporting_delay_hours=delay)) == kept

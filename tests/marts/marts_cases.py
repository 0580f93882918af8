"""CDR records for tests, how to build marts from them, and how to compare."""

from __future__ import annotations

import math
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.marts.building import MARTS, build_month
from churnlight.params.data import CircleParams

KEYS = {
    "edges": ("subscriber_id", "counterpart_id"),
    "usage": ("subscriber_id",),
    "circle": ("subscriber_id",),
    "volume": ("day", "kind", "direction"),
}


def record(started_at, kind="voice", direction="out", who="a", whom="b", **columns):
    """One CDR; what is not said is null. `started_at` may be text."""
    at = datetime.fromisoformat(started_at) if isinstance(started_at, str) else started_at
    other = dict.fromkeys(
        (
            "duration_s",
            "bytes",
            "counterpart_network",
            "counterpart_service",
            "roaming",
            "cell_id",
            "events",
        )
    )
    return {
        "subscriber_id": who,
        "counterpart_id": whom,
        "kind": kind,
        "direction": direction,
        "started_at": at,
        **other,
        **columns,
    }


def schema(id_type):
    return pa.schema(
        [
            ("subscriber_id", id_type),
            ("counterpart_id", id_type),
            ("kind", pa.string()),
            ("direction", pa.string()),
            ("started_at", pa.timestamp("us")),
            ("duration_s", pa.int64()),
            ("bytes", pa.int64()),
            ("counterpart_network", pa.string()),
            ("counterpart_service", pa.string()),
            ("roaming", pa.string()),
            ("cell_id", id_type),
            ("events", pa.int64()),
        ]
    )


def as_arrow(records):
    """The records as a file has them; without `events` where none says how many it adds up."""
    text = isinstance(records[0]["subscriber_id"], str)
    table = pa.Table.from_pylist(records, schema=schema(pa.string() if text else pa.int64()))
    weighted = any(r["events"] is not None for r in records)
    return table if weighted else table.drop_columns("events")


def build(engine, records, month, folder, circle=None):
    """Marts of some records, from a Parquet file, as the pipeline has them."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "cdr.parquet"
    pq.write_table(as_arrow(records), source)
    out = folder / "marts"
    rows = build_month(engine, engine.read([source]), month, circle or CircleParams(), out)
    return rows, {name: by_key(pq.read_table(out / f"{name}.parquet"), name) for name in MARTS}


def by_key(table, name):
    keys = KEYS[name]
    rows = table.to_pylist()
    found = {}
    for row in rows:
        key = tuple(row.pop(k) for k in keys)
        found[key if len(keys) > 1 else key[0]] = row
    assert len(found) == len(rows), f"{name} has a key twice"
    return found


def differences(found, expected):
    """What differs; counts, times and nulls exactly, floats to 1e-9 of the value."""
    problems = [f"keys {set(found) ^ set(expected)}"] if set(found) != set(expected) else []
    for key in set(found) & set(expected):
        if set(found[key]) != set(expected[key]):
            problems.append(f"columns {set(found[key]) ^ set(expected[key])}")
        for column, value in expected[key].items():
            got = found[key].get(column)
            if not same(got, value):
                problems.append(f"{key} {column}: got {got!r}, expected {value!r}")
    return problems


def same(got, value):
    if isinstance(value, float) and isinstance(got, float):
        return math.isclose(got, value, rel_tol=1e-9, abs_tol=1e-12)
    return got == value and isinstance(got, float) == isinstance(value, float)

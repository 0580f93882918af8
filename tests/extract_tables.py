"""Rows of an extract as the table that reading would give, on any engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import pyarrow as pa

from churnlight.engine import Engine
from churnlight.schema import EXTRACTS

ARROW = {
    "id": pa.string(),
    "text": pa.string(),
    "month": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "money": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def table_of(engine: Engine, name: str, rows: Sequence[dict[str, Any]]) -> Any:
    """Every declared column, and the month; what no row has is a null literal, as from files."""
    kinds = {c.name: ARROW[c.kind] for c in EXTRACTS[name].columns}
    if EXTRACTS[name].happened is None:
        kinds |= {"month": pa.string()}
    table = engine.upload(pa.Table.from_pylist(list(rows), schema=pa.schema(list(kinds.items()))))
    given = {key for row in rows for key in row}
    return table.mutate(**{c: ibis.null(table[c].type()) for c in table.columns if c not in given})

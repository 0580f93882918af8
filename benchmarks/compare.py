"""Hold a peer's edges to ours: a peer that computes something else is no peer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.machine import answer
from churnlight.marts.edges import COLUMNS, KEY


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Compare every column of `theirs` with `ours` (files), whatever the order of the rows.

    Raises:
        ValueError: names the column that differs.
    """
    ours, theirs = (_sorted(Path(spec[name])) for name in ("ours", "theirs"))
    if ours.num_rows != theirs.num_rows:
        raise ValueError(f"{spec['theirs']}: {theirs.num_rows} edges, ours has {ours.num_rows}")
    for name in COLUMNS:
        if not ours[name].equals(theirs[name].cast(ours[name].type)):
            raise ValueError(f"{spec['theirs']}: the column {name} differs from ours")
    return {"edges_rows": ours.num_rows, "columns_equal": len(COLUMNS)}


def _sorted(path: Path) -> pa.Table:
    table = pq.read_table(path).select(list(COLUMNS))
    table = table.sort_by([(name, "ascending") for name in KEY]).combine_chunks()
    network = table["counterpart_network"]
    if pa.types.is_dictionary(network.type):
        place = table.column_names.index("counterpart_network")
        table = table.set_column(place, "counterpart_network", network.cast(pa.string()))
    return table


if __name__ == "__main__":
    answer(measure)

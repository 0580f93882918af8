"""Measure what byte-identical circles cost: scaled integer sums against plain float sums."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.machine import answer, timed
from benchmarks.marts import engine_params
from churnlight.engine import connect
from churnlight.marts import circle as circles
from churnlight.params.data import CircleParams

# How the float variant differs: nothing is scaled and rounded, sums are of floats.
_FLOAT: dict[str, Any] = {
    "add_up": lambda column, where=None: column.sum(where=where).fill_null(0),
    "_scaled": lambda value, _scale: value,
    "_ENTROPY_SCALE": 1.0,
    "_FRACTION_SCALE": 1.0,
}
# Plain float sums may round otherwise; more than this would be another computation.
_NEAR = 1e-6


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of the mart `circle` both ways, from the same edges, in turns.

    Args:
        spec: `edges` (file), `work`, `threads`, `repeats`.
    """
    work = Path(spec["work"])
    paths = {kind: work / f"circle_{kind}.parquet" for kind in ("scaled", "float")}
    with connect(engine_params(spec), work / "spill") as engine:
        edges = engine.read([Path(spec["edges"])])
        expressions = {"scaled": circles.circle(edges, CircleParams())}
        with patch.multiple(circles, **_FLOAT):
            expressions["float"] = circles.circle(edges, CircleParams())
        seconds: dict[str, list[float]] = {kind: [] for kind in paths}
        for _ in range(spec["repeats"]):
            for kind, path in paths.items():

                def write(kind: str = kind, path: Path = path) -> None:
                    engine.write(expressions[kind], path, circles.KEY)

                seconds[kind].append(timed(write)["seconds"])
    return {
        "scaled_seconds_each": seconds["scaled"],
        "float_seconds_each": seconds["float"],
        "scaled_seconds": float(np.median(seconds["scaled"])),
        "float_seconds": float(np.median(seconds["float"])),
        "edges_rows": pq.ParquetFile(spec["edges"]).metadata.num_rows,
        "largest_difference": _difference(*(pq.read_table(p) for p in paths.values())),
    }


def _difference(one: pa.Table, other: pa.Table) -> float:
    """The largest difference between the two circles, of their float columns.

    Raises:
        ValueError: when they are not the same but for rounding.
    """
    floats = [c for c in one.column_names if pa.types.is_floating(one.schema.field(c).type)]
    apart = [np.nan_to_num(one[c].to_numpy() - other[c].to_numpy()) for c in floats]
    largest = max(float(np.abs(x).max()) for x in apart)
    if largest > _NEAR or not one["subscriber_id"].equals(other["subscriber_id"]):
        raise ValueError(f"the float circle is another circle: it differs by {largest}")
    return largest


if __name__ == "__main__":
    answer(measure)

"""Plan, segment and services of each subscriber as columns of the one CSV file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from churnlight.publish.layout_beside import PLAN, SEGMENTS, SERVICES
from churnlight.publish.partition import Partition

_PLAN = (
    *("status", "suppressed_by", "arm", "control_until", "plan_place", "channel"),
    *("offer_en", "offer_zh", "never_en", "never_zh", "wording_en", "wording_zh"),
    *("expected_profit_money", "rate_source"),
)
# What nobody is to be offered stands in no row of a file that callers may get.
_CALLED = ("channel", "expected_profit_money", "rate_source")
_TYPES = {"control_until": pa.date32(), "plan_place": pa.int32()}


class WideBeside:
    """The columns that a month's other tables give; none for a table that is not there.

    plan_status, plan_suppressed_by, plan_arm, plan_control_until, plan_place, and of who is to be
    called plan_channel, plan_offer_en and so on; segment, segment_name_en, segment_name_zh;
    service_1, service_2, ... in the order in which they fit.

    Args:
        partition: the month.
    """

    def __init__(self, partition: Partition) -> None:
        frames = {
            c.table.name: pd.concat([b.to_pandas() for b in c.batches()], ignore_index=True)
            for c in partition.contents
            if c.there and c.count and c.table in (PLAN, SEGMENTS, SERVICES)
        }
        self._columns: dict[str, tuple[pd.Series[Any], pa.DataType]] = {}
        if PLAN.name in frames:
            self._plan(frames[PLAN.name].set_index("subscriber_id"))
        if SEGMENTS.name in frames:
            rows = frames[SEGMENTS.name].set_index("subscriber_id")
            self._columns["segment"] = rows["segment"], pa.string()
            for name in ("name_en", "name_zh"):
                self._columns[f"segment_{name}"] = rows[name], pa.string()
        if SERVICES.name in frames:
            rows = frames[SERVICES.name]
            for rank in range(1, int(rows["rank"].max()) + 1):
                mine = rows[rows["rank"] == rank].set_index("subscriber_id")
                self._columns[f"service_{rank}"] = mine["service_id"], pa.string()

    def _plan(self, rows: pd.DataFrame) -> None:
        called = rows["plan_place"].notna()
        for name in _PLAN:
            kind = pa.float64() if name.endswith("_money") else _TYPES.get(name, pa.string())
            values = rows[name].where(called) if name in _CALLED else rows[name]
            self._columns[f"plan_{name.removeprefix('plan_')}"] = values, kind

    def columns(self, ids: pd.Index[Any]) -> dict[str, pa.Array]:
        """The columns of these subscribers."""
        found: dict[str, pa.Array] = {}
        for name, (values, kind) in self._columns.items():
            places = values.index.get_indexer(ids)
            told = np.full(len(ids), None, dtype=object)
            there = places >= 0
            told[there] = values.to_numpy(dtype=object)[places[there]]
            if pa.types.is_integer(kind):
                told = np.array([None if pd.isna(v) else int(v) for v in told], dtype=object)
            found[name] = pa.array(told, kind, from_pandas=True)
        return found

"""plan.parquet: written with types that never depend on who is in it, and read again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.errors import ChurnlightError
from churnlight.paths import Project
from churnlight.plan.building import COLUMNS
from churnlight.plan.effects import COLUMNS as EFFECT_COLUMNS
from churnlight.plan.inputs import EARLIER, no_plans
from churnlight.plan.sheet import COLUMNS as CALLS_COLUMNS

FILE, RECORD, CALLS, EFFECTS = "plan.parquet", "plan.json", "calls.parquet", "effects.parquet"
_IDS = ("subscriber_id", "account_id")
_TYPES = {
    **{c: pa.date32() for c in ("control_until", "offers_from")},
    **{
        c: pa.float64()
        for c in (*COLUMNS, *CALLS_COLUMNS, *EFFECT_COLUMNS)
        if c.endswith(("_money", "_share", "probability"))
    },
    **{c: pa.int64() for c in ("rule", "calls", "place")},
}


def write_plan(table: pd.DataFrame, path: Path) -> None:
    """Write the table of a plan; the same table gives the same bytes."""
    _write(table, COLUMNS, path)


def write_calls(calls: pd.DataFrame, path: Path) -> None:
    """Write the rows of the callers' sheet (`sheet.COLUMNS`), with the same promise."""
    _write(calls, CALLS_COLUMNS, path)


def write_effects(effects: pd.DataFrame, path: Path) -> None:
    """Write the measured effects (`effects.COLUMNS`), with the same promise."""
    _write(effects, EFFECT_COLUMNS, path)


def _write(table: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    arrays = [
        _id(table[c]) if c in _IDS else pa.array(_plain(table[c]), _TYPES.get(c, pa.string()))
        for c in columns
    ]
    pq.write_table(pa.Table.from_arrays(arrays, names=list(columns)), path, compression="zstd")


def _id(values: pd.Series[Any]) -> pa.Array:
    found = pa.array(_plain(values))
    return found.cast(pa.string()) if pa.types.is_null(found.type) else found


def _plain(values: pd.Series[Any]) -> list[object]:
    there = values.notna()
    pairs = zip(values.tolist(), there, strict=True)
    return [value if known else None for value, known in pairs]


def read_earlier(project: Project, as_of: str) -> pd.DataFrame:
    """Arms of the plans of earlier as_ofs; later ones, and that of `as_of` itself, are not read.

    Returns:
        `inputs.EARLIER`; only rows with an arm.

    Raises:
        ChurnlightError: when a plan lacks a column.
    """
    found = []
    for cycle in project.planned:
        if cycle >= as_of:
            continue
        path = project.plan(cycle) / FILE
        if lacking := [c for c in EARLIER if c not in pq.read_schema(path).names]:
            raise ChurnlightError(
                f"{path} lacks {', '.join(lacking)}: it comes from an older churnlight; "
                f"`churnlight plan --as-of {cycle}` makes it anew"
            )
        rows = pd.read_parquet(path, columns=list(EARLIER))
        found.append(rows[rows["arm"].notna()].astype(object))
    return pd.concat(found, ignore_index=True) if found else no_plans()

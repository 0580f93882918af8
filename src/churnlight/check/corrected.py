"""Refused rows that were handed in again, corrected: which they are.

`churnlight requeue` writes corrected rows into a file of their own beside the extract's, and with
each the refused row that it stands for. The refused row stays where it is and stays refused; it is
marked, so that one fault is not reported for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir

from churnlight.check.reading import relative_source
from churnlight.engine import SOURCE_FILE, SOURCE_ROW, Engine
from churnlight.schema import Extract
from churnlight.timeline import Month

PREFIX = "requeued-"
# Columns of such a file that say which refused row each of its rows stands for.
FROM_FILE, FROM_ROW, FROM_REASON = "requeued_file", "requeued_row", "requeued_reason"
# In the quarantine, of a month with such a file: whether the row was handed in again.
REQUEUED = "requeued"

_HERE = "file_as_read"


def requeued_files(files: Sequence[Path]) -> list[Path]:
    """Those of an extract's files that `churnlight requeue` wrote."""
    return [p for p in files if p.name.startswith(PREFIX) and p.name.endswith(".parquet")]


def mark_requeued(
    engine: Engine, picked: ir.Table, files: Sequence[Path], extract: Extract, month: Month | None
) -> ir.Table:
    """Removed rows with the column `requeued`; as they are where the month has no such file.

    Args:
        engine: where it runs.
        picked: removed rows by `reason`, `source_file` and `source_row`, as the engine names files.
        files: the month's files.
        extract: its declaration.
        month: the partition.
    """
    written = requeued_files(files)
    if not written:
        return picked
    told = engine.read(written)
    told = told.select(
        told_file=told[FROM_FILE], told_row=told[FROM_ROW], told_reason=told[FROM_REASON]
    ).distinct()
    named = relative_source(picked.mutate(**{_HERE: picked[SOURCE_FILE]}), extract, month)
    joined = named.left_join(
        told,
        [
            named[SOURCE_FILE] == told.told_file,
            named[SOURCE_ROW] == told.told_row,
            named["reason"] == told.told_reason,
        ],
    )
    return joined.select(
        "reason",
        **{
            SOURCE_FILE: joined[_HERE],
            SOURCE_ROW: joined[SOURCE_ROW],
            REQUEUED: joined.told_row.notnull(),
        },
    )


def count_requeued(engine: Engine, picked: ir.Table) -> dict[str, int]:
    """Removed rows that were handed in again, by reason (runs a query where there may be any)."""
    if REQUEUED not in picked.columns:
        return {}
    again = picked.filter(picked[REQUEUED])
    counted = engine.arrow(again.group_by("reason").aggregate(n=ibis._.count())).to_pylist()
    return {r["reason"]: int(r["n"]) for r in sorted(counted, key=lambda r: str(r["reason"]))}

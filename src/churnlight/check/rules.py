"""The rules that a row must keep: one expression a rule, all in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.check.forgotten import FORGOTTEN, FORGOTTEN_ROW
from churnlight.check.reading import MONTH, UNPARSABLE, has_month
from churnlight.columns import is_not_finite, is_outside
from churnlight.schema import Column, Extract
from churnlight.timeline import Month

TIME_OUTSIDE_MONTH = "time_outside_month"
MONTH_OUTSIDE_PARTITION = "month_outside_partition"
DIRECTION_MISSING = "direction_missing"
# Judged by the snapshots of subscribers, see `check.snapshots`.
ID_CASE = "id_case"
BILL_AFTER_LEAVING = "bill_after_leaving"
CDR_AFTER_LEAVING = "cdr_after_leaving"
# No refusal: who has rows and is in no snapshot is counted.
SUBSCRIBER_UNKNOWN = "subscriber_unknown"

# A column of rows that a snapshot contradicts: the code, null for all others.
SNAPSHOT_REASON = "snapshot_reason"


def refusal(table: ir.Table, extract: Extract, month: Month | None) -> ir.StringValue:
    """Why each row is refused: the code of the first rule that it breaks; null for a good row.

    Codes: `<column>_unparsable`, `<column>_missing`, `<column>_unknown`, `<column>_below_minimum`,
    `<column>_above_maximum`, `<column>_not_finite`, `direction_missing`, `time_outside_month`,
    `month_outside_partition`; where the table carries what the snapshots say
    (`Contradictions.mark`), also `id_case`, `bill_after_leaving` and `cdr_after_leaving`;
    where `Forgotten.mark` found somebody, `forgotten`.

    Args:
        table: typed rows, see `read_typed`.
        extract: its declaration.
        month: the partition; None for reference tables.
    """
    unreadable = table[UNPARSABLE].notnull(), table[UNPARSABLE].concat("_unparsable")
    # First of all: such a row is not kept in the quarantine.
    named = FORGOTTEN_ROW in table.columns
    rules: list[tuple[Any, Any]] = [(table[FORGOTTEN_ROW], FORGOTTEN)] if named else []
    rules.append(unreadable)
    rules += [(broken, code) for code, broken in _rules(table, extract, month)]
    if SNAPSHOT_REASON in table.columns:
        rules.append((table[SNAPSHOT_REASON].notnull(), table[SNAPSHOT_REASON]))
    return ibis.cases(*rules, else_=ibis.null("string"))


def reason_codes(extract: Extract) -> tuple[str, ...]:
    """Every code that `refusal` can give for an extract, unparsable cells apart."""
    month = Month(2000, 1) if extract.monthly else None
    schema = {c.name: "string" for c in extract.columns}
    schema |= {c.name: "float64" for c in extract.columns if c.kind in {"int", "float", "money"}}
    schema |= {c.name: "timestamp" for c in extract.columns if c.kind in {"timestamp", "date"}}
    table = ibis.table({**schema, MONTH: "string", UNPARSABLE: "string"}, name=extract.name)
    codes = [code for code, _ in _rules(table, extract, month)]
    return (*codes, *snapshot_codes(extract))


def snapshot_codes(extract: Extract) -> tuple[str, ...]:
    """Codes that the snapshots of subscribers can give for an extract."""
    if not extract.monthly or extract.name == "subscribers":
        return ()
    return (ID_CASE, *after_leaving(extract))


def after_leaving(extract: Extract) -> tuple[str, ...]:
    """The code of rows of what came after a line had left, where the extract has such a rule."""
    if not extract.closed_by:
        return ()
    return (BILL_AFTER_LEAVING if extract.happened is None else CDR_AFTER_LEAVING,)


def unknown_values(table: ir.Table, extract: Extract) -> dict[str, ir.BooleanValue]:
    """By column: whether the value is outside its list, where that reads as null."""
    return {
        c.name: is_outside(table[c.name], c.allowed)
        for c in extract.columns
        if c.allowed is not None and not c.strict
    }


def _rules(
    table: ir.Table, extract: Extract, month: Month | None
) -> Iterator[tuple[str, ir.BooleanValue]]:
    for column in extract.columns:
        yield from _column_rules(table, column)
    if extract.name == "cdr":
        yield DIRECTION_MISSING, table.direction.isnull() & (table.kind != "data")
    if month is not None and extract.happened is not None:
        happened = table[extract.happened]
        start, end = (ibis.literal(t, type="timestamp") for t in (month.start, month.end))
        yield TIME_OUTSIDE_MONTH, (happened < start) | (happened >= end)
    if month is not None and has_month(extract):
        yield MONTH_OUTSIDE_PARTITION, table[MONTH] != str(month)


def _column_rules(table: ir.Table, column: Column) -> Iterator[tuple[str, ir.BooleanValue]]:
    value = table[column.name]
    if column.kind in {"money", "float"}:
        # First, for Ibis on Spark takes NaN for null.
        yield f"{column.name}_not_finite", is_not_finite(value)
    if not column.nullable:
        yield f"{column.name}_missing", value.isnull()
    if column.strict and column.allowed is not None:
        yield f"{column.name}_unknown", is_outside(value, column.allowed)
    if column.minimum is not None:
        yield f"{column.name}_below_minimum", value < column.minimum
    if column.maximum is not None:
        yield f"{column.name}_above_maximum", value > column.maximum

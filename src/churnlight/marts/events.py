"""CDR rows made ready to be added up: what each event is, on which day, at night or not.

Everything here is an expression within the row; nothing runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from churnlight.columns import is_given

# What an event is, in one small integer: comparing it costs a fraction of comparing two strings.
VOICE_OUT, VOICE_IN, VOICE_FORWARD = 0, 1, 2
SMS_OUT, SMS_IN, SMS_FORWARD = 3, 4, 5
DATA = 6

# Alphabetical, because the code decides ties: alphabetically last wins.
NETWORK_CODES = ("fixed", "international", "own", "rival", "service")

NIGHT_BEGINS_HOUR = 19
NIGHT_ENDS_HOUR = 7


# Ibis takes shifted bits for 64-bit integers, whatever the engines make of them.
@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator]
def bit_or(mask: dt.int64) -> dt.int64:
    """Bits set in any row; Ibis' own method does not reach every engine."""


@ibis.udf.scalar.builtin(name="bit_count")  # type: ignore[untyped-decorator]
def bit_count(mask: dt.int64) -> dt.int8:
    """Number of bits set."""


# DuckDB adds 64-bit integers up in 128 bits, and writes those to Parquet as floats. Ibis takes such
# sums for int64 and leaves a cast to it out; a sum declared as wider is cast, and cheaply.
@ibis.udf.agg.builtin(  # type: ignore[untyped-decorator]
    name="sum", signature=((dt.int64,), dt.Decimal(38, 0))
)
def wide_sum(column: ir.IntegerColumn) -> ir.DecimalScalar:
    """Sum of integers."""


def days_in(mask: ir.IntegerValue) -> ir.IntegerValue:
    """Number of days in a bit mask of days; 0 for null.

    A mask costs a fifth of a distinct count of dates.
    """
    return bit_count(mask).cast("int64").fill_null(0)


def add_up(column: ir.IntegerColumn, where: ir.BooleanValue | None = None) -> ir.IntegerValue:
    """Sum of integers as a 64-bit integer, in the file too; 0 for the sum of nothing."""
    return wide_sum(column, where=where).cast("int64").fill_null(0)


@dataclass(frozen=True)
class Counter:
    """Counts events: rows, or the total of the column `events` where rows add several up."""

    rows: ir.Table
    weighted: bool

    def of(self, where: ir.BooleanValue | None = None) -> ir.IntegerValue:
        """Number of events in the group, of those `where` it holds."""
        if self.weighted:
            return add_up(self.rows["events"], where)
        # A filtered count is null on Spark where the condition never holds.
        return self.rows.count(where=where).cast("int64").fill_null(0)


def prepare(cdr: ir.Table) -> tuple[ir.Table, bool]:
    """Select what the marts add up.

    Args:
        cdr: kept CDR rows, see `churnlight.schema.CDR`; optional columns may be null literals.

    Returns:
        The rows, and whether a column `events` (never null) weighs them. Columns: subscriber_id,
        counterpart_id, cell_id, started_at, kind, direction, `action` (one of the codes above),
        `day` (1 to 31), `day_bit` (1 << day - 1), `at_night`, duration_s, bytes,
        counterpart_network, counterpart_service, roaming.
    """
    weighted = is_given(cdr, "events")
    way = cdr["direction"].cases(("out", 0), ("in", 1), ("forward", 2))
    hour = cdr["started_at"].hour()
    columns = {
        "day": cdr["started_at"].day().cast("int32"),
        "action": ibis.cases(
            (cdr["kind"] == "voice", way),
            (cdr["kind"].isin(("sms", "mms")), way + SMS_OUT),
            else_=DATA,
        ).cast("int8"),
        "at_night": (hour >= NIGHT_BEGINS_HOUR) | (hour < NIGHT_ENDS_HOUR),
    }
    if weighted:
        columns["events"] = cdr["events"].fill_null(1)
    rows = cdr.mutate(**columns)
    # 32 bits hold a month; Spark would shift a 64-bit literal as if it had 32.
    return rows.mutate(day_bit=ibis.literal(1, "int32") << (rows["day"] - 1)), weighted

"""Questions about columns that both engines answer alike, and fast."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir


# Files hold such columns as a dictionary, and DuckDB asks a function of one column once an entry of
# the dictionary; CASE and IN it asks row by row, at five times the cost.
@ibis.udf.scalar.builtin(name="array_position")  # type: ignore[untyped-decorator]
def _place(names: dt.Array[dt.string], value: dt.string) -> dt.int64:
    """Place of a value in a list, from 1; null or 0 where it is not in it."""


def place_in(column: ir.StringValue, names: Sequence[str]) -> ir.IntegerValue:
    """Place of each value in a list, from 1; null for null and for a value not in the list."""
    return _place(list(names), column).nullif(0)


def is_outside(column: ir.StringValue, names: Sequence[str]) -> ir.BooleanValue:
    """Whether a value is given and not one of the list's."""
    return column.notnull() & place_in(column, names).isnull()


# Half the cost of a difference between two times.
@ibis.udf.scalar.builtin(name="epoch_us")  # type: ignore[untyped-decorator]
def epoch_us(moment: dt.timestamp) -> dt.int64:
    """Microseconds since the first instant of 1970, both in local time."""


@ibis.udf.scalar.builtin(name="chr")  # type: ignore[untyped-decorator]
def _sign(code: dt.int64) -> dt.string:
    """The sign of a code."""


def has_null_byte(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a text has a null byte, which no database takes in a text."""
    return text.contains(_sign(0))


def is_nan(number: ir.FloatingValue) -> ir.BooleanValue:
    """Whether a number is NaN, whatever a file's statistics say.

    DuckDB answers isnan() and comparisons from a Parquet file's smallest and largest value, which
    leave NaN out; as text nothing is known of a column.
    """
    return number.cast("string").lower() == "nan"


def is_not_finite(number: ir.FloatingValue) -> ir.BooleanValue:
    """Whether a number is NaN or infinite; see `is_nan`."""
    words = ("nan", "inf", "-inf", "infinity", "-infinity")
    return number.cast("string").lower().isin(words)


def is_given(table: ir.Table, name: str) -> bool:
    """Whether a column can hold a value; read off the expression, without running it.

    An optional column that the files lack is a null literal, and what adds it up need not run.
    """
    return name in table.columns and not _always_null(table[name].op())


def _always_null(node: ops.Node) -> bool:
    match node:
        case ops.Literal():
            return node.value is None
        case ops.Cast() | ops.NullIf():
            return _always_null(node.args[0])
        case ops.Coalesce():
            return all(map(_always_null, node.arg))
        case ops.IfElse():
            return _always_null(node.true_expr) and _always_null(node.false_null_expr)
        case ops.Field():
            return all(map(_always_null, _origins(node)))
        case _:
            return False


def _origins(field: ops.Field) -> list[ops.Node]:
    """What a relation takes a column from; the relation itself, never null, where none is."""
    relation, name = field.rel, field.name
    match relation:
        case ops.Project() | ops.JoinChain():
            return [relation.values[name]]
        case ops.Union():
            return [ops.Field(relation.left, name), ops.Field(relation.right, name)]
        case ops.Filter() | ops.Sort() | ops.Distinct() | ops.DropColumns() | ops.JoinReference():
            return [ops.Field(relation.parent, name)]
        case _:
            return [relation]

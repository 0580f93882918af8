"""One cell's way from what a file holds to the declared type, and when that way fails."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from pyarrow import types as pt

from churnlight.columns import has_null_byte, is_nan
from churnlight.schema import IBIS_TYPE, Column

# What a file holds in a column: an arrow type, or "csv" for a cell of text to be parsed.
Found: TypeAlias = pa.DataType | Literal["csv"]

# Whole numbers that a double holds exactly.
_EXACT = 2.0**53
_LARGEST = 2**63 - 1

_INT = r"^[+-]?[0-9]{1,18}$"
_FLOAT = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]00:00(:00([.]0{1,6})?)?)?$"
# Engines differ in what they make of 24 o'clock and of a 60th second.
_HOUR = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_TIME = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T]{_HOUR})?$"
# How cells of text are written; the keys are the kinds that are parsed at all.
HOW_WRITTEN = {
    "int": "whole numbers, as 1234 (no separators, no unit)",
    "float": "numbers, as 1234.56 (a point, no separators, no unit)",
    "money": "numbers, as 1234.56 (a point, no separators, no currency)",
    "bool": "true or false",
    "date": "dates, as 2025-01-31",
    "timestamp": "local times without a zone, as 2025-01-31 23:59:59",
    **dict.fromkeys(("id", "text", "month"), "text without null bytes"),
}
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")


def expected(column: Column) -> str:
    """The Ibis type of a column that is no id."""
    return IBIS_TYPE[column.kind] or "string"


def id_class(found: Found) -> str:
    """Whether ids of a column are "integer" or "text"."""
    whole = found != "csv" and (pt.is_integer(found) or pt.is_decimal(found))
    return "integer" if whole else "text"


def accepts(column: Column, found: Found) -> bool:
    """Whether a column of a file can be read as the declared kind."""
    if found == "csv" or pt.is_null(found):
        return True
    found = _inner(found)
    text = _is_text(found)
    whole = pt.is_integer(found) or (pt.is_decimal(found) and found.scale == 0)
    number = whole or pt.is_floating(found) or pt.is_decimal(found)
    time = pt.is_date(found) or (pt.is_timestamp(found) and found.tz is None)
    by_kind = {
        "id": text or whole,
        # Codes of an operator's own are often numbers; a listed value never is.
        "text": text or (whole and column.allowed is None),
        "int": number,
        "float": number,
        "money": number,
        "bool": pt.is_boolean(found) or whole,
        "date": time,
        "timestamp": time,
        "month": text or time,
    }
    return bool(by_kind[column.kind])


def typed(raw: Any, column: Column, found: Found) -> tuple[Any, ir.BooleanValue | None]:
    """Give a column its declared type.

    Args:
        raw: the column as the engine reads it.
        column: its declaration.
        found: what `accepts` accepted.

    Returns:
        The value (null where the cell is empty or can't be read), and whether a cell could not be
        read (None when that can't happen).
    """
    if found == "csv":
        return _parse(_trimmed(raw).nullif(""), column)
    inner = _inner(found)
    if _is_text(inner):
        value = raw.cast("string").nullif("") if column.kind == "id" else raw.cast("string")
        return value, has_null_byte(value)
    if column.kind == "int":
        return _whole(raw, inner)
    if column.kind == "bool" and not pt.is_boolean(inner):
        value = _true_or_false(raw == 1, raw == 0)
        return value, raw.notnull() & value.isnull()
    return _retyped(raw, column, inner), None


def _retyped(raw: Any, column: Column, found: Any) -> Any:
    """A column whose every value has a place in the declared type."""
    if column.kind == "month":
        return raw.cast("date").strftime("%Y-%m")
    # Whole numbers beyond 64 bits with a sign (hashes) stay as they are.
    wide = pt.is_decimal(found) or pt.is_uint64(found)
    if column.kind == "id":
        return raw if wide else raw.cast("int64")
    return raw.cast(expected(column))


def _inner(found: Any) -> Any:
    return found.value_type if pt.is_dictionary(found) else found


def _is_text(found: Any) -> bool:
    return bool(pt.is_string(found) or pt.is_large_string(found) or pt.is_string_view(found))


def _trimmed(cell: Any) -> Any:
    # Not strip(): on Spark it takes the letter v from both ends too (its "\\v").
    return cell.re_replace("^ +| +$", "")


def _whole(raw: Any, found: Any) -> tuple[Any, ir.BooleanValue | None]:
    """Whole numbers; exports of nullable integers come as decimals or doubles, NaN for null."""
    if pt.is_uint64(found):
        # Spark reads these as decimals.
        small = raw <= ibis.literal(_LARGEST, "int64")
        return ibis.ifelse(small, raw, ibis.null(raw.type())).cast("int64"), ~small
    if pt.is_integer(found):
        return raw.cast("int64"), None
    number = raw.cast("float64")
    # The remainder, for a column whose smallest value is its largest reads as that value.
    empty = number.isnull() | (is_nan(number % 1) & ~number.isinf())
    good = ~empty & (number.abs() <= _EXACT) & (number % 1 == 0)
    value = ibis.ifelse(good, number, ibis.null("float64")).cast("int64")
    return value, ~empty & ~good


def _parse(cell: Any, column: Column) -> tuple[Any, ir.BooleanValue | None]:
    if column.kind in {"id", "text", "month"}:
        return cell, has_null_byte(cell)
    if column.kind == "bool":
        word = cell.lower()
        value = _true_or_false(word.isin(_TRUE), word.isin(_FALSE))
    elif column.kind == "int":
        # Exports of nullable integers write 12.0.
        value = _if_matches(cell.re_replace("[.]0*$", ""), _INT, "int64")
    else:
        pattern = {"date": _DATE, "timestamp": _TIME}.get(column.kind, _FLOAT)
        text = cell.substr(0, 10) if column.kind == "date" else cell
        readable = cell.re_search(pattern)
        value = ibis.ifelse(readable, text, ibis.null("string")).try_cast(expected(column))
    return value, cell.notnull() & value.isnull()


def _true_or_false(true: Any, false: Any) -> Any:
    return ibis.cases((true, ibis.literal(value=True)), (false, ibis.literal(value=False)))


def _if_matches(text: Any, pattern: str, dtype: str) -> Any:
    return ibis.ifelse(text.re_search(pattern), text, ibis.null("string")).try_cast(dtype)

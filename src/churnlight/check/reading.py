"""Extracts as typed tables: declared columns, declared types, whatever the files hold.

Each file's own schema is looked at first (a Parquet footer, a CSV header), so that an error names
the file; files that differ in layout are typed apart and put together afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types as pt

from churnlight.check.parsing import Found, accepts, expected, id_class, typed
from churnlight.engine import RAGGED, RESERVED, SOURCE_FILE, SOURCE_ROW, Engine, csv_header
from churnlight.engine.delimited import is_csv, require_once, spell_columns
from churnlight.errors import DataRefused
from churnlight.inventory import files_of
from churnlight.schema import Column, Extract
from churnlight.timeline import Month

# A column that `read_typed` adds: the first column of the row whose cell could not be read.
UNPARSABLE = "unparsable"
# What stands there for a line of CSV with too many or too few cells.
LINE = "line"
MONTH = "month"
# Metadata of a Parquet file whose text columns are cells of a CSV file, still to be parsed.
TEXT_CELLS = (b"churnlight.cells", b"text")


@dataclass(frozen=True)
class Layout:
    """Files that can be read in one go.

    Attributes:
        files: the files.
        csv: whether they are CSV.
        found: what each declared column holds, for columns that are there and not all null.
    """

    files: tuple[Path, ...]
    csv: bool
    found: Mapping[str, Found]


def layouts(files: Sequence[Path], extract: Extract) -> tuple[Layout, ...]:
    """Look at the files' own schemas and group the files by them.

    Raises:
        DataRefused: names file, column, what was expected and what was found.
    """
    groups: dict[tuple[object, ...], list[Path]] = {}
    found_of: dict[tuple[object, ...], Mapping[str, Found]] = {}
    for path in files:
        columns = _columns_in(path)
        found = _declared(path, columns, extract)
        # Spark reads CSV by position: the order of the header is part of the layout.
        order = tuple(columns) if is_csv(path) else ()
        signature = (is_csv(path), order, tuple(sorted((n, str(t)) for n, t in found.items())))
        groups.setdefault(signature, []).append(path)
        found_of[signature] = found
    return tuple(
        Layout(tuple(paths), bool(signature[0]), found_of[signature])
        for signature, paths in groups.items()
    )


def read_typed(
    engine: Engine, root: Path, extract: Extract, month: Month | None, *, source: bool = False
) -> ir.Table | None:
    """Read an extract's month, or a reference table, with the declared columns and types.

    Absent optional columns are typed nulls. Extracts that have no time of their own carry `month`
    ("YYYY-MM"), from the file or else from the partition. A further column `unparsable` names the
    first column of a row whose cell could not be read (null: none; "line": a line of CSV with too
    many or too few cells); `kept_rows` drops it.

    Args:
        engine: where it is read.
        root: the extracts' root.
        extract: its declaration.
        month: the partition; None for reference tables.
        source: add `source_file` (relative to `root`) and `source_row` (0-based).

    Returns:
        The table; None when there is no file.

    Raises:
        DataRefused: names file, column, what was expected and what was found.
    """
    files = files_of(root, extract.name, month)
    if not files:
        return None
    found = layouts(files, extract)
    table = read_layouts(engine, found, extract, month, source=source)
    return relative_source(table, extract, month) if source else table


def read_layouts(
    engine: Engine,
    found: Sequence[Layout],
    extract: Extract,
    month: Month | None,
    *,
    source: bool = False,
    classes: Mapping[str, str] | None = None,
) -> ir.Table:
    """Type each layout and put them together; see `read_typed`.

    Args:
        engine: where it is read.
        found: what `layouts` returned.
        extract: its declaration.
        month: the partition.
        source: add `source_file` (as the engine names it, see `relative_source`) and `source_row`.
        classes: see `id_classes`; those of these files by default.
    """
    classes = id_classes(found, extract) if classes is None else classes
    tables = [
        _type_table(raw, layout, extract, month, classes)
        for layout in found
        for raw in _raw_tables(engine, layout, source=source)
    ]
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def read_cells(
    engine: Engine, found: Sequence[Layout], extract: Extract, picked: ir.Table
) -> ir.Table:
    """The declared columns of some rows, as text, as they stand in the files.

    Args:
        engine: where it is read.
        found: what `layouts` returned.
        extract: its declaration.
        picked: the rows, by `source_file` and `source_row`; its other columns are kept.
    """
    tables = []
    for layout in found:
        for raw in _raw_tables(engine, layout, source=True):
            here = [SOURCE_FILE, SOURCE_ROW, *(c for c in layout.found if c in raw.columns)]
            rows = picked.inner_join(raw.select(here), [SOURCE_FILE, SOURCE_ROW])
            cells = {
                c.name: rows[c.name].cast("string") if c.name in here else _null("string")
                for c in extract.columns
            }
            tables.append(rows.select(*picked.columns, **cells))
    return tables[0] if len(tables) == 1 else ibis.union(*tables)


def relative_source(rows: ir.Table, extract: Extract, month: Month | None) -> ir.Table:
    """Rows with `source_file` relative to the extracts' root."""
    folder = extract.name if month is None else f"{extract.name}/month={month}"
    name = rows[SOURCE_FILE].re_extract(r"([^/]*)$", 1)
    return rows.mutate(**{SOURCE_FILE: ibis.literal(f"{folder}/").concat(name)})


def _raw_tables(engine: Engine, layout: Layout, *, source: bool) -> list[ir.Table]:
    # A row number of a CSV file is counted while reading, so one file at a time.
    if layout.csv and source:
        return [engine.read((path,), source=True) for path in layout.files]
    return [engine.read(layout.files, source=source)]


def id_classes(found: Sequence[Layout], extract: Extract) -> dict[str, str]:
    """Find for each id column that some file has whether it is "integer" or "text".

    Raises:
        DataRefused: when files of one extract disagree.
    """
    classes: dict[str, str] = {}
    first: dict[str, Path] = {}
    for layout in found:
        for column in extract.columns:
            if column.kind != "id" or column.name not in layout.found:
                continue
            here = id_class(layout.found[column.name])
            if classes.setdefault(column.name, here) != here:
                raise DataRefused(
                    f"{layout.files[0]}: column {column.name!r} holds {here} ids, but "
                    f"{first[column.name]} holds {classes[column.name]} ids: write one type"
                )
            first.setdefault(column.name, layout.files[0])
    return classes


def has_month(extract: Extract) -> bool:
    """Whether rows of an extract carry `month`: the monthly ones without a time of their own."""
    return extract.monthly and extract.happened is None


def columns_of(extract: Extract) -> tuple[str, ...]:
    """Columns of a typed table, in order: the declared ones, and `month` where it is carried."""
    names = tuple(c.name for c in extract.columns)
    return (*names, MONTH) if has_month(extract) and MONTH not in names else names


def _type_table(
    raw: ir.Table,
    layout: Layout,
    extract: Extract,
    month: Month | None,
    classes: Mapping[str, str],
) -> ir.Table:
    values: dict[str, Any] = {}
    lossy: dict[str, ir.BooleanValue] = {LINE: raw[RAGGED]} if layout.csv else {}
    for column in extract.columns:
        if column.name not in layout.found:
            values[column.name] = _absent(column, classes, month)
            continue
        value, failed = typed(raw[column.name], column, layout.found[column.name])
        if column.kind == "month" and month is not None:
            value = value.fill_null(str(month))
        values[column.name] = value
        if failed is not None:
            lossy[column.name] = failed
    if has_month(extract) and MONTH not in values:
        values[MONTH] = ibis.literal(str(month))
    failures = [(failed, name) for name, failed in lossy.items()]
    null = _null("string")
    values[UNPARSABLE] = ibis.cases(*failures, else_=null) if failures else null
    if SOURCE_FILE in raw.columns:
        values[SOURCE_FILE] = raw[SOURCE_FILE]
        values[SOURCE_ROW] = raw[SOURCE_ROW].cast("int64")
    return raw.select(**values)


def _absent(column: Column, classes: Mapping[str, str], month: Month | None) -> ir.Value:
    if column.kind == "month" and month is not None:
        return ibis.literal(str(month))
    if column.kind == "id":
        # An id that no file has takes the type of subscriber_id, with which it is joined.
        kind = classes.get(column.name) or classes.get("subscriber_id", "text")
        return _null("int64" if kind == "integer" else "string")
    return _null(expected(column))


def _null(dtype: str) -> ir.Value:
    return ibis.null(dtype)


def _declared(path: Path, columns: Mapping[str, Found], extract: Extract) -> dict[str, Found]:
    found: dict[str, Found] = {}
    if ours := [name for name in columns if name in RESERVED]:
        raise DataRefused(
            f"{path}: column {ours[0]!r} has a name that the check gives itself: leave it out"
        )
    for column in extract.columns:
        there = columns.get(column.name)
        if there is None:
            # The partition says the month; a file need not repeat it.
            if column.required and column.kind != "month":
                doubt = _no_header(columns, extract)
                raise DataRefused(
                    f"{path}: column {column.name!r} is missing (expected: {_words(column)}); "
                    f"found: {spell_columns(list(columns), digits=not doubt)}{doubt}"
                )
        elif not accepts(column, there):
            raise DataRefused(
                f"{path}: column {column.name!r} holds {there}, expected {_words(column)}"
                f"{_hint(column, there)}"
            )
        elif there == "csv" or not pt.is_null(there):
            found[column.name] = there
    return found


def _no_header(columns: Mapping[str, Found], extract: Extract) -> str:
    names = extract.by_name
    if not columns or any(name.strip().lower() in names for name in columns):
        return ""
    return ". None of them is a column of this extract: is the header missing?"


def _words(column: Column) -> str:
    words = {
        "id": "an integer or text id",
        "text": "text",
        "int": "whole numbers",
        "float": "numbers",
        "money": "numbers (money)",
        "bool": "true or false",
        "date": "dates",
        "timestamp": "local times without a zone",
        "month": "months as text, YYYY-MM",
    }
    return words[column.kind]


def _hint(column: Column, found: Found) -> str:
    if found != "csv" and pt.is_timestamp(found) and found.tz is not None:
        return ": convert to the operator's wall-clock time and drop the zone"
    if found == "csv":
        return ""
    if column.kind == "id" and pt.is_floating(found):
        return ": ids with nulls became decimals on export; write a nullable integer type"
    if column.kind in {"timestamp", "date"} and pt.is_integer(found):
        return ": seconds or milliseconds since 1970? Convert to the operator's wall-clock time"
    if pt.is_string(found) or pt.is_large_string(found):
        return ": it was written as text; give it its type (or write CSV, where text is read)"
    return ""


def _columns_in(path: Path) -> dict[str, Found]:
    if is_csv(path):
        return dict.fromkeys(csv_header(path), "csv")
    return _parquet_columns(path)


def _parquet_columns(path: Path) -> dict[str, Found]:
    try:
        schema: pa.Schema = pq.read_schema(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataRefused(f"{path} can't be read as Parquet: {reason}") from None
    require_once(path, schema.names)
    cells = schema.metadata is not None and schema.metadata.get(TEXT_CELLS[0]) == TEXT_CELLS[1]
    return {f.name: "csv" if cells and pt.is_string(f.type) else f.type for f in schema}

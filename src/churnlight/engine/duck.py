"""DuckDB: embedded, one machine, the default."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from churnlight.engine.base import RAGGED, SOURCE_FILE, SOURCE_ROW, Engine, Unreadable
from churnlight.engine.delimited import LINE_BYTES, csv_header
from churnlight.engine.parts import BATCH_ROWS, Work, work_off, write_nothing
from churnlight.files import atomic_file
from churnlight.params.data import EngineParams

if TYPE_CHECKING:
    import pyarrow as pa

# Given, not guessed: the reader's guesses differ with what the first rows hold, and may skip rows.
_CSV_DIALECT = {
    "auto_detect": False,
    "header": True,
    "delim": ",",
    "quote": '"',
    "escape": '"',
    "max_line_size": LINE_BYTES,
    # A line with too few cells is filled with nulls, and no cell that is there reads as null.
    "null_padding": True,
    "nullstr": "\x01\x02\x01",
    # The column `month` is what the file says, never what its folder is named.
    "hive_partitioning": False,
    # Several threads can't fill up lines of files with line ends inside quotes.
    "parallel": False,
}
# DuckDB's errors that a damaged file can be behind.
_FILE_ERRORS = (
    *("ConversionException", "Error", "InternalException", "InvalidInputException", "IOException"),
    *("NotImplementedException", "OutOfRangeException", "SerializationException"),
    *("TypeMismatchException", "ArrowInvalid", "UnicodeDecodeError"),
)
# What the CSV reader says, and what it means.
_CSV_FAULTS = (
    ("Expected Number of Columns", "far too many cells (two or more lines in one, perhaps)"),
    ("unterminated quote", "a quote is not closed, or text follows the quote that closes a cell"),
    ("Maximum line size", f"longer than {LINE_BYTES:,} bytes (a quote is not closed, perhaps)"),
    ("Invalid unicode", "no UTF-8"),
    ("invalid state", "its lines end in different ways, or a quote is not closed"),
)
# Lines with more cells than the header has: so many are told apart, more make the file unreadable.
# As many as the header has (and one) for two lines that run into one another.
_SPARE = "churnlight_spare_cell_{}"
_FEWEST_SPARES = 8


class DuckDB(Engine):
    """An embedded database in this process."""

    name = "duckdb"
    spreads = False

    def __init__(self, params: EngineParams, scratch: Path) -> None:
        self.con = ibis.duckdb.connect(
            memory_limit=f"{params.memory_limit_gb}GB",
            temp_directory=str(scratch),
            # No extension is ever fetched: times have no zone, so ICU is not needed.
            autoinstall_known_extensions=False,
            # What is written is sorted; keeping the files' order on the way costs a twentieth.
            preserve_insertion_order=False,
            **({} if params.threads is None else {"threads": params.threads}),
        )

    def _read(self, paths: list[str], *, csv: bool, source: bool) -> ir.Table:
        # A file's name may hold what the engine reads as a pattern.
        exact = [glob.escape(path) for path in paths]
        if csv:
            return self._read_csv(exact, csv_header(Path(paths[0])), source=source)
        options: dict[str, Any] = {"hive_partitioning": False, "union_by_name": True}
        if source:
            options |= {"filename": SOURCE_FILE, "file_row_number": True}
        table = self.con.read_parquet(exact, **options)
        return table.rename({SOURCE_ROW: "file_row_number"}) if source else table

    def _read_csv(self, paths: list[str], header: list[str], *, source: bool) -> ir.Table:
        if not source:
            return _marked(self.con.read_csv(paths, columns=_cells(header), **_CSV_DIALECT), header)
        # The CSV reader has no row number; a window without an order follows the file's, if asked.
        self.con.raw_sql("SET preserve_insertion_order = true")
        tables = []
        for path in paths:
            rows = self.con.read_csv(
                [path], columns=_cells(header), filename=SOURCE_FILE, **_CSV_DIALECT
            ).mutate(**{SOURCE_ROW: ibis.row_number()})
            tables.append(_marked(rows, header))
        return tables[0] if len(tables) == 1 else ibis.union(*tables)

    def cache(self, expr: ir.Table) -> ir.Table:
        """See `Engine.cache`."""
        return self.con.create_table(ibis.util.gen_name("cache"), expr, temp=True)

    def upload(self, table: pa.Table) -> ir.Table:
        """See `Engine.upload`."""
        return self.con.create_table(ibis.util.gen_name("upload"), table, temp=True)

    def write(self, expr: ir.Table, path: Path, sort: Sequence[str]) -> None:
        """See `Engine.write`."""
        with atomic_file(path) as part:
            # Version 2 packs sorted integers by their differences: smaller, and faster to write.
            self.con.to_parquet(
                expr.order_by(list(sort)),
                part,
                compression="zstd",
                compression_level=1,
                row_group_size=122_880,
                parquet_version="V2",
            )

    def map_batches(self, expr: ir.Table, work: Work, out: Path, sort: Sequence[str]) -> None:
        """See `Engine.map_batches`."""
        # Ibis asks for batches by a name that DuckDB no longer has.
        asked = self.con.con.sql(self.con.compile(expr.order_by(list(sort))))
        rows = asked.to_arrow_reader(BATCH_ROWS)
        if not work_off(work, rows, lambda name: out / f"{name}.parquet"):
            write_nothing(expr, work, lambda name: out / f"{name}.parquet")

    def why_unreadable(self, error: Exception) -> Unreadable | None:
        """See `Engine.why_unreadable`."""
        text = str(error)
        # A full disk is the fault of no file that was read.
        if type(error).__name__ not in _FILE_ERRORS or "No space left" in text:
            return None
        line = re.search(r"CSV Error on Line: (\d+)", text)
        file = re.search(r"^\s*file = (.+)$", text, re.MULTILINE)
        words = next((words for sign, words in _CSV_FAULTS if sign in text), None)
        if words is None:
            words = "it can't be taken apart" if line else f"damaged ({type(error).__name__})"
        where = f"line {line[1]}: " if line else ""
        return Unreadable(where + words, file[1].strip() if file else None)

    def medians(self, expr: ir.Table, columns: Sequence[str]) -> dict[str, float | None]:
        """See `Engine.medians`."""
        known = {c: expr[c].cast("float64") for c in columns}
        # A filter, not a null in its place: that gave DuckDB 2.0.0 a median of NaN.
        asked = {c: v.median(where=~v.isnan()) for c, v in known.items()}
        return dict(self.arrow(expr.agg(**asked)).to_pylist()[0]) if asked else {}


def _cells(header: Sequence[str]) -> dict[str, str]:
    spare = [_SPARE.format(i) for i in range(max(_FEWEST_SPARES, len(header) + 1))]
    return dict.fromkeys([*header, *spare], "VARCHAR")


def _marked(rows: ir.Table, header: Sequence[str]) -> ir.Table:
    """Rows with `ragged_line` in the place of spare cells."""
    beyond, further = rows[_SPARE.format(0)], rows[_SPARE.format(1)]
    ragged = rows[header[-1]].isnull() | (beyond.notnull() & (beyond != "")) | further.notnull()
    kept = [*header, *(c for c in (SOURCE_FILE, SOURCE_ROW) if c in rows.columns)]
    return rows.select(*kept, **{RAGGED: ragged})

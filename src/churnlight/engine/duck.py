"""DuckDB: embedded, one machine, the default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from churnlight.engine.base import SOURCE_FILE, SOURCE_ROW, Engine, csv_header
from churnlight.engine.parts import BATCH_ROWS, Work, work_off, write_nothing
from churnlight.files import atomic_file
from churnlight.params.data import EngineParams

if TYPE_CHECKING:
    import pyarrow as pa

# Given, not guessed: the reader's guesses differ with what the first rows hold, and may skip rows.
_CSV_DIALECT = {"auto_detect": False, "header": True, "delim": ",", "quote": '"', "escape": '"'}


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
        options: dict[str, Any] = {"hive_partitioning": False, "union_by_name": True}
        if source:
            options |= {"filename": SOURCE_FILE, "file_row_number": True}
        if csv and source:
            return self._read_csv_numbered(paths)
        if csv:
            table = self.con.read_csv(paths, columns=_text(paths[0]), **_CSV_DIALECT)
        else:
            table = self.con.read_parquet(paths, **options)
        return table.rename({SOURCE_ROW: "file_row_number"}) if source else table

    def _read_csv_numbered(self, paths: list[str]) -> ir.Table:
        # The CSV reader has no row number; a window without an order follows the file's, if asked.
        self.con.raw_sql("SET preserve_insertion_order = true")
        tables = [
            self.con.read_csv(
                [path], columns=_text(path), filename=SOURCE_FILE, **_CSV_DIALECT
            ).mutate(**{SOURCE_ROW: ibis.row_number()})
            for path in paths
        ]
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

    def medians(self, expr: ir.Table, columns: Sequence[str]) -> dict[str, float | None]:
        """See `Engine.medians`."""
        known = {c: expr[c].cast("float64") for c in columns}
        # A filter, not a null in its place: that gave DuckDB 2.0.0 a median of NaN.
        asked = {c: v.median(where=~v.isnan()) for c, v in known.items()}
        return dict(self.arrow(expr.agg(**asked)).to_pylist()[0]) if asked else {}


def _text(path: str) -> dict[str, str]:
    return dict.fromkeys(csv_header(Path(path)), "VARCHAR")

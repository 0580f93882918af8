"""The only file that names engines: where Ibis expressions run, read from and write to.

DuckDB is embedded and the default; Spark runs the same expressions on a cluster (local mode in
tests). Everything above this file sees Ibis tables, pyarrow tables and paths.
"""

from __future__ import annotations

import csv as csv_files
import gzip
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from churnlight.errors import ChurnlightError, DataRefused
from churnlight.files import atomic_file
from churnlight.params.data import EngineParams

if TYPE_CHECKING:
    import pyarrow as pa

# Names that `read(..., source=True)` adds: where a row stands.
SOURCE_FILE = "source_file"
SOURCE_ROW = "source_row"

_CSV = (".csv", ".csv.gz")
# Given, not guessed: the reader's guesses differ with what the first rows hold, and may skip rows.
_CSV_DIALECT = {"auto_detect": False, "header": True, "delim": ",", "quote": '"', "escape": '"'}


class Engine(ABC):
    """An open connection. Get one from `connect`."""

    name: str
    con: Any

    def read(self, files: Sequence[Path], *, source: bool = False) -> ir.Table:
        """Read Parquet or CSV files as one table, columns matched by name, in place.

        CSV columns come as strings; `check` gives them their types; CSV files read together share
        one header. Nothing is read until the expression runs.

        Args:
            files: files, or folders of Parquet parts; all Parquet or all CSV.
            source: add `source_file` (path) and `source_row` (0-based row in the file).

        Raises:
            DataRefused: when there is no file, kinds are mixed, or a file is no Parquet or CSV.
        """
        paths = [part for path in files for part in _parts(path)]
        if not paths:
            raise DataRefused(f"no files to read in {', '.join(map(str, files)) or '(nothing)'}")
        csv = [str(p).endswith(_CSV) for p in paths]
        if any(csv) and not all(csv):
            raise DataRefused(f"CSV and Parquet are mixed in {paths[0].parent}: keep one kind")
        try:
            table = self._read([str(p) for p in paths], csv=csv[0], source=source)
        except Exception as error:
            raise DataRefused(f"{paths[0]} can't be read: {_first_line(error)}") from error
        return table

    @abstractmethod
    def _read(self, paths: list[str], *, csv: bool, source: bool) -> ir.Table: ...

    @abstractmethod
    def cache(self, expr: ir.Table) -> ir.Table:
        """Run `expr` once and return its result as a table of the engine."""

    @abstractmethod
    def upload(self, table: pa.Table) -> ir.Table:
        """Make a small in-memory table known to the engine."""

    def arrow(self, expr: ir.Table) -> pa.Table:
        """Run `expr` and fetch the result."""
        return expr.to_pyarrow()

    @abstractmethod
    def write(self, expr: ir.Table, path: Path, sort: Sequence[str]) -> None:
        """Write `expr`, sorted by `sort` (its full key), as Parquet that appears by rename.

        DuckDB writes a file, Spark a folder of parts under the same name; `read` takes both.
        """


class _DuckDB(Engine):
    name = "duckdb"

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
        return self.con.create_table(ibis.util.gen_name("cache"), expr, temp=True)

    def upload(self, table: pa.Table) -> ir.Table:
        return self.con.create_table(ibis.util.gen_name("upload"), table, temp=True)

    def write(self, expr: ir.Table, path: Path, sort: Sequence[str]) -> None:
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


class _Spark(Engine):
    name = "spark"

    def __init__(self, params: EngineParams, scratch: Path) -> None:
        self.session = _spark_session(params, scratch)
        # DuckDB has this function; see churnlight.columns.epoch_us.
        self.session.sql(
            "CREATE OR REPLACE TEMPORARY FUNCTION epoch_us(moment TIMESTAMP_NTZ) RETURNS BIGINT "
            "RETURN unix_micros(CAST(moment AS TIMESTAMP_LTZ))"
        )
        self.con = ibis.pyspark.connect(self.session)

    def _read(self, paths: list[str], *, csv: bool, source: bool) -> ir.Table:
        reader = self.session.read
        if csv:
            frame = reader.options(header=True, multiLine=True).csv(paths)
        else:
            frame = reader.options(mergeSchema=True).parquet(*paths)
        if source:
            # CSV has no row index on Spark; the parts are read in the order of the file.
            index = "monotonically_increasing_id()" if csv else "_metadata.row_index"
            frame = frame.selectExpr(
                "*", f"_metadata.file_path as {SOURCE_FILE}", f"{index} as {SOURCE_ROW}"
            )
        view = ibis.util.gen_name("read")
        frame.createOrReplaceTempView(view)
        return self.con.table(view)

    def cache(self, expr: ir.Table) -> ir.Table:
        frame = self.session.sql(self.con.compile(expr)).cache()
        view = ibis.util.gen_name("cache")
        frame.createOrReplaceTempView(view)
        return self.con.table(view)

    def upload(self, table: pa.Table) -> ir.Table:
        view = ibis.util.gen_name("upload")
        self.session.createDataFrame(table).createOrReplaceTempView(view)
        return self.con.table(view)

    def write(self, expr: ir.Table, path: Path, sort: Sequence[str]) -> None:
        frame = self.session.sql(self.con.compile(expr.order_by(list(sort))))
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=_made(path.parent)))
        try:
            frame.write.mode("overwrite").option("compression", "zstd").parquet(str(beside / "out"))
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)
            (beside / "out").rename(path)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _spark_session(params: EngineParams, scratch: Path) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:  # pragma: no cover - pyspark is pinned
        raise ChurnlightError("engine.name is spark, but pyspark is not installed") from error
    if shutil.which("java") is None:
        raise ChurnlightError("engine.name is spark, but there is no java on PATH: install Java 17")
    return (
        SparkSession.builder.master(f"local[{params.threads or '*'}]")
        .appName("churnlight")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", f"{max(1, int(params.memory_limit_gb))}g")
        .config("spark.local.dir", str(scratch))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        .config("spark.sql.shuffle.partitions", "8")
        # Local wall-clock times carry no zone: without this Spark writes and reads them as UTC.
        .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
        .config("spark.sql.parquet.inferTimestampNTZ.enabled", "true")
        .getOrCreate()
    )


@contextmanager
def connect(params: EngineParams, scratch: Path) -> Iterator[Engine]:
    """Open the engine that the parameters name; spill files go below `scratch`.

    A Spark session stays open for the process, a DuckDB connection ends with the block.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    spill = Path(tempfile.mkdtemp(prefix=f"{params.name}-", dir=scratch))
    engine: Engine = _DuckDB(params, spill) if params.name == "duckdb" else _Spark(params, spill)
    try:
        yield engine
    finally:
        if isinstance(engine, _DuckDB):
            engine.con.disconnect()
            shutil.rmtree(spill, ignore_errors=True)


def csv_header(path: Path) -> list[str]:
    """Column names of a CSV file (comma, double quotes, UTF-8), gzipped or not.

    Raises:
        DataRefused: when it can't be read, or a name stands in it twice.
    """
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            header = next(csv_files.reader(stream), [])
    except (OSError, EOFError, ValueError, csv_files.Error) as error:
        raise DataRefused(f"{path} can't be read as CSV in UTF-8: {error}") from None
    # An index that was exported with the table has no name.
    header = [name or f"unnamed_{place}" for place, name in enumerate(header)]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataRefused(f"{path}: column {twice[0]!r} stands twice in the header")
    if not header:
        raise DataRefused(f"{path} is empty: expected a header with the columns' names")
    return header


def _text(path: str) -> dict[str, str]:
    return dict.fromkeys(csv_header(Path(path)), "VARCHAR")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _parts(path: Path) -> list[Path]:
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

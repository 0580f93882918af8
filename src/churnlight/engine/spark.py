"""Spark: the same expressions on a cluster, or on one machine in local mode.

Rows stay with the executors. What passes through this process is counts, medians, names of parts
and whatever a caller asks for with `arrow`.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from churnlight import errors
from churnlight.engine.base import RAGGED, SOURCE_FILE, SOURCE_ROW, Engine, Unreadable
from churnlight.engine.delimited import csv_header
from churnlight.engine.parts import (
    BATCH_ROWS,
    Work,
    beside,
    made,
    make_folder,
    part_name,
    work_off,
    write_nothing,
)
from churnlight.errors import ChurnlightError
from churnlight.params.data import EngineParams

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger("churnlight")


class Spark(Engine):
    """A session of Spark, one a process."""

    name = "spark"
    spreads = True

    def __init__(self, params: EngineParams, scratch: Path) -> None:
        self.session = _spark_session(params, scratch)
        self._cached: list[Any] = []
        # DuckDB has this function; see churnlight.columns.epoch_us.
        self.session.sql(
            "CREATE OR REPLACE TEMPORARY FUNCTION epoch_us(moment TIMESTAMP_NTZ) RETURNS BIGINT "
            "RETURN unix_micros(CAST(moment AS TIMESTAMP_LTZ))"
        )
        self.con = ibis.pyspark.connect(self.session)

    def _read(self, paths: list[str], *, csv: bool, source: bool) -> ir.Table:
        reader = self.session.read
        # A file's name may hold what the engine reads as a pattern.
        exact = [re.sub(r"([*?{}\[\]\\])", r"\\\1", path) for path in paths]
        if csv:
            frame = _csv_frame(reader, exact, csv_header(Path(paths[0])))
        else:
            frame = reader.options(mergeSchema=True).parquet(*exact)
        if source:
            # CSV has no row index on Spark; the parts are read in the order of the file.
            index = "monotonically_increasing_id()" if csv else "_metadata.row_index"
            frame = frame.selectExpr("*", f"{_FILE} as {SOURCE_FILE}", f"{index} as {SOURCE_ROW}")
        view = ibis.util.gen_name("read")
        frame.createOrReplaceTempView(view)
        return self.con.table(view)

    def cache(self, expr: ir.Table) -> ir.Table:
        """See `Engine.cache`."""
        frame = self._frame(expr).cache()
        self._cached.append(frame)
        view = ibis.util.gen_name("cache")
        frame.createOrReplaceTempView(view)
        return self.con.table(view)

    def upload(self, table: pa.Table) -> ir.Table:
        """See `Engine.upload`."""
        view = ibis.util.gen_name("upload")
        self.session.createDataFrame(table).createOrReplaceTempView(view)
        return self.con.table(view)

    def write(self, expr: ir.Table, path: Path, sort: Sequence[str]) -> None:
        """See `Engine.write`."""
        frame = self._frame(expr.order_by(list(sort)))
        with beside(path.parent, path.name) as part:
            frame.write.mode("overwrite").option("compression", "zstd").parquet(str(part / "out"))
            written = sorted((part / "out").glob("*.parquet"))
            make_folder(path, written)

    def map_batches(self, expr: ir.Table, work: Work, out: Path, sort: Sequence[str]) -> None:
        """See `Engine.map_batches`."""
        frame = self._frame(expr).repartitionByRange(*sort).sortWithinPartitions(*sort)
        # Once an executor, however many batches it works off.
        sent = self.session.sparkContext.broadcast(work)
        with beside(out, "parts") as folder:

            def where_they_lie(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
                return _written_parts(sent.value, batches, folder)

            try:
                rows = frame.mapInArrow(where_they_lie, "name string, part int, file string")
                # Parts that a failed or overtaken attempt left are in no row, and go away.
                found = sorted(tuple(row) for row in rows.collect())
            except Exception as error:
                raise _from_afar(error) from error
            finally:
                sent.destroy()
            for name in sorted({name for name, _, _ in found}):
                files = [folder / file for each, _, file in found if each == name]
                make_folder(out / f"{name}.parquet", files)
        if not found:
            write_nothing(expr, work, lambda n: made(out / f"{n}.parquet") / part_name(0))

    def why_unreadable(self, error: Exception) -> Unreadable | None:
        """See `Engine.why_unreadable`."""
        # Java's errors, and what PySpark makes of them.
        if not type(error).__module__.startswith(("py4j", "pyspark")):
            return None
        return Unreadable(f"a file is damaged ({type(error).__name__})")

    def medians(self, expr: ir.Table, columns: Sequence[str]) -> dict[str, float | None]:
        """See `Engine.medians`."""
        frame = self._frame(expr)
        known = {c: f"nanvl(CAST(`{c}` AS DOUBLE), NULL)" for c in columns}
        # `percentile` keeps every different value in one place, which a whole cohort's would
        # burst: first bounds that are sure to hold the middle, then all beyond counts as them.
        bounds = _bounds(frame, known)
        clamped = [
            f"percentile(CASE WHEN {v} < {low!r}D THEN {low!r}D WHEN {v} > {high!r}D "
            f"THEN {high!r}D ELSE {v} END, 0.5D) AS `{c}`"
            for c, v in known.items()
            for low, high in [bounds[c]]
            if low is not None
        ]
        found = frame.selectExpr(*clamped).first().asDict() if clamped else {}
        return {c: found.get(c) for c in columns}

    def _frame(self, expr: ir.Table) -> Any:
        return self.session.sql(self.con.compile(expr))

    def close(self) -> None:
        """Let go of what was cached; the session stays."""
        while self._cached:
            self._cached.pop().unpersist()


def _csv_frame(reader: Any, paths: list[str], header: list[str]) -> Any:
    """Cells as text, by position, and whether a line has too many or too few of them."""
    columns = ", ".join(f"`{name.replace('`', '``')}` string" for name in header)
    frame = (
        reader.schema(f"{columns}, {_LINE} string")
        # Pruned columns would make every line one with too few cells.
        .options(header=True, multiLine=True, escape='"', columnPruning=False)
        .options(columnNameOfCorruptRecord=_LINE)
        .csv(paths)
    )
    # A comma at the end is no cell; within quotes nobody can tell by counting.
    trailing = (
        f"{_LINE} RLIKE '^[^\"]*,[\\r\\n]*$' "
        f"AND length(regexp_replace({_LINE}, '[^,]', '')) = {len(header)}"
    )
    kept = [f"`{name.replace('`', '``')}`" for name in header]
    ragged = f"{_LINE} IS NOT NULL AND NOT ({trailing}) AS {RAGGED}"
    return frame.selectExpr(*kept, ragged)


# Spaces and Chinese signs stand in a file's address as numbers; a plus is a plus.
_FILE = "url_decode(replace(_metadata.file_path, '+', '%2B'))"
_LINE = "churnlight_whole_line"
_FENCE = 0.001  # share of the rows on either side of the middle that `percentile` looks at


def _bounds(frame: Any, known: Mapping[str, str]) -> dict[str, tuple[Any, Any]]:
    """By column, a value at most the lower and one at least the upper of the middle values."""
    places = f"array(0D, {0.5 - _FENCE}D, {0.5 + _FENCE}D, 1D)"
    found = _one_row(
        frame, {c: f"percentile_approx({v}, {places}, 10000)" for c, v in known.items()}
    )
    asked = {}
    for column, value in known.items():
        if found[column] is not None:
            _, low, high, _ = found[column]
            counts = f"count_if({value} < {low!r}D), count_if({value} > {high!r}D)"
            asked[column] = f"array({counts}, count({value}))"
    bounds: dict[str, tuple[Any, Any]] = dict.fromkeys(known, (None, None))
    for column, (below, above, rows) in _one_row(frame, asked).items():
        least, low, high, most = found[column]
        sure = max(below, above) <= (rows - 1) // 2
        bounds[column] = (low, high) if sure else (least, most)
    return bounds


def _one_row(frame: Any, asked: Mapping[str, str]) -> dict[str, Any]:
    if not asked:
        return {}
    row: dict[str, Any] = frame.selectExpr(*(f"{v} AS `{c}`" for c, v in asked.items())).first()
    return {c: row[c] for c in asked}


def _spark_session(params: EngineParams, scratch: Path) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:  # pragma: no cover - pyspark is pinned
        raise ChurnlightError("engine.name is spark, but pyspark is not installed") from error
    if shutil.which("java") is None:
        raise ChurnlightError("engine.name is spark, but there is no java on PATH: install Java 17")
    here = params.spark.master is None or params.spark.master.startswith("local")
    if here:
        # The workers' Python is this one, whatever PATH says; names of hosts need no resolving.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    master = params.spark.master or f"local[{params.threads or '*'}]"
    builder = SparkSession.builder.master(master).appName("churnlight")
    for name, value in (_settings(params, scratch, here=here) | _FIXED).items():
        builder = builder.config(name, value)
    running = SparkSession.getActiveSession()
    if running is not None and running.conf.get("spark.master") != master:
        log.warning("a Spark session on %s is open already: it is used, and not %s",
                    running.conf.get("spark.master"), master)  # fmt: skip
    return builder.getOrCreate()


# Local wall-clock times carry no zone: without these Spark writes and reads them as UTC.
_FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
}


def _settings(params: EngineParams, scratch: Path, *, here: bool) -> dict[str, str]:
    """Ours, and over them those of params.yaml; some of ours make sense on one machine only."""
    ours = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.driver.memory": f"{max(1, int(params.memory_limit_gb))}g",
        # Paths are those of a folder that every executor sees.
        "spark.hadoop.fs.defaultFS": "file:///",
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
    }
    if here:
        ours |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": str(scratch),
            "spark.sql.shuffle.partitions": "8",
        }
    theirs = params.spark.settings.items()
    return ours | {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in theirs}


def _written_parts(
    work: Work, batches: Iterable[pa.RecordBatch], folder: Path
) -> Iterator[pa.RecordBatch]:
    """Runs on an executor: write the parts of one partition, and say which they are."""
    import pyarrow as pa
    from pyspark import TaskContext

    task = TaskContext.get()
    if task is None:
        raise ChurnlightError("parts are written by executors only")
    # Each attempt has files of its own.
    mark = f"{task.partitionId():05d}-{task.taskAttemptId()}.parquet"
    found = work_off(work, batches, lambda name: folder / f"{name}-{mark}")
    yield pa.RecordBatch.from_pydict(
        {
            "name": list(found),
            "part": pa.array([task.partitionId()] * len(found), pa.int32()),
            "file": [path.name for path in found.values()],
        },
        pa.schema([("name", pa.string()), ("part", pa.int32()), ("file", pa.string())]),
    )


def _from_afar(error: Exception) -> Exception:
    """An executor's error as it was raised there, where it is one of ours."""
    said = re.search(r"^churnlight\.errors\.(\w+): (.*)$", str(error), re.MULTILINE)
    kind = getattr(errors, said[1], None) if said else None
    return kind(said[2]) if said and kind is not None else error

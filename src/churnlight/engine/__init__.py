"""The only part that names engines: where Ibis expressions run, read from and write to.

DuckDB is embedded and the default; Spark runs the same expressions on a cluster (local mode in
tests). Everything above sees Ibis tables, pyarrow tables and paths.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from churnlight.engine.base import RAGGED, RESERVED, SOURCE_FILE, SOURCE_ROW, Engine
from churnlight.engine.delimited import csv_header
from churnlight.engine.duck import DuckDB
from churnlight.engine.spark import Spark
from churnlight.params.data import EngineParams

__all__ = ["RAGGED", "RESERVED", "SOURCE_FILE", "SOURCE_ROW", "Engine", "connect", "csv_header"]


@contextmanager
def connect(params: EngineParams, scratch: Path) -> Iterator[Engine]:
    """Open the engine that the parameters name; spill files go below `scratch`.

    A Spark session stays open for the process, a DuckDB connection ends with the block.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    spill = Path(tempfile.mkdtemp(prefix=f"{params.name}-", dir=scratch))
    engine: Engine = DuckDB(params, spill) if params.name == "duckdb" else Spark(params, spill)
    try:
        yield engine
    finally:
        if isinstance(engine, DuckDB):
            engine.con.disconnect()
            shutil.rmtree(spill, ignore_errors=True)
        elif isinstance(engine, Spark):
            engine.close()
            with suppress(OSError):  # the session spills into its first folder
                spill.rmdir()

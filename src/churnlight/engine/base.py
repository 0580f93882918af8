"""What every engine does, whichever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from churnlight.engine.delimited import is_csv
from churnlight.engine.parts import Work, parts_of
from churnlight.errors import DataRefused

if TYPE_CHECKING:
    import pyarrow as pa

# Names that `read(..., source=True)` adds: where a row stands.
SOURCE_FILE = "source_file"
SOURCE_ROW = "source_row"
# A column that CSV files carry: whether the line has too many or too few cells.
RAGGED = "ragged_line"
# Names that a file's own columns can't have.
RESERVED = (SOURCE_FILE, SOURCE_ROW, RAGGED, "file_row_number")


@dataclass(frozen=True)
class Unreadable:
    """What an engine's error says about a file.

    Attributes:
        words: what is wrong, quoting no row.
        file: the file, as the engine names it; None where it does not say.
    """

    words: str
    file: str | None = None


class Engine(ABC):
    """An open connection. Get one from `connect`.

    Attributes:
        name: as in the parameters.
        con: the connection.
        spreads: whether rows lie and are worked on elsewhere, perhaps on many machines: then
            nothing that grows with the subscribers may pass through this process.
    """

    name: str
    con: Any
    spreads: bool

    def read(self, files: Sequence[Path], *, source: bool = False) -> ir.Table:
        """Read Parquet or CSV files as one table, columns matched by name, in place.

        CSV columns come as strings; `check` gives them their types; CSV files read together share
        one header. Nothing is read until the expression runs. A line of CSV with too many or too
        few cells is a row like others, with what cells it has, and marked by `ragged_line`; a comma
        at a line's end is no cell.

        Args:
            files: files, or folders of Parquet parts; all Parquet or all CSV.
            source: add `source_file` (path) and `source_row` (0-based row in the file).

        Raises:
            DataRefused: when there is no file, kinds are mixed, or a file is no Parquet or CSV.
        """
        paths = [part for path in files for part in parts_of(path)]
        if not paths:
            raise DataRefused(f"no files to read in {', '.join(map(str, files)) or '(nothing)'}")
        csv = [is_csv(p) for p in paths]
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

    @abstractmethod
    def map_batches(self, expr: ir.Table, work: Work, out: Path, sort: Sequence[str]) -> None:
        """Give the rows of `expr` to `work` where they lie, and write the tables it gives back.

        Args:
            expr: the rows.
            work: takes the next rows, at most `BATCH_ROWS`, and gives tables by name; the same
                names and columns each time. It is called with no row at all when there is none.
            out: folder for `<name>.parquet`, as `write` leaves them; their rows follow the order
                of the rows they come from. It is not there whole until the call ends.
            sort: the full key by which the rows are sorted.

        Raises:
            ChurnlightError: as `work` raises it.
        """

    @abstractmethod
    def why_unreadable(self, error: Exception) -> Unreadable | None:
        """What an error says about a file that was read; None when it is about something else."""

    @abstractmethod
    def medians(self, expr: ir.Table, columns: Sequence[str]) -> dict[str, float | None]:
        """The exact median of each column of numbers; None where no row has a value."""


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

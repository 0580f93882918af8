"""Files that can't be read: a refusal that names file, line and way out, and quotes no row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from churnlight.check.parsing import HOW_WRITTEN
from churnlight.check.reading import Layout
from churnlight.engine import Engine
from churnlight.engine.delimited import require_text
from churnlight.errors import ChurnlightError, DataRefused
from churnlight.schema import Extract


@contextmanager
def readable(engine: Engine, folder: Path, found: Sequence[Layout]) -> Iterator[None]:
    """Hold a folder's CSV files to being text, and turn what an engine says into a refusal.

    Args:
        engine: what reads within the block.
        folder: where the files stand.
        found: the files.

    Raises:
        DataRefused: names the file where it is known.
    """
    for layout in found:
        for path in layout.files if layout.csv else ():
            require_text(path)
    try:
        yield
    except ChurnlightError:
        raise
    except Exception as error:
        why = engine.why_unreadable(error)
        if why is None:
            raise
        where = folder if why.file is None else folder / Path(why.file).name
        raise DataRefused(f"{where} can't be read: {why.words}") from error


def require_a_readable_cell(
    folder: Path, extract: Extract, rows: int, refused: Mapping[str, int]
) -> None:
    """Refuse a month of which one column can't be read in any row: it is not the column it names.

    A single row says nothing about its column.

    Raises:
        DataRefused: names the column and how its cells are written.
    """
    for column in extract.columns:
        if rows > 1 and refused.get(f"{column.name}_unparsable") == rows:
            raise DataRefused(
                f"{folder}: column {column.name!r} can't be read in any of the {rows:,} rows: "
                f"expected {HOW_WRITTEN[column.kind]}. It is written another way, or is another "
                "column under this name"
            )

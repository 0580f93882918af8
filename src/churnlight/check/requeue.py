"""Corrected rows, fed back: judged first, then written as one more file of the extract's month.

No file of the operator is altered. Each row says which refused row it stands for, so that the check
can mark that one, see `check.corrected`.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlight.check.corrected import (
    FROM_FILE,
    FROM_REASON,
    FROM_ROW,
    PREFIX,
    REQUEUED,
    requeued_files,
)
from churnlight.check.identifiers import refuse_real_numbers
from churnlight.check.month import QUARANTINE_FILE, REASON, Folders, check_month, quarantine_folder
from churnlight.check.reading import TEXT_CELLS, id_classes, layouts
from churnlight.engine import SOURCE_FILE, SOURCE_ROW, csv_header
from churnlight.errors import DataRefused, UsageError
from churnlight.files import atomic_file, sha256_of_json
from churnlight.inventory import files_of, folder_of

if TYPE_CHECKING:
    import pyarrow as pa

    from churnlight.check.audit import Closing
    from churnlight.check.verdict import Verdict
    from churnlight.engine import Engine
    from churnlight.schema import Extract
    from churnlight.timeline import Month

# Beside the declared columns, what a file of the quarantine holds.
_BESIDE = (REASON, SOURCE_FILE, SOURCE_ROW, REQUEUED)
_DIGITS = 16
_SHOWN = 3

Row = dict[str, str | None]
Place = tuple[str, int]


@dataclass(frozen=True)
class Asked:
    """What is to be fed back, and where it goes.

    Attributes:
        root: the extracts' root.
        quarantine: the folder of all quarantines.
        extract: its declaration.
        month: the partition; None for a reference table.
        allow_phone_like_ids: whether ids may look like telephone or identity-card numbers.
    """

    root: Path
    quarantine: Path
    extract: Extract
    month: Month | None
    allow_phone_like_ids: bool = False

    @property
    def name(self) -> str:
        """Extract and month, as messages name them."""
        return f"{self.extract.name} {self.month or ''}".strip()

    @property
    def file(self) -> Path:
        """The month's quarantine."""
        return quarantine_folder(self.quarantine, self.extract.name, self.month) / QUARANTINE_FILE


@dataclass(frozen=True)
class Requeued:
    """What was written.

    Attributes:
        path: the new file.
        rows: rows in it.
        left_out: rows that were refused again, by reason.
    """

    path: Path
    rows: int
    left_out: Mapping[str, int]


def export_refused(asked: Asked, target: Path) -> int:
    """Write a month's refused rows to a CSV or Parquet file, to be corrected there.

    Returns:
        How many there are that nobody has handed in again.

    Raises:
        UsageError: when there are none, or the file's name ends otherwise.
    """
    import pyarrow.compute as pc
    import pyarrow.csv as pv
    import pyarrow.parquet as pq

    if target.suffix not in (".csv", ".parquet"):
        raise UsageError(f"{target}: name a file that ends in .csv or .parquet")
    table = _quarantined(asked)
    faults, done = _open(table), _done(asked)
    keep = [r in faults and _place(faults[r]) not in done for r in range(table.num_rows)]
    rows = table.filter(pc.equal(keep, True)).drop_columns(  # noqa: FBT003 - arrow's own
        [n for n in (REQUEUED,) if n in table.column_names]
    )
    if not rows.num_rows:
        raise UsageError(f"{asked.name}: every refused row was handed in again already")
    with atomic_file(target) as part:
        if target.suffix == ".csv":
            pv.write_csv(rows, part)
        else:
            pq.write_table(rows, part)
    return int(rows.num_rows)


def requeue(
    engine: Engine, asked: Asked, file: Path, closing: Closing, *, keep_good: bool = False
) -> Requeued:
    """Feed corrected rows back: judge them by all rules, then write them beside the month's files.

    Args:
        engine: where they are judged.
        asked: extract and month.
        file: rows of the quarantine with corrections, CSV or Parquet; `source_file` and
            `source_row` say which refused row each of them stands for.
        closing: when the month's mart is closed.
        keep_good: write the rows that are good where others are refused again.

    Raises:
        UsageError: when the file names no refused row, one twice, one that was handed in before,
            or a column that there is none of.
        DataRefused: when the file can't be read, or rows are refused again; nothing is written.
    """
    rows = _corrections(asked, file)
    with tempfile.TemporaryDirectory(prefix="churnlight-requeue-") as scratch:
        again = _judge(engine, asked, rows, closing, Path(scratch))
    good = [row for place, row in enumerate(rows) if place not in again]
    if again and (not keep_good or not good):
        raise DataRefused(_again(file, again, len(good)))
    target = _target(asked, good)
    with atomic_file(target) as part:
        _write(asked, good, part)
    return Requeued(target, len(good), dict(sorted(Counter(again.values()).items())))


def _target(asked: Asked, rows: Sequence[Row]) -> Path:
    """Named after what it holds: the same rows have one name."""
    digest = sha256_of_json(sorted(rows, key=_place))[:_DIGITS]
    folder = folder_of(asked.root, asked.extract.name, asked.month)
    return folder / f"{PREFIX}{digest}.parquet"


def _corrections(asked: Asked, file: Path) -> list[Row]:
    """The rows of the file, each with the reason of the refused row it stands for."""
    rows = _rows_of(asked, file)
    refused = _open(_quarantined(asked)).values()
    reasons = {_place(fault): str(fault[REASON]) for fault in refused}
    seen: dict[Place, int] = {}
    done = _done(asked)
    for number, row in enumerate(rows):
        place = _place(row)
        where = f"{file}: row {number} ({place[0]}, row {place[1]})"
        if place in seen:
            raise UsageError(f"{where} stands for the same refused row as row {seen[place]}")
        if place in done:
            raise UsageError(
                f"{where} was handed in before, in {done[place]}: leave it out, or delete that "
                "file to hand its rows in anew"
            )
        if place not in reasons:
            raise UsageError(
                f"{where} is no refused row of {asked.name}: take {SOURCE_FILE} and {SOURCE_ROW} "
                f"as they stand in {asked.file}, and run the stage check first if the extract "
                "changed"
            )
        seen[place] = number
        row[REASON] = reasons[place]
    return rows


def _rows_of(asked: Asked, file: Path) -> list[Row]:
    """A CSV or Parquet file as rows of text."""
    table = _table_of(file)
    known = {c.name for c in asked.extract.columns}
    missing = [n for n in (SOURCE_FILE, SOURCE_ROW) if n not in table.column_names]
    if missing:
        raise UsageError(
            f"{file}: column {missing[0]!r} is missing: it says which refused row each row stands "
            "for; begin with `churnlight requeue FILE --export`"
        )
    if odd := sorted(set(table.column_names) - known - set(_BESIDE)):
        raise UsageError(f"{file}: {asked.extract.name} has no column {odd[0]!r}")
    if not table.num_rows:
        raise UsageError(f"{file} holds no row")
    wanted = [n for n in table.column_names if n in known or n in (SOURCE_FILE, SOURCE_ROW)]
    rows: list[Row] = table.select(wanted).to_pylist()
    for number, row in enumerate(rows):
        if not (row[SOURCE_FILE] and str(row[SOURCE_ROW]).isdecimal()):
            raise UsageError(
                f"{file}: row {number} lacks {SOURCE_FILE}, or its {SOURCE_ROW} is no whole number"
            )
    return rows


def _table_of(file: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.csv as pv
    import pyarrow.parquet as pq

    try:
        if file.suffix == ".parquet":
            table = pq.read_table(file, partitioning=None)
            return table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
        text = dict.fromkeys(csv_header(file), pa.string())
        options = pv.ConvertOptions(column_types=text, null_values=[""], strings_can_be_null=True)
        parsing = pv.ParseOptions(newlines_in_values=True)
        return pv.read_csv(file, convert_options=options, parse_options=parsing)
    except (pa.ArrowException, OSError):
        # What arrow says may quote a cell.
        raise DataRefused(
            f"{file} can't be read: expected CSV in UTF-8 with a header, or Parquet, as "
            "`churnlight requeue FILE --export` writes it"
        ) from None


def _quarantined(asked: Asked) -> pa.Table:
    import pyarrow.parquet as pq

    if not asked.file.exists():
        raise UsageError(
            f"{asked.name} has no refused rows: looked for {asked.file}; run the stage check "
            "(`churnlight run`) first"
        )
    return pq.read_table(asked.file, partitioning=None)


def _open(table: pa.Table) -> dict[int, dict[str, Any]]:
    """The refused rows of a quarantine, by their place in it; duplicates are no faults."""
    from churnlight.check.duplicates import DUPLICATE, DUPLICATE_DIFFERS

    rows = table.select([REASON, SOURCE_FILE, SOURCE_ROW]).to_pylist()
    return {
        n: row for n, row in enumerate(rows) if row[REASON] not in (DUPLICATE, DUPLICATE_DIFFERS)
    }


def _done(asked: Asked) -> dict[Place, str]:
    """The refused rows that were handed in before, each with the file that did."""
    import pyarrow.parquet as pq

    found = {}
    for path in requeued_files(files_of(asked.root, asked.extract.name, asked.month)):
        for row in pq.read_table(path, columns=[FROM_FILE, FROM_ROW]).to_pylist():
            found[row[FROM_FILE], row[FROM_ROW]] = path.name
    return found


def _place(row: Mapping[str, Any]) -> Place:
    return str(row[SOURCE_FILE]), int(row[SOURCE_ROW])


def _judge(
    engine: Engine, asked: Asked, rows: Sequence[Row], closing: Closing, scratch: Path
) -> dict[int, str]:
    """Why rows are removed again, by their place; duplicates among themselves count too."""
    import pyarrow.parquet as pq

    folder = folder_of(scratch / "extracts", asked.extract.name, asked.month)
    folder.mkdir(parents=True)
    _write(asked, rows, folder / "rows.parquet")
    if not asked.allow_phone_like_ids:
        refuse_real_numbers(scratch / "extracts", asked.extract, asked.month)
    folders = Folders(scratch / "extracts", scratch / "quarantine", books=asked.root)
    verdict: Verdict = check_month(engine, folders, asked.extract, asked.month, closing)
    if not (verdict.refused or verdict.duplicates):
        return {}
    path = quarantine_folder(folders.quarantine, asked.extract.name, asked.month) / QUARANTINE_FILE
    table = pq.read_table(path, columns=[REASON, SOURCE_ROW], partitioning=None)
    return {int(row[SOURCE_ROW]): str(row[REASON]) for row in table.to_pylist()}


def _again(file: Path, again: Mapping[int, str], good: int) -> str:
    counted = ", ".join(f"{r} {n:,}" for r, n in sorted(Counter(again.values()).items()))
    rows = ", ".join(f"row {place} {again[place]}" for place in sorted(again)[:_SHOWN])
    rest = f"; {good:,} are good: --keep-good writes those" if good else ""
    return (
        f"{file}: {len(again):,} corrected rows are refused again ({counted}): {rows}"
        f"{', ...' if len(again) > _SHOWN else ''}. The first row is 0. Nothing was written: "
        f"correct them and hand the file in again{rest}"
    )


def _write(asked: Asked, rows: Sequence[Row], path: Path) -> None:
    """Rows as cells of text, ids in the type that the month's other files have."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    extract = asked.extract
    beside = layouts(_originals(asked), extract)
    whole = {n for n, kind in id_classes(beside, extract).items() if kind == "integer"}
    columns: dict[str, Any] = {}
    for column in extract.columns:
        if column.name not in rows[0]:
            continue
        cells = pa.array([row[column.name] for row in rows], pa.string())
        columns[column.name] = _ids(cells, column.name, beside) if column.name in whole else cells
    columns[FROM_FILE] = pa.array([row[SOURCE_FILE] for row in rows], pa.string())
    columns[FROM_ROW] = pa.array([int(row[SOURCE_ROW] or 0) for row in rows], pa.int64())
    columns[FROM_REASON] = pa.array([row[REASON] for row in rows], pa.string())
    table = pa.table(columns).replace_schema_metadata(dict([TEXT_CELLS]))
    pq.write_table(table, path)


def _originals(asked: Asked) -> list[Path]:
    return [
        p
        for p in files_of(asked.root, asked.extract.name, asked.month)
        if not p.name.startswith(PREFIX)
    ]


def _ids(cells: pa.Array, name: str, beside: Sequence[Any]) -> pa.Array:
    """Ids of text as whole numbers.

    Raises:
        DataRefused: when one is none, such as what a spreadsheet makes of a long number.
    """
    import pyarrow as pa

    kind = next(layout.found[name] for layout in beside if name in layout.found)
    try:
        return cells.cast(kind)
    except pa.ArrowException:
        raise DataRefused(
            f"column {name!r}: an id is no whole number, though the month's other files hold such "
            "ids; spreadsheets spoil long numbers: format the column as text before opening"
        ) from None

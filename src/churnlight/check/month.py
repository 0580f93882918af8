"""The check of one month of an extract: verdict and quarantine."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ibis
import ibis.expr.types as ir

from churnlight.check.audit import Audit, Closing, audit, late_rows
from churnlight.check.corrected import count_requeued, mark_requeued
from churnlight.check.days import is_stale, missing_days, newest_day
from churnlight.check.duplicates import DUPLICATE, mark_duplicates, nominate, suspects
from churnlight.check.forgotten import FORGOTTEN, Forgotten, find_forgotten
from churnlight.check.readable import readable, require_a_readable_cell
from churnlight.check.reading import (
    Layout,
    id_classes,
    layouts,
    read_cells,
    read_layouts,
    relative_source,
)
from churnlight.check.references import targets
from churnlight.check.rows import Snapshots
from churnlight.check.rules import refusal, snapshot_codes
from churnlight.check.snapshots import Contradictions
from churnlight.check.verdict import Verdict
from churnlight.engine import SOURCE_FILE, SOURCE_ROW, Engine
from churnlight.errors import DataRefused
from churnlight.inventory import folder_of, require_files
from churnlight.schema import Extract
from churnlight.timeline import Month

REASON = "reason"
QUARANTINE_FILE = "refused.parquet"

# A month in which nobody complains is possible; one in which nobody calls, pays or exists is not.
NEVER_EMPTY = ("cdr", "usage", "subscribers", "billing")


def quarantine_folder(quarantine: Path, extract: str, month: Month | None) -> Path:
    """Where removed rows of an extract's month are kept."""
    return folder_of(quarantine, extract, month)


@dataclass(frozen=True)
class Folders:
    """Where a month is read and its removed rows are kept.

    Attributes:
        root: the extracts' root.
        quarantine: the folder of all quarantines.
        verdicts: the check's output, with the verdicts of the subscribers' snapshots to which other
            extracts are held; None: all snapshots below `root`.
        books: where the snapshots and reference tables stand to which rows are held; None: `root`.
    """

    root: Path
    quarantine: Path
    verdicts: Path | None = None
    books: Path | None = None


@dataclass(frozen=True)
class _Partition:
    """One month of an extract, and what the snapshots say against it."""

    engine: Engine
    found: Sequence[Layout]
    extract: Extract
    month: Month | None
    against: Contradictions
    forgotten: Forgotten

    def rows(self, *, source: bool = False) -> ir.Table:
        """All typed rows, marked."""
        read = read_layouts(self.engine, self.found, self.extract, self.month, source=source)
        return self.against.mark(self.forgotten.mark(read), self.extract, self.month)

    def refusal(self, rows: ir.Table) -> ir.StringValue:
        """Why each row is refused."""
        return refusal(rows, self.extract, self.month)


def _partition(
    engine: Engine,
    folders: Folders,
    found: Sequence[Layout],
    extract: Extract,
    month: Month | None,
) -> tuple[_Partition, ir.Table]:
    """The month, held to the snapshots and to who is to be forgotten; and its rows unmarked."""
    snapshots = Snapshots(engine, folders.books or folders.root, folders.verdicts)
    bare = read_layouts(engine, found, extract, month)
    forgotten = find_forgotten(engine, bare, extract, folders.verdicts)
    against = snapshots.against(forgotten.mark(bare), extract, month)
    return _Partition(engine, found, extract, month, against, forgotten), bare


def check_month(
    engine: Engine,
    folders: Folders,
    extract: Extract,
    month: Month | None,
    closing: Closing | None = None,
) -> Verdict:
    """Check an extract's month; keep what is refused or a duplicate in the quarantine.

    `<quarantine>/<extract>/month=YYYY-MM/refused.parquet` holds the reason, file, row and the
    declared columns as text, and is there only when a row was removed.

    Args:
        engine: where it runs.
        folders: where to read and write.
        extract: its declaration.
        month: the partition; None for a reference table.
        closing: when the month's mart is closed; None: no CDR is late.

    Raises:
        DataRefused: when a file can't be read, lacks a column or has one of a wrong type, or when
            a month that can't be empty is.
    """
    root = folders.root
    found = layouts(require_files(root, extract.name, month), extract)
    folder = folder_of(root, extract.name, month)
    with readable(engine, folder, found):
        part, bare = _partition(engine, folders, found, extract, month)
        against = part.against
        told = targets(engine, folders.books or root, bare, extract, against)
        counts = audit(engine, told.mark(part.rows()), extract, month, closing)
        if not any(code in counts.refused for code in snapshot_codes(extract)):
            part = replace(part, against=Contradictions())
        if not counts.rows and extract.name in NEVER_EMPTY:
            raise DataRefused(f"{folder} holds files but no row")
        require_a_readable_cell(folder, extract, counts.rows, counts.refused)
        duplicates, corrected = _quarantine(part, counts, folders.quarantine, closing)
    removed = sum(counts.refused.values()) + counts.late + sum(duplicates.values())
    return Verdict(
        extract=extract.name,
        month=None if month is None else str(month),
        rows=counts.rows,
        kept=counts.rows - removed,
        late=counts.late,
        duplicates=duplicates,
        refused=counts.refused,
        corrected=corrected,
        unknown=counts.unknown,
        lost=counts.lost,
        filled=counts.filled,
        sound=counts.sound,
        newest=None if month is None else newest_day(counts.days, month),
        stale=month is not None and is_stale(counts.days, month, extract.fresh_days),
        id_types=id_classes(found, extract),
        columns=tuple(c.name for c in extract.columns if any(c.name in f.found for f in found)),
        snapshots=tuple(map(str, against.months)),
        not_judged=(*against.not_judged, *told.not_judged),
        unknown_subscribers=counts.lost_subscribers,
        missing_days=_missing(counts, extract, month),
    )


def _missing(counts: Audit, extract: Extract, month: Month | None) -> tuple[str, ...]:
    """Days without an event; other extracts may well have days on which nothing happens."""
    return missing_days(counts.days, month) if month and extract.name == "cdr" else ()


def _quarantine(
    part: _Partition, counts: Audit, quarantine: Path, closing: Closing | None
) -> tuple[dict[str, int], dict[str, int]]:
    """Write refused rows and duplicates; return duplicates and corrected rows, by reason."""
    engine, extract, month = part.engine, part.extract, part.month
    delay = closing.reporting_delay_hours if closing else 0.0
    path = quarantine_folder(quarantine, extract.name, month) / QUARANTINE_FILE
    forget(path)
    parts: list[ir.Table] = []
    if counts.refused:
        rows = part.rows(source=True)
        reasoned = rows.mutate(**{REASON: part.refusal(rows)})
        # A null reason is no refusal, and fails this test too.
        parts.append(reasoned.filter(reasoned[REASON] != FORGOTTEN))
    nominated = nominate(engine, _good(part, counts, closing, source=False), extract)
    if engine.arrow(nominated.limit(1)).num_rows:
        good = _good(part, counts, closing, source=True)
        marked = mark_duplicates(suspects(good, extract, nominated), extract, delay)
        parts.append(marked.filter(marked[DUPLICATE].notnull()).rename({REASON: DUPLICATE}))
    if not parts:
        return {}, {}
    narrow = [rows.select(REASON, SOURCE_FILE, SOURCE_ROW) for rows in parts]
    picked = ibis.union(*narrow) if len(narrow) > 1 else narrow[0]
    files = [path for layout in part.found for path in layout.files]
    picked = engine.cache(mark_requeued(engine, picked, files, extract, month))
    by_reason = _count(engine, picked)
    if by_reason:
        cells = part.forgotten.redact(read_cells(engine, part.found, extract, picked))
        cells = relative_source(cells, extract, month)
        engine.write(cells, path, [SOURCE_FILE, SOURCE_ROW])
    duplicates = {r: n for r, n in by_reason.items() if r not in counts.refused}
    return duplicates, count_requeued(engine, picked)


def _good(part: _Partition, counts: Audit, closing: Closing | None, *, source: bool) -> ir.Table:
    """Rows neither refused nor late, with file and row when `source`."""
    rows = part.rows(source=source)
    if counts.refused:
        rows = rows.filter(part.refusal(rows).isnull())
    late = late_rows(rows, part.extract, part.month, closing) if counts.late else None
    return rows if late is None else rows.filter(~late)


def _count(engine: Engine, removed: ir.Table) -> dict[str, int]:
    counted = removed.group_by(REASON).aggregate(rows_count=lambda t: t.count())
    rows = engine.arrow(counted).to_pylist()
    return {r[REASON]: int(r["rows_count"]) for r in sorted(rows, key=lambda r: r[REASON])}


def forget(path: Path) -> None:
    """Remove a quarantine if it is there: a file, or the folder of parts that Spark writes."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)

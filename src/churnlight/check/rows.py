"""The rows that count: what every later stage reads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir

from churnlight.check.audit import Closing, audit, late_rows
from churnlight.check.duplicates import without_duplicates
from churnlight.check.forgotten import FORGOTTEN_ROW, find_forgotten, require_list
from churnlight.check.reading import columns_of, id_classes, layouts, read_layouts
from churnlight.check.rules import refusal, snapshot_codes, unknown_values
from churnlight.check.snapshots import Contradictions, codes_for, contradictions, snapshots_for
from churnlight.check.verdict import Verdict, read_verdict, verdict_file
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.inventory import files_of
from churnlight.schema import EXTRACTS, Extract
from churnlight.timeline import Month

_SNAPSHOTS = "subscribers"


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of subscribers to which other extracts are held.

    Attributes:
        engine: where they are read.
        root: the extracts' root.
        verdicts: the check's output folder; snapshots without a verdict in it do not count. None:
            all that are there.
    """

    engine: Engine
    root: Path
    verdicts: Path | None = None

    def against(
        self, rows: ir.Table, extract: Extract, month: Month | None, verdict: Verdict | None = None
    ) -> Contradictions:
        """What they say against an extract's month (runs queries where they can say something).

        Args:
            rows: typed rows, see `read_typed`.
            extract: its declaration.
            month: the partition.
            verdict: what the check found; rows are held to the same snapshots, or to none where
                that refused no row.
        """
        wanted = snapshots_for(extract, month)
        if verdict is not None:
            needed = any(code in verdict.refused for code in snapshot_codes(extract))
            wanted = tuple(m for m in wanted if needed and str(m) in verdict.snapshots)
        if month is None or not wanted or not codes_for(rows, extract):
            return Contradictions()
        return contradictions(
            self.engine, rows, extract, month, {m: self._kept(m) for m in wanted if self._has(m)}
        )

    def _has(self, month: Month) -> bool:
        if self.verdicts is None:
            return bool(files_of(self.root, _SNAPSHOTS, month))
        return verdict_file(self.verdicts, _SNAPSHOTS, month).is_file()

    def _kept(self, month: Month) -> ir.Table:
        rows = load_kept(self.engine, self.root, _SNAPSHOTS, [month], verdicts=self.verdicts)
        if rows is None:
            raise DataRefused(
                f"subscribers of {month} has a verdict but no files: run the stages inventory and "
                "check again"
            )
        return rows


def kept_rows(
    engine: Engine,
    table: ir.Table,
    extract: Extract,
    month: Month | None,
    verdict: Verdict | None = None,
    closing: Closing | None = None,
) -> ir.Table:
    """The rows that count: refused rows and duplicates removed, unknown values null.

    Args:
        engine: where it runs (without a verdict, rules and duplicates are asked by queries of their
            own first).
        table: typed rows, see `read_typed`; marked by `Contradictions.mark` where snapshots say
            something against them.
        extract: its declaration.
        month: the partition; None for reference tables.
        verdict: what the check found; steps that it found needless are skipped.
        closing: also removes CDRs that were known only after their month was closed; None keeps
            them (a restatement).

    Returns:
        The declared columns, and `month` where rows have no time of their own.
    """
    if verdict is not None and verdict.late and closing is None:
        # The verdict says nothing of the late rows that a restatement takes in.
        verdict = None
    found = audit(engine, table, extract, month, closing) if verdict is None else verdict
    rows = table
    if found.refused or FORGOTTEN_ROW in rows.columns:
        rows = rows.filter(refusal(rows, extract, month).isnull())
    late = late_rows(rows, extract, month, closing) if found.late else None
    if late is not None:
        rows = rows.filter(~late)
    rows = rows.select(columns_of(extract))
    if verdict is None or verdict.duplicates:
        delay = closing.reporting_delay_hours if closing else 0.0
        rows = without_duplicates(engine, rows, extract, delay)
    return known_values(rows, extract, found.unknown)


def known_values(rows: ir.Table, extract: Extract, unknown: Collection[str]) -> ir.Table:
    """Values outside their list as null, in the columns named by `unknown`."""
    tests = {name: t for name, t in unknown_values(rows, extract).items() if name in unknown}
    if not tests:
        return rows
    null = ibis.null("string")
    return rows.mutate(**{name: ibis.ifelse(t, null, rows[name]) for name, t in tests.items()})


def load_kept(
    engine: Engine,
    root: Path,
    name: str,
    months: Sequence[Month],
    *,
    verdicts: Path | None = None,
    closing: Closing | None = None,
) -> ir.Table | None:
    """Kept rows of an extract over several months, or of a reference table.

    Rows that the snapshots contradict are left out too, see `check.snapshots`, and so is whoever is
    to be forgotten, see `check.forgotten`.

    Args:
        engine: where it runs.
        root: the extracts' root.
        name: the extract.
        months: the months to read; ignored for reference tables.
        verdicts: the check's output folder, so that clean months cost nothing more than reading.
        closing: see `kept_rows`.

    Returns:
        The rows of the months that have files; None when no month has.

    Raises:
        DataRefused: names file, column, what was expected and what was found.
    """
    extract = EXTRACTS[name]
    parts: list[Month | None] = [*months] if extract.monthly else [None]
    found = {m: layouts(files_of(root, name, m), extract) for m in parts}
    found = {m: f for m, f in found.items() if f}
    if not found:
        return None
    # One type over all months: an id column that a month lacks takes that of the others.
    classes = id_classes([layout for f in found.values() for layout in f], extract)
    snapshots = Snapshots(engine, root, verdicts)
    tables = []
    for month, layout in found.items():
        table = read_layouts(engine, layout, extract, month, classes=classes)
        verdict = None if verdicts is None else read_verdict(verdicts, name, month)
        if verdicts is not None and verdict is not None:
            require_list(verdicts, verdict.refused, f"{name} {month or ''}".strip())
        table = find_forgotten(engine, table, extract, verdicts).mark(table)
        table = snapshots.against(table, extract, month, verdict).mark(table, extract, month)
        tables.append(kept_rows(engine, table, extract, month, verdict, closing))
    return tables[0] if len(tables) == 1 else ibis.union(*tables)

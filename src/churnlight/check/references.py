"""References between extracts: values of a column that stand in no row of the extract they name.

They are counted, and their rows kept: snapshots and reference tables may cover a part of the base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import ibis.expr.types as ir

from churnlight.check.audit import LOST
from churnlight.check.rows import load_kept
from churnlight.check.snapshots import Contradictions
from churnlight.columns import is_given
from churnlight.engine import Engine
from churnlight.schema import EXTRACTS, Extract


@dataclass(frozen=True)
class Targets:
    """The values there are for the columns of an extract that refer to another one.

    Attributes:
        values: by column, a table of the values that it may hold.
        not_judged: codes of the columns whose extract is there, with ids of another type.
    """

    values: Mapping[str, ir.Table] = field(default_factory=dict)
    not_judged: tuple[str, ...] = ()

    def mark(self, rows: ir.Table) -> ir.Table:
        """Rows with a column `lost_<column>`: whether a value is given and stands nowhere."""
        for column, values in self.values.items():
            there = values.select(**{LOST: values[column]}).distinct()
            joined = rows.left_join(there, rows[column] == there[LOST])
            lost = joined[column].notnull() & joined[LOST].isnull()
            rows = joined.mutate(**{f"{LOST}{column}": lost}).drop(LOST)
        return rows


def targets(
    engine: Engine, root: Path, rows: ir.Table, extract: Extract, against: Contradictions
) -> Targets:
    """What the columns of an extract's month may refer to.

    Args:
        engine: where it runs.
        root: the extracts' root, with the reference tables.
        rows: typed rows of the month.
        extract: its declaration.
        against: what the snapshots say, with the ids that they have.
    """
    values: dict[str, ir.Table] = {}
    odd = []
    for reference in extract.references:
        name, column = reference.extract, reference.column
        if not is_given(rows, column):
            continue
        there = against.ids if EXTRACTS[name].monthly else load_kept(engine, root, name, [])
        if there is None:
            continue
        if there[column].type().is_string() != rows[column].type().is_string():
            odd.append(f"{column}_lost")
            continue
        values[column] = there.select(column)
    return Targets(values, tuple(odd))

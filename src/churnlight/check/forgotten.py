"""Who is to be forgotten leaves no trace: own rows are refused, other people's rows lose the id.

Asked of every extract and month by everything that reads rows, so that nobody comes back. Where
nobody is to be forgotten it costs nothing; else the distinct ids of a month pass through this
process and are hashed, about a million a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.columns import is_given
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.schema import Extract
from churnlight.suppression import COPY, Suppression, folded, read_list, with_key

# The reason of a row that is refused because its subscriber is to be forgotten.
FORGOTTEN = "forgotten"

# A column of rows whose subscriber is to be forgotten.
FORGOTTEN_ROW = "forgotten_row"

_OWN = "subscriber_id"
# Where a row names somebody else. Numbers held before count among counterparts alone.
_COUNTERPART = "counterpart_id"
_ELSEWHERE = (_COUNTERPART, "account_id")


@dataclass(frozen=True)
class Forgotten:
    """The ids of one extract's month that are to be forgotten; they never leave this process.

    Attributes:
        own: subscribers whose rows are refused.
        elsewhere: by column: ids that read as null in the rows of others.
    """

    own: Sequence[Any] = field(default=(), repr=False)
    elsewhere: Mapping[str, Sequence[Any]] = field(default_factory=dict, repr=False)

    def mark(self, rows: ir.Table) -> ir.Table:
        """Rows with the column that `rules.refusal` reads, and without the ids elsewhere."""
        hidden = {n: _without(rows[n], ids) for n, ids in self.elsewhere.items()}
        if self.own:
            hidden[FORGOTTEN_ROW] = rows[_OWN].isin(self.own)
        return rows.mutate(**hidden) if hidden else rows

    def redact(self, cells: ir.Table) -> ir.Table:
        """Cells of text, as they stand in the files, without the ids elsewhere."""
        hidden = {
            name: ibis.ifelse(
                cells[name].re_replace("^ +| +$", "").lower().isin([folded(i) for i in ids]),
                ibis.null("string"),
                cells[name],
            )
            for name, ids in self.elsewhere.items()
        }
        return cells.mutate(**hidden) if hidden else cells


def find_forgotten(
    engine: Engine, rows: ir.Table, extract: Extract, verdicts: Path | None
) -> Forgotten:
    """Look for those who are to be forgotten (runs a query a column where there are any).

    Args:
        engine: where it runs.
        rows: typed rows, see `read_typed`.
        extract: its declaration.
        verdicts: the check's output with its copy of the list; None: nobody is looked for.

    Raises:
        UsageError: when there is a list and its key is missing or another.
    """
    known = None if verdicts is None else with_key(read_list(verdicts / COPY))
    if known is None or _OWN not in extract.by_name:
        return Forgotten()
    columns = [c for c in _ELSEWHERE if c in extract.by_name and is_given(rows, c)]
    found = {c: _among(engine, rows[c], known, counterparts=c == _COUNTERPART) for c in columns}
    return Forgotten(
        own=_among(engine, rows[_OWN], known, counterparts=False),
        elsewhere={name: ids for name, ids in found.items() if ids},
    )


def require_list(verdicts: Path, refused: Mapping[str, int], what: str) -> None:
    """Hold a verdict that found somebody to forget to a list that says whom.

    Raises:
        DataRefused: when there is none: they would come back.
    """
    if FORGOTTEN in refused and not read_list(verdicts / COPY):
        raise DataRefused(
            f"{what}: the check refused rows of subscribers who are to be forgotten, but "
            f"{verdicts / COPY} does not say whom: run the stages inventory and check again"
        )


def _among(engine: Engine, ids: Any, known: Suppression, *, counterparts: bool) -> list[Any]:
    distinct = ids.as_table().distinct()
    values = engine.arrow(distinct)[0].drop_null().combine_chunks()
    return sorted(known.among(values, counterparts=counterparts))


def _without(ids: Any, gone: Sequence[Any]) -> Any:
    return ibis.ifelse(ids.isin(gone), ibis.null(ids.type()), ids)

"""The mart `volume`: how many rows came a day, kind and direction, and what they lacked."""

from __future__ import annotations

import ibis.expr.types as ir

from churnlight.columns import is_given
from churnlight.marts.events import Counter

KEY = ("day", "kind", "direction")

# Each count of nulls, and the column it looks at.
NULLS = {
    "counterpart_null_count": "counterpart_id",
    "duration_null_count": "duration_s",
    "network_null_count": "counterpart_network",
    "cell_null_count": "cell_id",
}
COLUMNS = (*KEY, "rows_count", "events_count", *NULLS)


def volume(events: ir.Table, *, weighted: bool) -> ir.Table:
    """Count rows, events and nulls by day, kind and direction.

    Args:
        events: rows of `churnlight.marts.events.prepare`.
        weighted: whether the column `events` counts.

    Returns:
        Columns `COLUMNS`; the definitions stand in docs/marts.md.
    """
    keyed = events.mutate(day=events["started_at"].date())
    rows = keyed.count().cast("int64")
    given = {name: column for name, column in NULLS.items() if is_given(events, column)}
    counted = keyed.group_by(list(KEY)).aggregate(
        rows_count=rows,
        events_count=Counter(keyed, weighted).of(),
        **{name: rows - keyed[column].count().cast("int64") for name, column in given.items()},
    )
    lacking = {name: counted["rows_count"] for name in NULLS if name not in given}
    return counted.mutate(**lacking).select(*COLUMNS)

"""What was known of the months before an as_of, for the few subscribers who get a card."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from churnlight.engine import Engine
from churnlight.known import as_known
from churnlight.marts.reading import MonthlyMarts
from churnlight.population.labels import cents
from churnlight.population.standing import surely, yes
from churnlight.schema import BILLING
from churnlight.timeline import Moment, Month

MONTHS = 12
COLUMNS = ("subscriber_id", "month", "bill_money", "voice_out_min", "contacts_count")
ID = "subscriber_id"


def history_months(at: Moment) -> tuple[Month, ...]:
    """The months that a card looks back on, oldest first; T is not one of them."""
    return tuple(at.month - back for back in range(MONTHS, 0, -1))


def read_history(
    engine: Engine,
    marts: MonthlyMarts,
    billing: ir.Table | None,
    at: Moment,
    people: pd.DataFrame,
) -> pd.DataFrame:
    """Bill, outgoing minutes and size of the calling circle, month by month.

    Only whole months since the present activation: what an id did before, or in a month that it
    may have shared with a forerunner, is somebody else's.

    Args:
        engine: where it runs.
        marts: the monthly marts; months from T on are not looked at, whatever there is.
        billing: kept bills of `history_months`; cut here by what was known before the cutoff.
        at: the as_of.
        people: subscriber_id (unique) and activated_on of those to read.

    Returns:
        One row a subscriber and month, sorted by both: subscriber_id, month ("YYYY-MM"),
        bill_money (null: no bill known), voice_out_min and contacts_count (0: nothing happened;
        null: no mart of that month).
    """
    months = history_months(at)
    grid = _grid(people, months)
    if not grid.num_rows:
        return grid.to_pandas().reindex(columns=list(COLUMNS))
    wanted = engine.upload(grid)
    table = wanted
    for name, column in (("usage", "voice_out_s"), ("circle", "contacts_count")):
        table = _with_mart(table, marts.table(name, months), column)
    table = _with_bills(table, billing, at)
    rows = engine.arrow(
        table.select(ID, "month", "bill_cents", "voice_out_s", "contacts_count").order_by(
            ID, "month"
        )
    ).to_pandas()
    return rows.assign(
        bill_money=rows["bill_cents"].astype(float) / 100,
        voice_out_min=rows["voice_out_s"].astype(float) / 60,
        contacts_count=rows["contacts_count"].astype(float),
    )[list(COLUMNS)]


def _grid(people: pd.DataFrame, months: tuple[Month, ...]) -> pa.Table:
    """A row a subscriber and whole month since the activation."""
    rows = []
    for subscriber, activated in zip(people[ID], people["activated_on"], strict=True):
        since = None if pd.isna(activated) else pd.Timestamp(activated)
        rows += [(subscriber, str(m)) for m in months if since is None or since <= m.start]
    ids = pa.array([r[0] for r in rows]) if rows else pa.array([], pa.string())
    return pa.table({ID: ids, "month": pa.array([r[1] for r in rows], pa.string())})


def _with_mart(table: ir.Table, mart: ir.Table | None, name: str) -> ir.Table:
    if mart is None or name not in mart.columns:
        return table.mutate(**{name: ibis.null("int64")})
    values = mart.select(key_id=mart[ID], key_month=mart["month"], value=mart[name], found=yes())
    there = mart.select(mart_month=mart["month"], covered=yes()).distinct()
    joined = table.left_join(
        values, [table[ID] == values["key_id"], table["month"] == values["key_month"]]
    )
    joined = joined.left_join(there, joined["month"] == there["mart_month"])
    # In a month with a mart, no row means that nothing happened.
    nothing = surely(joined["covered"]) & ~surely(joined["found"])
    filled = nothing.ifelse(ibis.literal(0, "int64"), joined["value"].cast("int64"))
    return joined.mutate(**{name: filled}).drop(
        "key_id", "key_month", "mart_month", "covered", "found", "value"
    )


def _with_bills(table: ir.Table, billing: ir.Table | None, at: Moment) -> ir.Table:
    if billing is None:
        return table.mutate(bill_cents=ibis.null("int64"))
    known = as_known(billing, BILLING, as_of=at.as_of, cutoff=at.cutoff)
    bills = known.mutate(cents=cents(known))
    sums = bills.group_by(key_id=bills[ID], key_month=bills["month"]).agg(
        bill_cents=bills["cents"].sum().cast("int64")
    )
    return table.left_join(
        sums, [table[ID] == sums["key_id"], table["month"] == sums["key_month"]]
    ).drop("key_id", "key_month")

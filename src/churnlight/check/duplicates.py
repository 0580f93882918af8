"""Duplicate rows: which they are, and which of them stays.

Rows are duplicates when they agree in the extract's key; where a CDR has an event_id, in
subscriber and event_id (the rows of a call's two parties may carry one event_id); or else in every
declared column. The earliest known stays; ties go to the smallest row in column order.

Comparing whole rows is dear, so a cheap grouping first nominates the rows that may have a double.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.check.reading import columns_of
from churnlight.columns import is_given
from churnlight.engine import SOURCE_FILE, SOURCE_ROW, Engine
from churnlight.known import known_at
from churnlight.schema import Extract

DUPLICATE = "duplicate"
DUPLICATE_DIFFERS = "duplicate_differs"

_EVENT = "event_id"


def nominate(engine: Engine, rows: ir.Table, extract: Extract) -> ir.Table:
    """Values that more than one row shares, so that these rows may be duplicates (runs a query).

    Returns:
        A table of the engine with columns k0, k1, ..., to hand to `suspects`.
    """
    keyed = rows.select(**_nominating(rows, extract))
    names = list(keyed.columns)
    counted = keyed.group_by(names).aggregate(rows_sharing=lambda t: t.count())
    return engine.cache(counted.filter(counted.rows_sharing > 1).select(names))


def suspects(rows: ir.Table, extract: Extract, nominated: ir.Table) -> ir.Table:
    """The rows that `nominate` named."""
    return rows.semi_join(nominated, _predicates(rows, extract, nominated))


def without_duplicates(engine: Engine, rows: ir.Table, extract: Extract, delay: float) -> ir.Table:
    """Rows without their duplicates (runs queries); see `mark_duplicates`.

    The few rows that have a double are judged once and kept at hand, so that what reads the result
    again reads the files once each time.
    """
    nominated = nominate(engine, rows, extract)
    if engine.arrow(nominated.limit(1)).num_rows == 0:
        return rows
    marked = engine.cache(mark_duplicates(suspects(rows, extract, nominated), extract, delay))
    if engine.arrow(marked.filter(marked[DUPLICATE].notnull()).limit(1)).num_rows == 0:
        return rows
    alone = rows.anti_join(nominated, _predicates(rows, extract, nominated))
    stay = marked.filter(marked[DUPLICATE].isnull()).select(rows.columns)
    # What the files lack stays recognisable as lacking.
    lacking = {c: ibis.null(rows[c].type()) for c in rows.columns if not is_given(rows, c)}
    stay = stay.mutate(**lacking) if lacking else stay
    # A table of the engine names the precision of its times, a file's expression does not.
    return ibis.union(alone, stay.select(alone.columns).cast(alone.schema()))


def mark_duplicates(rows: ir.Table, extract: Extract, delay_hours: float) -> ir.Table:
    """Add `duplicate`: null for rows that stay, else `duplicate` or `duplicate_differs`.

    A row equal to another one is `duplicate`; one that shares only the key with the row that
    stays is `duplicate_differs`.

    Args:
        rows: typed rows that no rule refuses; with `source_file` and `source_row` where the caller
            needs to know which of two equal rows it is.
        extract: its declaration.
        delay_hours: reporting delay of CDRs, in hours.
    """
    columns = columns_of(extract)
    by_source = [c for c in (SOURCE_FILE, SOURCE_ROW) if c in rows.columns]
    order = [rows[c].asc(nulls_first=False) for c in (*columns, *by_source)]
    if extract.monthly:
        order.insert(0, known_at(rows, extract, delay_hours).asc())
    ranked = rows.mutate(
        key_rank=_rank([*_key(rows, extract).values()], order),
        copy_rank=_rank([rows[c] for c in columns], order),
    )
    reason = ibis.cases(
        (ranked.key_rank == 0, ibis.null("string")),
        (ranked.copy_rank > 0, ibis.literal(DUPLICATE)),
        else_=ibis.literal(DUPLICATE_DIFFERS),
    )
    return ranked.mutate(**{DUPLICATE: reason}).drop("key_rank", "copy_rank")


def _rank(group: list[Any], order: list[Any]) -> Any:
    return ibis.row_number().over(ibis.window(group_by=group, order_by=order))


def _key(rows: ir.Table, extract: Extract) -> dict[str, Any]:
    """What duplicates have in common."""
    if extract.key:
        return {c: rows[c] for c in extract.key}
    if not is_given(rows, _EVENT):
        return {c: rows[c] for c in columns_of(extract)}
    given = rows[_EVENT].notnull()
    always = {"subscriber_id", _EVENT}
    return {
        c: rows[c] if c in always else ibis.ifelse(given, ibis.null(rows[c].type()), rows[c])
        for c in columns_of(extract)
    }


def _nominating(rows: ir.Table, extract: Extract) -> dict[str, Any]:
    """Few columns that all duplicates share: subscriber and time, where nothing better is known."""
    if extract.key or extract.happened is None:
        names = extract.key or tuple(
            c.name for c in extract.columns if c.required or c.kind == "id"
        )
        values = [rows[c] for c in names]
    elif is_given(rows, _EVENT):
        happened = rows[extract.happened]
        time = ibis.ifelse(rows[_EVENT].isnull(), happened, ibis.null("timestamp"))
        values = [rows.subscriber_id, rows[_EVENT], time]
    else:
        values = [rows.subscriber_id, rows[extract.happened]]
    return {f"k{i}": value for i, value in enumerate(values)}


def _predicates(rows: ir.Table, extract: Extract, nominated: ir.Table) -> list[Any]:
    return [
        value.identical_to(nominated[name]) for name, value in _nominating(rows, extract).items()
    ]

"""What pricing found, in counts: for the report, and for whoever must trust it."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.params.tariff import LEVELS
from churnlight.tariffs.choosing import GUARDS, INCENTIVES
from churnlight.tariffs.plans import Book
from churnlight.tariffs.standing import STATUSES, at_most

# Bills count as reproduced within a cent, and within these shares of the actual bill.
_WITHIN = {"within_1_percent": 0.01, "within_5_percent": 0.05}


def summary_of(engine: Engine, sums: ir.Table, months: ir.Table, book: Book) -> dict[str, Any]:
    """Count what was priced and proposed.

    Args:
        engine: where the tables are.
        sums: see `choosing.chosen`.
        months: see `months.reproduced`.
        book: the tariff book.

    Returns:
        `left_out` (None), `plans_sold`, `plans_left_out` (by reason), `level_begins_money`;
        `status`: members by status; `reproduction` of the bills whose plan is known, whatever the
        status: bills, exact, within_cent, within_1_percent, within_5_percent (and plan_unknown,
        which are not in it); `matching` and `incentive`: by guard, `members` and `change_money` (a
        month, all together); `levels`: members a fee level, of the present, the matching and the
        incentive fee.
    """
    return {
        "left_out": None,
        "plans_sold": len(book.sold),
        "plans_left_out": dict(book.left_out),
        "level_begins_money": [cut / 100 for cut in book.cuts],
        "status": _counts(engine, sums, "status", STATUSES),
        "reproduction": _reproduction(engine, months),
        "matching": _moves(engine, sums, "matching", GUARDS),
        "incentive": _moves(engine, sums, "incentive", INCENTIVES),
        "levels": {
            name: _counts(engine, sums, column, range(1, LEVELS + 1))
            for name, column in (
                ("present", "fee_level"),
                ("matching", "matching_fee_level"),
                ("incentive", "incentive_fee_level"),
            )
        },
    }


def _counts(engine: Engine, rows: ir.Table, column: str, values: Any) -> dict[str, int]:
    found = engine.arrow(rows.group_by(column).aggregate(rows_count=rows.count())).to_pylist()
    by_value = {row[column]: int(row["rows_count"]) for row in found}
    return {str(value): by_value.get(value, 0) for value in values}


def _moves(engine: Engine, rows: ir.Table, name: str, values: Any) -> dict[str, Any]:
    """Members and change of revenue a month by guard."""
    guard = f"{name}_guard"
    # Thousandths of a cent, so that means over months add up the same in any order.
    change = (rows[f"{name}_change"].cast("float64") * 1000.0 / rows["n"].nullif(0)).round()
    marked = rows.select(guard, change=change.cast("int64").fill_null(0))
    grouped = marked.group_by(guard).aggregate(
        rows_count=marked.count(), change=marked["change"].sum()
    )
    found = {row[guard]: row for row in engine.arrow(grouped).to_pylist()}
    return {
        value: {
            "members": int(found[value]["rows_count"]) if value in found else 0,
            "change_money": int(found[value]["change"]) / 100_000 if value in found else 0.0,
        }
        for value in values
    }


def _reproduction(engine: Engine, months: ir.Table) -> dict[str, int]:
    actual, rated = months["actual_cents"], months["rated_cents"]
    apart = (rated - actual).abs()
    flags = {
        "bills": rated.notnull(),
        "exact": apart == 0,
        "within_cent": apart <= 1,
        **{name: at_most(apart, share, actual) | (apart <= 1) for name, share in _WITHIN.items()},
        "plan_unknown": rated.isnull(),
    }
    rows = months.select(
        **{
            name: ibis.coalesce(flag, ibis.literal(value=False)).cast("int64")
            for name, flag in flags.items()
        }
    )
    found = engine.arrow(rows.aggregate(**{name: rows[name].sum() for name in flags})).to_pylist()[
        0
    ]
    return {name: int(found[name] or 0) for name in flags}

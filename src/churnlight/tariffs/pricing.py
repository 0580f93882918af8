"""One row a subscriber: what the present plan costs, which one fits, and which is the next up.

Sums are whole cents over the subscriber's billed months, so no order of adding matters; the means
that come out are those sums over the number of months.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.identity import ID
from churnlight.params.tariff import TariffParams
from churnlight.tariffs.choosing import ALLOWED, chosen
from churnlight.tariffs.months import billed_months, reproduced
from churnlight.tariffs.plans import read_book
from churnlight.tariffs.rating import Rating
from churnlight.tariffs.standing import PRICED, standing
from churnlight.tariffs.summing import summary_of
from churnlight.tariffs.use import MART_STEPS, use_of_cdrs, use_of_marts
from churnlight.timeline import Moment

__all__ = ["ALLOWED", "COLUMNS", "Priced", "Settings", "price"]

# What comes out, in order; amounts a month. See docs/tariffs.md.
COLUMNS = (
    ID,
    "status",
    "months_count",
    "plan_id",
    "fee_level",
    "fee_money",
    "actual_bill_money",
    "present_bill_money",
    "other_money",
    "misfit_money",
    "voice_min",
    "messages_count",
    "data_mb",
    "matching_plan_id",
    "matching_fee_level",
    "matching_fee_money",
    "matching_bill_money",
    "matching_change_money",
    "matching_covers",
    "matching_guard",
    "incentive_plan_id",
    "incentive_fee_level",
    "incentive_fee_money",
    "incentive_bill_money",
    "incentive_allowance_money",
    "incentive_change_money",
    "incentive_guard",
)


@dataclass(frozen=True)
class Settings:
    """What pricing goes by.

    Attributes:
        tariff: the section `tariff`.
        reporting_delay_hours: `time.reporting_delay_hours`.
    """

    tariff: TariffParams
    reporting_delay_hours: float = 0.0


@dataclass(frozen=True)
class Priced:
    """What pricing found.

    Attributes:
        table: `COLUMNS`, one row a member; write it sorted by subscriber_id. None: left out.
        summary: counts for the report, see `summing.summary_of`; where pricing was left out, only
            `left_out` (no_plans, no_billing, no_activity, no_plan_sold) and `plans_left_out`.
    """

    table: ir.Table | None
    summary: Mapping[str, Any]


def price(
    engine: Engine,
    sources: Mapping[str, ir.Table],
    members: ir.Table,
    at: Moment,
    settings: Settings,
) -> Priced:
    """Work out every member's bill under every plan, and what may be proposed.

    Args:
        engine: where it runs.
        sources: kept rows of the window's months, by extract: `subscribers`; `plans`, `billing` and
            `cdr` (or `usage` with `month`) where there are. Cut here to what was known.
        members: subscriber_id (unique) and activated_on of the cohort (data/labels has both); with
            `tier`, those in `tariff.need_tiers` are in need.
        at: the as_of.
        settings: see `Settings`.

    Raises:
        DataRefused: when ids of plans are numbers in one extract and text in another.
    """
    if (reason := _lacking(sources)) is not None:
        return Priced(None, {"left_out": reason, "plans_left_out": {}})
    params = settings.tariff
    _hold_ids(sources)
    book = read_book(engine, sources["plans"], at, params)
    if "cdr" not in sources:
        book = book.only(MART_STEPS)
    if not book.sold:
        return Priced(None, {"left_out": "no_plan_sold", "plans_left_out": dict(book.left_out)})
    if "cdr" in sources:
        delay = settings.reporting_delay_hours
        use = use_of_cdrs(sources["cdr"], members, at, book.steps, params, delay)
    else:
        use = use_of_marts(sources["usage"], members, at)
    rating = Rating(engine, at, book, book.steps, params)
    months = billed_months(members, sources, engine.cache(use), at)
    months = engine.cache(reproduced(rating, months))
    present = engine.cache(standing(rating, members, months, sources))
    sums = engine.cache(chosen(rating, present, months))
    return Priced(_output(sums), summary_of(engine, sums, months, book))


def _lacking(sources: Mapping[str, ir.Table]) -> str | None:
    if "plans" not in sources:
        return "no_plans"
    if "billing" not in sources:
        return "no_billing"
    return None if {"cdr", "usage"} & set(sources) else "no_activity"


def _hold_ids(sources: Mapping[str, ir.Table]) -> None:
    kinds = {
        name: "numbers" if sources[name]["plan_id"].type().is_integer() else "text"
        for name in ("plans", "subscribers")
    }
    if kinds["plans"] != kinds["subscribers"]:
        raise DataRefused(
            f"plan_id holds {kinds['plans']} in plans and {kinds['subscribers']} in subscribers: "
            "write one type in both"
        )


def _output(row: ir.Table) -> ir.Table:
    """Sums as means a month, cents as money, in the order of `COLUMNS`."""
    able, n = row["status"] == PRICED, row["n"].nullif(0).cast("float64")

    def mean(name: str, unit: float) -> ir.FloatingValue:
        return row[name].cast("float64") / (n * ibis.literal(unit, "float64"))

    def money(cents: ir.IntegerValue) -> ir.FloatingValue:
        return cents.cast("float64") / ibis.literal(100.0, "float64")

    columns: dict[str, Any] = {
        "months_count": row["n"],
        "fee_money": money(row["fee_cents"]),
        "actual_bill_money": mean("actual", 100.0),
        "present_bill_money": ibis.ifelse(able, mean("present", 100.0), None),
        "other_money": mean("other", 100.0),
        "misfit_money": row["misfit"].cast("float64")
        / (row["compared_n"].nullif(0).cast("float64") * ibis.literal(100.0, "float64")),
        "voice_min": mean("voice_s", 60.0),
        "messages_count": mean("messages_count", 1.0),
        "data_mb": mean("data_kb", 1024.0),
        "incentive_allowance_money": money(row["incentive_allowance"]),
    }
    for name in ("matching", "incentive"):
        columns[f"{name}_fee_money"] = money(row[f"{name}_fee_cents"])
        columns[f"{name}_bill_money"] = mean(f"{name}_bill", 100.0)
        columns[f"{name}_change_money"] = mean(f"{name}_change", 100.0)
    return row.select(**{name: columns[name] if name in columns else row[name] for name in COLUMNS})

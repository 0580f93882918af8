"""What a plan charges for a month's use: whole numbers in, whole cents out.

    voice   billed seconds beyond the allowance, by started billing steps, at the price of a minute
    sms     messages beyond the allowance
    data    started units beyond the allowance, at the price of a MB

Each charge is worked out exactly, in millionths of the currency over a divisor, and rounded to the
cent once. Quotients of whole numbers are exact below 2**53 although engines divide floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.params.tariff import TariffParams
from churnlight.tariffs.plans import KB_PER_MB, Book
from churnlight.timeline import Moment

# Millionths of the currency in a cent.
_PER_CENT = 10_000


@dataclass(frozen=True)
class Rating:
    """What bills are worked out with.

    Attributes:
        engine: where.
        at: the as_of.
        book: the tariff book.
        steps: billing steps by which the use is counted.
        params: the section `tariff`.
    """

    engine: Engine
    at: Moment
    book: Book
    steps: tuple[int, ...]
    params: TariffParams


@dataclass(frozen=True)
class Use:
    """A month's use that is charged.

    Attributes:
        billed_s: each call's seconds rounded up to the plan's billing step, added up.
        messages: messages.
        kb: data in KB (1,024 bytes), the month's bytes rounded up.
    """

    billed_s: ir.IntegerValue
    messages: ir.IntegerValue
    kb: ir.IntegerValue


def billed_seconds(steps: tuple[int, ...], use: ir.Table, step_s: ir.IntegerValue) -> Any:
    """The column of `use` that counts by a plan's billing step."""
    return ibis.cases(*((step_s == step, use[voice_column(step)]) for step in steps), else_=0)


def voice_column(step_s: int) -> str:
    """Name of the column with billed seconds of a billing step."""
    return f"voice_billed_{step_s}_s"


def grown(use: Use, growth: float) -> Use:
    """A use that has grown by a share, taken to the thousandth and rounded down."""
    thousandths = 1000 + round(growth * 1000)
    return Use(*(each * thousandths // 1000 for each in (use.billed_s, use.messages, use.kb)))


def charges_cents(
    use: Use, plan: Mapping[str, ir.IntegerValue] | ir.Table, params: TariffParams
) -> ir.IntegerValue:
    """What a month's use costs beyond the fee, in cents.

    Args:
        use: the use, billed by the plan's step.
        plan: the terms of `plans.Plan` by name.
        params: rounding, and the unit by which data is charged.
    """
    step, unit = plan["step_s"], params.data_unit_kb
    steps = _up(_beyond(use.billed_s, plan["free_s"]), step)
    messages = _beyond(use.messages, plan["free_messages"])
    kb = _up(_beyond(_up(use.kb, unit) * unit, plan["free_kb"]), unit) * unit
    return (
        _cents(steps * step * plan["voice_micro"], 60 * _PER_CENT, params)
        + _cents(messages * plan["sms_micro"], _PER_CENT, params)
        + _cents(kb * plan["data_micro"], KB_PER_MB * _PER_CENT, params)
    )


def _beyond(used: ir.IntegerValue, free: ir.IntegerValue) -> ir.IntegerValue:
    return ibis.greatest(used - free, ibis.literal(0, "int64"))


def _up(value: ir.IntegerValue, unit: ir.IntegerValue | int) -> ir.IntegerValue:
    """Number of started units."""
    return (value + unit - 1) // unit


def _cents(value: ir.IntegerValue, divisor: int, params: TariffParams) -> ir.IntegerValue:
    match params.rounding:
        case "down":
            return value // divisor
        case "up":
            return _up(value, divisor)
        case "half_up":
            return (value * 2 + divisor) // (2 * divisor)

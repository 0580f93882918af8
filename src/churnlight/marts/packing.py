"""Several totals added up as one integer, because each aggregate of a group costs memory traffic.

The counts and seconds of an edge are small, so three counts, or two sums of seconds, share the bits
of one 64-bit sum. An unpacked total stands beside them and tells afterwards whether they fitted:
none of them is negative, so none exceeds the total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

# Three counts, or two sums of seconds, in the 63 bits that a positive integer has.
COUNT_BITS = 21
SECONDS_BITS = 31


def pack_counts(action: ir.IntegerValue, places: Mapping[int, int]) -> ir.IntegerValue:
    """Count a row in the place of its action.

    Args:
        action: code of each row.
        places: place in the sum (0, 1 or 2) of each action that counts.

    Returns:
        What to add up, 0 for other actions.
    """
    units = [(code, _unit(place, COUNT_BITS)) for code, place in places.items()]
    return action.cases(*units, else_=ibis.literal(0, "int64"))


def pack_flag(flag: ir.BooleanValue, place: int) -> ir.IntegerValue:
    """Count the rows with a flag in a place."""
    return ibis.ifelse(flag, _unit(place, COUNT_BITS), ibis.literal(0, "int64"))


def pack_seconds(
    action: ir.IntegerValue, seconds: ir.IntegerValue, places: Mapping[int, int]
) -> ir.IntegerValue:
    """Seconds of a row in the place (0 or 1) of its action; null for other actions.

    Seconds that would not fit alone are left out: the total beside will tell.
    """
    fits = seconds < 2**SECONDS_BITS
    return ibis.cases(
        *(
            ((action == code) & fits, seconds * _unit(place, SECONDS_BITS))
            for code, place in places.items()
        ),
        else_=ibis.null("int64"),
    )


def unpack(total: ir.IntegerValue, bits: int, names: Sequence[str]) -> dict[str, ir.IntegerValue]:
    """Split a sum into its totals, the one in place 0 first."""
    mask = 2**bits - 1
    return {
        name: (total >> (place * bits)) & mask if place else total & mask
        for place, name in enumerate(names)
    }


def fitted(totals: ir.Table) -> ir.BooleanScalar:
    """Whether no group's totals, `events_count` and `voice_s`, exceed what was packed."""
    events = totals["events_count"].max().fill_null(0) < 2**COUNT_BITS
    return events & (totals["voice_s"].max().fill_null(0) < 2**SECONDS_BITS)


def _unit(place: int, bits: int) -> ir.IntegerScalar:
    return ibis.literal(2 ** (place * bits), "int64")

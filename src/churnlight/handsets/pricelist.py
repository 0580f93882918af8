"""The price list of handsets as known at an as_of: brand, system and price band of each model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.handsets.features import GENERATION, PRESENT, PRICE
from churnlight.known import as_known
from churnlight.params.handset import HandsetParams
from churnlight.schema import HANDSETS
from churnlight.tariffs.months import cents
from churnlight.timeline import Moment

# What is foreseen of the next handset, in order.
TARGETS = ("brand", "price_band", "os")
NEXT = "next_"


@dataclass(frozen=True)
class PriceList:
    """Models that were on sale before as_of.

    Attributes:
        table: handset_id (unique), brand, os, price_cents, price_band (1 is the cheapest),
            generation.
        cuts: prices in cents at which bands 2 and up begin.
        sizes: models in each band.
        targets: those of `TARGETS` that any model has.
    """

    table: ir.Table
    cuts: tuple[int, ...]
    sizes: tuple[int, ...]
    targets: tuple[str, ...]

    def bands(self) -> list[dict[str, Any]]:
        """The bands for people: from_money, below_money (None: open), models."""
        begins = [0.0, *(cut / 100 for cut in self.cuts)]
        ends = [*begins[1:], None]
        rows = enumerate(zip(begins, ends, self.sizes, strict=True), start=1)
        return [
            {"price_band": band, "from_money": begin, "below_money": end, "models": size}
            for band, (begin, end, size) in rows
        ]

    def describe(self, rows: ir.Table) -> ir.Table:
        """Add present_brand, present_os, present_price_band, and price and generation."""
        own = self.table.select(
            present_id="handset_id",
            **{PRESENT + name: self.table[name] for name in TARGETS},
            **{PRICE: self.table["price_cents"], GENERATION: self.table["generation"]},
        )
        return rows.left_join(own, rows["handset_id"] == own["present_id"]).drop("present_id")

    def describe_next(self, rows: ir.Table) -> ir.Table:
        """Add next_brand, next_price_band and next_os of next_handset_id."""
        bought = self.table.select(
            bought_id="handset_id", **{NEXT + name: self.table[name] for name in TARGETS}
        )
        joined = rows.left_join(bought, rows["next_handset_id"] == bought["bought_id"])
        return joined.drop("bought_id")


def read_prices(engine: Engine, handsets: ir.Table, at: Moment, params: HandsetParams) -> PriceList:
    """Read the reference table `handsets` as of an as_of.

    Args:
        engine: where the table is.
        handsets: its kept rows; models that were launched later are left out here.
        at: the as_of.
        params: the section `handset`.
    """
    known = as_known(handsets, HANDSETS, as_of=at.as_of, cutoff=at.cutoff)
    digit = known["network_generation"]
    generation = ibis.cases(*((digit.contains(str(g)), g) for g in (6, 5, 4, 3, 2)))
    price = cents(known["price"])
    rows = known.select(
        "handset_id",
        "brand",
        "os",
        price_cents=ibis.ifelse(price >= 0, price, ibis.null("int64")),
        generation=generation.cast("int64"),
    )
    # Unique by the check; should it not be, one of them, the same on every engine.
    rows = rows.group_by("handset_id").aggregate(
        **{name: rows[name].max() for name in ("brand", "os", "price_cents", "generation")}
    )
    listed = engine.arrow(rows.select("brand", "os", "price_cents"))
    prices = sorted(p for p in listed["price_cents"].to_pylist() if p is not None)
    cuts = _cuts(prices, params)
    band = sum(
        (ibis.ifelse(rows["price_cents"] >= cut, 1, 0) for cut in cuts), ibis.literal(1)
    ).cast("int64")
    known_price = rows["price_cents"].notnull()
    with_band = rows.mutate(price_band=ibis.ifelse(known_price, band, ibis.null("int64")))
    given = {name: listed[name].null_count < len(listed) for name in ("brand", "os")}
    given["price_band"] = bool(prices)
    return PriceList(
        table=engine.cache(with_band),
        cuts=cuts,
        sizes=_sizes(prices, cuts),
        targets=tuple(name for name in TARGETS if given[name]),
    )


def _cuts(prices: Sequence[int], params: HandsetParams) -> tuple[int, ...]:
    """As given, else at the models that part the list evenly; equal prices share a band."""
    if params.bands is not None:
        return tuple(round(price * 100) for price in params.bands)
    if not prices:
        return ()
    places = (-(-len(prices) * step // params.band_count) for step in range(1, params.band_count))
    begins = {prices[place] for place in places if place < len(prices)}
    return tuple(sorted(begins - {prices[0]}))


def _sizes(prices: Sequence[int], cuts: Sequence[int]) -> tuple[int, ...]:
    bands = [sum(price >= cut for cut in cuts) for price in prices]
    return tuple(bands.count(band) for band in range(len(cuts) + 1))

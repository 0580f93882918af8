"""What counts as a change, and what was known of the subscriber then: by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import ibis
import pyarrow as pa
import pytest
from handsets_world import LONG_AGO, World, table_of

from churnlight.engine import Engine
from churnlight.handsets.changes import UNKNOWN, age_group, number_of, pairs, shown, with_use
from churnlight.handsets.pricelist import read_prices
from churnlight.params.data import TimeParams
from churnlight.params.handset import HandsetParams
from churnlight.timeline import Month, moment

MAR, APR, MAY = Month(2025, 3), Month(2025, 4), Month(2025, 5)
AT = moment("2025-06-01", TimeParams())
OLD, NEW = date(2024, 4, 30), date(2025, 4, 10)


def found(engine: Engine, world: World, first: Month = MAR) -> dict[tuple[str, str], Any]:
    seen = shown(table_of(engine, "subscribers", world.rows["subscribers"]), AT)
    rows = engine.arrow(pairs(seen, number_of(first))).to_pylist()
    return {(row["subscriber_id"], row["month_no"] - number_of(MAR)): row for row in rows}


def test_what_is_a_change(engine: Engine) -> None:
    world = World(0)
    later = date(2025, 4, 20)
    for who, first, second in (
        ("other", ("a1", OLD, {}), ("b1", NEW, {})),
        ("same", ("a1", OLD, {}), ("a1", OLD, {})),
        ("same_model_again", ("a1", OLD, {}), ("a1", NEW, {})),
        ("put_right_backwards", ("a1", NEW, {}), ("a1", OLD, {})),
        ("since_unknown", ("a1", None, {}), ("a1", NEW, {})),
        ("recycled", ("a1", OLD, {}), ("b1", later, {"activated_on": later})),
        ("left", ("a1", OLD, {}), ("b1", NEW, {"status": "cancelled"})),
        ("handset_unknown", ("a1", OLD, {}), (None, None, {})),
    ):
        world.snapshot(who, MAR, first[0], first[1], **first[2])
        world.snapshot(who, APR, second[0], second[1], **second[2])
    world.snapshot("hole", MAR, "a1", OLD)
    world.snapshot("hole", MAY, "b1", NEW)
    changed = {who: row["changed"] for (who, _), row in found(engine, world).items()}
    assert changed == {
        "other": True,
        "same": False,
        "same_model_again": True,
        "put_right_backwards": False,
        "since_unknown": False,
    }
    row = found(engine, world)["other", 0]
    # From 30 April 2024 to the first day after March 2025.
    assert (row["handset_id"], row["next_handset_id"], row["handset_age_days"]) == ("a1", "b1", 336)


def test_only_known_snapshots_and_asked_months_count(engine: Engine) -> None:
    world = World(0)
    for month, handset in ((MAR, "a1"), (APR, "b1"), (MAY, "a2"), (MAY + 1, "b2")):
        world.snapshot("s", month, handset, OLD)
    # June is known on the first of July, after as_of.
    assert {place for _, place in found(engine, world)} == {0, 1}
    assert {place for _, place in found(engine, world, first=APR)} == {1}


@pytest.mark.parametrize(
    ("days", "group"), [(None, UNKNOWN), (0, 0), (182, 0), (183, 1), (364, 1), (365, 2), (9000, 10)]
)
def test_ages_are_grouped_by_half_years(engine: Engine, days: int | None, group: int) -> None:
    value = ibis.literal(days, "int64")
    row = engine.upload(pa.table({"x": [1]})).select(g=age_group(value, HandsetParams()))
    assert engine.arrow(row)["g"].to_pylist() == [group]


def test_spend_and_data_are_those_known_when_the_month_was_closed(engine: Engine) -> None:
    world = World(0)
    world.snapshot("s", MAY, "a1", OLD)
    world.snapshot("t", MAY, "a1", OLD, activated_on=date(2025, 4, 1))
    for who in "st":
        world.bill(who, MAR - 1, 900.0)  # before the window
        world.bill(who, MAR, 10.0)
        world.bill(who, APR, 21.0)
        world.bill(who, MAY, 500.0, billed_at=datetime(2025, 6, 6))  # closed on the sixth
        for month, size in ((MAR, 100.0), (APR, 50.0)):
            world.rows["usage"].append({"subscriber_id": who, "month": str(month), "data_mb": size})
    # Another's row, so that May has a mart.
    world.rows["usage"].append({"subscriber_id": "u", "month": str(MAY), "data_mb": 7.0})
    sources = world.sources(engine)
    seen = shown(sources["subscribers"], AT)
    rows = engine.arrow(with_use(seen, sources, [number_of(MAY)], TimeParams())).to_pylist()
    use = {row["subscriber_id"]: (row["spend_cents"], row["data_mb"]) for row in rows}
    # s: (10 + 21) / 2 and 150 MB in three months; t has been here for April and May only.
    assert use == {"s": (1550, 50), "t": (2100, 25)}


def test_nothing_is_known_without_bills_or_marts(engine: Engine) -> None:
    world = World(0)
    world.snapshot("s", MAY, "a1", OLD)
    sources = world.sources(engine)
    seen = shown(sources["subscribers"], AT)
    row = engine.arrow(with_use(seen, sources, [number_of(MAY)], TimeParams())).to_pylist()[0]
    assert (row["spend_cents"], row["data_mb"]) == (None, None)


def test_price_bands_part_the_list_evenly(engine: Engine) -> None:
    models = [
        {"handset_id": str(i), "brand": "X", "price": p, "launched_on": LONG_AGO}
        for i, p in enumerate([100.0, 100.0, 100.0, 200.0, 300.0, 300.0, 400.0, 500.0, None])
    ]
    future = {"handset_id": "f", "brand": "F", "os": "F", "price": 1.0}
    models.append(future | {"launched_on": date(2025, 6, 1)})
    table = table_of(engine, "handsets", models)
    prices = read_prices(engine, table, AT, HandsetParams(band_count=4))
    bands = {row["handset_id"]: row["price_band"] for row in engine.arrow(prices.table).to_pylist()}
    # Eight prices, so bands would begin at the third, fifth and seventh; the third is the first's.
    assert [bands[str(i)] for i in range(9)] == [1, 1, 1, 1, 2, 2, 3, 3, None]
    assert "f" not in bands
    assert prices.targets == ("brand", "price_band")
    assert [band["from_money"] for band in prices.bands()] == [0.0, 300.0, 400.0]
    given = read_prices(engine, table, AT, HandsetParams(bands=(100.0, 500.0)))
    assert given.sizes == (0, 7, 1)

"""A small operator whose subscribers change handset by a rule that is planted here."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from churnlight.engine import Engine
from churnlight.handsets import Preferred, Settings, prefer
from churnlight.params.data import TimeParams
from churnlight.params.handset import HandsetParams
from churnlight.timeline import Month, moment
from extract_tables import table_of

AS_OF = "2025-10-01"
FIRST = Month(2025, 1)
MONTHS = [FIRST + i for i in range(9)]
LONG_AGO = date(2020, 1, 1)
# id: brand, os, price
MODELS: Mapping[str, tuple[str, str, float]] = {
    "a1": ("Alpha", "Android", 1000.0),
    "a2": ("Alpha", "Android", 5000.0),
    "b1": ("Beta", "iOS", 1500.0),
    "b2": ("Beta", "iOS", 6000.0),
}
PARAMS = {"min_changes": 20, "min_leaf_rows": 10, "bootstrap": 50, "band_count": 2}
Row = dict[str, Any]


class World:
    """Rows by extract; `life` plants the rule."""

    def __init__(self, subscribers: int = 150, seed: int = 3) -> None:
        self.rows: dict[str, list[Row]] = {
            "subscribers": [],
            "billing": [],
            "usage": [],
            "handsets": [
                {"handset_id": k, "brand": b, "os": o, "price": p, "network_generation": "5G"}
                for k, (b, o, p) in MODELS.items()
            ],
        }
        draws = random.Random(seed)  # noqa: S311 - a simulation
        for number in range(subscribers):
            self.life(f"s{number:04d}", draws)

    def life(self, who: str, draws: random.Random) -> None:
        """Nine months: who spends much buys Beta's dear one, others their brand's cheap one."""
        rich = draws.random() < 0.4
        brand = draws.choice("ab")
        handset, since = brand + "1", MONTHS[0].start.date() - timedelta(draws.randrange(900))
        for month in MONTHS:
            # The older the handset, the likelier a change.
            old = (month.start.date() - since).days > 365
            if draws.random() < (0.25 if old else 0.05):
                handset = "b2" if rich else handset[0] + "1"
                since = month.start.date() + timedelta(draws.randrange(27))
            self.snapshot(who, month, handset, since)
            self.bill(who, month, 120.0 if rich else 30.0)
            self.rows["usage"].append(
                {"subscriber_id": who, "month": str(month), "data_mb": draws.uniform(0, 2000)}
            )

    def snapshot(
        self,
        who: str,
        month: Month,
        handset: str | None,
        since: date | None,
        activated_on: date = LONG_AGO,
        **columns: Any,
    ) -> None:
        row = {"subscriber_id": who, "month": str(month), "status": "active"}
        row |= {"activated_on": activated_on, "handset_id": handset, "handset_since": since}
        self.rows["subscribers"].append(row | columns)

    def bill(self, who: str, month: Month, total: float, billed_at: datetime | None = None) -> None:
        row = {"subscriber_id": who, "month": str(month), "total_charge": total}
        self.rows["billing"].append(row | {"billed_at": billed_at})

    def sources(self, engine: Engine) -> dict[str, Any]:
        return {name: table_of(engine, name, rows) for name, rows in self.rows.items() if rows}

    def members(self, engine: Engine) -> Any:
        last = [r for r in self.rows["subscribers"] if r["month"] == str(MONTHS[-1])]
        kept = [{k: r[k] for k in ("subscriber_id", "activated_on")} for r in last]
        return engine.upload(pa.Table.from_pylist(kept))

    def preferred(self, engine: Engine, members: Any = None, **params: Any) -> Preferred:
        settings = Settings(HandsetParams(**{**PARAMS, **params}), TimeParams())
        mine = self.members(engine) if members is None else members
        return prefer(engine, self.sources(engine), mine, moment(AS_OF, TimeParams()), settings)


def rows_of(engine: Engine, found: Preferred) -> dict[str, Row]:
    assert found.table is not None
    rows = engine.arrow(found.table).to_pylist()
    assert len({row["subscriber_id"] for row in rows}) == len(rows)
    return {row["subscriber_id"]: row for row in rows}

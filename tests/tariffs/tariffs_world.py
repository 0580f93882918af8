"""A hand-written operator with plans: rows are noted down one by one, then priced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from churnlight.engine import Engine
from churnlight.params.data import TimeParams
from churnlight.params.tariff import TariffParams
from churnlight.tariffs import Priced, Settings, price
from churnlight.timeline import moment
from extract_tables import table_of

AS_OF = "2025-04-01"
JAN, FEB, MAR = "2025-01", "2025-02", "2025-03"
LONG_AGO = date(2020, 1, 1)

# A plan of plain numbers: 30 a month with 100 minutes, 1000 MB and 10 messages.
BASE: Mapping[str, Any] = {
    "fee": 30.0,
    "minutes": 100.0,
    "data_mb": 1000.0,
    "sms": 10.0,
    "voice_price_per_min": 0.2,
    "sms_price": 0.1,
    "data_price_per_mb": 0.01,
    "billing_step_s": 60,
    "valid_from": LONG_AGO,
}


class World:
    """Rows of the extracts that pricing reads."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("plans", "billing", "subscribers", "cdr")
        }
        self.members: dict[str, dict[str, Any]] = {}

    def plan(self, plan_id: str, **terms: Any) -> None:
        self.rows["plans"].append(dict(BASE) | terms | {"plan_id": plan_id})

    def line(
        self,
        who: str,
        plan_id: str | None,
        *,
        bills: Mapping[str, float],
        activated_on: date = LONG_AGO,
        tier: str = "blue",
        **charges: Any,
    ) -> None:
        """A member with a snapshot every month of the window and a bill in some."""
        self.members[who] = {"subscriber_id": who, "activated_on": activated_on, "tier": tier}
        for month in (JAN, FEB, MAR):
            self.snapshot(who, month, plan_id, activated_on)
        for month, total in bills.items():
            self.bill(who, month, total, **charges)

    def snapshot(self, who: str, month: str, plan_id: str | None, activated_on: date) -> None:
        same = {"subscriber_id": who, "month": month}
        self.rows["subscribers"] = [
            row for row in self.rows["subscribers"] if {k: row[k] for k in same} != same
        ]
        self.rows["subscribers"].append(
            same | {"status": "active", "activated_on": activated_on, "plan_id": plan_id}
        )

    def bill(self, who: str, month: str, total: float, **charges: Any) -> None:
        row = {"subscriber_id": who, "month": month, "total_charge": total}
        self.rows["billing"].append(row | charges)

    def event(self, who: str, when: str, kind: str = "voice", **columns: Any) -> None:
        row = {
            "subscriber_id": who,
            "kind": kind,
            "direction": None if kind == "data" else "out",
            "started_at": datetime.fromisoformat(when),
        }
        self.rows["cdr"].append(row | columns)

    def sources(self, engine: Engine) -> dict[str, Any]:
        """Typed tables of all extracts that have rows, with every declared column."""
        return {name: table_of(engine, name, rows) for name, rows in self.rows.items() if rows}

    def priced(self, engine: Engine, as_of: str = AS_OF, **params: Any) -> Priced:
        at = moment(as_of, TimeParams())
        members = engine.upload(pa.Table.from_pylist(list(self.members.values())))
        settings = Settings(TariffParams(**params))
        return price(engine, self.sources(engine), members, at, settings)

    def result(self, engine: Engine, **params: Any) -> dict[str, dict[str, Any]]:
        """Priced members by id."""
        found = self.priced(engine, **params)
        assert found.table is not None
        return {row["subscriber_id"]: row for row in rows_of(engine, found)}


def rows_of(engine: Engine, found: Priced) -> list[dict[str, Any]]:
    assert found.table is not None
    rows: list[dict[str, Any]] = engine.arrow(found.table).to_pylist()
    return sorted(rows, key=lambda row: row["subscriber_id"])

"""A hand-written operator: rows are noted down one by one, then handed to `build_population`."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.engine import Engine
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.data import TimeParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.population import Population, PopulationParams, build_population
from churnlight.timeline import Moment, Month, moment

EVERYBODY = CohortParams(min_monthly_bill=None, min_voice_out_minutes=None)

_TEXT, _DAY, _TIME, _BOOL = pa.string(), pa.date32(), pa.timestamp("us"), pa.bool_()
_COLUMNS = {
    "subscribers": {
        "month": _TEXT,
        "status": _TEXT,
        "status_since": _DAY,
        "activated_on": _DAY,
        "account_id": None,
        "region": _TEXT,
        "is_staff": _BOOL,
        "is_test": _BOOL,
        "on_red_list": _BOOL,
    },
    "billing": {"month": _TEXT, "total_charge": pa.float64(), "billed_at": _TIME},
    "care": {"happened_at": _TIME, "kind": _TEXT, "resolved_at": _TIME},
    "campaigns": {
        "offered_at": _TIME,
        "arm": _TEXT,
        "responded_at": _TIME,
        "contacted": _BOOL,
    },
    "cdr": {"kind": _TEXT, "direction": _TEXT, "started_at": _TIME},
}
_USAGE = {
    "voice_out_s": pa.int64(),
    "voice_out_count": pa.int64(),
    "sms_out_count": pa.int64(),
    "data_sessions_count": pa.int64(),
    "last_out_at": _TIME,
}
_FOLDERS = itertools.count()


def months(first: str, last: str) -> list[str]:
    """The months from first to last, both included, as text."""
    found = [Month.parse(first)]
    while found[-1] < Month.parse(last):
        found.append(found[-1] + 1)
    return [str(m) for m in found]


def as_date(value: str | date | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def as_time(value: str | datetime | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


class World:
    """Rows of all extracts; `id_type` is the operator's type of identifiers."""

    def __init__(self, engine: Engine, folder: Path, id_type: pa.DataType | None = None) -> None:
        self.engine = engine
        self.folder = folder
        self.id_type = id_type or pa.int64()
        self.rows: dict[str, list[dict[str, object]]] = {name: [] for name in _COLUMNS}
        self.usage_rows: list[dict[str, object]] = []
        self.absent = {"care", "campaigns", "cdr", "billing"}

    def snapshot(self, month: str, who: object, status: str = "active", **more: object) -> None:
        row = {"activated_on": "2020-01-01", **more}
        row["activated_on"] = as_date(row["activated_on"])
        row["status_since"] = as_date(row.get("status_since"))
        self.rows["subscribers"].append(
            {"month": month, "subscriber_id": who, "status": status, **row}
        )

    def stays(self, who: object, first: str, last: str, **more: object) -> None:
        for month in months(first, last):
            self.snapshot(month, who, **more)

    def bill(self, month: str, who: object, total: float, billed_at: str | None = None) -> None:
        self._add("billing", who, month=month, total_charge=total, billed_at=as_time(billed_at))

    def bills(self, who: object, first: str, totals: list[float | None]) -> None:
        for i, total in enumerate(totals):
            if total is not None:
                self.bill(str(Month.parse(first) + i), who, total)

    def care(self, who: object, happened_at: str, kind: str = "port_out_application") -> None:
        self._add("care", who, happened_at=as_time(happened_at), kind=kind)

    def offer(
        self, who: object, at: str, arm: str = "treated", contacted: bool | None = None
    ) -> None:
        self._add("campaigns", who, offered_at=as_time(at), arm=arm, contacted=contacted)

    def event(
        self, who: object, at: str, kind: str = "voice", direction: str | None = "out"
    ) -> None:
        self._add("cdr", who, started_at=as_time(at), kind=kind, direction=direction)

    def usage(self, month: str, who: object, **values: object) -> None:
        values["last_out_at"] = as_time(values.get("last_out_at"))
        self.usage_rows.append({"month": month, "subscriber_id": who, **values})

    def _add(self, extract: str, who: object, **values: object) -> None:
        self.absent.discard(extract)
        self.rows[extract].append({"subscriber_id": who, **values})

    def table(self, extract: str) -> pa.Table:
        columns = {"subscriber_id": self.id_type} | _COLUMNS[extract]
        schema = pa.schema([(n, self.id_type if t is None else t) for n, t in columns.items()])
        return pa.Table.from_pylist(self.rows[extract], schema=schema)

    def marts(self) -> MonthlyMarts:
        folder = self.folder / f"marts{next(_FOLDERS)}"
        schema = pa.schema([("subscriber_id", self.id_type), *_USAGE.items()])
        for month in sorted({str(r["month"]) for r in self.usage_rows}):
            (folder / f"month={month}").mkdir(parents=True)
            rows = [r for r in self.usage_rows if r["month"] == month]
            pq.write_table(
                pa.Table.from_pylist(rows, schema=schema), folder / f"month={month}/usage.parquet"
            )
        return MonthlyMarts(self.engine, folder)

    def population(
        self,
        as_of: str = "2025-04-01",
        *,
        cohort: CohortParams = EVERYBODY,
        label: LabelParams | None = None,
        there: list[str] | None = None,
        **time: int,
    ) -> Population:
        """Build; `there` are the months of the extracts (default: those of the snapshots)."""
        at: Moment = moment(as_of, TimeParams(**time))
        found = there or sorted({str(r["month"]) for r in self.rows["subscribers"]})
        params = PopulationParams(
            cohort=cohort,
            label=label or LabelParams(kinds=("off_net",), max_vanished_share=1.0),
            months=frozenset(Month.parse(m) for m in found),
        )
        sources = {
            name: self.engine.upload(self.table(name))
            for name in _COLUMNS
            if name not in self.absent
        }
        made = build_population(self.engine, sources, self.marts(), at, params)
        # In the engine's own order they say nothing; tests look at them as they are written.
        return replace(made, labels=self.engine.arrow(made.labels).sort_by("subscriber_id"))


def by_id(population: Population) -> dict[object, dict[str, object]]:
    return {row["subscriber_id"]: row for row in population.labels.to_pylist()}

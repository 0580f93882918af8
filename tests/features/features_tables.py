"""An operator as rows in memory, and its features on any engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.engine import Engine
from churnlight.features import build_features
from churnlight.known import as_known
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.data import TimeParams
from churnlight.params.features import FeaturesParams, Personal
from churnlight.schema import EXTRACTS, USAGE, Extract
from churnlight.timeline import Moment, moment
from extract_tables import ARROW

Rows = list[dict[str, Any]]

CIRCLE_COUNTS = (
    "contacts_count",
    "voice_contacts_count",
    "sms_contacts_count",
    "effective_contacts_count",
)
CIRCLE_FLOATS = (
    "voice_entropy_nats",
    "sms_entropy_nats",
    "contact_entropy_nats",
    "top1_share",
    "top3_share",
    "pareto_contacts_share",
    "reciprocated_contacts_share",
    "rival_contacts_share",
    "balance_mean",
)

MART_SCHEMA = {
    "usage": pa.schema([(c.name, ARROW[c.kind]) for c in USAGE.columns]),
    "circle": pa.schema(
        [
            ("subscriber_id", pa.string()),
            *((c, pa.int64()) for c in CIRCLE_COUNTS),
            *((c, pa.float64()) for c in CIRCLE_FLOATS),
        ]
    ),
    "edges": pa.schema(
        [
            ("subscriber_id", pa.string()),
            ("counterpart_id", pa.string()),
            ("counterpart_network", pa.string()),
            ("events_count", pa.int64()),
            ("active_days", pa.int64()),
        ]
    ),
}
# A mart's counts are never null; in the tests' rows what is not named is 0.
ZEROS = {
    "usage": {c.name: 0 for c in USAGE.columns if c.kind == "int" or c.name == "data_mb"},
    "circle": dict.fromkeys(CIRCLE_COUNTS, 0) | {"contact_entropy_nats": 0.0},
    "edges": {},
}


def extract_table(extract: Extract, rows: Rows) -> pa.Table:
    """All declared columns, those not named null."""
    schema = pa.schema([(c.name, ARROW[c.kind]) for c in extract.columns])
    return pa.Table.from_pylist([{n: r.get(n) for n in schema.names} for r in rows], schema)


EVERYTHING = FeaturesParams(allow_personal=get_args(Personal))


@dataclass
class World:
    """Extracts and marts as rows: extracts by name, marts by (month, name).

    By default every column that says who somebody is may be a feature: so the whole catalogue is.
    """

    extracts: dict[str, Rows] = field(default_factory=dict)
    marts: dict[tuple[str, str], Rows] = field(default_factory=dict)
    params: FeaturesParams = EVERYTHING

    def plus(self, **rows: Rows) -> World:
        """The same world with further rows of extracts."""
        extracts = {name: list(old) for name, old in self.extracts.items()}
        for name, new in rows.items():
            extracts[name] = [*extracts.get(name, []), *new]
        return World(extracts, dict(self.marts))

    def without(self, *names: str) -> World:
        """The same world without some extracts or marts."""
        return World(
            {n: r for n, r in self.extracts.items() if n not in names},
            {k: r for k, r in self.marts.items() if k[1] not in names},
        )

    def only(self, *names: str) -> World:
        """The same world with these extracts and marts, and snapshots (quicker)."""
        every = set(self.extracts) | {name for _, name in self.marts}
        return self.without(*(every - {"subscribers", *names}))

    def write_marts(self, folder: Path) -> None:
        """Marts as files, as the marts stage leaves them."""
        for (month, name), rows in self.marts.items():
            there = folder / f"month={month}"
            there.mkdir(parents=True, exist_ok=True)
            full = [ZEROS[name] | row for row in rows]
            schema = MART_SCHEMA[name]
            table = pa.Table.from_pylist(
                [{n: r.get(n) for n in schema.names} for r in full], schema
            )
            pq.write_table(table, there / f"{name}.parquet")

    def sources(self, engine: Engine, at: Moment) -> dict[str, ir.Table]:
        """Extracts cut to what was known, as the stage hands them in."""
        found = {}
        for name, rows in self.extracts.items():
            table = engine.upload(extract_table(EXTRACTS[name], rows))
            if EXTRACTS[name].monthly and name != "numbers":
                table = as_known(table, EXTRACTS[name], as_of=at.as_of, cutoff=at.cutoff)
            found[name] = table
        return found

    def features(
        self, engine: Engine, folder: Path, members: Sequence[str], at: Moment
    ) -> ir.Table:
        """The features of the members."""
        self.write_marts(folder)
        cohort = engine.upload(pa.table({"subscriber_id": pa.array(members, pa.string())}))
        marts = MonthlyMarts(engine, folder)
        return build_features(engine, cohort, self.sources(engine, at), marts, at, self.params)

    def by_member(
        self, engine: Engine, folder: Path, members: Sequence[str], at: Moment
    ) -> dict[str, dict[str, Any]]:
        """Features as dicts, by member."""
        rows = engine.arrow(self.features(engine, folder, members, at)).to_pylist()
        return {row["subscriber_id"]: row for row in rows}

    def written(self, engine: Engine, folder: Path, members: Sequence[str], at: Moment) -> bytes:
        """The bytes of the features' file, as the stage writes it."""
        out = folder / "features.parquet"
        engine.write(self.features(engine, folder, members, at), out, ["subscriber_id"])
        return out.read_bytes()


def at_of(as_of: str = "2025-04-01", window: int = 3, close_days: int = 5) -> Moment:
    return moment(as_of, TimeParams(window_months=window, close_days=close_days))

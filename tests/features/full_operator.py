"""A random operator with everything that could leak, and its extracts cut to what was known.

Rows are plain dictionaries by extract and month. `cut` is written from the definitions of time
alone and shares no code with `churnlight.known`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from features_tables import Rows, extract_table

from churnlight.schema import EXTRACTS

MONTHS = ("2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06")
SNAPSHOTS = ("subscribers", "services", "numbers")
Extracts = dict[tuple[str, str | None], Rows]


def first_of(month: str) -> datetime:
    return datetime.fromisoformat(f"{month}-01")


def end_of(month: str) -> datetime:
    return (first_of(month) + timedelta(days=32)).replace(day=1)


class Operator:
    """`subscribers` ids, each with a random life and random traces."""

    def __init__(self, seed: int, subscribers: int = 70) -> None:
        self.rng = random.Random(seed)  # noqa: S311
        self.ids = [f"s{i:03d}" for i in range(subscribers)]
        self.rows: Extracts = {
            (name, month): []
            for name, extract in EXTRACTS.items()
            if name not in ("usage", "holidays")
            for month in (MONTHS if extract.monthly else (None,))
        }
        for who in self.ids:
            self._life(who)
            for month in MONTHS:
                self._month(who, month)
        self._reference()
        for rows in self.rows.values():
            self.rng.shuffle(rows)

    def _in(self, month: str) -> datetime:
        seconds = int((end_of(month) - first_of(month)).total_seconds())
        at = self.rng.choice([0, seconds - 1, *self.rng.choices(range(seconds), k=8)])
        return first_of(month) + timedelta(seconds=at)

    def _day(self, month: str) -> date:
        return self._in(month).date()

    def _later(self, at: datetime, days: int) -> datetime | None:
        """Some time up to `days` later; now and then never."""
        if self.rng.random() < 0.2:
            return None
        return at + timedelta(seconds=self.rng.randrange(days * 86_400))

    def _life(self, who: str) -> None:
        """Snapshots: departures, returns, new holders, other plans, handsets and groups."""
        rng = self.rng
        state: dict[str, Any] = {
            "status": "active",
            "activated_on": rng.choice([date(2019, 5, 1)] * 8 + [self._day(m) for m in MONTHS]),
            "plan_id": rng.choice(["p1", "p2", "p3"]),
            "handset_id": rng.choice(["h1", "h2", "h3"]),
            "group_id": rng.choice([None, "g1", "g2"]),
            "account_id": rng.choice([None, "a1", "a2", "a3"]),
            "payment": rng.choice(["prepaid", "postpaid"]),
        }
        for month in MONTHS:
            if end_of(month).date() <= state["activated_on"]:
                continue
            change = rng.random()
            if change < 0.06:
                leaving = rng.choice(["suspended", "cancelled", "ported_out", "debt", "active"])
                state |= {"status": leaving, "status_since": self._day(month)}
            elif change < 0.12:
                state |= {"status": "active", "activated_on": self._day(month), "group_id": None}
            elif change < 0.25:
                state |= {"plan_id": rng.choice(["p1", "p2", "p3"]), "handset_id": "h3"}
                state |= {"handset_since": self._day(month)}
            if rng.random() < 0.96:
                self.rows["subscribers", month].append(
                    {"subscriber_id": who, "month": month, **state}
                )

    def _month(self, who: str, month: str) -> None:
        rng = self.rng
        for _ in range(rng.choice([0, 5, 25, 25])):
            self._call(who, month)
        if rng.random() < 0.95:
            self._bill(who, month)
        one = {"subscriber_id": who}
        for _ in range(rng.choice([0, 0, 1, 2])):
            self._add("topups", month, one | {"paid_at": self._in(month), "amount": 30.0})
        for _ in range(rng.choice([0, 0, 0, 1, 2])):
            at = self._in(month)
            kinds = ["complaint", "complaint", "port_query", "contract_query", "inquiry"]
            care = one | {"happened_at": at, "kind": rng.choice(kinds)}
            self._add("care", month, care | {"resolved_at": self._later(at, 45)})
            if rng.random() < 0.2:  # exported again when it was resolved
                self._add("care", month, care | {"resolved_at": self._later(at, 45)})
        for service in rng.sample(["ring", "news", "games"], rng.choice([0, 1, 2])):
            self._add("services", month, one | {"month": month, "service_id": service})
        if rng.random() < 0.2:
            at = self._in(month)
            answer = {"responded_at": self._later(at, 45), "contacted": rng.random() < 0.8}
            offer = {
                "offered_at": at,
                "campaign_id": "c",
                "arm": rng.choice(["treated", "control"]),
            }
            self._add("campaigns", month, one | offer | answer | {"accepted": True, "cost": 5.0})
        if rng.random() < 0.15:
            days = [None, *(self._day(m) for m in MONTHS)]
            number = {"number_id": rng.choice(self.ids), "month": month}
            valid = {"valid_from": rng.choice(days), "valid_to": rng.choice(days)}
            self._add("numbers", month, one | number | valid)

    def _call(self, who: str, month: str) -> None:
        rng = self.rng
        at = self._in(month)
        kind = rng.choice(["voice", "voice", "sms", "mms", "data", "fax"])
        others = [None, *rng.choices(self.ids, k=3), f"x{rng.randrange(9)}"]
        row: dict[str, Any] = {
            "subscriber_id": who,
            "counterpart_id": rng.choice(others),
            "kind": kind,
            "direction": None if kind == "data" else rng.choice(["out", "out", "in", "forward"]),
            "started_at": at,
            "duration_s": rng.choice([None, 0, 61, 600, -1 if rng.random() < 0.1 else 30]),
            "bytes": 1 << 22 if kind == "data" else None,
            "counterpart_network": rng.choice([None, "own", "own", "rival", "service", "moon"]),
            "counterpart_service": rng.choice([None, None, "rival_hotline"]),
            "cell_id": rng.choice([None, "c1", "c2"]),
            "events": rng.choice([None, None, 1, 3]),
            "event_id": rng.choice([None, None, f"e{rng.randrange(400)}"]),
            "known_at": rng.choice([None, None, self._later(at, 2), self._later(at, 45)]),
        }
        self._add("cdr", month, row)
        if rng.random() < 0.1:  # once more, known at another time, perhaps with other content
            again = {"known_at": self._later(at, 45)}
            self._add("cdr", month, row | again | rng.choice([{}, {"duration_s": 7_777}]))

    def _bill(self, who: str, month: str) -> None:
        rng = self.rng
        total = round(rng.uniform(0, 300), 2)
        row: dict[str, Any] = {
            "subscriber_id": who,
            "month": month,
            "total_charge": total,
            "voice_charge": total / 4,
            "paid": total if rng.random() < 0.8 else 0.0,
            "arrears_end": rng.choice([0.0, 20.0]),
            "points_balance": rng.randrange(1000),
            "billed_at": rng.choice([None, None, self._later(end_of(month), 14)]),
            "period_end": rng.choice(
                [None, None, None, date.fromisoformat(f"{month}-14"), end_of(month).date()]
            ),
        }
        self._add("billing", month, row)
        if rng.random() < 0.15:  # corrected
            later = end_of(month) + timedelta(days=rng.randrange(30))
            self._add("billing", month, row | {"total_charge": total + 99, "billed_at": later})

    def _reference(self) -> None:
        for i, plan in enumerate(("p1", "p2", "p3"), start=1):
            for began in (None, *(self._day(m) for m in MONTHS)):
                fee = 40.0 * i + self.rng.choice([-7.0, 0.0, 7.0])
                row = {"plan_id": plan, "fee": fee, "minutes": 300.0, "data_mb": 900.0}
                ends = {"valid_to": self.rng.choice([None, self._day("2025-06")])}
                self._add("plans", None, row | {"valid_from": began} | ends)
        launches = [date(2020, 1, 1), self._day("2025-03"), self._day("2025-06")]
        for i, launched in enumerate(launches, start=1):
            row = {"handset_id": f"h{i}", "price": 999.0 * i, "network_generation": f"{i + 2}G"}
            self._add("handsets", None, row | {"launched_on": launched})

    def _add(self, name: str, month: str | None, row: dict[str, Any]) -> None:
        self.rows[name, month].append(row)


def midnight_after(day: date) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(days=1)


def was_there(
    name: str, month: str | None, row: dict[str, Any], as_of: datetime, cutoff: datetime, delay: int
) -> bool:
    """Whether a row had happened before as_of and was known before the cutoff."""
    if name == "cdr":
        known = row["known_at"] or row["started_at"] + timedelta(hours=delay)
        return bool(row["started_at"] < as_of and known < cutoff)
    if name == "billing":
        over = midnight_after(row["period_end"]) if row["period_end"] else end_of(row["month"])
        return bool(over <= as_of and max(over, row["billed_at"] or over) < cutoff)
    happened = {"topups": "paid_at", "care": "happened_at", "campaigns": "offered_at"}
    if name in happened:
        return bool(row[happened[name]] < as_of)
    if month is not None and not (end_of(month) <= as_of and end_of(month) < cutoff):
        return False
    begins = {"numbers": "valid_from", "plans": "valid_from", "handsets": "launched_on"}
    since = row.get(begins[name]) if name in begins else None
    return since is None or since < as_of.date()


def forgotten(name: str, row: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    """The row without what was filled in at as_of or later."""
    filled = {
        "care": ("resolved_at", ("resolved_at",)),
        "campaigns": ("responded_at", ("responded_at", "contacted", "accepted", "succeeded")),
        "numbers": ("valid_to", ("valid_to",)),
        "plans": ("valid_to", ("valid_to",)),
    }
    if name not in filled:
        return row
    time, columns = filled[name]
    limit = as_of if name in ("care", "campaigns") else as_of.date()
    # Without a time nobody can say when it was filled in: not yet.
    return row if row[time] is not None and row[time] < limit else row | dict.fromkeys(columns)


def cut(rows: Extracts, as_of: datetime, cutoff: datetime, delay: int) -> Extracts:
    """The extracts as somebody had them at the cutoff who looks at nothing from as_of on."""
    return {
        (name, month): [
            forgotten(name, row, as_of)
            for row in found
            if was_there(name, month, row, as_of, cutoff, delay)
        ]
        for (name, month), found in rows.items()
        if month is None or end_of(month) <= as_of
    }


def missing(full: Extracts, kept: Extracts) -> Iterator[tuple[str, str]]:
    """What the cut took from partitions that are still there: ("row" or "cell", extract)."""
    for key, rows in kept.items():
        name = key[0]
        if len(rows) < len(full[key]):
            yield "row", name
        there = {id(row) for row in full[key]}
        if any(id(row) not in there for row in rows):
            yield "cell", name


def write(rows: Extracts, root: Path) -> None:
    """The extracts as Parquet; an empty month is an empty file."""
    for (name, month), found in rows.items():
        folder = root / name if month is None else root / name / f"month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(extract_table(EXTRACTS[name], found), folder / "part.parquet")

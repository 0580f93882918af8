"""Generate a whole operator as the features stage finds it: a project with marts and extracts.

Marts are made directly, not from CDRs: 2.5 million subscribers' CDRs would be a billion rows. Only
for measuring: nothing in them says who will leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from benchmarks.machine import ROOT, THREADS, answer
from churnlight.check.verdict import Verdict, write_verdict
from churnlight.files import write_json
from churnlight.marts import circle as circles
from churnlight.marts import edges as edge_marts
from churnlight.params.population import CohortParams
from churnlight.paths import Project
from churnlight.schema import USAGE_COUNTS, USAGE_FLOATS
from churnlight.timeline import Month, month_range

AS_OF = "2025-04-01"
BEFORE, *WINDOW = month_range(Month(2024, 12), 4)
AFTER = month_range(Month(2025, 4), 2)
SUBSCRIBERS_A_CHUNK = 200_000
FIRST_ID = 1000
PLANS, HANDSETS = 20, 200
# Contacts a month: the cohort calls more.
CONTACTS_COHORT, CONTACTS_OTHERS = (20, 40), (4, 12)
NETWORKS = ("own", "rival", "fixed", "international", "service")
CARE = ("complaint", "inquiry", "port_query", "contract_query")


@dataclass(frozen=True)
class Base:
    """The operator.

    Attributes:
        subscribers: how many there are.
        members: how many of them the cohort's rules keep.
        project: where its project stands.
    """

    subscribers: int
    members: int
    project: Project
    role: ClassVar[str] = "fit"
    months: ClassVar[tuple[Month, ...]] = (BEFORE, *WINDOW, *AFTER)

    @cached_property
    def high(self) -> np.ndarray:
        """Whether each is in the cohort."""
        chosen = np.zeros(self.subscribers, dtype=bool)
        chosen[np.random.default_rng(7).permutation(self.subscribers)[: self.members]] = True
        return chosen

    @cached_property
    def leaves(self) -> np.ndarray:
        """The month, counted from BEFORE, in which each leaves; 99 for never.

        Cohort members leave after as_of, the others from the window on.
        """
        random = np.random.default_rng(8)
        month = np.where(self.high, 4, 1) + random.integers(0, 2, self.subscribers)
        return np.where(random.random(self.subscribers) < 0.03, month, 99)

    def ids(self, who: np.ndarray) -> np.ndarray:
        """subscriber_id of each."""
        return who + FIRST_ID

    def here(self, month: int) -> np.ndarray:
        """Who is on the books at the end of a month, counted from BEFORE."""
        return np.flatnonzero(self.leaves > month)


@dataclass(frozen=True)
class City(Base):
    """An operator on the day a month is scored: nothing is known yet of the months after as_of.

    Without the rules on bill and minutes the cohort is everyone but those who left in the window.

    Attributes:
        gone: how many of `subscribers` left within the window.
    """

    gone: int = 0
    role: ClassVar[str] = "score"
    months: ClassVar[tuple[Month, ...]] = (BEFORE, *WINDOW)

    @cached_property
    def leaves(self) -> np.ndarray:
        """As of `Base`; `gone` of them, none of the members, leave in the window."""
        random = np.random.default_rng(8)
        others = random.permutation(np.flatnonzero(~self.high))[: self.gone]
        leaves = np.full(self.subscribers, 99)
        leaves[others] = 1 + random.integers(0, 2, len(others))
        return leaves


def write_base(base: Base) -> dict[str, int]:
    """Write everything; rows by mart and extract, over all months."""
    rows: dict[str, int] = {}
    _write_project(base)
    for k, month in enumerate(base.months):
        random = np.random.default_rng(100 + k)
        extracts = {"subscribers": _snapshot(base, k, month, random)}
        if month != BEFORE:
            extracts |= {
                "billing": _bills(base, k, month, random),
                "topups": _topups(base, k, month, random),
                "care": _care(base, k, month, random),
                "services": _services(base, k, month, random),
            }
        for name, table in extracts.items():
            _write_extract(base, name, month, table)
            rows[name] = rows.get(name, 0) + table.num_rows
        if month in WINDOW:
            for name, tables in (
                ("edges", _edges(base, k, month, random)),
                ("usage", _usage(base, k, month, random)),
                ("circle", _circle(base, k, random)),
            ):
                path = base.project.mart(month) / f"{name}.parquet"
                rows[name] = rows.get(name, 0) + _write_parts(tables, path)
    return rows


def _write_project(base: Base) -> None:
    root = base.project.root
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["engine"]["threads"] = THREADS
    params["extracts"]["path"] = "extracts"
    params["extracts"]["months"] = [str(m) for m in base.months]
    params["as_ofs"] = {AS_OF: base.role}
    root.mkdir(parents=True, exist_ok=True)
    (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    (root / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    content = {
        "as_of": AS_OF,
        "before": [str(BEFORE)],
        "window": [str(m) for m in WINDOW],
        "label_months": [str(m) for m in base.months if m in AFTER],
    }
    write_json(base.project.windows / f"as_of={AS_OF}.json", content)
    random = np.random.default_rng(9)
    fees = np.round(random.uniform(20, 300, PLANS), 2)
    plans = {
        "plan_id": np.arange(PLANS),
        "fee": fees,
        "minutes": fees * 3,
        "data_mb": fees * 100,
        "valid_from": np.full(PLANS, np.datetime64("2020-01-01", "D")),
    }
    handsets = {
        "handset_id": np.arange(HANDSETS),
        "price": np.round(random.uniform(500, 9000, HANDSETS), 2),
        "network_generation": np.array(["3G", "4G", "5G"])[random.integers(0, 3, HANDSETS)],
    }
    for name, columns in (("plans", plans), ("handsets", handsets)):
        _write_extract(base, name, None, pa.table(columns))


def _write_extract(base: Base, name: str, month: Month | None, table: pa.Table) -> None:
    """Write an extract with the verdict that the check gives a clean one."""
    folder = base.project.root / "extracts" / name
    folder = folder if month is None else folder / f"month={month}"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "part.parquet", compression="zstd")
    verdict = Verdict(
        extract=name,
        month=None if month is None else str(month),
        rows=table.num_rows,
        kept=table.num_rows,
        columns=tuple(table.column_names),
    )
    write_verdict(base.project.check, verdict, {})


def _write_parts(tables: Iterator[pa.Table], path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer, rows = None, 0
    for table in tables:
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=122_880)
        rows += table.num_rows
    if writer is not None:
        writer.close()
    return rows


def _chunks(base: Base, month: int) -> Iterator[np.ndarray]:
    here = base.here(month)
    for start in range(0, len(here), SUBSCRIBERS_A_CHUNK):
        yield here[start : start + SUBSCRIBERS_A_CHUNK]


def _moments(month: Month, random: np.random.Generator, size: int) -> np.ndarray:
    seconds = random.integers(0, month.days * 86_400, size).astype("timedelta64[s]")
    return np.datetime64(month.start, "us") + seconds


def _picked(names: tuple[str, ...], codes: np.ndarray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(codes.astype("int8"), pa.array(names)).cast(pa.string())


def _edges(base: Base, k: int, month: Month, random: np.random.Generator) -> Iterator[pa.Table]:
    """Two contacts of each come and go a month, in the order of the key."""
    for who in _chunks(base, k):
        low, high = (
            np.where(base.high[who], a, b)
            for a, b in zip(CONTACTS_COHORT, CONTACTS_OTHERS, strict=True)
        )
        count = random.integers(low, high + 1)
        owner = np.repeat(who, count)
        slot = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count) + 2 * k
        contact = (owner * 2_654_435_761 + slot * 1_000_003) % (2 * base.subscribers)
        order = np.lexsort((contact, owner))
        owner, contact = owner[order], contact[order]
        yield _edge_table(base, owner, contact, month, random)


def _edge_table(
    base: Base,
    owner: np.ndarray,
    contact: np.ndarray,
    month: Month,
    random: np.random.Generator,
) -> pa.Table:
    size = len(owner)
    codes = np.where(contact < base.subscribers, 0, 1 + contact * 48_271 % 65_537 % 4)
    out, into, sent, got = (random.geometric(0.3, size) - 1 for _ in range(4))
    forward = (random.random(size) < 0.01).astype("int64")
    voice, sms = out + into + forward, sent + got
    voice += (voice + sms == 0).astype("int64")
    times = np.sort(np.stack([_moments(month, random, size) for _ in range(2)]), axis=0)
    columns = {
        "subscriber_id": base.ids(owner),
        "counterpart_id": base.ids(contact),
        "counterpart_network": _picked(NETWORKS, codes),
        "voice_out_count": out,
        "voice_in_count": into,
        "voice_out_s": out * 95,
        "voice_in_s": into * 95,
        "sms_out_count": sent,
        "sms_in_count": got,
        "forward_count": forward,
        "events_count": voice + sms,
        "voice_count": voice,
        "voice_s": voice * 95,
        "night_count": (voice + sms) // 4,
        "active_days": np.minimum(voice + sms, month.days),
        "first_at": times[0],
        "last_at": times[1],
    }
    return pa.table({name: columns[name] for name in edge_marts.COLUMNS})


def _usage(base: Base, k: int, month: Month, random: np.random.Generator) -> Iterator[pa.Table]:
    for who in _chunks(base, k):
        size = len(who)
        columns: dict[str, Any] = {n: random.integers(0, 200, size) for n in USAGE_COUNTS}
        columns |= {name: random.random(size) for name in USAGE_FLOATS}
        # The cohort's rule asks for more than so many minutes over the window.
        least = round((CohortParams().min_voice_out_minutes or 0.0) * 60 / len(WINDOW)) + 60
        columns["voice_out_s"] = random.integers(0, 20_000, size) + np.where(
            base.high[who], least, 0
        )
        columns |= {name: _moments(month, random, size) for name in ("last_at", "last_out_at")}
        yield pa.table({"subscriber_id": base.ids(who)} | columns)


def _circle(base: Base, k: int, random: np.random.Generator) -> Iterator[pa.Table]:
    for who in _chunks(base, k):
        names = circles.COLUMNS[1:]
        values = {
            name: random.integers(1, 40, len(who))
            if name.endswith("_count")
            else random.random(len(who))
            for name in names
        }
        yield pa.table({"subscriber_id": base.ids(who)} | values)


def _snapshot(base: Base, k: int, month: Month, random: np.random.Generator) -> pa.Table:
    fixed = np.random.default_rng(10)
    size = base.subscribers
    gone = base.leaves <= k
    left_on = np.where(base.leaves == 99, 0, base.leaves)
    starts = np.array([(BEFORE + n).start for n in range(8)], dtype="datetime64[D]")
    activated = np.datetime64("2024-06-01", "D") - fixed.integers(0, 3000, size)
    grouped = fixed.random(size) < 0.3
    columns = {
        "subscriber_id": base.ids(np.arange(size)),
        "month": _picked((str(month),), np.zeros(size)),
        "status": _picked(("active", "ported_out"), gone),
        "status_since": np.where(gone, starts[left_on] + 10, activated.astype("datetime64[D]")),
        "activated_on": activated.astype("datetime64[D]"),
        "account_id": fixed.integers(0, size, size) + 3_000_000,
        "payment": _picked(("prepaid", "postpaid"), fixed.integers(0, 2, size)),
        "region": _picked(("north", "south", "east"), fixed.integers(0, 3, size)),
        "brand": _picked(("one", "two"), fixed.integers(0, 2, size)),
        "vip_tier": _picked(("none", "silver", "gold", "diamond"), fixed.integers(0, 4, size)),
        "plan_id": (fixed.integers(0, PLANS, size) + (random.random(size) < 0.02)) % PLANS,
        "group_id": pa.array(fixed.integers(0, size // 30 + 1, size), mask=~grouped),
        "group_class": _picked(("A", "B", "C", "none"), fixed.integers(0, 4, size)),
        "contract_kind": _picked(("12 months", "24 months"), fixed.integers(0, 2, size)),
        "contract_ends_on": np.datetime64("2025-01-01", "D") + fixed.integers(0, 700, size),
        "handset_id": fixed.integers(0, HANDSETS, size),
        "handset_since": activated.astype("datetime64[D]"),
        "has_broadband": fixed.random(size) < 0.4,
        "is_staff": np.zeros(size, dtype=bool),
        "is_test": np.zeros(size, dtype=bool),
        "on_red_list": np.zeros(size, dtype=bool),
    }
    return pa.table(columns)


def _bills(base: Base, k: int, month: Month, random: np.random.Generator) -> pa.Table:
    who = base.here(k)
    size = len(who)
    least = CohortParams().min_monthly_bill or 0.0
    high = least + random.exponential(40, size)
    total = np.round(np.where(base.high[who], high, random.uniform(0.1, 0.9, size) * least), 2)
    shares = {f"{x}_charge": np.round(total * 0.2, 2) for x in ("voice", "sms", "data", "vas")}
    columns = {
        "subscriber_id": base.ids(who),
        "month": _picked((str(month),), np.zeros(size)),
        "total_charge": total,
        "plan_fee": np.round(total * 0.2, 2),
        **shares,
        "discount": np.zeros(size),
        "paid": total,
        "balance_end": np.round(random.uniform(0, 50, size), 2),
        "arrears_end": np.where(random.random(size) < 0.05, total, 0.0),
        "suspended_days": np.where(random.random(size) < 0.02, 3, 0),
        "points_balance": random.integers(0, 5000, size),
    }
    return pa.table(columns)


def _some(base: Base, k: int, random: np.random.Generator, share: float) -> np.ndarray:
    here = base.here(k)
    return here[random.random(len(here)) < share]


def _topups(base: Base, k: int, month: Month, random: np.random.Generator) -> pa.Table:
    who = np.repeat(_some(base, k, random, 0.3), 2)
    amount = random.choice([10.0, 30.0, 50.0, 100.0], len(who))
    at = _moments(month, random, len(who))
    return pa.table({"subscriber_id": base.ids(who), "paid_at": at, "amount": amount})


def _care(base: Base, k: int, month: Month, random: np.random.Generator) -> pa.Table:
    who = _some(base, k, random, 0.04)
    at = _moments(month, random, len(who))
    solved = at + random.integers(3_600, 900_000, len(who)).astype("timedelta64[s]")
    columns = {
        "subscriber_id": base.ids(who),
        "happened_at": at,
        "kind": _picked(CARE, random.integers(0, len(CARE), len(who))),
        "resolved_at": pa.array(solved, mask=random.random(len(who)) < 0.1),
    }
    return pa.table(columns)


def _services(base: Base, k: int, month: Month, random: np.random.Generator) -> pa.Table:
    who = _some(base, k, random, 0.5)
    columns = {
        "subscriber_id": base.ids(who),
        "month": _picked((str(month),), np.zeros(len(who))),
        "service_id": random.integers(0, 12, len(who)),
        "fee": np.full(len(who), 5.0),
        "uses": random.integers(0, 40, len(who)),
    }
    return pa.table(columns)


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Write a base: `project`, `subscribers`, `members`; where `gone` is given, a city."""
    sizes = (spec["subscribers"], spec["members"], Project(Path(spec["project"])))
    base = City(*sizes, spec["gone"]) if "gone" in spec else Base(*sizes)
    return {"rows": write_base(base)}


if __name__ == "__main__":
    answer(measure)

"""An operator's counts, drawn by hand: weekdays, Spring Festival, growth, noise; and its faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from churnlight.check.verdict import Verdict
from churnlight.timeline import Month, month_range
from churnlight.watch.ground import Cohort, Ground
from churnlight.watch.ground_reading import volume_of

FIRST = Month(2024, 12)
MONTHS = month_range(FIRST, 16)
GROWTH = 1.03

# Of 1,000 rows on a plain Monday in the first month.
KINDS = {
    ("voice", "out"): 360,
    ("voice", "in"): 350,
    ("voice", "forward"): 4,
    ("sms", "out"): 40,
    ("sms", "in"): 55,
    ("mms", "out"): 2,
    ("data", None): 189,
}
WEEKDAYS = (1.0, 1.02, 1.02, 1.01, 1.06, 0.85, 0.8)


@dataclass(frozen=True)
class Places:
    """A project's folders."""

    root: Path

    @property
    def check(self) -> Path:
        return self.root / "check"

    def mart(self, month: Month) -> Path:
        return self.root / "marts" / f"month={month}"

    def labels(self, as_of: str) -> Path:
        return self.root / "labels" / f"as_of={as_of}"


def _festival(first: date, days: int) -> dict[date, str]:
    return {first + timedelta(days=i): "Spring Festival" for i in range(days)}


HOLIDAYS: dict[date, str] = {
    date(2025, 1, 1): "New Year",
    **_festival(date(2025, 1, 28), 8),
    **{date(2025, 5, d): "Labour Day" for d in range(1, 6)},
    **{date(2025, 10, d): "National Day" for d in range(1, 8)},
    date(2026, 1, 1): "New Year",
    **_festival(date(2026, 2, 16), 8),
}
# What each holiday leaves of calls and data, and makes of messages; the days around it half.
EFFECTS = {
    "New Year": (0.8, 1.3),
    "Spring Festival": (0.5, 1.8),
    "Labour Day": (0.75, 1.1),
    "National Day": (0.7, 1.1),
}


@dataclass
class World:
    """Rows of the volume marts and the check's verdicts, to be spoilt by a fault."""

    rows: list[dict[str, Any]]
    verdicts: dict[str, dict[Month, Verdict]]
    active: dict[Month, int]
    cohorts: dict[str, Cohort]

    def ground(self, as_of: str, *, holidays: bool = True, window: int = 3) -> Ground:
        """What an as_of's guard may look at."""
        end = Month.parse(as_of[:7]) - 1
        months = tuple(m for m in MONTHS if m <= end)
        cutoff = end.end.date() + timedelta(days=5)
        rows = [row for row in self.rows if Month.of(row["day"]) in months]
        there = sorted({Month.of(row["day"]) for row in rows})
        return Ground(
            as_of=as_of,
            window=month_range(end - (window - 1), window),
            months=months,
            volume=volume_of(rows, there, end) if rows else None,
            holidays={d: n for d, n in HOLIDAYS.items() if d < cutoff} if holidays else None,
            verdicts={
                name: {m: v for m, v in found.items() if m <= end}
                for name, found in self.verdicts.items()
            },
            active={m: n for m, n in self.active.items() if m <= end},
            cohorts={a: c for a, c in self.cohorts.items() if a <= as_of},
        )

    def cut(self, share: float, first: str, last: str, where: Callable[..., bool]) -> None:
        """Leave `share` of the rows between two days (both included) that `where` holds for."""
        for row in self.rows:
            if first <= f"{row['day']}" <= last and where(row):
                for name in row:
                    if name.endswith("_count"):
                        row[name] = int(row[name] * share)
        self.rows = [row for row in self.rows if row["rows_count"]]

    def empty(self, column: str, share: float, first: str, last: str) -> None:
        """Make a share of the values of a column null between two days, where it is ever given."""
        for row in self.rows:
            if first <= f"{row['day']}" <= last and row[column] < 0.9 * row["rows_count"]:
                row[column] = int(row["rows_count"] * share)

    def verdict(self, extract: str, month: Month, **changes: Any) -> None:
        """Change a month's verdict; `kept` alone changes `rows` with it."""
        old = self.verdicts[extract][month]
        changes.setdefault("rows", changes.get("kept", old.kept) + sum(old.refused.values()))
        self.verdicts[extract][month] = replace(old, **changes)


def anything(_: dict[str, Any]) -> bool:
    """Every row."""
    return True


def copy_of(clean: World) -> World:
    """A copy to be spoilt."""
    return World(
        [dict(row) for row in clean.rows],
        {name: dict(found) for name, found in clean.verdicts.items()},
        dict(clean.active),
        dict(clean.cohorts),
    )


def world(seed: int, rows_a_day: int = 11_000, day_noise: float = 0.03) -> World:
    """A clean operator.

    Args:
        seed: of the noise.
        rows_a_day: CDRs on a plain Monday of the first month.
        day_noise: standard deviation of a whole day's logarithm, besides counting.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for month in MONTHS:
        for number in range(month.days):
            day = month.start.date() + timedelta(days=number)
            rows += _day(rng, day, rows_a_day / 1_000, day_noise)
    subscribers = rows_a_day / 5.5
    base = {m: subscribers * GROWTH**i for i, m in enumerate(MONTHS)}
    verdicts = {
        name: {m: _verdict(name, m, int(rng.poisson(base[m] * share))) for m in MONTHS}
        for name, share in {"care": 0.15, "topups": 0.6, "services": 1.4}.items()
    }
    for name, share, spread in (("subscribers", 1.0, 0.002), ("billing", 0.95, 0.004)):
        counts = {m: int(base[m] * share * (1 + spread * rng.standard_normal())) for m in MONTHS}
        verdicts[name] = {m: _verdict(name, m, n) for m, n in counts.items()}
    verdicts["cdr"] = {
        m: _verdict("cdr", m, sum(r["rows_count"] for r in rows if Month.of(r["day"]) == m))
        for m in MONTHS
    }
    cohorts = {f"{m + 1}-01": _cohort(rng, int(base[m])) for m in MONTHS[2:]}
    active = {m: int(0.93 * base[m] * (1 + 0.004 * rng.standard_normal())) for m in MONTHS}
    return World(rows, verdicts, active, cohorts)


def _day(
    rng: np.random.Generator, day: date, scale: float, day_noise: float
) -> list[dict[str, Any]]:
    grown = GROWTH ** ((day - FIRST.start.date()).days / 30.4)
    whole = grown * WEEKDAYS[day.weekday()] * np.exp(day_noise * rng.standard_normal())
    rows = []
    for (kind, direction), rate in KINDS.items():
        own = np.exp(0.5 * day_noise * rng.standard_normal())
        count = int(rng.poisson(scale * rate * whole * own * _holiday(day, kind)))
        if not count:
            continue
        outside = kind == "data"
        row = {
            "day": day,
            "kind": kind,
            "direction": direction,
            "rows_count": count,
            "events_count": count,
            "counterpart_null_count": count if outside else 0,
            "duration_null_count": 0 if kind in ("voice", "data") else count,
            "network_null_count": count if outside else int(rng.binomial(count, 0.02)),
            "cell_null_count": int(rng.binomial(count, 0.05)),
        }
        rows.append(row)
    return rows


def _holiday(day: date, kind: str) -> float:
    calls, messages = EFFECTS[HOLIDAYS[day]] if day in HOLIDAYS else (1.0, 1.0)
    if day not in HOLIDAYS:
        near = [n for d, n in HOLIDAYS.items() if abs((d - day).days) <= 2]
        if near:
            calls, messages = ((1 + effect) / 2 for effect in EFFECTS[near[0]])
    return messages if kind in ("sms", "mms") else calls


def _verdict(extract: str, month: Month, kept: int) -> Verdict:
    columns = {
        "cdr": ("subscriber_id", "kind", "started_at", "cell_id"),
        "billing": ("subscriber_id", "month", "total_charge", "discount"),
    }
    return Verdict(extract, str(month), kept, kept, columns=columns.get(extract, ()))


def _cohort(rng: np.random.Generator, base: int) -> Cohort:
    whole = int(base * 0.92)
    bill = int(rng.binomial(whole, 0.65))
    minutes = int(rng.binomial(bill, 0.8))
    rules = {"whole_window": whole, "min_monthly_bill": bill, "min_voice_out_minutes": minutes}
    return Cohort(minutes, base, rules)

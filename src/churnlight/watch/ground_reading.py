"""Read what the guard judges: marts, verdicts, cohorts, holidays; nothing after the window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from churnlight.check.rows import load_kept
from churnlight.check.verdict import Verdict, read_verdict
from churnlight.engine import Engine
from churnlight.files import read_json
from churnlight.schema import EXTRACTS, MONTHLY
from churnlight.timeline import Moment, Month
from churnlight.watch.ground_model import NULL_COLUMNS, Cohort, Floats, Ground, Volume


class GroundPlaces(Protocol):
    """What is asked of the project's paths (`churnlight.paths.Project` has it)."""

    @property
    def check(self) -> Path:
        """The check's verdicts."""

    def mart(self, month: Month) -> Path:
        """A month's marts."""

    def labels(self, as_of: str) -> Path:
        """An as_of's labels and attrition table."""


def read_ground(
    places: GroundPlaces,
    at: Moment,
    *,
    months: Sequence[Month],
    history_months: int,
    holidays: Mapping[date, str] | None = None,
    as_ofs: Iterable[str] = (),
) -> Ground:
    """Read everything that the guard may look at for an as_of.

    Args:
        places: where marts, verdicts and attrition tables stand.
        at: the as_of.
        months: the months of the parameters; those after the window are not looked at.
        history_months: how many months before the window's end may say what is usual.
        holidays: public holidays, see `read_holidays`; None where the operator has no table.
        as_ofs: as_ofs with an attrition table; those after this one are not looked at.

    Raises:
        UsageError: when a verdict, manifest or attrition table is of another version or broken.
    """
    end = at.window[-1]
    known = {m for m in months if end - (history_months - 1) <= m <= end} | set(at.window)
    used = tuple(sorted(known))
    verdicts = {name: _verdicts(places.check, name, used) for name in MONTHLY}
    # A holiday that begins before the cutoff throws its shadow ahead; later ones are not seen.
    last = at.cutoff.date()
    return Ground(
        as_of=at.key,
        window=at.window,
        months=used,
        volume=_volume(places, used, end),
        holidays=None if holidays is None else {d: n for d, n in holidays.items() if d < last},
        verdicts={name: found for name, found in verdicts.items() if found},
        active=_active(places, used),
        cohorts=read_cohorts(places, at, as_ofs),
    )


def read_holidays(
    engine: Engine, extracts: Path, verdicts: Path | None = None
) -> dict[date, str] | None:
    """The operator's table of holidays; None where there is none.

    Raises:
        DataRefused: when it can't be read.
    """
    table = load_kept(engine, extracts, "holidays", (), verdicts=verdicts)
    if table is None:
        return None
    name = table["name"] if "name" in table.columns else table["date"].cast("string")
    rows = engine.arrow(table.select("date", name=name)).to_pylist()
    return {row["date"]: row["name"] or "" for row in rows}


def _verdicts(folder: Path, name: str, months: Sequence[Month]) -> dict[Month, Verdict]:
    found = {m: read_verdict(folder, name, m) for m in months}
    # A verdict without rows is that of a month in which nothing happened, and is there.
    return {m: v for m, v in found.items() if v is not None and EXTRACTS[name].monthly}


def _active(places: GroundPlaces, months: Sequence[Month]) -> dict[Month, int]:
    found = {}
    for month in months:
        path = places.mart(month) / "manifest.json"
        rows = read_json(path).get("rows") if path.is_file() else None
        if isinstance(rows, dict) and "usage" in rows:
            found[month] = int(rows["usage"])
    return found


def read_cohorts(places: GroundPlaces, at: Moment, as_ofs: Iterable[str]) -> dict[str, Cohort]:
    """The cohorts' sizes by as_of; those after this as_of are not looked at."""
    found = {}
    for as_of in sorted({a for a in as_ofs if a <= at.key}):
        path = places.labels(as_of) / "attrition.json"
        if path.is_file():
            found[as_of] = cohort_of(read_json(path))
    return found


def cohort_of(attrition: Mapping[str, Any]) -> Cohort:
    """A cohort's size from attrition.json, see `churnlight.population`."""
    counts = attrition["counts"]
    rules = {row["rule"]: int(row["subscribers_left"]) for row in attrition["rules"]}
    return Cohort(int(counts["subscribers"]), int(counts["start_population"]), rules)


def _volume(places: GroundPlaces, months: Sequence[Month], end: Month) -> Volume | None:
    import pyarrow.parquet as pq

    paths = {m: places.mart(m) / "volume.parquet" for m in months}
    # Spark writes a folder of parts where DuckDB writes a file; both read alike.
    tables = {m: pq.read_table(path) for m, path in paths.items() if path.exists()}
    if not tables:
        return None
    rows = [row for month in sorted(tables) for row in tables[month].to_pylist()]
    return volume_of(rows, tuple(tables), end)


def volume_of(rows: Sequence[Mapping[str, Any]], there: Sequence[Month], end: Month) -> Volume:
    """Lay the rows of volume marts out day by day.

    Args:
        rows: rows of the mart: day, kind, direction, rows_count and counts of nulls.
        there: the months that have a mart.
        end: the window's last month.
    """
    first = min(there).start.date()
    count = (end.end.date() - first).days
    days = [first + timedelta(days=i) for i in range(count)]
    names = sorted({_name(row) for row in rows})
    total: dict[str, Floats] = {name: np.zeros(count) for name in names}
    nulls = {c: {name: np.zeros(count) for name in names} for c in NULL_COLUMNS.values()}
    for row in rows:
        place = (row["day"] - first).days
        if 0 <= place < count:
            total[_name(row)][place] += row["rows_count"]
            for source, column in NULL_COLUMNS.items():
                nulls[column][_name(row)][place] += row[source]
    given = set(there)
    return Volume(first, np.array([Month.of(day) in given for day in days]), total, nulls)


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['kind']}/{row['direction']}" if row["direction"] else str(row["kind"])

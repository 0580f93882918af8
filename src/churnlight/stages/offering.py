"""What the stages segments, tariffs and handsets share: the scored as_ofs, and rows of extracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir

from churnlight.check import Closing, load_kept
from churnlight.engine import Engine
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.data import ExtractsParams, TimeParams
from churnlight.stages.datasets import read_role
from churnlight.stages.stage import Stage
from churnlight.timeline import Moment, Month, moment


def scored_moments(stage: Stage) -> Iterator[Moment]:
    """The as_ofs of the role score, in order of time."""
    time = stage.section("time", TimeParams)
    yield from (moment(as_of, time) for as_of in read_role(stage.project, "score")[1])


def kept_rows(
    stage: Stage, engine: Engine, names: Iterable[str], months: Sequence[Month]
) -> dict[str, ir.Table]:
    """Kept rows of extracts over those of the months that count; an extract without any is absent.

    CDRs that came after their month was closed are left out, but in restated months.
    """
    params = stage.section("extracts", ExtractsParams)
    counted = [m for m in months if m in set(params.month_list)]
    found = {name: _kept(stage, engine, name, counted, params) for name in names}
    return {name: rows for name, rows in found.items() if rows is not None}


def usage_of(stage: Stage, engine: Engine, months: Sequence[Month]) -> ir.Table | None:
    """The mart `usage` of the months that have one."""
    return MonthlyMarts(engine, stage.project.marts).table("usage", months)


def members_of(stage: Stage, engine: Engine, as_of: str) -> ir.Table:
    """subscriber_id and activated_on of the cohort."""
    people = engine.read([stage.project.labels(as_of) / "labels.parquet"])
    return people.select("subscriber_id", "activated_on")


def newest_before(folder: Path, as_of: str) -> Path | None:
    """The newest `as_of=` folder below `folder` that is earlier than this as_of."""
    earlier = [p for p in folder.glob("as_of=*") if p.name.removeprefix("as_of=") < as_of]
    return max(earlier, key=lambda p: p.name, default=None)


def _kept(
    stage: Stage, engine: Engine, name: str, months: Sequence[Month], params: ExtractsParams
) -> ir.Table | None:
    check = stage.project.check
    if name != "cdr":
        return load_kept(engine, stage.extracts, name, months, verdicts=check)
    time = stage.section("time", TimeParams)
    closing = Closing(time.close_days, time.reporting_delay_hours)
    parts = [
        load_kept(
            engine,
            stage.extracts,
            name,
            [month],
            verdicts=check,
            closing=None if str(month) in params.restated_months else closing,
        )
        for month in months
    ]
    there = [part for part in parts if part is not None]
    return ibis.union(*there) if len(there) > 1 else (there[0] if there else None)

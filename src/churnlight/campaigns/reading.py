"""What a report needs of the extracts, as known at an as_of: of those assigned alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
from pyarrow.dataset import dataset, field

from churnlight.campaigns.assigned import Assigned, assigned
from churnlight.columns import is_given
from churnlight.engine import Engine
from churnlight.identity import ID
from churnlight.known import as_known
from churnlight.schema import EXTRACTS
from churnlight.timeline import Moment, Month, TimeRules, moment

Load = Callable[[str, Sequence[Month]], "ir.Table | None"]


@dataclass(frozen=True)
class Record:
    """Everything known of the campaigns.

    Attributes:
        who: the assignments.
        snapshots: see `outcomes.outcomes`.
        bills: see there; None where the operator has none.
        newest: the last month before the as_of.
    """

    who: Assigned
    snapshots: pd.DataFrame
    bills: pd.DataFrame | None
    newest: Month


def read(
    engine: Engine,
    load: Load,
    months: Sequence[Month],
    at: Moment,
    campaigns: Sequence[str] = (),
) -> Record:
    """Read assignments, and what became of the assigned.

    Args:
        engine: where it runs.
        load: gives the kept rows of an extract over some months, or None.
        months: of the extracts.
        at: the as_of: what happened or was known later does not count.
        campaigns: ids, as text; empty: all.
    """
    wanted = sorted(month for month in months if month < at.month)
    offers = _known(load, "campaigns", wanted, at)
    if offers is None:
        none = pd.DataFrame(columns=["subscriber_id", "campaign_id", "arm", "offered_at"])
        empty = pd.DataFrame(columns=[ID, "month", "status", "activated_on", "account_id"])
        return Record(assigned(none), empty, None, at.month - 1)
    if campaigns:
        offers = offers.filter(offers["campaign_id"].cast("string").isin(list(campaigns)))
    offers = engine.cache(offers)
    shown = _known(load, "subscribers", wanted, at)
    bills = _known(load, "billing", wanted, at)
    columns = [ID, "month", "status", "activated_on", "account_id"]
    return Record(
        who=assigned(_frame(engine, offers, list(offers.columns))),
        snapshots=pd.DataFrame(columns=columns)
        if shown is None
        else _frame(engine, shown.semi_join(offers, ID), columns),
        bills=None
        if bills is None
        else _frame(engine, bills.semi_join(offers, ID), [ID, "month", "total_charge"]),
        newest=at.month - 1,
    )


def _known(load: Load, name: str, months: Sequence[Month], at: Moment) -> ir.Table | None:
    table = load(name, months)
    if table is None:
        return None
    return as_known(table, EXTRACTS[name], as_of=at.as_of, cutoff=at.cutoff)


def _frame(engine: Engine, table: ir.Table, columns: list[str]) -> pd.DataFrame:
    """Columns as pandas has them; those that the files lack are left out."""
    there = [name for name in columns if is_given(table, name)]
    frame = engine.arrow(table.select(*there)).to_pandas(date_as_object=True)
    return frame.reindex(columns=columns)


def rows_of(
    path: Path, who: Sequence[Any] | None, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Rows of a Parquet file, of some subscribers alone, without the others' ever being held.

    Args:
        path: a file, or a folder of parts.
        who: ids; None: everybody.
        columns: None: all.
    """
    mask = None if who is None else field(ID).isin(list(who))
    wanted = None if columns is None else list(columns)
    return dataset(path).to_table(columns=wanted, filter=mask).to_pandas()


def read_standing(
    folders: Mapping[str, Path],
    time: TimeRules,
    segments: Mapping[str, Path] | None = None,
    who: Sequence[Any] | None = None,
) -> dict[str, pd.DataFrame]:
    """What scored months said of everybody, by the day from which it was known.

    Args:
        folders: as_of -> a folder with scores.parquet and reasons.parquet.
        time: the section `time`: a score is known from its cutoff on.
        segments: as_of -> a folder with segments.parquet; of other as_ofs segments are not known.
        who: ids that are asked for; None: everybody.

    Returns:
        Cutoff ("YYYY-MM-DD") -> subscriber_id, tier, score, reason (the first that raises the
        risk; null without one), and segment where that as_of has any.
    """
    found = {}
    for as_of, folder in folders.items():
        scores = rows_of(folder / "scores.parquet", who, [ID, "tier", "probability"])
        scores = scores.rename(columns={"probability": "score"})
        columns = [ID, "rank", "direction", "reason"]
        reasons = rows_of(folder / "reasons.parquet", who, columns)
        raising = reasons[reasons["direction"] == "up"].sort_values([ID, "rank"])
        first = raising.drop_duplicates(ID)[[ID, "reason"]]
        cutoff = moment(as_of, time).cutoff
        said = scores.merge(first, on=ID, how="left")
        if as_of in (segments or {}):
            path = (segments or {})[as_of] / "segments.parquet"
            said = said.merge(rows_of(path, who, [ID, "segment"]), on=ID, how="left")
        found[f"{cutoff:%Y-%m-%d}"] = said
    return found

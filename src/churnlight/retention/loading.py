"""Read a scored month as the handout shows it: for the whole list, or for one subscriber."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.dataset import dataset

from churnlight import files
from churnlight.check import load_kept
from churnlight.engine import Engine
from churnlight.known import as_known
from churnlight.learners import tree
from churnlight.learners.champion import FILE, Scale
from churnlight.learners.dataset import BoolArray
from churnlight.learners.stored import read_stored
from churnlight.learners.tiers_before import last_before
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.output import HandoutParams
from churnlight.paths import Project
from churnlight.retention.handout import feature_words, rules_in_words
from churnlight.retention.history import history_months, read_history
from churnlight.retention.month import HandoutInputs, Plot, callable_now, card_ids, risen
from churnlight.retention.movements import JSON, ScoredMonth
from churnlight.schema import ON_THE_BOOKS, SUBSCRIBERS
from churnlight.timeline import Moment, Month

_MARK = 12
_SCALE_MARK = 6
_BEFORE = [
    *("subscriber_id", "tier", "monthly_bill_money", "value_at_risk_money"),
    "left_before_cutoff",
]
_PEOPLE = ["subscriber_id", "account_id", "region", "activated_on"]


@dataclass(frozen=True)
class Source:
    """Where a scored month is.

    Attributes:
        project: the project.
        at: the as_of.
        extracts: the operator's folder.
        months: the months of the extracts that count.
        params: section `handout`.
        folder: with scores.parquet, reasons.parquet and medians.json; None: the project's.
        least: subscribers below which a group is not shown (`privacy.min_group`).
    """

    project: Project
    at: Moment
    extracts: Path
    months: Sequence[Month]
    params: HandoutParams
    folder: Path | None = None
    least: int = 1

    @property
    def scored(self) -> Path:
        """The folder of the scored month."""
        return self.folder or self.project.scores(self.at.key)

    def kept(self, engine: Engine, name: str, months: Sequence[Month]) -> Any:
        """Kept rows of an extract over those of the months that count; None without any."""
        counted = [m for m in months if m in set(self.months)]
        return load_kept(engine, self.extracts, name, counted, verdicts=self.project.check)


def read_scores(source: Source) -> pd.DataFrame:
    """scores.parquet of the month."""
    return pd.read_parquet(files.require_file(source.scored / "scores.parquet", "score"))


def load_month(
    engine: Engine,
    source: Source,
    *,
    scores: pd.DataFrame | None = None,
    only: pd.Series[Any] | None = None,
    plots: Sequence[Plot] = (),
) -> HandoutInputs:
    """Everything that workbook, page and cards show.

    Reasons are read for those on the list alone: theirs are a small part of all.

    Args:
        engine: where marts and bills are read.
        source: see `Source`.
        scores: rows of scores.parquet, where they have been read already.
        only: subscribers to read reasons and history of; None: the list, and those with a card.
        plots: pictures of this month's SHAP values.

    Raises:
        ChurnlightError: when a file is missing, or lacks a column.
    """
    project, at = source.project, source.at
    scores = read_scores(source) if scores is None else scores
    people = pd.read_parquet(project.labels(at.key) / "labels.parquet", columns=_PEOPLE)
    stored = read_stored(project.tiers / FILE)
    champion = str(stored["champion"])
    scale = Scale.from_json(stored["models"][champion])
    mark = files.sha256_of_tree(project.model(champion))[:_MARK]
    now = ScoredMonth(at.key, scores, _mark_of(mark, stored["models"][champion]))
    before = scored_before(project, at)
    up = risen(now, before, scale.tiers.names, people)
    listed, carded = (only, only) if only is not None else _listed(scores, source.params, up)
    return HandoutInputs(
        at=at,
        scores=scores,
        reasons=reasons_of(files.require_file(source.scored / "reasons.parquet", "score"), listed),
        medians=files.read_json(source.scored / "medians.json"),
        people=people,
        history=_history(engine, source, people[people["subscriber_id"].isin(carded)]),
        tiers=scale.tiers.names,
        champion=champion,
        rules=rules_in_words(tree.load(project.model("tree"))),
        params=source.params,
        rates=scale.rates,
        model_mark=mark,
        simulated=is_simulated(project),
        previous=None if before is None else before.scores,
        previous_as_of=None if before is None else before.as_of,
        mark=now.mark,
        previous_mark=None if before is None else before.mark,
        on_books=None if before is None or only is not None else _on_books(engine, source, before),
        plots=plots,
        features=feature_words(),
        least=source.least,
    )


def _history(engine: Engine, source: Source, people: pd.DataFrame) -> pd.DataFrame:
    marts = MonthlyMarts(engine, source.project.marts)
    bills = source.kept(engine, "billing", history_months(source.at))
    return read_history(engine, marts, bills, source.at, people)


def reasons_of(path: Path, subscribers: pd.Series[Any]) -> pd.DataFrame:
    """The rows of reasons.parquet of these subscribers, read a part at a time."""
    stored = dataset(path)  # a file, or a folder of parts
    wanted = pa.array(subscribers.tolist(), stored.schema.field("subscriber_id").type)
    parts = [
        batch.filter(pc.is_in(batch.column("subscriber_id"), value_set=wanted))
        for batch in stored.to_batches(batch_readahead=1)
    ]
    return pa.Table.from_batches(parts, stored.schema).to_pandas()


def is_simulated(project: Project) -> bool:
    """Whether a simulator made the extracts."""
    source = project.inventory / "source.json"
    return source.is_file() and bool(files.read_json(source)["simulated"])


def _listed(
    scores: pd.DataFrame, params: HandoutParams, up: BoolArray
) -> tuple[pd.Series[Any], pd.Series[Any]]:
    inside = callable_now(scores) & scores["tier"].isin(list(params.tiers)).to_numpy()
    return scores.loc[inside, "subscriber_id"], card_ids(scores, params, up)


def scored_before(project: Project, at: Moment) -> ScoredMonth | None:
    """The month scored last before this as_of; None where there is none."""
    before = last_before(project.scored, at.key)
    if before is None:
        return None
    folder = project.scores(before)
    record = folder / JSON
    mark = files.read_json(record).get("mark") if record.is_file() else None
    scores = pd.read_parquet(folder / "scores.parquet", columns=_BEFORE)
    return ScoredMonth(before, scores, None if mark is None else str(mark))


def _mark_of(model: str, scale: Any) -> str:
    """A fingerprint of the model and its cuts: new cuts move subscribers as a new model does."""
    return f"{model}/{files.sha256_of_json(scale)[:_SCALE_MARK]}"


def _on_books(engine: Engine, source: Source, before: ScoredMonth) -> pd.DataFrame | None:
    """Who of the month before is on the books at as_of, as far as was known at the cutoff."""
    at = source.at
    month = at.window[-1]
    rows = source.kept(engine, "subscribers", [month]) if month in set(source.months) else None
    if rows is None:
        return None
    known = as_known(rows, SUBSCRIBERS, as_of=at.as_of, cutoff=at.cutoff)
    here = known.filter(known["month"] == str(month), known["status"].isin(ON_THE_BOOKS))
    wanted = engine.upload(pa.table({"wanted_id": pa.array(before.scores["subscriber_id"])}))
    found = here.semi_join(wanted, here["subscriber_id"] == wanted["wanted_id"])
    return engine.arrow(found.select("subscriber_id", "activated_on")).to_pandas()

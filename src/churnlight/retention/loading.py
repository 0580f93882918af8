"""Read a scored month as the handout shows it: for the whole list, or for one subscriber."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from churnlight import files
from churnlight.check import load_kept
from churnlight.engine import Engine
from churnlight.learners import tree
from churnlight.learners.champion import FILE, Scale
from churnlight.learners.stored import read_stored
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.output import HandoutParams
from churnlight.paths import Project
from churnlight.retention.handout import feature_words, rules_in_words
from churnlight.retention.history import history_months, read_history
from churnlight.retention.month import HandoutInputs, Plot, callable_now, card_ids
from churnlight.timeline import Moment, Month

_MARK = 12
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
    """

    project: Project
    at: Moment
    extracts: Path
    months: Sequence[Month]
    params: HandoutParams
    folder: Path | None = None

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
    listed, carded = (only, only) if only is not None else _listed(scores, source.params)
    stored = read_stored(project.tiers / FILE)
    champion = str(stored["champion"])
    scale = Scale.from_json(stored["models"][champion])
    before = _before(project, at)
    return HandoutInputs(
        at=at,
        scores=scores,
        reasons=reasons_of(files.require_file(source.scored / "reasons.parquet", "score"), listed),
        medians=files.read_json(source.scored / "medians.json"),
        people=people,
        history=read_history(
            engine,
            MonthlyMarts(engine, project.marts),
            source.kept(engine, "billing", history_months(at)),
            at,
            people[people["subscriber_id"].isin(carded)],
        ),
        tiers=scale.tiers.names,
        champion=champion,
        rules=rules_in_words(tree.load(project.model("tree"))),
        params=source.params,
        rates=scale.rates,
        model_mark=files.sha256_of_tree(project.model(champion))[:_MARK],
        simulated=is_simulated(project),
        previous=None
        if before is None
        else pd.read_parquet(project.scores(before) / "scores.parquet"),
        previous_as_of=before,
        plots=plots,
        features=feature_words(),
    )


def reasons_of(path: Path, subscribers: pd.Series[Any]) -> pd.DataFrame:
    """The rows of reasons.parquet of these subscribers, read a part at a time."""
    stored = pq.ParquetFile(path)
    wanted = pa.array(subscribers.tolist(), stored.schema_arrow.field("subscriber_id").type)
    parts = [
        batch.filter(pc.is_in(batch.column("subscriber_id"), value_set=wanted))
        for batch in stored.iter_batches()
    ]
    return pa.Table.from_batches(parts, stored.schema_arrow).to_pandas()


def is_simulated(project: Project) -> bool:
    """Whether a simulator made the extracts."""
    source = project.inventory / "source.json"
    return source.is_file() and bool(files.read_json(source)["simulated"])


def _listed(scores: pd.DataFrame, params: HandoutParams) -> tuple[pd.Series[Any], pd.Series[Any]]:
    inside = callable_now(scores) & scores["tier"].isin(list(params.tiers)).to_numpy()
    return scores.loc[inside, "subscriber_id"], card_ids(scores, params)


def _before(project: Project, at: Moment) -> str | None:
    """The as_of scored last before this one."""
    return max((as_of for as_of in project.scored if as_of < at.key), default=None)

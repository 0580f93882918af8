"""Score and explain an as_of: batch by batch in this process, or where an engine's rows lie.

No memory grows with the cohort either way; SHAP values are worked out once.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight import files
from churnlight.engine import Engine
from churnlight.explain.contributions import check_additive, in_chunks, spread_evenly
from churnlight.explain.meaning import catalogue_meaning
from churnlight.explain.reasons import Meaning, People, Sums, medians, reasons_of
from churnlight.learners.champion import Bundle
from churnlight.learners.dataset import IntArray
from churnlight.learners.tiers_before import TiersBefore, held, last_before, number_before
from churnlight.logs import progress
from churnlight.params.learning import ExplainParams
from churnlight.params.score import ScoreParams
from churnlight.paths import Project
from churnlight.stages.datasets import (
    TIER_BEFORE,
    cohort_rows,
    feature_batches,
    feature_columns,
    joined_rows,
    split_joined,
)
from churnlight.watch.measured import Measured
from churnlight.watch.profile import Profile, Reference, merged

SAMPLE_ROWS = 2_000  # subscribers in the plots
_SUMS, _SAMPLE, _PROFILE = "sums", "sample", "profile"
PROFILE, REFERENCE = "profile.json", "reference.json"


@dataclass(frozen=True)
class LookingBack:
    """What a scored month is held against.

    Attributes:
        reference: what the models' training cohort looked like; None: the month is not profiled.
        before: the as_of scored before, whose tiers are held; None: none are.
        params: section `score`, how firmly they are held.
    """

    reference: Reference | None = None
    before: str | None = None
    params: ScoreParams = field(default_factory=ScoreParams)

    @classmethod
    def of(cls, project: Project, as_of: str, params: ScoreParams) -> LookingBack:
        """As a project has it: reference.json beside the tiers, and earlier scores."""
        stored = files.read_json_if_there(project.tiers / REFERENCE)
        reference = None if stored is None else Reference.from_json(stored)
        before = last_before(project.scored, as_of) if params.hysteresis > 0 else None
        return cls(reference, before, params)

    def profile(self, as_of: str = "") -> Profile | None:
        """An empty profile on the reference's bins."""
        return None if self.reference is None else Profile(self.reference.edges, as_of)

    def held(
        self, predicted: pd.DataFrame, previous: IntArray | None, bundle: Bundle
    ) -> pd.DataFrame:
        """Predictions whose tiers hold those of the month before, on request; see `held`."""
        if self.params.hysteresis <= 0:
            return predicted
        return held(predicted, previous, bundle.scales[bundle.champion], self.params)


class Scorer:
    """Scores and explains one as_of."""

    def __init__(
        self,
        bundle: Bundle,
        quoted_tiers: tuple[str, ...],
        params: ExplainParams,
        threads: int = 1,
        meaning: Meaning | None = None,
        back: LookingBack | None = None,
    ) -> None:
        """Take the models.

        Args:
            bundle: both models.
            quoted_tiers: tiers whose subscribers' own values are kept beside their reasons.
            params: section `explain`.
            threads: to use.
            meaning: what is known of the features; None: what the catalogue says.
            back: what the month is held against; None: nothing.
        """
        self.bundle, self.params, self.threads = bundle, params, threads
        self.back = back or LookingBack()
        self.profile = self.back.profile()
        self._quoted_tiers = list(quoted_tiers)
        self._meaning = meaning or catalogue_meaning()
        self._meaning.hold(bundle.gbm.encoder.names)
        self._sums = Sums(bundle.gbm.encoder.names, self._meaning)
        self.rows = 0

    def write(
        self, project: Project, as_of: str, out: Path, engine: Engine | None = None
    ) -> pd.DataFrame | None:
        """Write the four files of an as_of into a folder.

        Args:
            project: with features and labels of the as_of.
            as_of: which.
            out: the folder.
            engine: where it is done, if the engine spreads its rows; else, and by default, in this
                process, which is faster where one machine holds them.

        Returns:
            The features of some `SAMPLE_ROWS` subscribers, spread over all, where the work was done
            elsewhere; None where `feature_batches` gives any row to who asks.
        """
        if engine is not None and engine.spreads:
            return self.write_spread(project, as_of, out, engine)
        with (
            progress("scores and reasons", cohort_rows(project, as_of)) as advance,
            _Table(out / "scores.parquet") as scores,
            _Table(out / "reasons.parquet") as reasons,
        ):
            for scored, explained in self.batches(project, as_of, advance):
                scores.write(scored)
                reasons.write(explained)
                self.rows += len(scored)
        found: dict[str, float | None] = {}
        for column in feature_columns(project, as_of):
            found |= medians(column)
        self._write_summary(out, as_of, found)
        return None

    def write_spread(self, project: Project, as_of: str, out: Path, engine: Engine) -> pd.DataFrame:
        """As `write`, where the engine's rows lie; counts, sums and a sample come back."""
        total = cohort_rows(project, as_of)
        work = BatchWork(
            self.bundle, self._quoted_tiers, self.params, self._meaning, as_of, total, self.back
        )
        rows = joined_rows(engine, project, as_of, self.back.before)
        engine.map_batches(rows, work, out, ["subscriber_id"])
        if self.back.reference is not None:
            parts = _taken(out / f"{_PROFILE}.parquet")["content"].to_pylist()
            edges = self.back.reference.edges
            self.profile = merged([Profile.from_json(json.loads(part), edges) for part in parts])
        self._sums.add_rows(_taken(out / f"{_SUMS}.parquet").to_pylist())
        self.rows += total
        features = engine.read([project.features(as_of) / "features.parquet"])
        numbers = [c for c in self.bundle.gbm.encoder.names if features[c].type().is_numeric()]
        nothing = dict.fromkeys(c for c in features.columns if c != "subscriber_id")
        self._write_summary(out, as_of, nothing | engine.medians(features, numbers))
        return _taken(out / f"{_SAMPLE}.parquet").to_pandas()

    def _write_summary(self, out: Path, as_of: str, medians_: dict[str, float | None]) -> None:
        files.write_json(out / "medians.json", medians_)
        if self.profile is not None:
            self.profile.as_of = as_of
            files.write_json(out / PROFILE, self.profile.to_json())
        files.write_json(
            out / "importance.json",
            {
                "features": self._sums.importance(),
                "reasons": self._sums.by("reason"),
                "families": self._sums.by("family"),
            },
        )

    def batches(
        self, project: Project, as_of: str, advance: Callable[[int], None]
    ) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Scores and reasons, a batch of subscribers at a time; once, and empty, for nobody."""
        total = cohort_rows(project, as_of)
        before = None
        if self.back.before is not None:
            before = TiersBefore.read(project, as_of, self.bundle.tier_names)
        for frame, people in feature_batches(project, as_of):
            previous = None
            if before is not None:
                previous = before.number_of(people["subscriber_id"], people["activated_on"])
            yield self.batch(frame, people, total, advance, previous)

    def batch(
        self,
        frame: pd.DataFrame,
        people: pd.DataFrame,
        total: int,
        advance: Callable[[int], None],
        previous: IntArray | None = None,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Scores and reasons of some of `total` subscribers, whose SHAP values are checked.

        `previous` has the tiers' numbers of the month before, where they are held.
        """
        # The sample that is checked is spread evenly over all.
        check = share_of(self.params.check_rows, frame, total)
        check_additive(self.bundle.gbm, frame, check, self.threads)
        predicted = self.back.held(self.bundle.predict(frame, self.threads), previous, self.bundle)
        scored = scores_of(predicted, people)
        return scored, self._explained(frame, scored, advance)

    def _explained(
        self, frame: pd.DataFrame, scored: pd.DataFrame, advance: Callable[[int], None]
    ) -> pd.DataFrame:
        quote = scored["tier"].isin(self._quoted_tiers).to_numpy()
        everyone = People(frame, scored["subscriber_id"].to_numpy(), quote)
        values = np.empty((len(frame), frame.shape[1]))
        for rows, part in in_chunks(self.bundle.gbm, frame, self.threads, advance=advance):
            values[rows] = part[:, :-1]
        self._sums.add(values)
        if self.profile is not None:
            self.profile.add(Measured.of(frame, scored, values, self._meaning))
        return reasons_of(values, everyone, self._meaning, self.params.reasons)

    def sums(self) -> dict[str, Any]:
        """What went into importance so far, as a row of a table."""
        return self._sums.to_row()


@dataclass(frozen=True)
class BatchWork:
    """What an engine does with a batch of `joined_rows`; it travels to where the rows lie.

    Attributes:
        bundle, quoted_tiers, params, meaning: as `Scorer` takes them.
        as_of: which.
        total: how many subscribers there are in all batches.
        back: as `Scorer` takes it.
    """

    bundle: Bundle
    quoted_tiers: Sequence[str]
    params: ExplainParams
    meaning: Meaning
    as_of: str
    total: int
    back: LookingBack

    def __call__(self, batch: pa.Table) -> dict[str, pa.Table]:
        """Tables scores and reasons; sums, a row a batch; and a few rows of features."""
        frame, people = split_joined(batch, self.as_of)
        # A task has one core; an engine works on as many batches at once as it has.
        scorer = Scorer(
            self.bundle, tuple(self.quoted_tiers), self.params, 1, self.meaning, self.back
        )
        previous = None
        if self.back.before is not None:
            tier, since = people[TIER_BEFORE], people["activated_on"]
            previous = number_before(tier, since, self.back.before, self.bundle.tier_names)
        scored, explained = scorer.batch(frame, people, self.total, lambda _: None, previous)
        picked = spread_evenly(len(frame), share_of(SAMPLE_ROWS, frame, self.total))
        found = {"scores": scored, "reasons": explained, _SAMPLE: frame.iloc[picked]}
        tables = {n: pa.Table.from_pandas(t, preserve_index=False) for n, t in found.items()}
        tables[_SUMS] = pa.Table.from_pylist([scorer.sums()])
        if scorer.profile is not None:
            tables[_PROFILE] = pa.table({"content": [json.dumps(scorer.profile.to_json())]})
        return tables


def share_of(count: int, frame: pd.DataFrame, total: int) -> int:
    """How many of `count` rows a part of `total` rows has to give; one at least."""
    return max(1, round(count * len(frame) / max(total, 1)))


def _taken(path: Path) -> pa.Table:
    """Read a small table of an engine, which then is gone."""
    table = pq.read_table(path)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    return table


class _Table:
    """A Parquet file written a batch at a time, its columns' types as in the first batch."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, rows: pd.DataFrame) -> None:
        """Add rows."""
        if self._writer is None:
            schema = pa.Schema.from_pandas(rows, preserve_index=False)
            self._writer = pq.ParquetWriter(self._path, schema, compression="zstd")
        table = pa.Table.from_pandas(rows, self._writer.schema, preserve_index=False)
        self._writer.write_table(table)


def scores_of(predicted: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Put predictions and people together.

    Args:
        predicted: what `Bundle.predict` returns; one row a subscriber.
        people: rows of labels.parquet, row by row the same subscribers.

    Returns:
        subscriber_id, as_of, probability (of churn, 0 to 1), tier, probability_tree, tier_tree,
        leaf (the tree's, whose rule stands beside), models_apart (tree and LightGBM two tiers apart
        or more), monthly_bill_money (mean over the window), value_at_risk_money (probability times
        bill), left_before_cutoff (left since as_of: on no call list).
    """
    return pd.DataFrame(
        {
            "subscriber_id": people["subscriber_id"],
            "as_of": people["as_of"].astype(str),
            **{name: predicted[name] for name in predicted},
            "monthly_bill_money": people["monthly_bill_money"],
            "value_at_risk_money": predicted["probability"] * people["monthly_bill_money"],
            "left_before_cutoff": people["left_before_cutoff"].astype(bool),
        }
    )

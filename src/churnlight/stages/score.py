"""Stage score: each subscriber of the score as_of with probability, tier, tree's leaf and reasons.

Rows are read, scored, explained and written a batch at a time, so that memory does not grow with
the cohort; SHAP values are worked out once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight import files
from churnlight.explain.contributions import check_additive, in_chunks
from churnlight.explain.meaning import catalogue_meaning
from churnlight.explain.reasons import Meaning, People, Sums, medians, reasons_of
from churnlight.learners.champion import Bundle
from churnlight.logs import progress
from churnlight.params.data import EngineParams, ExtractsParams
from churnlight.params.learning import ExplainParams
from churnlight.params.output import HandoutParams
from churnlight.paths import Project
from churnlight.stages.datasets import (
    cohort_rows,
    feature_batches,
    feature_columns,
    read_role,
)
from churnlight.stages.handing import draw_plots, hand_out
from churnlight.stages.stage import main, report_rows, running


def score() -> None:
    """Write data/scores/as_of=.../, sorted by subscriber; earlier months stay.

    scores.parquet; reasons.parquet in long form; medians.json, the cohort's median by feature;
    importance.json, by feature, reason and family; plots/ of SHAP values; the call list as
    workbooks and as a page.
    """
    with running("score") as stage:
        threads = stage.section("engine", EngineParams).threads or 0
        bundle = Bundle.load(stage.project.root / "models")
        quoted_tiers = stage.section("handout", HandoutParams).tiers
        months = stage.section("extracts", ExtractsParams).month_list
        _, as_ofs = read_role(stage.project, "score")
        for as_of in as_ofs:
            scorer = Scorer(bundle, quoted_tiers, stage.section("explain", ExplainParams), threads)
            with files.atomic_folder(stage.project.scores(as_of)) as out:
                scorer.write(stage.project, as_of, out)
                draw_plots(stage.project, bundle.gbm, as_of, out, threads)
                hand_out(stage, as_of, months, out)
            report_rows(f"scores of {as_of}", scorer.rows)


class Scorer:
    """Scores and explains one as_of."""

    def __init__(
        self,
        bundle: Bundle,
        quoted_tiers: tuple[str, ...],
        params: ExplainParams,
        threads: int = 1,
        meaning: Meaning | None = None,
    ) -> None:
        """Take the models.

        Args:
            bundle: both models.
            quoted_tiers: tiers whose subscribers' own values are kept beside their reasons.
            params: section `explain`.
            threads: to use.
            meaning: what is known of the features; None: what the catalogue says.
        """
        self.bundle, self.params, self.threads = bundle, params, threads
        self._quoted_tiers = list(quoted_tiers)
        self._meaning = meaning or catalogue_meaning()
        self._meaning.hold(bundle.gbm.encoder.names)
        self._sums = Sums(bundle.gbm.encoder.names, self._meaning)
        self.rows = 0

    def write(self, project: Project, as_of: str, out: Path) -> None:
        """Write the four files of an as_of into a folder."""
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
        files.write_json(out / "medians.json", found)
        files.write_json(
            out / "importance.json",
            {
                "features": self._sums.importance(),
                "reasons": self._sums.by("reason"),
                "families": self._sums.by("family"),
            },
        )

    def batches(
        self, project: Project, as_of: str, advance: Any
    ) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Scores and reasons, a batch of subscribers at a time; once, and empty, for nobody."""
        total = max(cohort_rows(project, as_of), 1)
        for frame, people in feature_batches(project, as_of):
            # The sample that is checked is spread evenly over all.
            check = max(1, round(self.params.check_rows * len(frame) / total))
            check_additive(self.bundle.gbm, frame, check, self.threads)
            scored = scores_of(self.bundle.predict(frame, self.threads), people)
            yield scored, self._explained(frame, scored, advance)

    def _explained(self, frame: pd.DataFrame, scored: pd.DataFrame, advance: Any) -> pd.DataFrame:
        quote = scored["tier"].isin(self._quoted_tiers).to_numpy()
        everyone = People(frame, scored["subscriber_id"].to_numpy(), quote)
        values = np.empty((len(frame), frame.shape[1]))
        for rows, part in in_chunks(self.bundle.gbm, frame, self.threads, advance=advance):
            values[rows] = part[:, :-1]
        self._sums.add(values)
        return reasons_of(values, everyone, self._meaning, self.params.reasons)


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


if __name__ == "__main__":
    main(score)

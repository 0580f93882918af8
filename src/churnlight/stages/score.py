"""Stage score: probability and tier of each subscriber of the score as_of."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight import files
from churnlight.learners.champion import Bundle
from churnlight.params.data import EngineParams
from churnlight.stages.datasets import read_as_of, read_role
from churnlight.stages.stage import main, report_rows, running


def score() -> None:
    """Write data/scores/as_of=.../scores.parquet, sorted by subscriber; earlier months stay."""
    with running("score") as stage:
        threads = stage.section("engine", EngineParams).threads or 0
        bundle = Bundle.load(stage.project.root / "models")
        _, as_ofs = read_role(stage.project, "score")
        for as_of in as_ofs:
            frame, people = read_as_of(stage.project, as_of)
            scored = scores_of(bundle.predict(frame, threads), people)
            with files.atomic_folder(stage.project.scores(as_of)) as out:
                pq.write_table(
                    pa.Table.from_pandas(scored, preserve_index=False),
                    out / "scores.parquet",
                    compression="zstd",
                )
            report_rows(f"scores of {as_of}", len(scored))


def scores_of(predicted: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Put predictions and people together.

    Args:
        predicted: probability, tier, probability_tree, tier_tree; one row a subscriber.
        people: rows of labels.parquet, row by row the same subscribers.

    Returns:
        subscriber_id, as_of, probability (of churn, 0 to 1), tier, probability_tree, tier_tree,
        monthly_bill_money (mean over the window), value_at_risk_money (probability times bill),
        left_before_cutoff (left since as_of: on no call list).
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

"""Stage evaluate: both models on the test as_of, which neither has seen."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churnlight import files
from churnlight.assess import evaluate as assess
from churnlight.learners.champion import Bundle
from churnlight.params.data import EngineParams
from churnlight.params.judging import EvaluateParams
from churnlight.params.learning import TrainParams
from churnlight.paths import Project
from churnlight.stages.datasets import read_as_of, read_labels, read_role, usable
from churnlight.stages.fairness import write_fairness
from churnlight.stages.stage import main, report_rows, running


def evaluate() -> None:
    """Write data/evaluation and data/metrics.json."""
    with running("evaluate") as stage:
        treated = stage.section("train", TrainParams).treated
        threads = stage.section("engine", EngineParams).threads or 0
        bundle = Bundle.load(stage.project.root / "models")
        _, as_ofs = read_role(stage.project, "test")
        frame, people = read_as_of(stage.project, as_ofs[-1])
        mask = usable(people, treated)
        seen = people["subscriber_id"].isin(learned_from(stage.project, treated))
        predictions = pd.concat(
            [people.assign(in_fit=seen)[mask], bundle.predict_both(frame[mask], threads)],
            axis="columns",
        ).reset_index(drop=True)
        report_rows("tested on", len(predictions))
        metrics, details = assess(
            predictions, stage.section("evaluate", EvaluateParams), bundle.tier_names
        )
        source = files.read_json(stage.project.inventory / "source.json")
        labelled = people["churned"].notna()
        details |= {
            "as_of": as_ofs[-1],
            "simulated": bool(source["simulated"]),
            "unlabelled": int((~labelled).sum()),
            "treated_left_out": int((labelled & ~mask).sum()),
        }
        with files.atomic_folder(stage.project.evaluation) as out:
            table = pa.Table.from_pandas(predictions, preserve_index=False)
            pq.write_table(table, out / "predictions.parquet", compression="zstd")
            files.write_json(out / "details.json", details)
            told = _of_champion(predictions, bundle.champion)
            write_fairness(stage.project, as_ofs[-1], told, bundle, out)
        files.write_json(stage.project.metrics, metrics)


def _of_champion(predictions: pd.DataFrame, champion: str) -> pd.DataFrame:
    """What the champion said, and what came of it."""
    columns = {f"{what}_{champion}": what for what in ("probability", "tier")}
    return predictions[["subscriber_id", "churned", *columns]].rename(columns=columns)


def learned_from(project: Project, treated: str) -> set[Any]:
    """Subscribers that stood in a fit as_of; the others are new to both models."""
    _, as_ofs = read_role(project, "fit")
    found: set[Any] = set()
    for as_of in as_ofs:
        people = read_labels(project, as_of)
        found |= set(people.loc[usable(people, treated), "subscriber_id"])
    return found


if __name__ == "__main__":
    main(evaluate)

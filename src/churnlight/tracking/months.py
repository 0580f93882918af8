"""One run a scored month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mlflow

from churnlight.tracking.store import (
    BEGUN_TAG,
    HASH_TAG,
    artefacts_of,
    ensure_experiment,
    finished,
    opened,
    sweep,
)


@dataclass(frozen=True)
class MonthRun:
    """What the run of a scored month logs.

    Attributes:
        as_of: which.
        content_hash: hash of the partition's manifest; the run is found again by it.
        params: flat parameters.
        metrics: flat metrics.
        tags: model version, data hashes.
        artefacts: files of the partition; never the tables, which hold subscribers.
        kind: what was done with the month: "score", "plan".
    """

    as_of: str
    content_hash: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artefacts: Sequence[Path]
    kind: str = "score"


def log_month(root: Path, experiment: str, run: MonthRun) -> dict[str, str]:
    """Log a scored month where it is missing.

    Returns:
        run_id and state ("logged" or "found").

    Raises:
        ChurnlightError: when the store can't be reached or refuses.
    """
    with opened(root) as client:
        ensure_experiment(experiment, artefacts_of(root))
        found = finished(experiment, run.content_hash)
        if found is not None:
            return {"run_id": found, "state": "found"}
        sweep(client, experiment, run.content_hash)
        begun = {BEGUN_TAG: run.content_hash}
        with mlflow.start_run(run_name=f"{run.kind} {run.as_of}", tags=begun) as active:
            mlflow.log_params(dict(run.params))
            mlflow.log_metrics(dict(run.metrics))
            mlflow.set_tags({**run.tags, "churnlight.as_of": run.as_of})
            for path in run.artefacts:
                mlflow.log_artifact(str(path), "month")
            mlflow.set_tag(HASH_TAG, run.content_hash)
            return {"run_id": str(active.info.run_id), "state": "logged"}

"""One run a model: parameters, metrics, plots, the model as MLflow serves it, and its version."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient

import churnlight
from churnlight.learners.champion import Bundle
from churnlight.tracking.store import (
    BEGUN_TAG,
    HASH_TAG,
    artefacts_of,
    ensure_experiment,
    finished,
    floats,
    opened,
    sweep,
)

# What the model needs where it is served; the versions are those it was made with.
_SERVED_WITH = ("lightgbm", "numpy", "pandas", "pyarrow", "pydantic", "pyyaml", "scikit-learn")
_SERVE = "from churnlight.tracking import serve\n\nserve()\n"
log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class ModelRun:
    """What one run logs.

    Attributes:
        learner: "tree" or "gbm".
        content_hash: hash of everything the run rests on; the run is found again by it.
        params: flat parameters.
        metrics: flat metrics.
        tags: git commit, data hashes.
        folders: artefact folder in the run -> local folder or file.
        texts: artefact file in the run -> its text.
        bundle: folder with tree/, gbm/ and tiers/.
        example: a few rows of the feature table.
        trials: of tuning: number, settings, log_loss, by_as_of; each becomes a nested run.
        reasons: code of each feature's reason, for `predict`.
    """

    learner: str
    content_hash: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    folders: Mapping[str, Path]
    texts: Mapping[str, str]
    bundle: Path
    example: pd.DataFrame
    trials: Sequence[Mapping[str, Any]] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)


def log_runs(
    root: Path, experiment: str, model_name: str, runs: list[ModelRun]
) -> dict[str, dict[str, str]]:
    """Log what is missing and register each model.

    Args:
        root: the project's folder, for the default store.
        experiment: MLflow experiment.
        model_name: registered model.
        runs: one a learner.

    Returns:
        learner -> run_id, version and state ("logged" or "found").

    Raises:
        ChurnlightError: when the store can't be reached or refuses.
    """
    with opened(root) as client:
        ensure_experiment(experiment, artefacts_of(root))
        return {run.learner: _log_run(client, experiment, model_name, run) for run in runs}


def _log_run(
    client: MlflowClient, experiment: str, model_name: str, run: ModelRun
) -> dict[str, str]:
    found = finished(experiment, run.content_hash)
    if not found:
        sweep(client, experiment, run.content_hash)
    run_id, state = (found, "found") if found else (_log_new(run), "logged")
    versions = client.search_model_versions(f"run_id = '{run_id}'")
    if not versions:
        model = mlflow.search_logged_models(
            filter_string=f"source_run_id = '{run_id}'", output_format="list"
        )[0]
        versions = [_register(client, model_name, model, run_id)]
    log.info("  %s: run %s %s, version %s", run.learner, run_id[:8], state, versions[0].version)
    return {"run_id": run_id, "version": str(versions[0].version), "state": state}


def _register(client: MlflowClient, name: str, model: Any, run_id: str) -> Any:
    if not client.search_registered_models(filter_string=f"name = '{name}'"):
        client.create_registered_model(name)
    return client.create_model_version(name, model.model_uri, run_id, model_id=model.model_id)


def _log_new(run: ModelRun) -> str:
    begun = {BEGUN_TAG: run.content_hash}
    with mlflow.start_run(run_name=run.learner, tags=begun) as active:
        mlflow.log_params(dict(run.params))
        mlflow.log_metrics(dict(run.metrics))
        mlflow.set_tags({**run.tags, "churnlight.learner": run.learner})
        for name, path in run.folders.items():
            if path.is_dir():
                mlflow.log_artifacts(str(path), name)
            elif path.exists():
                mlflow.log_artifact(str(path), name)
        for name, text in run.texts.items():
            mlflow.log_text(text, name)
        _log_model(run)
        for trial in run.trials:
            _log_trial(trial, begun)
        # Set last: a run that was killed before this line is not found again.
        mlflow.set_tag(HASH_TAG, run.content_hash)
        return str(active.info.run_id)


def _log_trial(trial: Mapping[str, Any], begun: dict[str, str]) -> None:
    """A nested run; it belongs to its parent, whose hash covers all trials."""
    with mlflow.start_run(run_name=f"trial {trial['number']}", nested=True, tags=begun):
        mlflow.log_params(dict(trial["settings"]))
        mlflow.log_metric("log_loss", trial["log_loss"])
        for as_of, found in trial["by_as_of"].items():
            mlflow.log_metrics({f"{name}_{as_of}": float(v) for name, v in found.items()})
        mlflow.set_tag("churnlight.trial", trial["number"])


def _log_model(run: ModelRun) -> None:
    example = floats(run.example)
    predicted = Bundle.load(run.bundle).predict(example)[["probability", "tier"]]
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "model.py"
        code.write_text(_SERVE, encoding="utf-8")
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(code),
            artifacts={"bundle": str(run.bundle)},
            model_config={"learner": run.learner, "reasons": dict(run.reasons)},
            code_paths=[str(Path(churnlight.__file__).parent)],
            pip_requirements=[f"{name}=={version(name)}" for name in ("mlflow", *_SERVED_WITH)],
            signature=infer_signature(example, predicted, {"reasons": 0}),
            input_example=example,
        )

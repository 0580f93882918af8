"""MLflow: one run a model, the registry, and the model as MLflow serves it.

The only file that imports mlflow. A run is found again by the hash of what it logs, so logging
twice adds nothing, and an emptied store is refilled.
"""

from __future__ import annotations

import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# A server that is down is told within seconds, not minutes; `tracking sync` is there for later.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")

import logging
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.tracking import MlflowClient

import churnlight
from churnlight.errors import ChurnlightError, UsageError
from churnlight.explain.reasons import Meaning, explain, in_columns
from churnlight.learners.champion import Bundle
from churnlight.params.learning import ExplainParams

HASH_TAG = "churnlight.hash"
CHAMPION = "champion"
_TOLD = 200
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


def default_store(root: Path) -> str:
    """The SQLite store inside the project."""
    return f"sqlite:///{root / 'mlflow.db'}"


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
        # A server decides for itself where artefacts go; the project's store keeps them there.
        server = mlflow.get_tracking_uri() != default_store(root)
        _ensure_experiment(experiment, None if server else (root / "mlartifacts").as_uri())
        return {run.learner: _log_run(client, experiment, model_name, run) for run in runs}


@contextmanager
def opened(root: Path) -> Iterator[MlflowClient]:
    """The store that MLFLOW_TRACKING_URI names, or the project's own.

    Raises:
        ChurnlightError: when the store can't be reached or refuses.
    """
    # Asked first: MLflow writes this variable itself once a store is set.
    uri = os.environ.get("MLFLOW_TRACKING_URI") or default_store(root)
    try:
        with _store(uri):
            yield MlflowClient()
    except (MlflowException, OSError) as error:
        raise ChurnlightError(
            f"MLflow's store refused ({_told(error)}). The result is whole in data/ "
            "and models/; `churnlight tracking sync` logs it later"
        ) from error


def predict_registered(model_name: str, version: str, frame: pd.DataFrame) -> pd.DataFrame:
    """What a registered version says of a feature table: probability and tier, a row each.

    Raises:
        ChurnlightError: when it can't be loaded, or does not take this table; says why.
    """
    try:
        model = mlflow.pyfunc.load_model(f"models:/{model_name}/{version}")
        predicted: pd.DataFrame = model.predict(_floats(frame))
        return predicted[["probability", "tier"]]
    # A model of an older version can fail on a newer table in many ways.
    except (MlflowException, ChurnlightError, OSError, ImportError, LookupError, TypeError,
            ValueError, AttributeError) as error:  # fmt: skip
        raise ChurnlightError(f"version {version} can't score the test: {_told(error)}") from error


def _told(error: Exception) -> str:
    """The first line, short, and without the password that a server's address may carry."""
    line = re.sub(r"//[^@/\s]*@", "//...@", str(error).splitlines()[0])
    return line if len(line) <= _TOLD else f"{line[:_TOLD]} ..."


@contextmanager
def _store(uri: str) -> Iterator[None]:
    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    noisy = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in noisy]
    for logger in noisy:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before or "")
        if before is None:
            os.environ.pop("MLFLOW_TRACKING_URI", None)
        for logger, level in zip(noisy, levels, strict=True):
            logger.setLevel(level)


def _ensure_experiment(name: str, artefacts: str | None) -> None:
    if mlflow.get_experiment_by_name(name) is None:
        mlflow.create_experiment(name, artifact_location=artefacts)
    mlflow.set_experiment(name)


def _log_run(
    client: MlflowClient, experiment: str, model_name: str, run: ModelRun
) -> dict[str, str]:
    found = mlflow.search_runs(
        experiment_names=[experiment],
        filter_string=f"tags.`{HASH_TAG}` = '{run.content_hash}' and status = 'FINISHED'",
        output_format="list",
    )
    if found:
        run_id, state = found[0].info.run_id, "found"
    else:
        run_id, state = _log_new(run), "logged"
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
    with mlflow.start_run(run_name=run.learner) as active:
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
            _log_trial(trial)
        # Set last: a run that was killed before this line is not found again.
        mlflow.set_tag(HASH_TAG, run.content_hash)
        return str(active.info.run_id)


def _log_trial(trial: Mapping[str, Any]) -> None:
    """A nested run; it belongs to its parent, whose hash covers all trials."""
    with mlflow.start_run(run_name=f"trial {trial['number']}", nested=True):
        mlflow.log_params(dict(trial["settings"]))
        mlflow.log_metric("log_loss", trial["log_loss"])
        for as_of, found in trial["by_as_of"].items():
            mlflow.log_metrics({f"{name}_{as_of}": float(v) for name, v in found.items()})
        mlflow.set_tag("churnlight.trial", trial["number"])


def _log_model(run: ModelRun) -> None:
    example = _floats(run.example)
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


def _floats(frame: pd.DataFrame) -> pd.DataFrame:
    # MLflow's signatures know no missing integers: numbers are served as doubles.
    numbers = frame.select_dtypes(include=["number", "bool"]).columns
    return frame.astype(dict.fromkeys(numbers, "float64"))


class ChurnModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """The feature table in; probability and tier out, and reasons where asked for."""

    def load_context(self, context: Any) -> None:
        """Read the bundle."""
        self._bundle = Bundle.load(Path(context.artifacts["bundle"]))
        self._learner = context.model_config["learner"]
        reasons = context.model_config.get("reasons", {})
        self._meaning = Meaning(reason=reasons, family=reasons)

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Probability of churn and tier, one row a row of the feature table.

        Args:
            context: MLflow's.
            model_input: the feature columns; others are an error that names them.
            params: `reasons`, how many reasons that raise the risk to give (0: none), with the one
                that lowers it most; see `churnlight.explain.reasons.in_columns`. They are what
                LightGBM saw, of the tree's version too.

        Raises:
            UsageError: when `reasons` is no whole number from 0 on.
        """
        del context
        scored = self._bundle.predict(model_input)
        of_tree = "_tree" if self._learner == "tree" else ""
        scored = scored[[f"probability{of_tree}", f"tier{of_tree}"]]
        scored.columns = ["probability", "tier"]
        count = (params or {}).get("reasons", 0)
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 0:
            raise UsageError(f"params reasons is {count!r}; expected a whole number from 0 on")
        return scored.join(self._reasons(model_input, int(count))) if count else scored

    def _reasons(self, frame: pd.DataFrame, count: int) -> pd.DataFrame:
        rows = np.arange(len(frame))
        found, _ = explain(
            self._bundle.gbm, frame, rows, self._meaning, ExplainParams(reasons=count)
        )
        return in_columns(found, len(frame), count).set_axis(frame.index)


def serve() -> None:
    """What the logged model file calls ("models from code": no pickle is written or read)."""
    mlflow.models.set_model(ChurnModel())


def git_commit(root: Path) -> str:
    """Commit of the project's sources, "-dirty" appended where they differ; "none" without Git."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return done.stdout.strip()

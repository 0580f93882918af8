"""Logged models: asked for a prediction, or fetched as the folder they were logged from."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from churnlight.errors import ChurnlightError
from churnlight.learners.champion import Bundle, LearnerName
from churnlight.tracking.store import opened, told


def predict_registered(model_name: str, version: str, frame: pd.DataFrame) -> pd.DataFrame:
    """What a registered version says of a feature table: probability and tier, a row each.

    Its files are read as JSON and LightGBM's text, held to their hashes; the code that MLflow keeps
    beside them for serving is not run here.

    Raises:
        ChurnlightError: when it can't be loaded, or does not take this table; says why.
    """
    try:
        uri = f"models:/{model_name}/{version}"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder))
            bundle = Bundle.load(_bundle_in(path, uri))
        known = _known_of(MlflowClient(), uri)
        learner = known.get("learner", bundle.champion)
        scored = replace(bundle, champion=cast("LearnerName", learner)).predict(frame)
        return scored[["probability", "tier"]]
    # A model of an older version can fail on a newer table in many ways.
    except (MlflowException, ChurnlightError, OSError, ImportError, LookupError, TypeError,
            ValueError, AttributeError) as error:  # fmt: skip
        raise ChurnlightError(f"version {version} can't score the test: {told(error)}") from error


def download_bundle(root: Path, uri: str, folder: Path) -> tuple[Path, dict[str, str]]:
    """Fetch a logged model.

    Args:
        root: the project's folder, for the default store.
        uri: as MLflow writes it: models:/NAME@champion, models:/NAME/3, runs:/RUN_ID/model.
        folder: empty, to download into.

    Returns:
        The folder with tree/, gbm/ and tiers/, and what is known of the model: name, version,
        run_id, learner (where it is registered), as text.

    Raises:
        ChurnlightError: when there is no such model, or the store can't be reached.
    """
    with opened(root) as client:
        try:
            path = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(folder)))
            known = _known_of(client, uri)
        except (MlflowException, OSError) as error:
            raise ChurnlightError(
                f"model {uri} can't be fetched: {told(error)}. `churnlight champion show` names "
                "what there is; `churnlight run` makes and registers a model"
            ) from error
    return _bundle_in(path, uri), known


def _bundle_in(path: Path, uri: str) -> Path:
    """The folder with tree/, gbm/ and tiers/ in what was downloaded."""
    found = sorted(path.rglob("tiers/tiers.json"))
    if not found:
        raise ChurnlightError(f"model {uri} was not logged by churnlight: it holds no tiers.json")
    return found[0].parents[1]


def read_artefact(root: Path, run_id: str, path: str) -> dict[str, Any] | None:
    """A JSON object that a run logged; None where it logged none of that name."""
    with opened(root):
        try:
            return dict(mlflow.artifacts.load_dict(f"runs:/{run_id}/{path}"))
        except (MlflowException, OSError):
            return None


def tags_of(root: Path, run_id: str) -> dict[str, str] | None:
    """The tags of a run; None where there is no such run, or the store can't be asked."""
    try:
        with opened(root) as client:
            return dict(client.get_run(run_id).data.tags)
    except ChurnlightError:
        return None


def _known_of(client: MlflowClient, uri: str) -> dict[str, str]:
    registered = re.fullmatch(r"models:/([^/@]+)(?:@(.+)|/(\d+))", uri)
    if registered is None:
        return {}
    name, alias, number = registered.groups()
    found = (
        client.get_model_version_by_alias(name, alias)
        if alias
        else client.get_model_version(name, number)
    )
    tags = client.get_run(found.run_id).data.tags
    learner = tags.get("churnlight.learner")
    known = {"name": name, "version": str(found.version), "run_id": str(found.run_id)}
    return known | ({"learner": learner} if learner else {})

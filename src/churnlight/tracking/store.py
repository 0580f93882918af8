"""MLflow's store: opened and closed, what is in it, and how it is told when it refuses."""

from __future__ import annotations

import logging
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from churnlight.errors import ChurnlightError

HASH_TAG = "churnlight.hash"
_TOLD = 200


def default_store(root: Path) -> str:
    """The SQLite store inside the project."""
    return f"sqlite:///{root / 'mlflow.db'}"


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
            f"MLflow's store refused ({told(error)}). The result is whole in data/ "
            "and models/; `churnlight tracking sync` logs it later"
        ) from error


def told(error: Exception) -> str:
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


def ensure_experiment(name: str, artefacts: str | None) -> None:
    """Make the experiment the present one; a new one keeps its artefacts there."""
    if mlflow.get_experiment_by_name(name) is None:
        mlflow.create_experiment(name, artifact_location=artefacts)
    mlflow.set_experiment(name)


def artefacts_of(root: Path) -> str | None:
    """A server decides for itself where artefacts go; the project's store keeps them there."""
    server = mlflow.get_tracking_uri() != default_store(root)
    return None if server else (root / "mlartifacts").as_uri()


def finished(experiment: str, content_hash: str) -> str | None:
    """The finished run that logged the same content."""
    found = mlflow.search_runs(
        experiment_names=[experiment],
        filter_string=f"tags.`{HASH_TAG}` = '{content_hash}' and status = 'FINISHED'",
        output_format="list",
    )
    return str(found[0].info.run_id) if found else None


def floats(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as doubles: MLflow's signatures know no missing integers."""
    numbers = frame.select_dtypes(include=["number", "bool"]).columns
    return frame.astype(dict.fromkeys(numbers, "float64"))


def git_commit(root: Path) -> str:
    """Commit of the project's sources, "-dirty" appended where they differ; "none" without Git."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return done.stdout.strip()

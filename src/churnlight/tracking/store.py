"""MLflow's store: opened and closed, what is in it, and how it is told when it refuses."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from sqlalchemy.exc import SQLAlchemyError

from churnlight import files
from churnlight.errors import ChurnlightError

HASH_TAG = "churnlight.hash"
# What a run is of, from its first moment; HASH_TAG comes last.
BEGUN_TAG = "churnlight.begun"
_TOLD = 200


class StoreAway(ChurnlightError):  # noqa: N818 - reads as a sentence where raised
    """The server that MLFLOW_TRACKING_URI names can't be reached, or refuses."""


def default_store(root: Path) -> str:
    """The SQLite store inside the project."""
    return f"sqlite:///{root / 'mlflow.db'}"


@contextmanager
def opened(root: Path) -> Iterator[MlflowClient]:
    """The store that MLFLOW_TRACKING_URI names, or the project's own.

    Raises:
        StoreAway: when the store that MLFLOW_TRACKING_URI names can't be reached or refuses.
        ChurnlightError: when the project's own does.
    """
    # Asked first: MLflow writes this variable itself once a store is set.
    uri = os.environ.get("MLFLOW_TRACKING_URI") or default_store(root)
    own = uri == default_store(root)
    try:
        with _store(uri):
            if own:
                _make(root)
            yield MlflowClient()
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise (ChurnlightError if own else StoreAway)(
            f"MLflow's store refused ({told(error)}). The result is whole in data/ "
            "and models/; `churnlight tracking sync` logs it later"
        ) from error


def _make(root: Path) -> None:
    """Make the project's store in one piece, where there is none.

    Left to itself MLflow makes the tables in place, for seconds; killed meanwhile it can neither
    use what it left nor go on.
    """
    path = root / "mlflow.db"
    if path.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    # A link, unlike a rename, leaves the store alone that another process made meanwhile.
    with suppress(FileExistsError), files.atomic_file(path) as part:
        store = SqlAlchemyStore(f"sqlite:///{part}", (root / "mlartifacts").as_uri())
        store.engine.dispose()
        path.hardlink_to(part)


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


def sweep(client: MlflowClient, experiment: str, content_hash: str) -> None:
    """Delete what was begun of content that is not `finished`: killed, or the server went away."""
    known = client.get_experiment_by_name(experiment)
    begun = f"tags.`{BEGUN_TAG}` = '{content_hash}'"
    for run in client.search_runs([known.experiment_id], begun) if known else ():
        client.delete_run(run.info.run_id)


def floats(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as doubles: MLflow's signatures know no missing integers."""
    numbers = frame.select_dtypes(include=["number", "bool"]).columns
    return frame.astype(dict.fromkeys(numbers, "float64"))

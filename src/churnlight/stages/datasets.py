"""Read what a role uses: features joined with labels, as the learners take them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlight import files
from churnlight.errors import UsageError
from churnlight.learners.dataset import BoolArray, Dataset
from churnlight.paths import Project


def read_role(project: Project, role: str) -> tuple[dict[str, Any], list[str]]:
    """A role's small file, and its as_ofs in order of time."""
    content = files.read_json(files.require_file(project.roles / f"{role}.json", "roles"))
    as_ofs = content["as_ofs"]
    if not isinstance(as_ofs, dict):
        raise UsageError(f"data/roles/{role}.json is damaged: `dvc repro -f roles` makes it anew")
    return content, sorted(as_ofs)


def read_as_of(project: Project, as_of: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and labels of an as_of, row by row the same subscribers.

    Returns:
        The feature columns alone, and the columns of labels.parquet with `as_of` added; both have
        one row a cohort member, sorted by subscriber.
    """
    features = _read(project.features(as_of) / "features.parquet")
    labels = read_labels(project, as_of)
    if not features["subscriber_id"].equals(labels["subscriber_id"]):
        raise UsageError(
            f"features and labels of as_of {as_of} are not about the same subscribers: "
            "`dvc repro -f features` makes both anew"
        )
    return features.drop(columns="subscriber_id"), labels.assign(as_of=as_of)


def read_labels(project: Project, as_of: str) -> pd.DataFrame:
    """The columns of labels.parquet of an as_of, sorted by subscriber."""
    return _read(project.labels(as_of) / "labels.parquet")


def read_labelled(project: Project, as_ofs: list[str], treated: str) -> Dataset:
    """Rows that a model may learn from or be judged by: label known, treated left out on request.

    Args:
        project: the project.
        as_ofs: one or more.
        treated: "drop" leaves out who was treated by a campaign before the label's end.
    """
    frames, labels = zip(*(read_as_of(project, as_of) for as_of in as_ofs), strict=True)
    frame = pd.concat(frames, ignore_index=True)
    label = pd.concat(labels, ignore_index=True)
    return to_dataset(frame, label, usable(label, treated))


def usable(label: pd.DataFrame, treated: str) -> BoolArray:
    """Mask of rows with a known label, and not treated where those are dropped. Shape (rows,)."""
    known: BoolArray = label["churned"].notna().to_numpy(dtype=bool)
    left_alone: BoolArray = ~label["treated"].to_numpy(dtype=bool)
    return np.logical_and(known, left_alone) if treated == "drop" else known


def to_dataset(frame: pd.DataFrame, label: pd.DataFrame, mask: BoolArray) -> Dataset:
    """The masked rows as the learners take them."""
    rows = label[mask]
    return Dataset.of(
        frame[mask], rows["churned"], rows["subscriber_id"], rows["account_id"], rows["as_of"]
    )


def _read(path: Path) -> pd.DataFrame:
    # Spark writes folders of parts under the same name; pandas reads both.
    return pd.read_parquet(files.require_file(path, "features"))

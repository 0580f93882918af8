"""Read what a role uses: features joined with labels, as the learners take them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow.dataset import dataset

from churnlight import files
from churnlight.engine import Engine
from churnlight.errors import UsageError
from churnlight.learners.dataset import BoolArray, Dataset
from churnlight.paths import Project

_PEOPLE = ["subscriber_id", "monthly_bill_money", "left_before_cutoff", "activated_on"]
TIER_BEFORE = "tier_before"  # of the month scored before, in rows of `joined_rows`
_OF_LABELS = "label__"  # before the names of their columns where features stand beside


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
    _hold_same(features, labels, as_of)
    return features.drop(columns="subscriber_id"), labels.assign(as_of=as_of)


def feature_batches(
    project: Project, as_of: str, rows: int = 50_000
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """As `read_as_of`, so many rows at a time, so that memory does not grow with the cohort.

    Yields:
        Features, and subscriber_id, monthly_bill_money, left_before_cutoff and as_of, of the next
        rows; once without rows when the cohort is empty.
    """
    path = files.require_file(project.features(as_of) / "features.parquet", "features")
    labels = _read(project.labels(as_of) / "labels.parquet", _PEOPLE).assign(as_of=as_of)
    done = 0
    for batch in dataset(path).to_batches(batch_size=rows, batch_readahead=1):
        if batch.num_rows == 0:
            continue
        features = pa.Table.from_batches([batch]).to_pandas()
        people = labels.iloc[done : done + len(features)].reset_index(drop=True)
        _hold_same(features, people, as_of)
        done += len(features)
        yield features.drop(columns="subscriber_id"), people
    if done == 0:
        yield read_as_of(project, as_of)
    elif done != len(labels):
        _hold_same(labels.iloc[:done], labels, as_of)


def joined_rows(
    engine: Engine, project: Project, as_of: str, before: str | None = None
) -> ir.Table:
    """Features with what scoring asks of the labels, as an engine's rows; see `split_joined`.

    Args:
        engine: where they are.
        project: the project.
        as_of: which.
        before: the as_of scored before, whose tiers are joined; None: none are.

    Raises:
        UsageError: when features and labels are not about the same subscribers.
    """
    names = {"features": project.features(as_of), "labels": project.labels(as_of)}
    paths = {n: files.require_file(p / f"{n}.parquet", "features") for n, p in names.items()}
    features, labels = (engine.read([path]) for path in paths.values())
    people = labels.select(**{_OF_LABELS + c: labels[c] for c in _PEOPLE})
    who = _OF_LABELS + _PEOPLE[0]
    both = features.select(_PEOPLE[0]).outer_join(people.select(who), [(_PEOPLE[0], who)])
    found = engine.arrow(
        both.agg(rows=both.count(), features=both[_PEOPLE[0]].count(), labels=both[who].count())
    ).to_pylist()[0]
    # Who stands on one side alone, or twice on the other, makes two of these differ.
    if len({*found.values(), *(int(dataset(path).count_rows()) for path in paths.values())}) > 1:
        raise _others(as_of)
    rows = features.join(people, [(_PEOPLE[0], who)]).drop(who)
    if before is None:
        return rows
    path = files.require_file(project.scores(before) / "scores.parquet", "score")
    earlier = engine.read([path]).select(
        who_before=_PEOPLE[0], **{_OF_LABELS + TIER_BEFORE: "tier"}
    )
    return rows.left_join(earlier, [(_PEOPLE[0], "who_before")]).drop("who_before")


def split_joined(batch: pa.Table, as_of: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `joined_rows` as `feature_batches` gives them."""
    rows = batch.to_pandas(ignore_metadata=True)
    added = [c for c in rows.columns if c.startswith(_OF_LABELS)]
    people = rows[["subscriber_id", *added]].rename(columns=lambda c: c.removeprefix(_OF_LABELS))
    return rows.drop(columns=["subscriber_id", *added]), people.assign(as_of=as_of)


def cohort_rows(project: Project, as_of: str) -> int:
    """How many rows the features of an as_of have."""
    path = files.require_file(project.features(as_of) / "features.parquet", "features")
    return int(dataset(path).count_rows())


def feature_columns(project: Project, as_of: str) -> Iterator[pd.DataFrame]:
    """The features of an as_of, a column at a time."""
    path = files.require_file(project.features(as_of) / "features.parquet", "features")
    for name in dataset(path).schema.names:
        if name != "subscriber_id":
            yield dataset(path).to_table(columns=[name]).to_pandas()


def read_labels(project: Project, as_of: str) -> pd.DataFrame:
    """The columns of labels.parquet of an as_of, sorted by subscriber."""
    return _read(project.labels(as_of) / "labels.parquet")


def read_groups(project: Project, as_of: str) -> pd.DataFrame:
    """Who the cohort's members are: subscriber_id, then texts, null where not known."""
    return _read(project.groups(as_of))


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


def _hold_same(features: pd.DataFrame, labels: pd.DataFrame, as_of: str) -> None:
    if not features["subscriber_id"].equals(labels["subscriber_id"]):
        raise _others(as_of)


def _others(as_of: str) -> UsageError:
    return UsageError(
        f"features and labels of as_of {as_of} are not about the same subscribers: "
        "`dvc repro -f features` makes both anew"
    )


def _read(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    # Spark writes folders of parts under the same name; pandas reads both.
    return pd.read_parquet(files.require_file(path, "features"), columns=columns)

"""A scored month, opened and held to its manifest, read a batch at a time as it is published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from churnlight import files
from churnlight.errors import ChurnlightError
from churnlight.explain.sentences import sentences
from churnlight.learners.champion import FILE
from churnlight.learners.stored import read_stored
from churnlight.paths import Project
from churnlight.publish.beside import Beside, opened_beside
from churnlight.publish.layout import (
    LAYOUT_VERSION,
    REASONS_TABLE,
    SCORES,
    id_type_of,
    lacking,
    words_sha256,
)
from churnlight.publish.layout_beside import BESIDE
from churnlight.publish.stored import Opened, Stored
from churnlight.publish.table import Table
from churnlight.retention.loading import is_simulated
from churnlight.retention.month import call_list

MANIFEST = "manifest.json"
_MANIFEST_VERSION = 1
CALL_LIST = "call_list.parquet"
_FILES = ("scores.parquet", "reasons.parquet", "medians.json", CALL_LIST)
# Filled in here, not read.
_OURS = {"as_of", "model_version", "call_place", "rose_from", "text_en", "text_zh"}
_LISTING = (*("subscriber_id", "tier", "probability", "value_at_risk_money", "left_before_cutoff"),)
_MARK = 12
_LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class ModelMark:
    """Which model made a partition.

    Attributes:
        sha256: over its files.
        name, registry_version: in the registry; None for a model that is not registered.
        learner: gbm or tree.
    """

    sha256: str
    name: str | None = None
    registry_version: str | None = None
    learner: str | None = None

    @property
    def version(self) -> str:
        """What tells one model's rows from another's.

        A registry that was made anew counts from 1 again, so the hash is a part of it.
        """
        mark = self.sha256[:_MARK]
        return mark if self.registry_version is None else f"v{self.registry_version}.{mark}"


@dataclass(frozen=True)
class Content:
    """The rows of a published table.

    Attributes:
        table: which.
        count: rows.
        batches: reads them.
        there: whether the month has such a table.
    """

    table: Table
    count: int
    batches: Callable[[], Iterator[pa.Table]]
    there: bool = True


@dataclass(frozen=True)
class Partition:
    """A scored month, opened.

    Attributes:
        as_of: which.
        tiers: whose subscribers are on the call list and get sentences.
        model: that made it.
        scores, reasons: the open tables.
        listed: who is on the call list, in its order; None: as `call_list` says.
        medians: the cohort's median by feature.
        hashes: SHA-256 of each file that is read.
        cutoff: as in the manifest; None where there is none.
        simulated: whether a simulator made the subscribers.
        beside: plan, segments and services, where they are there.
    """

    as_of: str
    tiers: tuple[str, ...]
    model: ModelMark
    scores: Stored
    reasons: Stored
    listed: Stored | None
    medians: dict[str, Any]
    hashes: dict[str, str]
    cutoff: str | None
    simulated: bool
    beside: Beside

    @property
    def id_type(self) -> str:
        """PostgreSQL's type of subscriber_id."""
        return id_type_of(self.scores.schema.field("subscriber_id").type)

    @property
    def scores_count(self) -> int:
        """Rows of scores."""
        return self.scores.count

    @property
    def reasons_count(self) -> int:
        """Rows of reasons."""
        return self.reasons.count

    @property
    def call_list_count(self) -> int:
        """Subscribers on the call list."""
        return int((self._places > 0).sum())

    @property
    def content_sha256(self) -> str:
        """Hash of all that what is published follows from."""
        content = [self.hashes, self.tiers, words_sha256(), LAYOUT_VERSION, self.simulated]
        content.append(self.beside.hashes)
        return files.sha256_of_json(content)

    @property
    def contents(self) -> tuple[Content, ...]:
        """Every table of subscribers, with its rows; those of one that is not there are none."""
        return (
            Content(SCORES, self.scores_count, self.score_batches),
            Content(REASONS_TABLE, self.reasons_count, self.reason_batches),
            *map(self._content, BESIDE),
        )

    def _content(self, table: Table) -> Content:
        stored = self.beside.stored(table)
        count = 0 if stored is None else stored.count

        def batches() -> Iterator[pa.Table]:
            for batch in self.beside.batches(table):
                yield self._as(table, batch, self.beside.filled(table, batch))

        return Content(table, count, batches, there=stored is not None)

    def score_batches(self) -> Iterator[pa.Table]:
        """Rows of the table `scores`, in the partition's order.

        Raises:
            ChurnlightError: when a row is of another as_of.
        """
        done = 0
        for batch in self.scores.batches():
            said = pc.unique(batch.column("as_of").cast(pa.string())).to_pylist()
            if said != [self.as_of]:
                raise ChurnlightError(
                    f"scores.parquet of as_of {self.as_of} says as_of {', '.join(map(str, said))}: "
                    "score the month again"
                )
            places = self._places[done : done + len(batch)]
            done += len(batch)
            filled = {"call_place": pa.array(places, pa.int32(), mask=places == 0)}
            filled["rose_from"] = self._rose_from(batch.column("subscriber_id"))
            yield self._as(SCORES, batch, filled)

    def reason_batches(self, *, worded: bool = True) -> Iterator[pa.Table]:
        """Rows of the table `reasons`, in the partition's order; sentences where they are due.

        Args:
            worded: whether to write the sentences.
        """
        for batch in self.reasons.batches():
            texts = self._texts(batch) if worded else [[None] * len(batch)] * len(_LANGUAGES)
            filled = {
                f"text_{language}": pa.array(text, pa.string())
                for language, text in zip(_LANGUAGES, texts, strict=True)
            }
            yield self._as(REASONS_TABLE, batch, filled)

    def _as(self, table: Table, batch: Any, filled: dict[str, pa.Array]) -> pa.Table:
        """A batch with the table's columns and types."""
        same = {"as_of": date.fromisoformat(self.as_of), "model_version": self.model.version}
        columns = []
        for field in (schema := table.schema(self.id_type)):
            if field.name in same:
                column = pa.repeat(pa.scalar(same[field.name], field.type), len(batch))
            elif field.name in filled:
                column = filled[field.name]
            else:
                column = batch.column(field.name)
            if pa.types.is_floating(column.type):
                column = pc.if_else(pc.is_nan(column), None, column)
            columns.append(column.cast(field.type))
            if column.null_count and not field.nullable:
                raise ChurnlightError(
                    f"{table.name} of as_of {self.as_of}: {field.name} is empty in "
                    f"{column.null_count} rows: make it anew"
                )
        return pa.table(columns, schema=schema)

    def _texts(self, batch: Any) -> list[list[str | None]]:
        """The sentences of a batch, a list a language."""
        ids = batch.column("subscriber_id").cast(self._worded.type)
        listed = pc.is_in(ids, value_set=self._worded)
        here = np.flatnonzero(listed.to_numpy(zero_copy_only=False))
        rows = batch.take(pa.array(here)).to_pandas()
        texts = []
        for language in _LANGUAGES:
            text: list[str | None] = [None] * len(batch)
            said = sentences(rows, self.medians, self.as_of, language)
            for place, sentence in zip(here.tolist(), said, strict=True):
                text[place] = sentence
            texts.append(text)
        return texts

    @cached_property
    def _listing(self) -> Any:
        """What the call list is made from, as a frame."""
        frame = self.scores.read(list(_LISTING)).to_pandas()
        if twice := int(frame["subscriber_id"].duplicated().sum()):
            raise ChurnlightError(
                f"scores.parquet of as_of {self.as_of}: {twice} rows repeat a subscriber_id: "
                "score the month again"
            )
        return frame

    @cached_property
    def _places(self) -> Any:
        """Place on the call list, 0 for who is not on it; shape (scores_count,)."""
        places = np.zeros(self.scores_count, dtype=np.int32)
        rows = call_list(self._listing, self.tiers) if self.listed is None else self._rows_listed()
        places[rows] = np.arange(1, len(rows) + 1)
        return places

    def _rows_listed(self) -> Any:
        """Row numbers of those on the stored call list, in its order."""
        ids = pd.Index(self._called["subscriber_id"])
        rows = pd.Index(self._listing["subscriber_id"]).get_indexer(ids)
        gone = self._listing["left_before_cutoff"].to_numpy(dtype=bool)
        if (rows < 0).any() or ids.has_duplicates or gone[rows].any():
            raise ChurnlightError(
                f"{CALL_LIST} of as_of {self.as_of} names somebody who is not in scores.parquet, "
                "who has left, or who is on it twice: score the month again"
            )
        return rows

    def _rose_from(self, ids: Any) -> pa.Array:
        """The tier of the month before, of those who stand on top of the list; else null."""
        if self.listed is None or "rose_from" not in self.listed.schema.names:
            return pa.nulls(len(ids), pa.string())
        told = self._called.set_index("subscriber_id")["rose_from"]
        return pa.array(ids.to_pandas().map(told), pa.string(), from_pandas=True)

    @cached_property
    def _called(self) -> Any:
        """The stored call list."""
        # Read where there is one only.
        assert self.listed is not None  # noqa: S101  # nosec B101
        names = [n for n in ("subscriber_id", "rose_from") if n in self.listed.schema.names]
        return self.listed.read(names).to_pandas()

    @cached_property
    def _worded(self) -> Any:
        """The subscribers whose reasons get sentences."""
        frame = self._listing
        ids = frame.loc[frame["tier"].isin(list(self.tiers)), "subscriber_id"]
        kind = self.reasons.schema.field("subscriber_id").type
        return pa.array(ids.to_numpy(), kind)


@contextmanager
def opened(project: Project, as_of: str, tiers: Sequence[str]) -> Iterator[Partition]:
    """Open a partition.

    The files are opened once and hashed through the same handles, so that a month that is scored
    again meanwhile is published as it was or refused, never mixed.

    Args:
        project: the project.
        as_of: a scored one.
        tiers: whose subscribers are on the call list.

    Raises:
        ChurnlightError: when a file is missing, lacks a column, or differs from the manifest.
    """
    folder = project.scores(as_of)
    with ExitStack() as stack:
        found = Opened(folder, stack)
        scores, reasons = found.table("scores.parquet"), found.table("reasons.parquet")
        medians = json.loads(found.content("medians.json"))
        listed = found.table(CALL_LIST) if found.has(CALL_LIST) else None
        manifest = _manifest(folder, as_of, found.hashes)
        partition = Partition(
            as_of=as_of,
            tiers=tuple(tiers),
            model=_model(project) if manifest is None else _model_of(manifest["model"]),
            scores=scores,
            reasons=reasons,
            listed=listed,
            medians=medians,
            hashes=found.hashes,
            cutoff=None if manifest is None else str(manifest["cutoff"]),
            simulated=is_simulated(project),
            beside=opened_beside(project, as_of, stack),
        )
        _hold(partition, manifest)
        partition.beside.hold(scores)
        yield partition


def _manifest(folder: Path, as_of: str, hashes: dict[str, str]) -> dict[str, Any] | None:
    """The manifest, held to the files; None where there is none (made by `dvc repro`)."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    content: dict[str, Any] = files.read_json(path)
    if content.get("schema_version") != _MANIFEST_VERSION:
        raise ChurnlightError(
            f"{path}: schema_version is {content.get('schema_version')!r}, this churnlight reads "
            f"{_MANIFEST_VERSION}: score the month again"
        )
    if content.get("as_of") != as_of:
        raise ChurnlightError(f"{path} is of as_of {content.get('as_of')!r}, expected {as_of}")
    said = content.get("files", {})
    # A part too many, or one that is gone, is a difference too.
    ours = {name for name in said if name.split("/")[0] in _FILES}
    if other := sorted(n for n in ours | set(hashes) if said.get(n) != hashes.get(n)):
        raise ChurnlightError(
            f"{folder}: {', '.join(other)} not as the manifest says: changed after scoring, or "
            f"damaged. Nothing was published; `churnlight score --as-of {as_of}` makes it anew"
        )
    return content


def _model_of(said: dict[str, Any]) -> ModelMark:
    version = said.get("version")
    return ModelMark(
        str(said["sha256"]),
        said.get("name"),
        None if version is None else str(version),
        said.get("learner"),
    )


def _model(project: Project) -> ModelMark:
    """The champion in models/, for a partition that `dvc repro` made from it."""
    learner = str(read_stored(project.tiers / FILE)["champion"])
    return ModelMark(files.sha256_of_tree(project.model(learner)), learner=learner)


def _hold(partition: Partition, manifest: dict[str, Any] | None) -> None:
    """Refuse what can't be published."""
    for table, stored in ((SCORES, partition.scores), (REASONS_TABLE, partition.reasons)):
        wanted = [n for n in table.names if n not in _OURS]
        more = ["as_of"] if table is SCORES else ["second", "quoted"]
        if missing := lacking(stored.schema.names, [*wanted, *more]):
            raise ChurnlightError(
                f"{table.name} of as_of {partition.as_of} lack {', '.join(missing)}: they come "
                "from an older churnlight; score the month again"
            )
    counted = {"scores": partition.scores_count, "reasons": partition.reasons_count}
    said = {} if manifest is None else manifest.get("rows", {})
    for name, count in counted.items():
        if name in said and said[name] != count:
            raise ChurnlightError(
                f"{name}.parquet of as_of {partition.as_of} has {count} rows, its manifest says "
                f"{said[name]}: score the month again"
            )

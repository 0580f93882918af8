"""Publish a partition as one CSV file, a row a subscriber, or as a folder of Parquet."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from churnlight import files
from churnlight.errors import ChurnlightError
from churnlight.explain.sentences import title
from churnlight.publish.layout import REASONS_TABLE, feature_rows, reason_rows
from churnlight.publish.partition import Partition
from churnlight.publish.publication import publication_of
from churnlight.publish.wide_beside import WideBeside

# What a spreadsheet takes for the beginning of a formula; the wide forms are taken so in China.
_FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"
_NUMBER = r"^[+\-]?[0-9]+([.][0-9]+)?([eE][+\-]?[0-9]+)?$"
_BOM = b"\xef\xbb\xbf"
_SAID = ("reason", "title_en", "title_zh", "share", "feature", "value", "text_en", "text_zh")
CURRENT = "current.json"


def to_csv(partition: Partition, path: Path) -> str:
    """Write one row a subscriber, with scores, then the reasons that raise and lower the score.

    Then what the plan, the segments and the services say, where the month has them.

    A plain .csv begins with a byte-order mark, without which Excel in China reads it as GBK; a
    .csv.gz, which programs read, has none. Text that a spreadsheet would run as a formula gets an
    apostrophe in front.

    Returns:
        "new", "replaced" or "unchanged".
    """
    before = files.sha256_of(path) if path.is_file() else None
    with files.atomic_file(path) as part:
        with ExitStack() as stack:
            stream: Any = stack.enter_context(part.open("wb"))
            if path.name.lower().endswith(".gz"):
                # Neither name nor time of its own: same rows, same bytes.
                stream = stack.enter_context(gzip.GzipFile("", "wb", 6, stream, mtime=0))
            else:
                stream.write(_BOM)
            header = True
            for table in _wide(partition):
                pa_csv.write_csv(table, stream, pa_csv.WriteOptions(include_header=header))
                header = False
        return _done(before, files.sha256_of(part))


def to_parquet(partition: Partition, folder: Path, lock: Path) -> str:
    """Write FOLDER/as_of=.../model_version=.../ with scores, reasons and their words.

    Beside them plan, segments and services, where the month has them.

    FOLDER/current.json names the newest as_of and the model that was published last for it.

    Returns:
        "new", "replaced", "made current" or "unchanged".
    """
    with files.lock(lock):
        place = folder / f"as_of={partition.as_of}" / f"model_version={partition.model.version}"
        before = files.sha256_of_tree(place) if place.is_dir() else None
        with files.atomic_folder(place) as out:
            for content in partition.contents:
                if content.there:
                    schema = content.table.schema(partition.id_type)
                    _write(out / f"{content.table.name}.parquet", schema, content.batches())
            files.write_json(
                out / "publication.json", publication_of(partition) | _counts(partition)
            )
            files.write_json(
                out / "words.json", {"features": feature_rows(), "reasons": reason_rows()}
            )
            after = files.sha256_of_tree(out)
        moved = _point(partition, folder, place)
        done = _done(before, after)
        return "made current" if done == "unchanged" and moved else done


def lock_of(scratch: Path, folder: Path) -> Path:
    """The lock of a folder: beside the project's others, so that the folder holds data only."""
    whole = folder.resolve()
    return scratch / f"publish-{whole.name}-{sha256(str(whole).encode()).hexdigest()[:8]}.lock"


def _done(before: str | None, after: str) -> str:
    return "new" if before is None else "unchanged" if before == after else "replaced"


def _write(path: Path, schema: pa.Schema, batches: Iterator[pa.Table]) -> None:
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(batch)


def _counts(partition: Partition) -> dict[str, int]:
    there = {f"{c.table.name}_count": c.count for c in partition.contents if c.there}
    return {**there, "plan_calls_count": partition.beside.calls_count}


def _point(partition: Partition, folder: Path, place: Path) -> bool:
    """Bring current.json up to date; tell whether it changed."""
    path = folder / CURRENT
    said = files.read_json(path) if path.is_file() else {}
    if str(said.get("as_of", "")) > partition.as_of:
        return False
    now = {
        "as_of": partition.as_of,
        "model_version": partition.model.version,
        "folder": place.relative_to(folder).as_posix(),
    }
    if said == now:
        return False
    files.write_json(path, now)
    return True


def _wide(partition: Partition) -> Iterator[pa.Table]:
    """Scores with their reasons beside them, a batch of subscribers at a time."""
    slots = _slots(partition)
    reasons = _Reasons(partition)
    more = WideBeside(partition)
    for scores in partition.score_batches():
        ids = pd.Index(scores.column("subscriber_id").to_pandas())
        rows = reasons.take(ids)
        table = scores.replace_schema_metadata(None)
        simulated = pa.repeat(pa.scalar(partition.simulated), len(table))
        table = table.append_column("simulated", simulated)
        for name, column in (_beside(rows, ids, slots) | more.columns(ids)).items():
            table = table.append_column(name, column)
        yield pa.table(
            {n: _harmless(c) for n, c in zip(table.column_names, table.columns, strict=True)}
        )
    reasons.hold_empty()


def _slots(partition: Partition) -> list[tuple[str, int, str]]:
    """Direction, rank and the columns' name of each reason that a subscriber may have."""
    found: set[tuple[str, int]] = set()
    for batch in partition.reasons.batches(["direction", "rank"]):
        groups = pa.table(batch).group_by(["direction", "rank"]).aggregate([])
        found |= {(row["direction"], row["rank"]) for row in groups.to_pylist()}
    up = max((rank for way, rank in found if way == "up"), default=0)
    down = max((rank for way, rank in found if way == "down"), default=0)
    return [
        *(("up", rank, f"_{rank}") for rank in range(1, up + 1)),
        *(("down", rank, f"_stays_{rank}") for rank in range(1, down + 1)),
    ]


def _beside(
    rows: pd.DataFrame, ids: pd.Index[Any], slots: list[tuple[str, int, str]]
) -> dict[str, pa.Array]:
    """The columns of reasons of these subscribers."""
    columns: dict[str, pa.Array] = {}
    for way, rank, suffix in slots:
        here = rows[(rows["direction"] == way) & (rows["rank"] == rank)]
        places = ids.get_indexer(here["subscriber_id"])
        for name in _SAID:
            filled = np.full(len(ids), None, dtype=object)
            filled[places] = here[name].to_numpy(dtype=object)
            kind = pa.float64() if name == "share" else pa.string()
            columns[f"{name}{suffix}"] = pa.array(filled, kind, from_pandas=True)
    return columns


class _Reasons:
    """The reasons, taken as far as the scores have come: both are in one order."""

    def __init__(self, partition: Partition) -> None:
        self._batches = partition.reason_batches()
        self._rest: pd.DataFrame | None = None
        self._as_of = partition.as_of

    def take(self, ids: pd.Index[Any]) -> pd.DataFrame:
        """The rows of these subscribers, who come next."""
        parts: list[pd.DataFrame] = []
        while (rows := self._next()) is not None:
            others = np.flatnonzero(~rows["subscriber_id"].isin(ids).to_numpy())
            end = int(others[0]) if len(others) else len(rows)
            parts.append(rows.iloc[:end])
            if end < len(rows):
                self._rest = rows.iloc[end:]
                break
        frame = pd.concat(parts) if parts else pd.DataFrame(columns=REASONS_TABLE.names)
        pairs = list(zip(frame["reason"], frame["direction"], strict=True))
        for language in ("en", "zh"):
            titles = {pair: title(pair[0], language, pair[1]) for pair in set(pairs)}
            frame = frame.assign(**{f"title_{language}": [titles[pair] for pair in pairs]})
        return frame

    def hold_empty(self) -> None:
        """Refuse reasons of somebody without scores."""
        if self._next() is not None:
            raise ChurnlightError(
                f"reasons.parquet of as_of {self._as_of} is not in the order of scores.parquet: "
                "score the month again"
            )

    def _next(self) -> pd.DataFrame | None:
        rows, self._rest = self._rest, None
        if rows is not None:
            return rows
        batch = next(self._batches, None)
        return None if batch is None else batch.to_pandas()


def _harmless(column: Any) -> Any:
    """Text that a spreadsheet shows and never runs; a number as text stays one."""
    if not pa.types.is_string(column.type):
        return column
    runs = pc.and_(
        pc.match_substring_regex(column, _FORMULA),
        pc.invert(pc.match_substring_regex(column, _NUMBER)),
    )
    return pc.if_else(pc.fill_null(runs, fill_value=False), _quoted(column), column)


def _quoted(column: Any) -> Any:
    return pc.binary_join_element_wise("'", column, "")

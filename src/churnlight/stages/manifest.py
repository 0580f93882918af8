"""A scored month as a whole: its manifest, whether it stands as it was written, and its run.json.

`manifest.json` says what the month was made from and the hash of every file; it holds no clock, so
that the same input gives the same bytes. `run.json` has the times, and is the only file that
differs from run to run.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from churnlight import __version__, files
from churnlight.errors import ChurnlightError
from churnlight.learners.champion import MODEL_PARTS
from churnlight.learners.tiers_before import last_before
from churnlight.params.base import Section
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.guard import GuardParams
from churnlight.params.learning import ExplainParams
from churnlight.params.monitor import MonitorParams
from churnlight.params.output import HandoutParams
from churnlight.params.score import ScoreParams
from churnlight.paths import Project
from churnlight.stages.stage import Stage
from churnlight.timeline import moment

MANIFEST, RUN = "manifest.json", "run.json"
# What decides the bytes of a partition besides models, features and labels.
SHOWN_BY: Mapping[str, type[Section]] = {
    "explain": ExplainParams,
    "guard": GuardParams,
    "handout": HandoutParams,
    "monitor": MonitorParams,
    "score": ScoreParams,
}
SCHEMA_VERSION = 1
_TABLES = ("scores", "reasons")


def made_from(
    stage: Stage,
    as_of: str,
    model: Mapping[str, Any],
    data: Mapping[str, Any],
    accepted: str | None = None,
) -> dict[str, Any]:
    """What a partition follows from, as its manifest holds it.

    Args:
        stage: of the project that it is scored in.
        as_of: which.
        model: name, version and run_id in the registry, learner, and sha256 (`model_sha256`).
        data: hashes of what was read.
        accepted: why troubles of the ground were accepted.
    """
    before = last_before(stage.project.scored, as_of)
    past = None if before is None else stage.project.scores(before) / "scores.parquet"
    return {
        "as_of": as_of,
        "cutoff": moment(as_of, stage.section("time", TimeParams)).cutoff.isoformat(),
        "engine": stage.section("engine", EngineParams).name,
        "model": dict(model),
        "accepted": accepted,
        "data": dict(data),
        "parameters": {
            name: stage.section(name, kind).model_dump(mode="json")
            for name, kind in SHOWN_BY.items()
        },
        "previous": None
        if past is None
        else {"as_of": before, "scores_sha256": files.sha256_of_any(past)},
    }


def earlier_contents(project: Project, name: str, as_of: str) -> list[dict[str, Any]]:
    """Contents of a JSON file of the months scored before an as_of, in order of time.

    Args:
        project: with the scores.
        name: the file's; a month without it is left out.
        as_of: that month, and those after it, are not looked at.
    """
    paths = (project.scores(a) / name for a in project.scored if a < as_of)
    return [found for path in paths if (found := files.read_json_if_there(path)) is not None]


def model_sha256(folder: Path) -> str:
    """SHA-256 over names and contents of a model's three folders, whatever stands beside them."""
    marks = "".join(f"{part}:{files.sha256_of_tree(folder / part)}\n" for part in MODEL_PARTS)
    return sha256(marks.encode()).hexdigest()


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write manifest.json into a partition whose other files are all there.

    Args:
        folder: the partition.
        content: `made_from`.
    """
    files.write_json(
        folder / MANIFEST,
        {
            "schema_version": SCHEMA_VERSION,
            "churnlight": __version__,
            **content,
            "rows": {name: _rows(folder / f"{name}.parquet") for name in _TABLES},
            "files": _hashes(folder),
        },
    )


def rewrite_files(folder: Path) -> None:
    """Bring a partition's manifest up to date after somebody was taken out of its files."""
    content = files.read_json(folder / MANIFEST)
    rows = {name: _rows(folder / f"{name}.parquet") for name in _TABLES}
    files.write_json(folder / MANIFEST, {**content, "rows": rows, "files": _hashes(folder)})


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """A partition's manifest; None where there is none.

    Raises:
        ChurnlightError: when it is of another version.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    content: dict[str, Any] = files.read_json(path)
    if content.get("schema_version") != SCHEMA_VERSION:
        raise ChurnlightError(
            f"{path}: schema_version is {content.get('schema_version')!r}, this churnlight reads "
            f"{SCHEMA_VERSION}: score the month again"
        )
    return content


def stands(folder: Path, wanted: Mapping[str, Any]) -> bool:
    """Whether a partition was made from this, and every file is as it was written."""
    content = read_manifest(folder)
    return (
        content is not None
        and content["churnlight"] == __version__
        and all(content.get(name) == value for name, value in wanted.items())
        and not changed_files(folder, content)
    )


def changed_files(folder: Path, content: Mapping[str, Any]) -> list[str]:
    """Files of a partition that are gone, new or not as its manifest says, by name."""
    there, written = _hashes(folder), content["files"]
    return sorted(n for n in {*there, *written} if there.get(n) != written.get(n))


def _hashes(folder: Path) -> dict[str, str]:
    return files.sha256_of_files(folder, (MANIFEST, RUN))


def _rows(path: Path) -> int:
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return sum(pq.ParquetFile(part).metadata.num_rows for part in parts)

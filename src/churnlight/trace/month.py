"""A scored month: its manifest, and the project that its features were built in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from churnlight import files
from churnlight.errors import ChurnlightError, UsageError
from churnlight.params.whole import Params, load
from churnlight.paths import Project
from churnlight.stages.manifest import MANIFEST, RUN, changed_files, read_manifest
from churnlight.stages.origin import OF_FEATURES, is_from, origin
from churnlight.timeline import Moment, moment, parse_as_of
from churnlight.trace.links import Chain, Link


@dataclass(frozen=True)
class ScoredMonth:
    """A scored month.

    Attributes:
        project: the user's.
        as_of: which.
        manifest: of its partition.
    """

    project: Project
    as_of: str
    manifest: dict[str, Any]

    @property
    def folder(self) -> Path:
        """The partition."""
        return self.project.scores(self.as_of)

    @property
    def by_batch(self) -> bool:
        """Whether `churnlight score` made it; else the stage score did."""
        return "window" in self.manifest["data"]

    @property
    def ground(self) -> Project:
        """Where features, marts, inventory and verdicts of the month are."""
        return Project(self.project.batch) if self.by_batch else self.project

    @property
    def grounds(self) -> tuple[Project, ...]:
        """As `ground`; the batch links what the pipeline has, and may build it anew later."""
        return (self.ground, self.project) if self.by_batch else (self.project,)

    @cached_property
    def params(self) -> Params:
        """Parameters of the ground."""
        return load(self.ground.params_file)

    @cached_property
    def extracts(self) -> Path:
        """The operator's folder."""
        return self.ground.extracts(str(self.params.extracts.path))

    @property
    def at(self) -> Moment:
        """The as_of in time."""
        return moment(self.as_of, self.params.time)

    @cached_property
    def window(self) -> dict[str, Any]:
        """Hashes of the marts and extracts that the features read."""
        if self.by_batch:
            return dict(self.manifest["data"])
        return files.read_json(self.ground.windows / f"as_of={self.as_of}.json")

    def named(self, path: Path) -> str:
        """A path as people read it: relative to the project."""
        return path.relative_to(self.project.root).as_posix()


def open_month(project: Project, as_of: str) -> ScoredMonth:
    """A scored month.

    Raises:
        UsageError: when as_of is no as_of or is not scored; lists those that are.
        ChurnlightError: when it was scored by a version that wrote no manifest.
    """
    key = f"{parse_as_of(as_of):%Y-%m-%d}"
    if key not in project.scored:
        scored = ", ".join(project.scored) or "none"
        raise UsageError(f"as_of {key} is not scored; scored are: {scored}")
    manifest = read_manifest(project.scores(key))
    if manifest is None:
        raise ChurnlightError(
            f"{project.scores(key)} has no {MANIFEST}: an older churnlight scored it, and nothing "
            "says what it came from; score the month again"
        )
    return ScoredMonth(project, key, manifest)


def score_made_by(month: ScoredMonth, chain: Chain) -> dict[str, Any]:
    """Who wrote the partition, and whether its files stand as they were written."""
    written = month.manifest["files"]
    for name in changed_files(month.folder, month.manifest):
        path = month.folder / name
        now = files.sha256_of(path) if path.is_file() else None
        chain.links.append(Link(month.named(path), written.get(name, "none"), now))
    ran = files.read_json_if_there(month.folder / RUN) or run_record(month, "score")
    return {
        "by": "churnlight score" if month.by_batch else "stage score",
        "manifest": month.named(month.folder / MANIFEST),
        "manifest_sha256": files.sha256_of(month.folder / MANIFEST),
        "churnlight": month.manifest["churnlight"],
        "engine": month.manifest["engine"],
        "cutoff": month.manifest["cutoff"],
        "accepted": month.manifest["accepted"],
        **{key: ran.get(key) for key in ("commit", "source_sha256", "ended", "mlflow_run")},
    }


def run_record(month: ScoredMonth, stage: str) -> dict[str, Any]:
    """When and by which code a stage ran last; empty where it never did here (DVC restored it)."""
    found = (files.read_json_if_there(ground.run_record(stage)) for ground in month.grounds)
    return next((record for record in found if record is not None), {})


def features_made_by(month: ScoredMonth, chain: Chain) -> dict[str, Any]:
    """The month's features: their file, and whether they follow from the window's hashes."""
    wanted = _features_origin(month)
    folder = features_folder(month)
    path = folder / "features.parquet"
    data = month.manifest["data"]
    if not month.by_batch:
        chain.follow(month.named(path), data["features"], path)
        labels = month.ground.labels(month.as_of) / "labels.parquet"
        chain.follow(month.named(labels), data["labels"], labels)
    if not is_from(folder, wanted):
        chain.notes.append(
            f"{month.named(folder)} is gone or was not made from what the score's month read: "
            f"parameters ({', '.join(OF_FEATURES)}), the extracts or churnlight have changed since"
        )
    record = run_record(month, f"features@{month.as_of}")
    return {
        "file": month.named(path),
        "sha256": files.sha256_of_any(path) if path.exists() else None,
        "window": [str(m) for m in month.at.window],
        "cutoff": f"{month.at.cutoff:%Y-%m-%d}",
        **{key: record.get(key) for key in ("commit", "source_sha256", "ended")},
    }


def features_folder(month: ScoredMonth) -> Path:
    """Where the features that were scored stand; where they would, if they are gone."""
    wanted = _features_origin(month)
    there = [ground.features(month.as_of) for ground in month.grounds]
    return next((folder for folder in there if is_from(folder, wanted)), there[0])


def _features_origin(month: ScoredMonth) -> str:
    sections = {name: getattr(month.params, name) for name in OF_FEATURES}
    return origin(month.window, sections, month.manifest["engine"])

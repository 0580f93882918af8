"""The model that gave a score: its files, its run in MLflow, and what it was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from churnlight import files
from churnlight.errors import ChurnlightError
from churnlight.learners.champion import hold_models
from churnlight.paths import Project
from churnlight.stages.manifest import model_sha256
from churnlight.stages.scoring import REFERENCE
from churnlight.trace.links import Chain, Link
from churnlight.trace.month import ScoredMonth

_TAGS = {
    "commit": "churnlight.commit",
    "fit": "churnlight.as_ofs.fit",
    "calibrate": "churnlight.as_ofs.calibrate",
    "test": "churnlight.as_ofs.test",
    "labels_known_at": "churnlight.labels_known_at",
    "data_fit_sha256": "churnlight.sha256.data.fit",
}


def model_of(month: ScoredMonth, chain: Chain) -> dict[str, Any]:
    """The model, and whether its files are those that scored."""
    told = dict(month.manifest["model"])
    folder = _folder_of(month.project, told["sha256"])
    found = {**told, "folder": None, "files": {}, "learned_from": []}
    if folder is None:
        chain.links.append(Link("models", told["sha256"], _now(month.project)))
        chain.notes.append(_why_gone(month.project))
        return {**found, **_logged(month.project, told, None)}
    reference = files.read_json_if_there(folder / "tiers" / REFERENCE) or {"months": []}
    return {
        **found,
        "folder": month.named(folder),
        "files": files.sha256_of_files(folder / told["learner"]),
        "learned_from": sorted(m["as_of"] for m in reference["months"]),
        **_logged(month.project, told, folder),
    }


def _folder_of(project: Project, sha256: str) -> Path | None:
    """The folder with that model: the project's, or one that the batch fetched."""
    for folder in (project.root / "models", project.batch / "fetched" / sha256):
        if folder.is_dir() and _hash(folder) == sha256:
            return folder
    return None


def _hash(folder: Path) -> str | None:
    return model_sha256(folder) if (folder / "tiers").is_dir() else None


def _now(project: Project) -> str | None:
    folder = project.root / "models"
    return _hash(folder) if folder.is_dir() else None


def _why_gone(project: Project) -> str:
    try:
        hold_models(project.root / "models")
    except ChurnlightError as error:
        return str(error)
    return (
        "models/ holds another model than the one that scored: it was trained again since; "
        "MLflow's run has the old one"
    )


def _logged(project: Project, told: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """What MLflow says of the run that logged the model; nothing where it can't be asked."""
    run = told["run_id"]
    if run is None:
        # The stage score comes before the stage track, which registers.
        tracked = files.read_json_if_there(project.tracking) or {}
        run = tracked.get(told["learner"], {}).get("run_id")
    if run is None:
        return {"run_id": None, "trained": None}
    from churnlight.tracking.fetching import tags_of

    tags = tags_of(project.home, run)
    if tags is None:
        return {"run_id": run, "trained": None}
    if folder is not None and told["run_id"] is None:
        logged = files.sha256_of_tree(folder / told["learner"])
        if tags.get("churnlight.sha256.model") != logged:
            return {"run_id": None, "trained": None}
    return {"run_id": run, "trained": {name: tags.get(tag) for name, tag in _TAGS.items()}}

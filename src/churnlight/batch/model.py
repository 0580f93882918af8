"""The model that a month is scored by: fetched from the registry or a folder, held to its contract.

It is kept below data/batch/fetched by its hash, so that a registry that is down stops only the
first run of a champion.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlight import files
from churnlight.errors import ChurnlightError, UsageError
from churnlight.learners import contract
from churnlight.learners.champion import FILE, LEARNERS, MODEL_PARTS, hold_models
from churnlight.learners.stored import read_stored, seal_again
from churnlight.params.whole import Params
from churnlight.paths import Project
from churnlight.stages.manifest import model_sha256

PROMISED = "evaluation/details.json"
log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class Model:
    """A model at hand.

    Attributes:
        folder: with gbm/, tree/ and tiers/.
        learner: whose probability and tier go to the retention team.
        sha256: over the three folders, see `stages.manifest.model_sha256`.
        name, version, run_id: in the registry; None for a model from a folder.
    """

    folder: Path
    learner: str
    sha256: str
    name: str | None = None
    version: str | None = None
    run_id: str | None = None

    def told(self) -> dict[str, Any]:
        """As the manifest holds it."""
        return {
            "name": self.name,
            "version": self.version,
            "run_id": self.run_id,
            "learner": self.learner,
            "sha256": self.sha256,
        }

    def __str__(self) -> str:
        """In words."""
        if self.name is None:
            return f"the {self.learner} of model {self.sha256[:12]}"
        return f"{self.name} version {self.version} ({self.learner})"


def obtain(asked: str | None, project: Project, params: Params) -> Model:
    """Fetch a model.

    Args:
        asked: a folder with gbm/, tree/ and tiers/, or a URI of MLflow's; None: the champion.
        project: the project.
        params: its parameters.

    Raises:
        ChurnlightError: when there is no such model; says which command makes one.
    """
    _sweep(project)
    if asked is not None and "://" not in asked and ":/" not in asked:
        return _of_folder(Path(asked).expanduser().resolve(), project)
    return _of_registry(asked, project, params.tracking.model_name)


def hold(model: Model, params: Params) -> None:
    """Hold a model to the parameters and to this churnlight's features.

    Raises:
        UsageError: lists what differs.
    """
    trained = contract.read(model.folder / "tiers")
    if trained is None:
        raise UsageError(
            f"{model} does not say what it was trained under (it has no {contract.FILE}: an older "
            "churnlight made it): `churnlight run` trains one that does"
        )
    refused, told = contract.differences(
        trained, {n: getattr(params, n) for n in contract.SECTIONS}
    )
    if told:
        log.warning("%s was trained on another cohort: %s", model, contract.shown(told))
    if refused:
        raise UsageError(
            f"{model} was trained under something else than this project: "
            f"{contract.shown(refused)}. Put params.yaml back, or train a model with "
            "`churnlight run`"
        )


def promised(project: Project, sha256: str) -> dict[str, Any] | None:
    """What its test said of a model that was fetched once; None where nothing is known."""
    return files.read_json_if_there(_models(project) / f"{sha256}.promised.json")


def _of_folder(folder: Path, project: Project) -> Model:
    if missing := [part for part in MODEL_PARTS if not (folder / part).is_dir()]:
        raise UsageError(
            f"--model {folder}: no folder {', '.join(missing)} in it; expected gbm, tree and tiers "
            "as `churnlight run` writes them to models/"
        )
    # What stands beside it in the project is about this model, if it is the project's own.
    details = project.evaluation / "details.json"
    own = folder == (project.root / "models").resolve() and details.is_file()
    return _kept(folder, project, {}, files.read_json(details) if own else None)


def _of_registry(asked: str | None, project: Project, name: str) -> Model:
    from churnlight import registry, tracking

    if asked is None:
        asked = f"models:/{name}/{registry.show(project.home, name)['version']}"
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=_models(project)) as folder:
        bundle, known = tracking.download_bundle(project.home, asked, Path(folder))
        run_id = known.get("run_id")
        promised = run_id and tracking.read_artefact(project.home, run_id, PROMISED)
        return _kept(bundle, project, known, promised or None)


def _kept(
    bundle: Path, project: Project, known: Mapping[str, str], promised: Mapping[str, Any] | None
) -> Model:
    """Keep a copy by its hash, with the learner that is scored by written into it.

    Raises:
        ChurnlightError: when a file of the model is not as it was written.
    """
    stored = read_stored(bundle / "tiers" / FILE)
    hold_models(bundle)
    learner = known.get("learner", str(stored["champion"]))
    if learner not in LEARNERS:
        raise ChurnlightError(f"the model's learner is {learner!r}; expected gbm or tree")
    models = _models(project)
    beside = Path(tempfile.mkdtemp(prefix=".keep-", dir=models))
    try:
        for part in MODEL_PARTS:
            shutil.copytree(bundle / part, beside / part)
        if learner != stored["champion"]:
            files.write_json(beside / "tiers" / FILE, {**stored, "champion": learner})
            seal_again(beside / "tiers")
        mark = model_sha256(beside)
        folder = models / mark
        if folder.is_dir() and model_sha256(folder) != mark:
            log.warning("%s is not as it was kept: taken anew", folder)
            shutil.rmtree(folder)
        if not folder.is_dir():
            beside.replace(folder)
        if promised is not None:
            files.write_json(models / f"{mark}.promised.json", promised)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Model(
        folder, learner, mark, known.get("name"), known.get("version"), known.get("run_id")
    )


def _models(project: Project) -> Path:
    return project.batch / "fetched"


def _sweep(project: Project) -> None:
    """Remove what a killed run left; nobody else writes here, since the batch holds its lock."""
    models = _models(project)
    models.mkdir(parents=True, exist_ok=True)
    for left in (*models.glob(".fetch-*"), *models.glob(".keep-*")):
        shutil.rmtree(left, ignore_errors=True)

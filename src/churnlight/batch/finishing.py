"""What a run adds to the scores: what came true of earlier months, the page, and MLflow's run."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from churnlight import files
from churnlight.batch.aftermath import FILE as REALISED
from churnlight.batch.aftermath import look_back
from churnlight.batch.model import Model
from churnlight.batch.workspace import Workspace
from churnlight.commit import git_commit
from churnlight.errors import ChurnlightError
from churnlight.learners.champion import FILE
from churnlight.learners.stored import read_stored
from churnlight.params.whole import Params
from churnlight.paths import Project
from churnlight.report.inputs import scored_tiers
from churnlight.report.month_page import MonthFacts, render_month
from churnlight.report.view_fairness import fairness_content
from churnlight.retention.loading import is_simulated
from churnlight.stages.fairness import FILE as FAIRNESS
from churnlight.stages.manifest import MANIFEST, RUN, read_manifest
from churnlight.stages.partition import DRIFT
from churnlight.stages.scoring import REFERENCE
from churnlight.watch.advice import metrics_of

PAGE = "month.html"
_PARTS = ("ground", "drift", "realised", "movements")
# Never the tables, the list or the plots of rows: they hold subscribers.
_LOGGED = (MANIFEST, PAGE, DRIFT, REALISED, "ground.json", "movements.json", "importance.json")
log = logging.getLogger("churnlight")


def write_aftermath(space: Workspace, model: Model, out: Path) -> None:
    """Write realised.json into the partition."""
    reference: dict[str, Any] = files.read_json(model.folder / "tiers" / REFERENCE)
    learned = max(str(month["as_of"]) for month in reference["months"])
    files.write_json(
        out / REALISED, look_back(space, model, files.read_json_if_there(out / DRIFT), learned)
    )


def write_page(space: Workspace, model: Model, out: Path) -> None:
    """Write month.html into the partition, from what stands there already."""
    stored = read_stored(model.folder / "tiers" / FILE)
    names = stored["models"][model.learner]["tiers"]["names"]
    scores = pd.read_parquet(out / "scores.parquet")
    facts = MonthFacts(
        as_of=space.at.key,
        cutoff=f"{space.at.cutoff:%Y-%m-%d}",
        model=str(model),
        simulated=is_simulated(space.own),
        tiers=scored_tiers(scores, names)["tiers"],
        least=space.params.privacy.min_group,
    )
    parts = {name: files.read_json_if_there(out / f"{name}.json") for name in _PARTS}
    # The model may be of another project's training: how it did on its test is not known here.
    parts["fairness"] = fairness_content(files.read_json_if_there(out / FAIRNESS), None)
    page = render_month(parts, space.params.handout.languages[0], facts)
    (out / PAGE).write_text(page, encoding="utf-8", newline="\n")


def log_to_mlflow(project: Project, params: Params, folder: Path) -> str | None:
    """Log a scored month; its run_id, or None where the store can't be reached.

    The scores are whole without it: the next run of the same month logs what is missing, and so
    does `sync_months`.
    """
    try:
        found = _log(project, params, folder)
    except ChurnlightError as error:
        log.warning("score: %s. Run the same command again when it is back", error)
        return None
    log.info("  MLflow: run %s %s", found["run_id"][:8], found["state"])
    return found["run_id"]


def sync_months(project: Project, params: Params) -> dict[str, dict[str, str]]:
    """Log what MLflow lacks of the months that `churnlight score` has scored.

    Returns:
        as_of -> run_id and state ("logged" or "found"), in order of time.

    Raises:
        Locked: when a month is being scored.
        ChurnlightError: when the store can't be reached or refuses.
    """
    found = {}
    with files.lock(project.scratch / "locks" / "score.lock"):
        for as_of in project.scored:
            folder = project.scores(as_of)
            # The stage score leaves no run.json: its months are no runs of their own.
            ran = files.read_json_if_there(folder / RUN)
            if ran is None:
                continue
            found[as_of] = _log(project, params, folder)
            if ran.get("mlflow_run") != found[as_of]["run_id"]:
                files.write_json(folder / RUN, {**ran, "mlflow_run": found[as_of]["run_id"]})
    return found


def _log(project: Project, params: Params, folder: Path) -> dict[str, str]:
    from churnlight import tracking

    realised = files.read_json_if_there(folder / REALISED) or {"months": []}
    model = (read_manifest(folder) or {})["model"]
    ran = files.read_json_if_there(folder / RUN) or {}
    run = tracking.MonthRun(
        as_of=folder.name.removeprefix("as_of="),
        content_hash=files.sha256_of(folder / MANIFEST),
        params={k: str(v) for k, v in model.items()},
        metrics=metrics_of(files.read_json_if_there(folder / DRIFT), realised["months"]),
        tags={
            "churnlight.model_sha256": model["sha256"],
            # Logged later, the month is still of the code that scored it.
            "churnlight.commit": ran.get("commit") or git_commit(project.root),
        },
        artefacts=[folder / name for name in _LOGGED if (folder / name).is_file()],
    )
    return tracking.log_month(project.home, params.tracking.experiment, run)

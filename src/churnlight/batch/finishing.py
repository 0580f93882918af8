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
from churnlight.errors import ChurnlightError
from churnlight.learners.champion import FILE
from churnlight.learners.stored import read_stored
from churnlight.params.whole import Params
from churnlight.paths import Project
from churnlight.report.inputs import scored_tiers
from churnlight.report.month_page import MonthFacts, render_month
from churnlight.retention.loading import is_simulated
from churnlight.stages.manifest import MANIFEST
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
    )
    parts = {name: files.read_json_if_there(out / f"{name}.json") for name in _PARTS}
    page = render_month(parts, space.params.handout.languages[0], facts)
    (out / PAGE).write_text(page, encoding="utf-8", newline="\n")


def log_to_mlflow(project: Project, params: Params, folder: Path, model: Model) -> str | None:
    """Log a scored month; its run_id, or None where the store can't be reached.

    The scores are whole without it: the next run of the same month logs what is missing.
    """
    from churnlight import tracking

    realised = files.read_json_if_there(folder / REALISED) or {"months": []}
    run = tracking.MonthRun(
        as_of=folder.name.removeprefix("as_of="),
        content_hash=files.sha256_of(folder / MANIFEST),
        params={k: str(v) for k, v in model.told().items()},
        metrics=metrics_of(files.read_json_if_there(folder / DRIFT), realised["months"]),
        tags={"churnlight.model_sha256": model.sha256},
        artefacts=[folder / name for name in _LOGGED if (folder / name).is_file()],
    )
    try:
        found = tracking.log_month(project.home, params.tracking.experiment, run)
    except ChurnlightError as error:
        log.warning("score: %s. Run the same command again when it is back", error)
        return None
    log.info("  MLflow: run %s %s", found["run_id"][:8], found["state"])
    return found["run_id"]

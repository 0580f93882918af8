"""One run of the monthly batch: from the extracts and a model to a whole partition of scores.

Every step writes by rename and is done again only where its input changed, so that a run that was
killed is finished by the next one; the partition itself appears in one piece, as the last step.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlight import files
from churnlight.batch.aftermath import to_measure
from churnlight.batch.finishing import log_to_mlflow, write_aftermath, write_page
from churnlight.batch.ground import stand_on
from churnlight.batch.model import Model, hold, obtain
from churnlight.batch.steps import Steps
from churnlight.batch.workspace import (
    Workspace,
    features_are_current,
    make_marts,
    open_workspace,
    take_over_verdicts,
    take_stock,
    write_window,
)
from churnlight.commit import git_commit, source_sha256
from churnlight.errors import UsageError
from churnlight.params.whole import load
from churnlight.paths import Project
from churnlight.stages.check import check
from churnlight.stages.features import features
from churnlight.stages.manifest import RUN, made_from, read_manifest, stands, write_manifest
from churnlight.stages.partition import write_month
from churnlight.stages.shadow import project_is
from churnlight.stages.stage import Stage, instant
from churnlight.timeline import moment

log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class Asked:
    """What a run is asked for.

    Attributes:
        as_of: first day of a month, YYYY-MM-DD.
        extracts: the operator's folder instead of extracts.path.
        model: a folder or a URI of MLflow's instead of the registry's champion.
        engine: duckdb or spark instead of engine.name.
        accept: why troubles of the ground are accepted; None: they stop the run.
        force: score again though the partition is up to date.
    """

    as_of: str
    extracts: Path | None = None
    model: str | None = None
    engine: str | None = None
    accept: str | None = None
    force: bool = False


@dataclass(frozen=True)
class Scored:
    """What a run did.

    Attributes:
        folder: the partition.
        model: what scored it.
        manifest: its content.
        up_to_date: whether it stood there already.
    """

    folder: Path
    model: Model
    manifest: dict[str, Any]
    up_to_date: bool


def score(project: Project, asked: Asked) -> Scored:
    """Score one month.

    Args:
        project: the project.
        asked: see `Asked`.

    Raises:
        UsageError: no such as_of or engine, or the model was trained under something else.
        DataRefused: the extracts lack what is needed, or the ground is broken.
        DriftAlarm: the ground is whole and has changed.
        Locked: another run, or `dvc repro`, is writing scores.
        ChurnlightError: no model.
    """
    params = load(project.params_file)
    at = moment(asked.as_of, params.time)
    if asked.engine not in (None, "duckdb", "spark"):
        raise UsageError(f"--engine {asked.engine!r}: expected duckdb or spark")
    if asked.accept is not None and not asked.accept.strip():
        raise UsageError("--accept is empty: say why, in words that a reader next year understands")
    extracts = (asked.extracts or project.extracts(params.extracts.path)).expanduser().resolve()
    # The lock of the stage score: `dvc repro` and a batch must not write scores at once.
    with files.lock(project.scratch / "locks" / "score.lock"):
        steps, begun = Steps(), time.time()
        with steps.step("model"):
            model = obtain(asked.model, project, params)
            hold(model, params)
        due = to_measure(project, params, at)
        space = open_workspace(project, extracts, at, model, due, asked.engine)
        with project_is(space.own.root):
            scored = _score(space, asked, model, steps)
        with steps.step("MLflow"):
            run_id = log_to_mlflow(project, params, scored.folder)
        # Killed after the partition came and before this: the month stands, its run is not told.
        if not scored.up_to_date or not (scored.folder / RUN).exists():
            _write_run(project, scored.folder, begun, steps, run_id)
        return scored


def _write_run(
    project: Project, folder: Path, begun: float, steps: Steps, run_id: str | None
) -> None:
    """Write run.json, the only file that differs from run to run."""
    files.write_json(
        folder / RUN,
        {
            "begun": instant(begun),
            "ended": instant(time.time()),
            "seconds": steps.seconds,
            "commit": git_commit(project.root),
            "source_sha256": source_sha256(),
            "mlflow_run": run_id,
        },
    )


def _score(space: Workspace, asked: Asked, model: Model, steps: Steps) -> Scored:
    as_of, stage = space.at.key, Stage("score", space.own)
    with steps.step("inventory"):
        take_stock(space)
    with steps.step("check"):
        take_over_verdicts(space)
        check()
    with steps.step("marts"):
        done = make_marts(space)
        log.info("  %s", ", ".join(f"{month} {how}" for month, how in done.items()))
    with steps.step("ground"):
        standing = stand_on(space, asked.accept)
    window = write_window(space, as_of, label=False)
    wanted = made_from(stage, as_of, model.told(), window, asked.accept)
    wanted["measured"] = list(space.matured)
    folder = space.project.scores(as_of)
    if not asked.force and stands(folder, wanted):
        log.info("score: nothing has changed since it was scored")
        return Scored(folder, model, read_manifest(folder) or {}, up_to_date=True)
    if not features_are_current(space, as_of):
        with steps.step("features"):
            features(as_of)
    standing = standing.with_cohort(space)
    with steps.step("scores"), files.atomic_folder(folder) as out:
        write_month(stage, as_of, out)
        files.write_json(out / "ground.json", standing.content(space))
        with steps.step("aftermath"):
            write_aftermath(space, model, out)
        write_page(space, model, out)
        write_manifest(out, wanted)
    return Scored(folder, model, read_manifest(folder) or {}, up_to_date=False)

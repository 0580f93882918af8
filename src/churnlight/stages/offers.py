"""A month's plan with all that it rests on, for months too that the monthly batch scored."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from churnlight.errors import ChurnlightError
from churnlight.params.base import read_section
from churnlight.params.data import TimeParams
from churnlight.params.output import TrackingParams
from churnlight.params.plan import PlanParams
from churnlight.paths import Project
from churnlight.plan.building import Plan
from churnlight.plan.loading import playbook_of
from churnlight.stages.handsets import write_handsets
from churnlight.stages.offer_metrics import month_run
from churnlight.stages.plan import made_by, plan_month
from churnlight.stages.segments import write_segments
from churnlight.stages.stage import Stage, running
from churnlight.stages.tariffs import write_tariffs
from churnlight.timeline import Moment, moment

Write = Callable[[Stage, Moment, Project], None]

log = logging.getLogger("churnlight")


def plan_scored(stage: Stage, as_of: str) -> Plan:
    """Make the plan of a scored as_of; before it segments, tariffs and handsets where needed.

    They are made here where the monthly batch scored the month, for no stage of the pipeline does,
    and where a folder is missing. What a stage made is left as it is.

    Raises:
        UsageError, ChurnlightError: see `plan_month`.
    """
    project = stage.project
    # A typo in it should not cost the minutes that tables take.
    playbook_of(project, stage.section("plan", PlanParams))
    built = made_by(stage, as_of)
    if as_of in project.scored and built.project.features(as_of).is_dir():
        _make(stage, built, moment(as_of, stage.section("time", TimeParams)))
    return plan_month(stage, as_of)


def _make(stage: Stage, built: Stage, at: Moment) -> None:
    project = stage.project
    steps: tuple[tuple[str, Path, Write], ...] = (
        ("segments", project.segments(at.key), write_segments),
        ("tariffs", project.tariffs(at.key), write_tariffs),
        ("handsets", project.handsets(at.key), write_handsets),
    )
    for name, folder, write in steps:
        if built is not stage or not folder.is_dir():
            with running(name):
                write(Stage(name, built.project), at, project)


def sync_plans(project: Project, experiment: str) -> dict[str, dict[str, str]]:
    """Log what MLflow lacks of the planned months, a run each: `plan 2026-01-01`.

    Returns:
        as_of -> run_id and state ("logged" or "found"), in order of time.

    Raises:
        ChurnlightError: when the store can't be reached or refuses.
    """
    if not project.planned:
        return {}
    from churnlight import tracking

    return {
        as_of: tracking.log_month(project.home, experiment, month_run(project, as_of))
        for as_of in project.planned
    }


def log_plans(project: Project) -> None:
    """As `sync_plans`, but a store that is away is told and stops nothing: plans are whole."""
    params = read_section(project.params_file, "tracking", TrackingParams)
    try:
        runs = sync_plans(project, params.experiment)
    except ChurnlightError as error:
        log.warning("plan: %s", error)
        return
    for as_of, run in runs.items():
        log.info("  MLflow: plan %s: run %s %s", as_of, run["run_id"][:8], run["state"])

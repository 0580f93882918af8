"""`churnlight run`, `summary` and `tracking sync`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import typer

from churnlight.cli.app import Output
from churnlight.errors import ChurnlightError, DataRefused, DriftAlarm, Locked, UsageError
from churnlight.inventory import require_months
from churnlight.params.whole import Params, load
from churnlight.params.written import require_written
from churnlight.paths import Project, find_project
from churnlight.stages.stage import log

_ERRORS = {kind.exit_code: kind for kind in (UsageError, DataRefused, DriftAlarm, Locked)}


def run_pipeline(output: Output) -> None:
    """`dvc repro` in the project's folder, with this environment's python, then the summary.

    Raises:
        ChurnlightError: when a stage failed; its own message stands above, and the exit code is
            the stage's.
    """
    project = find_project()
    # A typo anywhere in params.yaml stops before the first stage runs.
    params = load(project.params_file)
    pipelines = [project.root / name for name in ("dvc.yaml", "demo/dvc.yaml")]
    require_written(project.params_file, pipelines)
    _require_extracts(project, params)
    # What the last run could not send is tried again: DVC would take the stage for done.
    project.pending.unlink(missing_ok=True)
    start = time.monotonic()
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "CHURNLIGHT_QUIET": "1" if output.quiet else "",
        "CHURNLIGHT_LOG_FORMAT": output.log_format,
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "churnlight.cli.repro", *(["--quiet"] * output.quiet)]
    # DVC's own lines go to standard error, so that --json stays JSON.
    chatter = subprocess.DEVNULL if output.quiet else sys.stderr
    # Nothing of the user's goes into the command.
    code = subprocess.run(  # noqa: S603  # nosec B603
        command, cwd=project.root, env=environment, stdout=chatter, check=False
    ).returncode
    if code != 0:
        kind = _ERRORS.get(code, ChurnlightError)
        raise kind(
            "the run stopped; the reason stands above, beside the stage's name. What was finished "
            "is kept: put it right and run again"
        )
    log.info("all stages done in %.0f s", time.monotonic() - start)
    _log_plans(project)
    show_summary(output)
    if project.pending.exists():
        log.warning("not in MLflow yet, its server was away: `churnlight tracking sync` sends it")


def _log_plans(project: Project) -> None:
    from churnlight.stages.offers import log_plans

    log_plans(project)


def _require_extracts(project: Project, params: Params) -> None:
    """Tell before DVC does, in words, that the extracts are not where params.yaml says."""
    root = project.extracts(params.extracts.path)
    # The demo operator is simulated by the run itself.
    if not root.is_relative_to(project.data / "demo"):
        require_months(root, params.extracts.month_list)


def show_summary(output: Output) -> None:
    """Print tiers, both models, and where everything is."""
    from churnlight.cli.outcome import load_outcome
    from churnlight.report.summary import as_json, summary

    outcome = load_outcome(find_project())
    if output.json:
        told = as_json(outcome.details, outcome.places, outcome.champion)
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    Console().print(summary(outcome.details, outcome.places, outcome.champion))


def sync_tracking(output: Output) -> None:
    """Log what MLflow lacks of the finished run, and of the months that were scored."""
    from churnlight.batch.finishing import sync_months
    from churnlight.stages.offers import sync_plans
    from churnlight.stages.track import sync

    runs, decision = sync()
    project = find_project()
    params = load(project.params_file)
    months = sync_months(project, params)
    plans = sync_plans(project, params.tracking.experiment)
    if output.json:
        told = {**runs, "gate": decision, "months": months, "plans": plans}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for name, run in runs.items():
            typer.echo(f"{name}: run {run['run_id']} ({run['state']})")
        typer.echo(f"gate: {decision['outcome']}: {'; '.join(decision['reasons'])}")
        for as_of, run in months.items():
            typer.echo(f"score {as_of}: run {run['run_id']} ({run['state']})")
        for as_of, run in plans.items():
            typer.echo(f"plan {as_of}: run {run['run_id']} ({run['state']})")

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
from churnlight.errors import ChurnlightError
from churnlight.params.whole import load
from churnlight.paths import find_project
from churnlight.stages.stage import log


def run_pipeline(output: Output) -> None:
    """`dvc repro` in the project's folder, with this environment's python, then the summary.

    Raises:
        ChurnlightError: when a stage failed; its own message stands above.
    """
    project = find_project()
    # A typo anywhere in params.yaml stops before the first stage runs.
    load(project.params_file)
    start = time.monotonic()
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "CHURNLIGHT_QUIET": "1" if output.quiet else "",
        "CHURNLIGHT_LOG_FORMAT": output.log_format,
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "dvc", "repro", *(["--quiet"] if output.quiet else [])]
    # Nothing of the user's goes into the command; DVC's own lines go to standard error.
    code = subprocess.run(  # noqa: S603
        command, cwd=project.root, env=environment, stdout=sys.stderr, check=False
    ).returncode
    if code != 0:
        raise ChurnlightError(
            "the run stopped; the reason stands above, beside the stage's name. What was finished "
            "is kept: put it right and run again"
        )
    log.info("all stages done in %.0f s", time.monotonic() - start)
    show_summary(output)


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
    """Log what MLflow lacks of the finished run."""
    from churnlight.stages.track import track_run

    runs = track_run(find_project())
    if output.json:
        typer.echo(json.dumps(runs, indent=2))
    else:
        for name, run in runs.items():
            typer.echo(f"{name}: run {run['run_id']} ({run['state']})")

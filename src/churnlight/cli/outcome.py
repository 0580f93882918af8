"""Read what the closing table shows."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlight import files
from churnlight.errors import ChurnlightError
from churnlight.paths import Project
from churnlight.report.summary import Places


@dataclass(frozen=True)
class Outcome:
    """Details of the evaluation, the champion, and where things are."""

    details: dict[str, Any]
    places: Places
    champion: Any


def load_outcome(project: Project) -> Outcome:
    """The last run's outcome.

    Raises:
        ChurnlightError: when the pipeline has not run to its end yet.
    """
    if not (project.evaluation / "details.json").is_file():
        raise ChurnlightError(f"no finished run in {project.root}: `churnlight run` makes one")
    details = files.read_json(project.evaluation / "details.json")
    champion = files.read_json(project.tiers / "tiers.json")["champion"]
    role = files.read_json(project.roles / "score.json")["as_ofs"]
    newest = max(role) if isinstance(role, dict) else ""
    return Outcome(details, _places(project, newest), champion)


def _places(project: Project, as_of: str) -> Places:
    from churnlight.retention.handout import PAGE

    store = os.environ.get("MLFLOW_TRACKING_URI", "")
    # A server's address may carry a password.
    shown = re.sub(r"//[^@/]*@", "//...@", store)
    local = "mlflow.db" if Path.cwd() == project.root else str(project.root / "mlflow.db")
    opened = f"mlflow ui --backend-store-uri sqlite:///{local} --host 127.0.0.1"
    return Places(
        report=_shown(project.report),
        scores=_shown(project.scores(as_of) / "scores.parquet"),
        call_list=_shown(project.scores(as_of) / PAGE),
        runs=shown or f"sqlite:///{local}",
        open_runs=shown or f"{_command('mlflow')}{opened.removeprefix('mlflow')}",
    )


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _command(name: str) -> str:
    # Outside an activated environment the bare name would not be found.
    local = Path(".venv/bin") / name
    return str(local) if local.exists() and "VIRTUAL_ENV" not in os.environ else name

"""What every stage shares: project, parameters, lock, log, and how it fails."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from churnlight import __version__, files, logs
from churnlight.commit import git_commit, source_sha256
from churnlight.errors import UsageError
from churnlight.params.base import SectionT, read_section, read_yaml
from churnlight.paths import Project, find_project
from churnlight.stages.guard import guarded

log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class Stage:
    """A running stage."""

    name: str
    project: Project

    def section(self, name: str, model: type[SectionT]) -> SectionT:
        """A section of params.yaml, held to its model."""
        return read_section(self.project.params_file, name, model)

    def value(self, name: str) -> dict[str, str]:
        """A top-level mapping of params.yaml that is no section, such as `as_ofs`.

        Raises:
            UsageError: when it is missing or no mapping.
        """
        content = read_yaml(self.project.params_file).get(name)
        if not isinstance(content, dict) or not content:
            raise UsageError(f"params.yaml: {name} is empty: `churnlight use DIR` fills it")
        return {str(key): str(item) for key, item in content.items()}

    @property
    def extracts(self) -> Path:
        """The operator's folder. Stages but inventory read it without naming it to DVC.

        What they depend on are the hashes in data/inventory, so that spelling the same folder
        another way reruns nothing.
        """
        path = read_yaml(self.project.params_file).get("extracts", {}).get("path")
        if not isinstance(path, str):
            raise UsageError("params.yaml: extracts.path is missing: `churnlight use DIR` sets it")
        return self.project.extracts(path)


@contextmanager
def running(name: str, detail: str = "") -> Iterator[Stage]:
    """Find the project, hold the stage's lock, and log how long it took."""
    title = f"{name} {detail}".strip()
    project = find_project()
    start, begun = time.monotonic(), time.time()
    mark = title.replace(" ", "@")
    with files.lock(project.scratch / "locks" / f"{mark}.lock"):
        yield Stage(name, project)
        _record(project, mark, begun)
    log.info("%s done in %.1f s", title, time.monotonic() - start)


def _record(project: Project, mark: str, begun: float) -> None:
    """Note when and by which code the stage ran: outputs say neither, so that they stay the same.

    A stage whose output is whole does not fail for want of the note.
    """
    content = {
        "stage": mark,
        "churnlight": __version__,
        "commit": git_commit(project.root),
        "source_sha256": source_sha256(),
        "begun": instant(begun),
        "ended": instant(time.time()),
    }
    try:
        files.write_json(project.run_record(mark), content)
    except OSError as error:
        log.warning("%s: no note of this run (%s)", mark, error.strerror)


def instant(seconds: float) -> str:
    """Seconds since 1970 as local time, to the second, as records hold it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))


def report_rows(what: str, rows: int) -> None:
    """Log how many rows went into an output."""
    log.info("  %s: %s rows", what, f"{rows:,}")


def main(body: Callable[..., None], arguments: list[str] | None = None) -> None:
    """Entry point of `python -m churnlight.stages.<name> [ARGUMENT ...]`."""
    logs.configure(
        "json" if os.environ.get("CHURNLIGHT_LOG_FORMAT") == "json" else "text",
        quiet=os.environ.get("CHURNLIGHT_QUIET") == "1",
    )
    given = sys.argv[1:] if arguments is None else arguments
    sys.exit(guarded(lambda: body(*given)))

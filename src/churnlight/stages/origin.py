"""What a mart and an as_of's features were made from, as one hash beside them.

DVC knows from its lock file whether they are up to date; the monthly batch, which may run where
there is no DVC, knows it from here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from churnlight import __version__, files
from churnlight.params.base import Section
from churnlight.params.data import CircleParams, TimeParams
from churnlight.paths import Project
from churnlight.stages.stage import Stage
from churnlight.timeline import Month

MANIFEST = "manifest.json"
# Sections of the parameters that features and labels follow from.
OF_FEATURES = ("time", "cohort", "label", "features")


def origin(made_from: object, sections: Mapping[str, Section], engine: str) -> str:
    """SHA-256 of what something was made from, the parameters, churnlight's version and the engine.

    Spark can't read all that DuckDB packs into a file, so neither takes over what the other built.
    """
    content = {
        "made_from": made_from,
        "parameters": {name: section.model_dump(mode="json") for name, section in sections.items()},
        "churnlight": __version__,
        "engine": engine,
    }
    return files.sha256_of_json(content)


def mart_origin(
    project: Project, month: Month, circle: CircleParams, time: TimeParams, engine: str
) -> str:
    """Of a month's marts: the check's verdict on its extract, and the parameters.

    Of the time, only when a month is closed.
    """
    activity = dict(files.read_json(project.activity(month)))
    closing = {"close_days": time.close_days, "delay_hours": time.reporting_delay_hours}
    return origin({**activity, "closing": closing}, {"circle": circle}, engine)


def features_origin(
    project: Project, as_of: str, sections: Mapping[str, Section], engine: str
) -> str:
    """Of an as_of's features and labels: hashes of all that they read, and the parameters.

    Args:
        project: with the as_of's file of the stage windows.
        as_of: which.
        sections: `OF_FEATURES`.
        engine: that builds them.
    """
    return origin(files.read_json(project.windows / f"as_of={as_of}.json"), sections, engine)


def leave_manifest(out: Path, stage: Stage, as_of: str, read: Iterable[Path]) -> None:
    """Write manifest.json into an as_of's folder: the files that it was made from, by hash.

    Of the extracts one hash over the inventory of all months before as_of, so that a later month
    changes nothing here.

    Args:
        out: the folder.
        stage: that makes it.
        as_of: which.
        read: files of the project, or of the one around it (then their names begin with ..); those
            that are not there are left out.
    """
    project = stage.project
    content = {
        "as_of": as_of,
        "stage": stage.name,
        "churnlight": __version__,
        "extracts_sha256": files.sha256_of_json(_inventory_until(project, as_of)),
        "read": {
            Path(os.path.relpath(path, project.root)).as_posix(): files.sha256_of_any(path)
            for path in sorted(read)
            if path.exists()
        },
    }
    files.write_json(out / MANIFEST, content)


def _inventory_until(project: Project, as_of: str) -> dict[str, str]:
    first_unseen = f"month={as_of[:7]}.json"
    return {
        path.relative_to(project.inventory).as_posix(): files.sha256_of(path)
        for path in sorted(project.inventory.rglob("*.json"))
        if path.name < first_unseen or not path.name.startswith("month=")
    }


def is_from(folder: Path, made_from: str) -> bool:
    """Whether a folder is whole and was made from this; one without a manifest was not."""
    manifest = folder / MANIFEST
    return manifest.is_file() and files.read_json(manifest).get("made_from") == made_from

"""`churnlight use DIR`: own extracts by one line."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import typer
import yaml

from churnlight import files
from churnlight.cli import editing
from churnlight.cli.app import Output
from churnlight.errors import UsageError
from churnlight.inventory import Discovery, discover
from churnlight.params.whole import load, parse
from churnlight.paths import Project, find_project
from churnlight.schema import EXTRACTS
from churnlight.timeline import Role, default_roles

log = logging.getLogger("churnlight")


def use_extracts(folder: Path, output: Output) -> None:
    """Find extracts and months below `folder`; write path, months and as_ofs into params.yaml.

    Comments and all other parameters stay as they are.

    Raises:
        UsageError: when there is no such folder, or the extracts stand in another one.
        DataRefused: when there is no usable extract, or too little history.
    """
    project = find_project()
    params = load(project.params_file)
    root = folder.expanduser().resolve()
    require_extracts(root)
    found = discover(root)
    for notice in found.notices:
        log.warning("%s", notice)
    roles = default_roles(found.months, params.time, params.label.spend_churn_months)
    path = root.relative_to(project.root) if root.is_relative_to(project.root) else root
    _write(project, str(path), found, roles)
    if output.json:
        told = {
            "path": str(path),
            "extracts": list(found.extracts),
            "months": [str(m) for m in found.months],
            "as_ofs": roles,
        }
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{root}: {', '.join(found.extracts)}")
    typer.echo(f"{len(found.months)} months, {found.months[0]} to {found.months[-1]}")
    for as_of, role in roles.items():
        typer.echo(f"  as_of {as_of}  {role}")
    typer.echo("written to params.yaml; now: churnlight run (or dvc repro)")


def require_extracts(root: Path, command: str = "churnlight use") -> None:
    """Hold a folder to being one of extracts, or to holding none at all.

    Args:
        root: the folder.
        command: what to type with the folder nearby that is meant.

    Raises:
        UsageError: when it is none; names the folder nearby that is.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is no folder: give the folder that holds cdr/, subscribers/ ...")
    if any((root / name).is_dir() for name in EXTRACTS):
        return
    # What `churnlight demo` made is one folder further down; an extract's own folder is one up.
    near = root / "extracts"
    if root.name in EXTRACTS:
        near = root.parent
    if any((near / name).is_dir() for name in EXTRACTS):
        raise UsageError(f"{root} holds no extracts, but {near} does: {command} {near}")


def _write(project: Project, path: str, found: Discovery, roles: dict[str, Role]) -> None:
    content = editing.load_text(project.params_file)
    extracts = content["extracts"]
    extracts["path"] = path
    extracts["months"] = editing.months(extracts["months"], [str(m) for m in found.months])
    content["as_ofs"] = editing.as_ofs(content["as_ofs"], roles)
    text = editing.dump(content)
    parse(yaml.safe_load(text), source="params.yaml")
    with files.atomic_file(project.params_file) as part:
        part.write_text(text, encoding="utf-8")


def require_empty(folder: Path, replaceable: Callable[[Path], bool] | None = None) -> None:
    """Refuse to write into a folder that holds something.

    Args:
        folder: to write to.
        replaceable: says whether what the folder holds may be replaced; None: never.

    Raises:
        UsageError: when it does, or is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if replaceable is None:
        raise UsageError(f"{folder} is not empty: name another folder, or empty it first")
    if not replaceable(folder):
        raise UsageError(f"{folder} holds something else than an earlier run made: name another")

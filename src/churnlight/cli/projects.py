"""`churnlight project`: a second folder with the same stages and its own parameters and data."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer
import yaml

from churnlight import files
from churnlight.cli import editing
from churnlight.cli.app import Output
from churnlight.errors import UsageError
from churnlight.params.whole import parse
from churnlight.paths import Project, find_project
from churnlight.suppression import take_over


def make_project(folder: Path, preset: Path | None, settings: list[str], output: Output) -> None:
    """Make `folder` a project: dvc.yaml copied, the sources linked, params.yaml of its own.

    Args:
        folder: to make; may hold a project already, whose parameters are then replaced.
        preset: the params.yaml to start from; this project's by default.
        settings: changes, "section.key=value" with a YAML value.
        output: how to speak.

    Raises:
        UsageError: when the folder holds something else, or a parameter can't be right.
    """
    home = find_project()
    target = Project(folder.resolve())
    if target.root == home.root:
        raise UsageError(f"{folder} is this project itself: name another folder")
    if folder.exists() and any(folder.iterdir()) and not target.params_file.exists():
        raise UsageError(f"{folder} is not empty and no churnlight project: name another folder")
    content = editing.load_text(preset or home.params_file)
    for setting in settings:
        _change(content, setting)
    text = editing.dump(content)
    parse(yaml.safe_load(text), source=str(preset or "params.yaml"))
    folder.mkdir(parents=True, exist_ok=True)
    with files.atomic_file(target.params_file) as part:
        part.write_text(text, encoding="utf-8")
    for name in ("dvc.yaml", "demo/dvc.yaml", ".dvcignore"):
        (target.root / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(home.root / name, target.root / name)
    take_over(home, target)
    source = target.root / "src"
    if not source.exists():
        source.symlink_to((home.root / "src").resolve(), target_is_directory=True)
    if not (target.root / ".dvc").exists():
        _init_dvc(target, home)
    if output.json:
        typer.echo(json.dumps({"project": str(target.root)}, ensure_ascii=False))
    else:
        typer.echo(f"project in {folder}: cd {shlex.quote(str(folder))} && churnlight run")


def _init_dvc(target: Project, home: Project) -> None:
    # --no-scm: the folder may stand inside the clone's Git, which ignores it.
    command = [sys.executable, "-m", "dvc", "init", "--quiet", "--no-scm"]
    # A list and no shell; nothing of the user's goes into it.
    subprocess.run(command, cwd=target.root, check=True)  # noqa: S603  # nosec B603
    config = (home.root / ".dvc" / "config").read_text(encoding="utf-8")
    (target.root / ".dvc" / "config").write_text(
        config.replace("[core]", "[core]\n    no_scm = true"), encoding="utf-8"
    )


def _change(content: Any, setting: str) -> None:
    name, separator, value = setting.partition("=")
    if not separator or not all(name.split(".")):
        raise UsageError(f"--set {setting!r}: write it as section.key=value")
    try:
        meant = yaml.safe_load(value)
    except yaml.YAMLError:
        raise UsageError(f"--set {setting!r}: {value!r} is no YAML value") from None
    *sections, key = name.split(".")
    for section in sections:
        if not isinstance(content.get(section), dict):
            content[section] = {}
        content = content[section]
    content[key] = meant

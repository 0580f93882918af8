"""`churnlight project`: a second folder with the same stages and its own parameters and data."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import typer
import yaml
from ruamel.yaml import YAML

from churnlight.errors import UsageError
from churnlight.params.whole import parse
from churnlight.paths import Project, find_project


def make_project(folder: Path, preset: Path | None, settings: list[str]) -> None:
    """Make `folder` a project: dvc.yaml copied, the sources linked, params.yaml of its own.

    Args:
        folder: to make; may hold a project already, whose parameters are then replaced.
        preset: the params.yaml to start from; this project's by default.
        settings: changes, "section.key=value" with a YAML value.

    Raises:
        UsageError: when the folder holds something else, or a parameter can't be right.
    """
    home = find_project()
    target = Project(folder.resolve())
    if folder.exists() and any(folder.iterdir()) and not target.params_file.exists():
        raise UsageError(f"{folder} is not empty and no churnlight project: name another folder")
    editor = YAML()
    content = editor.load((preset or home.params_file).read_text(encoding="utf-8"))
    for setting in settings:
        _change(content, setting)
    parse(yaml.safe_load(_dumped(editor, content)), source="params.yaml")
    folder.mkdir(parents=True, exist_ok=True)
    target.params_file.write_text(_dumped(editor, content), encoding="utf-8")
    for name in ("dvc.yaml", "demo/dvc.yaml", ".dvcignore"):
        (target.root / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(home.root / name, target.root / name)
    source = target.root / "src"
    if not source.exists():
        source.symlink_to((home.root / "src").resolve(), target_is_directory=True)
    if not (target.root / ".dvc").exists():
        _init_dvc(target, home)
    typer.echo(f"project in {folder}: `cd {folder} && churnlight run`")


def _init_dvc(target: Project, home: Project) -> None:
    # --no-scm: the folder may stand inside the clone's Git, which ignores it.
    command = [sys.executable, "-m", "dvc", "init", "--quiet", "--no-scm"]
    subprocess.run(command, cwd=target.root, check=True)  # noqa: S603
    config = (home.root / ".dvc" / "config").read_text(encoding="utf-8")
    (target.root / ".dvc" / "config").write_text(
        config.replace("[core]", "[core]\n    no_scm = true"), encoding="utf-8"
    )


def _change(content: Any, setting: str) -> None:
    name, separator, value = setting.partition("=")
    if not separator:
        raise UsageError(f"--set {setting!r}: write it as section.key=value")
    *sections, key = name.split(".")
    for section in sections:
        if not isinstance(content.get(section), dict):
            content[section] = {}
        content = content[section]
    content[key] = yaml.safe_load(value)


def _dumped(editor: YAML, content: Any) -> str:
    from io import StringIO

    stream = StringIO()
    editor.dump(content, stream)
    return stream.getvalue()

"""A project inside a project: the same stages on other parameters, sharing what they only read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from churnlight.paths import Project


def found_shadow(root: Path, content: Mapping[str, Any], links: Mapping[str, Path]) -> Project:
    """Make, or make anew, a project folder that stages can run in.

    Args:
        root: the folder.
        content: of its params.yaml.
        links: what it shares, by path below the folder; an earlier link there is replaced.
    """
    shadow = Project(root)
    shadow.data.mkdir(parents=True, exist_ok=True)
    for name, target in links.items():
        link_to(root / name, target)
    shadow.params_file.write_text(yaml.safe_dump(dict(content)), encoding="utf-8")
    (root / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    return shadow


def link_to(link: Path, target: Path) -> None:
    """Make a link to a folder, in place of an earlier link; it is never seen half-made."""
    wanted = target.resolve()
    if link.is_symlink() and link.readlink() == wanted:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    beside = link.parent / f".{link.name}.{os.getpid()}.part"
    beside.unlink(missing_ok=True)
    beside.symlink_to(wanted, target_is_directory=True)
    beside.replace(link)


@contextmanager
def project_is(root: Path) -> Iterator[None]:
    """Let stages find this project."""
    before = os.environ.get("CHURNLIGHT_PROJECT")
    os.environ["CHURNLIGHT_PROJECT"] = str(root)
    try:
        yield
    finally:
        if before is None:
            del os.environ["CHURNLIGHT_PROJECT"]
        else:
            os.environ["CHURNLIGHT_PROJECT"] = before

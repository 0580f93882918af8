"""What params.yaml must say itself, because DVC reads it there: to DVC a default is no value.

A file of an older version lacks what came since; DVC then names the first such parameter and not
what to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from churnlight.errors import UsageError
from churnlight.params.base import SECTIONS, read_yaml
from churnlight.params.whole import Params

_INSERTED = re.compile(r"\$\{([a-z_]+(?:\.[a-z_]+)*)\}")


def require_written(params_file: Path, pipelines: Sequence[Path]) -> None:
    """Hold params.yaml to having every parameter that a pipeline depends on.

    Args:
        params_file: params.yaml.
        pipelines: the dvc.yaml files; those that are missing are passed over.

    Raises:
        UsageError: names what is lacking, with its default, as it may be written.
    """
    content, defaults = read_yaml(params_file), Params().model_dump(mode="json")
    names = {name for path in pipelines if path.is_file() for name in _depended_on(path)}
    lacking = {
        name: value
        for name in sorted(names)
        if not _has(content, name)
        for value in _default(defaults, name)
    }
    if lacking:
        lines = "; ".join(f"{name}: {_flow(value)}" for name, value in lacking.items())
        raise UsageError(
            f"{params_file.name} lacks what this version depends on; write (a dot is one level "
            f"further in; values are the defaults): {lines}"
        )


def _depended_on(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    for name in (*_INSERTED.findall(text), *_listed(yaml.safe_load(text))):
        if name.split(".")[0] in SECTIONS:
            yield name


def _listed(node: Any) -> Iterator[str]:
    """The names in every list `params` of a dvc.yaml."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "params" and isinstance(value, list):
                yield from (name for name in value if isinstance(name, str))
            else:
                yield from _listed(value)


def _has(content: Any, name: str) -> bool:
    for part in name.split("."):
        if not isinstance(content, Mapping) or part not in content:
            return False
        content = content[part]
    return True


def _default(defaults: Any, name: str) -> list[Any]:
    """The default as a list of one; of none where there is no such parameter.

    Nor for `as_ofs`, which `churnlight use DIR` writes.
    """
    if name == "as_ofs" or not _has(defaults, name):
        return []
    for part in name.split("."):
        defaults = defaults[part]
    return [defaults]


def _flow(value: Any) -> str:
    return (
        str(yaml.safe_dump(value, default_flow_style=True, width=10_000))
        .removesuffix("\n...\n")
        .strip()
    )

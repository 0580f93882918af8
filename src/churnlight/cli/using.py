"""`churnlight use DIR`: own extracts by one line."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import typer
from ruamel.yaml import YAML

from churnlight import files
from churnlight.cli.app import Output
from churnlight.errors import UsageError
from churnlight.inventory import discover
from churnlight.params.whole import load, parse
from churnlight.paths import find_project
from churnlight.timeline import default_roles


def use_extracts(folder: Path, output: Output) -> None:
    """Find extracts and months below `folder`; write path, months and as_ofs into params.yaml.

    Comments and all other parameters stay as they are.

    Raises:
        DataRefused: when there is no usable extract, or too little history.
    """
    project = find_project()
    params = load(project.params_file)
    root = folder.expanduser().resolve()
    found = discover(root)
    roles = default_roles(found.months, params.time, params.label.spend_churn_months)
    editor = YAML()
    editor.preserve_quotes = True
    editor.indent(mapping=2, sequence=4, offset=2)
    content = editor.load(project.params_file.read_text(encoding="utf-8"))
    inside = root.is_relative_to(project.root)
    content["extracts"]["path"] = str(root.relative_to(project.root) if inside else root)
    content["extracts"]["months"] = [str(m) for m in found.months]
    content["as_ofs"] = dict(roles)
    stream = StringIO()
    editor.dump(content, stream)
    parse(YAML(typ="safe").load(stream.getvalue()), source="params.yaml")
    with files.atomic_file(project.params_file) as part:
        part.write_text(stream.getvalue(), encoding="utf-8")
    if output.json:
        typer.echo(
            json.dumps({"months": [str(m) for m in found.months], "as_ofs": roles}, indent=2)
        )
        return
    typer.echo(f"{root}: {', '.join(found.extracts)}")
    typer.echo(f"{len(found.months)} months, {found.months[0]} to {found.months[-1]}")
    for as_of, role in roles.items():
        typer.echo(f"  as_of {as_of}  {role}")
    typer.echo("written to params.yaml; now: churnlight run (or dvc repro)")


def require_empty(folder: Path, *, force: bool) -> None:
    """Refuse to write into a folder that holds something.

    Raises:
        UsageError: when it does and `force` is off.
    """
    if folder.exists() and any(folder.iterdir()) and not force:
        raise UsageError(f"{folder} is not empty: name another folder, or give --force")

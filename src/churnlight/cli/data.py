"""`churnlight pseudonymise` and `adapt`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from churnlight import files
from churnlight.cli.app import Output
from churnlight.cli.using import require_empty


def say(rows: dict[str, Any], output: Output) -> None:
    """Print rows written, by name, or any other short facts."""
    if output.json:
        typer.echo(json.dumps(rows, indent=2, sort_keys=True))
        return
    for name, count in rows.items():
        typer.echo(f"{name}: {count:,}" if isinstance(count, int) else f"{name}: {count}")


@dataclass(frozen=True)
class PseudonymsAsked:
    """What `churnlight pseudonymise` was asked for; see `churnlight.pseudonymise.pseudonymise`."""

    source: Path
    dest: Path
    key_file: Path | None
    columns: list[str] | None
    number_map: Path | None


def make_pseudonyms(asked: PseudonymsAsked, output: Output) -> None:
    """Replace the ids of all extracts below the source; no columns: the usual ones."""
    from churnlight.keyed import read_key
    from churnlight.pseudonymise import pseudonymise

    key = read_key(asked.key_file)
    say(pseudonymise(asked.source, asked.dest, key, asked.columns, asked.number_map), output)


def adapt(name: str, source: Path, dest: Path, output: Output) -> None:
    """Run an adapter of `churnlight.adapt`."""
    require_empty(dest)
    adapter = import_module(f"churnlight.adapt.{name}")
    with files.atomic_folder(dest.resolve()) as part:
        rows = adapter.adapt(source, part)
    say(rows, output)

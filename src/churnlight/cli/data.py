"""`churnlight demo`, `marts`, `pseudonymise` and `adapt`."""

from __future__ import annotations

import json
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from churnlight import files
from churnlight.cli.app import Output
from churnlight.cli.using import require_empty
from churnlight.errors import UsageError
from churnlight.inventory import is_simulated
from churnlight.params.base import validate
from churnlight.stages.guard import scratch_folder


def _say(rows: dict[str, Any], output: Output) -> None:
    if output.json:
        typer.echo(json.dumps(rows, indent=2, sort_keys=True))
        return
    for name, count in rows.items():
        typer.echo(f"{name}: {count:,}" if isinstance(count, int) else f"{name}: {count}")


def make_demo(out: Path, settings: dict[str, Any], *, force: bool, output: Output) -> None:
    """Simulate an operator into `out`."""
    from churnlight.demo import generate, require_size
    from churnlight.params.data import TimeParams
    from churnlight.params.learning import TrainParams
    from churnlight.params.output import DemoParams

    require_empty(out, replaceable=_is_demo if force else None)
    params = validate(settings, DemoParams, source="options")
    require_size(params, TimeParams(), TrainParams().min_churners)
    with files.atomic_folder(out.resolve()) as part:
        rows = generate(params, part)
    _say(rows, output)
    if not output.json:
        typer.echo(f"to use it in a project: churnlight use {shlex.quote(f'{out}/extracts')}")


def _is_demo(folder: Path) -> bool:
    return is_simulated(folder / "extracts")


def make_marts(extracts: Path, month: str, out: Path, engine: str, output: Output) -> None:
    """Build one month's marts below `out`."""
    from churnlight.engine import connect
    from churnlight.marts.source import Places, build_from_extracts
    from churnlight.params.data import CircleParams, EngineParams, TimeParams
    from churnlight.timeline import Month

    if engine not in ("duckdb", "spark"):
        raise UsageError(f"--engine {engine!r}: expected duckdb or spark")
    at = Month.parse(month)
    params = validate({"name": engine}, EngineParams, source="options")
    with (
        connect(params, scratch_folder()) as connection,
        files.atomic_folder(out.resolve() / f"month={at}") as part,
    ):
        rows = build_from_extracts(
            connection, Places(extracts, part), at, CircleParams(), TimeParams()
        )
    _say(rows, output)


def make_pseudonyms(
    source: Path, dest: Path, key_file: Path | None, columns: list[str] | None, output: Output
) -> None:
    """Replace the ids of all extracts below `source`; `columns` None: the usual ones."""
    from churnlight.pseudonymise import pseudonymise, read_key

    _say(pseudonymise(source, dest, read_key(key_file), columns), output)


def adapt(name: str, source: Path, dest: Path, output: Output) -> None:
    """Run an adapter of `churnlight.adapt`."""
    require_empty(dest)
    adapter = import_module(f"churnlight.adapt.{name}")
    with files.atomic_folder(dest.resolve()) as part:
        rows = adapter.adapt(source, part)
    _say(rows, output)

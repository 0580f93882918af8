"""`churnlight forget`: take one subscriber out of everything, for good."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from churnlight.cli.app import app, output
from churnlight.cli.database import PassFile, Prefix, Schema


@app.command()
def forget(
    context: typer.Context,
    subscriber: Annotated[
        str,
        typer.Argument(
            help="subscriber_id as in the extracts; - reads it from standard input, so that it "
            "stands in no shell history."
        ),
    ],
    published: Annotated[
        str | None,
        typer.Option(
            help="`postgresql://USER@HOST:PORT/DATABASE` to delete from too (see publish).",
            show_default=False,
        ),
    ] = None,
    schema: Schema = None,
    prefix: Prefix = None,
    passfile: PassFile = None,
    run: Annotated[
        bool, typer.Option("--run", help="Run what is out of date then, as `churnlight run`.")
    ] = False,
) -> None:
    """Take a subscriber out of everything, and keep them out: the right to erasure.

    Adds a keyed hash to the list that privacy.suppression names, which the check reads, and removes
    the subscriber from tables, lists, quarantine, DVC's cache and MLflow's files. It says what it
    touched, and never whom. The extracts stay yours: clean them too.
    """
    from churnlight.errors import UsageError

    said = output(context)
    if said.json and run:
        raise UsageError(
            "--run shows a summary of its own: with --json, call `churnlight run` then"
        )
    _take_out(subscriber, (published, schema, prefix, passfile), as_json=said.json)
    if run:
        from churnlight.cli.running import run_pipeline

        run_pipeline(said)
    elif not said.json:
        typer.echo("now run `churnlight run`: it makes anew what rested on the subscriber's rows")


def _take_out(
    subscriber: str,
    published: tuple[str | None, str | None, str | None, Path | None],
    *,
    as_json: bool,
) -> None:
    """Forget a subscriber in the present project, and say what was touched."""
    from dataclasses import asdict

    from churnlight.engine import connect
    from churnlight.forgetting import forget as take_out
    from churnlight.params.whole import load
    from churnlight.paths import find_project
    from churnlight.publish import parse_target

    where, schema, prefix, passfile = published
    target = None if where is None else parse_target(where, schema, prefix, passfile)
    project = find_project()
    params = load(project.params_file)
    given = sys.stdin.readline().strip() if subscriber == "-" else subscriber
    with connect(params.engine, project.scratch) as engine:
        done = take_out(engine, project, project.extracts(params.extracts.path), given, target)
    typer.echo(json.dumps(asdict(done), indent=2, ensure_ascii=False) if as_json else str(done))

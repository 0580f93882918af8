"""`churnlight publish`: a scored month into PostgreSQL, CSV or Parquet."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from churnlight.cli.app import app, output
from churnlight.cli.database import PassFile, Prefix, Schema


@app.command()
def publish(
    context: typer.Context,
    to: Annotated[
        str,
        typer.Option(
            help="`postgresql://USER@HOST:PORT/DATABASE` (never with a password), FILE.csv, "
            "FILE.csv.gz, or a folder for Parquet."
        ),
    ],
    as_of: Annotated[
        str | None,
        typer.Option(help="A scored as_of, YYYY-MM-DD; by default the newest.", show_default=False),
    ] = None,
    schema: Schema = None,
    prefix: Prefix = None,
    passfile: PassFile = None,
) -> None:
    """Publish a scored month for the CRM: scores, reasons and the plan, in one transaction.

    Published twice, nothing changes. The local scores stay as they are, whatever happens.
    """
    from dataclasses import asdict

    from churnlight.errors import ChurnlightError, UsageError
    from churnlight.params.whole import load
    from churnlight.paths import find_project
    from churnlight.publish import parse_target
    from churnlight.publish import publish as send
    from churnlight.publish.target import hold_no_password
    from churnlight.timeline import parse_as_of

    said = output(context)
    for option, given in (("--as-of", as_of), ("--schema", schema), ("--prefix", prefix)):
        hold_no_password(given or "", option)
    target = parse_target(to, schema, prefix, passfile)
    project = find_project()
    tiers = load(project.params_file).handout.tiers
    scored = project.scored
    if not scored:
        raise ChurnlightError(f"nothing scored in {project.root}: `churnlight score` does it")
    chosen = scored[-1] if as_of is None else f"{parse_as_of(as_of):%Y-%m-%d}"
    if chosen not in scored:
        raise UsageError(f"as_of {chosen} is not scored; scored are: {', '.join(scored)}")
    done = send(project, chosen, target, tiers)
    typer.echo(json.dumps(asdict(done), indent=2, ensure_ascii=False) if said.json else str(done))

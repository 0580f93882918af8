"""`churnlight score`: the command; `churnlight.batch` does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from churnlight.cli.app import app, output


@app.command()
def score(
    context: typer.Context,
    as_of: Annotated[
        str, typer.Option(help="First day of month T, YYYY-MM-DD: the months before it are read.")
    ],
    extracts: Annotated[
        Path | None,
        typer.Option(help="Folder of the extracts.", show_default="extracts.path of params.yaml"),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A folder with gbm, tree and tiers, or a URI of MLflow's, such as "
            "models:/churnlight/3.",
            show_default="the registry's champion",
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="duckdb or spark.", show_default="engine.name of params.yaml"),
    ] = None,
    accept: Annotated[
        str | None,
        typer.Option(
            metavar="REASON",
            help="Score though the ground is broken; the reason is kept in the manifest.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Score again though nothing has changed.")
    ] = False,
) -> None:
    """Score a month by the champion: the monthly batch, safe to run from cron and to run again.

    Reads the window's months of the extracts, builds the marts and features that are missing, and
    writes data/scores/as_of=YYYY-MM-DD in one piece.
    """
    from churnlight.batch.run import Asked
    from churnlight.batch.run import score as score_month
    from churnlight.batch.telling import last_line, told
    from churnlight.paths import find_project

    said = output(context)
    done = score_month(find_project(), Asked(as_of, extracts, model, engine, accept, force))
    if said.json:
        typer.echo(json.dumps(told(done), indent=2, ensure_ascii=False))
    else:
        typer.echo(last_line(done))

"""`churnlight backtest`: the command; `replaying` does it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from churnlight.cli.app import app, output


@app.command()
def backtest(
    context: typer.Context,
    parts: Annotated[
        str,
        typer.Option(
            help="What to work out, joined by commas: months (a model for each past month, and "
            "how each ages), lead (warning 0, 1, 2 months ahead), ablation (what families of "
            "features add)."
        ),
    ] = "months,lead,ablation",
    gaps: Annotated[
        str, typer.Option(help="Months between warning and leaving, for the lead-time curve.")
    ] = "0,1,2",
) -> None:
    """Make the models of past months from what was known then, and measure them on what came.

    Reads the marts of the last `churnlight run`; writes data/backtest.
    """
    from churnlight.cli.replaying import lines, run_backtest

    said = output(context)
    found = run_backtest([p for p in parts.split(",") if p], [g for g in gaps.split(",") if g])
    if said.json:
        typer.echo(json.dumps(found, indent=2))
        return
    for line in lines(found):
        typer.echo(line)

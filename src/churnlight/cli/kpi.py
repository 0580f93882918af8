"""`churnlight kpi`: the retention KPI of one base month and month."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from churnlight.cli.app import app, output


@app.command()
def kpi(
    context: typer.Context,
    base: Annotated[
        str,
        typer.Option(help="The base month, YYYY-MM: its mid/high-end subscribers are the base."),
    ],
    month: Annotated[
        str,
        typer.Option(help="The month at whose end the base is counted again, YYYY-MM."),
    ],
) -> None:
    """Retention KPI: how much of a base is still there and still spends, with its score.

    Reads the extracts and the marts of the last `churnlight run`; writes nothing. Every base month
    and month stand in data/kpi/kpi.json, and in the report.
    """
    from churnlight.report.terminal_kpi import kpi_table
    from churnlight.stages.kpi import one_pair

    found = one_pair(base, month)
    if output(context).json:
        (figure,) = found["figures"]
        shared = {name: found[name] for name in ("simulated", "kpi", "spend_churn")}
        typer.echo(json.dumps({**shared, **figure}, indent=2, ensure_ascii=False))
        return
    from rich.console import Console

    Console().print(kpi_table(found))

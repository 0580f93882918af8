"""`churnlight plan`: from a scored month to a list of offers, with a control group."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from churnlight.cli.app import app, output


@app.command()
def plan(
    context: typer.Context,
    as_of: Annotated[
        str | None,
        typer.Option(help="A scored as_of, YYYY-MM-DD; by default the newest.", show_default=False),
    ] = None,
) -> None:
    """Plan a scored month: who is offered what, within budget and calls, and who stays control.

    Writes data/plans/as_of=YYYY-MM-DD/: callers' sheets and tables. The playbook is the file that
    plan.playbook names. Save rates that no campaign measured are assumptions; the effect of
    campaigns with a control group takes their place once their outcome is known.

    Works for a month of the pipeline and for one of `churnlight score`; of the latter it makes
    segments, tariffs and handsets first. After it comes `churnlight publish`.
    """
    from churnlight.errors import ChurnlightError
    from churnlight.paths import find_project
    from churnlight.plan.terminal import told
    from churnlight.stages.offers import log_plans, plan_scored
    from churnlight.stages.stage import running
    from churnlight.timeline import parse_as_of

    scored = find_project().scored
    if as_of is None and not scored:
        raise ChurnlightError("nothing is scored: `churnlight score` does it")
    chosen = scored[-1] if as_of is None else f"{parse_as_of(as_of):%Y-%m-%d}"
    with running("plan") as stage:
        made = plan_scored(stage, chosen)
        log_plans(stage.project)
    if output(context).json:
        typer.echo(json.dumps(made.content, indent=2, ensure_ascii=False))
        return
    typer.echo(told(made.content))

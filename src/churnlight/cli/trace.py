"""`churnlight trace`: where one subscriber's score comes from."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from churnlight.cli.app import app, output


@app.command()
def trace(
    context: typer.Context,
    subscriber: Annotated[str, typer.Argument(help="subscriber_id as in the extracts.")],
    as_of: Annotated[str, typer.Option(help="A scored as_of, YYYY-MM-DD.")],
) -> None:
    """Walk from one score back to model, features, marts and the rows of the extracts.

    Every file on the way is held to the hash that was written down; what has changed since is
    named, and the exit code is then 1. Rows are counted from 0. Nothing is logged.
    """
    from churnlight.paths import find_project
    from churnlight.trace import walk
    from churnlight.trace.text import lines

    walked = walk(find_project(), as_of, subscriber)
    if output(context).json:
        typer.echo(json.dumps(walked.content, ensure_ascii=False, indent=2, default=str))
    else:
        for line in lines(walked.content):
            typer.echo(line)
    walked.hold()

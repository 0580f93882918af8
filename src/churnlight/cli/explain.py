"""`churnlight explain`: one subscriber's card on the terminal."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from churnlight.cli.app import app, output
from churnlight.errors import ChurnlightError, UsageError

if TYPE_CHECKING:
    from churnlight.cli.explaining import Found


@app.command()
def explain(
    context: typer.Context,
    subscriber: Annotated[str, typer.Argument(help="subscriber_id as in the extracts.")],
    as_of: Annotated[
        str | None,
        typer.Option(help="A scored as_of, YYYY-MM-DD; by default the newest.", show_default=False),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="en or zh; by default the first of handout.languages.")
    ] = None,
) -> None:
    """Show one subscriber's card: tier, probability, reasons, the months before, the tree's rule.

    Who was not scored is told why: which rule of the cohort left the subscriber out.
    """
    from churnlight.cli import explaining
    from churnlight.paths import find_project
    from churnlight.report.words import LANGUAGES

    said = output(context)
    project = find_project()
    asked = explaining.Asked.of(project, subscriber, as_of, language)
    if asked.language not in LANGUAGES:
        raise UsageError(f"--language {asked.language!r}: expected one of {', '.join(LANGUAGES)}")
    found = explaining.look_up(asked)
    if isinstance(found, explaining.NotScored):
        if said.json:
            typer.echo(json.dumps({"scored": False, "as_of": asked.as_of, **found.content}))
        raise ChurnlightError(found.text)
    if said.json:
        typer.echo(json.dumps(_as_json(asked.as_of, found), ensure_ascii=False, indent=2))
        return
    for line in found.lines:
        typer.echo(line)


def _as_json(as_of: str, found: Found) -> dict[str, Any]:
    entry = found.entry
    content = asdict(entry)
    content["since"] = None if entry.since is None else f"{entry.since:%Y-%m-%d}"
    place = entry.place or None
    return {"scored": True, "as_of": as_of, **content, "place": place, "plan": found.plan}

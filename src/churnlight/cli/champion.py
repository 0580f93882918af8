"""`churnlight champion show|promote|rollback`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from churnlight.cli.app import Output, app, output

champion_app = typer.Typer(
    help="The model in the registry that the alias `champion` names.", no_args_is_help=True
)
app.add_typer(champion_app, name="champion")


@champion_app.command("show")
def champion_show(context: typer.Context) -> None:
    """Show the champion, what the gate said of it, and who was champion before."""
    from churnlight import registry

    project, name = _where()
    found = registry.show(project.home, name)
    said = output(context)
    if said.json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{name}: version {found['version']} ({found['learner']}), run {found['run_id']}")
    typer.echo(f"made for test as_of: {found['test_as_of'] or 'not known'}")
    for key, value in found["metrics"].items():
        typer.echo(f"{key} on that test: {value:.4f}")
    for key in ("outcome", "reasons", "attempts", "by_hand"):
        if key in found["gate"]:
            typer.echo(f"gate {key}: {found['gate'][key]}")
    typer.echo(f"champions so far: {', '.join(found['champions']) or found['version']}")


@champion_app.command("promote")
def champion_promote(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="Version in the registry, such as 3.")],
) -> None:
    """Make a version champion by hand, whatever the gate says."""
    from churnlight import registry

    project, name = _where()
    _moved(registry.promote(project.home, name, version), output(context))


@champion_app.command("rollback")
def champion_rollback(context: typer.Context) -> None:
    """Go back to the champion before; the gate won't promote this one again."""
    from churnlight import registry

    project, name = _where()
    _moved(registry.rollback(project.home, name), output(context))


def _where() -> tuple[Any, str]:
    from churnlight.params.base import read_section
    from churnlight.params.output import TrackingParams
    from churnlight.paths import find_project

    project = find_project()
    return project, read_section(project.params_file, "tracking", TrackingParams).model_name


def _moved(result: dict[str, Any], said: Output) -> None:
    if said.json:
        typer.echo(json.dumps(result, indent=2))
    else:
        before = f" (before: {result['before']})" if result["before"] else ""
        typer.echo(f"champion is version {result['champion']}{before}")

"""`churnlight check`: what a folder of extracts holds, without a project."""

from __future__ import annotations

import json
import logging
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from churnlight.cli.app import app, output

if TYPE_CHECKING:
    from churnlight.params.whole import Params
    from churnlight.paths import Project

_LOG = logging.getLogger("churnlight")
_REFUSED = 3


@dataclass(frozen=True)
class _Source:
    """What to check, by which parameters.

    Attributes:
        root: the extracts.
        months: the months that count; none: all that there are.
        params: the project's parameters, or the defaults.
        project: that the command runs in; None outside of one.
    """

    root: Path
    months: tuple[str, ...]
    params: Params
    project: Project | None


@app.command()
def check(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="Extracts: `DIR/<extract>/month=YYYY-MM/*.parquet`; by default the project's.",
            show_default=False,
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write it as a page, too.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            file_okay=False, help="Keep verdicts and refused rows here; months are read once."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings fail too: exit code 3.")
    ] = False,
) -> None:
    """Check extracts by the contract: what counts, what is refused and why, how whole they are.

    Needs no project. Writes nothing, or below --out. Exit codes: 0 clean or warnings alone, 3 an
    extract can't be read or more than check.max_refused_share of a month's rows are refused.
    """
    from churnlight.files import atomic_file

    source = _source(folder)
    content = _survey(source, out)
    if html is not None:
        from churnlight.report.check_page import render_check

        with atomic_file(html) as part:
            part.write_text(render_check(content, source.params.report.language), encoding="utf-8")
    if output(context).json:
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        from rich.console import Console

        from churnlight.report.terminal_check import check_text

        Console(highlight=False).print(check_text(content))
    severity = content["severity"]
    if severity == "refused" or (strict and severity != "clean"):
        _LOG.error("check: %s", "data refused" if severity == "refused" else "warnings (--strict)")
        raise typer.Exit(_REFUSED)


def _source(folder: Path | None) -> _Source:
    from churnlight.cli.using import require_extracts
    from churnlight.errors import UsageError
    from churnlight.params.whole import Params, load
    from churnlight.paths import find_project

    project: Project | None = None
    try:
        project = find_project()
        params = load(project.params_file)
    except UsageError:
        if folder is None or project is not None:
            raise
        params = Params()
    months: tuple[str, ...] = ()
    if folder is not None:
        root = folder.expanduser().resolve()
    else:
        root, months = find_project().extracts(params.extracts.path), params.extracts.months
    require_extracts(root, "churnlight check")
    return _Source(root, months, params, project)


def _survey(source: _Source, out: Path | None) -> dict[str, Any]:
    from churnlight.check import Closing
    from churnlight.check.run import CheckRules, Places
    from churnlight.check.survey import survey
    from churnlight.engine import connect
    from churnlight.suppression import keep_copy, project_list
    from churnlight.timeline import Month

    params = source.params
    rules = CheckRules(
        months=tuple(Month.parse(m) for m in source.months),
        closing=Closing(params.time.close_days, params.time.reporting_delay_hours),
        allow_phone_like_ids=params.extracts.allow_phone_like_ids,
        max_refused_share=params.check.max_refused_share,
    )
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="churnlight-check-")))
        kept = scratch if out is None else out.expanduser().resolve()
        places = Places(source.root, kept / "inventory", kept / "check", kept / "quarantine")
        for place in (places.out, places.quarantine):
            place.mkdir(parents=True, exist_ok=True)
        if source.project is not None:
            # Refused rows of who is to be forgotten are not kept by this command either.
            keep_copy(places.out, project_list(source.project))
        engine = stack.enter_context(connect(params.engine, scratch / "engine"))
        links = params.extracts.follow_links
        return survey(engine, places, rules, params.check.targets, follow_links=links)

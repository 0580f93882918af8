"""The command's root: common options, exit codes, and how it fails."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, cast

import typer
from typer.exceptions import TyperException

from churnlight import __version__, logs

app = typer.Typer(
    name="churnlight",
    help=(
        "Churn warnings for telecom operators: CDRs and bills in, risk tiers with reasons out.\n\n"
        "Start with `churnlight run`: it takes the extracts that params.yaml names (a simulated "
        "operator, until `churnlight use DIR` names your own) all the way to tiers and a report."
    ),
    epilog=(
        "--json, --quiet, --log-format and --version may stand anywhere on the line. "
        "Exit codes: 0 done, 1 failed, 2 usage, 3 data refused, 4 drift alarm, 5 locked."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_FLAGS = ("--json", "--quiet", "--version")
_VALUED = "--log-format"
_INTERRUPTED = 130
_SECRET = re.compile(r"(?<=//)\S*@|(?<=password=)\S+", re.IGNORECASE)
log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class Output:
    """How a command speaks: JSON on standard output, or for people."""

    json: bool = False
    quiet: bool = False
    log_format: str = "text"


def output(context: typer.Context) -> Output:
    """The common options of this call."""
    return cast("Output", context.obj or Output())


def _version(value: bool) -> None:
    if value:
        typer.echo(f"churnlight {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log warnings and errors only.")] = False,
    log_format: Annotated[
        str, typer.Option("--log-format", help="text or json; logs go to standard error.")
    ] = "text",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Set up the log."""
    del version
    if log_format not in ("text", "json"):
        raise typer.BadParameter(f"{log_format!r} is neither text nor json", param_hint=_VALUED)
    context.obj = Output(json=json, quiet=quiet, log_format=log_format)
    logs.configure("json" if log_format == "json" else "text", quiet=quiet)


def hoist(arguments: list[str]) -> list[str]:
    """Move the common options to the front, so that they may stand anywhere."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in _FLAGS or word.startswith(f"{_VALUED}="):
            front.append(word)
        elif word == _VALUED:
            front.append(f"{_VALUED}={next(words, '')}")
        else:
            rest.append(word)
    return front + rest


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    from churnlight.cli import commands  # noqa: F401 - registers the commands

    given = hoist(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(given))


def _run(arguments: list[str]) -> int:
    # Before the options are read: a wrong one is told in the format asked for, too.
    wants_json = f"{_VALUED}=json" in arguments
    logs.configure("json" if wants_json else "text", quiet="--quiet" in arguments)
    result: object = 0

    def call() -> None:
        nonlocal result
        result = app(arguments, prog_name="churnlight", standalone_mode=False)

    from churnlight.stages.guard import guarded

    try:
        code = guarded(call, passing=(typer.Abort, TyperException))
    except typer.Abort:
        return _INTERRUPTED
    except TyperException as error:
        return _tell(error)
    if result == _INTERRUPTED:
        # Typer makes an exit code of Ctrl-C before the guard sees it.
        log.error("interrupted: nothing half-written is kept; run again to go on")
    return result if code == 0 and isinstance(result, int) else code


def _tell(error: TyperException) -> int:
    """Say in one line what is wrong with the command line; its exit code."""
    # Called without a command, Typer has shown the help already.
    if type(error).__name__ != "NoArgsIsHelpError":
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "churnlight"
        # What was typed in the wrong place may be an address with a password.
        said = _SECRET.sub("...", _one_line(error.format_message().splitlines()))
        log.error("%s: see `%s --help`", said.rstrip("."), path)
    return error.exit_code


def _one_line(lines: Sequence[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip())

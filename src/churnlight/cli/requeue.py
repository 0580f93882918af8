"""`churnlight requeue`: refused rows, corrected, fed back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from churnlight.cli.app import app, output


@app.command()
def requeue(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Corrected rows, .csv or .parquet.")],
    extract: Annotated[str, typer.Option(help="The extract they belong to, such as cdr.")],
    month: Annotated[
        str | None,
        typer.Option(help="Its month, YYYY-MM; none for plans, handsets and holidays."),
    ] = None,
    export: Annotated[
        bool,
        typer.Option("--export", help="Write the month's refused rows to FILE, to be corrected."),
    ] = False,
    keep_good: Annotated[
        bool,
        typer.Option("--keep-good", help="Hand in the good rows though others are refused again."),
    ] = False,
) -> None:
    """Feed corrected rows back: they become one more file beside the extract's own.

    First `churnlight requeue rows.csv --extract cdr --month 2025-03 --export`; correct the cells of
    rows.csv, keep source_file and source_row as they are; then the same without --export. Rows are
    judged before anything is written. No file of yours is altered.
    """
    from churnlight.stages.requeue import export_rows, requeue_rows

    if export:
        rows = export_rows(file, extract, month)
        facts: dict[str, object] = {"file": str(file), "rows": rows}
        said = f"{rows:,} refused rows written to {file}: correct them, then run without --export"
    else:
        done = requeue_rows(file, extract, month, keep_good=keep_good)
        facts = {"file": str(done.path), "rows": done.rows, "left_out": dict(done.left_out)}
        left = sum(done.left_out.values())
        said = f"{done.rows:,} corrected rows written to {done.path}" + (
            f"; {left:,} were refused again and left out" if left else ""
        )
        said += "\nnow: churnlight run (or dvc repro); deleting the file takes them back"
    typer.echo(json.dumps(facts, indent=2) if output(context).json else said)

"""The subcommands. Each imports what it needs when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from churnlight.cli import (  # noqa: F401 - they register
    backtest,
    campaign,
    champion,
    check,
    explain,
    forget,
    kpi,
    plan,
    publish,
    requeue,
    score,
    trace,
)
from churnlight.cli.app import app, output

adapt_app = typer.Typer(help="Turn public data sets into extracts.", no_args_is_help=True)
demo_app = typer.Typer(help="Make a simulated operator, and show what is true of it.")
tracking_app = typer.Typer(help="MLflow: what was logged.", no_args_is_help=True)
app.add_typer(adapt_app, name="adapt")
app.add_typer(demo_app, name="demo")
app.add_typer(tracking_app, name="tracking")

# Help texts are Markdown: angle brackets outside backticks would vanish as HTML.
Existing = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="Folder to read from.")
]
Dest = Annotated[Path, typer.Argument(file_okay=False, help="Folder to write to.")]


@app.command()
def run(context: typer.Context) -> None:
    """Run all stages that are out of date (`dvc repro`) and show the outcome."""
    from churnlight.cli.running import run_pipeline

    run_pipeline(output(context))


@app.command()
def summary(context: typer.Context) -> None:
    """Show the outcome of the last run: tiers, both models, where everything is."""
    from churnlight.cli.running import show_summary

    show_summary(output(context))


@app.command()
def use(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(help="Your extracts: `FOLDER/<extract>/month=YYYY-MM/*.parquet`")
    ],
) -> None:
    """Use your own extracts: write their path, months and as_ofs into params.yaml."""
    from churnlight.cli.using import use_extracts

    use_extracts(folder, output(context))


@app.command()
def project(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Folder to make.")],
    preset: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A params.yaml to start from.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Parameter to change: train.gbm.learning_rate=0.03; as often as needed."
        ),
    ] = None,
) -> None:
    """Make a second project folder beside this one: same stages, its own parameters and data."""
    from churnlight.cli.projects import make_project

    make_project(folder, preset, settings or [], output(context))


@demo_app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="Folder to make; refused when it is not empty.")
    ] = None,
    subscribers: Annotated[int, typer.Option(help="Subscribers at the start.")] = 20_000,
    months: Annotated[int, typer.Option(help="Months to simulate.")] = 12,
    start: Annotated[str, typer.Option(help="First month, YYYY-MM.")] = "2025-01",
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 7,
    profile: Annotated[
        str, typer.Option(help="default, or city: few mid/high-end, by one city's figures.")
    ] = "default",
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier demo in the folder.")
    ] = False,
) -> None:
    """Make a simulated operator: all extracts, and the truth about who left and why."""
    if context.invoked_subcommand is not None:
        return
    if out is None:
        raise typer.BadParameter("Missing option '--out'", ctx=context)
    from churnlight.cli.demo import make_demo

    settings = {
        "subscribers": subscribers,
        "months": months,
        "start": start,
        "seed": seed,
        "profile": profile,
    }
    make_demo(out, settings, force=force, output=output(context))


@demo_app.command("truth")
def demo_truth(
    context: typer.Context,
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            exists=True,
            file_okay=False,
            help="Demos or projects to pool, one a seed; by default this project.",
        ),
    ] = None,
) -> None:
    """Show how well the best possible model could rank: one that knows each true probability."""
    from churnlight.cli.demo import report_truth

    report_truth(folders or [], output(context))


@app.command()
def marts(
    context: typer.Context,
    extracts: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder of the extracts.")
    ],
    month: Annotated[str, typer.Option(help="Month to build, YYYY-MM.")],
    out: Annotated[Path, typer.Option(help="Folder for `month=YYYY-MM/<mart>.parquet`.")],
    engine: Annotated[str, typer.Option(help="duckdb or spark.")] = "duckdb",
    params: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Parameters (circle, time, extracts, engine's memory and threads); by default "
            "params.yaml in this folder where there is one.",
            show_default=False,
        ),
    ] = None,
    restate: Annotated[
        bool,
        typer.Option("--restate", help="Take in CDRs that came after the month was closed."),
    ] = False,
) -> None:
    """Build the marts of one month (edges, usage, circle, volume) from its CDRs alone."""
    from churnlight.cli.marts import MartsAsked, make_marts

    make_marts(MartsAsked(extracts, month, out, engine, params, restate), output(context))


@app.command()
def fit(
    context: typer.Context,
    table: Annotated[Path, typer.Option(help="CSV, gzipped CSV or Parquet: one row a subscriber.")],
    label: Annotated[str, typer.Option(help="Column that says who churned: any two values.")],
    identifier: Annotated[str, typer.Option("--id", help="Column with a value of its own a row.")],
    out: Annotated[Path, typer.Option(help="Folder to make; an earlier model there is replaced.")],
    group: Annotated[
        str | None, typer.Option(help="Column whose rows stay together in the folds.")
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(help="Columns that are no features, joined by commas; as often as needed."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option(help="The label's value that means churned, where it is unclear.")
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="0: all cores. Same model.")] = 0,
) -> None:
    """Learn from a ready-made table: both models, calibrated and in tiers, without CDR stages."""
    from churnlight.cli import tables
    from churnlight.tables.fitting import Columns

    dropped = tuple(n.strip() for given in drop or () for n in given.split(",") if n.strip())
    columns = Columns(label, identifier, group, dropped, positive)
    tables.fit(table, columns, out, threads, output(context))


@app.command()
def predict(
    context: typer.Context,
    model: Annotated[Path, typer.Option(help="Folder that `churnlight fit` made.")],
    table: Annotated[Path, typer.Option(help="CSV, gzipped CSV or Parquet with the same columns.")],
    out: Annotated[Path, typer.Option(help="File for id, probability, tier: .csv(.gz), .parquet")],
    prior: Annotated[
        float | None,
        typer.Option(help="Share that churns where the rows come from, if not as in training."),
    ] = None,
    reasons: Annotated[
        Path | None, typer.Option(help="File for each row's reasons: .csv(.gz), .parquet")
    ] = None,
    learner: Annotated[
        str | None, typer.Option(help="gbm or tree, instead of the one whose tiers are used.")
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="0: all cores. Same answer.")] = 0,
) -> None:
    """Give each row of a table its probability and tier, by a model of `churnlight fit`."""
    from churnlight.cli import tables
    from churnlight.tables.predicting import Request

    request = Request(table, out, reasons, prior, learner)  # type: ignore[arg-type]
    tables.predict(model, request, threads, output(context))


@app.command()
def pseudonymise(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(exists=True, help="Folder of extracts, or one file, to read.")
    ],
    dest: Dest,
    key_file: Annotated[
        Path | None,
        typer.Option(help="File with the key; else the variable CHURNLIGHT_PSEUDONYM_KEY."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            help="Columns to replace, joined by commas; by default subscriber_id, "
            "counterpart_id, number_id and account_id."
        ),
    ] = None,
    number_map: Annotated[
        Path | None,
        typer.Option(
            "--map",
            dir_okay=False,
            help="Parquet file with number and pseudonym, to be made or extended: yours alone, "
            "outside the project.",
        ),
    ] = None,
) -> None:
    """Replace raw numbers by a keyed hash (HMAC-SHA-256) before anything else reads them."""
    from churnlight.cli.data import PseudonymsAsked, make_pseudonyms

    names = [name.strip() for given in columns or () for name in given.split(",") if name.strip()]
    asked = PseudonymsAsked(source, dest, key_file, names or None, number_map)
    make_pseudonyms(asked, output(context))


@adapt_app.command("callmemaybe")
def adapt_callmemaybe(context: typer.Context, source: Existing, dest: Dest) -> None:
    """Call records of a virtual-telephony provider's clients, August to November 2019."""
    from churnlight.cli.data import adapt

    adapt("callmemaybe", source, dest, output(context))


@adapt_app.command("copenhagen")
def adapt_copenhagen(context: typer.Context, source: Existing, dest: Dest) -> None:
    """Calls and SMS of the Copenhagen Networks Study, 28 days."""
    from churnlight.cli.data import adapt

    adapt("copenhagen", source, dest, output(context))


@tracking_app.command("sync")
def tracking_sync(context: typer.Context) -> None:
    """Send what MLflow lacks: the finished run, and the months scored, after its server was away.

    What is there already is found by its hash and not sent twice; an emptied store is refilled.
    """
    from churnlight.cli.running import sync_tracking

    sync_tracking(output(context))

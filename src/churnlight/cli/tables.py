"""`churnlight fit` and `churnlight predict`: ready-made tables, without CDR stages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import typer

from churnlight.cli.app import Output
from churnlight.errors import UsageError
from churnlight.tables.fitting import Columns, Settings, fit_table
from churnlight.tables.predicting import Request, predict_table

_TITLES = {"gbm": "LightGBM", "tree": "Decision tree"}


def fit(table: Path, columns: Columns, out: Path, threads: int, output: Output) -> None:
    """Learn from a table, write the model's folder, say how good it is."""
    told = fit_table(table, columns, out, Settings(), threads)
    if output.json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    typer.echo(
        f"{told['rows']:,} rows, {told['churners']:,} churners ({told['share']:.2%}), "
        f"{told['features']} features"
    )
    for name, found in told["models"].items():
        used = " (its tiers are used)" if name == told["champion"] else ""
        typer.echo(
            f"{_TITLES[name]}: ROC AUC {found['cross_fitted_roc_auc']:.4f}, log loss "
            f"{found['cross_fitted_log_loss']:.4f} on rows it did not see{used}"
        )
    _tiers(told["models"][told["champion"]]["tiers"])
    typer.echo(f"model: {told['model']} (rules.json: the tree's rules in words)")


def _tiers(tiers: list[Mapping[str, Any]]) -> None:
    for tier in tiers:
        rate = "-" if tier["rate"] is None else f"{tier['rate']:.2%}"
        typer.echo(f"  {tier['tier']:<8}{tier['rows']:>10,} rows  churn rate {rate:>7}")


def predict(model: Path, request: Request, threads: int, output: Output) -> None:
    """Score a table by a model's folder."""
    if request.learner not in (None, "gbm", "tree"):
        raise UsageError(f"--learner {request.learner!r}: expected gbm or tree")
    told = predict_table(model, request, threads)
    if output.json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    mean = "" if told["mean_probability"] is None else f", mean {told['mean_probability']:.2%}"
    typer.echo(f"{told['rows']:,} rows{mean}")
    for name, rows in cast("dict[str, int]", told["tiers"]).items():
        typer.echo(f"  {name:<8}{rows:>10,} rows")
    typer.echo(f"written: {told['out']}")

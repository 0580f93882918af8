"""The closing table of a run: tiers, both models, where everything is. Printing is the cli's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from churnlight.report import formats
from churnlight.report.inputs import Learner
from churnlight.report.view import base_rate, is_small
from churnlight.report.view_models import metric_name, paired_rows, reading, show, spread
from churnlight.report.words import Words

_MEASURES = ("roc_auc", "pr_auc", "lift_at_5", "lift_at_10")
# Terminal colours by name; white stays the terminal's own ink, in bold.
_STYLES = {"blue": "blue", "green": "green", "yellow": "yellow", "red": "red", "white": "bold"}


@dataclass(frozen=True)
class Places:
    """Where things are, as the reader may type or open them.

    Attributes:
        report: the HTML report.
        scores: the newest scores; None when no month is scored.
        call_list: the page for the retention team; None likewise.
        runs: MLflow's store.
        open_runs: the one line that opens MLflow's page.
    """

    report: str
    scores: str | None
    call_list: str | None
    runs: str
    open_runs: str


def summary(
    details: Mapping[str, Any], places: Places, champion: Learner = "gbm"
) -> RenderableType:
    """What `make run` closes with; reads well at 80 columns.

    Args:
        details: content of data/evaluation/details.json.
        places: where report, scores and runs are.
        champion: the model whose tiers are shown.
    """
    words = Words("en")
    parts: list[RenderableType] = [Text()]
    if details.get("simulated"):
        parts.append(Text("Simulated operator: no figure here is accuracy in the field.", "bold"))
    if is_small(details):
        said = words(
            "small",
            churners=formats.count(details["churners"]),
            subscribers=formats.count(details["subscribers"]),
        )
        parts.append(Text(f"{words('small_short')}: {said}", "bold"))
    parts += [
        _tiers(details, champion, words),
        _models(details, words),
        *_paired(details, words),
        *_baseline(details, words),
        _where(places),
    ]
    return Group(*parts)


def as_json(
    details: Mapping[str, Any], places: Places, champion: Learner = "gbm"
) -> dict[str, Any]:
    """The same as plain values, for `--json`."""
    return {
        "as_of": details["as_of"],
        "simulated": bool(details.get("simulated")),
        "subscribers": details["subscribers"],
        "churners": details["churners"],
        "champion": champion,
        "tiers": [dict(tier) for tier in details["models"][champion]["tiers"]],
        "models": {
            model: {key: reading(content["metrics"], key) for key in _MEASURES}
            for model, content in details["models"].items()
        },
        "baseline": _baseline_plain(details),
        "paired": details.get("paired") or {},
        "places": asdict(places),
    }


def _baseline_plain(details: Mapping[str, Any]) -> dict[str, Any] | None:
    baseline = details.get("baseline")
    if not baseline:
        return None
    measured = {key: reading(baseline["metrics"], key) for key in _MEASURES}
    return {"name": baseline["name"], **measured}


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0)
    )


def _tiers(details: Mapping[str, Any], champion: Learner, words: Words) -> Table:
    table = _table(
        f"\nTiers by {words(champion)}, test month {details['as_of']}: "
        f"{formats.percent(base_rate(details))} of {formats.count(details['subscribers'])} left"
    )
    table.add_column("Tier")
    for name in ("Subscribers", "Churn rate", "95% interval", "Monthly bills at risk"):
        table.add_column(name, justify="right", no_wrap=True)
    for tier in details["models"][champion]["tiers"]:
        table.add_row(
            Text(tier["tier"], _STYLES.get(tier["tier"], "")),
            formats.count(tier["subscribers"]),
            formats.percent(tier["rate"]),
            formats.between(tier["rate_low"], tier["rate_high"], formats.percent),
            formats.count(tier.get("bills_at_risk_money")),
        )
    return table


def _models(details: Mapping[str, Any], words: Words) -> Table:
    table = _table("\nBoth models on the same subscribers")
    table.add_column("Measure")
    for model in details["models"]:
        table.add_column(words(model), justify="right", no_wrap=True)
        table.add_column("95% interval", justify="right", no_wrap=True)
    for key in _MEASURES:
        cells = []
        for content in details["models"].values():
            one = reading(content["metrics"], key)
            cells += [show(key, one["value"]), spread(key, one)]
        table.add_row(metric_name(key, words), *cells)
    return table


def _paired(details: Mapping[str, Any], words: Words) -> list[Table]:
    table = _table("\nIs the difference real? ROC AUC, on the same resamples")
    for name in ("Comparison", "Difference", "95% interval", "Reading"):
        table.add_column(name, justify="left" if name in {"Comparison", "Reading"} else "right")
    rows = [row for row in paired_rows(details, words) if row["key"] == "roc_auc"]
    for row in rows:
        table.add_row(row["comparison"], row["difference"], row["interval"], row["verdict"])
    return [table] if rows else []


def _baseline(details: Mapping[str, Any], words: Words) -> list[Text]:
    baseline = details.get("baseline")
    if not baseline:
        return []
    one = reading(baseline["metrics"], "roc_auc")
    name = words.named("baseline", baseline["name"])
    value, interval = show("roc_auc", one["value"]), spread("roc_auc", one)
    return [Text(f"{name}, ROC AUC {value}" + (f" ({interval})" if interval else ""))]


def _where(places: Places) -> Table:
    table = _table("\nWhere to look")
    table.add_column("", no_wrap=True)
    # Paths and commands are folded at the edge, never cut: they are there to be copied.
    table.add_column("", overflow="fold")
    table.show_header = False
    table.add_row("Report", Text(places.report))
    table.add_row("Scores", Text(places.scores or "no month scored yet"))
    if places.call_list:
        table.add_row("Call list", Text(places.call_list))
    table.add_row("Runs", Text(places.runs))
    table.add_row("Open runs", Text(places.open_runs))
    return table

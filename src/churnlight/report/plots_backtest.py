"""The backtest as one PNG: models over time, how the first one ages, and lead time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from churnlight.files import atomic_file
from churnlight.report.palette import MODEL_COLOURS
from churnlight.report.plots import LINES, MARKS, NAMES, figure_of

Found = Mapping[str, Any]


def write_backtest_plot(found: Found, path: Path) -> None:
    """Draw what there is of "months" and "lead", side by side.

    Args:
        found: content of data/backtest/months.json and lead.json, by part.
        path: the PNG; appears by rename.
    """
    panels: list[Callable[[Any], None]] = []
    if months := found.get("months"):
        panels += [lambda axes: _months(axes, months["months"])]
        if months["ageing"]:
            panels += [lambda axes: _ageing(axes, months["ageing"], months["frozen"])]
    if lead := found.get("lead"):
        panels += [lambda axes: _lead(axes, lead)]
    note = "simulated operator" if any(part["simulated"] for part in found.values()) else ""
    with figure_of(note, columns=len(panels)) as (figure, axes), atomic_file(path) as part:
        for draw, one in zip(panels, axes, strict=True):
            draw(one)
        figure.savefig(part, format="png", dpi=110, metadata={"Software": None})


def _months(axes: Any, months: Sequence[Found]) -> None:
    axes.set_title("A fresh model every month")
    axes.set_ylabel("ROC AUC")
    labels = [m["as_of"][:7] for m in months]
    _lines(axes, labels, {n: [m["models"][n]["roc_auc"] for m in months] for n in NAMES})


def _ageing(axes: Any, ageing: Sequence[Found], first: str) -> None:
    rows = [a for a in ageing if a["made_for"] == first]
    axes.set_title(f"The model of {first[:7]}, ageing")
    axes.set_ylabel("ROC AUC less the fresh model's")
    axes.set_xlabel("age, months")
    axes.axhline(0, color="#55606f", linewidth=1)
    labels = [str(a["age_months"]) for a in rows]
    _lines(axes, labels, {n: [a["minus_fresh"][n]["roc_auc"] for a in rows] for n in NAMES})


def _lead(axes: Any, lead: Found) -> None:
    axes.set_title(f"Lead time, warned at {lead['as_of'][:7]}")
    axes.set_ylabel("ROC AUC")
    axes.set_xlabel("gap, months")
    labels = [str(g["gap_months"]) for g in lead["gaps"]]
    _lines(axes, labels, {n: [g["models"][n]["roc_auc"] for g in lead["gaps"]] for n in NAMES})


def _lines(
    axes: Any, labels: Sequence[str], series: Mapping[str, Sequence[Mapping[str, float | None]]]
) -> None:
    for shift, (name, figures) in zip((-0.06, 0.06), series.items(), strict=True):
        at = [i + shift for i in range(len(figures))]
        value, low, high = (
            [float("nan") if f[k] is None else f[k] for f in figures]
            for k in ("value", "low", "high")
        )
        axes.plot(
            at,
            value,
            LINES[name],
            marker=MARKS[name],
            color=MODEL_COLOURS[name],
            label=NAMES[name],
        )
        axes.vlines(at, low, high, color=MODEL_COLOURS[name], linewidth=1.2)
    axes.set_xticks(range(len(labels)), labels, rotation=30 if len(labels) > 4 else 0)
    axes.legend(frameon=False)

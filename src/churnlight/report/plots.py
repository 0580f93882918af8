"""PNG plots for `dvc plots`, in English: the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from churnlight.files import atomic_file
from churnlight.report.palette import MODEL_COLOURS, tint

PLOTS = ("roc.png", "pr.png", "calibration.png", "tiers.png", "importance.png")
NAMES = {"gbm": "LightGBM", "tree": "Decision tree"}
LINES = {"gbm": "-", "tree": "--"}
MARKS = {"gbm": "o", "tree": "s"}
_HATCHES = {"gbm": "", "tree": "///"}
_SHOWN = 20

Details = Mapping[str, Any]


def write_plots(
    details: Details, importance: Sequence[Mapping[str, Any]], folder: Path
) -> list[Path]:
    """Write roc.png, pr.png, calibration.png, tiers.png and importance.png.

    Args:
        details: content of data/evaluation/details.json.
        importance: content of data/explanations/importance.json.
        folder: made when missing; each file appears by rename.

    Returns:
        The paths, in the order of `PLOTS`.
    """
    note = "simulated operator, " if details.get("simulated") else ""
    note += f"test month {details['as_of']}"
    draw: dict[str, Callable[[Any], None]] = {
        "roc.png": lambda axes: _roc(axes, details),
        "pr.png": lambda axes: _precision_recall(axes, details),
        "calibration.png": lambda axes: _calibration(axes, details),
        "tiers.png": lambda axes: _tiers(axes, details),
        "importance.png": lambda axes: _importance(axes, importance),
    }
    paths = []
    for name in PLOTS:
        with figure_of(note) as (figure, (axes,)), atomic_file(folder / name) as part:
            draw[name](axes)
            # Without the Software entry the bytes don't change with matplotlib's version string.
            figure.savefig(part, format="png", dpi=110, metadata={"Software": None})
        paths.append(folder / name)
    return paths


@contextmanager
def figure_of(note: str, columns: int = 1) -> Iterator[tuple[Any, Any]]:
    """A figure and its axes, with matplotlib's own defaults, whatever the user's matplotlibrc says.

    Args:
        note: small print at the foot.
        columns: how many axes stand side by side.
    """
    from matplotlib import rc_context, rcParamsDefault
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    plain = {k: v for k, v in rcParamsDefault.items() if k != "backend"}
    plain |= {
        "font.family": "DejaVu Sans",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": "#e3e7ed",
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
    }
    with rc_context(plain):
        layout = ConstrainedLayoutEngine(rect=(0, 0.03, 1, 0.97))
        figure = Figure(figsize=(7.2 * columns, 5.0), layout=layout)
        FigureCanvasAgg(figure)
        figure.text(0.995, 0.005, note, ha="right", va="bottom", fontsize=8, color="#55606f")
        yield figure, figure.subplots(1, columns, squeeze=False)[0]


def _value(content: Mapping[str, Any], key: str) -> str:
    value = content["metrics"].get(key, {}).get("value")
    return "" if value is None else f" {value:.3f}"


def _roc(axes: Any, details: Details) -> None:
    axes.plot([0, 1], [0, 1], ":", color="#55606f", label="guessing")
    _lines(axes, details, "roc", "roc_auc")
    axes.set(
        title="ROC curve",
        xlabel="Stayers flagged",
        ylabel="Leavers found",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    axes.legend(loc="lower right")


def _precision_recall(axes: Any, details: Details) -> None:
    if details["subscribers"]:
        base = details["churners"] / details["subscribers"]
        axes.axhline(base, linestyle=":", color="#55606f", label=f"all: {base:.1%}")
    _lines(axes, details, "pr", "pr_auc")
    axes.set(title="Precision and recall", xlabel="Recall", ylabel="Precision")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="upper right")


def _lines(axes: Any, details: Details, curve: str, metric: str) -> None:
    for model, content in details["models"].items():
        if content[curve]:
            x, y = zip(*content[curve], strict=True)
            axes.plot(
                x,
                y,
                LINES[model],
                color=MODEL_COLOURS[model],
                label=f"{NAMES[model]}{_value(content, metric)}",
            )


def _spread(value: float, low: float, high: float) -> tuple[float, float]:
    """Lengths of a whisker; matplotlib refuses a length that rounding made negative."""
    return max(value - low, 0.0), max(high - value, 0.0)


def _calibration(axes: Any, details: Details) -> None:
    top = 0.0
    for model, content in details["models"].items():
        bins = [b for b in content["reliability"] if b["observed"] is not None]
        if not bins:
            continue
        spreads = [_spread(b["observed"], b["observed_low"], b["observed_high"]) for b in bins]
        top = max(top, *(max(b["predicted"], b["observed_high"]) for b in bins))
        axes.errorbar(
            [b["predicted"] for b in bins],
            [b["observed"] for b in bins],
            yerr=list(zip(*spreads, strict=True)),
            fmt=MARKS[model],
            mfc="white",
            color=MODEL_COLOURS[model],
            label=NAMES[model],
        )
    axes.plot([0, top], [0, top], ":", color="#55606f", label="just right")
    axes.set(title="Calibration", xlabel="Predicted probability", ylabel="Observed churn rate")
    axes.legend(loc="upper left")


def _tiers(axes: Any, details: Details) -> None:
    from matplotlib.patches import Patch

    models = details["models"]
    width = 0.8 / max(len(models), 1)
    names: list[str] = []
    legend = []
    for index, (model, content) in enumerate(models.items()):
        names = [t["tier"] for t in content["tiers"]]
        tiers = [t for t in content["tiers"] if t["rate"] is not None]
        shift = (index - (len(models) - 1) / 2) * width
        style: dict[str, Any] = {"edgecolor": "#1c2430", "hatch": _HATCHES[model]}
        legend.append(Patch(facecolor="white", label=NAMES[model], **style))
        if not tiers:
            continue
        at = [names.index(t["tier"]) + shift for t in tiers]
        rates = [t["rate"] for t in tiers]
        spreads = [_spread(t["rate"], t["rate_low"], t["rate_high"]) for t in tiers]
        colours = [tint(t["tier"]).fill for t in tiers]
        axes.bar(at, rates, width * 0.92, color=colours, linewidth=0.8, **style)
        ends = list(zip(*spreads, strict=True))
        axes.errorbar(at, rates, yerr=ends, fmt="none", ecolor="#1c2430", capsize=3)
    axes.set_xticks(range(len(names)), names)
    axes.grid(visible=False, axis="x")
    axes.set(title="Observed churn rate by tier", ylabel="Observed churn rate")
    axes.legend(handles=legend, loc="upper left")


def _importance(axes: Any, importance: Sequence[Mapping[str, Any]]) -> None:
    rows = list(importance[:_SHOWN])[::-1]
    axes.barh(
        [row["feature"] for row in rows],
        [row["mean_abs_shap"] for row in rows],
        color=MODEL_COLOURS["gbm"],
    )
    axes.tick_params(axis="y", labelsize=8)
    axes.set(title="What the model looks at", xlabel="Mean |SHAP|, log-odds")

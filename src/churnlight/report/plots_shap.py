"""Beeswarm and dependence plots of SHAP values, in English: the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlight.files import atomic_file
from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.report.plots import figure_of

_SWARM, _DEPENDENCE = 15, 6  # features shown
_BINS = 60  # across the beeswarm, within which points are stacked
_UNKNOWN = "#8a94a3"
_LOW, _HIGH = "#1f5fa6", "#b4530a"


@dataclass(frozen=True)
class Sample:
    """Some subscribers of one as_of.

    Attributes:
        as_of: YYYY-MM-DD.
        frame: their features, shape (rows, features).
        shap: their SHAP values, log-odds, columns in the order of `frame`.
    """

    as_of: str
    frame: pd.DataFrame
    shap: FloatArray


def write_shap_plots(
    sample: Sample,
    importance: Sequence[Mapping[str, Any]],
    meanings: Mapping[str, str],
    folder: Path,
) -> list[dict[str, str | None]]:
    """Write beeswarm.png, and dependence_<feature>.png of the numbers that weigh most.

    Args:
        sample: whom they show.
        importance: content of data/explanations/importance.json.
        meanings: what each feature means, in English.
        folder: made when missing; each file appears by rename.

    Returns:
        file (below the folder's parent), kind (beeswarm, dependence), feature (null for the
        beeswarm), in the order of importance.
    """
    names = [row["feature"] for row in importance if row["feature"] in sample.frame.columns]
    numbers = [n for n in names if pd.api.types.is_numeric_dtype(sample.frame[n].dtype)]
    made: list[dict[str, str | None]] = []
    _save(folder / "beeswarm.png", sample, lambda axes: _beeswarm(axes, sample, names[:_SWARM]))
    made.append(_entry(folder, "beeswarm.png", "beeswarm", None))
    for name in numbers[:_DEPENDENCE]:
        file = f"dependence_{name}.png"
        _save(folder / file, sample, lambda axes, n=name: _dependence(axes, sample, n, meanings))
        made.append(_entry(folder, file, "dependence", name))
    return made


def _entry(folder: Path, file: str, kind: str, feature: str | None) -> dict[str, str | None]:
    return {"file": f"{folder.name}/{file}", "kind": kind, "feature": feature}


def _save(path: Path, sample: Sample, draw: Any) -> None:
    note = f"LightGBM, {len(sample.frame):,} subscribers scored at {sample.as_of}"
    with figure_of(note) as (figure, (axes,)), atomic_file(path) as part:
        draw(axes)
        figure.savefig(part, format="png", dpi=110, metadata={"Software": None})


def _beeswarm(axes: Any, sample: Sample, names: Sequence[str]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("value", [_LOW, "#c9ced6", _HIGH])
    columns = [str(c) for c in sample.frame.columns]
    for place, name in enumerate(names):
        x = sample.shap[:, columns.index(name)]
        y = -place + stacked(x)
        rank = ranked(sample.frame[name])
        known = np.isfinite(rank)
        axes.scatter(x[~known], y[~known], s=3, color=_UNKNOWN, linewidths=0)
        axes.scatter(x[known], y[known], s=3, c=colours(rank[known]), linewidths=0)
    axes.axvline(0, color="#55606f", linewidth=0.8)
    axes.set_yticks([-i for i in range(len(names))], names, fontsize=8)
    axes.set(title="What the model weighed")
    label = "SHAP value (log-odds); blue: low values, orange: high, grey: text or unknown"
    axes.set_xlabel(label, fontsize=8)


def stacked(x: FloatArray) -> FloatArray:
    """Heights between -0.4 and 0.4 that keep points of one place apart, shape (rows,)."""
    if len(x) == 0:
        return np.zeros(0)
    low, high = float(x.min()), float(x.max())
    bins = np.clip(((x - low) / max(high - low, 1e-12) * _BINS).astype(np.int64), 0, _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    order = np.argsort(bins, kind="stable")
    turn = np.empty(len(x), dtype=np.int64)
    turn[order] = np.arange(len(x)) - np.repeat(np.cumsum(counts) - counts, counts)
    side = np.where(turn % 2 == 0, 1.0, -1.0)
    heights = side * ((turn + 1) // 2) * (0.8 / max(int(counts.max()), 1))
    return np.asarray(heights, dtype=np.float64)


def ranked(column: pd.Series[Any]) -> FloatArray:
    """The place of each value among all, 0 to 1; NaN for text and missing values."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        return np.full(len(column), np.nan)
    ranks: IntArray = column.rank(method="average", pct=True).to_numpy(dtype="float64")
    return np.asarray(ranks, dtype=np.float64)


def _dependence(axes: Any, sample: Sample, name: str, meanings: Mapping[str, str]) -> None:
    columns = [str(c) for c in sample.frame.columns]
    x = sample.frame[name].to_numpy(dtype="float64", na_value=np.nan)
    axes.scatter(x, sample.shap[:, columns.index(name)], s=5, color=_LOW, linewidths=0, alpha=0.5)
    axes.axhline(0, color="#55606f", linewidth=0.8)
    missing = int(np.isnan(x).sum())
    axes.set(title=name, ylabel="SHAP value (log-odds)")
    label = meanings.get(name, name)
    axes.set_xlabel(f"{label} ({missing:,} unknown)" if missing else label, fontsize=8)

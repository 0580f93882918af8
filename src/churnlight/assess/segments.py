"""The key measures in parts of the cohort: where a model is good, and where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from churnlight.assess.measures import Asked
from churnlight.assess.resampling import Resampled, Scored
from churnlight.learners.dataset import BoolArray, FloatArray, IntArray
from churnlight.params.judging import EvaluateParams

_ASKED = Asked(shares=(0.10,))


@dataclass(frozen=True)
class Segment:
    """Part of the cohort.

    Attributes:
        by: what it is cut by: activity, tenure, label or history.
        name: which part.
        rows: its row numbers, rising.
        churned: the label of those rows; of the part `label`, of that kind alone.
        bounds: months of tenure, from and below; None where it has no such end.
        calibrated: whether the probability is meant for this label.
    """

    by: str
    name: str
    rows: IntArray
    churned: BoolArray
    bounds: tuple[int | None, int | None] | None = None
    calibrated: bool = True

    @property
    def churners(self) -> int:
        """How many churned."""
        return int(self.churned.sum())

    def large_enough(self, least: int) -> bool:
        """Whether there are so many churners, and so many who stayed."""
        return min(self.churners, len(self.rows) - self.churners) >= least


def segments(rows: pd.DataFrame, churned: BoolArray, params: EvaluateParams) -> list[Segment]:
    """Cut the test cohort by activity, tenure, kind of leaving, and history.

    - activity: silent, no outgoing event for `silent_days` before as_of; active, the rest.
    - tenure: full months from activated_on to as_of, in bands that begin at `tenure_months`.
    - label: the churners of one kind against all who stayed.
    - history: subscribers in no fit as_of, whom neither model has seen; the rest.

    Args:
        rows: the rows that are measured; where there: days_since_out, activated_on with as_of,
            label_kind, in_fit. What is not there is not cut by.
        churned: their label, shape (rows,).
        params: section `evaluate`.
    """
    out = []
    if "days_since_out" in rows.columns:
        days = pd.to_numeric(rows["days_since_out"]).to_numpy(np.float64, na_value=np.nan)
        silent = np.isnan(days) | (days >= params.silent_days)
        out += [_part("activity", "active", ~silent, churned)]
        out += [_part("activity", "silent", silent, churned)]
    if {"activated_on", "as_of"} <= set(rows.columns):
        out += list(_by_tenure(_tenure_months(rows), churned, params))
    if "label_kind" in rows.columns:
        out += list(_by_label(rows["label_kind"], churned))
    if "in_fit" in rows.columns:
        seen = rows["in_fit"].to_numpy(dtype=bool)
        out += [_part("history", "seen", seen, churned)]
        out += [_part("history", "unseen", ~seen, churned)]
    return out


def ready(
    parts: list[Segment], scores: dict[str, FloatArray], least: int
) -> dict[tuple[str, ...], Scored]:
    """What to resample: each model in each part that is large enough, by (model, by, name)."""
    out: dict[tuple[str, ...], Scored] = {}
    for part in parts:
        if not part.large_enough(least):
            continue
        for model, score in scores.items():
            whole = np.zeros(len(score), dtype=bool)
            whole[part.rows] = part.churned
            key = (model, part.by, part.name)
            out[key] = Scored.of(
                score, whole, _ASKED, probability=part.calibrated, rows=part.rows
            )  # fmt: skip
    return out


def table(
    parts: list[Segment], measured: Resampled[tuple[str, ...]], models: tuple[str, ...]
) -> list[dict[str, Any]]:
    """One entry a part, with counts; `models` is None where it is too small to be measured."""
    return [
        {
            "by": part.by,
            "segment": part.name,
            "bounds_months": None if part.bounds is None else list(part.bounds),
            "subscribers": len(part.rows),
            "churners": part.churners,
            "models": {m: measured.figures((m, part.by, part.name)) for m in models}
            if (models[0], part.by, part.name) in measured.whole
            else None,
        }
        for part in parts
    ]


def _part(by: str, name: str, mask: BoolArray, churned: BoolArray) -> Segment:
    return Segment(by, name, np.flatnonzero(mask), churned[mask])


def _by_tenure(months: FloatArray, churned: BoolArray, params: EvaluateParams) -> Iterator[Segment]:
    for low, high in pairwise((None, *params.tenure_months, None)):
        inside = (months >= (-np.inf if low is None else low)) & (
            months < (np.inf if high is None else high)
        )
        name = f"{low or 0}_{'more' if high is None else high}"
        yield Segment("tenure", name, np.flatnonzero(inside), churned[inside], (low, high))


def _by_label(kind: pd.Series, churned: BoolArray) -> Iterator[Segment]:
    kinds = kind.to_numpy(dtype=object)
    for name in sorted(set(kinds[churned])):
        mask = ~churned | (kinds == name)
        part = np.flatnonzero(mask)
        yield Segment("label", str(name), part, churned[part], calibrated=False)


def _tenure_months(rows: pd.DataFrame) -> FloatArray:
    """Full months between activated_on and as_of (a first of the month); NaN where unknown."""
    since, as_of = pd.to_datetime(rows["activated_on"]), pd.to_datetime(rows["as_of"])
    months = (as_of.dt.year - since.dt.year) * 12 + as_of.dt.month - since.dt.month
    return np.asarray(
        (months - (since.dt.day > as_of.dt.day)).to_numpy(np.float64, na_value=np.nan)
    )

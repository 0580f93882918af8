"""What sets a segment apart from the cohort, measured in standard deviations of the cohort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.assess.tables import wilson
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.segments.encoding import Encoding, Rows

_DIGITS = 6
# Differences below this are none: what rounds to nothing is not shown.
_LEAST = 0.005
_EACH_WAY = 5


@dataclass(frozen=True)
class Trait:
    """One thing in which a segment differs from the cohort.

    Attributes:
        feature: its name.
        category: the value whose share differs; None for a number.
        difference: mean of the segment less that of the cohort, in the cohort's standard
            deviations; numbers on the model's scale (skew taken out), categories by their share.
        segment, cohort: median of the feature as it is in its unit, or share of the category.
    """

    feature: str
    category: str | None
    difference: float
    segment: float | None
    cohort: float | None

    def content(self) -> dict[str, Any]:
        """As JSON, with the feature's meaning in both languages."""
        entry = _MEANING[self.feature]
        value = "" if self.category is None else f": {self.category}"
        return {
            "feature": self.feature,
            "category": self.category,
            "unit": entry.unit if self.category is None else "share",
            "en": entry.en + value,
            "zh": entry.zh + value.replace(": ", "："),
            "difference": self.difference,
            "segment": self.segment,
            "cohort": self.cohort,
        }


_MEANING = {feature.name: feature for feature in CATALOGUE}


def traits_of(
    frame: pd.DataFrame, encoding: Encoding, place: IntArray, segments: int
) -> list[list[Trait]]:
    """All traits of each segment, the strongest first.

    Args:
        frame: the features of the month.
        encoding: of the model.
        place: the segment of each row.
        segments: how many there are; one without subscribers has no traits.
    """
    rows = encoding.read(frame)
    found: list[list[Trait]] = [[] for _ in range(segments)]
    for k, number in enumerate(encoding.numbers):
        raw = _column(frame, number.name)
        for v, difference in enumerate(_differences(rows.numbers[:, k], place, segments)):
            middle = _median(raw[place == v])
            found[v].append(Trait(number.name, None, difference, middle, _median(raw)))
    for b, category in enumerate(encoding.categories):
        for code, value in enumerate(category.values):
            has = _has(rows, b, code)
            shares = [_mean(has[place == v]) for v in range(segments)]
            for v, difference in enumerate(_differences(has, place, segments)):
                found[v].append(Trait(category.name, value, difference, shares[v], _mean(has)))
    for traits in found:
        traits.sort(key=lambda t: (-abs(t.difference), t.feature, t.category or ""))
    return found


def profile_of(traits: list[Trait]) -> dict[str, list[dict[str, Any]]]:
    """The five strongest traits above the cohort, and the five strongest below."""
    above = [t.content() for t in traits if t.difference >= _LEAST]
    below = [t.content() for t in traits if t.difference <= -_LEAST]
    return {"above": above[:_EACH_WAY], "below": below[:_EACH_WAY]}


def churn_rates(place: IntArray, churned: Any, segments: int) -> list[dict[str, Any]]:
    """Churn rate of each segment with Wilson's 95 % interval, of those whose label is known.

    Args:
        place: the segment of each row.
        churned: the label, null where it is not known, shape (rows,).
        segments: how many there are.
    """
    label = pd.array(churned, dtype="boolean")
    known = np.asarray(~label.isna())
    left = np.asarray(label.fillna(value=False), dtype=bool)
    found = []
    for v in range(segments):
        rows = int((known & (place == v)).sum())
        churners = int((left & known & (place == v)).sum())
        low, high = wilson(churners, rows)
        rate = churners / rows if rows else None
        found.append(
            {
                "rows": rows,
                "churners": churners,
                "rate": None if rate is None else round(rate, _DIGITS),
                "low": None if low is None else round(low, _DIGITS),
                "high": None if high is None else round(high, _DIGITS),
            }
        )
    return found


def shares_of(place: IntArray, segments: int) -> list[Mapping[str, Any]]:
    """Subscribers of each segment, and their share of the cohort."""
    rows = np.bincount(place, minlength=segments).tolist()
    return [{"rows": n, "share": round(n / max(len(place), 1), _DIGITS)} for n in rows]


def _differences(values: FloatArray, place: IntArray, segments: int) -> list[float]:
    """Standardised difference of each segment's mean to that of all; 0 where nothing is known."""
    everyone = np.sort(values[~np.isnan(values)])
    sd = float(everyone.std()) if len(everyone) else 0.0
    found = []
    for v in range(segments):
        mine = values[(place == v) & ~np.isnan(values)]
        if len(mine) == 0 or not sd > 0:
            found.append(0.0)
            continue
        # Sorted first: the order of the rows makes no difference to the last digit.
        apart = (float(np.sort(mine).mean()) - float(everyone.mean())) / sd
        found.append(round(apart, _DIGITS) + 0.0)
    return found


def _has(rows: Rows, feature: int, code: int) -> FloatArray:
    codes = rows.codes[:, feature]
    return np.where(codes < 0, np.nan, (codes == code).astype(np.float64))


def _column(frame: pd.DataFrame, name: str) -> FloatArray:
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    return np.asarray(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))


def _median(values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return round(float(np.median(known)), _DIGITS) + 0.0 if len(known) else None


def _mean(values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return round(float(known.sum()) / len(known), _DIGITS) if len(known) else None

"""From SHAP values to importance and to each subscriber's reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import ChurnlightError
from churnlight.explain.contributions import check_additive, in_chunks
from churnlight.learners.dataset import AnyArray, FloatArray, IntArray
from churnlight.learners.gbm import Gbm
from churnlight.params.learning import ExplainParams

COLUMNS = ("subscriber_id", "rank", "direction", "reason", "share", "feature", "value")
_DIGITS = 6


@dataclass(frozen=True)
class Meaning:
    """Where each feature belongs: its reason's code and its family, by feature name."""

    reason: Mapping[str, str]
    family: Mapping[str, str]

    def hold(self, features: Sequence[str]) -> None:
        """Refuse features without a meaning.

        Raises:
            ChurnlightError: names them.
        """
        lacking = [f for f in features if f not in self.reason or f not in self.family]
        if lacking:
            raise ChurnlightError(
                f"features without a reason or family: {', '.join(lacking[:5])}"
                f"{' and more' if len(lacking) > 5 else ''}: give each an entry in the catalogue"
            )


def explain(
    gbm: Gbm,
    frame: pd.DataFrame,
    subscriber: AnyArray,
    meaning: Meaning,
    params: ExplainParams,
    threads: int = 1,
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Reasons of every row and importance over all rows, in chunks of bounded memory.

    Args:
        gbm: the model.
        frame: its features, shape (rows, features).
        subscriber: identifier of each row.
        meaning: reason and family by feature.
        params: section `explain`.
        threads: of LightGBM.

    Returns:
        See `reasons` and `importance`.

    Raises:
        ChurnlightError: when a feature has no reason, or SHAP values do not add up to the score.
        DataRefused: names a column of `frame` that does not fit.
    """
    names = gbm.encoder.names
    meaning.hold(names)
    check_additive(gbm, frame, params.check_rows, threads)
    none = np.empty((0, len(names)))
    parts = [reasons(none, frame, subscriber, meaning, params.reasons)] if len(frame) == 0 else []
    sums = np.zeros(len(names))
    for rows, values in in_chunks(gbm, frame, threads):
        sums += np.abs(values[:, :-1]).sum(axis=0)
        parts.append(
            reasons(values[:, :-1], frame.iloc[rows], subscriber[rows], meaning, params.reasons)
        )
    return pd.concat(parts, ignore_index=True), _ranked(names, sums / max(len(frame), 1), meaning)


def importance(
    values: FloatArray, features: Sequence[str], meaning: Meaning
) -> list[dict[str, Any]]:
    """Mean |SHAP value| (log-odds) by feature, descending; by name where equal.

    Args:
        values: SHAP values without the expected value, shape (rows, features).
        features: their names.
        meaning: reason and family by feature.

    Returns:
        feature, family, reason, mean_abs_shap.
    """
    meaning.hold(features)
    return _ranked(features, np.abs(values).sum(axis=0) / max(len(values), 1), meaning)


def _ranked(features: Sequence[str], means: FloatArray, meaning: Meaning) -> list[dict[str, Any]]:
    rows = [
        {
            "feature": name,
            "family": meaning.family[name],
            "reason": meaning.reason[name],
            "mean_abs_shap": round(float(mean), _DIGITS),
        }
        for name, mean in zip(features, means, strict=True)
    ]
    return sorted(rows, key=lambda r: (-r["mean_abs_shap"], r["feature"]))


def reasons(
    values: FloatArray,
    frame: pd.DataFrame,
    subscriber: AnyArray,
    meaning: Meaning,
    count: int,
) -> pd.DataFrame:
    """Each row's `count` reasons that raise its risk most, and the one that lowers it most.

    A reason's weight is the sum of its features' SHAP values; its share is its weight's size over
    the sizes of all reasons' weights. A reason that works the other way, or not at all, is not
    named, so a row may have fewer. Equal weights stand in the order of their codes.

    Args:
        values: SHAP values without the expected value, shape (rows, features).
        frame: the features, columns in the order of `values`.
        subscriber: identifier of each row.
        meaning: reason and family by feature.
        count: reasons that raise.

    Returns:
        subscriber_id, rank (from 1 within the direction), direction (up, down), reason, share
        (0 to 1), feature (the reason's strongest in that direction), value (as text; null where
        missing); by row, up before down, by rank.
    """
    names = [str(c) for c in frame.columns]
    meaning.hold(names)
    codes = sorted({meaning.reason[n] for n in names})
    members = [np.array([i for i, n in enumerate(names) if meaning.reason[n] == c]) for c in codes]
    weights = np.column_stack([values[:, m].sum(axis=1) for m in members])
    total = np.abs(weights).sum(axis=1)
    shares = np.abs(weights) / np.where(total > 0, total, 1.0)[:, None]
    picks = []
    for direction, sign, top in (("up", 1.0, min(count, len(codes))), ("down", -1.0, 1)):
        order = np.argsort(-sign * weights, axis=1, kind="stable")[:, :top]
        row, rank = np.nonzero(sign * np.take_along_axis(weights, order, axis=1) > 0)
        reason = order[row, rank]
        picks.append(
            pd.DataFrame(
                {
                    "row": row,
                    "down": direction == "down",
                    "rank": rank + 1,
                    "direction": direction,
                    "reason": np.array(codes, dtype=object)[reason],
                    "share": np.round(shares[row, reason], _DIGITS),
                    "place": _strongest(sign * values, members, row, reason),
                }
            )
        )
    found = pd.concat(picks).sort_values(["row", "down", "rank"], ignore_index=True)
    return _named(found, frame, names, subscriber)


def _strongest(
    values: FloatArray, members: Sequence[IntArray], row: IntArray, reason: IntArray
) -> IntArray:
    """The feature with the largest value within each picked reason; the first on a tie."""
    out = np.empty(len(row), dtype=np.int64)
    for number, columns in enumerate(members):
        picked = reason == number
        best = np.argmax(values[np.ix_(row[picked], columns)], axis=1)
        out[picked] = columns[best]
    return out


def _named(
    found: pd.DataFrame, frame: pd.DataFrame, names: Sequence[str], subscriber: AnyArray
) -> pd.DataFrame:
    row, place = found["row"].to_numpy(), found["place"].to_numpy()
    value = np.empty(len(found), dtype=object)
    for column in np.unique(place):
        at = place == column
        value[at] = [as_text(v) for v in frame.iloc[:, column].iloc[row[at]]]
    out = found.assign(
        subscriber_id=np.asarray(subscriber)[row],
        feature=np.array(names, dtype=object)[place],
        value=pd.Series(value, dtype="str"),
    )
    return out[list(COLUMNS)]


def as_text(value: Any) -> str | None:
    """A feature's value for people: six digits, no power of ten; None where missing."""
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "1" if value else "0"
    number = float(value)
    if number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    return np.format_float_positional(number, precision=6, fractional=False, trim="-")

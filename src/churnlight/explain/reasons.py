"""From SHAP values to each subscriber's reasons, and to importance over all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from churnlight.errors import ChurnlightError
from churnlight.explain.contributions import check_additive, in_chunks
from churnlight.explain.quoting import quoted_text
from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray, IntArray
from churnlight.learners.gbm import Gbm
from churnlight.params.learning import ExplainParams

COLUMNS = (
    *("subscriber_id", "rank", "direction", "reason", "share", "feature", "value"),
    *("second", "quoted"),
)
_DIGITS = 6
# A reason's second feature is worth a word from this share of its strongest one on.
_SECOND = 0.2
# Between these pyarrow writes no power of ten, and six digits are exact in steps of ten.
_PLAIN_FROM, _PLAIN_TO, _WHOLE_TO = 1e-4, 1e6, 1e9
_TIE = 1e-6  # nearer to half a last digit than this, all digits decide


@dataclass(frozen=True)
class Meaning:
    """What is known of the features, by their names.

    Attributes:
        reason: code of the reason.
        family: name of the family.
        quoted: by reason, the features whose values its sentences may quote.
    """

    reason: Mapping[str, str]
    family: Mapping[str, str]
    quoted: Mapping[str, Sequence[str]] = field(default_factory=dict)

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


@dataclass(frozen=True)
class People:
    """Who is explained.

    Attributes:
        frame: the features, shape (rows, features).
        subscriber: identifier of each row.
        quote: whose own values are kept for the sentences; None: everyone's.
    """

    frame: pd.DataFrame
    subscriber: AnyArray
    quote: BoolArray | None = None

    def __getitem__(self, rows: slice) -> People:
        """Some of them."""
        quote = None if self.quote is None else self.quote[rows]
        return People(self.frame.iloc[rows], self.subscriber[rows], quote)


class Sums:
    """Adds up what importance needs, chunk by chunk."""

    def __init__(self, features: Sequence[str], meaning: Meaning) -> None:
        meaning.hold(features)
        self._features, self._meaning = features, meaning
        self._total, self._rows = np.zeros(len(features)), 0
        self._groups = {
            "reason": _members(features, meaning.reason),
            "family": _members(features, meaning.family),
        }
        self._sums = {what: np.zeros(len(codes)) for what, (codes, _) in self._groups.items()}

    def add(self, values: FloatArray) -> None:
        """Take SHAP values in, shape (rows, features)."""
        self._rows += len(values)
        self._total += np.abs(values).sum(axis=0)
        for what, (_, members) in self._groups.items():
            self._sums[what] += np.abs(_summed(values, members)).sum(axis=0)

    def to_row(self) -> dict[str, Any]:
        """What was added up so far, as a row of a table, for `add_rows` of another."""
        sums = {what: values.tolist() for what, values in self._sums.items()}
        return {"rows": self._rows, "feature": self._total.tolist(), **sums}

    def add_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in what others added up; the order of the rows changes nothing."""
        self._rows += sum(row["rows"] for row in rows)
        for what, sums in {"feature": self._total, **self._sums}.items():
            for place in range(len(sums)):
                sums[place] = math.fsum([sums[place], *(row[what][place] for row in rows)])

    def importance(self) -> list[dict[str, Any]]:
        """See `importance`."""
        return _ranked(self._features, self._total / max(self._rows, 1), self._meaning)

    def by(self, what: str) -> list[dict[str, Any]]:
        """Mean size of the summed SHAP values (log-odds) by "reason" or "family", descending."""
        codes, _ = self._groups[what]
        means = self._sums[what] / max(self._rows, 1)
        rows = [
            {what: code, "mean_abs_shap": round(float(mean), _DIGITS)}
            for code, mean in zip(codes, means, strict=True)
        ]
        return sorted(rows, key=lambda r: (-r["mean_abs_shap"], r[what]))


def explain(
    gbm: Gbm,
    frame: pd.DataFrame,
    subscriber: AnyArray,
    meaning: Meaning,
    params: ExplainParams,
    threads: int = 1,
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Reasons of every row and importance over all rows, at once.

    Args:
        gbm: the model.
        frame: its features, shape (rows, features).
        subscriber: identifier of each row.
        meaning: what is known of the features.
        params: section `explain`.
        threads: to use.

    Returns:
        See `reasons` and `importance`.

    Raises:
        ChurnlightError: when a feature has no reason, or SHAP values do not add up to the score.
        DataRefused: names a column of `frame` that does not fit.
    """
    names = gbm.encoder.names
    meaning.hold(names)
    check_additive(gbm, frame, params.check_rows, threads)
    people, sums = People(frame, subscriber), Sums(names, meaning)
    none = reasons_of(np.empty((0, len(names))), people[:0], meaning, params.reasons)
    parts = [none] if len(frame) == 0 else []
    for rows, values in in_chunks(gbm, frame, threads):
        sums.add(values[:, :-1])
        parts.append(reasons_of(values[:, :-1], people[rows], meaning, params.reasons))
    return pd.concat(parts, ignore_index=True), sums.importance()


def importance(
    values: FloatArray, features: Sequence[str], meaning: Meaning
) -> list[dict[str, Any]]:
    """Mean |SHAP value| (log-odds) by feature, descending; by name where equal.

    Args:
        values: SHAP values without the expected value, shape (rows, features).
        features: their names.
        meaning: what is known of the features.

    Returns:
        feature, family, reason, mean_abs_shap.
    """
    meaning.hold(features)
    return _ranked(features, np.abs(values).sum(axis=0) / max(len(values), 1), meaning)


def medians(frame: pd.DataFrame) -> dict[str, float | None]:
    """The cohort's median of every feature; None for categories and where nobody has a value.

    Args:
        frame: the features, shape (rows, features), in any order of rows.
    """
    found: dict[str, float | None] = {}
    for name in frame.columns:
        column = frame[name]
        known = column.dropna() if pd.api.types.is_numeric_dtype(column.dtype) else column.iloc[:0]
        found[str(name)] = float(known.astype("float64").median()) if len(known) else None
    return found


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
    """As `reasons_of`, everyone quoted."""
    return reasons_of(values, People(frame, subscriber), meaning, count)


def reasons_of(values: FloatArray, people: People, meaning: Meaning, count: int) -> pd.DataFrame:
    """Each row's `count` reasons that raise its risk most, and the one that lowers it most.

    A reason's weight is the sum of its features' SHAP values; its share is its weight's size over
    the sizes of all reasons' weights. A reason that works the other way, or not at all, is not
    named, so a row may have fewer. Equal weights stand in the order of their codes.

    Args:
        values: SHAP values without the expected value, shape (rows, features).
        people: who; the columns of their features in the order of `values`.
        meaning: what is known of the features.
        count: reasons that raise.

    Returns:
        subscriber_id, rank (from 1 within the direction), direction (up, down), reason, share
        (0 to 1), feature (the reason's strongest in that direction), value (as text; null where
        missing), second (its next strongest, null where it says little), quoted (JSON text: the
        values that the reason's sentences may quote, by feature; null where none are kept); by row,
        up before down, by rank.
    """
    names = [str(c) for c in people.frame.columns]
    meaning.hold(names)
    codes, members = _members(names, meaning.reason)
    weights = _summed(values, members)
    total = np.abs(weights).sum(axis=1)
    shares = np.abs(weights) / np.where(total > 0, total, 1.0)[:, None]
    picks = []
    for direction, sign, top in (("up", 1.0, min(count, len(codes))), ("down", -1.0, 1)):
        order = np.argsort(-sign * weights, axis=1, kind="stable")[:, :top]
        row, rank = np.nonzero(sign * np.take_along_axis(weights, order, axis=1) > 0)
        reason = order[row, rank]
        place, second = _strongest(sign * values, members, row, reason)
        picks.append(
            pd.DataFrame(
                {
                    "row": row,
                    "down": direction == "down",
                    "rank": rank + 1,
                    "direction": direction,
                    "reason": np.array(codes, dtype=object)[reason],
                    "share": np.round(shares[row, reason], _DIGITS),
                    "place": place,
                    "next": second,
                }
            )
        )
    found = pd.concat(picks).sort_values(["row", "down", "rank"], ignore_index=True)
    return _named(found, people, names, meaning)


def _members(names: Sequence[str], group: Mapping[str, str]) -> tuple[list[str], list[IntArray]]:
    """The groups' codes, sorted, and the columns of each."""
    codes = sorted({group[n] for n in names})
    return codes, [np.array([i for i, n in enumerate(names) if group[n] == c]) for c in codes]


def _summed(values: FloatArray, members: Sequence[IntArray]) -> FloatArray:
    """Sums over each group's columns, shape (rows, groups)."""
    return np.column_stack([values[:, m].sum(axis=1) for m in members])


def _strongest(
    values: FloatArray, members: Sequence[IntArray], row: IntArray, reason: IntArray
) -> tuple[IntArray, IntArray]:
    """The features with the two largest values within each picked reason; the first on a tie.

    The second is -1 where it says little.
    """
    first, second = np.empty(len(row), dtype=np.int64), np.full(len(row), -1, dtype=np.int64)
    for number, columns in enumerate(members):
        picked = np.flatnonzero(reason == number)
        part = values[np.ix_(row[picked], columns)]
        if part.size == 0:
            continue
        lines = np.arange(len(part))
        best = np.argmax(part, axis=1)
        top = part[lines, best]
        first[picked] = columns[best]
        part[lines, best] = -np.inf
        best = np.argmax(part, axis=1)
        worth = part[lines, best] >= _SECOND * top
        second[picked[worth]] = columns[best[worth]]
    return first, second


def _named(
    found: pd.DataFrame, people: People, names: Sequence[str], meaning: Meaning
) -> pd.DataFrame:
    row, place = found["row"].to_numpy(), found["place"].to_numpy()
    value = np.empty(len(found), dtype=object)
    for column in np.unique(place):
        at = np.flatnonzero(place == column)
        value[at] = texts(people.frame.iloc[:, column].iloc[row[at]])
    kept = np.ones(len(found), dtype=bool) if people.quote is None else people.quote[row]
    labels = np.array([*names, None], dtype=object)
    out = found.assign(
        subscriber_id=np.asarray(people.subscriber)[row],
        direction=found["direction"].astype("str"),
        reason=found["reason"].astype("str"),
        feature=pd.Series(labels[place], dtype="str"),
        value=pd.Series(value, dtype="str"),
        second=pd.Series(labels[found["next"].to_numpy()], dtype="str"),
        quoted=quoted_text(people.frame, row, found["reason"].to_numpy(), kept, meaning.quoted),
    )
    return out[list(COLUMNS)]


def in_columns(reasons: pd.DataFrame, rows: int, count: int) -> pd.DataFrame:
    """Reasons beside each other, a row each.

    Args:
        reasons: of `explain`, with row numbers in the place of subscribers.
        rows: how many rows there are.
        count: reasons that raise, a row.

    Returns:
        reason_1 (code), reason_1_share, reason_1_feature, reason_1_value, and so on to `count`,
        then the same of reason_down; null where a row has fewer.
    """
    out: dict[str, Any] = {}
    places = [("up", rank, f"reason_{rank}") for rank in range(1, count + 1)]
    for direction, rank, name in (*places, ("down", 1, "reason_down")):
        part = reasons[(reasons["direction"] == direction) & (reasons["rank"] == rank)]
        part = part.set_index("subscriber_id").reindex(range(rows))
        out[name] = part["reason"]
        out |= {f"{name}_{what}": part[what] for what in ("share", "feature", "value")}
    return pd.DataFrame(out)


def texts(column: pd.Series[Any]) -> AnyArray:
    """`as_text` of every value, shape (rows,)."""
    if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
        return np.array([as_text(v) for v in column], dtype=object)
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    size, whole = np.abs(values), values == np.round(values)
    plain = np.where(whole, size < _WHOLE_TO, (size >= _PLAIN_FROM) & (size < _PLAIN_TO))
    digits = 5 - np.floor(np.log10(np.where(plain & ~whole, size, 1.0)))
    scale = np.where(whole, 1.0, 10.0**digits)
    scaled = np.where(plain, values, 0.0) * scale
    plain &= np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5) > _TIE
    rounded = np.round(scaled) / scale + 0.0
    written = pc.cast(pa.array(rounded), pa.string())
    out = np.asarray(written.to_numpy(zero_copy_only=False), dtype=object)
    rest = np.flatnonzero(~plain)
    out[rest] = [as_text(v) for v in values[rest]]
    return out


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

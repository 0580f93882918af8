"""A label column of any two values, as churned or stayed."""

from __future__ import annotations

import pandas as pd

from churnlight.errors import DataRefused, UsageError
from churnlight.learners.dataset import BoolArray
from churnlight.tables.reading import rows_of

# One of each makes clear which value means churned.
_CHURNED = frozenset(
    {"1", "true", "t", "yes", "y", "churn", "churned", "churner", "left", "leaver", "是", "流失"}
)
_STAYED = frozenset(
    {"0", "-1", "false", "f", "no", "n", "stay", "stayed", "retained", "active", "no churn",
     "non-churn", "nonchurn", "not churned", "否", "未流失"}
)  # fmt: skip
_SHOWN = 5


def churned(values: pd.Series, positive: str | None = None) -> tuple[BoolArray, str]:
    """Read the label column.

    Args:
        values: any two values, in every row.
        positive: the one that means churned; None: told by the values where they tell.

    Returns:
        Who churned, shape (rows,), and the value that means it.

    Raises:
        DataRefused: names the column, with counts, when rows have no label, or it has not two
            values.
        UsageError: when it is not clear which value means churned, or `positive` is none of them.
    """
    missing = values.isna().to_numpy()
    if missing.any():
        raise DataRefused(
            f"label column {values.name!r} is empty in {rows_of(missing)}: leave out rows without "
            "a known outcome"
        )
    texts = values.astype(object).map(_text)
    counts = texts.value_counts().sort_index()
    told = ", ".join(f"{v!r} in {n} rows" for v, n in counts.head(_SHOWN).items())
    if len(counts) > _SHOWN:
        told += f" and {len(counts) - _SHOWN} more values"
    if len(counts) != 2:
        what = "one class only" if len(counts) < 2 else f"{len(counts)} values"
        raise DataRefused(
            f"label column {values.name!r} holds {what} in {len(texts)} rows: {told or 'no row'}; "
            "expected two values, one for who churned and one for who stayed"
        )
    value = _positive(list(counts.index), positive, f"label column {values.name!r} ({told})")
    return (texts == value).to_numpy(dtype=bool), value


def _positive(found: list[str], positive: str | None, what: str) -> str:
    if positive is not None:
        exact = [v for v in found if v in {positive, _text(positive)}]
        alike = exact or [v for v in found if v.casefold() == positive.strip().casefold()]
        if len(alike) != 1:
            raise UsageError(f"--positive {positive!r} is no value of {what}")
        return alike[0]
    yes = [v for v in found if v.casefold() in _CHURNED]
    no = [v for v in found if v.casefold() in _STAYED]
    if len(yes) != 1 or len(no) != 1:
        raise UsageError(
            f"{what}: it is not clear which value means churned: say it with --positive, such as "
            f"--positive {found[1]!r}"
        )
    return yes[0]


def _text(value: object) -> str:
    """A value as text; 1, 1.0, "1" and " 1.0 " are one value."""
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text

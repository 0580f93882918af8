"""Who left and why, and every month's chances."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from churnlight.demo import writing
from churnlight.demo.causes import Cause
from churnlight.demo.lives import KIND_VALUE_LOSS, KINDS, Lives
from churnlight.demo.months import Changes
from churnlight.demo.randomness import Array

_CAUSES = tuple(cause.name.lower() for cause in Cause)


class Departures:
    """Gathers who left and who gave up most of the spending, over all months."""

    def __init__(self) -> None:
        self._parts: list[dict[str, Array]] = []

    def add(self, lives: Lives, changes: Changes) -> None:
        """Note a month's departures, after `months.advance`."""
        for who, kind, cause, second in (
            (changes.left, changes.kind, changes.cause, changes.until),
            (changes.lost, np.full(lives.count, KIND_VALUE_LOSS), changes.lost_cause, None),
        ):
            row = np.flatnonzero(who)
            at = np.zeros(len(row), dtype=np.int64) if second is None else second[row]
            self._parts.append(
                {
                    "id": lives.subscriber_id[row],
                    "activated": lives.activated[row],
                    "month": np.full(len(row), changes.index, dtype=np.int64),
                    "first": np.full(len(row), changes.first, dtype=np.int64),
                    "second": at.astype(np.int64),
                    "kind": kind[row].astype(np.int64),
                    "cause": cause[row].astype(np.int64),
                }
            )

    def write(self, root: Path, months: list[str]) -> int:
        """Write departures.parquet, sorted by subscriber and time; returns its rows."""
        whole = {k: np.concatenate([p[k] for p in self._parts]) for k in self._parts[0]}
        order = np.lexsort((whole["second"], whole["month"], whole["id"]))
        whole = {name: values[order] for name, values in whole.items()}
        since_1970 = whole["first"] * 86_400 + whole["second"]
        columns = {
            "subscriber_id": writing.numbers(whole["id"]),
            "activated_on": writing.dates(whole["activated"]),
            "month": writing.category(whole["month"], months),
            "left_at": writing.times(0, since_1970),
            "kind": writing.category(whole["kind"], KINDS),
            "cause": writing.category(whole["cause"], _CAUSES),
        }
        return writing.write_part(root / "departures", None, columns)


def write_hazards(root: Path, at_risk: Array, lives: Lives, changes: Changes) -> int:
    """Write a month's chances, as they were drawn from, of who was on the books at its start.

    Columns: p_leave (ported out, cancelled or vanished, or about to be ported), p_value_loss, and
    p_<cause>, which add up to p_leave; debt takes its own course and stands in none of them.
    """
    row = np.flatnonzero(at_risk)
    row = row[np.argsort(lives.subscriber_id[row], kind="stable")]
    rates = changes.hazard[:, row]
    total = rates.sum(axis=0)
    leave = -np.expm1(-total)
    share = leave / np.maximum(total, np.float32(1e-12))
    columns = {
        "subscriber_id": writing.numbers(lives.subscriber_id[row]),
        "p_leave": writing.numbers(leave),
        "p_value_loss": writing.numbers(-np.expm1(-changes.lost_hazard[:, row].sum(axis=0))),
    }
    for cause in Cause:
        if cause is not Cause.DEBT:
            columns[f"p_{cause.name.lower()}"] = writing.numbers(rates[cause] * share)
    return writing.write_part(root / "hazards", changes.month, columns)

"""Two engines' scores of one month: equal to 1e-9, and where not, whether only a tie at a cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

TOLERANCE = 1e-9
_FLOATS = ("probability", "probability_tree", "monthly_bill_money", "value_at_risk_money")
_TIERS = {"tier": "probability", "tier_tree": "probability_tree"}
_TEXTS = ("reason", "feature", "value", "second", "quoted")
_SHARE = 1.5e-6  # shares are rounded to six digits


@dataclass(frozen=True)
class Comparison:
    """What differs.

    Attributes:
        wrong: what must not differ; a line each.
        ties: scores so near a cut, or weights so near each other, that rounding decides; listed.
    """

    wrong: list[str] = field(default_factory=list)
    ties: list[str] = field(default_factory=list)


def compare_scores(
    one: pd.DataFrame, other: pd.DataFrame, cuts: dict[str, Sequence[float]]
) -> Comparison:
    """Hold scores.parquet of two engines against each other.

    Args:
        one, other: their rows.
        cuts: by column of the tier, the cuts on its probability.
    """
    if list(one) != list(other) or not one["subscriber_id"].equals(other["subscriber_id"]):
        return Comparison(wrong=["other columns, other subscribers, or another order"])
    found = Comparison()
    for name in _FLOATS:
        apart = ~np.isclose(one[name], other[name], rtol=0, atol=TOLERANCE, equal_nan=True)
        found.wrong.extend(f"{name} of row {i}" for i in np.flatnonzero(apart))
    tied = np.zeros(len(one), dtype=bool)
    for tier, probability in _TIERS.items():
        near = np.min(
            np.abs(np.subtract.outer(one[probability].to_numpy(), np.array(cuts[tier]))), axis=1
        )
        for i in np.flatnonzero((one[tier] != other[tier]).to_numpy()):
            tied[i] |= near[i] <= TOLERANCE
            line = f"{tier} of row {i}: {one[tier][i]} and {other[tier][i]}"
            (found.ties if near[i] <= TOLERANCE else found.wrong).append(line)
    for name in sorted({*one.columns} - {*_FLOATS, *_TIERS}):
        differ = (one[name] != other[name]).to_numpy() & ~(tied & (name == "models_apart"))
        found.wrong.extend(f"{name} of row {i}" for i in np.flatnonzero(differ))
    return found


def compare_reasons(one: pd.DataFrame, other: pd.DataFrame) -> Comparison:
    """Hold reasons.parquet of two engines against each other; equal shares may change places."""
    keys = ["subscriber_id", "direction", "rank"]
    both = one.merge(other, on=keys, how="outer", suffixes=("", "_"), indicator=True)
    found = Comparison()
    for row in both.to_dict("records"):
        where = f"{row['direction']} {row['rank']} of one subscriber"
        if row["_merge"] != "both" or abs(row["share"] - row["share_"]) > _SHARE:
            found.wrong.append(where)
            continue
        if differ := [name for name in _TEXTS if not _same(row[name], row[f"{name}_"])]:
            others = both[both["subscriber_id"] == row["subscriber_id"]]
            others = others.loc[others["rank"] != row["rank"], "share"]
            near = (others - row["share"]).abs().min() <= _SHARE
            (found.ties if near else found.wrong).append(f"{where}: {', '.join(differ)}")
    return found


def _same(one: object, other: object) -> bool:
    return one == other or bool(pd.isna(one) and pd.isna(other))

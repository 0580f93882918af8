"""Who is likely to change: the monthly chance of a change by the age of the handset.

A life table: of those whose handset had an age at a month's end, the share who had another at the
next month's end. Counts are made by the engine, so that the table does not grow with subscribers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from churnlight.engine import Engine
from churnlight.handsets.changes import UNKNOWN, age_group, groups
from churnlight.handsets.features import AGE
from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.marts.events import add_up
from churnlight.params.handset import HandsetParams

# An age counts so many months of handsets at the overall rate besides its own.
_PRIOR = 200.0


@dataclass(frozen=True)
class LifeTable:
    """Chances of a change by age.

    Attributes:
        step_months: width of an age group; group k has ages from k steps, the last is open.
        exposures, changes: months of handsets and changes in each group; the last entry is that of
            unknown age.
    """

    step_months: int
    exposures: IntArray
    changes: IntArray

    @property
    def month_chance(self) -> FloatArray:
        """Chance of a change within a month by group, drawn a little to the overall rate."""
        rate = self.changes.sum() / max(int(self.exposures.sum()), 1)
        return np.asarray((self.changes + _PRIOR * rate) / (self.exposures + _PRIOR))

    def chance(self, months: int) -> FloatArray:
        """Chance of at least one change in so many months, by group at the start.

        The handset ages meanwhile: from the middle of its group, month by month.
        """
        monthly = self.month_chance
        last = len(monthly) - 2
        group = np.arange(last + 1)
        stays = np.ones(len(monthly))
        for month in range(months):
            ahead = int((self.step_months / 2 + month) // self.step_months)
            stays[:-1] *= 1 - monthly[np.minimum(group + ahead, last)]
        stays[-1] = (1 - monthly[-1]) ** months
        return np.round(1 - stays, 12)

    def overall(self, months: int) -> float:
        """Mean of `chance` over all handsets learned from."""
        return float(self.chance(months) @ self.exposures / max(int(self.exposures.sum()), 1))

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "step_months": self.step_months,
            "exposures": self.exposures.tolist(),
            "changes": self.changes.tolist(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> LifeTable:
        """The inverse of `to_json`."""
        return cls(
            content["step_months"],
            np.array(content["exposures"], dtype=np.int64),
            np.array(content["changes"], dtype=np.int64),
        )

    def ages(self, months: int) -> list[dict[str, Any]]:
        """The table for people; from_months None: unknown age, to_months None: open."""
        chance, monthly, last = self.chance(months), self.month_chance, len(self.exposures) - 2
        return [
            {
                "from_months": None if k > last else k * self.step_months,
                "to_months": None if k >= last else (k + 1) * self.step_months,
                "exposures": int(self.exposures[k]),
                "changes": int(self.changes[k]),
                "month_chance": round(float(monthly[k]), 6),
                "horizon_chance": round(float(chance[k]), 6),
            }
            for k in range(last + 2)
        ]


def counted(engine: Engine, pairs: ir.Table, params: HandsetParams) -> pd.DataFrame:
    """Months of handsets (`n`) and changes by month_no (of the first month) and age group."""
    rows = pairs.select(
        "month_no",
        age_group=age_group(pairs[AGE], params),
        one=ibis.ifelse(pairs["changed"], 1, 0).cast("int64"),
    )
    sums = rows.group_by("month_no", "age_group").aggregate(
        n=rows.count().cast("int64"), changes=add_up(rows["one"])
    )
    found = engine.arrow(sums).to_pandas()
    return found.sort_values(["month_no", "age_group"], ignore_index=True)


def life_table(counts: pd.DataFrame, months: Sequence[int], params: HandsetParams) -> LifeTable:
    """Add up the counts of some months; see `counted`."""
    some = counts[counts["month_no"].isin(list(months))]
    last = groups(params)
    place = np.where(some["age_group"] == UNKNOWN, last + 1, some["age_group"]).astype(np.int64)

    def total(column: str) -> IntArray:
        values = some[column].to_numpy(dtype=np.float64)
        return np.bincount(place, weights=values, minlength=last + 2).astype(np.int64)

    return LifeTable(params.age_step_months, total("n"), total("changes"))

"""What a feature is: data. One entry holds its name, its meaning and its expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import ibis
import ibis.expr.types as ir

from churnlight.features.row import Row
from churnlight.params.features import Personal

Family = Literal[
    "circle", "activity", "tenure", "spend", "contract", "handset", "care", "network", "personal"
]  # fmt: skip


class Nothing(Enum):
    """Values for "nothing happened" that depend on the window."""

    WINDOW_DAYS = "window_days"


@dataclass(frozen=True)
class FamilyRules:
    """What the features of a family share unless they say otherwise.

    Attributes:
        sources: the marts and extracts they are worked out from.
        months: see `Feature.months`.
        title_en, title_zh: what people read.
    """

    sources: tuple[str, ...]
    months: int
    title_en: str
    title_zh: str


FAMILIES: Mapping[Family, FamilyRules] = {
    "circle": FamilyRules(("circle",), 1, "Calling circle", "通话圈"),
    "activity": FamilyRules(("usage",), 1, "Activity", "使用行为"),
    "tenure": FamilyRules(("subscribers",), 0, "Tenure", "在网时长"),
    "spend": FamilyRules(("billing",), 1, "Spend", "消费"),
    "contract": FamilyRules(("subscribers",), 0, "Contract and plan", "合约与套餐"),
    "handset": FamilyRules(("subscribers",), 0, "Handset", "终端"),
    "care": FamilyRules(("care",), 0, "Care", "客户服务"),
    "network": FamilyRules(("subscribers",), 0, "Group and family lines", "集团与家庭"),
    "personal": FamilyRules(("subscribers",), 0, "Person", "个人属性"),
}


@dataclass(frozen=True)
class Feature:
    """One feature.

    Attributes:
        name: ends in `_` and the unit.
        unit: what it is counted in; `category` for text, `flag` for 1 and 0.
        family: one of `FAMILIES`.
        reason: a code of `churnlight.features.reasons.REASONS`.
        en, zh: what it means.
        expression: worked out from the joined row of a subscriber, null where it can't be.
        nothing: the value when nothing happened, in place of that null; None: it stays null.
        sources: marts and extracts that it needs; empty: those of its family.
        months: months of own history it takes; with fewer it is null, and a shorter window leaves
            it out. None: as in its family.
        personal: the column that says who somebody is, on which it rests; there is no such feature
            unless `features.allow_personal` names it. None: it rests on none.
    """

    name: str
    unit: str
    family: Family
    reason: str
    en: str
    zh: str
    expression: Callable[[Row], ir.Value]
    nothing: float | str | Nothing | None = None
    sources: tuple[str, ...] = ()
    months: int | None = None
    personal: Personal | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Marts and extracts without which there is no such feature."""
        return self.sources or FAMILIES[self.family].sources

    @property
    def months_needed(self) -> int:
        """Months of own history without which nothing can be said."""
        return FAMILIES[self.family].months if self.months is None else self.months

    @property
    def is_category(self) -> bool:
        """Whether it is text."""
        return self.unit == "category"

    def column(self, row: Row) -> ir.Value:
        """The feature's column: float64, or string for categories.

        Null without enough months of own history, whatever `nothing` says: who has no past here
        has not been silent. Null for all where the operator does not deliver a column it takes.

        Args:
            row: a row that no other feature has looked at.
        """
        kind = "string" if self.is_category else "float64"
        value = self.expression(row).cast(kind)
        if not row.can_say:
            return ibis.null(kind).name(self.name)
        if self.nothing is not None:
            filler = row.window_days if self.nothing is Nothing.WINDOW_DAYS else self.nothing
            value = value.fill_null(filler)
        if self.months_needed > 0:
            enough = row.history_months >= self.months_needed
            value = enough.ifelse(value, ibis.null(kind))
        return value.name(self.name)

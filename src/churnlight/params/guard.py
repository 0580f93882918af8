"""Section guard: when the monthly batch refuses to score, see `churnlight.watch.ground`."""

from __future__ import annotations

from pydantic import Field

from churnlight.params.base import Section, Share


class GuardParams(Section):
    """How far counts may stray from what is usual. Two things must hold for a trouble.

    It is large (the shares here), and it is beyond the noise: `noise` standard deviations, where
    the variance is that of counting plus that of the days themselves, from the operator's past.

    Attributes:
        day_drop: a day of CDRs that lacks more of its weekday's usual rows.
        kind_drop: the same of one kind and direction, whose use shifts more easily.
        holiday_drop: the same of a public holiday whose like was not seen before.
        null_jump: change of a column's share of nulls.
        category_jump: change of the share of rows of a kind and direction.
        unknown_jump: rise of the share of rows that the check refuses, keeps out as late, or where
            it reads a value as null because nobody knows it.
        rows_drop: a month of bills or snapshots, or of active subscribers, that lacks more.
        events_drop: the same of extracts of single events (care, topups, services).
        cohort_change: the cohort is larger or smaller than this against past as_ofs.
        noise: standard deviations.
        history_months: months before the window's end from which the usual is learned.
    """

    day_drop: float = Field(default=0.2, gt=0, lt=1)
    kind_drop: float = Field(default=0.5, gt=0, lt=1)
    holiday_drop: float = Field(default=0.7, gt=0, lt=1)
    null_jump: Share = 0.05
    category_jump: Share = 0.05
    unknown_jump: Share = 0.02
    rows_drop: float = Field(default=0.1, gt=0, lt=1)
    events_drop: float = Field(default=0.5, gt=0, lt=1)
    cohort_change: float = Field(default=0.25, gt=0, lt=1)
    noise: float = Field(default=5.0, gt=0)
    history_months: int = Field(default=15, ge=1)

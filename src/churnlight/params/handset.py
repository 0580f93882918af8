"""The section `handset`: who changes handset next, and to which."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator

from churnlight.params.base import Section


class HandsetParams(Section):
    """Changes of handset to learn from and to foresee, see docs/handsets.md.

    Attributes:
        history_months: changes of so many months before as_of are learned from.
        test_months: the newest of them, on which a tree that saw older ones only is judged.
        horizon_months: the chance of a change is that of at least one in so many months from as_of.
        age_step_months: handsets are pooled by age in steps of so many months.
        likely_chance: from this chance on a change is likely; None: above what all have on average.
        bands: prices at which bands 2 and up begin; None: `band_count` bands by the price list.
        band_count: bands with about as many models each.
        max_leaves: of the tree.
        min_leaf_rows: changes that a leaf needs.
        min_changes: with fewer known changes handsets are left out.
        max_changes: more are learned from by a sample of so many.
        bootstrap: resamples of accounts behind the intervals.
        seed: of samples, resamples and the tree's ties.
    """

    history_months: int = Field(default=12, ge=1, le=60)
    test_months: int = Field(default=3, ge=1, le=24)
    horizon_months: int = Field(default=3, ge=1, le=24)
    age_step_months: int = Field(default=6, ge=1, le=24)
    likely_chance: Annotated[float, Field(gt=0, lt=1)] | None = None
    bands: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] | None = None
    band_count: int = Field(default=4, ge=2, le=10)
    max_leaves: int = Field(default=12, ge=2, le=64)
    min_leaf_rows: int = Field(default=50, ge=1)
    min_changes: int = Field(default=200, ge=2)
    max_changes: int = Field(default=100_000, ge=100)
    bootstrap: int = Field(default=500, ge=20)
    seed: int = Field(default=7, ge=0)

    @field_validator("bands")
    @classmethod
    def _rise(cls, bands: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if bands is not None and any(a >= b for a, b in pairwise(bands)):
            raise ValueError(
                f"handset.bands is {list(bands)}: expected rising prices at which bands 2 and up "
                "begin, or null"
            )
        return bands

"""Sections that the data stages read: engine, extracts, time, circle, check."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from churnlight.params.base import Section, Share
from churnlight.timeline import Month

# Settings that decide what an expression means; with others the two engines would differ.
_FIXED = (
    "spark.sql.ansi.enabled",
    "spark.sql.caseSensitive",
    "spark.sql.parquet.inferTimestampNTZ.enabled",
    "spark.sql.session.timeZone",
    "spark.sql.timestampType",
)


class SparkParams(Section):
    """Which Spark, and what to tell it; read where `engine.name` is spark.

    Attributes:
        master: URL of the cluster's master; null: this machine, with `engine.threads` threads.
        settings: Spark's own settings by their names, such as spark.executor.memory.
    """

    master: str | None = Field(default=None, min_length=1)
    settings: dict[str, str | bool | int | float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _settings_are_theirs_to_set(self) -> SparkParams:
        if wrong := sorted(name for name in self.settings if not name.startswith("spark.")):
            raise ValueError(f"{wrong[0]!r} is no setting of Spark: their names begin with spark.")
        if "spark.master" in self.settings:
            raise ValueError("spark.master stands in engine.spark.master, not in the settings")
        if fixed := sorted(set(self.settings) & set(_FIXED)):
            raise ValueError(
                f"{fixed[0]} is fixed, so that every engine gives the same answer: leave it out"
            )
        return self


class EngineParams(Section):
    """Where the dataframe work runs."""

    name: Literal["duckdb", "spark"] = "duckdb"
    threads: int | None = Field(default=None, ge=1)
    memory_limit_gb: float = Field(default=4.0, gt=0)
    spark: SparkParams = SparkParams()


class ExtractsParams(Section):
    """Where the operator's extracts stand."""

    path: str = "data/demo/extracts"
    follow_links: bool = False
    months: tuple[str, ...] = ()
    allow_phone_like_ids: bool = False
    restated_months: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _restated_are_there(self) -> ExtractsParams:
        unknown = sorted(set(self.restated_months) - set(self.months))
        if unknown:
            raise ValueError(
                f"extracts.restated_months names {', '.join(unknown)}, not in extracts.months"
            )
        return self

    @property
    def month_list(self) -> tuple[Month, ...]:
        """`months`, read."""
        return tuple(Month.parse(m) for m in self.months)


class TimeParams(Section):
    """Window, gap, horizon and closing, see `churnlight.timeline`."""

    window_months: int = Field(default=3, ge=1)
    gap_months: int = Field(default=0, ge=0)
    horizon_months: int = Field(default=2, ge=1)
    horizon_days: int | None = Field(default=None, ge=1)
    # 0 would leave out the last month's snapshot and bills: they are known at as_of, not before.
    close_days: int = Field(default=5, ge=1, le=27)
    reporting_delay_hours: float = Field(default=0.0, ge=0)


class CircleParams(Section):
    """The calling index: weights of frequency, seconds and active days; coverage of the total."""

    weights: tuple[float, float, float] = (0.6, 0.2, 0.2)
    coverage: Share = 0.8


class CheckTargets(Section):
    """What customer data (the extract `subscribers`) should reach; `churnlight check` tells.

    Attributes:
        completeness: share of the cells that every customer should have and that hold a value.
        accuracy: share of rows that break no rule.
    """

    completeness: Share = 0.8
    accuracy: Share = 0.7


class CheckParams(Section):
    """How much bad data is bearable."""

    max_refused_share: Share = 0.05
    targets: CheckTargets = CheckTargets()

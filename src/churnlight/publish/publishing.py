"""Publish a scored month: the one way in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from churnlight.errors import UsageError
from churnlight.paths import Project
from churnlight.publish.partition import Partition, opened
from churnlight.publish.target import Target


@dataclass(frozen=True)
class Published:
    """What was done.

    Attributes:
        as_of, model_version: of what.
        where: without user and password.
        done: "new", "replaced" (other content of the same model), "made current" (it was there,
            another model was current) or "unchanged".
        scores_count, reasons_count: rows of each.
        call_list_count: subscribers on the call list.
        plan_count, plan_calls_count: rows of the plan, and of its callers' sheet; 0 without one.
        segments_count, services_count: rows of each; 0 without any.
        simulated: whether a simulator made the subscribers.
        seconds: that it took.
    """

    as_of: str
    model_version: str
    where: str
    done: str
    scores_count: int
    reasons_count: int
    call_list_count: int
    plan_count: int
    plan_calls_count: int
    segments_count: int
    services_count: int
    simulated: bool
    seconds: float

    def __str__(self) -> str:
        """In one line."""
        simulated = " (simulated subscribers)" if self.simulated else ""
        plan = f", {self.plan_calls_count:,} offers planned" if self.plan_count else ""
        return (
            f"{self.done}: {self.scores_count:,} scores, {self.reasons_count:,} reasons, "
            f"{self.call_list_count:,} to call{plan}, of {self.as_of} by model {self.model_version}"
            f"{simulated} in {self.where} ({self.seconds:.1f} s)"
        )


def publish(project: Project, as_of: str, target: Target, tiers: Sequence[str]) -> Published:
    """Publish a scored month.

    Args:
        project: the project.
        as_of: a scored one.
        target: where to.
        tiers: whose subscribers are on the call list (`handout.tiers`).

    Raises:
        ChurnlightError: when the partition is not whole, or the target can't be written; the target
            is as before.
        Locked: when another publish writes there.
    """
    start = time.monotonic()
    _hold_outside(project, target)
    with opened(project, as_of, tiers) as partition:
        done, where = _send(project, partition, target)
        counts = {content.table.name: content.count for content in partition.contents}
        return Published(
            as_of=as_of,
            model_version=partition.model.version,
            where=where,
            done=done,
            scores_count=partition.scores_count,
            reasons_count=partition.reasons_count,
            call_list_count=partition.call_list_count,
            plan_count=counts["plan"],
            plan_calls_count=partition.beside.calls_count,
            segments_count=counts["segments"],
            services_count=counts["services"],
            simulated=partition.simulated,
            seconds=time.monotonic() - start,
        )


def _send(project: Project, partition: Partition, target: Target) -> tuple[str, str]:
    if target.kind == "postgres":
        # psycopg is an extra: who publishes to files needs none.
        from churnlight.publish.connecting import hold_driver

        hold_driver()
        from churnlight.publish.database import to_postgres

        return to_postgres(partition, target)
    from churnlight.publish import tabular

    if target.kind == "csv":
        return tabular.to_csv(partition, target.path), str(target.path)
    lock = tabular.lock_of(project.scratch, target.path)
    return tabular.to_parquet(partition, target.path, lock), str(target.path)


def _hold_outside(project: Project, target: Target) -> None:
    """Keep published files out of the scored partitions: they would become a part of them."""
    scores = (project.data / "scores").resolve()
    if target.kind != "postgres" and target.path.resolve().is_relative_to(scores):
        raise UsageError(f"--to {target.path} lies in data/scores itself: name another place")

"""The ground that a month is scored on: looked at before anything is scored."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from churnlight.batch.workspace import Workspace
from churnlight.engine import connect
from churnlight.stages.manifest import earlier_contents
from churnlight.watch.ground import (
    FILE,
    Ground,
    Trouble,
    ground_content,
    hold_ground,
    judge_cohort,
    judge_ground,
    read_cohorts,
    read_ground,
    read_holidays,
    with_accepted,
)

log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class Standing:
    """What was found of the ground, and why it was accepted where it was.

    Attributes:
        ground: what was looked at.
        troubles: what was found.
        accept: the reason given.
    """

    ground: Ground
    troubles: tuple[Trouble, ...]
    accept: str | None

    def content(self, space: Workspace) -> dict[str, Any]:
        """The content of ground.json."""
        return ground_content(self.ground, space.params.guard, self.troubles, self.accept)

    def with_cohort(self, space: Workspace) -> Standing:
        """Look at the cohort's size too, which is known once the cohort is.

        Raises:
            DataRefused, DriftAlarm: when it is out of range and nobody accepted it.
        """
        # What else was read has not changed since.
        counted = read_cohorts(space.own, space.at, _with_attrition(space))
        ground = replace(self.ground, cohorts=counted)
        known = set(self.troubles)
        found = with_accepted(
            judge_cohort(ground, space.params.guard),
            earlier_contents(space.project, FILE, space.at.key),
        )
        new = tuple(t for t in found if t not in known)
        _hold(new, self.accept)
        return Standing(ground, (*self.troubles, *new), self.accept)


def stand_on(space: Workspace, accept: str | None) -> Standing:
    """Look at the ground, after the marts and before the features.

    Args:
        space: the workspace.
        accept: why troubles are accepted; None: they stop.

    Raises:
        DataRefused, DriftAlarm: names every trouble.
    """
    ground = _read(space)
    troubles = with_accepted(
        judge_ground(ground, space.params.guard),
        earlier_contents(space.project, FILE, space.at.key),
    )
    _hold(troubles, accept)
    return Standing(ground, troubles, accept)


def _hold(troubles: Sequence[Trouble], accept: str | None) -> None:
    hold_ground(troubles, accept)
    for trouble in troubles:
        log.warning("ground: %s%s", trouble, " (accepted)" if trouble.stops else "")


def _read(space: Workspace) -> Ground:
    params = space.params
    with connect(params.engine, space.own.scratch) as engine:
        holidays = read_holidays(engine, space.extracts, space.own.check)
    return read_ground(
        space.own,
        space.at,
        months=params.extracts.month_list,
        history_months=params.guard.history_months,
        holidays=holidays,
        as_ofs=_with_attrition(space),
    )


def _with_attrition(space: Workspace) -> list[str]:
    """As_ofs whose cohort was counted: by this batch, or linked from the pipeline."""
    found = space.own.labels(space.at.key).parent.glob("as_of=*/attrition.json")
    return sorted(path.parent.name.removeprefix("as_of=") for path in found)

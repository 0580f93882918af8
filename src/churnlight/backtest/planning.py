"""Which as_ofs a model for a month may learn from: those whose labels were complete by then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from churnlight.timeline import Month, TimeRules, moment, outcome_end, outcome_known_at


@dataclass(frozen=True)
class Plan:
    """The roles of a model that is made for one as_of.

    Attributes:
        test: the as_of it is made for, "YYYY-MM-DD".
        fit: as_ofs to learn from, rising.
        search: those of `fit` that pruning and stopping may learn from.
        calibrate: the as_of to calibrate on; None: cross-fitted inside `fit`.
    """

    test: str
    fit: tuple[str, ...]
    search: tuple[str, ...]
    calibrate: str | None

    @property
    def learned(self) -> tuple[str, ...]:
        """All as_ofs whose labels it learns from."""
        return self.fit if self.calibrate is None else (*self.fit, self.calibrate)


def testable(
    months: Sequence[Month], time: TimeRules, spend_churn_months: int | None
) -> tuple[str, ...]:
    """The as_ofs whose window and whole outcome lie in the months there are, rising.

    Args:
        months: the months of the extracts, without a hole.
        time: section `time`.
        spend_churn_months: see `timeline.outcome_end`.
    """
    there = sorted(set(months))
    if not there:
        return ()
    end = there[-1].end
    return tuple(
        at.key
        for at in (moment(m.start, time) for m in there)
        if at.window[0] >= there[0] and outcome_end(at, spend_churn_months) <= end
    )


def plan(
    test: str, as_ofs: Iterable[str], time: TimeRules, spend_churn_months: int | None
) -> Plan | None:
    """The roles for a model that scores at `test`, by the rule of `timeline.check_roles`.

    Every label that a role learns from is complete by the cutoff of the next role's as_of. The
    newest as_of that is left calibrates; where none would be left to fit, the calibration is
    cross-fitted.

    Args:
        test: the as_of.
        as_ofs: those there are; later ones are no candidates.
        time: section `time`.
        spend_churn_months: see `timeline.outcome_end`.

    Returns:
        None when no label was complete by then.
    """

    def complete_by(later: str, candidates: Sequence[str]) -> list[str]:
        cutoff = moment(later, time).cutoff
        return [
            a
            for a in candidates
            if outcome_known_at(moment(a, time), time, spend_churn_months) <= cutoff
        ]

    known = complete_by(test, sorted(as_ofs))
    if not known:
        return None
    fit = complete_by(known[-1], known)
    calibrate: str | None = known[-1]
    if not fit:
        fit, calibrate = known, None
    search = complete_by(fit[-1], fit[:-1])
    return Plan(test, tuple(fit), tuple(search), calibrate)

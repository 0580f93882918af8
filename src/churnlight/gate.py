"""The gate to `champion`: whether the evidence moves the alias. Pure: no store, no file, no clock.

Challenger and champion score the same test cohort, which neither has used, and are compared in the
same resamples of accounts. The challenger takes over when its ranking is no worse, its calibration
is no worse, and it is better or the champion is old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from churnlight.params.judging import GateParams
from churnlight.timeline import Moment, as_ofs_apart

Outcome = Literal["first", "champion", "promoted", "kept", "not_compared"]
Figures = Mapping[str, Mapping[str, float | None]]


@dataclass(frozen=True)
class Champion:
    """What the gate must know of the champion.

    Attributes:
        version: in the registry.
        test_as_of: the test as_of it was made for, "YYYY-MM-DD"; None where that is not known.
        labels_known_at: when the last label that it learned from was complete; None where that is
            not known (a model logged without it).
        rolled_back: versions that people took back; the gate does not promote them again.
    """

    version: str
    test_as_of: str | None
    labels_known_at: datetime | None
    rolled_back: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Decision:
    """What the gate says.

    Attributes:
        outcome: first (there was none), champion (it is already), promoted, kept (the champion
            stays), not_compared (the champion stays, and why they could not be compared).
        reasons: for people, one sentence each.
    """

    outcome: Outcome
    reasons: tuple[str, ...]

    @property
    def promote(self) -> bool:
        """Whether the alias moves to the challenger."""
        return self.outcome in {"first", "promoted"}


def without_comparison(challenger: str, champion: Champion | None, test: Moment) -> Decision | None:
    """Decide what needs no comparison; None when the two have to be compared.

    Args:
        challenger: its version.
        champion: None where no version holds the alias.
        test: the test as_of.
    """
    if champion is None:
        return Decision("first", ("there was no champion: the first model takes its place",))
    if champion.version == challenger:
        return Decision("champion", ("it is the champion already",))
    if challenger in champion.rolled_back:
        return not_compared(f"version {challenger} was rolled back by hand")
    if champion.labels_known_at is None:
        return not_compared(
            f"what champion {champion.version} learned from is not known (its run has no tag "
            "churnlight.labels_known_at), so the test may not be new to it"
        )
    if champion.labels_known_at > test.cutoff:
        return not_compared(
            f"champion {champion.version} learned from labels that were complete only at "
            f"{champion.labels_known_at:%Y-%m-%d}, after the cutoff {test.cutoff:%Y-%m-%d} of "
            f"as_of {test.key}: the test is not new to it"
        )
    return None


def not_compared(why: str) -> Decision:
    """The champion stays for want of a comparison."""
    return Decision(
        "not_compared",
        (why, "the challenger stays a candidate: `churnlight champion promote VERSION` is by hand"),
    )


def decide(figures: Figures, champion: Champion, test: Moment, params: GateParams) -> Decision:
    """Decide by the comparison.

    Args:
        figures: pr_auc and ece, each challenger less champion: value, low, high.
        champion: who holds the alias.
        test: the test as_of.
        params: section `gate`.
    """
    ranks, ranking = _ranking(figures["pr_auc"], params.pr_auc_margin)
    holds, calibration = _calibration(figures["ece"], params.ece_margin)
    better = (figures["pr_auc"]["low"] or 0.0) > 0
    age = age_months(champion, test)
    old = age is not None and age > params.max_age_months
    if better:
        need = "it is better: the whole interval of its PR AUC less the champion's is above 0"
    elif age is None:
        need = "it is not shown to be better, and the champion's age is not known"
    else:
        need = (
            f"it is not shown to be better, and the champion is {age} months old "
            f"({'over' if old else 'within'} gate.max_age_months {params.max_age_months})"
        )
    passed = ranks and holds and (better or old)
    return Decision("promoted" if passed else "kept", (ranking, calibration, need))


def age_months(champion: Champion, test: Moment) -> int | None:
    """Months from the champion's own test as_of to this one; None where its own is not known."""
    if champion.test_as_of is None:
        return None
    return as_ofs_apart(champion.test_as_of, test.key)


def _ranking(pr_auc: Mapping[str, float | None], margin: float) -> tuple[bool, str]:
    low = pr_auc["low"]
    passed = low is not None and low > -margin
    return passed, (
        f"ranking {'is no worse' if passed else 'may be worse'}: PR AUC less the champion's is "
        f"{_told(pr_auc)}, its lower bound {'above' if passed else 'not above'} {-margin:g}"
    )


def _calibration(ece: Mapping[str, float | None], margin: float) -> tuple[bool, str]:
    high = ece["high"]
    passed = high is not None and high <= margin
    return passed, (
        f"calibration {'is no worse' if passed else 'may be worse'}: calibration error less the "
        f"champion's is {_told(ece)}, its upper bound {'at most' if passed else 'above'} {margin:g}"
    )


def _told(figure: Mapping[str, float | None]) -> str:
    low, high = (
        f"{v:+.4f}" if v is not None else "unknown" for v in (figure["low"], figure["high"])
    )
    value = figure["value"]
    return f"{value:+.4f} ({low} to {high})" if value is not None else "unknown"

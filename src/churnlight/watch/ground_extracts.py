"""Months of extracts that are missing or thin, columns that are gone, and the cohort's size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from churnlight.check.verdict import Verdict
from churnlight.params.guard import GuardParams
from churnlight.schema import EXTRACTS
from churnlight.timeline import Month
from churnlight.watch.ground_levels import LEAST_ROWS, MAD_TO_SD
from churnlight.watch.ground_model import Cause, Cohort, Ground, Trouble

# Rows that go with the base: one a subscriber and month.
BY_SUBSCRIBER = ("billing", "subscribers")
# Offers are the operator's own choice: a month with few is no trouble.
BY_CHOICE = ("campaigns",)
# The usual rows of a month are the median of so many months before.
USUAL_MONTHS = 3
# An extract that lacked at least this share of its past months comes and goes.
SPARSE = 0.25
# Month to month, on top of counting, until the past says more.
LEAST_NOISE, FEW_NOISE = 0.01, 0.05
PAST_AS_OFS = 6


@dataclass(frozen=True)
class Rows:
    """A month's rows of an extract against what is usual.

    Attributes:
        extract, month: which.
        rows: kept rows (subscribers with any activity where `what` is "active").
        expected: what is usual; None without a month to compare with.
        least: the fewest that are no trouble.
        what: "rows" or "active".
    """

    extract: str
    month: Month
    rows: int
    expected: float | None
    least: float | None
    what: str = "rows"


def look_at_rows(ground: Ground, params: GuardParams) -> tuple[Rows, ...]:
    """Rows of every extract in every month of the window, and subscribers with any activity."""
    found: list[Rows] = []
    base = {m: v.kept for m, v in ground.verdicts.get("subscribers", {}).items()}
    for name in EXTRACTS:
        counts = {m: v.kept for m, v in ground.verdicts.get(name, {}).items()}
        # CDRs are judged day by day, what the operator chooses not at all.
        if name == "cdr" or name in BY_CHOICE:
            continue
        drop = params.rows_drop if name in (*BY_SUBSCRIBER, "usage") else params.events_drop
        scale = {} if name == "subscribers" else base
        limits = (drop, params.noise)
        there = [m for m in ground.window if m in counts]
        found += [_rows((name, m, "rows"), counts, scale, limits) for m in there]
    activity = "usage" if ground.volume is None else "cdr"
    limits = (params.rows_drop, params.noise)
    there = [m for m in ground.window if m in ground.active]
    found += [_rows((activity, m, "active"), ground.active, {}, limits) for m in there]
    return tuple(found)


def _rows(
    of: tuple[str, Month, str],
    counts: Mapping[Month, int],
    base: Mapping[Month, int],
    limits: tuple[float, float],
) -> Rows:
    name, month, what = of
    drop, sds = limits
    past = [m for m in sorted(counts) if m < month and counts[m] > 0]
    others = past[-USUAL_MONTHS:] or [m for m in sorted(counts) if m > month and counts[m] > 0]
    if not others:
        return Rows(name, month, counts[month], None, None, what)
    expected = float(median(counts[m] * _growth(base, m, month) for m in others))
    typical = expected * float(np.exp(-sds * _noise([counts[m] for m in past])))
    bound = min(expected * (1 - drop), typical - sds * float(np.sqrt(typical)))
    return Rows(name, month, counts[month], expected, max(0.0, bound), what)


def _growth(base: Mapping[Month, int], then: Month, now: Month) -> float:
    """How the base grew between two months; 1 where snapshots don't say."""
    return base[now] / base[then] if base.get(now) and base.get(then) else 1.0


def _noise(past: Sequence[float]) -> float:
    """Robust standard deviation of the logarithm's change from one to the next."""
    if len(past) < 4:
        return FEW_NOISE
    steps = np.diff(np.log(np.maximum(np.array(past, dtype=np.float64), 1.0)))
    return max(LEAST_NOISE, MAD_TO_SD * float(np.median(np.abs(steps - np.median(steps)))))


def judge_extracts(ground: Ground, rows: Sequence[Rows], params: GuardParams) -> list[Trouble]:
    """Troubles of whole months: missing, thin, without a column, with values nobody knows."""
    found = [*_missing(ground), *_thin(ground, rows, params)]
    for name in EXTRACTS:
        verdicts = ground.verdicts.get(name, {})
        for month in [m for m in ground.window if m in verdicts]:
            past = [verdicts[m] for m in sorted(verdicts) if m < month]
            if past:
                found += list(_gone(name, month, verdicts[month], past[-1]))
                found += list(_jumps(name, month, (verdicts[month], past), params))
    return found


def _missing(ground: Ground) -> Iterator[Trouble]:
    for name, extract in EXTRACTS.items():
        verdicts = ground.verdicts.get(name, {})
        if not extract.monthly or not verdicts:
            continue
        first = min(verdicts)
        for month in ground.window:
            before = [m for m in ground.months if first <= m < month]
            if month in verdicts or not before:
                continue
            gaps = sum(m not in verdicts for m in before)
            sparse = gaps >= SPARSE * len(before) and name not in ("cdr", "usage", *BY_SUBSCRIBER)
            usual = median(verdicts[m].kept for m in sorted(verdicts)[-USUAL_MONTHS:])
            because: tuple[Cause, str] = (
                ("unclear", "sparse") if sparse else ("ingestion", "absent")
            )
            yield Trouble(
                "month_missing", name, str(month), None, None, 0.0, float(usual), because[0],
                stops=not sparse, why=because[1],
            )  # fmt: skip


def _thin(ground: Ground, rows: Sequence[Rows], params: GuardParams) -> Iterator[Trouble]:
    newest = ground.window[-1]
    low = {(r.extract, r.month) for r in rows if _is_low(r)}
    for one in rows:
        if not _is_low(one) or one.expected is None:
            continue
        partial = one.month == newest and one.what == "rows" and one.extract in BY_SUBSCRIBER
        kind = "rows_partial" if partial else ("rows_low" if one.what == "rows" else "active_low")
        because: tuple[Cause, str] = ("ingestion", "base_whole")
        if one.extract == "subscribers":
            whole = _bills_whole(ground, one.month, params)
            because = ("ingestion", "bills_whole") if whole else ("unclear", "no_cross_check")
        elif ("subscribers", one.month) in low:
            because = ("unclear", "no_cross_check")
        elif one.extract not in BY_SUBSCRIBER and one.what == "rows":
            because = ("unclear", "base_whole")
        yield Trouble(
            kind, one.extract, str(one.month), None, None, float(one.rows),
            round(one.expected, 1), because[0], stops=True, why=because[1],
            low=None if one.least is None else round(one.least, 1),
        )  # fmt: skip


def _bills_whole(ground: Ground, month: Month, params: GuardParams) -> bool:
    """Whether there are as many bills as the month before, whatever the snapshots say."""
    verdicts = ground.verdicts.get("billing", {})
    now, before = verdicts.get(month), verdicts.get(month - 1)
    if now is None or before is None:
        return False
    return now.kept >= (1 - params.rows_drop) * before.kept


def _is_low(one: Rows) -> bool:
    enough = one.expected is not None and one.expected >= LEAST_ROWS
    return enough and one.least is not None and one.rows < one.least


def _gone(name: str, month: Month, now: Verdict, before: Verdict) -> Iterator[Trouble]:
    for column in sorted(set(before.columns) - set(now.columns)):
        yield Trouble(
            "column_gone", name, str(month), None, column, 1.0, 0.0, "ingestion",
            stops=True, why="month_boundary",
        )  # fmt: skip


def _jumps(
    name: str, month: Month, verdicts: tuple[Verdict, Sequence[Verdict]], params: GuardParams
) -> Iterator[Trouble]:
    """Shares of rows that the check counts, against the median of the months before."""
    now, past = verdicts
    if now.rows < LEAST_ROWS:
        return

    def share(verdict: Verdict, what: str, column: str | None) -> float:
        return _counts(verdict, column)[what] / max(verdict.rows, 1)

    wanted: list[tuple[str, str | None]] = [("unknown_jump", c) for c in sorted(now.unknown)]
    for what, column in [*wanted, *((what, None) for what in _JUMPS)]:
        value = share(now, what, column)
        usual = median(share(verdict, what, column) for verdict in past)
        counting = float(np.sqrt(max(usual * (1 - usual), 1 / now.rows) / now.rows))
        high = usual + max(params.unknown_jump, params.noise * counting)
        if value > high:
            yield Trouble(
                what, name, str(month), None, column, round(value, 4), round(usual, 4), "ingestion",
                stops=what != "duplicates_jump", high=round(high, 4),
                why=_JUMPS.get(what, "values"),
            )  # fmt: skip


# Shares of rows that jump, and why each looks like a fault; copies are left out and harm nobody.
_JUMPS = {
    "refused_jump": "values",
    "late_jump": "late",
    "duplicates_jump": "copies",
    "strangers_jump": "bills_whole",
}


def _counts(verdict: Verdict, column: str | None) -> dict[str, int]:
    return {
        "unknown_jump": verdict.unknown.get(column or "", 0),
        "refused_jump": sum(verdict.faults.values()),
        "late_jump": verdict.late,
        "duplicates_jump": sum(verdict.duplicates.values()),
        "strangers_jump": verdict.unknown_subscribers,
    }


def cohort_band(ground: Ground, params: GuardParams) -> tuple[Cohort, float, float, float] | None:
    """This as_of's cohort with the size that is usual, the least and the most.

    The usual is the median share of the base that earlier cohorts held, times today's base.

    Returns:
        None when this cohort is not known yet, or no earlier one is.
    """
    now = ground.cohorts.get(ground.as_of)
    past = [ground.cohorts[a] for a in sorted(ground.cohorts) if a < ground.as_of][-PAST_AS_OFS:]
    past = [cohort for cohort in past if cohort.subscribers and cohort.start]
    if now is None or not past:
        return None
    shares = [cohort.subscribers / cohort.start for cohort in past]
    expected = median(shares) * max(now.start, 1)
    noise = float(np.sqrt(_noise(shares) ** 2 + 1 / max(expected, 1.0)))
    reach = max(-float(np.log(1 - params.cohort_change)), params.noise * noise)
    return now, expected, expected * float(np.exp(-reach)), expected * float(np.exp(reach))


def judge_cohort(ground: Ground, params: GuardParams) -> list[Trouble]:
    """Whether the cohort's size is out of range; names the rule that changed most."""
    band = cohort_band(ground, params)
    if band is None:
        return []
    now, expected, low, high = band
    if low <= now.subscribers <= high:
        return []
    return [
        Trouble(
            "cohort_size", "subscribers", str(ground.window[-1] + 1), None,
            _changed_rule(ground, now), float(now.subscribers), round(expected, 1), "unclear",
            stops=True, low=round(low, 1), high=round(high, 1), why="no_cross_check",
        )
    ]  # fmt: skip


def _changed_rule(ground: Ground, now: Cohort) -> str | None:
    """The rule whose share of subscribers that it leaves moved most against the as_of before."""
    before = ground.cohorts[max(a for a in ground.cohorts if a < ground.as_of)]
    moved = {
        rule: abs(np.log(share / then))
        for rule, share in _kept_by(now).items()
        if (then := _kept_by(before).get(rule)) and share
    }
    return max(sorted(moved), key=lambda rule: float(moved[rule])) if moved else None


def _kept_by(cohort: Cohort) -> dict[str, float]:
    left = [cohort.start, *cohort.rules.values()]
    return {
        rule: after / before
        for rule, before, after in zip(cohort.rules, left, left[1:], strict=False)
        if before
    }

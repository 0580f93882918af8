"""The guard: is the ground that an as_of stands on sound enough to score?

`read_ground` reads counts, `judge_ground` judges them (pure), `hold_ground` refuses. Every trouble
names extract, month, day, column, the figure and what was expected. docs/guard.md has the rules,
and how an ingestion failure is told from real drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from churnlight.errors import DataRefused, DriftAlarm, UsageError
from churnlight.params.guard import GuardParams
from churnlight.watch.ground_days import Days, Series, judge_days, look_at_days
from churnlight.watch.ground_extracts import (
    Rows,
    cohort_band,
    judge_cohort,
    judge_extracts,
    look_at_rows,
)
from churnlight.watch.ground_model import Cohort, Floats, Ground, Trouble, Volume
from churnlight.watch.ground_reading import read_cohorts, read_ground, read_holidays
from churnlight.watch.ground_shares import Shares, judge_shares, look_at_shares

__all__ = [
    "Cohort",
    "Ground",
    "Trouble",
    "Volume",
    "ground_content",
    "hold_ground",
    "judge_cohort",
    "judge_ground",
    "read_cohorts",
    "read_ground",
    "read_holidays",
    "with_accepted",
]

SCHEMA_VERSION = 1
FILE = "ground.json"


def judge_ground(ground: Ground, params: GuardParams) -> tuple[Trouble, ...]:
    """Find everything that makes an as_of's ground doubtful.

    Args:
        ground: what is known by the as_of's cutoff.
        params: how far counts may stray.

    Returns:
        The troubles, those that stop first, then by month, day, extract, kind and column.
    """
    return _sorted(_Look(ground, params).troubles())


class _Look:
    """One look at the ground: what was seen, and the troubles in it."""

    def __init__(self, ground: Ground, params: GuardParams) -> None:
        self.ground, self.params = ground, params
        self.rows = look_at_rows(ground, params)
        self.days: Days | None = None
        self.shares: tuple[Shares, ...] = ()
        if ground.volume is not None:
            self.days = look_at_days(ground, ground.volume, params)
            self.shares = look_at_shares(ground.volume, self.days, params)

    def troubles(self) -> list[Trouble]:
        found = judge_extracts(self.ground, self.rows, self.params)
        if self.days is not None:
            broken = frozenset(t.month for t in found if t.extract in ("billing", "subscribers"))
            of_days = judge_days(self.ground, self.days, broken)
            found += of_days
            found += judge_shares(self.ground, self.days, self.shares, self.params)
            # Who has no CDR of a lost day may have no activity in the month: one trouble, not two.
            lost = {t.month for t in of_days if t.column is None}
            found = [t for t in found if not (t.kind == "active_low" and t.month in lost)]
        return found + judge_cohort(self.ground, self.params)


def _sorted(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    return tuple(
        sorted(
            troubles,
            key=lambda t: (
                not t.stops, t.month, t.day or "", t.extract, t.kind, t.column or "",
            ),
        )
    )  # fmt: skip


def with_accepted(
    troubles: Sequence[Trouble], earlier: Iterable[Mapping[str, Any]]
) -> tuple[Trouble, ...]:
    """Let troubles pass that a person accepted when an earlier as_of was scored.

    A bad day stays in the window for months; who accepted it once is not asked again. It counts as
    the same when kind, extract, month, day and column are, and it is no worse by a tenth.

    Args:
        troubles: of this as_of.
        earlier: contents of ground.json of earlier as_ofs; later ones must not be handed in.
    """
    known: dict[tuple[str, ...], tuple[str, Mapping[str, Any]]] = {}
    for content in sorted(earlier, key=lambda c: str(c["as_of"])):
        if content["accepted"] is not None:
            for one in content["troubles"]:
                if one["stops"]:
                    known[_key(one)] = (content["as_of"], one)
    passed = []
    for trouble in troubles:
        before = known.get(_key(trouble.to_json()))
        same = before is not None and _no_worse(trouble, before[1])
        passed.append(trouble.accepted(before[0]) if before and same else trouble)
    return _sorted(passed)


def _key(trouble: Mapping[str, Any]) -> tuple[str, ...]:
    # What was the newest month's ragged end is a run of low days a month later.
    kind = trouble["kind"]
    kind = "days" if kind in ("month_partial", "day_missing", "day_low", "volume_low") else kind
    kind = "rows_low" if kind == "rows_partial" else kind
    names = ("extract", "month", "day", "column")
    return (kind, *(str(trouble[name]) for name in names))


def _no_worse(trouble: Trouble, before: Mapping[str, Any]) -> bool:
    if trouble.expected is None or before["expected"] is None:
        return True
    was, now = before["figure"] - before["expected"], trouble.figure - trouble.expected
    longer = trouble.days > before["days"]
    return abs(now) <= 1.1 * abs(was) and now * was >= 0 and not longer


def hold_ground(troubles: Sequence[Trouble], accepted: str | None = None) -> None:
    """Refuse to score when a trouble stops, unless somebody gave a reason to go on.

    Args:
        troubles: what `judge_ground` found.
        accepted: the reason given by `--accept REASON`; it is kept in ground.json and the manifest.

    Raises:
        UsageError: when the reason is empty.
        DriftAlarm: when all troubles that stop look like real drift.
        DataRefused: when one looks like an ingestion failure or nobody can tell.
    """
    if accepted is not None and not accepted.strip():
        raise UsageError("--accept needs a reason in words, which is kept with the scores")
    stopping = [t for t in troubles if t.stops]
    if not stopping or accepted is not None:
        return
    listed = "".join(f"\n  - {trouble}" for trouble in stopping)
    many = f"{len(stopping)} {'trouble' if len(stopping) == 1 else 'troubles'}"
    if all(t.cause == "drift" for t in stopping):
        raise DriftAlarm(
            f"the data have changed ({many}); nothing was scored:{listed}\n"
            "The scores would rest on habits that the model may not know: look at the change, "
            "train again if it lasts, or score as it is with --accept REASON (kept with the scores)"
        )
    raise DataRefused(
        f"the ground is broken ({many}); nothing was scored:{listed}\n"
        "Hand in what is missing and run again; or, if this is how things are, score as it is with "
        "--accept REASON (kept with the scores)"
    )


def ground_content(
    ground: Ground,
    params: GuardParams,
    troubles: Sequence[Trouble],
    accepted: str | None = None,
) -> dict[str, Any]:
    """The content of ground.json: troubles, who accepted them why, and everything looked at.

    Args:
        ground: what was judged.
        params: how far counts may stray.
        troubles: what `judge_ground` (and `with_accepted`) gave.
        accepted: the reason of `--accept`; kept only where a trouble would have stopped the batch.
    """
    look = _Look(ground, params)
    stopping = sum(t.stops for t in troubles)
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": ground.as_of,
        "window": [str(m) for m in ground.window],
        "months": [str(m) for m in ground.months],
        "holidays": None if ground.holidays is None else len(ground.holidays),
        "params": params.model_dump(),
        "stopping": stopping,
        "accepted": accepted if stopping else None,
        "troubles": [t.to_json() for t in troubles],
        "looked": {
            "days": None if look.days is None else _days_json(look.days),
            "shares": [_share_json(s, look.days) for s in look.shares if look.days is not None],
            "rows": [_rows_json(r) for r in look.rows],
            "cohort": _cohort_json(ground, params),
        },
    }


def _days_json(looked: Days) -> dict[str, Any]:
    places = _window(looked)
    return {
        "first": f"{looked.days[places.start]}",
        "types": [int(t) for t in looked.types[places]],
        "series": [_series_json(s, places) for s in (looked.total, *looked.kinds)],
    }


def _window(looked: Days) -> slice:
    judged = np.flatnonzero(looked.judged)
    return slice(int(judged[0]) if len(judged) else 0, len(looked.days))


def _series_json(series: Series, places: slice) -> dict[str, Any]:
    return {
        "name": series.name,
        "rows": _numbers(series.rows[places], 0),
        "expected": _numbers(series.expected[places], 1),
        "least": _numbers(series.least[places], 1),
    }


def _share_json(shares: Shares, looked: Days) -> dict[str, Any]:
    places = _window(looked)
    return {
        "kind": shares.kind,
        "name": shares.name,
        "values": _numbers(shares.values[places], 4),
        "expected": _numbers(shares.level.expected[places], 4),
        "reach": _numbers(shares.reach[places], 4),
    }


def _numbers(values: Floats, digits: int) -> list[float | None]:
    """Rounded numbers; None for what is unknown."""
    kept = [round(float(v), digits) if np.isfinite(v) else None for v in values]
    return [int(v) if v is not None and digits == 0 else v for v in kept]


def _rows_json(rows: Rows) -> dict[str, Any]:
    return {
        "extract": rows.extract,
        "month": str(rows.month),
        "what": rows.what,
        "rows": rows.rows,
        "expected": None if rows.expected is None else round(rows.expected, 1),
        "least": None if rows.least is None else round(rows.least, 1),
    }


def _cohort_json(ground: Ground, params: GuardParams) -> dict[str, Any] | None:
    band = cohort_band(ground, params)
    if band is None:
        return None
    now, expected, low, high = band
    return {
        "subscribers": now.subscribers,
        "expected": round(expected, 1),
        "low": round(low, 1),
        "high": round(high, 1),
    }

"""Which value-added services go with a segment, and which of them a subscriber lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from churnlight.engine import Engine
from churnlight.identity import ID
from churnlight.known import as_known
from churnlight.params.segments import SegmentsParams
from churnlight.schema import SERVICES_USED
from churnlight.timeline import Moment

STRONG, USUAL, WEAK = 3, 2, 1
_DIGITS = 6
OFFER_COLUMNS = (ID, "rank", "service_id", "level")


@dataclass(frozen=True)
class Preference:
    """What goes with whom.

    Attributes:
        match: one row a segment and service: segment, service_id, users, penetration,
            cohort_penetration, level, and rank among the services of the segment, from 1; sorted by
            segment and rank.
        popular: ids of the services that most of the cohort have, as many as are kept.
        offers: one row a subscriber and service: subscriber_id, rank (from 1, without those that
            the subscriber has), service_id, level; sorted by subscriber and rank.
    """

    match: pd.DataFrame
    popular: tuple[Any, ...]
    offers: pd.DataFrame


def had_by(engine: Engine, services: ir.Table, at: Moment) -> pd.DataFrame:
    """Who had what in the window, as it was known before the cutoff.

    Args:
        engine: where it runs.
        services: kept rows of the extract `services`, of the window's months at least.
        at: the as_of.

    Returns:
        subscriber_id and service_id, unique and sorted.
    """
    return _had(engine, services, at, [str(month) for month in at.window])


def taken_up(engine: Engine, services: ir.Table, before: Moment, at: Moment) -> pd.DataFrame | None:
    """Services new in the month after an earlier window, as they were known at `at`.

    Args:
        engine: where it runs.
        services: kept rows of the month `before.month` and of the window of `before`.
        before: an earlier as_of.
        at: the as_of at which it is looked back.

    Returns:
        subscriber_id and service_id of what was not had in the window of `before`; None where the
        extract has nothing of one of these months, or the month after is not over at `at`.
    """
    months = [str(month) for month in (*before.window, before.month)]
    known = as_known(services, SERVICES_USED, as_of=at.as_of, cutoff=at.cutoff)
    present = engine.arrow(known.select("month").distinct())["month"].to_pylist()
    if not set(months) <= set(present):
        return None
    after = _had(engine, services, at, months[-1:])
    had = had_by(engine, services, before)
    both = after.merge(had, on=[ID, "service_id"], how="left", indicator="where")
    new = both.loc[both["where"] == "left_only", [ID, "service_id"]]
    return new.reset_index(drop=True)


def _had(engine: Engine, services: ir.Table, at: Moment, months: list[str]) -> pd.DataFrame:
    known = as_known(services, SERVICES_USED, as_of=at.as_of, cutoff=at.cutoff)
    known = known.filter(known["month"].isin(months))
    pairs = known.select(ID, "service_id").distinct()
    return engine.arrow(pairs).to_pandas().sort_values([ID, "service_id"], ignore_index=True)


def prefer(segments: pd.DataFrame, had: pd.DataFrame, params: SegmentsParams) -> Preference:
    """Rank services for each segment, and pick out what each subscriber does not have.

    Args:
        segments: subscriber_id (unique) and segment of the cohort.
        had: who had what, see `had_by`; rows of others than the cohort do not count.
        params: the section `segments`.
    """
    mine = had.merge(segments, on=ID, how="inner")
    match = match_levels(segments["segment"].value_counts(), _users(mine), params)
    kept = match[match["rank"] <= params.keep_services]
    by_users = mine.groupby("service_id").size()
    ranked = sorted(by_users.index, key=lambda s: (-int(by_users[s]), s))
    return Preference(match, tuple(ranked[: params.keep_services]), _offers(segments, had, kept))


def _users(mine: pd.DataFrame) -> pd.DataFrame:
    """Users by segment (row) and service (column)."""
    return pd.crosstab(mine["segment"], mine["service_id"])


def match_levels(sizes: pd.Series, users: pd.DataFrame, params: SegmentsParams) -> pd.DataFrame:
    """How well each service matches each segment.

    Level 3 where the penetration in the segment is at least `level_high` times that of the cohort,
    1 where it is below `level_low` times, else 2; always 2 where the segment should have fewer than
    `least_users` users by the cohort's penetration. Ranked by level, then by penetration, then by
    the service's id.

    Args:
        sizes: subscribers by segment.
        users: users by segment (row, as far as it has any) and service (column).
        params: the section `segments`.

    Returns:
        See `Preference.match`.
    """
    cohort = int(sizes.sum())
    rows = []
    for segment in sorted(sizes.index):
        size = int(sizes[segment])
        for service in users.columns:
            has = int(users.loc[segment, service]) if segment in users.index else 0
            everyone = int(users[service].sum())
            rows.append(
                {
                    "segment": segment,
                    "service_id": service,
                    "users": has,
                    "penetration": round(has / size, _DIGITS),
                    "cohort_penetration": round(everyone / cohort, _DIGITS),
                    "level": _level(has, size, everyone / cohort, params),
                }
            )
    columns = ("segment", "service_id", "users", "penetration", "cohort_penetration", "level")
    match = pd.DataFrame(rows, columns=list(columns))
    order = ["segment", "level", "penetration", "service_id"]
    match = match.sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    return match.assign(rank=match.groupby("segment").cumcount() + 1)


def _level(has: int, size: int, usual: float, params: SegmentsParams) -> int:
    expected = usual * size
    if expected < params.least_users or expected == 0:
        return USUAL
    # A tolerance: 1.2 times 10 users are 12, whatever the last digit says.
    ratio = has / expected
    if ratio >= params.level_high - 1e-9:
        return STRONG
    return WEAK if ratio < params.level_low - 1e-9 else USUAL


def _offers(segments: pd.DataFrame, had: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    offers = segments.merge(kept[["segment", "service_id", "level", "rank"]], on="segment")
    offers = offers.merge(had.assign(has=True), on=[ID, "service_id"], how="left")
    offers = offers[offers["has"].isna()].sort_values([ID, "rank"], ignore_index=True)
    ranks = offers.groupby(ID).cumcount() + 1
    return offers.assign(rank=ranks)[list(OFFER_COLUMNS)]


def hits(
    taken: pd.DataFrame, segments: pd.DataFrame, offers: pd.DataFrame, popular: tuple[Any, ...]
) -> pd.DataFrame:
    """For each subscriber of the cohort who took a service up, whether it was among those offered.

    Args:
        taken: subscriber_id and service_id, see `taken_up`.
        segments: subscriber_id of the cohort.
        offers: subscriber_id and service_id that were offered by segment.
        popular: the services that most of the cohort had.

    Returns:
        subscriber_id, by_segment and by_popularity: whether any of the services taken up was among
        the segment's, or among the most popular (what is new was not had before on either list).
    """
    mine = taken.merge(segments[[ID]], on=ID, how="inner")
    pairs = mine.merge(
        offers[[ID, "service_id"]].assign(by_segment=True), on=[ID, "service_id"], how="left"
    )
    pairs = pairs.assign(
        by_segment=pairs["by_segment"].notna(),
        by_popularity=pairs["service_id"].isin(list(popular)),
    )
    return pairs.groupby(ID, as_index=False)[["by_segment", "by_popularity"]].any()


def hit_rates(found: pd.DataFrame) -> dict[str, Any]:
    """Hit rate by segment and by popularity, and their difference with a paired 95 % interval.

    The interval is that of A. Agresti and Y. Min (2005): Wald's for paired proportions after half a
    pair was added to each of the four outcomes.

    Args:
        found: see `hits`.

    Returns:
        subscribers, by_segment, by_popularity, difference, low, high (all but the first None
        without subscribers), and better: whether the whole interval is above 0.
    """
    rows = len(found)
    names = ("by_segment", "by_popularity", "difference", "low", "high")
    if rows == 0:
        return {"subscribers": 0, **dict.fromkeys(names), "better": False}
    one = np.asarray(found["by_segment"], dtype=bool)
    other = np.asarray(found["by_popularity"], dtype=bool)
    gained, lost = int((one & ~other).sum()), int((~one & other).sum())
    low, high = paired_interval(gained, lost, rows)
    shares = (one.sum() / rows, other.sum() / rows, (gained - lost) / rows, low, high)
    values = {name: round(float(v), _DIGITS) for name, v in zip(names, shares, strict=True)}
    return {"subscribers": rows, **values, "better": low > 0}


def paired_interval(gained: int, lost: int, rows: int) -> tuple[float, float]:
    """95 % interval of (gained - lost) / rows, of pairs; see `hit_rates`."""
    more, fewer, all_ = gained + 0.5, lost + 0.5, rows + 2.0
    middle = (more - fewer) / all_
    spread = np.sqrt(more + fewer - (more - fewer) ** 2 / all_) / all_
    half = 1.959963984540054 * float(spread)
    return max(-1.0, middle - half), min(1.0, middle + half)


def match_content(match: pd.DataFrame, segment: str, keep: int) -> list[dict[str, Any]]:
    """The services kept for a segment, as JSON."""
    rows = match[(match["segment"] == segment) & (match["rank"] <= keep)]
    kept: list[dict[str, Any]] = rows.drop(columns="segment").to_dict("records")
    return [{key: _plain(value) for key, value in entry.items()} for entry in kept]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


__all__ = ["Preference", "had_by", "hit_rates", "hits", "prefer", "taken_up"]

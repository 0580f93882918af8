"""The tiers of the month scored before: whose they still are, and how long they are held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight import files
from churnlight.learners.champion import Scale
from churnlight.learners.dataset import AnyArray, BoolArray, IntArray
from churnlight.params.score import ScoreParams
from churnlight.paths import Project

NONE = -1


def last_before(scored: Iterable[str], as_of: str) -> str | None:
    """The newest as_of before this one; those after it, and itself, don't count.

    Args:
        scored: as_ofs as YYYY-MM-DD.
        as_of: the same.
    """
    return max((other for other in scored if other < as_of), default=None)


def same_holder(activated_on: pd.Series[Any], before: str) -> BoolArray:
    """Whether an id was held by the same subscriber at an earlier as_of already. Shape (rows,).

    Whose `activated_on` is not before that as_of has the id of somebody else: a recycled number, or
    another owner. Where it isn't known the id is taken for the same subscriber's.

    Args:
        activated_on: dates of the later month, shape (rows,).
        before: the earlier as_of.
    """
    days = pd.to_datetime(activated_on)
    later: BoolArray = (days >= pd.Timestamp(before)).to_numpy(dtype=bool)
    return ~later


@dataclass(frozen=True)
class TiersBefore:
    """Which tier each subscriber was in.

    Attributes:
        as_of: of the month scored before.
        subscribers: their ids, unique.
        number: the tier's number in today's tiers, shape (subscribers,); NONE where today's tiers
            have none of that name.
    """

    as_of: str
    subscribers: pd.Index[Any]
    number: IntArray

    @classmethod
    def of(cls, as_of: str, scores: pd.DataFrame, names: Sequence[str]) -> TiersBefore:
        """From the scores of an earlier month.

        Args:
            as_of: of that month.
            scores: of it subscriber_id and tier are read.
            names: today's tiers in rising risk.
        """
        rows = scores[["subscriber_id", "tier"]].drop_duplicates("subscriber_id")
        rank = {name: number for number, name in enumerate(names)}
        number = rows["tier"].map(rank).fillna(NONE).to_numpy(dtype=np.int64)
        return cls(as_of, pd.Index(rows["subscriber_id"]), number)

    @classmethod
    def read(cls, project: Project, as_of: str, names: Sequence[str]) -> TiersBefore | None:
        """From data/scores of the newest scored as_of before this one; None where there is none."""
        before = last_before(project.scored, as_of)
        if before is None:
            return None
        path = files.require_file(project.scores(before) / "scores.parquet", "score")
        return cls.of(before, pd.read_parquet(path, columns=["subscriber_id", "tier"]), names)

    def number_of(self, subscribers: pd.Series[Any], activated_on: pd.Series[Any]) -> IntArray:
        """The tier's number then, shape (rows,); NONE for who was not scored then.

        Args:
            subscribers: ids of this month's rows.
            activated_on: of the same rows: an id handed on since then is a new subscriber.
        """
        return self.number_at(self.place_of(subscribers, activated_on))

    def place_of(self, subscribers: pd.Series[Any], activated_on: pd.Series[Any]) -> IntArray:
        """Each one's place in `subscribers`, shape (rows,); NONE for who is new."""
        place = self.subscribers.get_indexer(pd.Index(subscribers))
        same = same_holder(activated_on, self.as_of)
        return np.where(same, place, NONE).astype(np.int64)

    def number_at(self, place: IntArray) -> IntArray:
        """The tier's number at these places, NONE at NONE."""
        if not len(self.number):
            return np.full(len(place), NONE, dtype=np.int64)
        return np.where(place < 0, NONE, self.number[place]).astype(np.int64)


def number_before(
    tier: pd.Series[Any], activated_on: pd.Series[Any], before: str, names: Sequence[str]
) -> IntArray:
    """As `TiersBefore.number_of`, where the tier of the month before was joined to the rows.

    Args:
        tier: its name then, null for who was not scored then.
        activated_on: of the same rows.
        before: the earlier as_of.
        names: today's tiers in rising risk.
    """
    rank = {name: number for number, name in enumerate(names)}
    number = tier.map(rank).fillna(NONE).to_numpy(dtype=np.int64)
    return np.where(same_holder(activated_on, before), number, NONE).astype(np.int64)


def held(
    predicted: pd.DataFrame, previous: IntArray | None, scale: Scale, params: ScoreParams
) -> pd.DataFrame:
    """Predictions whose tier holds last month's inside the margin, with the plain one beside it.

    Args:
        predicted: what `Bundle.predict` returns.
        previous: the tier's number in the month scored before, of the same rows, as `TiersBefore`
            or `number_before` gives it; None: no month was scored before.
        scale: of the model in use.
        params: section `score`.

    Returns:
        The same columns, and after tier: tier_plain, which the score alone gives.
    """
    low, high = scale.calibration.apply(np.array([0.0, 1.0]))
    number = scale.tiers.sticky(
        predicted["probability"].to_numpy(dtype=np.float64),
        np.full(len(predicted), NONE, dtype=np.int64) if previous is None else previous,
        params.hysteresis,
        hold=params.hold,
        reach=(float(low), float(high)),
    )
    names: AnyArray = np.array(scale.tiers.names, dtype=object)
    columns: dict[str, object] = {}
    for name in predicted:
        columns[str(name)] = names[number] if name == "tier" else predicted[name]
        if name == "tier":
            columns["tier_plain"] = predicted["tier"]
    return pd.DataFrame(columns, index=predicted.index)

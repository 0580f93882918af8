"""The scored month as it is handed in, and who of it is on the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from churnlight.errors import ChurnlightError, UsageError
from churnlight.learners.dataset import BoolArray, IntArray
from churnlight.learners.rules import Rule
from churnlight.params.output import HandoutParams
from churnlight.report.inputs import Language
from churnlight.retention.movements import RISEN, Movements, ScoredMonth, movements, steps
from churnlight.timeline import Moment

_SCORES = (
    *("subscriber_id", "probability", "tier", "tier_tree", "leaf", "models_apart"),
    *("monthly_bill_money", "value_at_risk_money", "left_before_cutoff"),
)
_REASONS = ("subscriber_id", "rank", "direction", "reason", "share", "feature", "value", "quoted")


@dataclass(frozen=True)
class Plot:
    """A picture of the month's SHAP values, a PNG.

    Attributes:
        path: the file.
        kind: what it shows.
        feature: of a dependence plot.
    """

    path: Path
    kind: Literal["beeswarm", "dependence", "other"]
    feature: str | None = None


@dataclass(frozen=True)
class HandoutInputs:
    """Everything that workbook, page and cards show of one scored month.

    Attributes:
        at: the as_of.
        scores: rows of scores.parquet.
        reasons: rows of reasons.parquet.
        medians: content of medians.json.
        people: rows of labels.parquet of the as_of; of them subscriber_id, account_id, region and
            activated_on are read.
        history: see `history.read_history`, for `card_ids` at least; empty where nothing is known.
        tiers: all tiers in rising risk.
        champion: the learner whose tiers are in use, gbm or tree.
        rules: the tree's rules by language and leaf.
        params: section `handout`.
        rates: rows and churners by tier when the tiers were cut, as `Scale.rates` holds them.
        model_mark: fingerprint of the model in use; None: not shown.
        simulated: whether a simulator made the subscribers.
        mark: fingerprint of that model with its cuts, by which two months are compared.
        previous: rows of scores.parquet of the month scored before, see `ScoredMonth`; None when
            there is none.
        previous_as_of: its as_of.
        previous_mark: as `mark`, of that month.
        on_books: of `movements`.
        plots: pictures of the SHAP values.
        features: what each feature means, by language and name; for the plots.
        least: subscribers to call below which an area is not shown (`privacy.min_group`).
    """

    at: Moment
    scores: pd.DataFrame
    reasons: pd.DataFrame
    medians: Mapping[str, Any]
    people: pd.DataFrame
    history: pd.DataFrame
    tiers: tuple[str, ...]
    champion: str
    rules: Mapping[Language, Mapping[int, Rule]]
    params: HandoutParams = field(default_factory=HandoutParams)
    rates: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    model_mark: str | None = None
    simulated: bool = False
    previous: pd.DataFrame | None = None
    previous_as_of: str | None = None
    mark: str | None = None
    previous_mark: str | None = None
    on_books: pd.DataFrame | None = None
    plots: Sequence[Plot] = ()
    features: Mapping[Language, Mapping[str, str]] = field(default_factory=dict)
    least: int = 1

    @property
    def now(self) -> ScoredMonth:
        """The month, as movements read it."""
        return ScoredMonth(self.at.key, self.scores, self.mark)

    @property
    def before(self) -> ScoredMonth | None:
        """The month scored before, as movements read it."""
        if self.previous is None or self.previous_as_of is None:
            return None
        return ScoredMonth(self.previous_as_of, self.previous, self.previous_mark)

    @cached_property
    def risen(self) -> BoolArray:
        """Who rose two tiers or more since the month scored before. Shape (rows,)."""
        return risen(self.now, self.before, self.tiers, self.people)

    @cached_property
    def listed(self) -> IntArray:
        """Row numbers of those on the call list, in its order."""
        return call_list(self.scores, self.params.tiers, self.risen)

    @cached_property
    def moved(self) -> Movements:
        """All movements since the month scored before."""
        return movements(
            self.now,
            self.before,
            self.tiers,
            activated_of(self.scores, self.people),
            called=self.params.tiers,
            on_books=self.on_books,
        )

    def hold(self) -> None:
        """Refuse what does not fit together.

        Raises:
            ChurnlightError: names a table and the columns it lacks.
            UsageError: names tiers of `handout.tiers` that are none.
        """
        for name, table, columns in (
            ("scores", self.scores, _SCORES),
            ("reasons", self.reasons, _REASONS),
        ):
            if lacking := [c for c in columns if c not in table.columns]:
                raise ChurnlightError(
                    f"{name} of as_of {self.at.key} lack {', '.join(lacking)}: they come from an "
                    "older churnlight; `dvc repro score` makes them anew"
                )
        if lost := [t for t in self.params.tiers if t not in self.tiers]:
            raise UsageError(
                f"handout.tiers names {', '.join(lost)}, which is no tier: expected some of "
                f"tiers.names ({', '.join(self.tiers)})"
            )


@dataclass(frozen=True)
class Said:
    """One reason as people read it.

    Attributes:
        code: the reason.
        title, text: in the language asked for.
        share: of the score, 0 to 1.
    """

    code: str
    title: str
    text: str
    share: float


@dataclass(frozen=True)
class Entry:
    """One subscriber on the list.

    Attributes:
        place: on the list, from 1.
        subscriber: subscriber_id as text.
        probability: of leaving, 0 to 1.
        tier, tier_tree: of the model in use, and of the tree.
        bill_money, at_risk_money: None without a bill.
        area, account, since: None where unknown.
        rule: the tree's; None where there is none.
        apart: whether the models are two tiers apart.
        gone: whether the subscriber left before the cutoff.
        rose_from: the tier of the month scored before, of who rose two tiers or more since; None
            for everybody else.
        rose_since: the as_of of that month.
        up: what raises the score, the strongest first.
        down: what lowers it most.
    """

    place: int
    subscriber: str
    probability: float
    tier: str
    tier_tree: str
    bill_money: float | None
    at_risk_money: float | None
    area: str | None
    account: str | None
    since: date | None
    rule: Rule | None
    apart: bool
    gone: bool
    up: tuple[Said, ...]
    down: Said | None
    rose_from: str | None = None
    rose_since: str | None = None


def activated_of(scores: pd.DataFrame, people: pd.DataFrame) -> pd.Series[Any]:
    """When each row's subscriber came; null where it isn't known."""
    since = people.drop_duplicates("subscriber_id").set_index("subscriber_id")["activated_on"]
    return scores["subscriber_id"].map(since)


def risen(
    now: ScoredMonth, before: ScoredMonth | None, tiers: Sequence[str], people: pd.DataFrame
) -> BoolArray:
    """Who rose two tiers or more since the month scored before: nobody where there is none.

    Args:
        now: the month.
        before: the one scored before.
        tiers: all, in rising risk.
        people: subscriber_id and activated_on.

    Returns:
        Shape (rows of `now`,).
    """
    if before is None:
        return np.zeros(len(now.scores), dtype=bool)
    up: BoolArray = steps(now, before, tiers, activated_of(now.scores, people)) >= RISEN
    return up


def callable_now(scores: pd.DataFrame) -> BoolArray:
    """Who has not left before the cutoff. Shape (rows,)."""
    here: BoolArray = ~scores["left_before_cutoff"].fillna(value=False).to_numpy(dtype=bool)
    return here


def call_list(
    scores: pd.DataFrame, tiers: Sequence[str], first: BoolArray | None = None
) -> IntArray:
    """Row numbers of those to call, the highest value at risk first.

    Who has no bill comes after all who have one; ties are settled by probability, then by id.

    Args:
        scores: rows of scores.parquet.
        tiers: whose subscribers are on the list.
        first: who stands on top of the list, in the same order among themselves: who rose two tiers
            or more. It puts nobody on the list. Shape (rows,).
    """
    rows = np.flatnonzero(callable_now(scores) & scores["tier"].isin(list(tiers)).to_numpy())
    part = scores.iloc[rows]
    money = part["value_at_risk_money"].to_numpy(dtype=float)
    keys = (
        part["subscriber_id"].astype(str).to_numpy(dtype=object),
        -part["probability"].to_numpy(dtype=float),
        np.where(np.isnan(money), 0.0, -money),
        np.isnan(money),
        np.zeros(len(rows), dtype=bool) if first is None else ~first[rows],
    )
    return rows[np.lexsort((_ranks(keys[0]), *keys[1:]))]


def _ranks(values: Any) -> IntArray:
    _, ranks = np.unique(values, return_inverse=True)
    return ranks.astype(np.int64)


def card_ids(
    scores: pd.DataFrame, params: HandoutParams, first: BoolArray | None = None
) -> pd.Series[Any]:
    """The subscribers that get a card, whose history is read, in the order of the list.

    Args:
        scores: rows of scores.parquet.
        params: section `handout`.
        first: as in `call_list`.
    """
    rows = call_list(scores, params.tiers, first)[: params.cards]
    return scores["subscriber_id"].iloc[rows].reset_index(drop=True)

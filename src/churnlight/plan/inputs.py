"""What a plan is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import ChurnlightError
from churnlight.params.plan import ContactParams, PlanParams
from churnlight.plan.playbook import Playbook
from churnlight.timeline import Moment

EARLIER = ("cycle", "subscriber_id", "account_id", "arm", "control_until", "offers_from")
FACTS = ("subscriber_id", "on_red_list", "no_contact", "contract_ends_on", "filed_at")
CAMPAIGNS = ("subscriber_id", "offered_at", "arm", "responded_at", "contacted")
_SCORES = (*("subscriber_id", "tier", "probability", "monthly_bill_money", "left_before_cutoff"),)


def no_campaigns() -> pd.DataFrame:
    """No campaign."""
    return pd.DataFrame({name: pd.Series(dtype=object) for name in CAMPAIGNS})


def no_plans() -> pd.DataFrame:
    """No earlier plan."""
    return pd.DataFrame({name: pd.Series(dtype=object) for name in EARLIER})


@dataclass(frozen=True)
class PlanInputs:
    """What a plan is made from.

    Attributes:
        at: the as_of.
        scores: rows of scores.parquet.
        reasons: rows of reasons.parquet.
        people: subscriber_id, account_id, region and activated_on, of labels.parquet.
        facts: `FACTS`: flags and end of the agreement from the last snapshot, and the last
            application to port out; a column that nothing says is null.
        playbook: see `Playbook`.
        params, contact: sections.
        tiers: all, in rising risk.
        reason_codes: all reasons there are.
        campaigns: `CAMPAIGNS`, kept rows; what was not known at the cutoff is left out here.
        earlier: `EARLIER` of all plans that are there; those of later cycles are left out here.
        tariffs: table of `tariffs.price`; None: left out.
        tariffs_left_out: why.
        segments: subscriber_id and segment.
        services: subscriber_id, rank and service_id.
        effects: see `effects.COLUMNS`.
        measured: what `measuring.Measured.content` says; None: nobody looked.
        lacking: what the extracts do not say: campaigns, care, on_red_list, no_contact.
        simulated: whether a simulator made the subscribers.
    """

    at: Moment
    scores: pd.DataFrame
    reasons: pd.DataFrame
    people: pd.DataFrame
    facts: pd.DataFrame
    playbook: Playbook
    params: PlanParams
    contact: ContactParams
    tiers: Sequence[str]
    reason_codes: Sequence[str]
    campaigns: pd.DataFrame = field(default_factory=no_campaigns)
    earlier: pd.DataFrame = field(default_factory=no_plans)
    tariffs: pd.DataFrame | None = None
    tariffs_left_out: str | None = None
    segments: pd.DataFrame | None = None
    services: pd.DataFrame | None = None
    effects: pd.DataFrame | None = None
    measured: Mapping[str, Any] | None = None
    lacking: Sequence[str] = ()
    simulated: bool = False

    def hold(self) -> None:
        """Refuse what does not fit together.

        Raises:
            ChurnlightError: names a table and the columns it lacks.
        """
        for name, table, columns in (
            ("scores", self.scores, _SCORES),
            ("reasons", self.reasons, ("subscriber_id", "rank", "direction", "reason")),
            ("labels", self.people, ("subscriber_id", "account_id", "region", "activated_on")),
            ("segments", self.segments, ("subscriber_id", "segment")),
            ("services", self.services, ("subscriber_id", "rank", "service_id")),
        ):
            lacking = [] if table is None else [c for c in columns if c not in table.columns]
            if lacking:
                raise ChurnlightError(
                    f"{name} of as_of {self.at.key} lack {', '.join(lacking)}: run the stage that "
                    "makes them again"
                )


def candidates(inputs: PlanInputs) -> pd.DataFrame:
    """Everybody in `plan.tiers`, sorted by subscriber, with all that is known of them.

    Returns:
        One row a subscriber: the columns of scores used here, reason (the strongest that raises the
        risk; null without one), segment (null without one), account_id, region, activated_on, and
        `FACTS`.
    """
    scores = inputs.scores[list(_SCORES)]
    rows = scores[scores["tier"].isin(list(inputs.params.tiers))]
    rows = rows.sort_values("subscriber_id", kind="stable")
    first = inputs.reasons[
        inputs.reasons["direction"].eq("up").to_numpy(dtype=bool)
        & inputs.reasons["rank"].eq(1).to_numpy(dtype=bool)
    ]
    for table, columns in (
        (first, ["reason"]),
        (inputs.segments, ["segment"]),
        (inputs.people, ["account_id", "region", "activated_on"]),
        (inputs.facts, list(FACTS[1:])),
    ):
        rows = _beside(rows, table, columns)
    return rows.reset_index(drop=True)


def _beside(rows: pd.DataFrame, table: pd.DataFrame | None, columns: list[str]) -> pd.DataFrame:
    """Columns of another table beside the rows, null where it has none."""
    if table is None:
        return rows.assign(**dict.fromkeys(columns, None))
    known = table.drop_duplicates("subscriber_id").set_index("subscriber_id")
    place = known.index.get_indexer(pd.Index(rows["subscriber_id"]))
    found: dict[str, Any] = {}
    for column in columns:
        taken = np.full(len(rows), None, dtype=object)
        if column in known:
            taken[place >= 0] = known[column].astype(object).to_numpy()[place[place >= 0]]
        taken[pd.isna(taken)] = None
        found[column] = taken
    return rows.assign(**found)

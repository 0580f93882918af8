"""Who was assigned to what: one row a subscriber and campaign, by the arm drawn for it.

Analysis is by intention to treat: who was assigned counts in that arm, contacted or not. Anything
else compares people who can be reached with people who can't.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from churnlight.identity import ID

CAMPAIGN = "campaign_id"
KEY = [CAMPAIGN, ID]
TREATED, CONTROL = "treated", "control"
STEPS = ("contacted", "accepted", "succeeded")


@dataclass(frozen=True)
class Assigned:
    """Assignments ready to be analysed.

    Attributes:
        rows: campaign_id, subscriber_id (unique together, sorted), offered_at, action, channel,
            treated, `STEPS` (true, false or missing), cost (summed), repeats.
        left_out: assignments left out, by reason: both_arms (the same subscriber stands in both
            arms of a campaign), no_arm.
    """

    rows: pd.DataFrame
    left_out: dict[str, int]


def assigned(offers: pd.DataFrame) -> Assigned:
    """Turn the extract `campaigns` into assignments.

    A subscriber with several rows in a campaign is one assignment, at the first offer; a step was
    taken if any row says so, and costs add up.

    Args:
        offers: its rows as known (`known.as_known`), of any columns in any order.
    """
    columns = [*KEY, "offered_at", "action", "channel", "arm", *STEPS, "cost"]
    rows = offers.reindex(columns=columns)
    lacking = rows["arm"].isna()
    rows = rows[~lacking].assign(treated=lambda frame: frame["arm"] == TREATED)
    for step in STEPS:
        rows[step] = rows[step].astype("boolean")
    order = [*KEY, "offered_at", "action", "channel", "arm", "cost", *STEPS]
    rows = rows.sort_values(order, ignore_index=True)
    # Cents add up in any order alike.
    rows["cents"] = rows["cost"].astype("float64").fillna(0.0).mul(100).round().astype("int64")
    grouped = rows.groupby(KEY, sort=True)
    mixed = grouped["treated"].min() != grouped["treated"].max()
    one = grouped.agg(
        offered_at=("offered_at", "first"),
        action=("action", "first"),
        channel=("channel", "first"),
        treated=("treated", "first"),
        **{step: (step, "max") for step in STEPS},
        cost=("cents", "sum"),
        repeats=("arm", "size"),
    )
    one["cost"] = one["cost"] / 100
    left_out = {"both_arms": int(mixed.sum()), "no_arm": int(lacking.sum())}
    return Assigned(one[~mixed].reset_index(), {k: n for k, n in left_out.items() if n})

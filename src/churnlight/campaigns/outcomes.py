"""What became of those assigned: whether they left, and what they paid, once that is known.

    month      M-1         | M (offered) | M+1 ... M+follow |
               on the books              [--- follow-up ---]  outcome known

Whoever was on the books at the end of the month before the offer's counts; who was not is no matter
of the campaign's. The outcome is complete when the last follow-up month's snapshot is known.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from churnlight.campaigns.assigned import CAMPAIGN, KEY
from churnlight.identity import ID
from churnlight.schema import ON_THE_BOOKS
from churnlight.timeline import Month

KNOWN, NOT_YET, NOT_HERE, NO_SNAPSHOT = "known", "not_yet", "not_on_books_before", "no_snapshot"

COLUMNS = [*KEY, "account", "outcome", "churned", "bill_money"]


def outcomes(
    rows: pd.DataFrame,
    snapshots: pd.DataFrame,
    bills: pd.DataFrame | None,
    follow_months: int,
    newest: Month,
) -> pd.DataFrame:
    """Follow every assignment.

    Args:
        rows: see `Assigned`.
        snapshots: subscriber_id, month ("YYYY-MM"), status, activated_on, and account_id where
            there is one; known snapshots of all months there are, of those assigned at least.
        bills: subscriber_id, month, total_charge; known bills; None: there are none.
        follow_months: months after the offer's own.
        newest: the last month whose snapshots are known; later rows are not looked at.

    Returns:
        One row an assignment, in the order of `rows`: campaign_id, subscriber_id, account (the
        subscriber's id where there is none), outcome (`KNOWN` or why not), churned (null unless
        known: off the books at the end of the follow-up, or another holder), bill_money (a month
        of the follow-up, on the mean; 0 for months after leaving; null where a month on the books
        has no bill).
    """
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    offered = [Month.of(moment) for moment in rows["offered_at"]]
    there = {m for m in snapshots["month"].unique() if m <= str(newest)}
    shown = snapshots[snapshots["month"].isin(there)]
    begun = _at(rows, [month - 1 for month in offered], shown)
    ended = _at(rows, [month + follow_months for month in offered], shown)
    found = rows[KEY].reset_index(drop=True)
    found["account"] = begun["account_id"].astype("string").fillna(found[ID].astype("string"))
    found["outcome"] = np.select(
        [
            [month + follow_months > newest for month in offered],
            [
                str(month - 1) not in there or str(month + follow_months) not in there
                for month in offered
            ],
            ~begun["here"].to_numpy(dtype=bool),
        ],
        [NOT_YET, NO_SNAPSHOT, NOT_HERE],
        KNOWN,
    )
    known = found["outcome"] == KNOWN
    stays = ended["here"] & (ended["activated_on"] == begun["activated_on"])
    found["churned"] = (~stays).astype("boolean").where(known)
    found["bill_money"] = np.nan
    if bills is None:
        return found
    paid = bills[bills["month"] <= str(newest)]
    months = [
        _paid(rows, [month + k for month in offered], shown, paid, begun["activated_on"])
        for k in range(1, follow_months + 1)
    ]
    found["bill_money"] = pd.concat(months, axis=1).mean(axis=1, skipna=False).where(known)
    return found


def _paid(
    rows: pd.DataFrame,
    months: list[Month],
    shown: pd.DataFrame,
    bills: pd.DataFrame,
    holder: pd.Series,
) -> pd.Series:
    """A month's bill of who held the line at the offer; 0 where that holder has gone."""
    state, bill = _at(rows, months, shown), _bill(rows, months, bills)
    theirs = state["here"] & (state["activated_on"] == holder)
    other = state["here"] & ~theirs
    # Who has gone may still have a last bill; another holder's bill is not theirs.
    gone = bill.where(~other, 0.0).fillna(0.0)
    return bill.where(theirs, gone)


def _at(rows: pd.DataFrame, months: list[Month], shown: pd.DataFrame) -> pd.DataFrame:
    """Each row's snapshot of a month of its own: here (on the books), activated_on, account_id."""
    wanted = pd.DataFrame({ID: rows[ID].to_numpy(), "month": [str(month) for month in months]})
    columns = shown.reindex(columns=[ID, "month", "status", "activated_on", "account_id"])
    found = wanted.merge(columns, on=[ID, "month"], how="left", validate="many_to_one")
    return found.assign(here=found["status"].isin(ON_THE_BOOKS))


def _bill(rows: pd.DataFrame, months: list[Month], bills: pd.DataFrame) -> pd.Series:
    wanted = pd.DataFrame({ID: rows[ID].to_numpy(), "month": [str(month) for month in months]})
    columns = bills[[ID, "month", "total_charge"]]
    found = wanted.merge(columns, on=[ID, "month"], how="left", validate="many_to_one")
    return found["total_charge"].astype("float64")


def standing_at(
    rows: pd.DataFrame, scored: dict[str, pd.DataFrame], columns: Collection[str]
) -> pd.DataFrame:
    """What was said of each before its offer: from the newest score whose cutoff had passed.

    Args:
        rows: see `Assigned`.
        scored: cutoff of a scored month ("YYYY-MM-DD") -> subscriber_id and `columns`, unique.
        columns: to take over, such as tier, reason, segment, score.

    Returns:
        campaign_id, subscriber_id and the columns; null where there was no score.
    """
    cutoffs = sorted(scored)
    days = [f"{moment:%Y-%m-%d}" for moment in rows["offered_at"]]
    newest = [max((c for c in cutoffs if c <= day), default=None) for day in days]
    parts = [table.assign(_cutoff=cutoff) for cutoff, table in scored.items()]
    found = rows[KEY].reset_index(drop=True).assign(_cutoff=pd.Series(newest, dtype="object"))
    if not parts:
        return found.drop(columns="_cutoff").reindex(columns=[*KEY, *columns])
    every = pd.concat(parts, ignore_index=True).reindex(columns=[ID, "_cutoff", *columns])
    every["_cutoff"] = every["_cutoff"].astype("object")
    joined = found.merge(every, on=[ID, "_cutoff"], how="left", validate="many_to_one")
    return joined[[CAMPAIGN, ID, *columns]]

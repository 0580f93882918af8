"""Who must not be proposed anything, and why.

- left: gone since as_of (`left_before_cutoff`).
- red_list, no_contact: as the last snapshot says that was known at the cutoff.
- port_out: applied to port out before the cutoff. The rules on number portability (工信部信管
  〔2019〕242号, 携号转网服务管理规定) forbid operators special tariffs and campaigns for those who
  port, and to interfere with the choice of who has applied. They are served like anybody, and get
  no contact from here.
- contacted: reached within `contact.rest_days` before the cutoff.

Nothing that was not known before the cutoff is looked at, and nothing of an earlier holder of the
id.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from churnlight.learners.dataset import BoolArray
from churnlight.plan.wording import SUPPRESSED

REASONS = tuple(SUPPRESSED)


def suppressed(rows: pd.DataFrame, contacts: pd.DataFrame, cutoff: datetime, rest_days: int) -> Any:
    """What speaks against proposing anything.

    Args:
        rows: subscriber_id, left_before_cutoff, on_red_list, no_contact, filed_at (last application
            to port out; null: none) and activated_on of each candidate.
        contacts: subscriber_id and contacted_at (see `contacted`).
        cutoff: nothing from here on is known.
        rest_days: see `params.plan.ContactParams`.

    Returns:
        One column of booleans a reason, in the order of `REASONS`, by the rows' index.
    """
    since = rows.set_index("subscriber_id")["activated_on"]
    return pd.DataFrame(
        {
            "left": _true(rows["left_before_cutoff"]),
            "red_list": _true(rows["on_red_list"]),
            "no_contact": _true(rows["no_contact"]),
            "port_out": _known(rows["filed_at"], rows["activated_on"], cutoff),
            "contacted": _rested(rows, contacts, since, cutoff, rest_days),
        },
        index=rows.index,
    )[list(REASONS)]


def contacted(campaigns: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    """When whom a campaign reached, as known before the cutoff.

    An offer counts from the day it was made, until an answer says that nobody was reached; where
    somebody was, the day of that counts too. Who was withheld an offer was not contacted.

    Args:
        campaigns: subscriber_id, offered_at, arm, responded_at and contacted of kept rows.
        cutoff: nothing from here on is known.

    Returns:
        subscriber_id and contacted_at.
    """
    treated = campaigns["arm"].eq("treated").to_numpy(dtype=bool)
    rows = campaigns[treated & _before(campaigns["offered_at"], cutoff)]
    answered = _before(rows["responded_at"], cutoff)
    reached = rows["contacted"].astype("object").to_numpy()
    missed = answered & np.array([r is False or r == 0 for r in reached], dtype=bool)
    met = answered & _true(rows["contacted"])
    return pd.concat(
        [
            _at(rows.loc[~missed], "offered_at"),
            _at(rows.loc[met], "responded_at"),
        ],
        ignore_index=True,
    )


def _at(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    times = pd.to_datetime(rows[column]).astype("datetime64[us]")
    return pd.DataFrame({"subscriber_id": rows["subscriber_id"], "contacted_at": times})


def _rested(
    rows: pd.DataFrame,
    contacts: pd.DataFrame,
    since: pd.Series[Any],
    cutoff: datetime,
    rest_days: int,
) -> BoolArray:
    times = pd.to_datetime(contacts["contacted_at"])
    began = pd.to_datetime(contacts["subscriber_id"].map(since))
    late = times >= pd.Timestamp(cutoff - timedelta(days=rest_days))
    counts = late.to_numpy(dtype=bool) & _before(times, cutoff)
    # Who has the id now was not contacted when somebody else had it.
    counts &= ~(times < began).to_numpy(dtype=bool)
    found: BoolArray = rows["subscriber_id"].isin(contacts.loc[counts, "subscriber_id"]).to_numpy()
    return found


def _known(times: pd.Series[Any], since: pd.Series[Any], cutoff: datetime) -> BoolArray:
    at, began = pd.to_datetime(times), pd.to_datetime(since)
    known: BoolArray = _before(at, cutoff) & ~(at < began).to_numpy(dtype=bool)
    return known


def _before(times: pd.Series[Any], cutoff: datetime) -> BoolArray:
    before: BoolArray = (pd.to_datetime(times) < pd.Timestamp(cutoff)).to_numpy(dtype=bool)
    return before


def _true(flags: pd.Series[Any]) -> BoolArray:
    """Where a flag is set; null is not."""
    found: BoolArray = flags.astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    return found

"""The simulated operator's causes of leaving, and the reasons that name them.

Nothing in the pipeline reads this: it is what studies hold the explanations to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import ChurnlightError

# By the truth's share_<cause>. Nothing in the extracts shows "unexplained": no reason can name it,
# so whoever leaves for it counts as missed. "bills" are bills that fall by themselves.
REASONS_OF: Mapping[str, frozenset[str]] = {
    "contract": frozenset({"contract_ending"}),
    "misfit": frozenset({"plan_misfit"}),
    "contagion": frozenset({"contacts_to_rival", "contacts_left"}),
    "second_sim": frozenset({"second_sim"}),
    "complaint": frozenset({"service_trouble"}),
    "drift": frozenset({"falling_silent"}),
    "group": frozenset({"group_leaving"}),
    "handset": frozenset({"handset"}),
    "moving": frozenset({"moving_away"}),
    "bills": frozenset({"bill_falling"}),
    "unexplained": frozenset(),
}
TOP = 3  # reasons that raise the risk, of those that are stored
TIERS = ("red", "white")
_SHARE = "share_"


@dataclass(frozen=True)
class Held:
    """True leavers held to the truth, one row each, in the order of subscriber_id.

    Attributes:
        rows: subscriber_id, account_id (where the scores have one), cause (with the largest share
            of the hazard), share (its share), named (its reason is among the top three), usual (it
            is among the three commonest reasons, which could be named to everyone).
        commonest: the three reasons that the subscribers of these tiers have most often among their
            top three; leavers or not, since nobody knows who leaves.
    """

    rows: pd.DataFrame
    commonest: tuple[str, ...]

    def by_cause(self) -> list[dict[str, Any]]:
        """cause, leavers, named, usual (counts): one entry a cause, the most leavers first."""
        found = []
        for cause, rows in self.rows.groupby("cause"):
            named, usual = int(rows["named"].sum()), int(rows["usual"].sum())
            found.append({"cause": cause, "leavers": len(rows), "named": named, "usual": usual})
        return sorted(found, key=lambda r: (-r["leavers"], r["cause"]))

    def total(self) -> dict[str, int]:
        """leavers, named, usual: counts over all causes."""
        return {
            "leavers": len(self.rows),
            "named": int(self.rows["named"].sum()),
            "usual": int(self.rows["usual"].sum()),
        }


def held_to_truth(
    reasons: pd.DataFrame,
    outlook: pd.DataFrame,
    scores: pd.DataFrame,
    tiers: Sequence[str] = TIERS,
) -> Held:
    """Whether the true leavers' main cause is among the reasons that they were given.

    Args:
        reasons: rows of reasons.parquet of an as_of; subscriber_id, rank, direction and reason are
            read.
        outlook: the truth of that as_of: subscriber_id and share_<cause> (of the label's hazard).
        scores: subscriber_id, tier, churned (bool, null: left out) and, where there is one,
            account_id; leave out who was treated, for the outlook is about nobody making an offer.
        tiers: whose leavers are judged.

    Raises:
        ChurnlightError: when the outlook knows a cause that no reason is given for here, or lacks
            a subscriber.
    """
    inside = scores[scores["tier"].isin(list(tiers)) & scores["churned"].notna()]
    top = reasons[(reasons["direction"] == "up") & (reasons["rank"] <= TOP)]
    top = top[top["subscriber_id"].isin(inside["subscriber_id"])]
    counts = top["reason"].value_counts()
    commonest = tuple(sorted(counts.index, key=lambda r: (-int(counts[r]), r))[:TOP])
    said = top.groupby("subscriber_id")["reason"].agg(frozenset)
    leavers = inside[inside["churned"].astype(bool)].sort_values("subscriber_id")
    main = _main_cause(outlook, leavers["subscriber_id"])
    kept = [c for c in ("subscriber_id", "account_id") if c in leavers]
    rows = leavers[kept].reset_index(drop=True).join(main)
    given = rows["subscriber_id"].map(said)
    rows["named"] = [
        isinstance(g, frozenset) and bool(REASONS_OF[c] & g)
        for c, g in zip(rows["cause"], given, strict=True)
    ]
    rows["usual"] = [bool(REASONS_OF[c] & set(commonest)) for c in rows["cause"]]
    return Held(rows, commonest)


def _main_cause(outlook: pd.DataFrame, subscribers: pd.Series[Any]) -> pd.DataFrame:
    """Cause and share of each subscriber, in their order; the first cause on a tie."""
    columns = [c for c in outlook.columns if c.startswith(_SHARE)]
    causes = np.array([c.removeprefix(_SHARE) for c in columns], dtype=object)
    if unknown := sorted(set(causes) - set(REASONS_OF)):
        raise ChurnlightError(
            f"causes without a reason: {', '.join(unknown)}: name theirs in "
            "churnlight.demo.reasons_of_causes"
        )
    shares = outlook.set_index("subscriber_id")[columns].reindex(subscribers).to_numpy("float64")
    if np.isnan(shares).any():
        raise ChurnlightError(
            f"the outlook lacks {int(np.isnan(shares).any(axis=1).sum())} of {len(shares)} leavers:"
            " it is of another as_of or operator"
        )
    best = shares.argmax(axis=1) if len(shares) else np.empty(0, dtype=np.int64)
    return pd.DataFrame({"cause": causes[best], "share": shares[np.arange(len(best)), best]})

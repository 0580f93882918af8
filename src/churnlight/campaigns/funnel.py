"""How far the contacts got, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from churnlight.assess.tables import wilson
from churnlight.campaigns.assigned import STEPS

# Each step with what it is a share of: the published funnel of such a campaign.
SHARES = (("contacted", "target"), ("accepted", "contacted"), ("succeeded", "contacted"))


def funnel(rows: pd.DataFrame) -> dict[str, Any]:
    """Target, contacted, accepted, succeeded among those assigned to an offer.

    Args:
        rows: `treated`, `STEPS` and cost of assignments, whatever their outcome. A step that is
            missing was not taken, and is counted as unknown too.

    Returns:
        target, the steps' counts, shares ({step: {share, low, high, of}}), unknown (rows without a
        word on contact), cost_money of the treated; of the control group: control, and
        control_contacted and control_cost_money, which should be 0.
    """
    treated = rows["treated"].astype(bool)
    mine, held = rows[treated], rows[~treated]
    counts = {"target": len(mine), **{s: int(mine[s].fillna(value=False).sum()) for s in STEPS}}
    shares = {}
    for step, whole in SHARES:
        part, of = counts[step], counts[whole]
        # A success without a contact on record would make more than all of them.
        low, high = wilson(min(part, of), of)
        shares[step] = {
            "of": whole,
            "share": None if of == 0 else round(part / of, 6),
            "low": None if low is None else round(low, 6),
            "high": None if high is None else round(high, 6),
        }
    return {
        **counts,
        "shares": shares,
        "unknown": int(mine["contacted"].isna().sum()),
        "cost_money": _money(mine),
        "control": len(held),
        "control_contacted": int(held["contacted"].fillna(value=False).sum()),
        "control_cost_money": _money(held),
    }


def funnels(rows: pd.DataFrame, columns: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """`funnel` by each value of some columns, by value (missing last)."""
    found: dict[str, list[dict[str, Any]]] = {}
    for column in columns:
        values = sorted(rows[column].dropna().unique().tolist(), key=str)
        parts = [(value, rows[rows[column] == value]) for value in values]
        if rows[column].isna().any():
            parts.append((None, rows[rows[column].isna()]))
        found[column] = [{"value": value, **funnel(part)} for value, part in parts]
    return found


def _money(rows: pd.DataFrame) -> float:
    cents = rows["cost"].fillna(0.0).mul(100).round().astype("int64").sum()
    return float(cents) / 100

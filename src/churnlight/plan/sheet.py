"""What callers see: the offers that are to be made, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churnlight.plan.arms import TREATED, as_text
from churnlight.plan.playbook import Playbook

_TEXTS = ("offer_en", "offer_zh", "never_en", "never_zh", "wording_en", "wording_zh")
COLUMNS = (
    *("place", "subscriber_id", "account_id", "region", "tier", "reason", "action", "channel"),
    *_TEXTS,
    *("rate_source", "expected_profit_money"),
)


def caller_rows(plan: pd.DataFrame, book: Playbook) -> pd.DataFrame:
    """The rows of the callers' sheet, the most profitable first.

    Who is in the control group, is suppressed or was not chosen never stands on it.

    Args:
        plan: rows of plan.parquet.
        book: the playbook that it was made with, for the texts.

    Returns:
        `COLUMNS`: place from 1, action and channel by their names, what to offer, what must not be
        offered and how to begin in both languages, expected profit; ties by subscriber_id.
    """
    listed = plan["status"].eq("listed") & plan["arm"].eq(TREATED) & plan["suppressed_by"].isna()
    rows = plan[listed.to_numpy(dtype=bool)]
    order = np.lexsort((np.arange(len(rows)), -rows["expected_profit_money"].to_numpy(dtype=float)))
    rows = rows.iloc[order].reset_index(drop=True)
    texts = [texts_of(row, book) for row in rows.to_dict("records")]
    told = pd.DataFrame(texts, columns=list(_TEXTS), dtype=object)
    places = pd.Series(np.arange(1, len(rows) + 1), name="place", dtype="int64")
    return pd.concat([places, rows, told], axis=1)[list(COLUMNS)]


def texts_of(row: Mapping[Any, Any], book: Playbook) -> dict[str, str]:
    """What to offer, what must not be, and how to begin, for one row of the plan.

    Args:
        row: of plan.parquet, with a proposal.
        book: the playbook.

    Returns:
        offer, never and wording in both languages, by column of `COLUMNS`.
    """
    offer, wording = book.offers[str(row["offer"])], book.wordings[str(row["wording"])]
    filled = {
        "plan": as_text(row["plan_id"]) or "",
        "fee": _money(row["plan_fee_money"]),
        "change": _money(row["revenue_change_money"], sign="+"),
        "allowance": _money(row["allowance_money"]),
        "cost": _money(row["cost_money"]),
        "service": as_text(row["service_id"]) or "",
    }
    return {
        "offer_en": offer.en.format(**filled),
        "offer_zh": offer.zh.format(**filled),
        "never_en": offer.never_en.format(**filled),
        "never_zh": offer.never_zh.format(**filled),
        "wording_en": wording.en.format(**filled),
        "wording_zh": wording.zh.format(**filled),
    }


def _money(value: Any, sign: str = "") -> str:
    return "" if value is None or pd.isna(value) else f"{float(value):{sign},.2f}"

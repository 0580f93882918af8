"""What the report is made of: plain values, read by the stage and handed in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from churnlight.timeline import Role, TimeRules

Language = Literal["en", "zh"]
Learner = Literal["gbm", "tree"]


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from.

    Attributes:
        commit: git commit of the code, None when there is no repository; "+changes" when edited.
        data: SHA-256 of what was read and made, by name (a path inside the project).
        parameters: values by dotted name, for example "time.window_months".
    """

    commit: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportInputs:
    """Everything the report shows.

    Attributes:
        language: the language it opens in; both are inside.
        details: content of data/evaluation/details.json.
        importance: content of data/explanations/importance.json, each row with "en" and "zh" (what
            the feature means) and, where known, "unit".
        attrition: content of data/labels/as_of=X/attrition.json by as_of.
        scored: the newest scored month, see `scored_tiers`; None when none is scored.
        time: section `time` of the parameters.
        as_ofs: role of each as_of, "YYYY-MM-DD".
        label_kinds: what counts as churned.
        champion: the model whose tiers the team works with.
        provenance: commit, hashes, parameters.
        ablation: content of data/backtest/ablation.json, where `churnlight backtest` wrote it.
        month: what is known of the newest scored month, see `view_month.month_views`.
        least: subscribers below which a group is not shown (`privacy.min_group`).
    """

    language: Language
    details: Mapping[str, Any]
    importance: Sequence[Mapping[str, Any]]
    attrition: Mapping[str, Mapping[str, Any]]
    scored: Mapping[str, Any] | None
    time: TimeRules
    as_ofs: Mapping[str, Role]
    label_kinds: tuple[str, ...]
    champion: Learner
    provenance: Provenance
    ablation: Mapping[str, Any] | None = None
    month: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    least: int = 1


def scored_tiers(scores: pd.DataFrame, names: Sequence[str]) -> dict[str, Any]:
    """Add up a month of scores by tier.

    Args:
        scores: rows of data/scores/as_of=X/scores.parquet.
        names: the tiers in rising risk; a tier without subscribers is kept.

    Returns:
        {"as_of", "subscribers", "left_before_cutoff", "tiers": [{"tier", "subscribers", "to_call"
        (without those who left before the cutoff), "monthly_bills_money", "bills_at_risk_money"}]};
        money is None when no subscriber has a bill.
    """
    gone = scores["left_before_cutoff"].fillna(value=False).astype(bool)
    tiers = []
    for name in names:
        inside = scores["tier"] == name
        tiers.append(
            {
                "tier": name,
                "subscribers": int(inside.sum()),
                "to_call": int((inside & ~gone).sum()),
                "monthly_bills_money": _total(scores.loc[inside, "monthly_bill_money"]),
                "bills_at_risk_money": _total(scores.loc[inside, "value_at_risk_money"]),
            }
        )
    as_of = "" if scores.empty else str(scores["as_of"].iloc[0])[:10]
    return {
        "as_of": as_of,
        "subscribers": len(scores),
        "left_before_cutoff": int(gone.sum()),
        "tiers": tiers,
    }


def _total(money: pd.Series[Any]) -> float | None:
    # fsum rounds once, at the end: the same total whatever the order of the rows.
    there = money.dropna()
    return None if there.empty else math.fsum(float(value) for value in there)

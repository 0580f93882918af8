"""Did it work? The report on assignments and their outcomes, as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churnlight.campaigns.assigned import KEY, Assigned
from churnlight.campaigns.effects import (
    PROVOKES,
    SAVES,
    UNCLEAR,
    Effect,
    controlled,
    difference,
    direction,
    verdict,
)
from churnlight.campaigns.funnel import funnel, funnels
from churnlight.campaigns.outcomes import KNOWN
from churnlight.campaigns.qini import qini
from churnlight.campaigns.shrinking import grouped
from churnlight.campaigns.sizing import sample_sizes
from churnlight.campaigns.words import note, warning
from churnlight.params.base import SCHEMA_VERSION

# By what effects are told apart, where the rows say it.
GROUPS = ("tier", "reason", "segment", "action", "channel")
SCORE = "score"
_FEW = 10
_UNEVEN = 0.05


@dataclass(frozen=True)
class Terms:
    """What a report goes by.

    Attributes:
        follow_months: months after the offer's own until the outcome is read.
        margin: share of a bill that is left to the operator.
        value_months: months for which who is saved is assumed to go on paying.
        control_share: held out in the next campaign, for its size.
        least_lines: an arm with fewer lines of known outcome claims nothing.
        resamples: behind the Qini coefficient's interval.
        seed: of the resamples.
    """

    follow_months: int = 3
    margin: float = 0.4
    value_months: float = 6.0
    control_share: float = 0.1
    least_lines: int = 30
    resamples: int = 200
    seed: int = 7


def report(
    who: Assigned,
    found: pd.DataFrame,
    standing: pd.DataFrame | None = None,
    terms: Terms | None = None,
) -> dict[str, Any]:
    """Judge what was assigned by what became of it.

    Args:
        who: the assignments.
        found: their outcomes, see `outcomes.outcomes`; bill_money all null where there are none.
        standing: campaign_id, subscriber_id and any of tier, reason, segment and score, as said
            before the offer.
        terms: see `Terms`.

    Returns:
        schema_version; effect_claimed; why_not (None: it is); notes and warnings with both texts;
        follow_months; assignments (counts); funnel and funnels; and where an effect is claimed:
        churn, revenue, cost, groups, qini, next_campaign. See docs/campaigns.md.
    """
    terms = terms or Terms()
    rows = judged_rows(who, found)
    if standing is not None:
        extra = standing[[*KEY, *(c for c in (*GROUPS[:3], SCORE) if c in standing.columns)]]
        rows = rows.merge(extra, on=KEY, how="left", validate="one_to_one")
    by = [c for c in GROUPS if c in rows.columns and rows[c].notna().any()]
    known = controlled_rows(rows)
    why_not = _why_not(rows, known, terms)
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "effect_claimed": why_not is None,
        "why_not": None if why_not is None else note(why_not),
        "follow_months": terms.follow_months,
        "assignments": _counts(rows),
        "funnel": funnel(rows),
        "funnels": funnels(rows, by),
        "notes": _notes(who, rows, known, standing),
        "warnings": [],
    }
    if why_not is None:
        content |= _effects(rows, known, by, terms)
        content["warnings"] = _warnings(content)
        content["notes"] += _rough(known, content, terms)
    return content


def judged_rows(who: Assigned, found: pd.DataFrame) -> pd.DataFrame:
    """Assignments with what became of them."""
    return who.rows.merge(found, on=KEY, how="left", validate="one_to_one")


def controlled_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Lines with a known outcome, of campaigns with both arms, weighted."""
    return controlled(rows[rows["outcome"] == KNOWN])


def _why_not(rows: pd.DataFrame, known: pd.DataFrame, terms: Terms) -> str | None:
    """Why no effect is claimed; None: it is."""
    if rows.empty:
        return "no_offers"
    if rows["treated"].all():
        return "no_control"
    if not rows["treated"].any():
        return "no_treated"
    complete = rows[rows["outcome"] == KNOWN]
    if complete.empty:
        return "nothing_known"
    if known.empty:
        return "no_control" if complete["treated"].any() else "no_treated"
    treated = int(known["treated"].sum())
    return "too_few" if min(treated, len(known) - treated) < terms.least_lines else None


def _counts(rows: pd.DataFrame) -> dict[str, int]:
    known = rows["outcome"] == KNOWN
    return {
        "campaigns": int(rows["campaign_id"].nunique()),
        "treated": int(rows["treated"].sum()),
        "control": int((~rows["treated"].astype(bool)).sum()),
        "treated_known": int((known & rows["treated"].astype(bool)).sum()),
        "control_known": int((known & ~rows["treated"].astype(bool)).sum()),
    }


def _effects(
    rows: pd.DataFrame, known: pd.DataFrame, by: list[str], terms: Terms
) -> dict[str, Any]:
    churn = difference(known.assign(churned=known["churned"].astype(bool)), "churned")
    if churn is None:  # both arms have lines, see `_why_not`
        raise ValueError("an arm is empty")
    known = known.assign(churned=known["churned"].astype(bool))
    billed = controlled(known[known["bill_money"].notna()])
    revenue = difference(billed, "bill_money") if len(billed) else None
    treated = int(rows["treated"].sum())
    shown = churn.difference if verdict(churn.low, churn.high) == SAVES else None
    ranked = SCORE in known.columns and known[SCORE].notna().any()
    return {
        "churn": {
            **churn.to_json(),
            "verdict": verdict(churn.low, churn.high),
            "design": round(churn.design, 6),
        },
        "revenue": None
        if revenue is None
        else {**revenue.to_json(4), "verdict": direction(revenue.low, revenue.high)},
        "cost": _cost(known, (churn, revenue), terms),
        "groups": {column: grouped(known, column, churn) for column in by},
        "qini": qini(known, SCORE, terms.resamples, terms.seed) if ranked else None,
        "next_campaign": {
            "control_share": terms.control_share,
            "cost_each_money": round(content_cost(rows) / max(treated, 1), 4),
            "sizes": sample_sizes(churn.control, churn.design, terms.control_share, shown),
        },
    }


def content_cost(rows: pd.DataFrame) -> float:
    """Cost of all treated assignments."""
    return float(funnel(rows)["cost_money"])


def _cost(
    known: pd.DataFrame, effects: tuple[Effect, Effect | None], terms: Terms
) -> dict[str, Any]:
    """Cost and return of the treated lines whose outcome is known.

    Measured: the revenue of the follow-up, margin x difference x months x lines, less the cost.
    Assumed on top: that who was saved goes on paying for `value_months`.
    """
    churn, revenue = effects
    treated = churn.lines_treated
    cost = content_cost(known)

    def scaled(value: float | None, factor: float, less: float = 0.0) -> float | None:
        return None if value is None else round(value * factor - less, 2) + 0.0

    # Fewer leavers is a difference below 0, so the interval's ends change places.
    saved = {
        "estimate": scaled(churn.difference, -treated),
        "low": scaled(churn.high, -treated),
        "high": scaled(churn.low, -treated),
    }
    content: dict[str, Any] = {
        "lines_treated": treated,
        "cost_money": round(cost, 2),
        "saved_lines": saved,
        "measured": None,
        "assumed": None,
    }
    if revenue is None:
        return content
    factor = terms.margin * terms.follow_months * treated
    low, high = (scaled(end, factor, cost) for end in (revenue.low, revenue.high))
    content["measured"] = {
        "margin": terms.margin,
        "months": terms.follow_months,
        "profit_money": scaled(revenue.difference, factor, cost),
        "low": low,
        "high": high,
        "verdict": {"more": "pays", "less": "does_not_pay"}.get(direction(low, high), UNCLEAR),
    }
    stayed = known.loc[~known["churned"].astype(bool), "bill_money"].mean()
    each = terms.margin * terms.value_months * (0.0 if pd.isna(stayed) else float(stayed))
    content["assumed"] = {
        "value_months": terms.value_months,
        "value_each_money": round(each, 2),
        "profit_money": scaled(churn.difference, -treated * each, cost),
        "low": scaled(churn.high, -treated * each, cost),
        "high": scaled(churn.low, -treated * each, cost),
    }
    return content


def _warnings(content: Mapping[str, Any]) -> list[dict[str, object]]:
    """Where contact saves nobody, and where it provokes leaving; all first, then by group."""
    found = []
    if content["churn"]["verdict"] in (UNCLEAR, PROVOKES):
        found.append(warning(None, None, content["churn"]["verdict"]))
    for column, entries in content["groups"].items():
        found += [
            warning(column, entry["value"], entry["verdict"])
            for entry in entries
            if entry["verdict"] in (UNCLEAR, PROVOKES)
        ]
    return found


def _notes(
    who: Assigned, rows: pd.DataFrame, known: pd.DataFrame, standing: pd.DataFrame | None
) -> list[dict[str, str]]:
    counts: dict[str, int] = dict(who.left_out)
    counts |= {
        code: int((rows["outcome"] == code).sum())
        for code in ("not_yet", "not_on_books_before", "no_snapshot")
    }
    complete = rows[rows["outcome"] == KNOWN]
    counts["uncontrolled"] = len(complete) - len(known)
    counts["contaminated"] = funnel(rows)["control_contacted"]
    notes = [note(code, count=count) for code, count in counts.items() if count]
    if standing is None or SCORE not in standing.columns or standing[SCORE].isna().all():
        notes.append(note("no_scores"))
    return notes


def _rough(known: pd.DataFrame, content: Mapping[str, Any], terms: Terms) -> list[dict[str, str]]:
    """What makes the effects less sure than their intervals say."""
    notes = []
    churned, treated = known["churned"].astype(bool), known["treated"].astype(bool)
    if min(int((churned & arm).sum()) for arm in (treated, ~treated)) < _FEW:
        notes.append(note("few_churners"))
    missing = int(known["bill_money"].isna().sum())
    if missing == len(known):
        notes.append(note("no_bills"))
    elif missing:
        notes.append(note("bills_missing", count=missing))
    counts = content["assignments"]
    shares = [counts[f"{arm}_known"] / max(counts[arm], 1) for arm in ("treated", "control")]
    if abs(shares[0] - shares[1]) > _UNEVEN:
        notes.append(
            note("left_out_unevenly", treated=f"{shares[0]:.1%}", control=f"{shares[1]:.1%}")
        )
    if content["cost"]["assumed"] is not None:
        notes.append(note("assumed_value", months=f"{terms.value_months:g}"))
    return notes

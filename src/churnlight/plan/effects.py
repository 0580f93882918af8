"""What a contact does to leaving: the playbook's assumption, or what a campaign measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import DataRefused
from churnlight.learners.dataset import BoolArray, FloatArray

ASSUMED, MEASURED = "assumed", "measured"
# Of the table of measured effects: action (null: all actions), by (all, tier, reason, segment),
# level (null where by is all), effect_share (control's share that left less the treated's).
COLUMNS = ("action", "by", "level", "effect_share")
ALL = "all"


def hold_effects(effects: pd.DataFrame) -> None:
    """Refuse a table of effects that can't be read.

    Raises:
        DataRefused: names what is missing, no share, or said twice.
    """
    if lacking := [c for c in COLUMNS if c not in effects.columns]:
        raise DataRefused(
            f"the table of measured effects lacks {', '.join(lacking)}: expected "
            f"{', '.join(COLUMNS)}"
        )
    shares = effects["effect_share"].to_numpy(dtype=float)
    if not bool((np.isfinite(shares) & (np.abs(shares) <= 1)).all()):
        raise DataRefused("effect_share holds what is no share: expected numbers from -1 to 1")
    if bool(effects.duplicated(["action", "by", "level"]).any()):
        raise DataRefused("the table of measured effects gives one group of an action twice")


def effects_from(report: Mapping[str, Any]) -> pd.DataFrame | None:
    """The table of measured effects from what `campaigns.report` found; None: it claims no effect.

    An action's effect is that of its group, drawn toward the common one; tiers, reasons and
    segments were measured over all actions together.

    Args:
        report: has effect_claimed, and where it is true churn.difference and groups, whose
            differences are the treated's share that left less the control's.
    """
    if not report["effect_claimed"]:
        return None
    rows: list[tuple[str | None, str, str | None, float]] = []
    rows.append((None, ALL, None, -report["churn"]["difference"]))
    for by, entries in report["groups"].items():
        for entry in entries:
            name, share = entry["value"], -entry["shrunk"]["difference"]
            if name is not None and by == "action":
                rows.append((str(name), ALL, None, share))
            elif name is not None and by in ("tier", "reason", "segment"):
                rows.append((None, by, str(name), share))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def measured_of(rows: pd.DataFrame, effects: pd.DataFrame | None, by: str) -> FloatArray:
    """The measured effect for each proposal of each subscriber; NaN where there is none.

    The action's own effect in the subscriber's group counts; else the action's pooled one; else
    what was measured of all actions together, in the group, then pooled.

    Args:
        rows: action, tier, reason and segment of each.
        effects: `COLUMNS`, shrunk toward the pooled effect by who measured them; None: none.
        by: tier, reason or segment.

    Returns:
        By how much fewer leave, as a share of those contacted; below 0: more leave.
    """
    found = np.full(len(rows), np.nan)
    if effects is None:
        return found
    known = {
        (_name(action), str(group), _name(level)): float(share)
        for action, group, level, share in effects[list(COLUMNS)].itertuples(index=False)
    }
    action, level = rows["action"].to_numpy(), rows[by].to_numpy()
    pairs = pd.DataFrame({"action": action, "level": level}).drop_duplicates()
    for one, group in pairs.itertuples(index=False):
        tried = [(a, *g) for a in (one, None) for g in ((by, _name(group)), (ALL, None))]
        share = next((known[key] for key in tried if key in known), None)
        if share is not None:
            same = level == group if _name(group) is not None else pd.isna(level)
            found[(action == one) & same] = share
    return found


def _name(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)


def profit_cents(
    probability: FloatArray,
    saved: FloatArray,
    value_cents: FloatArray,
    cost_cents: FloatArray,
    contact_cents: FloatArray,
) -> FloatArray:
    """Expected profit of a contact, cents.

    saved x (value - cost) - (1 - p) x cost - contact: who is kept pays on and takes the offer;
    who would have stayed takes it too. With an assumption `saved` is p x save rate. Where an effect
    is measured it is that effect, and where it is below 0 those driven away take no offer either.

    Args:
        probability: of leaving, p.
        saved: share kept by the contact, p x save rate or the measured effect.
        value_cents: margin x mean bill x months.
        cost_cents: of the offer, when it is taken.
        contact_cents: of the contact.
    """
    kept: FloatArray = saved * (value_cents - cost_cents)
    return kept - (1 - probability) * cost_cents - contact_cents


def saved_of(
    probability: FloatArray, save_rate: FloatArray, measured: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """The share that a contact keeps, and where it was measured.

    Nobody is kept who would not have left, nor driven away who left anyway.
    """
    known: BoolArray = ~np.isnan(measured)
    effect = np.clip(np.where(known, measured, 0.0), probability - 1, probability)
    return np.where(known, effect, probability * save_rate), known

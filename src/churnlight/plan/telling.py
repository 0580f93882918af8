"""What a plan adds up to: the content of plan.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churnlight.campaigns.effects import PROVOKES, SAVES
from churnlight.plan.arms import CONTROL, TREATED, account_keys
from churnlight.plan.choosing import Choice
from churnlight.plan.effects import ASSUMED, MEASURED
from churnlight.plan.holding import idle_rules
from churnlight.plan.inputs import PlanInputs
from churnlight.plan.wording import NOTICES

SCHEMA_VERSION = 1
# Fewer accounts than this and even a contact that halves leaving would hardly show.
SMALL_CONTROL = 30
_OUTLAY = ("cost_money", "contact_money")


def content_of(
    table: pd.DataFrame, against: pd.DataFrame, choice: Choice, inputs: PlanInputs
) -> dict[str, Any]:
    """The content of plan.json; money in the currency of the parameters.

    Args:
        table: see `building.COLUMNS`.
        against: see `suppress.suppressed`.
        choice: what was chosen of the options.
        inputs: see `PlanInputs`.
    """
    listed = table[table["status"].eq("listed").to_numpy(dtype=bool)]
    treated = listed[listed["arm"].eq(TREATED).to_numpy(dtype=bool)]
    control = listed[listed["arm"].eq(CONTROL).to_numpy(dtype=bool)]
    arms = {
        TREATED: {**_arm(treated), "expected_profit_money": _sum(treated, "expected_profit_money")},
        CONTROL: {
            **_arm(control),
            "until": f"{inputs.at.label_end:%Y-%m-%d}",
            "share": inputs.params.control_share,
        },
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": inputs.at.key,
        "offers_from": f"{inputs.at.cutoff:%Y-%m-%d}",
        "simulated": inputs.simulated,
        "playbook": inputs.playbook.name,
        "subscribers": len(table),
        "tiers": _counts(table, "tier", inputs.params.tiers),
        "status": _counts(table, "status"),
        "suppressed": _suppressed(table, against),
        "control_kept": int((table["status"] == "control_kept").sum()),
        "limits": _limits(listed, treated, inputs),
        "listed": {
            **_arm(listed),
            "expected_profit_money": choice.profit / 100,
            "bound_money": choice.bound / 100,
            "proved_best": choice.profit == choice.bound,
        },
        "arms": arms,
        "measured": inputs.measured,
        "rates": _counts(listed, "rate_source", (ASSUMED, MEASURED)),
        "actions": _actions(listed),
        "notices": _notices(table, control, choice, inputs),
    }


def _arm(rows: pd.DataFrame) -> dict[str, int]:
    return {"subscribers": len(rows), "accounts": int(account_keys(rows).nunique())}


def _sum(rows: pd.DataFrame, *columns: str) -> float:
    """A sum of money, exact in cents."""
    return int(np.rint(rows[list(columns)].to_numpy(dtype=float) * 100).sum()) / 100


def _counts(rows: pd.DataFrame, column: str, names: Any = None) -> dict[str, int]:
    found = rows[column].value_counts()
    order = sorted(found.index) if names is None else names
    return {str(name): int(found.get(name, 0)) for name in order}


def _suppressed(table: pd.DataFrame, against: pd.DataFrame) -> dict[str, dict[str, int]]:
    """By reason: counted once under the first that applies, and all whom it applies to."""
    first = table["suppressed_by"].value_counts()
    return {
        str(name): {"first": int(first.get(name, 0)), "applies": int(against[name].sum())}
        for name in against
    }


def _limits(listed: pd.DataFrame, treated: pd.DataFrame, inputs: PlanInputs) -> dict[str, Any]:
    return {
        "budget_money": inputs.params.budget_money,
        "outlay_money": _sum(listed, *_OUTLAY),
        "outlay_treated_money": _sum(treated, *_OUTLAY),
        "calls": inputs.contact.calls,
        "calls_listed": int(listed["calls"].sum()),
        "calls_treated": int(treated["calls"].sum()),
    }


def _actions(listed: pd.DataFrame) -> list[dict[str, Any]]:
    keys = ["action", "offer", "channel", "rate_source"]
    return [
        {
            **dict(zip(keys, names, strict=True)),
            "subscribers": len(rows),
            "treated": int((rows["arm"] == TREATED).sum()),
            "outlay_money": _sum(rows, *_OUTLAY),
            "expected_profit_money": _sum(rows, "expected_profit_money"),
        }
        for names, rows in listed.groupby(keys, sort=True)
    ]


def _notices(
    table: pd.DataFrame, control: pd.DataFrame, choice: Choice, inputs: PlanInputs
) -> list[dict[str, str]]:
    """What the plan did without, in both languages."""
    no_bill = int((table["status"] == "no_bill").sum())
    held_out = int(account_keys(control).nunique())
    found: list[tuple[str, Mapping[str, Any]]] = []
    if inputs.tariffs is None:
        found.append(("no_tariffs", {"why": inputs.tariffs_left_out or "no table"}))
    tables = ("segments", "services", "effects")
    found += [(f"no_{name}", {}) for name in tables if getattr(inputs, name) is None]
    found += _of_campaigns(inputs.measured)
    for name in inputs.lacking:
        known = f"no_{name}" in NOTICES
        found.append((f"no_{name}", {}) if known else ("no_flag", {"column": name}))
    idle = idle_rules(inputs.playbook, inputs.params.tiers)
    found += [("idle_rule", {"number": r.number, "line": r.line}) for r in idle]
    if no_bill:
        found.append(("no_bill", {"rows": no_bill}))
    if choice.profit != choice.bound:
        gap = (choice.bound - choice.profit) / 100
        found.append(("not_exact", {"gap_money": f"{gap:,.2f}"}))
    if len(choice.taken) and held_out < SMALL_CONTROL:
        found.append(("small_control", {"accounts": held_out}))
    return [
        {"code": code, "en": NOTICES[code][0].format(**v), "zh": NOTICES[code][1].format(**v)}
        for code, v in found
    ]


def _of_campaigns(measured: Mapping[str, Any] | None) -> list[tuple[str, Mapping[str, Any]]]:
    """Why campaigns that are there show no effect, or that what they show is no help."""
    if measured is None or not measured["campaigns"]:
        return []
    if measured["why_not"] is not None:
        return [("campaigns_left_out", measured["why_not"])]
    churn = measured["churn"]
    if churn["verdict"] == SAVES:
        return []
    points = {name: f"{100 * churn[name]:+.1f}" for name in ("difference", "low", "high")
              if churn[name] is not None}  # fmt: skip
    if len(points) < 3:
        return [("effect_without_interval", points)]
    return [("effect_provokes" if churn["verdict"] == PROVOKES else "effect_unclear", points)]

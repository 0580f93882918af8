"""From a scored month to its plan: one proposal each, the list, and the control group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.learners.dataset import BoolArray, IntArray
from churnlight.plan.arms import (
    CONTROL,
    TREATED,
    account_keys,
    as_text,
    drawn_control,
    kept_control,
)
from churnlight.plan.choosing import Choice, Limits, Options, choose
from churnlight.plan.effects import hold_effects
from churnlight.plan.holding import Vocabulary, hold_playbook
from churnlight.plan.inputs import PlanInputs, candidates
from churnlight.plan.options import best_of, days, either, options_of, proposals_of, rules_of
from churnlight.plan.sheet import caller_rows
from churnlight.plan.suppress import contacted, suppressed
from churnlight.plan.telling import content_of

LISTED, BEYOND, NOT_WORTH, NO_VALUE = "listed", "beyond_limits", "not_worth", "no_bill"
KEPT, SUPPRESSED = "control_kept", "suppressed"
STATUSES = (LISTED, BEYOND, NOT_WORTH, NO_VALUE, KEPT, SUPPRESSED)

COLUMNS = (
    *("as_of", "subscriber_id", "account_id", "region", "tier", "reason", "segment"),
    *("probability", "monthly_bill_money", "status", "suppressed_by", "arm", "cycle"),
    *("control_until", "offers_from", "rule", "action", "offer", "channel", "wording"),
    *("plan_id", "plan_fee_money", "allowance_money", "revenue_change_money", "service_id"),
    *("value_money", "saved_share", "rate_source", "cost_money", "contact_money", "calls"),
    "expected_profit_money",
)
# What a row without a proposal has none of.
_PROPOSAL = COLUMNS[COLUMNS.index("action") :]


@dataclass(frozen=True)
class Plan:
    """A plan.

    Attributes:
        table: `COLUMNS`, one row a subscriber of `plan.tiers`, sorted by subscriber_id.
        content: of plan.json, see docs/plan.md.
        calls: `sheet.COLUMNS`, what callers see; see `sheet.caller_rows`.
        effects: `effects.COLUMNS`, what campaigns measured; None: nothing.
    """

    table: pd.DataFrame
    content: Mapping[str, Any]
    calls: pd.DataFrame
    effects: pd.DataFrame | None = None


def make_plan(inputs: PlanInputs) -> Plan:
    """Propose, suppress, choose, draw.

    Raises:
        UsageError: when the playbook has an unknown name, an unreachable rule or a hole.
        ChurnlightError, DataRefused: when tables don't fit together.
    """
    inputs.hold()
    if inputs.effects is not None:
        hold_effects(inputs.effects)
    owner = hold_playbook(inputs.playbook, _vocabulary(inputs))
    rows = candidates(inputs)
    rule = rules_of(rows, owner)
    options = options_of(rows, rule, inputs)
    against, kept = _held(rows, inputs)
    free = ~against.any(axis=1).to_numpy() & kept["cycle"].isna().to_numpy()
    picked, choice = _chosen(options, free, inputs)
    listed = np.zeros(len(rows), dtype=bool)
    listed[options["who"].to_numpy()[choice.taken]] = True
    control = _drawn(rows, listed, inputs)
    table = _table(rows, rule, options.iloc[picked].reset_index(drop=True), inputs)
    table = _standing(table, against, kept, (listed, control), inputs)
    content = content_of(table, against, choice, inputs)
    return Plan(table, content, caller_rows(table, inputs.playbook), inputs.effects)


def _vocabulary(inputs: PlanInputs) -> Vocabulary:
    segments = inputs.segments
    known = None if segments is None else sorted(set(segments["segment"].dropna().astype(str)))
    reasons = {*inputs.reason_codes, *inputs.reasons["reason"].dropna().astype(str)}
    return Vocabulary(inputs.tiers, inputs.params.tiers, sorted(reasons), known)


def _held(rows: pd.DataFrame, inputs: PlanInputs) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What speaks against each candidate, and whose control it still is."""
    cutoff = inputs.at.cutoff
    earlier = inputs.earlier[(inputs.earlier["cycle"].astype(str) < inputs.at.key).to_numpy(bool)]
    planned = earlier[earlier["arm"].eq(TREATED).to_numpy(dtype=bool)]
    contacts = pd.concat(
        [
            contacted(inputs.campaigns, cutoff),
            # Who was to be called counts as called from the first day on.
            pd.DataFrame(
                {
                    "subscriber_id": planned["subscriber_id"],
                    "contacted_at": pd.to_datetime(planned["offers_from"]),
                }
            ),
        ],
        ignore_index=True,
    )
    against = suppressed(rows, contacts, cutoff, inputs.contact.rest_days)
    return against, kept_control(rows, earlier, cutoff.date())


def _chosen(options: pd.DataFrame, free: BoolArray, inputs: PlanInputs) -> tuple[IntArray, Choice]:
    """The place of each candidate's option (the chosen one, or the best), and the choice."""
    who = options["who"].to_numpy()
    open_ = np.flatnonzero(free[who])
    part = options.iloc[open_]
    budget = inputs.params.budget_money
    cents = None if budget is None else int(np.floor(budget * 100 + 1e-6))
    found = choose(
        Options(
            who=part["who"].to_numpy(),
            profit=part["profit_cents"].to_numpy(),
            outlay=(part["cost_cents"] + part["contact_cents"]).to_numpy(),
            calls=part["calls"].to_numpy(),
        ),
        Limits(cents, inputs.contact.calls),
    )
    choice = Choice(open_[found.taken], found.profit, found.bound)
    picked = best_of(options)
    picked[who[choice.taken]] = choice.taken
    return picked, choice


def _drawn(rows: pd.DataFrame, listed: BoolArray, inputs: PlanInputs) -> BoolArray:
    """Who of the list is held out."""
    keys = account_keys(rows[listed])
    params = inputs.params
    control = np.zeros(len(rows), dtype=bool)
    control[listed] = drawn_control(keys, inputs.at.key, params.control_share, params.salt)
    return control


def _table(
    rows: pd.DataFrame, rule: IntArray, picked: pd.DataFrame, inputs: PlanInputs
) -> pd.DataFrame:
    said = proposals_of(inputs.playbook, picked["proposal"].to_numpy())
    worth = picked["value_cents"].notna()
    return rows.assign(
        as_of=inputs.at.key,
        rule=np.array([r.number for r in inputs.playbook.rules], dtype=np.int64)[rule],
        **{name: said[name] for name in said},
        **{
            name: picked[name]
            for name in (
                *("action", "plan_id", "service_id", "saved_share", "rate_source", "calls"),
                *("plan_fee_money", "allowance_money", "revenue_change_money"),
            )
        },
        value_money=np.rint(picked["value_cents"]) / 100,
        cost_money=picked["cost_cents"] / 100,
        contact_money=picked["contact_cents"] / 100,
        expected_profit_money=(picked["profit_cents"] / 100).where(worth),
    )


def _standing(
    table: pd.DataFrame,
    against: pd.DataFrame,
    kept: pd.DataFrame,
    drawn: tuple[BoolArray, BoolArray],
    inputs: PlanInputs,
) -> pd.DataFrame:
    """Status, arm and dates; who must not be proposed anything loses the proposal."""
    listed, control = drawn
    held, out = kept["cycle"].notna().to_numpy(), against.any(axis=1).to_numpy()
    profit = table["expected_profit_money"]
    status = np.select(
        [out, held, listed, profit.isna().to_numpy(), (profit > 0).to_numpy()],
        [SUPPRESSED, KEPT, LISTED, NO_VALUE, BEYOND],
        NOT_WORTH,
    )
    arm = np.select([held, listed & control, listed], [CONTROL, CONTROL, TREATED], "")
    names = np.array(against.columns, dtype=object)
    why = names[against.to_numpy(dtype=bool).argmax(axis=1)]
    mine = np.full(len(table), inputs.at.key, dtype=object)
    ends = np.full(len(table), inputs.at.label_end.date(), dtype=object)
    ends = either(held, kept["control_until"].to_numpy(dtype=object), ends)
    drawn_in = either(listed, mine)
    table = table.assign(
        status=status,
        suppressed_by=either(out, why),
        arm=either(arm != "", arm.astype(object)),
        cycle=either(held, kept["cycle"].to_numpy(dtype=object), drawn_in),
        control_until=days(pd.Series(either(arm == CONTROL, ends), dtype=object)),
        offers_from=either(listed, np.full(len(table), inputs.at.cutoff.date(), dtype=object)),
    )
    table.loc[out | held, list(_PROPOSAL)] = None
    return _typed(table[list(COLUMNS)])


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Types that do not depend on who is in the table."""
    numbers = ("probability", "saved_share", *(c for c in COLUMNS if c.endswith("_money")))
    texts = (
        *("as_of", "region", "tier", "reason", "segment", "status", "suppressed_by", "arm"),
        *("cycle", "action", "offer", "channel", "wording", "rate_source"),
    )
    names = {c: [as_text(v) for v in table[c]] for c in ("plan_id", "service_id")}
    typed = table.assign(
        **{c: table[c].astype("float64") for c in numbers},
        **{c: table[c].astype("str").where(table[c].notna(), None) for c in texts},
        **{c: pd.Series(v, index=table.index, dtype="str") for c, v in names.items()},
        calls=table["calls"].astype("Int64"),
        rule=table["rule"].astype("int64"),
    )
    return typed.reset_index(drop=True)

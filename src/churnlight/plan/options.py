"""What may be proposed to each subscriber, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray, IntArray
from churnlight.plan.effects import ASSUMED, MEASURED, measured_of, profit_cents, saved_of
from churnlight.plan.holding import NONE, Cell
from churnlight.plan.inputs import PlanInputs
from churnlight.plan.playbook import Playbook, Proposal
from churnlight.tariffs import ALLOWED
from churnlight.tariffs.choosing import PLAUSIBLE


def rules_of(rows: pd.DataFrame, owner: Mapping[Cell, int]) -> IntArray:
    """The place in the playbook of each candidate's rule."""
    cells = zip(*(_names(rows[c]) for c in ("tier", "reason", "segment")), strict=True)
    return np.array([owner[cell] for cell in cells], dtype=np.int64)


def _names(values: pd.Series[Any]) -> list[str]:
    return [NONE if pd.isna(value) else str(value) for value in values]


def options_of(rows: pd.DataFrame, rule: IntArray, inputs: PlanInputs) -> pd.DataFrame:
    """Every admissible proposal of every candidate, what it takes and what it is worth.

    Args:
        rows: see `inputs.candidates`.
        rule: see `rules_of`.
        inputs: see `PlanInputs`.

    Returns:
        One row an option, sorted by candidate, then by place in the playbook: who (place of the
        candidate), proposal (its number), action, plan_id, service_id, revenue_change_money (a
        month), allowance_money, plan_fee_money, cost_cents, contact_cents, calls, saved_share,
        rate_source, value_cents (NaN without a bill), profit_cents (0 without a bill).
    """
    filled = _Filled(rows, inputs)
    book = inputs.playbook
    parts = [_open(p, np.flatnonzero(rule == place), filled)
             for place, r in enumerate(book.rules) for p in r.proposals]  # fmt: skip
    options = pd.concat(parts, ignore_index=True)
    options = options.sort_values(["who", "proposal"], kind="stable", ignore_index=True)
    return _valued(options, rows, inputs)


class _Filled:
    """What the tables say of each candidate, by place."""

    def __init__(self, rows: pd.DataFrame, inputs: PlanInputs) -> None:
        ids = pd.Index(rows["subscriber_id"])
        self.months = inputs.params.value_months
        self.tariffs = _by_place(inputs.tariffs, ids)
        services = inputs.services
        first = None if services is None else services.sort_values(["subscriber_id", "rank"])
        self.services = _by_place(first, ids)
        ends = pd.to_datetime(rows["contract_ends_on"])
        # An agreement that runs past the horizon needs no other.
        late = ends >= pd.Timestamp(inputs.at.label_end)
        self.agreed: BoolArray = late.to_numpy(dtype=bool)


def _by_place(table: pd.DataFrame | None, ids: pd.Index[Any]) -> pd.DataFrame | None:
    if table is None:
        return None
    known = table.drop_duplicates("subscriber_id").set_index("subscriber_id")
    return known.reindex(ids).reset_index(drop=True)


def _open(proposal: Proposal, who: IntArray, filled: _Filled) -> pd.DataFrame:
    """A proposal for those candidates of its rule whom it can be made to."""
    kind = proposal.offer.kind
    filling: dict[str, Any] = {}
    if kind == "agreement":
        who = who[~filled.agreed[who]]
    elif kind == "service":
        who, filling = _service(who, filled)
    elif kind in ("matching_plan", "incentive_plan"):
        who, filling = _tariff(who, filled, kind.removesuffix("_plan"))
    count = len(who)
    change = filling.get("revenue_change_money", np.full(count, np.nan))
    # Where a proposal lowers the bill, that is given up as long as the subscriber's value counts.
    loss = np.rint(np.maximum(0.0, -np.nan_to_num(change)) * filled.months * 100)
    nothing = np.full(count, None, dtype=object)
    return pd.DataFrame(
        {
            "who": who,
            "proposal": proposal.number,
            "action": np.full(count, proposal.action, dtype=object),
            "plan_id": filling.get("plan_id", nothing),
            "service_id": filling.get("service_id", nothing),
            "revenue_change_money": change,
            "plan_fee_money": filling.get("plan_fee_money", np.full(count, np.nan)),
            "allowance_money": filling.get("allowance_money", np.full(count, np.nan)),
            "cost_cents": proposal.cost_cents + loss.astype(np.int64),
            "contact_cents": proposal.channel.contact_cents,
            "calls": proposal.channel.calls,
            "save_rate": proposal.save_rate,
        }
    )


def _service(who: IntArray, filled: _Filled) -> tuple[IntArray, dict[str, Any]]:
    if filled.services is None:
        return who[:0], {}
    services = filled.services["service_id"].iloc[who].astype(object)
    there = services.notna().to_numpy(dtype=bool)
    return who[there], {"service_id": services.to_numpy()[there]}


def _tariff(who: IntArray, filled: _Filled, name: str) -> tuple[IntArray, dict[str, Any]]:
    if filled.tariffs is None:
        return who[:0], {}
    rows = filled.tariffs.iloc[who]
    allowed = ALLOWED if name == "matching" else (PLAUSIBLE,)
    there = rows[f"{name}_guard"].isin(allowed).to_numpy(dtype=bool)
    rows = rows[there]

    def money(column: str) -> FloatArray:
        values: FloatArray = rows[column].to_numpy(dtype=float)
        return values

    filling = {
        "plan_id": rows[f"{name}_plan_id"].astype(object).to_numpy(),
        "revenue_change_money": money(f"{name}_change_money"),
        "plan_fee_money": money(f"{name}_fee_money"),
    }
    if name == "incentive":
        filling["allowance_money"] = money("incentive_allowance_money")
    return who[there], filling


def _valued(options: pd.DataFrame, rows: pd.DataFrame, inputs: PlanInputs) -> pd.DataFrame:
    params, who = inputs.params, options["who"].to_numpy()
    mine = rows[["tier", "reason", "segment"]].iloc[who].reset_index(drop=True)
    measured = measured_of(mine.assign(action=options["action"]), inputs.effects, params.effect_by)
    chance = rows["probability"].to_numpy(dtype=float)[who]
    bill = rows["monthly_bill_money"].to_numpy(dtype=float)[who]
    saved, known = saved_of(chance, options["save_rate"].to_numpy(dtype=float), measured)
    value = params.margin * bill * params.value_months * 100
    cost = options["cost_cents"].to_numpy(dtype=float)
    profit = profit_cents(chance, saved, value, cost, options["contact_cents"].to_numpy(float))
    return options.assign(
        saved_share=saved,
        rate_source=np.where(known, MEASURED, ASSUMED).astype(object),
        value_cents=value,
        # Whole cents: sums then depend on no order.
        profit_cents=np.rint(np.nan_to_num(profit)).astype(np.int64),
    )


def best_of(options: pd.DataFrame) -> IntArray:
    """Each candidate's most profitable option, the first of equals; by candidate."""
    order = np.lexsort(
        (options["proposal"], -options["profit_cents"].to_numpy(), options["who"].to_numpy())
    )
    _, first = np.unique(options["who"].to_numpy()[order], return_index=True)
    best: IntArray = order[first]
    return best


def proposals_of(book: Playbook, number: IntArray) -> pd.DataFrame:
    """What the playbook says of proposals, by their number: offer, channel, wording."""
    known = book.proposals
    return pd.DataFrame(
        {
            "offer": [known[n].offer.code for n in number],
            "channel": [known[n].channel.name for n in number],
            "wording": [known[n].wording.key for n in number],
        },
        dtype=object,
    )


def either(mask: BoolArray, values: AnyArray, other: AnyArray | None = None) -> AnyArray:
    """The one value where the mask says so, else the other; None without another."""
    found = np.full(len(mask), None, dtype=object) if other is None else other.astype(object)
    found[mask] = values[mask]
    return found


def days(values: pd.Series[Any]) -> list[date | None]:
    """Dates without a time; None where there is none."""
    return [None if v is None or pd.isna(v) else pd.Timestamp(v).date() for v in values]

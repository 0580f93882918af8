"""A small scored month and a small playbook, made up by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from churnlight.params.data import TimeParams
from churnlight.params.plan import ContactParams, PlanParams
from churnlight.plan.inputs import CAMPAIGNS, EARLIER, FACTS, PlanInputs
from churnlight.plan.playbook import Playbook, read_playbook
from churnlight.timeline import moment

AS_OF = "2026-01-01"
AT = moment(AS_OF, TimeParams())  # cutoff 2026-01-06, label's end 2026-03-01
TIERS = ("blue", "green", "yellow", "red", "white")
REASONS = ("bill_level", "handset", "service_trouble")

BOOK = """\
schema_version: 1
channels:
  call: {contact_money: 4, calls: 1}
  sms: {contact_money: 0.1, calls: 0}
rules:
  - tier: any
    reason: any
    segment: any
    propose:
      - {action: care_call, offer: care, channel: call, wording: thanks,
         cost_money: 0, save_rate: 0.1}
      - {action: fee_discount, offer: fee_discount, channel: call, wording: thanks,
         cost_money: 20, save_rate: 0.5}
"""


def book(tmp: Path, text: str = BOOK) -> Playbook:
    path = tmp / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return read_playbook(path)


def scores(people: dict[int, tuple[str, float, float | None]]) -> pd.DataFrame:
    """By subscriber: tier, probability, bill."""
    return pd.DataFrame(
        {
            "subscriber_id": list(people),
            "as_of": AS_OF,
            "probability": [p for _, p, _ in people.values()],
            "tier": [t for t, _, _ in people.values()],
            "monthly_bill_money": pd.Series([b for _, _, b in people.values()], dtype="float64"),
            "left_before_cutoff": False,
        }
    )


def reasons(people: dict[int, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subscriber_id": list(people),
            "rank": 1,
            "direction": "up",
            "reason": list(people.values()),
        }
    )


def table(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype=object)


def facts(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return table(FACTS, rows)


def campaigns(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return table(CAMPAIGNS, rows)


def earlier(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return table(EARLIER, rows)


def world(playbook: Playbook, people: dict[int, tuple[str, float, float | None]]) -> PlanInputs:
    ids = list(people)
    return PlanInputs(
        at=AT,
        scores=scores(people),
        reasons=reasons(dict.fromkeys(ids, "bill_level")),
        people=pd.DataFrame(
            {
                "subscriber_id": ids,
                "account_id": [f"A{i}" for i in ids],
                "region": "city",
                "activated_on": date(2020, 1, 1),
            }
        ),
        facts=facts([(i, False, False, None, None) for i in ids]),
        playbook=playbook,
        params=PlanParams(budget_money=None, control_share=1e-9),
        contact=ContactParams(calls_a_day=None),
        tiers=TIERS,
        reason_codes=REASONS,
    )


def with_params(inputs: PlanInputs, **changes: Any) -> PlanInputs:
    return replace(inputs, params=inputs.params.model_copy(update=changes))

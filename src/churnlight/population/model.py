"""What a population is made of: its parameters, its result, and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import ibis.expr.types as ir
import pyarrow as pa

from churnlight.params.population import CohortParams, LabelParams
from churnlight.timeline import Month

LabelKindName = Literal[
    "ported_out",
    "cancelled",
    "vanished",
    "debt",
    "spend_churn",
    "value_loss",
    "silence",
    "none",
    "unknown",
]

# The label table, without subscriber_id (which keeps the operator's type) in front.
LABEL_COLUMNS: Mapping[str, pa.DataType] = {
    "account_id": pa.string(),
    "region": pa.string(),
    "monthly_bill_money": pa.float64(),
    "voice_out_min": pa.float64(),
    "activated_on": pa.date32(),
    "churned": pa.bool_(),
    "label_kind": pa.string(),
    "off_net": pa.bool_(),
    "spend_churn": pa.bool_(),
    "value_loss": pa.bool_(),
    "silence": pa.bool_(),
    "treated": pa.bool_(),
    "left_before_cutoff": pa.bool_(),
    "days_since_out": pa.int64(),
}


@dataclass(frozen=True)
class PopulationParams:
    """What decides who is at risk and what leaving means.

    Attributes:
        cohort: the section `cohort`.
        label: the section `label`.
        months: the months of the extracts that may be read; a label whose outcome reaches beyond
            them is missing, never negative.
    """

    cohort: CohortParams
    label: LabelParams
    months: frozenset[Month]


@dataclass(frozen=True)
class Population:
    """The cohort of one as_of with its labels.

    Attributes:
        labels: one row a cohort member, columns as `LABEL_COLUMNS`, in the engine that made it:

            - account_id: the account, or the subscriber where there is none, as text;
            - monthly_bill_money: mean bill over the window's known bills; null without any;
            - voice_out_min: outgoing voice minutes in the window; null where usage has none;
            - churned: whether a selected kind of leaving came true; null = no label;
            - label_kind: the first selected kind that came true, in the order of the design;
              a departure that is neither class (debt) by its own name; `none` where churned is
              false; `unknown` where there is no label;
            - off_net, spend_churn, value_loss, silence: every kind by itself, selected or not;
              null = not known. off_net is any departure, debt too;
            - treated: offered something, in the treated arm, between as_of and the label's end;
            - left_before_cutoff: left between as_of and cutoff (never a feature);
            - days_since_out: whole days from the last outgoing voice or SMS of the window to
              as_of; null without one.
        attrition: one entry a rule, in the order applied: rule, subscribers_left, churners_left.
        counts: what else the report says about it, see `building`.
    """

    labels: ir.Table
    attrition: list[dict[str, Any]]
    counts: dict[str, Any]

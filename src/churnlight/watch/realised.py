"""How well a past month's scores did, now that it is known who left."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.assess.measures import rounded
from churnlight.assess.resampling import resample
from churnlight.assess.tables import tier_table
from churnlight.errors import ChurnlightError, UsageError
from churnlight.learners.dataset import BoolArray
from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.judging import EvaluateParams
from churnlight.timeline import TimeRules, moment, outcome_known_at
from churnlight.watch.realised_measures import Realised

PROMISED = ("roc_auc", "pr_auc", "brier", "ece", "log_loss")
_LEAST_RESAMPLES = 100
_CELLS = 1_000_000_000  # rows x resamples at most: a city's month within minutes


@dataclass(frozen=True)
class Outcome:
    """The outcome of a scored month, complete and known; made only by `known`.

    Attributes:
        as_of: "YYYY-MM-DD" of the scored month.
        known_at: when its labels were complete.
        seen_at: the present cutoff, from which it is looked at.
    """

    as_of: str
    known_at: str
    seen_at: str

    @classmethod
    def known(
        cls, as_of: str, present: str, time: TimeRules, spend_churn_months: int | None
    ) -> Outcome:
        """Hold a scored month to the time at which the batch runs.

        Args:
            as_of: the scored month.
            present: the as_of that is scored now; its cutoff is the present.
            time: section `time`.
            spend_churn_months: `label.spend_churn_months`.

        Raises:
            UsageError: when the outcome is not complete and known before the present cutoff.
        """
        complete = outcome_known_at(moment(as_of, time), time, spend_churn_months)
        now = moment(present, time).cutoff
        if complete > now:
            raise UsageError(
                f"the outcome of as_of {as_of} is complete at {complete:%Y-%m-%d}, after the "
                f"cutoff {now:%Y-%m-%d} of as_of {present}: it can't be judged yet"
            )
        return cls(as_of, f"{complete:%Y-%m-%d}", f"{now:%Y-%m-%d}")


def matured(
    as_ofs: Sequence[str], present: str, time: TimeRules, spend_churn_months: int | None
) -> list[Outcome]:
    """The scored months whose outcome is known at the present as_of's cutoff, in order of time."""
    found = []
    for as_of in sorted(set(as_ofs)):
        try:
            found.append(Outcome.known(as_of, present, time, spend_churn_months))
        except UsageError:
            continue
    return found


def realised(
    scores: pd.DataFrame,
    labels: pd.DataFrame,
    outcome: Outcome,
    promised: Mapping[str, Any],
    params: EvaluateParams,
) -> dict[str, Any]:
    """Measure a past month's scores by its outcome, untreated and treated apart.

    Args:
        scores: scores.parquet of the month: subscriber_id, as_of, probability, tier.
        labels: its labels, known by now: subscriber_id, account_id, churned (null = no label),
            treated; of the same as_of.
        outcome: that it is known; see `Outcome.known`.
        promised: what the test promised of the model that scored: `metrics`, `tiers` and
            `mean_probability` of its entry in details.json.
        params: section `evaluate`: resamples, seed, and how few churners say nothing.

    Returns:
        as_of, known_at, subscribers, unlabelled (no outcome, or not in the labels), and a group
        each for "untreated" and "treated": subscribers, churners, tiers (rate with the wider of
        Wilson's and the accounts' interval), and measures, or None where too few left or stayed;
        each measure has value, low, high (95 %, accounts resampled), and where the test promised
        it, promised, its bounds, and the difference with an interval that takes both as
        independent.

    Raises:
        ChurnlightError: when a column is missing, or scores or labels are of another as_of.
    """
    rows, unlabelled = _joined(scores, labels, outcome)
    treated = rows["treated"].to_numpy(dtype=bool)
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": outcome.as_of,
        "known_at": outcome.known_at,
        "subscribers": len(rows) + unlabelled,
        "unlabelled": unlabelled,
        "groups": {
            name: _group(rows[mask].reset_index(drop=True), promised, params)
            for name, mask in (("untreated", ~treated), ("treated", treated))
        },
    }


def _joined(
    scores: pd.DataFrame, labels: pd.DataFrame, outcome: Outcome
) -> tuple[pd.DataFrame, int]:
    for what, table, needed in (
        ("scores", scores, ("subscriber_id", "as_of", "probability", "tier")),
        ("labels", labels, ("subscriber_id", "account_id", "churned", "treated")),
    ):
        if missing := [c for c in needed if c not in table.columns]:
            raise ChurnlightError(f"{what} of as_of {outcome.as_of} lack {', '.join(missing)}")
        if "as_of" in table.columns and len(table):
            others = set(table["as_of"].astype(str)) - {outcome.as_of}
            if others:
                raise ChurnlightError(
                    f"{what} are of as_of {min(others)}, expected {outcome.as_of}: the outcome of "
                    "one month says nothing of another"
                )
    rows = scores[["subscriber_id", "probability", "tier"]].merge(
        labels[["subscriber_id", "account_id", "churned", "treated"]],
        on="subscriber_id",
        how="left",
        validate="one_to_one",
    )
    known = rows["churned"].notna().to_numpy(dtype=bool)
    found = rows[known].sort_values("subscriber_id", ignore_index=True)
    account = found["account_id"]
    found["account_id"] = account.where(account.notna(), found["subscriber_id"].astype(str))
    found["churned"] = found["churned"].astype(bool)
    found["treated"] = found["treated"].astype("boolean").fillna(value=False).astype(bool)
    return found, int((~known).sum())


def _group(
    rows: pd.DataFrame, promised: Mapping[str, Any], params: EvaluateParams
) -> dict[str, Any]:
    churned: BoolArray = rows["churned"].to_numpy(dtype=bool)
    probability = rows["probability"].to_numpy(dtype=np.float64)
    tier = rows["tier"].to_numpy(dtype=object)
    tiers_then = {t["tier"]: t for t in promised["tiers"]}
    # Money plays no part: what a tier is worth is told where it is called.
    tiers = [
        {key: one[key] for key in ("tier", "subscribers", "churners", "rate")}
        | {"rate_low": one["rate_low"], "rate_high": one["rate_high"]}
        | {
            f"promised_{key}": tiers_then[one["tier"]][key]
            for key in ("rate", "rate_low", "rate_high")
        }
        for one in tier_table(tier, probability, churned, None, list(tiers_then))
    ]
    churners = int(churned.sum())
    out = {"subscribers": len(rows), "churners": churners, "tiers": tiers, "measures": None}
    if min(churners, len(rows) - churners) < params.min_segment_churners:
        return out
    fewer = max(_LEAST_RESAMPLES, min(params.bootstrap, _CELLS // len(rows)))
    ready = Realised.ready(probability, churned, tier, list(tiers_then))
    account = rows["account_id"].to_numpy(dtype=object)
    found = resample({"model": ready}, account, params.model_copy(update={"bootstrap": fewer}))
    figures = found.figures("model")
    for one in tiers:
        _widen(one, figures[f"rate_{one['tier']}"])
    expected = {key: promised["metrics"].get(key) for key in PROMISED}
    out["measures"] = {
        key: figures[key] | _against(figures[key], expected.get(key))
        for key in (*PROMISED, "mean_predicted", "observed", "ratio", "slope")
    }
    return out


def _widen(tier: dict[str, Any], figure: Mapping[str, float | None]) -> None:
    """Accounts that leave together make a rate less sure than Wilson's interval says."""
    low, high = figure["low"], figure["high"]
    if tier["rate"] is not None and low is not None and high is not None:
        tier["rate_low"] = min(tier["rate_low"], low)
        tier["rate_high"] = max(tier["rate_high"], high)


def _against(
    found: Mapping[str, float | None], promised: Mapping[str, float | None] | None
) -> dict[str, Any]:
    """The promise beside the figure; "" where there is none."""
    if promised is None:
        return {}
    out: dict[str, Any] = {
        "promised": promised["value"],
        "promised_low": promised["low"],
        "promised_high": promised["high"],
        "difference": None,
        "difference_low": None,
        "difference_high": None,
    }
    bounds = [(one["value"], one["low"], one["high"]) for one in (found, promised)]
    numbers = [number for bound in bounds for number in bound]
    if any(number is None for number in numbers):
        return out
    value, low, high, before, before_low, before_high = (float(n or 0.0) for n in numbers)
    gap = value - before
    down = math.hypot(value - low, before_high - before)
    up = math.hypot(high - value, before - before_low)
    return out | {
        "difference": rounded(gap),
        "difference_low": rounded(gap - down),
        "difference_high": rounded(gap + up),
    }

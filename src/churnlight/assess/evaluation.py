"""The evaluation of both models on one test cohort, as the JSONs that report and DVC read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from churnlight.assess import segments
from churnlight.assess.measures import Asked, Ranking, rounded
from churnlight.assess.resampling import Scored, resample
from churnlight.assess.tables import curves, reliability, tier_table
from churnlight.errors import ChurnlightError, DataRefused
from churnlight.learners.dataset import BoolArray, FloatArray
from churnlight.params.judging import EvaluateParams

MODELS = ("gbm", "tree")
BASELINE = "days_since_out"
FEW_CHURNERS = 50
_NEEDED = (
    "account_id",
    "churned",
    *(f"{what}_{model}" for model in MODELS for what in ("probability", "tier")),
)


def evaluate(
    predictions: pd.DataFrame, params: EvaluateParams, tier_names: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measure both models, the baseline and their differences, with intervals by account.

    Args:
        predictions: one row a member of the test cohort: account_id, churned (null = no label),
            probability_gbm, tier_gbm, probability_tree, tier_tree; where there: treated (true rows
            are counted and left out), monthly_bill_money, days_since_out, and the columns that
            `segments.segments` cuts by.
        params: section `evaluate`.
        tier_names: in rising risk.

    Returns:
        Flat metrics for `dvc metrics`, and the details (all of the contract but as_of and
        simulated, which the stage knows); floats rounded to six digits, money to two.

    Raises:
        ChurnlightError: names a column that is missing.
        DataRefused: with the counts, when the labelled rows hold one class only.
    """
    rows, counts = _measured_rows(predictions)
    churned = rows["churned"].to_numpy(dtype=bool)
    churners = int(churned.sum())
    scored = _scorings(rows, churned, params)
    parts = segments.segments(rows, churned, params)
    scores = {model: _probability(rows, model) for model in MODELS}
    inside = segments.ready(parts, scores, params.min_segment_churners)
    found = resample({**scored, **inside}, rows["account_id"].to_numpy(dtype=object), params)
    measured = {key[0]: found.figures(key) for key in scored}
    details = {
        "subscribers": len(rows),
        "churners": churners,
        **counts,
        "call_list": params.calls(len(rows)),
        "models": {m: _model(m, rows, churned, measured[m], tier_names) for m in MODELS},
        "baseline": {"name": BASELINE, "metrics": measured["baseline"]}
        if "baseline" in measured
        else None,
        "paired": {
            f"{first[0]}_minus_{second[0]}": found.difference(first, second)
            for first, second in combinations(scored, 2)
        },
        "segments": segments.table(parts, found, MODELS),
        "segment_rules": {
            "silent_days": params.silent_days,
            "min_churners": params.min_segment_churners,
        },
        "warnings": _warnings(churners),
    }
    metrics = {name: {k: v["value"] for k, v in of.items()} for name, of in measured.items()}
    metrics["cohort"] = {"subscribers": len(rows), "churners": churners}
    return metrics, details


def _measured_rows(predictions: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """The rows with a known outcome that were left alone, and how many were not."""
    missing = [c for c in _NEEDED if c not in predictions.columns]
    if missing:
        raise ChurnlightError(f"predictions lack {', '.join(missing)}: run the stage again")
    unlabelled = predictions["churned"].isna()
    treated = _flag(predictions, "treated") & ~unlabelled
    rows = predictions.loc[~unlabelled & ~treated].reset_index(drop=True)
    counts = {"unlabelled": int(unlabelled.sum()), "treated_left_out": int(treated.sum())}
    churners = int(rows["churned"].astype(bool).sum())
    if churners in {0, len(rows)}:
        raise DataRefused(
            f"evaluation: one class only: {churners} churners in {len(rows)} rows with a known "
            f"outcome ({counts['unlabelled']} without, {counts['treated_left_out']} treated left "
            "out): give the role 'test' to another as_of, or widen cohort or label"
        )
    return rows, counts


def baseline_score(values: pd.Series) -> FloatArray:
    """Rank by a column, the larger the riskier; null ranks above all.

    For days since the last outgoing event, null means none in the whole window: silent the longest.
    """
    score = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(score), np.inf, score)


def _scorings(
    rows: pd.DataFrame, churned: BoolArray, params: EvaluateParams
) -> dict[tuple[str, ...], Scored]:
    """Both models, then the baseline where there is one: the order in which they are compared."""
    asked = Asked.all_of(params, len(rows))
    out: dict[tuple[str, ...], Scored] = {
        (model,): Scored.of(_probability(rows, model), churned, asked) for model in MODELS
    }
    if BASELINE in rows.columns:
        score = baseline_score(rows[BASELINE])
        out["baseline",] = Scored.of(score, churned, asked, probability=False)
    return out


def _probability(rows: pd.DataFrame, model: str) -> FloatArray:
    p = np.asarray(rows[f"probability_{model}"].to_numpy(dtype=np.float64))
    if not np.isfinite(p).all():
        raise ChurnlightError(
            f"probability_{model} is not finite in {int((~np.isfinite(p)).sum())} rows"
        )
    return p


def _model(
    model: str,
    rows: pd.DataFrame,
    churned: BoolArray,
    metrics: Mapping[str, Any],
    tier_names: Sequence[str],
) -> dict[str, Any]:
    p = _probability(rows, model)
    tier = rows[f"tier_{model}"].to_numpy(dtype=object)
    return {
        "metrics": metrics,
        **curves(Ranking.by(p, churned)),
        "reliability": reliability(p, churned),
        "tiers": tier_table(tier, p, churned, _bills(rows), tier_names),
        "mean_probability": rounded(float(np.sum(np.sort(p))) / len(p)),
    }


def _bills(rows: pd.DataFrame) -> FloatArray | None:
    if "monthly_bill_money" not in rows.columns or rows["monthly_bill_money"].isna().all():
        return None
    return np.asarray(
        pd.to_numeric(rows["monthly_bill_money"]).to_numpy(dtype=np.float64, na_value=np.nan)
    )


def _flag(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows.columns:
        return pd.Series(data=False, index=rows.index)
    return rows[name].astype("boolean").fillna(value=False).astype(bool)


def _warnings(churners: int) -> list[dict[str, Any]]:
    if churners >= FEW_CHURNERS:
        return []
    return [
        {
            "code": "few_churners",
            "churners": churners,
            "en": f"Only {churners} churners in the test cohort: every interval is wide, and a "
            "difference whose interval holds 0 is no finding.",
            "zh": f"测试群体中仅有 {churners} 名流失用户：所有区间都很宽，"
            "区间包含 0 的差异不能作为结论。",
        }
    ]

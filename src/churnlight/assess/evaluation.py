"""The evaluation of both models on one test cohort, as the JSONs that report and DVC read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.assess.measures import Forecast, Ranking, rounded, summary
from churnlight.assess.tables import curves, reliability, tier_table
from churnlight.errors import ChurnlightError, DataRefused
from churnlight.learners.dataset import BoolArray, FloatArray
from churnlight.learners.folds import Bootstrap
from churnlight.params.learning import EvaluateParams

MODELS = ("gbm", "tree")
BASELINE = "days_since_out"
FEW_CHURNERS = 50
_NEEDED = (
    "account_id",
    "churned",
    *(f"{what}_{model}" for model in MODELS for what in ("probability", "tier")),
)


@dataclass(frozen=True)
class _Scored:
    """One way of scoring, ready to be measured under any weights."""

    ranking: Ranking
    forecast: Forecast | None

    def measure(self, weights: FloatArray) -> dict[str, FloatArray]:
        out = self.ranking.measure(weights)
        return out if self.forecast is None else out | self.forecast.measure(weights)


def evaluate(
    predictions: pd.DataFrame, params: EvaluateParams, tier_names: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Measure both models, the baseline and their differences, with intervals by account.

    Args:
        predictions: one row a member of the test cohort: account_id, churned (null = no label),
            probability_gbm, tier_gbm, probability_tree, tier_tree; where there: treated (true rows
            are counted and left out), monthly_bill_money, days_since_out.
        params: section `evaluate`.
        tier_names: in rising risk.

    Returns:
        Flat metrics for `dvc metrics`, and the details (all of the contract but as_of and
        simulated, which the stage knows); floats rounded to six digits, money to two.

    Raises:
        ChurnlightError: names a column that is missing.
        DataRefused: with the counts, when the labelled rows hold one class only.
    """
    missing = [c for c in _NEEDED if c not in predictions.columns]
    if missing:
        raise ChurnlightError(f"predictions lack {', '.join(missing)}: run the stage again")
    unlabelled = predictions["churned"].isna()
    treated = _flag(predictions, "treated") & ~unlabelled
    rows = predictions.loc[~unlabelled & ~treated].reset_index(drop=True)
    churned = rows["churned"].to_numpy(dtype=bool)
    churners = int(churned.sum())
    if churners in {0, len(rows)}:
        raise DataRefused(
            f"evaluation: one class only: {churners} churners in {len(rows)} rows with a known "
            f"outcome ({int(unlabelled.sum())} without, {int(treated.sum())} treated left out): "
            "give the role 'test' to another as_of, or widen cohort or label"
        )
    scored = _scorings(rows, churned, params)
    measured, paired = _measure(scored, rows, params)
    details = {
        "subscribers": len(rows),
        "churners": churners,
        "unlabelled": int(unlabelled.sum()),
        "treated_left_out": int(treated.sum()),
        "models": {m: _model(m, rows, churned, measured[m], tier_names) for m in MODELS},
        "baseline": {"name": BASELINE, "metrics": measured["baseline"]}
        if "baseline" in measured
        else None,
        "paired": paired,
        "warnings": _warnings(churners),
    }
    metrics = {name: {k: v["value"] for k, v in of.items()} for name, of in measured.items()}
    metrics["cohort"] = {"subscribers": len(rows), "churners": churners}
    return metrics, details


def baseline_score(values: pd.Series) -> FloatArray:
    """Rank by a column, the larger the riskier; null ranks above all.

    For days since the last outgoing event, null means none in the whole window: silent the longest.
    """
    score = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(score), np.inf, score)


def _scorings(rows: pd.DataFrame, churned: BoolArray, params: EvaluateParams) -> dict[str, _Scored]:
    shares = params.top_shares
    out = {}
    for model in MODELS:
        p = rows[f"probability_{model}"].to_numpy(dtype=np.float64)
        if not np.isfinite(p).all():
            raise ChurnlightError(
                f"probability_{model} is not finite in {int((~np.isfinite(p)).sum())} rows"
            )
        out[model] = _Scored(Ranking.by(p, churned, shares), Forecast.of(p, churned))
    if BASELINE in rows.columns:
        score = baseline_score(rows[BASELINE])
        out["baseline"] = _Scored(Ranking.by(score, churned, shares), None)
    return out


def _measure(
    scored: Mapping[str, _Scored], rows: pd.DataFrame, params: EvaluateParams
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Each scoring's measures, and the differences in the same resamples."""
    whole = {n: s.measure(np.ones((1, len(rows)))) for n, s in scored.items()}
    chunks: dict[str, list[dict[str, FloatArray]]] = {n: [] for n in scored}
    bootstrap = Bootstrap.by(rows["account_id"].to_numpy(dtype=object), params.seed)
    for weights in bootstrap.weights(params.bootstrap):
        for name, scoring in scored.items():
            chunks[name].append(scoring.measure(weights))
    drawn = {
        n: {k: np.concatenate([part[k] for part in parts]) for k in whole[n]}
        for n, parts in chunks.items()
    }
    measured = {n: summary(whole[n], drawn[n]) for n in scored}
    paired = {}
    for other in ("tree", "baseline"):
        if other in scored:
            names = [k for k in whole["gbm"] if k in whole[other]]
            paired[f"gbm_minus_{other}"] = summary(
                {k: whole["gbm"][k] - whole[other][k] for k in names},
                {k: drawn["gbm"][k] - drawn[other][k] for k in names},
            )
    return measured, paired


def _model(
    model: str,
    rows: pd.DataFrame,
    churned: BoolArray,
    metrics: Mapping[str, Any],
    tier_names: Sequence[str],
) -> dict[str, Any]:
    p = rows[f"probability_{model}"].to_numpy(dtype=np.float64)
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

"""A made-up but plausible evaluation, as the stages would hand it to the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from churnlight.params.data import TimeParams
from churnlight.report.inputs import Provenance, ReportInputs

TIERS = ("blue", "green", "yellow", "red", "white")
SHARES = (0.60, 0.25, 0.10, 0.04, 0.01)
AS_OFS = {
    "2025-04-01": "fit",
    "2025-05-01": "fit",
    "2025-06-01": "fit",
    "2025-07-01": "fit",
    "2025-09-01": "calibrate",
    "2025-11-01": "test",
    "2026-01-01": "score",
}
RULES = (
    "active_at_as_of",
    "whole_window",
    "not_suspended",
    "not_staff_or_test",
    "not_red_list",
    "no_port_out_application",
    "min_monthly_bill",
    "min_voice_out_minutes",
)
FEATURES = (
    (
        "days_since_out_days",
        "activity",
        "Days since the last outgoing call or message",
        "距最近一次主叫或发短信的天数",
    ),
    ("contract_left_months", "contract", "Months left until the contract ends", "合约剩余月数"),
    (
        "circle_churned_share",
        "circle",
        "Share of the calling circle that has left",
        "交往圈中已离网者的占比",
    ),
    (
        "voice_out_min_slope",
        "activity",
        "Change of outgoing minutes per day, month on month",
        "日均主叫分钟的月环比变化",
    ),
    (
        "rival_contacts_share",
        "circle",
        "Share of contacts on a rival's network",
        "交往圈中他网联系人的占比",
    ),
    ("bill_over_median_share", "spend", "Last bill over the median bill", "最近账单与中位账单之比"),
    ("tenure_months", "tenure", "Months since activation", "入网月数"),
    ("open_complaints_count", "care", "Complaints still open at as_of", "基准日未解决的投诉数"),
    ("forward_count", "network", "Calls forwarded in the window", "观察窗内的呼叫转移次数"),
    ("handset_age_months", "handset", "Age of the handset", "终端使用月数"),
    (
        "data_mb_slope",
        "activity",
        "Change of data use per day, month on month",
        "日均流量的月环比变化",
    ),
    ("overage_share", "spend", "Spend beyond the plan's allowance", "套外消费占比"),
    ("arrears_money", "spend", "Arrears at the end of the window", "观察窗末欠费"),
    ("night_share", "activity", "Share of calls and messages at night", "夜间通话与短信占比"),
    ("top1_share", "circle", "Share of the closest contact", "最亲密联系人的占比"),
    ("rival_hotline_count", "care", "Calls to a rival's hotline", "拨打他网客服次数"),
    ("sms_out_count", "activity", "Messages sent", "发送短信条数"),
)


def _band(value: float, half: float, low: float = 0.0) -> dict[str, float]:
    return {"value": value, "low": max(low, value - half), "high": value + half}


def _curves(p: np.ndarray, churned: np.ndarray) -> tuple[list[Any], list[Any], float]:
    order = np.argsort(-p, kind="stable")
    hits = np.cumsum(churned[order])
    flagged = np.arange(1, len(p) + 1)
    steps = np.unique(np.linspace(0, len(p) - 1, 150).astype(int))
    tpr, fpr = hits / hits[-1], (flagged - hits) / (~churned).sum()
    roc = [[0.0, 0.0], *[[float(fpr[i]), float(tpr[i])] for i in steps]]
    pr = [[float(tpr[i]), float(hits[i] / flagged[i])] for i in steps if i > 4]
    ranks = np.argsort(np.argsort(p)) + 1
    n1 = churned.sum()
    auc = (ranks[churned].sum() - n1 * (n1 + 1) / 2) / (n1 * (len(p) - n1))
    return roc, pr, float(auc)


def _wilson(k: int, n: int) -> tuple[float, float]:
    z, p = 1.96, k / n
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return float((middle - half) / (1 + z * z / n)), float((middle + half) / (1 + z * z / n))


def _model(rng: np.random.Generator, risk: np.ndarray, churned: np.ndarray, noise: float) -> Any:
    p = 1 / (1 + np.exp(-(np.log(risk / (1 - risk)) + rng.normal(0, noise, len(risk)))))
    bills = rng.lognormal(4.8, 0.35, len(p))
    roc, pr, auc = _curves(p, churned)
    order = np.argsort(p, kind="stable")
    tiers, start = [], 0
    for name, end in zip(TIERS, np.round(np.cumsum(SHARES) * len(p)).astype(int), strict=True):
        at = order[start:end]
        k, n = int(churned[at].sum()), len(at)
        low, high = _wilson(k, n)
        tiers.append(
            {
                "tier": name,
                "subscribers": n,
                "churners": k,
                "rate": k / n,
                "rate_low": low,
                "rate_high": high,
                "monthly_bills_money": round(float(bills[at].sum()), 2),
                "bills_at_risk_money": round(float((bills[at] * p[at]).sum()), 2),
            }
        )
        start = end
    reliability = []
    for at in np.array_split(order, 10):
        k, n = int(churned[at].sum()), len(at)
        low, high = _wilson(k, n)
        reliability.append(
            {
                "count": n,
                "predicted": float(p[at].mean()),
                "observed": k / n,
                "observed_low": low,
                "observed_high": high,
            }
        )
    top = {
        s: float(churned[order[-int(len(p) * s / 100) :]].mean() / churned.mean())
        for s in (1, 5, 10, 20)
    }
    metrics = {
        "roc_auc": _band(auc, 0.018),
        "pr_auc": _band(0.31 - noise / 10, 0.04),
        **{f"lift_at_{s}": _band(v, v * 0.13) for s, v in top.items()},
        "brier": _band(0.0391, 0.0031),
        "ece": _band(0.0062, 0.0024),
        "log_loss": _band(0.154, 0.011),
    }
    return {"metrics": metrics, "roc": roc, "pr": pr, "reliability": reliability, "tiers": tiers}


def make_details(subscribers: int = 8412, seed: int = 5) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    risk = np.clip(rng.lognormal(-4.1, 1.3, subscribers), 0.0005, 0.9)
    churned = rng.random(subscribers) < risk
    models = {"gbm": _model(rng, risk, churned, 0.5), "tree": _model(rng, risk, churned, 1.1)}
    gap = (
        models["gbm"]["metrics"]["roc_auc"]["value"] - models["tree"]["metrics"]["roc_auc"]["value"]
    )
    return {
        "as_of": "2025-11-01",
        "simulated": True,
        "subscribers": subscribers,
        "churners": int(churned.sum()),
        "unlabelled": 12,
        "treated_left_out": 143,
        "models": models,
        "baseline": {
            "name": "days_since_out",
            "metrics": {
                "roc_auc": _band(0.612, 0.027),
                "pr_auc": _band(0.118, 0.024),
                "lift_at_5": _band(2.4, 0.6),
                "lift_at_10": _band(1.9, 0.4),
            },
        },
        "paired": {
            "gbm_minus_tree": {
                "roc_auc": _band(gap, 0.014, -1),
                "pr_auc": _band(0.011, 0.019, -1),
            },
            "gbm_minus_baseline": {
                "roc_auc": _band(0.192, 0.024, -1),
                "pr_auc": _band(0.142, 0.031, -1),
            },
        },
    }


def make_importance() -> list[dict[str, Any]]:
    return [
        {
            "feature": name,
            "family": family,
            "reason": f"r_{family}",
            "mean_abs_shap": round(0.62 * 0.84**i, 6),
            "en": en,
            "zh": zh,
        }
        for i, (name, family, en, zh) in enumerate(FEATURES)
    ]


def _attrition(start: int, *, known: bool) -> dict[str, Any]:
    keep = (1.0, 0.93, 0.985, 0.998, 0.996, 0.999, 0.71, 0.66)
    rules, left = [], float(start)
    for rule, share in zip(RULES, keep, strict=True):
        left *= share
        churners = round(left * 0.046) if known else None
        rules.append({"rule": rule, "subscribers_left": round(left), "churners_left": churners})
    return {"rules": rules, "counts": {}}


def make_scored() -> dict[str, Any]:
    sizes = (5066, 2110, 846, 338, 85)
    risks = (12034.5, 18020.25, 17550.75, 19870.5, 9911.0)
    return {
        "as_of": "2026-01-01",
        "subscribers": sum(sizes),
        "left_before_cutoff": 17,
        "tiers": [
            {
                "tier": tier,
                "subscribers": size,
                "to_call": size - gone,
                "monthly_bills_money": size * 131.5,
                "bills_at_risk_money": risk,
            }
            for tier, size, gone, risk in zip(TIERS, sizes, (0, 0, 2, 6, 9), risks, strict=True)
        ],
    }


def build_inputs(**changes: Any) -> ReportInputs:
    inputs = ReportInputs(
        language="en",
        details=make_details(),
        importance=make_importance(),
        attrition={
            as_of: _attrition(19_400 + 37 * i, known=role != "score")
            for i, (as_of, role) in enumerate(AS_OFS.items())
        },
        scored=make_scored(),
        time=TimeParams(),
        as_ofs=AS_OFS,
        label_kinds=("off_net", "value_loss"),
        champion="gbm",
        provenance=Provenance(
            commit="3f9c2ab41d7e6508c1b2a9e87d4f60b5a3c19e72",
            data={
                "data/evaluation/predictions.parquet": "9f2c" * 16,
                "data/scores/as_of=2026-01-01/scores.parquet": "0ab7" * 16,
                "models/gbm": "77d1" * 16,
            },
            parameters={
                "time.window_months": 3,
                "time.horizon_days": None,
                "label.kinds": ("off_net", "value_loss"),
                "train.gbm.learning_rate": 0.05,
                "train.seed": 0,
            },
        ),
    )
    return replace(inputs, **changes)


@pytest.fixture(scope="session")
def make_inputs() -> Callable[..., ReportInputs]:
    return build_inputs


@pytest.fixture(scope="session")
def details() -> dict[str, Any]:
    return make_details()


@pytest.fixture(scope="session")
def importance() -> list[dict[str, Any]]:
    return make_importance()

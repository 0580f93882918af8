"""Whether to train the model again, and the figures that MLflow keeps of a month."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.monitor import MonitorParams

_CHAMPION = "probability"

# What each reason says, in English and Chinese.
_SAYS = {
    "auc_fell": (
        "It ranks worse than promised: ROC AUC {value} ({low} to {high}) in {as_of}, against "
        "{promised_low} to {promised_high} in its test.",
        "排序能力低于承诺：{as_of} 的 ROC AUC 为 {value}（{low} 至 {high}），"
        "测试时为 {promised_low} 至 {promised_high}。",
    ),
    "calibration_off": (
        "Its probabilities no longer hold: in {as_of} {value} times as many left as it said "
        "({low} to {high}).",
        "概率已不准确：{as_of} 实际离网人数为预测的 {value} 倍（{low} 至 {high}）。",
    ),
    "score_drift": (
        "The scores of {as_of} lie outside what they usually differ by from month to month.",
        "{as_of} 的评分分布超出了以往各月之间的正常差异。",
    ),
    "feature_drift": (
        "{count} features or reasons of {as_of} lie outside what is usual: look whether an extract "
        "or a tariff changed.",
        "{as_of} 有 {count} 个特征或原因超出正常范围：请检查数据来源或资费是否有变化。",
    ),
}
_OPENS = {
    "retrain": ("Train the model again.", "建议重新训练模型。"),
    "look": ("The model can stay; look at what drifted.", "模型可继续使用，但请查看已偏移的特征。"),
    "keep": ("The model can stay.", "模型可继续使用。"),
    "unknown": (
        "Too little is known to say whether the model still holds.",
        "目前信息不足，无法判断模型是否仍然可靠。",
    ),
}


def retrain_advice(
    drift: Mapping[str, Any] | None,
    history: Sequence[Mapping[str, Any]],
    age_months: int,
    params: MonitorParams,
) -> dict[str, Any]:
    """Say what to do about the model; "retrain" only where an interval or a band says so.

    Age alone is no reason: an old model that does as it promised is one the team knows.

    Args:
        drift: content of drift.json of the present month; None: not judged.
        history: `realised` of every matured month that this model scored, in any order.
        age_months: months from the model's test as_of to the present one.
        params: section `monitor`.

    Returns:
        advice ("retrain", "look", "keep", "unknown"), reasons (codes), en and zh (sentences),
        age_months, and realised_as_of (the newest matured month, or None).
    """
    newest = max(history, key=lambda one: str(one["as_of"]), default=None)
    measured = None if newest is None else newest["groups"]["untreated"]["measures"]
    found: list[tuple[str, dict[str, Any]]] = []
    if newest is not None and measured is not None:
        found += _fallen(str(newest["as_of"]), measured, params)
    sure = drift is not None and drift["verdict"] in {"within", "outside"}
    if drift is not None and drift["verdict"] == "outside":
        found += _drifted(drift)
    codes = [code for code, _ in found]
    if set(codes) & {"auc_fell", "calibration_off", "score_drift"}:
        advice = "retrain"
    elif codes:
        advice = "look"
    else:
        advice = "keep" if sure or measured is not None else "unknown"
    return {
        "advice": advice,
        "reasons": codes,
        "en": " ".join([_OPENS[advice][0], *(_SAYS[c][0].format(**v) for c, v in found)]),
        "zh": "".join([_OPENS[advice][1], *(_SAYS[c][1].format(**v) for c, v in found)]),
        "age_months": age_months,
        "realised_as_of": None if newest is None else str(newest["as_of"]),
    }


def realised_content(
    as_of: str, history: Sequence[Mapping[str, Any]], advice: Mapping[str, Any]
) -> dict[str, Any]:
    """What realised.json of a scored month holds: what is known at its cutoff of earlier ones."""
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": as_of,
        "months": sorted(history, key=lambda one: str(one["as_of"])),
        "advice": dict(advice),
    }


def _fallen(
    as_of: str, measured: Mapping[str, Any], params: MonitorParams
) -> list[tuple[str, dict[str, Any]]]:
    found = []
    auc = measured["roc_auc"]
    low = auc.get("promised_low")
    if auc["high"] is not None and low is not None and auc["high"] < low:
        keys = ("value", "low", "high", "promised_low", "promised_high")
        found.append(("auc_fell", {"as_of": as_of, **{k: f"{auc[k]:.3f}" for k in keys}}))
    ratio, margin = measured["ratio"], params.calibration_margin
    if ratio["low"] is not None and (ratio["low"] > 1 + margin or ratio["high"] < 1 - margin):
        shown = {k: f"{ratio[k]:.2f}" for k in ("value", "low", "high")}
        found.append(("calibration_off", {"as_of": as_of, **shown}))
    return found


def _drifted(drift: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    named = drift["outside"]
    if any(one["kind"] == "scores" and one["name"] in {_CHAMPION, "tier"} for one in named):
        found.append(("score_drift", {"as_of": drift["as_of"]}))
    others = sum(one["kind"] != "scores" for one in named)
    if others:
        found.append(("feature_drift", {"as_of": drift["as_of"], "count": others}))
    return found


def metrics_of(
    drift: Mapping[str, Any] | None, history: Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """Flat figures of a month, their names as MLflow takes them.

    Args:
        drift: content of drift.json; None: none.
        history: `realised` of the matured months; the as_of stands in the name.
    """
    out: dict[str, float] = {}
    if drift is not None:
        out["drift/outside"] = float(len(drift["outside"]))
        for one in drift["distributions"]:
            for what in ("psi", "wasserstein", "over_band"):
                if one[what] is not None:
                    out[f"drift/{what}/{one['kind']}/{_plain(one['name'])}"] = float(one[what])
    for month in history:
        for group, content in month["groups"].items():
            found = _group_figures(content)
            out |= {f"realised/{month['as_of']}/{group}/{k}": v for k, v in found.items()}
    return out


def _group_figures(content: Mapping[str, Any]) -> dict[str, float]:
    found = {"churners": content["churners"]}
    found |= {f"rate/{_plain(tier['tier'])}": tier["rate"] for tier in content["tiers"]}
    found |= {name: figure["value"] for name, figure in (content["measures"] or {}).items()}
    return {name: float(value) for name, value in found.items() if value is not None}


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)

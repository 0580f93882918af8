"""The models' measures, curves, differences and features, in one language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from churnlight.report import charts, formats
from churnlight.report.inputs import ReportInputs
from churnlight.report.svg import Caption
from churnlight.report.words import Words

View = dict[str, Any]

_RANKING = ("roc_auc", "pr_auc")
# Of all differences these are shown: the rankings, and the lengths of a usual call list.
_PAIRED = (*_RANKING, "lift_at_5", "lift_at_10")
_LOWER_IS_BETTER = ("brier", "ece", "log_loss")
_LISTS = ("precision_at_n", "recall_at_n")
_PROFITS = ("max_profit_money", "expected_max_profit_money")
_FINE = {"brier", "ece"}
_LIFT = re.compile(r"^lift_at_(.+)$")
FEATURES_SHOWN = 15


def model_view(inputs: ReportInputs, words: Words) -> View:
    """Measures side by side, paired differences, curves and features."""
    # LightGBM is explained on the subscribers of the newest scored month.
    explained = (inputs.scored or inputs.details)["as_of"]
    return {
        "heads": _heads(inputs, words),
        "metrics": _metrics(inputs, words),
        "paired": paired_rows(inputs.details, words),
        "curves": _curves(inputs.details, words),
        "features": _features(inputs.importance, words),
        "features_caption": words(
            "features_caption",
            shown=min(FEATURES_SHOWN, len(inputs.importance)),
            all=len(inputs.importance),
        ),
        "features_lead": words("features_lead", as_of=explained),
    }


def reading(metrics: Mapping[str, Any], key: str) -> dict[str, float | None]:
    """A measure as {"value", "low", "high"}, whatever is missing as None."""
    found = metrics.get(key)
    content = found if isinstance(found, Mapping) else {"value": found}
    return {part: content.get(part) for part in ("value", "low", "high")}


def show(key: str, value: float | None) -> str:
    """A measure's value as people write it: lift 4.2×, Brier 0.0391, AUC 0.871, recall 32.1%."""
    if _LIFT.match(key):
        return formats.DASH if value is None else f"{formats.number(value, 1)}×"
    return _plain(key, value)


def spread(key: str, one: Mapping[str, float | None]) -> str:
    """A measure's interval in the same style as its value; "" when there is none."""
    return formats.between(one["low"], one["high"], lambda value: _plain(key, value))


def _plain(key: str, value: float | None) -> str:
    return formats.percent(value) if key in _LISTS else formats.number(value, _digits(key))


def _digits(key: str) -> int:
    if _LIFT.match(key):
        return 1
    return 2 if key in _PROFITS else 4 if key in _FINE else 3


def signed_pair(key: str, one: Mapping[str, float | None]) -> dict[str, str]:
    """A difference and its interval, the sign always shown."""

    def sign(number: float | None) -> str:
        return formats.signed(number, _digits(key))

    return {"value": sign(one["value"]), "interval": formats.between(one["low"], one["high"], sign)}


def metric_name(key: str, words: Words) -> str:
    """What people call a measure: lift_at_0_5 is "Lift at 0.5%"."""
    return words("lift", share=_percent_of(key)) if _LIFT.match(key) else words(key)


def _percent_of(key: str) -> str:
    return key.removeprefix("lift_at_").replace("_", ".")


def scale_of(values: Sequence[float | None], least: float) -> float:
    """The end of a scale that holds all values, with some air; at least `least`."""
    return max([least, *(abs(v) for v in values if v is not None)]) * 1.05


def _heads(inputs: ReportInputs, words: Words) -> list[View]:
    heads = [
        {"name": words(model), "champion": model == inputs.champion, "style": model}
        for model in inputs.details["models"]
    ]
    baseline = inputs.details.get("baseline")
    if baseline:
        name = words.named("baseline", baseline["name"])
        heads.append({"name": name, "champion": False, "style": "baseline"})
    return heads


def _columns(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    columns = [content["metrics"] for content in details["models"].values()]
    baseline = details.get("baseline")
    return [*columns, baseline["metrics"]] if baseline else columns


def _metrics(inputs: ReportInputs, words: Words) -> list[View]:
    columns = _columns(inputs.details)
    present = {key for column in columns for key in column}
    lifts = sorted((k for k in present if _LIFT.match(k)), key=lambda k: float(_percent_of(k)))
    rows = []
    order = (*_RANKING, *lifts, *_LISTS, *_PROFITS, *_LOWER_IS_BETTER)
    for key in (k for k in order if k in present):
        name, says = _metric_words(key, inputs.details, words)
        cells = [
            {"value": show(key, one["value"]), "interval": spread(key, one)}
            for one in (reading(column, key) for column in columns)
        ]
        rows.append({"name": name, "says": says, "cells": cells})
    return rows


def _metric_words(key: str, details: Mapping[str, Any], words: Words) -> tuple[str, str]:
    if _LIFT.match(key):
        return metric_name(key, words), words("lift_says", share=_percent_of(key))
    total = details["subscribers"]
    base = formats.number(details["churners"] / total if total else None)
    calls = formats.count(details.get("call_list"))
    return words(key), words(f"{key}_says", base=base, calls=calls)


def paired_rows(details: Mapping[str, Any], words: Words) -> list[View]:
    """The differences of both models and of model and baseline, with what they carry."""
    paired = details.get("paired") or {}
    rows: list[View] = []
    names = {"baseline": words("baseline"), "gbm": words("gbm"), "tree": words("tree")}
    for pair, metrics in paired.items():
        first, _, second = pair.partition("_minus_")
        who = {"first": names.get(first, first), "second": names.get(second, second)}
        rows += [
            _pair(pair, key, reading(metrics, key), who, words) for key in _PAIRED if key in metrics
        ]
    for key in {row["key"] for row in rows}:
        same = [row for row in rows if row["key"] == key]
        ends = [v for row in same for v in row["numbers"]]
        span = scale_of(ends, 0.001)
        for row in same:
            row["drawn"] = charts.difference(row["numbers"], span, row["drawn_caption"])
    return rows


def _pair(
    pair: str, key: str, one: Mapping[str, float | None], who: Mapping[str, str], words: Words
) -> View:
    digits = _digits(key)
    value, low, high = one["value"], one["low"], one["high"]

    def sign(number: float | None) -> str:
        return formats.signed(number, digits)

    metric = metric_name(key, words)
    comparison = words("minus", **who)
    says = words("interval_says", rate=sign(value), range=formats.between(low, high, sign))
    caption = Caption(f"pair-{pair}-{key}-{words.language}", f"{metric}, {comparison}", says)
    return {
        "key": key,
        "numbers": (value, low, high),
        "comparison": comparison,
        "metric": metric,
        "difference": sign(value),
        "interval": formats.between(low, high, sign),
        "verdict": words(f"verdict_{verdict(key, low, high)}", **who),
        "drawn_caption": caption,
    }


def verdict(key: str, low: float | None, high: float | None) -> str:
    """What the interval of "first minus second" carries: "better", "worse" or "none"."""
    if low is None or high is None or low <= 0 <= high:
        return "none"
    return "better" if (low > 0) != (key in _LOWER_IS_BETTER) else "worse"


def _curves(details: Mapping[str, Any], words: Words) -> list[View]:
    models = details["models"]
    total = details["subscribers"]
    base = details["churners"] / total if total else None
    curves = []
    for kind, key, note in (("roc", "roc_auc", "curve_note"), ("pr", "pr_auc", "pr_note")):
        series = [
            charts.Series(
                model,
                f"{words(model)} {show(key, reading(content['metrics'], key)['value'])}",
                [(x, y) for x, y in content[kind]],
            )
            for model, content in models.items()
        ]
        labels = _labels(kind, base, _measured(models, key, words), words)
        picture = (
            charts.roc(series, labels)
            if kind == "roc"
            else charts.precision_recall(series, labels, base)
        )
        curves.append({"name": words(kind), "picture": picture, "note": words(note)})
    labels = _labels("calibration", base, _measured(models, "ece", words), words)
    bins = {model: content["reliability"] for model, content in models.items()}
    picture = charts.calibration(bins, {m: words(m) for m in models}, labels)
    name = words("calibration")
    return [*curves, {"name": name, "picture": picture, "note": words("calibration_note")}]


def _measured(models: Mapping[str, Any], key: str, words: Words) -> str:
    said = []
    for model, content in models.items():
        one = reading(content["metrics"], key)
        said.append(f"{words(model)} {words(key)} {show(key, one['value'])} ({spread(key, one)})")
    return "; ".join(said)


def _labels(kind: str, base: float | None, says: str, words: Words) -> charts.Labels:
    return charts.Labels(
        words(f"{kind}_x"),
        words(f"{kind}_y"),
        words(f"{kind}_ref", base=formats.percent(base)),
        Caption(f"{kind}-{words.language}", words(kind), says),
    )


def _features(importance: Sequence[Mapping[str, Any]], words: Words) -> list[View]:
    total = sum(row["mean_abs_shap"] for row in importance)
    greatest = max([row["mean_abs_shap"] for row in importance], default=0.0)
    rows = []
    for index, row in enumerate(importance[:FEATURES_SHOWN]):
        strength = row["mean_abs_shap"]
        caption = Caption(
            f"feature-{index}-{words.language}",
            words("bar_title", feature=row["feature"]),
            formats.number(strength),
        )
        drawn: Markup = charts.bar(strength / greatest if greatest else 0.0, caption)
        rows.append(
            {
                "meaning": row.get(words.language) or row["feature"],
                "feature": row["feature"],
                "family": words.named("family", row["family"]),
                "shap": formats.number(strength),
                "share": formats.percent(strength / total if total else None, 0),
                "drawn": drawn,
            }
        )
    return rows

"""Parts of the cohort, and what families of features add, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from churnlight.report import formats
from churnlight.report.inputs import ReportInputs
from churnlight.report.view_models import reading, show, signed_pair, spread, verdict
from churnlight.report.words import Words

View = dict[str, Any]

_SHOWN = ("roc_auc", "pr_auc")


def segment_view(inputs: ReportInputs, words: Words) -> View | None:
    """The parts of the test cohort, grouped by what cuts them; None where none were made."""
    parts = inputs.details.get("segments")
    if not parts:
        return None
    models, rules = list(inputs.details["models"]), inputs.details["segment_rules"]
    groups: dict[str, list[View]] = {}
    for part in parts:
        groups.setdefault(part["by"], []).append(_row(part, models, words))
    return {
        "lead": words("segments_lead", least=rules["min_churners"], days=rules["silent_days"]),
        "heads": [
            words("measure_of", measure=words(key), model=words(model))
            for key in _SHOWN
            for model in models
        ],
        "groups": [{"name": words(f"by_{by}"), "rows": rows} for by, rows in groups.items()],
    }


def _row(part: Mapping[str, Any], models: list[str], words: Words) -> View:
    measured = part["models"]
    cells = None
    if measured is not None:
        cells = [
            {"value": show(key, one["value"]), "interval": spread(key, one)}
            for key in _SHOWN
            for one in (reading(measured[model], key) for model in models)
        ]
    return {
        "name": _name(part, words),
        "subscribers": formats.count(part["subscribers"]),
        "churners": formats.count(part["churners"]),
        "cells": cells,
    }


def _name(part: Mapping[str, Any], words: Words) -> str:
    if part["bounds_months"] is None:
        return words.named("segment", part["segment"])
    low, high = part["bounds_months"]
    if low is None:
        return words("tenure_below", high=high)
    return (
        words("tenure_from", low=low)
        if high is None
        else words("tenure_within", low=low, high=high)
    )


def ablation_view(inputs: ReportInputs, words: Words) -> View | None:
    """What each family adds to each model; None where it was not worked out for this test."""
    found = inputs.ablation
    if not found or found["as_of"] != inputs.details["as_of"]:
        return None
    rows = [
        {
            "features": words(f"adds_{entry['family']}", count=entry["features"]),
            "model": words(entry["learner"]),
            "cells": [signed_pair(key, reading(entry["adds"], key)) for key in _SHOWN],
            "verdict": _verdict(reading(entry["adds"], "roc_auc"), words),
        }
        for entry in found["families"]
    ]
    return {"lead": words("ablation_lead", as_of=found["as_of"]), "rows": rows}


def _verdict(adds: Mapping[str, float | None], words: Words) -> str:
    found = verdict("roc_auc", adds["low"], adds["high"])
    return words("verdict_none") if found == "none" else words(f"adds_{found}")

"""Parts of the cohort, and what families of features add, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlight.report import formats
from churnlight.report.inputs import ReportInputs
from churnlight.report.view_models import reading, show, signed_pair, spread, verdict
from churnlight.report.words import Words
from churnlight.small_groups import hidden

View = dict[str, Any]

_SHOWN = ("roc_auc", "pr_auc")


def segment_view(inputs: ReportInputs, words: Words) -> View | None:
    """The parts of the test cohort, grouped by what cuts them; None where none were made."""
    parts = inputs.details.get("segments")
    if not parts:
        return None
    models, rules = list(inputs.details["models"]), inputs.details["segment_rules"]
    by_what: dict[str, list[Mapping[str, Any]]] = {}
    for part in parts:
        by_what.setdefault(part["by"], []).append(part)
    groups = {by: _rows(found, models, words) for by, found in by_what.items()}
    return {
        "lead": words("segments_lead", least=rules["min_churners"], days=rules["silent_days"]),
        "heads": [
            words("measure_of", measure=words(key), model=words(model))
            for key in _SHOWN
            for model in models
        ],
        "groups": [{"name": words(f"by_{by}"), "rows": rows} for by, rows in groups.items()],
    }


def _rows(found: Sequence[Mapping[str, Any]], models: list[str], words: Words) -> list[View]:
    """The parts by one thing. Of a kind of leaving the group is who left that way."""
    what = "churners" if found[0]["by"] == "label" else "subscribers"
    gone = {place for _, place in hidden([[part[what] for part in found]], words.least)}
    return [
        _row(part, models, words, hide=what if place in gone else None)
        for place, part in enumerate(found)
    ]


def _row(
    part: Mapping[str, Any], models: list[str], words: Words, *, hide: str | None = None
) -> View:
    """A part; `hide` names the count that is not shown, and with it goes the other."""
    measured = part["models"] if hide is None else None
    cells = None
    if measured is not None:
        cells = [
            {"value": show(key, one["value"]), "interval": spread(key, one)}
            for key in _SHOWN
            for one in (reading(measured[model], key) for model in models)
        ]
    return {
        "name": _name(part, words),
        "subscribers": _size(part, "subscribers", hide, words),
        "churners": _size(part, "churners", hide, words),
        "cells": cells,
    }


def _size(part: Mapping[str, Any], what: str, hide: str | None, words: Words) -> str:
    if hide is None:
        return formats.count(part[what])
    return words.withheld(part[what]) if what == hide else formats.DASH


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

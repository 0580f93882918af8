"""How past months' scores did, in one language: for report and month's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlight.report import formats
from churnlight.report.words import Words
from churnlight.small_groups import is_small

View = dict[str, Any]

_GROUPS = ("untreated", "treated")
_AREAS = ("roc_auc", "pr_auc")


def realised_view(content: Mapping[str, Any], words: Words) -> View:
    """All that the section needs.

    Args:
        content: of realised.json; see `churnlight.watch.advice.realised_content`.
        words: of the language.

    Returns:
        sentence (what to do about the model, and why), rows (newest month first, a row a group),
        tiers (of the newest month, a table a group), note.
    """
    advice = str(content["advice"][words.language])
    months = sorted(content["months"], key=lambda m: str(m["as_of"]), reverse=True)
    if not months:
        sentence = words("realised_none", advice=advice)
        return {"sentence": sentence, "rows": [], "tiers": [], "note": None}
    return {
        "sentence": advice,
        "rows": [
            _row(month, group, words)
            for month in months
            for group in _GROUPS
            if month["groups"][group]["subscribers"]
        ],
        # Who was treated is a group by itself; tiers are the team's list, and no trait of anybody.
        "tiers": [
            _tiers(months[0], group, words)
            for group in _GROUPS
            if months[0]["groups"][group]["subscribers"] >= words.least
        ],
        "note": words("realised_note"),
    }


def _row(month: Mapping[str, Any], group: str, words: Words) -> View:
    content = month["groups"][group]
    few = is_small(content["subscribers"], words.least)
    measures = None if few else content["measures"]
    return {
        "month": month["as_of"],
        "group": words(f"realised_{group}"),
        "subscribers": words.size(content["subscribers"]),
        "left": formats.DASH if few else formats.count(content["churners"]),
        "cells": None if measures is None else _cells(measures, group, words),
    }


def _cells(measures: Mapping[str, Any], group: str, words: Words) -> list[View]:
    seen, foreseen = measures["observed"], measures["mean_predicted"]
    interval = formats.between(seen["low"], seen["high"], formats.percent)
    return [
        *(_cell(measures[key], group, words) for key in _AREAS),
        {"value": formats.percent(seen["value"]), "says": [interval]},
        {"value": formats.percent(foreseen["value"]), "says": []},
        *(_plain(measures[key]) for key in ("ratio", "slope")),
    ]


def _plain(one: Mapping[str, Any]) -> View:
    spread = formats.between(one["low"], one["high"], lambda value: formats.number(value, 2))
    return {"value": formats.number(one["value"], 2), "says": [spread] if spread else []}


def _cell(one: Mapping[str, Any], group: str, words: Words) -> View:
    says = [formats.between(one["low"], one["high"])]
    promised = formats.between(one.get("promised_low"), one.get("promised_high"))
    # The promise was measured on those left alone and holds for nobody else.
    if promised and group == "untreated":
        says.append(words("realised_promised", range=promised))
    return {"value": formats.number(one["value"]), "says": [s for s in says if s]}


def _tiers(month: Mapping[str, Any], group: str, words: Words) -> View:
    tiers: Sequence[Mapping[str, Any]] = month["groups"][group]["tiers"]
    caption = words("realised_tiers", as_of=month["as_of"])
    return {
        "caption": f"{caption} · {words(f'realised_{group}')}",
        "promise": group == "untreated",
        "rows": [
            {
                "style": f"tier-{index}",
                "name": words.named("tier", one["tier"]),
                "subscribers": formats.count(one["subscribers"]),
                "left": formats.count(one["churners"]),
                "rate": formats.percent(one["rate"]),
                "interval": formats.between(one["rate_low"], one["rate_high"], formats.percent),
                "promised": formats.percent(one["promised_rate"]),
                "promised_interval": formats.between(
                    one["promised_rate_low"], one["promised_rate_high"], formats.percent
                ),
            }
            for index, one in enumerate(tiers)
        ],
    }

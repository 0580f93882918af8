"""What `churnlight check` found, as a page or a terminal shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlight.check.survey import CUSTOMER_DATA, removed
from churnlight.report import formats
from churnlight.report.words import Words

View = dict[str, Any]

_KEYS = ("check_customer", "check_fates", "check_reasons", "check_notes")


def check_view(content: Mapping[str, Any], words: Words) -> View:
    """Everything that is said of a folder of extracts, in one language.

    Args:
        content: as `churnlight.check.survey.survey` gives it.
        words: the language.
    """
    entries: Sequence[Mapping[str, Any]] = content["extracts"]
    targets = {name: formats.percent(rate, 0) for name, rate in content["targets"].items()}
    return {
        "sentence": _sentence(content, words),
        "contents": [(key, words(key)) for key in _KEYS],
        "customer_lead": words("check_customer_lead", **targets),
        "customer": [_customer(one, words) for one in entries if one["extract"] == CUSTOMER_DATA],
        "fates": [_fate(one, words) for one in entries],
        "reasons": [row for one in entries for row in _reasons(one, words)],
        "notes": _notes(content, words),
    }


def _sentence(content: Mapping[str, Any], words: Words) -> str:
    entries = content["extracts"]
    severity = content["severity"]
    unreadable = len(content["unreadable"])
    bad = sum(one["severity"] == severity for one in entries)
    return words(
        f"check_{severity}",
        rows=formats.count(sum(one["rows"] for one in entries)),
        kept=formats.count(sum(one["kept"] for one in entries)),
        parts=len(entries) if severity == "clean" else bad + unreadable,
        all=len(entries) + unreadable,
        share=formats.percent(content["max_refused_share"], 1),
    )


def _customer(one: Mapping[str, Any], words: Words) -> View:
    absent = ", ".join(one["absent"])
    return {
        "month": one["month"],
        "rates": [
            {
                "text": formats.percent(one[name]),
                "below": words("check_below") if name in one["below_target"] else "",
            }
            for name in ("completeness", "accuracy")
        ],
        "absent": words("check_absent", columns=absent) if absent else "",
        "newest": one["newest"] or formats.DASH,
        "stale": words("check_stale") if one["stale"] else "",
    }


def _fate(one: Mapping[str, Any], words: Words) -> View:
    corrected = sum(one["corrected"].values())
    return {
        "extract": one["extract"],
        "month": one["month"] or "",
        "cells": [
            formats.count(one["rows"]),
            formats.count(one["kept"]),
            formats.count(one["late"]),
            formats.count(sum(one["duplicates"].values())),
            formats.count(sum(one["refused"].values())),
        ],
        "corrected": words("check_corrected", count=formats.count(corrected)) if corrected else "",
        "rates": [formats.percent(one["completeness"]), formats.percent(one["accuracy"])],
        "severity": one["severity"],
        "state": words(f"check_state_{one['severity']}"),
    }


def _reasons(one: Mapping[str, Any], words: Words) -> list[View]:
    where = {"extract": one["extract"], "month": one["month"] or ""}
    rows: list[View] = []
    for reason, count in removed(one).items():
        examples = [words("check_row", **example) for example in one["examples"].get(reason, ())]
        corrected = one["corrected"].get(reason, 0)
        said = words("check_corrected", count=formats.count(corrected)) if corrected else ""
        rows.append({"what": reason, "count": count, "examples": examples, "says": said})
    for kind in ("unknown", "lost"):
        rows += [
            {"what": words(f"check_{kind}", column=c), "count": n, "examples": [], "says": ""}
            for c, n in one[kind].items()
        ]
    return [{**where, **row, "count": formats.count(row["count"])} for row in rows]


def _notes(content: Mapping[str, Any], words: Words) -> list[str]:
    unreadable = [
        f"{one['extract']} {one['month'] or ''}".strip()
        + f" {words('check_unreadable')}: {one['message']}"
        for one in content["unreadable"]
    ]
    return [*unreadable, *content["notes"], *(one["message"] for one in content["findings"])]

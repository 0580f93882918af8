"""What a month's scores stand on, in one language: for report and month's page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from churnlight.report import formats
from churnlight.report.words import Words
from churnlight.watch import ground_text

View = dict[str, Any]
# A day in words, its rows and the usual.
Day = tuple[str, int | None, float | None]

_HOLIDAY = 2


def ground_view(content: Mapping[str, Any], words: Words) -> View:
    """All that the section needs.

    Args:
        content: of ground.json.
        words: of the language.

    Returns:
        sentence (what it means and what to do), remarks, reason (of who accepted, or None),
        troubles, days (a row a month; None without CDRs), extracts and method.
    """
    return {
        "sentence": _sentence(content, words),
        "reason": _reason(content, words),
        "remarks": _remarks(content, words),
        "troubles": [_trouble(one, content, words) for one in content["troubles"]],
        "days": _days(content, words),
        "extracts": _extracts(content, words),
        "method": words("ground_method", noise=f"{content['params']['noise']:g}"),
    }


def _sentence(content: Mapping[str, Any], words: Words) -> str:
    span = {"first": content["window"][0], "last": content["window"][-1]}
    if content["stopping"]:
        key = "ground_refused" if content["accepted"] is None else "ground_accepted"
        return words(key, count=formats.count(content["stopping"]))
    if content["troubles"]:
        return words("ground_notes", count=formats.count(len(content["troubles"])), **span)
    return words("ground_sound", **span)


def _reason(content: Mapping[str, Any], words: Words) -> str | None:
    reason = content["accepted"]
    return None if reason is None else words("ground_reason", reason=reason)


def _remarks(content: Mapping[str, Any], words: Words) -> list[str]:
    said = []
    cohort = content["looked"]["cohort"]
    if cohort is not None:
        counts = {name: formats.count(cohort[name]) for name in ("low", "high")}
        said.append(words("ground_cohort", size=formats.count(cohort["subscribers"]), **counts))
    if content["holidays"] is None and content["looked"]["days"] is not None:
        said.append(words("ground_no_holidays"))
    return said


def _trouble(one: Mapping[str, Any], content: Mapping[str, Any], words: Words) -> View:
    if one["accepted_before"]:
        status = words("ground_accepted_before", as_of=one["accepted_before"])
    elif not one["stops"]:
        status = words("ground_note")
    else:
        status = words("ground_stops" if content["accepted"] is None else "ground_went_on")
    return {
        "extract": ground_text.subject(one, words.language),
        "month": one["month"],
        "what": ground_text.what(one, words.language),
        "cause": ground_text.cause(one, words.language),
        "why": ground_text.why(one, words.language),
        "status": status,
        "stops": one["stops"],
    }


def _days(content: Mapping[str, Any], words: Words) -> View | None:
    looked = content["looked"]["days"]
    if looked is None:
        return None
    total, first = looked["series"][0], date.fromisoformat(looked["first"])
    months: dict[str, list[Day]] = {}
    seen = zip(looked["types"], total["rows"], total["expected"], strict=True)
    for i, (kind, rows, usual) in enumerate(seen):
        day = first + timedelta(days=i)
        shown = words("ground_holiday", day=day) if kind == _HOLIDAY else f"{day}"
        months.setdefault(f"{day:%Y-%m}", []).append((shown, rows, usual))
    return {
        "caption": words("ground_days"),
        "heads": [words(k) for k in ("ground_rows", "ground_days_there", "ground_lowest")],
        "rows": [_month(month, days, words) for month, days in sorted(months.items())],
    }


def _month(month: str, days: list[Day], words: Words) -> View:
    there = sum(1 for _, rows, _ in days if rows)
    ratios = [(rows / usual, day) for day, rows, usual in days if rows is not None and usual]
    share, lowest = min(ratios, default=(None, ""))
    return {
        "name": month,
        "rows": formats.count(sum(rows or 0 for _, rows, _ in days)),
        "days": words("ground_of", there=there, days=len(days)),
        "whole": there == len(days),
        "share": formats.percent(share, 0),
        "day": lowest,
    }


def _extracts(content: Mapping[str, Any], words: Words) -> View | None:
    rows = content["looked"]["rows"]
    if not rows:
        return None
    names: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        names.setdefault((row["extract"], row["what"]), {})[row["month"]] = row
    return {
        "caption": words("ground_extracts"),
        "heads": content["window"],
        "rows": [
            {
                "name": extract,
                "says": words("ground_active_of") if what == "active" else None,
                "cells": [_cell(found.get(month), words) for month in content["window"]],
            }
            for (extract, what), found in names.items()
        ],
    }


def _cell(row: Mapping[str, Any] | None, words: Words) -> View:
    if row is None:
        return {"rows": formats.DASH, "usual": None, "low": True}
    usual = row["expected"]
    return {
        "rows": formats.count(row["rows"]),
        "usual": None if usual is None else words("ground_usual", expected=formats.count(usual)),
        "low": row["least"] is not None and row["rows"] < row["least"],
    }

"""Tables as the sections on segments, tariffs, handsets and the plan show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from churnlight.report import formats
from churnlight.report.words import Words

View = dict[str, Any]

_LISTED = {"en": ", ", "zh": "、"}
# Money below this is shown to the cent.
_LARGE = 1000.0


def cell(*lines: str, says: Sequence[str] = (), figure: bool = True, strong: bool = False) -> View:
    """A cell: its lines, smaller ones below, set to the right where it holds figures."""
    small = [text for text in says if text]
    return {"lines": list(lines), "says": small, "figure": figure, "strong": strong}


def row(name: str, cells: Sequence[View], says: str = "") -> View:
    """A row under its name; `says` stands smaller below the name."""
    return {"name": name, "says": says, "cells": list(cells)}


def table(
    caption: str, heads: Sequence[str], groups: Sequence[tuple[str, Sequence[View]]], style: str
) -> View:
    """A table of groups of rows; heads are right or left as the first row's cells are.

    Args:
        caption: above it.
        heads: of the name and of each cell.
        groups: name ("" for none) and rows of each.
        style: class of report.css, which says how narrow it gets.
    """
    kept = [(name, list(rows)) for name, rows in groups if rows]
    sides = [False, *(one["figure"] for one in kept[0][1][0]["cells"])] if kept else []
    return {
        "caption": caption,
        "heads": [{"text": t, "figure": f} for t, f in zip(heads, sides, strict=False)],
        "groups": [{"name": name, "rows": rows} for name, rows in kept],
        "style": style,
    }


def money(value: float | None) -> str:
    """An amount in the parameters' currency: to the cent where it is small."""
    if value is None:
        return formats.DASH
    digits = 0 if abs(value) >= _LARGE or value == round(value) else 2
    return f"{value:,.{digits}f}".replace("-", formats.MINUS)


def change(value: float | None) -> str:
    """A change of an amount, with its sign."""
    if value is None:
        return formats.DASH
    return f"+{money(value)}" if value > 0 else money(value)


def listed(parts: Sequence[str], words: Words) -> str:
    """Names one after another, as the language writes them."""
    return _LISTED[words.language].join(parts)


def joined(sentences: Sequence[str], words: Words) -> str:
    """Sentences one after another, as the language writes them."""
    return (" " if words.language == "en" else "").join(sentences)


def span(low: float | None, high: float | None, key: str, words: Words) -> str:
    """A range of money by the texts `key`_from, _below and _between; bounds may be open."""
    texts = {"low": money(low), "high": money(high)}
    if not low:
        return words(f"{key}_below", high=texts["high"]) if high is not None else formats.DASH
    return (
        words(f"{key}_from", low=texts["low"]) if high is None else words(f"{key}_between", **texts)
    )


def noticed(notices: Sequence[Any], words: Words, but: Sequence[str] = ()) -> list[str]:
    """Notices that a JSON file holds in both languages, but for those codes."""
    return [str(one[words.language]) for one in notices if one["code"] not in but]

"""Who moved between two scored months, in one language: for report, month's page and call list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlight.report import formats
from churnlight.report.view_offers import joined
from churnlight.report.words import Words
from churnlight.small_groups import hidden, is_small

View = dict[str, Any]

_MOVED = ("rose_two", "rose_one", "same", "fell", "not_comparable", "new")
_GONE = ("left_books", "below_rules", "unknown")
# Shown where somebody is in them alone.
_SELDOM = frozenset({"not_comparable", "unknown"})


def movements_view(content: Mapping[str, Any], words: Words) -> View:
    """All that the section needs.

    Args:
        content: of movements.json.
        words: of the language.

    Returns:
        title, sentences (what it means and what to do), remarks (what to be careful with); summary
        and matrix, both None where no month was scored before.
    """
    before = content["before"]
    if before is None:
        return {
            "title": words("movements_none"),
            "sentences": [words("moved_none", as_of=content["as_of"])],
            "remarks": [],
            "summary": None,
            "matrix": None,
            "note": None,
        }
    return {
        "title": words("movements", before=before),
        "sentences": _sentences(content, words),
        "remarks": _remarks(content, words),
        "summary": _summary(content, words),
        "matrix": _matrix(content, words),
        "note": joined([words("moved_note"), *words.fewer_note], words),
    }


def _sentences(content: Mapping[str, Any], words: Words) -> list[str]:
    moved = content["moved"]
    rose = moved["rose"]
    counts = {key: words.size(moved[key]["subscribers"]) for key in ("rose", "fell", "same")}
    said = [words("moved_says", before=content["before"], **counts)]
    if rose["value_at_risk_money"] is not None and not is_small(rose["subscribers"], words.least):
        then = formats.count(rose["value_at_risk_before_money"])
        said.append(
            words("moved_money", risk=formats.count(rose["value_at_risk_money"]), then=then)
        )
    two = moved["rose_two"]["subscribers"]
    if two and two == content["risen_on_list"]:
        said.append(words("moved_two_all", two=words.size(two)))
    elif two:
        listed = words.size(content["risen_on_list"])
        said.append(words("moved_two", two=words.size(two), listed=listed))
    else:
        said.append(words("moved_two_none"))
    return said


def _remarks(content: Mapping[str, Any], words: Words) -> list[str]:
    models, held = content["models"], content["held"]
    said = []
    if content["months_between"] > 1:
        said.append(words("moved_far", months=content["months_between"]))
    if models["same"] is None:
        said.append(words("moved_models_unknown", before=content["before"]))
    elif not models["same"]:
        said.append(words("moved_models", then=models["before"], now=models["now"]))
    if held is not None:
        counts = {key: words.size(held[key]) for key in ("higher", "lower")}
        said.append(words("moved_held", **counts))
    if lost := content["moved"]["not_comparable"]["subscribers"]:
        said.append(words("moved_lost", count=words.size(lost)))
    return said


def _summary(content: Mapping[str, Any], words: Words) -> View:
    totals = [(key, content["moved"][key]) for key in _MOVED]
    totals += [(key, content["gone"][key]) for key in _GONE]
    heads = ("moved_how", "moved_subscribers", "moved_bills", "moved_then", "moved_now")
    sizes = [total["subscribers"] for _, total in totals]
    gone = {place for _, place in hidden([sizes], words.least)}
    return {
        "caption": words("moved_summary"),
        "heads": [words(key) for key in heads],
        "rows": [
            _total(key, total, words, hide=place in gone)
            for place, (key, total) in enumerate(totals)
            if total["subscribers"] or key not in _SELDOM
        ],
    }


def _total(key: str, total: Mapping[str, Any], words: Words, *, hide: bool) -> View:
    # Who is gone has no money at risk any more.
    now = None if key in _GONE else total["value_at_risk_money"]
    money = (total["monthly_bill_money"], total["value_at_risk_before_money"], now)
    return {
        "name": words(f"movement_{key}"),
        "count": words.withheld(total["subscribers"], hide=hide),
        "money": [formats.DASH if hide else formats.count(value) for value in money],
        "first": key == "rose_two" and total["subscribers"] > 0,
    }


def _matrix(content: Mapping[str, Any], words: Words) -> View:
    tiers: list[str] = content["tiers"]
    froms = [row["from"] for row in content["matrix"]]
    order = [*reversed(range(len(froms) - 1)), len(froms) - 1]
    sizes = [[cell["subscribers"] for cell in row["cells"]] for row in content["matrix"]]
    gone = hidden(sizes, words.least)
    return {
        "caption": words("moved_matrix"),
        "corner": words("moved_from"),
        "heads": [
            *(_named(tier, tiers, words) for tier in reversed(tiers)),
            {"name": words("movement_to_gone"), "style": None},
        ],
        "rows": [_row(number, content, gone, words) for number in order],
    }


def _row(
    number: int, content: Mapping[str, Any], hide: frozenset[tuple[int, int]], words: Words
) -> View:
    """A tier then; `hide` has row and column of the cells that are not shown."""
    tiers: list[str] = content["tiers"]
    row = content["matrix"][number]
    new = number == len(content["matrix"]) - 1
    shown = [_cell(cell, row["from"], content, new=new) for cell in row["cells"]]
    *inside, gone = [
        one | {"count": words.withheld(cell["subscribers"]), "share": None, "money": None}
        if (number, place) in hide
        else one
        for place, (one, cell) in enumerate(zip(shown, row["cells"], strict=True))
    ]
    named = (
        {"name": words("movement_from_new"), "style": None}
        if new
        else _named(row["from"], tiers, words)
    )
    cells = [*reversed(inside), gone]
    return named | {"count": words.size(row["subscribers"]), "cells": cells, "new": new}


def _named(tier: str, tiers: Sequence[str], words: Words) -> View:
    style = f"tier-{tiers.index(tier)}" if tier in tiers else None
    return {"name": words.named("tier", tier), "style": style}


def _cell(cell: Mapping[str, Any], was: str, content: Mapping[str, Any], *, new: bool) -> View:
    """A cell: what it holds, and whether it stands for a rise of two tiers or for staying."""
    tiers, to = content["tiers"], cell["to"]
    known = not new and was in tiers and to in tiers
    step = tiers.index(to) - tiers.index(was) if known else None
    mark = "same" if step == 0 else ""
    if step is not None and step >= content["risen_tiers"] and cell["subscribers"]:
        mark = "first"
    empty = not cell["subscribers"]
    return {
        "count": formats.DASH if empty else formats.count(cell["subscribers"]),
        "share": None if empty else formats.percent(cell["share"]),
        "money": None if empty else formats.count(cell["value_at_risk_money"]),
        "mark": mark,
    }

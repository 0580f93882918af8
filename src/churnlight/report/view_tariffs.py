"""Tariff pricing: data/tariffs/as_of=.../tariffs.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from churnlight.report import formats
from churnlight.report.view_offers import (
    View,
    cell,
    change,
    joined,
    listed,
    row,
    span,
    table,
)
from churnlight.report.words import Words
from churnlight.small_groups import hidden, is_small

_PROPOSED = ("in_need", "overpays", "within_loss", "no_loss")
_MATCHING = (*_PROPOSED, "withheld", "dearer", "stays")
_INCENTIVE = ("plausible", "none_plausible", "top_level")
# Nothing would change for these, so no change is shown.
_NOTHING = frozenset({"stays", "none_plausible", "top_level"})
_REPRODUCED = ("exact", "within_cent", "within_1_percent", "within_5_percent")
# Share of bills within 1 % from which the moves are said to be usable.
_CLOSE = 0.95


def tariffs_view(content: Mapping[str, Any], words: Words) -> View:
    """The section on tariffs.

    Args:
        content: of tariffs.json, see `tariffs.summing.summary_of`; its as_of is put in by whoever
            reads it.
        words: the language.

    Returns:
        title, sentence, says, notices, tables, note, path; without pricing only why.
    """
    view: View = {
        "title": words("tariffs"),
        "says": [],
        "notices": _plans_left_out(content, words),
        "tables": [],
        "note": None,
        "path": f"data/tariffs/as_of={content['as_of']}/tariffs.json",
    }
    if content["left_out"] is not None:
        return {**view, "sentence": words(f"tariffs_out_{content['left_out']}")}
    return {
        **view,
        "sentence": _reproduced(content["reproduction"], words),
        "says": _says(content, words),
        "notices": [*_unpriced(content, words), *view["notices"]],
        "tables": [_moves(content, words), _bills(content, words), _levels(content, words)],
        "note": joined([words("tariffs_note"), *words.fewer_note], words),
    }


def _reproduced(found: Mapping[str, int], words: Words) -> str:
    bills, near = found["bills"], found["within_1_percent"]
    if bills == 0:
        return words("tariffs_no_bills")
    if found["within_cent"] == bills:
        return words("tariffs_exact", bills=formats.count(bills))
    key = "tariffs_close" if near / bills >= _CLOSE else "tariffs_poor"
    counts = {"near": formats.count(near), "bills": formats.count(bills)}
    return words(key, share=formats.percent(near / bills), **counts)


def _says(content: Mapping[str, Any], words: Words) -> list[str]:
    matching, incentive = content["matching"], content["incentive"]
    proposed = {
        key: sum(matching[guard][key] for guard in _PROPOSED) for key in ("members", "change_money")
    }
    single = (
        ("tariffs_withheld", matching, "withheld"),
        ("tariffs_incentive", incentive, "plausible"),
    )
    told = (
        ("tariffs_matching", proposed),
        *((key, kind[guard]) for key, kind, guard in single if not _given_away(kind, guard, words)),
    )
    return [
        words(key, members=words.size(one["members"]), change=_money(one, words))
        for key, one in told
        if one["members"]
    ]


def _money(one: Mapping[str, Any], words: Words) -> str:
    """What a move would change; nothing of too few: it would tell on them."""
    return change(None if is_small(one["members"], words.least) else one["change_money"])


def _unpriced(content: Mapping[str, Any], words: Words) -> list[str]:
    kinds = [
        words(f"tariffs_why_{status}", count=words.size(count))
        for status, count in content["status"].items()
        if status != "priced" and count
    ]
    return [words("tariffs_unpriced", kinds=listed(kinds, words))] if kinds else []


def _plans_left_out(content: Mapping[str, Any], words: Words) -> list[str]:
    kinds = [
        words(f"tariffs_plan_{reason}", count=formats.count(count))
        for reason, count in content["plans_left_out"].items()
    ]
    return [words("tariffs_plans_out", kinds=listed(kinds, words))] if kinds else []


def _moves(content: Mapping[str, Any], words: Words) -> View:
    heads = [
        words(key)
        for key in ("tariffs_move", "tariffs_members", "tariffs_change", "tariffs_proposed")
    ]
    groups = [
        (
            words(f"tariffs_by_{kind}"),
            _moved({guard: content[kind][guard] for guard in guards}, words),
        )
        for kind, guards in (("matching", _MATCHING), ("incentive", _INCENTIVE))
    ]
    caption = words("tariffs_caption", plans=formats.count(content["plans_sold"]))
    return table(caption, heads, groups, "lean")


def _hidden(found: Mapping[str, Mapping[str, Any]], words: Words) -> set[str]:
    """The guards whose members are not shown; together they are everybody who is priced."""
    guards = sorted(found)
    places = hidden([[found[guard]["members"] for guard in guards]], words.least)
    return {guards[place] for _, place in places}


def _given_away(found: Mapping[str, Mapping[str, Any]], guard: str, words: Words) -> bool:
    """Whether so many must not be told, though they are enough, because of others."""
    few = is_small(found[guard]["members"], words.least)
    return guard in _hidden(found, words) and not few


def _moved(found: Mapping[str, Mapping[str, Any]], words: Words) -> list[View]:
    """A row a guard."""
    gone = _hidden(found, words)
    return [_move(guard, one, words, hide=guard in gone) for guard, one in found.items()]


def _move(guard: str, one: Mapping[str, Any], words: Words, *, hide: bool) -> View:
    may = guard in (*_PROPOSED, "plausible")
    nothing = guard in _NOTHING or not one["members"] or hide
    cells = [
        cell(words.withheld(one["members"], hide=hide), strong=may),
        cell(change(None if nothing else one["change_money"])),
        cell(words("tariffs_yes" if may else "tariffs_no")),
    ]
    return row(words(f"tariffs_guard_{guard}"), cells)


def _bills(content: Mapping[str, Any], words: Words) -> View:
    found = content["reproduction"]
    bills = found["bills"]
    rows = [
        row(
            words(f"tariffs_of_{name}"),
            [
                cell(formats.count(found[name])),
                cell(formats.percent(found[name] / bills if bills else None)),
            ],
        )
        for name in _REPRODUCED
    ]
    if found["plan_unknown"]:
        cells = [cell(formats.count(found["plan_unknown"])), cell(formats.DASH)]
        rows.append(row(words("tariffs_of_plan_unknown"), cells))
    heads = [words(key) for key in ("tariffs_bills", "tariffs_count", "tariffs_share")]
    return table(words("tariffs_bills_caption"), heads, [("", rows)], "moved lean")


def _levels(content: Mapping[str, Any], words: Words) -> View:
    cuts, levels = content["level_begins_money"], content["levels"]
    bounds = [None, *cuts, None]
    sizes = [[one[str(n)] for n in range(1, len(cuts) + 2)] for one in _by_kind(levels)]
    # Each kind by itself adds up to all who are priced.
    gone = {(k, n) for k, line in enumerate(sizes) for _, n in hidden([line], words.least)}
    rows = []
    for number in range(1, len(cuts) + 2):
        low, high = bounds[number - 1], bounds[number]
        cells = [
            cell(span(low, high, "tariffs_fee", words)),
            *(
                cell(words.withheld(line[number - 1], hide=(k, number - 1) in gone))
                for k, line in enumerate(sizes)
            ),
        ]
        rows.append(row(str(number), cells))
    heads = [
        words("tariffs_level"),
        words("tariffs_fee"),
        *(words(f"tariffs_at_{kind}") for kind in ("present", "matching", "incentive")),
    ]
    return table(words("tariffs_levels_caption"), heads, [("", rows)], "moved lean")


def _by_kind(levels: Mapping[str, Mapping[str, int]]) -> list[Mapping[str, int]]:
    return [levels[kind] for kind in ("present", "matching", "incentive")]

"""Handset preference: data/handsets/as_of=.../handsets.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlight.report import formats
from churnlight.report.view_offers import View, cell, listed, noticed, row, span, table
from churnlight.report.words import Words
from churnlight.small_groups import is_small

_MEASURES = ("brand", "price_band", "os", "handset", "handset_among_three")
_WAYS = ("tree", "same_again", "most_common", "most_common_transition")
_RULES = 6
_SUGGESTED = 3


def handsets_view(content: Mapping[str, Any], words: Words) -> View:
    """The section on handsets.

    Args:
        content: of handsets.json, see `handsets.prefer`.
        words: the language.

    Returns:
        title, sentence, says, notices, tables, note, path; where nothing was learned only why.
    """
    view: View = {
        "title": words("handsets"),
        "says": [],
        "tables": [],
        "note": None,
        "path": f"data/handsets/as_of={content['as_of']}/handsets.json",
    }
    notices = noticed(content["notices"], words)
    if content["left_out"] is not None:
        return {**view, "sentence": notices[0], "notices": notices[1:]}
    accuracy = content["accuracy"]
    tables = [] if accuracy is None else [_accuracy(accuracy["measures"], words)]
    return {
        **view,
        "sentence": _verdict(accuracy, words),
        "says": _says(content, words),
        "notices": noticed(content["notices"], words, but=("not_judged",)),
        "tables": [*tables, _rules(content, words)],
        "note": _note(content, words),
    }


def _verdict(accuracy: Mapping[str, Any] | None, words: Words) -> str:
    """Better only where it beats each simple guess; worse is said beside that."""
    if accuracy is None:
        return words("handsets_unjudged")
    measures = accuracy["measures"]
    better = [
        name
        for name in _MEASURES
        if name in measures
        and all(one["verdict"] == "better" for one in measures[name]["differences"].values())
    ]
    names = listed([words(f"handsets_of_{name}") for name in better], words)
    said = [words("handsets_good", what=names) if better else words("handsets_plain")]
    said += [
        words(
            "handsets_worse",
            what=words(f"handsets_of_{name}"),
            guess=words(f"handsets_way_{way}"),
        )
        for name in _MEASURES
        if name in measures
        for way in _worse(measures[name])
    ]
    return (" " if words.language == "en" else "").join(said)


def _worse(measure: Mapping[str, Any]) -> list[str]:
    """The best of the guesses that beat the tree, if any does."""
    ahead = [way for way, one in measure["differences"].items() if one["verdict"] == "worse"]
    ahead.sort(key=lambda way: (-measure["ways"][way]["share"], way))
    return ahead[:1]


def _says(content: Mapping[str, Any], words: Words) -> list[str]:
    members, judged, accuracy = content["members"], content["chance_judged"], content["accuracy"]
    likely = words(
        "handsets_likely",
        likely=words.size(members["likely"]),
        rows=formats.count(members["with_handset"]),
        months=content["horizon_months"],
    )
    if judged is not None:
        rates = {key: formats.percent(judged[key]["month_rate"], 2) for key in ("likely", "others")}
        told = words(f"handsets_likely_{judged['verdict']}", **rates)
        likely = f"{likely}{' ' if words.language == 'en' else ''}{told}"
    if accuracy is None:
        return [likely]
    seen = accuracy["judged"]
    told = words(
        "handsets_judged",
        judged=formats.count(seen["changes"]),
        first=seen["first_month"],
        last=seen["last_month"],
        learned=formats.count(accuracy["learned"]["changes"]),
    )
    return [likely, told]


def _accuracy(measures: Mapping[str, Any], words: Words) -> View:
    rows = [
        row(words(f"handsets_of_{name}"), [_hits(measures[name], way, words) for way in _WAYS])
        for name in _MEASURES
        if name in measures
    ]
    heads = [words("handsets_guess"), *(words(f"handsets_way_{way}") for way in _WAYS)]
    return table(words("handsets_caption"), heads, [("", rows)], "segments")


def _hits(measure: Mapping[str, Any], way: str, words: Words) -> View:
    found = measure["ways"].get(way)
    if found is None:
        return cell(formats.DASH)
    difference = measure["differences"].get(way)
    verdict = "" if difference is None else words(f"handsets_verdict_{difference['verdict']}")
    interval = formats.between(found["low"], found["high"], formats.percent)
    return cell(formats.percent(found["share"]), says=[interval, verdict], strong=way == "tree")


def _rules(content: Mapping[str, Any], words: Words) -> View:
    bands = {
        one["price_band"]: span(one["from_money"], one["below_money"], "handsets_band", words)
        for one in content["bands"]
    }
    rows = [
        row(
            rule[f"text_{words.language}"],
            [cell(words.size(rule["changes"])), *_suggested(_next(rule, words), bands, words)],
        )
        for rule in content["rules"][:_RULES]
    ]
    heads = [
        words("handsets_who"),
        words("handsets_changes"),
        *(words("handsets_place", place=place) for place in range(1, _SUGGESTED + 1)),
    ]
    return table(words("handsets_rules_caption"), heads, [("", rows)], "segments")


def _next(rule: Mapping[str, Any], words: Words) -> Sequence[Mapping[str, Any]]:
    """What who falls under a rule bought next; nothing of too few."""
    return () if is_small(rule["changes"], words.least) else rule["next"]


def _suggested(
    kinds: Sequence[Mapping[str, Any]], bands: Mapping[int, str], words: Words
) -> list[View]:
    cells = []
    for kind in kinds[:_SUGGESTED]:
        parts = [kind.get("brand"), bands.get(kind.get("price_band", 0)), kind.get("os")]
        text = listed([str(part) for part in parts if part is not None], words)
        cells.append(cell(text, says=[formats.percent(kind["chance"])], figure=False))
    return cells + [cell(formats.DASH, figure=False) for _ in range(_SUGGESTED - len(cells))]


def _note(content: Mapping[str, Any], words: Words) -> str:
    hidden = len(content["rules"]) - _RULES
    more = [words("handsets_more", count=formats.count(hidden))] if hidden > 0 else []
    return (" " if words.language == "en" else "").join([words("handsets_note"), *more])

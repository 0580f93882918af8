"""Fairness, by area, age band, sex and brand: fairness.json of scores and of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from churnlight.assess.fairness import Group, Part
from churnlight.report import formats
from churnlight.report.view_offers import View, cell, joined, listed, row, table
from churnlight.report.words import Words
from churnlight.small_groups import hidden, is_small, together

# In the order of the tables; JSON keeps none.
_ORDER = ("region", "age_band", "sex", "brand", "handset_brand")
# Rows a column may have; the smallest groups beyond are shown as one.
_ROWS = 12
# A share so many times that of all is clearly above; one over it, four fifths, clearly below.
_APART = 1.25


@dataclass(frozen=True)
class _Shown:
    """A row of the table: a group, or several too small to be shown by themselves.

    Attributes:
        name: as people read it.
        group: its counts.
        single: whether it is one group, and known: only such are named in sentences.
        few: whether even its size is not shown.
        few_selected: whether nothing of the selected among it is shown.
    """

    name: str
    group: Group
    single: bool = True
    few: bool = False
    few_selected: bool = False


def fairness_content(
    scored: Mapping[str, Any] | None, tested: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """What `fairness_view` takes; None where there is neither."""
    return {"scored": scored, "tested": tested} if scored or tested else None


def fairness_view(content: Mapping[str, Any], words: Words) -> View:
    """The section on fairness.

    Args:
        content: scored, fairness.json of a scored month, and tested, that of the test month; each
            as `assess.fairness.fairness` makes it with its as_of, one of them may be None.
        words: the language, and the least size of a group that is shown.

    Returns:
        title, sentence, says, notices, tables, note, path, stage.
    """
    scored, tested = content["scored"], content["tested"]
    found = scored or tested
    tiers = _tiers(found, words)
    says = [*_picks(found, words), *([_misses(tested, words)] if tested else [])]
    if not tested:
        says.append(words("fairness_untested"))
    says.append(words("fairness_causes", groups=formats.count(_compared(found, words))))
    overall = Group.from_json(found["all"])
    return {
        "title": words("fairness"),
        "sentence": words(
            "fairness_scored",
            subscribers=words.size(overall.whole.subscribers),
            as_of=found["as_of"],
            share=formats.percent(overall.share),
            tiers=tiers,
        ),
        "says": [*says, _weighed(found, words)],
        "notices": _unknown(found, words),
        "tables": [
            *([_scored_table(scored, words)] if scored else []),
            *([_tested_table(tested, words)] if tested else []),
        ],
        "note": joined([words("fairness_note"), words("fewer_groups", least=words.least)], words),
        "path": _path(scored),
        "stage": "score" if scored else "evaluate",
    }


def _path(scored: Mapping[str, Any] | None) -> str:
    if scored is None:
        return "data/evaluation/fairness.json"
    return f"data/scores/as_of={scored['as_of']}/fairness.json"


def _tiers(content: Mapping[str, Any], words: Words) -> str:
    names = [words.named("tier", tier) for tier in content["selected_tiers"]]
    return ("和" if words.language == "zh" else " and ").join(names)


def _weighed(content: Mapping[str, Any], words: Words) -> str:
    columns = [words(f"fairness_of_{name}") for name in content["features"]]
    if not columns:
        return words("fairness_no_features")
    return words("fairness_features", columns=listed(columns, words))


def _unknown(content: Mapping[str, Any], words: Words) -> list[str]:
    names = [name for name, groups in content["by"].items() if groups is None]
    columns = listed([words(f"fairness_of_{name}") for name in names], words)
    return [words("fairness_unknown", columns=columns)] if names else []


def _columns(content: Mapping[str, Any]) -> list[str]:
    """The columns that are known of somebody, in the order of the tables."""
    known = [name for name, groups in content["by"].items() if groups is not None]
    return sorted(known, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


def _rows(content: Mapping[str, Any], column: str, words: Words) -> list[_Shown]:
    """The groups of a column; those that are too small, or too many, as one at the end."""
    entries = content["by"][column]
    if column == "age_band":
        entries = sorted(entries, key=lambda entry: (entry["group"] is None, entry["group"] or ""))
    groups = [Group.from_json(entry) for entry in entries]
    one = together([g.whole.subscribers for g in groups], words.least, _ROWS)
    found = [
        _Shown(_name(column, entry["group"], words), group, single=entry["group"] is not None)
        for place, (entry, group) in enumerate(zip(entries, groups, strict=True))
        if place not in one
    ]
    if one:
        rest = reduce(add, (groups[place] for place in sorted(one)))
        few = is_small(rest.whole.subscribers, words.least)
        every = len(one) == len(groups) > 1
        name = words("all_groups" if every else "other_groups", count=len(one))
        found.append(_Shown(name, rest, single=False, few=few))
    selected = [shown.group.selected.subscribers for shown in found]
    few_selected = {place for _, place in hidden([selected], words.least)}
    return [
        _Shown(s.name, s.group, s.single, s.few, few_selected=place in few_selected)
        for place, s in enumerate(found)
    ]


def _name(column: str, value: str | None, words: Words) -> str:
    if value is None:
        return words("fairness_nobody_knows")
    return words.named("sex", value) if column == "sex" else value


def _named(content: Mapping[str, Any], words: Words) -> Iterator[tuple[str, _Shown]]:
    """Each single group that is shown, with a name that says what it is a group by."""
    for column in _columns(content):
        for shown in _rows(content, column, words):
            if shown.single:
                yield f"{words(f'fairness_of_{column}')} {shown.name}", shown


def _compared(content: Mapping[str, Any], words: Words) -> int:
    return sum(1 for _ in _named(content, words))


def _picks(content: Mapping[str, Any], words: Words) -> list[str]:
    """Who is selected clearly more or less often than all."""
    overall = Group.from_json(content["all"])
    share, tiers = overall.share or 0.0, _tiers(content, words)
    more, less = [], []
    for name, shown in _named(content, words):
        ratio, (low, high) = shown.group.ratio(overall), shown.group.share_interval
        if ratio is None or low is None or high is None:
            continue
        said = words(
            "fairness_pick",
            group=name,
            share=formats.percent(shown.group.share),
            ratio=formats.number(ratio, 2),
        )
        if low > share and ratio >= _APART:
            more.append(said)
        elif high < share and ratio <= 1 / _APART:
            less.append(said)
    told = [
        words(key, tiers=tiers, names=listed(names, words))
        for key, names in (("fairness_more", more), ("fairness_less", less))
        if names
    ]
    return told or [words("fairness_alike", tiers=tiers)]


def _misses(content: Mapping[str, Any], words: Words) -> str:
    """Whose risk was foreseen too low or too high on the test month."""
    under, over = [], []
    for name, shown in _named(content, words):
        part = shown.group.whole
        low, high = part.interval
        if low is None or high is None or part.foreseen is None:
            continue
        said = words(
            "fairness_miss",
            group=name,
            seen=formats.percent(part.rate),
            foreseen=formats.percent(part.foreseen),
        )
        if part.foreseen < low:
            under.append(said)
        elif part.foreseen > high:
            over.append(said)
    told = [
        words(key, as_of=content["as_of"], names=listed(names, words))
        for key, names in (("fairness_under", under), ("fairness_over", over))
        if names
    ]
    return joined(told or [words("fairness_calibrated", as_of=content["as_of"])], words)


def _heads(tiers: str, words: Words) -> list[str]:
    """Of what both tables show."""
    return [
        words("fairness_group"),
        words("subscribers"),
        words("fairness_share", tiers=tiers),
        words("fairness_ratio"),
        words("fairness_foreseen"),
    ]


def _scored_table(content: Mapping[str, Any], words: Words) -> View:
    tiers = _tiers(content, words)
    caption = words("fairness_scored_caption", as_of=content["as_of"], tiers=tiers)
    return table(
        caption, _heads(tiers, words), _grouped(content, words, outcome=False), "segments lean"
    )


def _tested_table(content: Mapping[str, Any], words: Words) -> View:
    tiers = _tiers(content, words)
    heads = [
        *_heads(tiers, words),
        words("fairness_left"),
        words("fairness_foreseen_in", tiers=tiers),
        words("fairness_left_in", tiers=tiers),
    ]
    caption = words("fairness_tested_caption", as_of=content["as_of"])
    return table(caption, heads, _grouped(content, words, outcome=True), "segments")


def _grouped(
    content: Mapping[str, Any], words: Words, *, outcome: bool
) -> list[tuple[str, list[View]]]:
    overall = Group.from_json(content["all"])
    selected = overall.selected.subscribers
    every = _Shown(
        words("fairness_all"),
        overall,
        few=is_small(overall.whole.subscribers, words.least),
        few_selected=is_small(selected, words.least),
    )
    groups = [("", [_row(every, overall, words, outcome=outcome)])]
    for column in _columns(content):
        rows = [
            _row(shown, overall, words, outcome=outcome) for shown in _rows(content, column, words)
        ]
        groups.append((words(f"fairness_by_{column}"), rows))
    return groups


def _row(shown: _Shown, overall: Group, words: Words, *, outcome: bool) -> View:
    group = shown.group
    if shown.few:
        blank = [cell(formats.DASH) for _ in range(6 if outcome else 3)]
        return row(shown.name, [cell(words.size(group.whole.subscribers)), *blank])
    low, high = group.share_interval
    cells = [
        cell(formats.count(group.whole.subscribers)),
        cell(
            formats.percent(group.share),
            says=[formats.between(low, high, formats.percent)],
            strong=True,
        ),
        cell(formats.number(group.ratio(overall), 2)),
        cell(formats.percent(group.whole.foreseen)),
    ]
    if outcome:
        cells.append(_left(group.whole))
        if shown.few_selected:
            cells += [cell(words("withheld")), cell(formats.DASH)]
        else:
            cells += [cell(formats.percent(group.selected.foreseen)), _left(group.selected)]
    return row(shown.name, cells)


def _left(part: Part) -> View:
    low, high = part.interval
    return cell(
        formats.percent(part.rate),
        says=[formats.between(low, high, formats.percent)],
        strong=True,
    )

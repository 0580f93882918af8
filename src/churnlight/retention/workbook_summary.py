"""The sheet of the workbook that says what the list is, and what the month looks like."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from churnlight.explain import sentences
from churnlight.report import formats
from churnlight.retention.month import HandoutInputs, callable_now
from churnlight.retention.sheet import Pen, height_of
from churnlight.retention.totals import Common, by_area, by_tier, tier_totals
from churnlight.retention.words import Words

_WIDTHS = (30, 15, 15, 13, 24, 17, 17, 15)


def facts(month: HandoutInputs, shown: int, words: Words) -> list[tuple[str, str]]:
    """What the list is, as name and text."""
    now = callable_now(month.scores)
    listed = int((month.scores["tier"].isin(list(month.params.tiers)).to_numpy() & now).sum())
    at = month.at
    end = at.label_end - timedelta(days=1)
    first = int(month.risen[month.listed].sum())
    order = words("order_risen_says") if month.before is not None else words("order_says")
    found = [
        (words("as_of"), at.key),
        (words("cutoff"), f"{at.cutoff:%Y-%m-%d}"),
        (
            words("horizon"),
            words("from_to", start=f"{at.label_start:%Y-%m-%d}", end=f"{end:%Y-%m-%d}"),
        ),
        (words("model"), words(month.champion)),
        (
            words("listed"),
            words(
                "listed_says",
                shown=formats.count(shown),
                all=formats.count(listed),
                tiers=tier_names(month, words),
            ),
        ),
        (words("order"), order),
        (words("gone"), words("gone_says", count=formats.count(int((~now).sum())))),
    ]
    if month.before is not None:
        says = words("risen_count", count=formats.count(first), since=month.previous_as_of)
        found.append((words("risen_two"), says))
    if month.model_mark is not None:
        found.append((words("model_mark"), month.model_mark))
    return found


def tier_names(month: HandoutInputs, words: Words) -> str:
    """The tiers on the list, the riskiest first."""
    comma = "、" if words.language == "zh" else ", "
    wanted = [t for t in reversed(month.tiers) if t in month.params.tiers]
    return comma.join(words.tier(t) for t in wanted)


def write_summary(sheet: Any, pen: Pen, content: tuple[HandoutInputs, int], words: Words) -> None:
    """Write the sheet.

    Args:
        sheet: of XlsxWriter.
        pen: of the workbook.
        content: the scored month, and how many are on the list.
        words: of the language.
    """
    month, shown = content
    for number, width in enumerate(_WIDTHS):
        sheet.set_column(number, number, width)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_row(0, 28)
    pen.text(sheet, 0, 0, f"{words('title')} · {month.at.key}", "title")
    line = 2
    if month.simulated:
        _across(sheet, pen, line, f"{words('simulated_short')}: {words('simulated')}", "warn")
        line += 1
    _across(sheet, pen, line, words("caveat"), "note")
    line += 2
    for name, says in facts(month, shown, words):
        pen.text(sheet, line, 0, name, "label")
        pen.text(sheet, line, 1, says, "bare")
        line += 1
    line = _tiers(sheet, pen, (month, line + 1), words)
    line = _commonest(sheet, pen, ("reasons_by_tier", by_tier(month), line + 1), words)
    _commonest(sheet, pen, ("reasons_by_area", by_area(month), line + 1), words)


def _across(sheet: Any, pen: Pen, line: int, text: str, style: str) -> None:
    last = len(_WIDTHS) - 1
    sheet.set_row(line, height_of([(text, sum(_WIDTHS))]) + 4)
    sheet.merge_range(line, 0, line, last, "", pen.format(style))
    pen.text(sheet, line, 0, text, style)


def _tiers(sheet: Any, pen: Pen, content: tuple[HandoutInputs, int], words: Words) -> int:
    """Write the table of tiers; the next free line."""
    month, line = content
    sheet.set_row(line, 20)
    pen.text(sheet, line, 0, words("tiers"), "section")
    heads = (
        *("col_tier", "subscribers", "to_call", "share_of_all"),
        *("seen_rate", "bills", "bills_at_risk", "on_list"),
    )
    line += 1
    sheet.set_row(line, 32)
    for number, key in enumerate(heads):
        pen.text(sheet, line, number, words(key), "head-number" if number else "head")
    for total in reversed(tier_totals(month)):
        line += 1
        on_list = total.to_call if total.tier in month.params.tiers else 0
        pen.text(sheet, line, 0, words.tier(total.tier), f"tier:{total.tier}")
        values = (
            *((total.subscribers, "count"), (total.to_call, "count"), (total.share, "percent")),
            *((total.rate, "percent"), (total.bills_money, "money")),
            *((total.at_risk_money, "money"), (on_list, "count")),
        )
        for number, (value, style) in enumerate(values, start=1):
            pen.number(sheet, line, number, value, style)
    _across(sheet, pen, line + 1, words("seen_rate_says"), "wide")
    return line + 2


def _commonest(sheet: Any, pen: Pen, content: tuple[str, list[Common], int], words: Words) -> int:
    """Write a table of the commonest first reasons; the next free line."""
    key, groups, line = content
    sheet.set_row(line, 20)
    pen.text(sheet, line, 0, words(key), "section")
    line += 1
    tiered = key == "reasons_by_tier"
    heads = (words("col_tier" if tiered else "col_area"), words("to_call"), words("reason"))
    last = len(_WIDTHS) - 1
    sheet.merge_range(line, 2, line, last, "", pen.format("head"))
    for number, head in enumerate(heads):
        pen.text(sheet, line, number, head, "head-number" if number == 1 else "head")
    for group in groups:
        line += 1
        name = words.tier(group.group) if tiered else words.area(group.group, group.areas)
        pen.text(sheet, line, 0, name, f"tier:{group.group}" if tiered else "plain")
        pen.number(sheet, line, 1, group.subscribers, "count")
        semicolon = "；" if words.language == "zh" else "; "
        said = semicolon.join(
            f"{sentences.title(code, words.language, 'up')} "
            f"{formats.percent(count / group.subscribers, 0)}"
            for code, count in group.reasons
        )
        sheet.merge_range(line, 2, line, last, "", pen.format("plain"))
        pen.text(sheet, line, 2, said, "plain")
    return line + 1

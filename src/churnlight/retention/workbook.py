"""The Excel workbook: call list, summary, and what the columns mean. The same bytes every time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlight.learners.dataset import IntArray
from churnlight.report import formats
from churnlight.report.inputs import Language
from churnlight.retention.entries import entries
from churnlight.retention.month import Entry, HandoutInputs, Said
from churnlight.retention.sheet import MAX_ROWS, Pen, height_of, letter
from churnlight.retention.words import Words
from churnlight.retention.workbook_summary import write_summary

_REASONS = 3
# Left of this column is what is printed: a list to work from, on A4.
_PRINTED = 12
_NUMBERS = frozenset({"count", "odds", "percent", "money", "share"})


@dataclass(frozen=True)
class Column:
    """One column of the list.

    Attributes:
        key: of its words; `reason` and `share` carry their number.
        width: in characters.
        style: format of its cells.
        value: what an entry holds there: text, number or None.
        number: of the reason.
        says: key of the explanation, where it is not the column's own.
    """

    key: str
    width: float
    style: str
    value: Callable[[Entry, Words], str | float | None]
    number: int = 0
    says: str | None = None


def _columns() -> tuple[Column, ...]:
    reasons = [
        Column("col_reason", 34, "text", _nth(number, _said), number + 1)
        for number in range(_REASONS)
    ]
    shares = [
        Column("col_share", 8, "share", _nth(number, _share), number + 1)
        for number in range(_REASONS)
    ]
    return (
        Column("col_place", 6, "count", lambda e, _: e.place),
        Column("col_subscriber", 14, "plain", lambda e, _: e.subscriber),
        Column("col_tier", 9, "tier", lambda e, w: w.tier(e.tier)),
        Column("col_risen", 13, "risen", _risen),
        Column("col_probability", 9, "odds", lambda e, _: e.probability),
        Column("col_bill", 10, "money", lambda e, _: e.bill_money),
        Column("col_at_risk", 10, "money", lambda e, _: e.at_risk_money),
        Column("col_area", 10, "text", lambda e, w: w.area(e.area)),
        *reasons,
        Column("col_notes", 22, "text", lambda _e, _w: ""),
        Column("col_stays", 34, "text", lambda e, w: "" if e.down is None else _said(e.down, w)),
        Column(
            "col_stays_share",
            8,
            "share",
            lambda e, _: None if e.down is None else e.down.share,
            says="col_share_says",
        ),
        *shares,
        Column("col_apart", 14, "apart", lambda e, w: w("apart_mark") if e.apart else ""),
        Column("col_tree_tier", 9, "tier_tree", lambda e, w: w.tier(e.tier_tree)),
        Column("col_rule", 90, "text", _rule),
        Column("col_account", 13, "plain", lambda e, _: e.account or ""),
        Column("col_since", 12, "plain", lambda e, _: f"{e.since:%Y-%m-%d}" if e.since else ""),
    )


def _nth(
    number: int, show: Callable[[Said, Words], str | float]
) -> Callable[[Entry, Words], str | float | None]:
    def value(entry: Entry, words: Words) -> str | float | None:
        return show(entry.up[number], words) if number < len(entry.up) else None

    return value


def _said(said: Said, words: Words) -> str:
    return words("colon", name=said.title, text=said.text)


def _share(said: Said, _words: Words) -> float:
    return said.share


def _risen(entry: Entry, words: Words) -> str:
    if entry.rose_from is None:
        return ""
    return words("risen_mark", before=words.tier(entry.rose_from), since=entry.rose_since)


def _rule(entry: Entry, words: Words) -> str:
    if entry.rule is None:
        return ""
    support = words(
        "rule_support", rows=formats.count(entry.rule.rows), rate=formats.percent(entry.rule.rate)
    )
    return f"{entry.rule.text}\n{support}"


def write_workbook(month: HandoutInputs, language: Language, path: Path) -> None:
    """Write the workbook of a scored month; nothing of it depends on the clock.

    Args:
        month: the scored month.
        language: of everything in it.
        path: the file.
    """
    import xlsxwriter

    from churnlight.retention.lines import LineSheet

    words = Words(language)
    rows = month.listed[: MAX_ROWS - 1]
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": f"{words('title')} {month.at.key}",
                "subject": words("simulated_short") if month.simulated else "",
                "author": "churnlight",
                # The clock would make every file another one.
                "created": month.at.as_of,
            }
        )
        book.set_size(24_000, 13_000)
        pen = Pen(book, language, month.tiers)
        sheet = book.add_worksheet(words("sheet_list"), worksheet_class=LineSheet)
        _write_list(sheet, pen, (month, rows), words)
        write_summary(book.add_worksheet(words("sheet_summary")), pen, (month, len(rows)), words)
        _write_meanings(book.add_worksheet(words("sheet_columns")), pen, month, words)


def _write_list(
    sheet: Any, pen: Pen, content: tuple[HandoutInputs, IntArray], words: Words
) -> None:
    month, rows = content
    columns = _columns()
    last = len(columns) - 1
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(rows), 1), last)
    # Ids are text on purpose: long ones would lose their last digits as numbers.
    sheet.ignore_errors({"number_stored_as_text": f"A1:{letter(last)}{len(rows) + 1}"})
    _print_setup(sheet, month, words)
    sheet.print_area(0, 0, len(rows), _PRINTED - 1)
    sheet.repeat_rows(0)
    sheet.set_row(0, 32)
    for number, column in enumerate(columns):
        style = "head-number" if column.style in _NUMBERS else "head"
        pen.text(sheet, 0, number, words(column.key, number=column.number), style)
    for line, entry in enumerate(entries(month, rows, words.language), start=1):
        _write_entry(sheet, pen, (line, entry, columns), words)


def _write_entry(
    sheet: Any, pen: Pen, content: tuple[int, Entry, tuple[Column, ...]], words: Words
) -> None:
    line, entry, columns = content
    values = [column.value(entry, words) for column in columns]
    # Reasons decide the height; a long rule would blow every row up.
    texts = [
        (value, column.width)
        for value, column in zip(values, columns, strict=True)
        if isinstance(value, str) and column.key != "col_rule"
    ]
    cells = [
        pen.cell(value, _style(column.style, entry))
        for value, column in zip(values, columns, strict=True)
    ]
    sheet.write_line(line, height_of(texts), cells)


def _style(style: str, entry: Entry) -> str:
    if style == "tier":
        return f"tier:{entry.tier}"
    if style == "tier_tree":
        return f"tier:{entry.tier_tree}"
    if style == "apart":
        return "warn" if entry.apart else "plain"
    if style == "risen":
        return "risen" if entry.rose_from is not None else "plain"
    return style


def _print_setup(sheet: Any, month: HandoutInputs, words: Words) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    mark = f" · {words('simulated_short')}" if month.simulated else ""
    sheet.set_header(f"&L{words('title')} · {month.at.key}{mark}")
    sheet.set_footer(f"&L{words('as_of')} {month.at.key}&R{words('page_of')}")


def _write_meanings(sheet: Any, pen: Pen, month: HandoutInputs, words: Words) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    sheet.freeze_panes(1, 0)
    _print_setup(sheet, month, words)
    pen.text(sheet, 0, 0, words("column"), "head")
    pen.text(sheet, 0, 1, words("meaning"), "head")
    for line, (name, says) in enumerate(meanings(month, words), start=1):
        sheet.set_row(line, height_of([(says, 90)]))
        pen.text(sheet, line, 0, name, "strong")
        pen.text(sheet, line, 1, says)


def meanings(month: HandoutInputs, words: Words) -> list[tuple[str, str]]:
    """Each column of the list and what it means, in words."""
    tiers = ("、" if words.language == "zh" else ", ").join(map(words.tier, month.tiers))
    return [
        (
            words(column.key, number=f"1{formats.DASH}{_REASONS}"),
            words(column.says or f"{column.key}_says", tiers=tiers),
        )
        for column in _columns()
        if column.number <= 1 and column.key != "col_stays_share"
    ]

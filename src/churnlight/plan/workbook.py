"""The callers' sheet as an Excel workbook: offers, summary, columns. The same bytes every time.

It has the look of the call list's (`churnlight.retention.workbook`), and shares its ways to write:
text is text, never a formula.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from churnlight.plan.words import Words
from churnlight.report.inputs import Language
from churnlight.retention.sheet import MAX_ROWS, Pen, height_of, letter

_NUMBERS = frozenset({"count", "money"})
# key of the words, width in characters, style, column of `sheet.COLUMNS` ({} stands for a language)
_COLUMNS = (
    ("place", 6, "count", "place"),
    ("subscriber", 14, "plain", "subscriber_id"),
    ("region", 10, "text", "region"),
    ("tier", 9, "tier", "tier"),
    ("reason", 18, "text", "reason"),
    ("offer", 38, "text", "offer_{}"),
    ("never", 34, "text", "never_{}"),
    ("wording", 38, "text", "wording_{}"),
    ("channel", 9, "text", "channel"),
    ("notes", 22, "text", ""),
    ("profit", 11, "money", "expected_profit_money"),
    ("rate", 11, "text", "rate_source"),
)
_WIDTHS = (44, 18, 18, 18, 18, 18)


@dataclass(frozen=True)
class CallersBook:
    """What the workbook shows.

    Attributes:
        calls: of `sheet.caller_rows`: nobody of the control group, nobody suppressed.
        content: of plan.json.
    """

    calls: pd.DataFrame
    content: Mapping[str, Any]

    @property
    def shown(self) -> pd.DataFrame:
        """The rows that fit into a sheet."""
        return self.calls.iloc[: MAX_ROWS - 1]


def write_workbook(plan: CallersBook, language: Language, path: Path) -> None:
    """Write the callers' workbook of a plan; nothing of it depends on the clock.

    Args:
        plan: what it shows.
        language: of everything in it.
        path: the file.
    """
    import xlsxwriter

    from churnlight.retention.lines import LineSheet

    words = Words(language)
    as_of, simulated = str(plan.content["as_of"]), bool(plan.content["simulated"])
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {
                "title": f"{words('title')} {as_of}",
                "subject": words("simulated_short") if simulated else "",
                "author": "churnlight",
                # The clock would make every file another one.
                "created": datetime.fromisoformat(as_of),
            }
        )
        book.set_size(24_000, 13_000)
        pen = Pen(book, language, tuple(plan.content["tiers"]))
        sheet = book.add_worksheet(words("sheet_list"), worksheet_class=LineSheet)
        _write_list(sheet, pen, plan, words)
        sheet = book.add_worksheet(words("sheet_summary"))
        _print_setup(sheet, plan, words)
        _Summary(sheet, pen, words).write(plan)
        _write_meanings(book.add_worksheet(words("sheet_columns")), pen, plan, words)


def _print_setup(sheet: Any, plan: CallersBook, words: Words) -> None:
    as_of = plan.content["as_of"]
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    mark = f" · {words('simulated_short')}" if plan.content["simulated"] else ""
    sheet.set_header(f"&L{words('title')} · {as_of}{mark}")
    sheet.set_footer(f"&L{words('as_of')} {as_of}&R&P / &N")


def _write_list(sheet: Any, pen: Pen, plan: CallersBook, words: Words) -> None:
    rows, last = plan.shown, len(_COLUMNS) - 1
    for number, (_, width, _, _) in enumerate(_COLUMNS):
        sheet.set_column(number, number, width)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(rows), 1), last)
    # Ids are text on purpose: long ones would lose their last digits as numbers.
    sheet.ignore_errors({"number_stored_as_text": f"A1:{letter(last)}{len(rows) + 1}"})
    _print_setup(sheet, plan, words)
    sheet.repeat_rows(0)
    sheet.set_row(0, 32)
    for number, (key, _, style, _) in enumerate(_COLUMNS):
        head = "head-number" if style in _NUMBERS else "head"
        pen.text(sheet, 0, number, words(f"col_{key}"), head)
    for line, row in enumerate(rows.to_dict("records"), start=1):
        values = [_value(row, key, name, words) for key, _, _, name in _COLUMNS]
        texts = [
            (value, float(width))
            for value, (_, width, _, _) in zip(values, _COLUMNS, strict=True)
            if isinstance(value, str)
        ]
        styles = [f"tier:{row['tier']}" if s == "tier" else s for _, _, s, _ in _COLUMNS]
        cells = [pen.cell(value, style) for value, style in zip(values, styles, strict=True)]
        sheet.write_line(line, height_of(texts), cells)


def _value(row: Mapping[Any, Any], key: str, name: str, words: Words) -> str | float | None:
    value = row[name.format(words.language)] if name else ""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        value = None
    if key == "tier":
        return words.retention.tier(str(value))
    if key == "region":
        return words.retention.area(None if value is None else str(value))
    if key == "reason":
        return words.reason(None if value is None else str(value))
    if key == "rate":
        return words(str(value))
    if key in {"place", "profit"}:
        return None if value is None else float(value)
    return "" if value is None else str(value)


class _Summary:
    """Writes the sheet that says what the list is, a line after the other."""

    def __init__(self, sheet: Any, pen: Pen, words: Words) -> None:
        self._sheet, self._pen, self._words = sheet, pen, words
        self._line = 0

    def write(self, plan: CallersBook) -> None:
        """Write all of it."""
        content, words, sheet = plan.content, self._words, self._sheet
        for number, width in enumerate(_WIDTHS):
            sheet.set_column(number, number, width)
        sheet.set_row(0, 28)
        self._pen.text(sheet, 0, 0, f"{words('title')} · {content['as_of']}", "title")
        self._line = 2
        if content["simulated"]:
            self._across(f"{words('simulated_short')}: {words('simulated')}", "warn")
        held = content["arms"]["control"]["subscribers"]
        self._across(words("caveat_control" if held else "caveat"), "note")
        self._line += 1
        for name, says in facts(plan, words):
            self._pen.text(sheet, self._line, 0, name, "label")
            self._pen.text(sheet, self._line, 1, says, "bare")
            self._line += 1
        self._table("status", ("subscribers",), _statuses(content, words))
        self._table("suppressions", ("first", "applies"), _suppressions(content, words))
        heads = ("col_channel", "col_rate", "subscribers", "col_profit")
        self._table("actions", heads, _actions(plan.calls, words))
        if content["notices"]:
            self._section("notices")
            for notice in content["notices"]:
                self._across(str(notice[words.language]), "note")

    def _section(self, key: str) -> None:
        self._line += 1
        self._sheet.set_row(self._line, 20)
        self._pen.text(self._sheet, self._line, 0, self._words(key), "section")
        self._line += 1

    def _across(self, text: str, style: str) -> None:
        sheet, last = self._sheet, len(_WIDTHS) - 1
        sheet.set_row(self._line, height_of([(text, sum(_WIDTHS))]) + 4)
        sheet.merge_range(self._line, 0, self._line, last, "", self._pen.format(style))
        self._pen.text(sheet, self._line, 0, text, style)
        self._line += 1

    def _table(
        self, key: str, heads: tuple[str, ...], rows: list[tuple[str, list[str | float]]]
    ) -> None:
        self._section(key)
        first = {"suppressions": "why", "actions": "action"}.get(key, "meaning")
        for number, head in enumerate((first, *heads)):
            numeric = head in {"first", "applies", "subscribers", "col_profit"}
            style = "head-number" if numeric else "head"
            self._pen.text(self._sheet, self._line, number, self._words(head), style)
        self._line += 1
        for name, values in rows:
            self._sheet.set_row(self._line, height_of([(name, _WIDTHS[0])]))
            self._pen.text(self._sheet, self._line, 0, name, "text")
            for number, value in enumerate(values, start=1):
                if isinstance(value, str):
                    self._pen.text(self._sheet, self._line, number, value, "plain")
                else:
                    style = "money" if isinstance(value, float) else "count"
                    self._pen.number(self._sheet, self._line, number, value, style)
            self._line += 1


def facts(plan: CallersBook, words: Words) -> list[tuple[str, str]]:
    """What the sheet is, as name and text."""
    content = plan.content
    arms, limits, rates = content["arms"], content["limits"], _rates(plan.calls)
    control = {
        name: f"{arms['control'][name]:,}" if name != "until" else arms["control"][name]
        for name in ("subscribers", "accounts", "until")
    }
    shown = words("shown_says", shown=f"{len(plan.shown):,}", all=f"{len(plan.calls):,}")
    outlay = _limited(limits["outlay_treated_money"], limits["budget_money"], words, ",.2f")
    return [
        (words("as_of"), str(content["as_of"])),
        (words("offers_from"), str(content["offers_from"])),
        (words("playbook"), str(content["playbook"])),
        (words("looked_at"), f"{content['subscribers']:,}"),
        (words("on_sheet"), shown),
        (words("expected"), f"{arms['treated']['expected_profit_money']:,.2f}"),
        (words("outlay"), outlay),
        (words("calls"), _limited(limits["calls_treated"], limits["calls"], words, ",")),
        (words("rates"), words("rates_says", **rates)),
        (words("control"), words("control_says", **control)),
        (words("control_kept"), f"{content['control_kept']:,}"),
    ]


def _limited(value: float, limit: float | None, words: Words, form: str) -> str:
    if limit is None:
        return format(value, form)
    return words("of_limit", value=format(value, form), limit=format(limit, form))


def _rates(calls: pd.DataFrame) -> dict[str, str]:
    return {s: f"{int((calls['rate_source'] == s).sum()):,}" for s in ("assumed", "measured")}


def _statuses(content: Mapping[str, Any], words: Words) -> list[tuple[str, list[str | float]]]:
    return [(words.status(name), [count]) for name, count in content["status"].items()]


def _suppressions(content: Mapping[str, Any], words: Words) -> list[tuple[str, list[str | float]]]:
    return [
        (words.suppression(name), [counts["first"], counts["applies"]])
        for name, counts in content["suppressed"].items()
    ]


def _actions(calls: pd.DataFrame, words: Words) -> list[tuple[str, list[str | float]]]:
    """What is on the sheet by action, channel and rate; sums exact in cents."""
    found: list[tuple[str, list[str | float]]] = []
    for names, rows in calls.groupby(["action", "channel", "rate_source"], sort=True):
        action, channel, rate = (str(name) for name in names)
        cents = int((rows["expected_profit_money"] * 100).round().sum())
        found.append((action, [channel, words(rate), len(rows), cents / 100]))
    return found


def _write_meanings(sheet: Any, pen: Pen, plan: CallersBook, words: Words) -> None:
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 90)
    sheet.freeze_panes(1, 0)
    _print_setup(sheet, plan, words)
    pen.text(sheet, 0, 0, words("column"), "head")
    pen.text(sheet, 0, 1, words("meaning"), "head")
    for line, (key, _, _, _) in enumerate(_COLUMNS, start=1):
        says = words(f"col_{key}_says")
        sheet.set_row(line, height_of([(says, 90)]))
        pen.text(sheet, line, 0, words(f"col_{key}"), "strong")
        pen.text(sheet, line, 1, says)

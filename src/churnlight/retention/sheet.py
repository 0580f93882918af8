"""The formats and the few ways to write a cell of the workbook: text is text, never a formula."""

from __future__ import annotations

import math
from functools import cache
from typing import Any
from unicodedata import east_asian_width

from churnlight.report.inputs import Language
from churnlight.report.palette import tint

# Excel's own limits.
MAX_ROWS = 1_048_576
_MAX_TEXT = 32_767
# What a spreadsheet may take for the beginning of a formula.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_FONTS: dict[Language, str] = {"en": "Calibri", "zh": "Microsoft YaHei"}
_LINE = 13.5
# Nobody is certain to leave, and nobody to stay.
_ODDS = '[>=0.9995]">99.9%";[<0.0005]"<0.1%";0.0%'
_CELL = {"bottom": 1, "bottom_color": "#dde2e9"}
# An indent needs a side to begin from.
_ROW = _CELL | {"indent": 1, "align": "left"}
_HEAD = {
    "bold": True,
    "bg_color": "#1f4e79",
    "font_color": "#ffffff",
    "text_wrap": True,
    "valign": "vcenter",
}


class Pen:
    """Writes to one workbook, with its formats made once.

    Args:
        book: of XlsxWriter.
        language: decides the font.
        tiers: each gets a format of its own.
    """

    def __init__(self, book: Any, language: Language, tiers: tuple[str, ...]) -> None:
        self._book = book
        self._base = {"font_name": _FONTS[language], "font_size": 10, "valign": "top"}
        self._formats: dict[str, Any] = {
            "text": self._make(text_wrap=True, **_ROW),
            "plain": self._make(**_ROW),
            "bare": self._make(),
            "wide": self._make(text_wrap=True),
            "odds": self._make(num_format=_ODDS, **_CELL),
            "percent": self._make(num_format="0.0%", **_CELL),
            "share": self._make(num_format="0%", **_CELL, font_color="#55606f"),
            "money": self._make(num_format="#,##0.00", **_CELL),
            "count": self._make(num_format="#,##0", **_CELL),
            "head": self._make(**_HEAD, indent=1),
            "head-number": self._make(**_HEAD, align="right"),
            "title": self._make(bold=True, font_size=18),
            "section": self._make(bold=True, font_size=13, font_color="#1f4e79"),
            "label": self._make(font_color="#55606f"),
            "strong": self._make(bold=True, **_ROW),
            "warn": self._make(bold=True, bg_color="#fff6df", font_color="#6b4a00"),
            "risen": self._make(text_wrap=True, bold=True, bg_color="#fff6df", **_ROW),
            "note": self._make(text_wrap=True, bg_color="#eaf2fb"),
        }
        for tier in tiers:
            colours = tint(tier)
            self._formats[f"tier:{tier}"] = self._make(
                bold=True,
                align="center",
                bg_color=colours.fill,
                font_color=colours.ink,
                border=1,
                border_color=colours.edge,
            )
        self._quoted = self._make(text_wrap=True, quote_prefix=True, **_ROW)

    def _make(self, **changes: Any) -> Any:
        return self._book.add_format(self._base | changes)

    def format(self, name: str) -> Any:
        """A format by name."""
        return self._formats[name]

    def text(self, sheet: Any, row: int, column: int, content: str, style: str = "text") -> None:
        """Text, whatever it begins with; what is too long for a cell is cut."""
        form = self._quoted if content.startswith(_STARTS) else self._formats[style]
        sheet.write_string(row, column, content[:_MAX_TEXT], form)

    def cell(self, value: str | float | None, style: str) -> tuple[str | float | None, Any]:
        """A value and its format, as `text` and `number` write them; None for an empty cell."""
        if isinstance(value, str):
            form = self._quoted if value.startswith(_STARTS) else self._formats[style]
            return _cut(value), form
        if value is not None and not math.isfinite(value):
            value = None
        return value, self._formats[style]

    def number(
        self, sheet: Any, row: int, column: int, value: float | None, style: str = "plain"
    ) -> None:
        """A number; an empty cell where there is none."""
        if value is None or not math.isfinite(value):
            sheet.write_blank(row, column, None, self._formats[style])
        else:
            sheet.write_number(row, column, value, self._formats[style])


def _cut(text: str) -> str:
    """A text as long as a cell may be; Excel counts characters beyond the first plane twice."""
    if len(text) <= _MAX_TEXT // 2:
        return text
    return text.encode("utf-16-le")[: 2 * _MAX_TEXT].decode("utf-16-le", errors="ignore")


def letter(number: int) -> str:
    """A column's name: 0 -> A, 26 -> AA."""
    name, rest = "", number + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def height_of(cells: list[tuple[str, float]]) -> float:
    """Height in points of a row whose texts wrap.

    Set by hand, because not every program fits the height when it opens a file.

    Args:
        cells: text and width of its column in characters.
    """
    lines = max((_lines(text, width) for text, width in cells), default=1)
    return _LINE * min(max(lines, 1), 12) + 4


def _lines(text: str, width: float) -> int:
    # A column's width counts digits; letters are a little narrower, and words don't fill lines.
    usable = max(width * 1.05, 1.0)
    if len(text) * 2 <= usable and "\n" not in text:
        return 1
    return sum(math.ceil(max(cells_of(part), 1) / usable) for part in text.split("\n"))


def cells_of(text: str) -> int:
    """Width of a text in characters; Chinese ones count twice."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


@cache
def _width(character: str) -> int:
    return 2 if east_asian_width(character) in "WF" else 1

"""A worksheet that takes a whole line of cells at once: the same bytes as cell by cell, sooner.

XlsxWriter takes some 15 us a cell, most of it for questions whose answer is known here: a line has
text, numbers and empty cells, each with a format, and lines come in their order. The few steps that
are done again below are those of the pinned XlsxWriter; a test holds the bytes to its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from xlsxwriter.worksheet import Worksheet

from churnlight.retention.sheet import letter

# What must be escaped, or kept by an attribute; most texts have nothing of it.
_ODD = re.compile('[\\x00-\\x1f"&<>\ufffe\uffff]|_x|^\\s|\\s$')
_POINTS = 0.75  # of a pixel

Cell = tuple[str | float | None, Any]


class _Line(NamedTuple):
    row: int
    pixels: int
    cells: Sequence[Cell]


class LineSheet(Worksheet):  # type: ignore[misc] # XlsxWriter is not typed throughout
    """A worksheet of a workbook with `constant_memory`."""

    def __init__(self) -> None:
        super().__init__()
        self._line: _Line | None = None

    def write_line(self, row: int, height: float, cells: Sequence[Cell]) -> None:
        """Write the cells of a row, from its first column on.

        Args:
            row: its number from 0, above those of all rows written before.
            height: in points.
            cells: value and format (of the workbook) of each: text of at most 32,767 characters, a
                finite number, or None for an empty cell.
        """
        # Formats are numbered when a row is put into words, which is when the next one begins.
        self._write_single_row(row)
        self._check_dimensions(row, 0)
        self._check_dimensions(row, len(cells) - 1)
        self._line = _Line(row, int(height / _POINTS + 0.5), cells)

    def _write_single_row(self, current_row_num: int = 0) -> None:
        if self._line is None:
            super()._write_single_row(current_row_num)
            return
        self.fh.write(self._written(self._line))
        self.previous_row = current_row_num
        self._line = None

    def _written(self, line: _Line) -> str:
        number = str(line.row + 1)
        height = ""
        if line.pixels != self.original_row_height:
            height = f' ht="{line.pixels * _POINTS:.16g}" customHeight="1"'
        pieces = [f'<row r="{number}"{height}>']
        for name, (value, form) in zip(_letters(len(line.cells)), line.cells, strict=True):
            style = form._get_xf_index()  # noqa: SLF001 - its own way to number formats
            start = f'<c r="{name}{number}" s="{style}"'
            if value is None:
                pieces.append(f"{start}/>")
            elif not isinstance(value, str):
                pieces.append(f"{start}><v>{value:.16G}</v></c>")
            elif _ODD.search(value) is None:
                pieces.append(f'{start} t="inlineStr"><is><t>{value}</t></is></c>')
            else:
                pieces.append(f'{start} t="inlineStr"><is><t{_escaped(value)}</t></is></c>')
        pieces.append("</row>")
        return "".join(pieces)


@lru_cache(maxsize=1024)
def _escaped(text: str) -> str:
    """The end of a tag, and the text as XML and Excel want it."""
    text = Worksheet._escape_control_characters(text)  # noqa: SLF001 - the same for all sheets
    keep = ' xml:space="preserve"' if text != text.strip() else ""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{keep}>{text}"


@lru_cache
def _letters(count: int) -> tuple[str, ...]:
    return tuple(letter(number) for number in range(count))

"""CSV files as text: opening them, their header, and why one can't be read.

An operator's CSV is UTF-8 with commas and double quotes. What is written another way is refused
with the line and the way out, never guessed: text in GB18030 that is read as something else gives
rows that look right and are wrong.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TextIO

from churnlight.errors import DataRefused

SUFFIXES = (".csv", ".csv.gz")
# Longer lines are refused: one comes of a quote that is never closed, not of a long cell.
LINE_BYTES = 2_000_000

_CHUNK = 1 << 22
_BROKEN = (OSError, EOFError, zlib.error)
# The first bytes of a file that says itself how it is written; the longer marks first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (b"\x84\x31\x95\x33", "GB18030"),
)
# What others put between cells.
_OTHER_SIGNS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# What ends a line, and what may hide such an end.
_ENDS = re.compile(rb'\r\n|\n|\r|"')
_END_NAMES = {b"\r\n": "CR LF (Windows)", b"\n": "LF (Unix)", b"\r": "CR (old Macintosh)"}
# Whole cells with what ends them. In C, without a step of Python a cell.
_CELLS = re.compile(
    rb'(?:(?: *+"(?:[^"]++|"")*+" *+| *+[^ ",\r\n][^,\r\n]*+| *+)(?:,|\r\n|\n|\r(?!\Z)))*+'
)
_LAST = re.compile(rb' *+"(?:[^"]++|"")*+" *+\r?\Z| *+[^ ",\r\n][^,\r\n]*+\r?\Z| *+\r?\Z')
# A column's name, as opposed to a cell of a file that has no header.
_NAME = re.compile(r"^[^\W\d][^\W\d]*(?:[ _.-]?[^\W\d]+)*_?\d{0,2}$")


def is_csv(path: Path) -> bool:
    """Whether a file is CSV, by its name."""
    return path.name.endswith(SUFFIXES)


@contextmanager
def open_csv(path: Path) -> Iterator[TextIO]:
    """Open a CSV file (UTF-8, gzipped or not) as text.

    Raises:
        DataRefused: also from within the block, when the file can't be read as such; names the
            line where there is one, and the way out.
    """
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    before = csv.field_size_limit(LINE_BYTES)
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            yield stream
    except (UnicodeDecodeError, csv.Error) as error:
        require_text(path)
        raise DataRefused(f"{path} can't be read as CSV: {_why(path, error)}") from None
    except _BROKEN as error:
        raise DataRefused(f"{path} can't be read as CSV: {_why(path, error)}") from None
    finally:
        csv.field_size_limit(before)


def csv_header(path: Path) -> list[str]:
    """Column names of a CSV file (comma, double quotes, UTF-8), gzipped or not.

    Raises:
        DataRefused: when it can't be read, or a name stands in it twice.
    """
    with open_csv(path) as stream:
        header = next(csv.reader(stream), [])
    _require_separated(path, header)
    # An index that was exported with the table has no name.
    header = [name or f"unnamed_{place}" for place, name in enumerate(header)]
    require_once(path, header)
    if not header:
        raise DataRefused(f"{path} is empty: expected a header with the columns' names")
    return header


def require_once(path: Path, names: Sequence[str]) -> None:
    """Hold a file to columns that stand in it once.

    Raises:
        DataRefused: names the column, or says that it looks like data.
    """
    seen: set[str] = set()
    for name in names:
        # Engines do not tell small letters from capitals.
        if name.lower() in seen:
            raise DataRefused(f"{path}: column {spell_columns([name])} stands twice: keep one")
        seen.add(name.lower())


def _require_separated(path: Path, header: Sequence[str]) -> None:
    """Refuse a header that other signs than commas separate, or that is no text."""
    if any("\0" in name for name in header):
        raise DataRefused(
            f"{path} can't be read as CSV: its header has null bytes; it is UTF-16, perhaps. "
            f"Convert it: {_conversion(path, 'UTF-16LE')}"
        )
    other = [sign for sign in _OTHER_SIGNS if len(header) == 1 and sign in header[0]]
    if other:
        raise DataRefused(
            f"{path} can't be read as CSV: its header has no comma but {_OTHER_SIGNS[other[0]]}: "
            "write commas between the cells"
        )


def spell_columns(names: Sequence[str], *, digits: bool = True) -> str:
    """Column names in words; what looks like data is counted and not quoted.

    The first line of a file without a header holds a subscriber, who stands in no message.

    Args:
        names: the cells of the first line.
        digits: whether a name may hold digits, which ids do: not where no name is known.
    """
    shown = [n for n in names if len(n) <= 60 and _NAME.match(n)]
    if not digits:
        shown = [n for n in shown if not any(map(str.isdigit, n))]
    hidden = len(names) - len(shown)
    if hidden:
        shown.append(f"{hidden} that look like data or have unusual signs")
    return ", ".join(shown) or "no columns"


def require_text(path: Path) -> None:
    """Hold a CSV file to whole UTF-8 text, lines that all end alike, closed quotes (one pass).

    Raises:
        DataRefused: names the line, how it is written as far as that can be told, and how to
            convert it.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, ends = 1, set()
    cells = _Cells(path)
    tail = b""
    try:
        for chunk in _chunks(path):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                # The decoder counts from what it kept of the chunk before.
                line = lines + error.object[: error.start].count(b"\n")
                raise DataRefused(_no_utf8(path, line)) from None
            lines += chunk.count(b"\n")
            # An end may lie across two chunks.
            ends |= _kinds_of_end(tail + chunk)
            tail = b"\r" if chunk.endswith(b"\r") else b""
            cells.take(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise DataRefused(_no_utf8(path, lines)) from None
    except _BROKEN as error:
        raise DataRefused(f"{path} can't be read as CSV: {_why(path, error)}") from None
    cells.end()
    if len(ends) > 1:
        _require_one_end(path)


class _Cells:
    """Follows a file's quotes, so that none is left open: engines then lose the rest unsaid."""

    def __init__(self, path: Path) -> None:
        self.path, self.line, self.rest = path, 1, b""

    def take(self, chunk: bytes) -> None:
        """Follow the next piece of the file."""
        text = self.rest + chunk
        if b'"' in text:
            whole = _CELLS.match(text)
            done = whole.end() if whole else 0
        else:
            # The last cell may go on with the next piece.
            done = max(text.rfind(sign) for sign in (b",", b"\n", b"\r")) + 1
            done = min(done, len(text.rstrip(b"\r")))
        self.line += text.count(b"\n", 0, done)
        self.rest = text[done:]
        if len(self.rest) > LINE_BYTES:
            self._refuse(self.rest)

    def end(self) -> None:
        """The file ends here: so must its last cell."""
        if not _LAST.match(self.rest):
            self._refuse(self.rest)

    def _refuse(self, rest: bytes) -> NoReturn:
        why = f"longer than {LINE_BYTES:,} bytes (a quote is not closed, perhaps)"
        if rest.lstrip(b" ").startswith(b'"'):
            why = "a quote is not closed, or text follows the quote that closes a cell"
        raise DataRefused(f"{self.path} can't be read as CSV: line {self.line}: {why}")


def _chunks(path: Path) -> Iterator[bytes]:
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _kinds_of_end(chunk: bytes) -> set[bytes]:
    both = chunk.count(b"\r\n")
    alone = {b"\n": chunk.count(b"\n") - both, b"\r": chunk.rstrip(b"\r").count(b"\r") - both}
    return {end for end, count in {**alone, b"\r\n": both}.items() if count > 0}


def _require_one_end(path: Path) -> None:
    """Refuse line ends of two kinds; those inside quotes are text and count for nothing."""
    first, line, quoted, rest = b"", 1, False, b""
    for chunk in _chunks(path):
        text = rest + chunk
        # A CR at the end may be half of an end.
        rest = b"\r" if text.endswith(b"\r") else b""
        for found in _ENDS.finditer(text, 0, len(text) - len(rest)):
            sign = found[0]
            if sign == b'"':
                quoted = not quoted
                continue
            if not quoted and (first := first or sign) != sign:
                raise DataRefused(
                    f"{path} can't be read as CSV: line {line} ends with {_END_NAMES[sign]}, the "
                    f"lines before it with {_END_NAMES[first]}: write one kind (dos2unix does)"
                )
            line += 1


def _no_utf8(path: Path, line: int) -> str:
    marked = _mark(path)
    if marked:
        said, source = f"it is {marked}", marked
    else:
        said, source = f"line {line} is no UTF-8 (GB18030, perhaps)", "GB18030"
    return f"{path} can't be read as CSV: {said}. Convert it: {_conversion(path, source)}"


def _conversion(path: Path, source: str) -> str:
    if path.name.endswith(".gz"):
        return f"gzip -dc IN | iconv -f {source} -t UTF-8 | gzip > OUT"
    return f"iconv -f {source} -t UTF-8 IN > OUT"


def _mark(path: Path) -> str | None:
    """The encoding that a file's first bytes declare; None when they declare none."""
    start = next(_chunks(path), b"")[:4]
    return next((name for mark, name in _MARKS if start.startswith(mark)), None)


def _why(path: Path, error: Exception) -> str:
    if isinstance(error, csv.Error):
        return f"a cell is longer than {LINE_BYTES:,} bytes (a quote is not closed, perhaps)"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if path.name.endswith(".gz"):
        return "the gzip file is damaged or cut short: write it again"
    return type(error).__name__

"""A subscriber's card as plain lines, at most 80 columns wide; Chinese letters count as two."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from churnlight.report import formats
from churnlight.retention.cards import Past, past_lines, risen_says, support, tiles
from churnlight.retention.month import Entry, HandoutInputs, Said
from churnlight.retention.sheet import cells_of
from churnlight.retention.words import Words

WIDTH = 80
_BAR = 20
_BLOCKS = "▏▎▍▌▋▊▉█"
_SPARKS = "▁▂▃▄▅▆▇█"
_UNKNOWN = "·"


def card_lines(
    month: HandoutInputs, entry: Entry, rows: pd.DataFrame | None, words: Words
) -> list[str]:
    """The card of one subscriber.

    Args:
        month: the scored month.
        entry: the subscriber; a place of 0 says that it is on no list.
        rows: its rows of `read_history`.
        words: of the language.
    """
    return list(_lines(month, entry, rows, words))


def _lines(
    month: HandoutInputs, entry: Entry, rows: pd.DataFrame | None, words: Words
) -> Iterator[str]:
    place = words("card_place", place=formats.count(entry.place)) if entry.place else ""
    yield words("card_of", subscriber=entry.subscriber)
    heading = [f"{words('as_of')} {month.at.key}", place or words("not_listed")]
    if month.simulated:
        heading.append(words("simulated_short"))
    yield from wrapped(" · ".join(heading))
    if entry.gone:
        yield from wrapped(words("left_already"))
    yield ""
    figures = [(words("col_tier"), words.tier(entry.tier)), *tiles(entry, words)]
    yield from _table(figures)
    if (risen := risen_says(entry, words)) is not None:
        yield from wrapped(f"^ {risen}")
    if entry.apart:
        yield from wrapped(f"! {words('apart', tier=words.tier(entry.tier_tree))}")
    yield ""
    yield words("reasons_up")
    for said in entry.up:
        yield from _reason(said)
    if not entry.up:
        yield f"  {words('no_reasons')}"
    if entry.down is not None:
        yield words("reasons_down")
        yield from _reason(entry.down)
    if rows is not None and len(rows):
        yield ""
        yield words("past")
        yield from _past(past_lines(rows, words), words)
    if entry.rule is not None:
        yield ""
        yield words("second")
        yield from wrapped(entry.rule.text, 2)
        yield from wrapped(
            f"{support(entry, words)} {words('second_tier', tier=words.tier(entry.tier_tree))}", 2
        )
    yield ""
    yield from wrapped(words("caveat"))


def _reason(said: Said) -> Iterator[str]:
    share = formats.percent(said.share, 0)
    title = fitted(said.title, WIDTH - _BAR - 10)
    yield f"  {title} {bar(said.share)} {share:>5}"
    yield from wrapped(said.text, 4)


def _table(pairs: list[tuple[str, str]]) -> Iterator[str]:
    wide = max(cells_of(name) for name, _ in pairs) + 2
    for name, value in pairs:
        yield f"  {padded(name, wide)}{value}"


def _past(lines: list[Past], words: Words) -> Iterator[str]:
    wide = max(cells_of(line.name) for line in lines) + 2
    for line in lines:
        yield f"  {padded(line.name, wide)}{spark(line.numbers)}"
        yield from wrapped(line.says(words), 4)


def bar(share: float) -> str:
    """A share, 0 to 1, as a bar of at most `_BAR` letters, padded."""
    eighths = round(min(max(share, 0.0), 1.0) * _BAR * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_BLOCKS[rest - 1] if rest else "")).ljust(_BAR)


def spark(numbers: tuple[float | None, ...]) -> str:
    """A letter a month, from 0 to the highest; a dot where nothing is known."""
    top = max((v for v in numbers if v is not None), default=0.0)
    return "".join(
        _UNKNOWN
        if v is None
        else _SPARKS[round((len(_SPARKS) - 1) * max(v, 0.0) / top) if top > 0 else 0]
        for v in numbers
    )


def wrapped(text: str, indent: int = 0) -> list[str]:
    """A text in lines of at most `WIDTH` columns, broken between words or Chinese letters."""
    room = WIDTH - indent
    lines, line = [], ""
    for piece in _pieces(text):
        if line and cells_of(line + piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
        while cells_of(line.rstrip()) > room:
            cut = _cut(line, room)
            lines.append(line[:cut])
            line = line[cut:]
    if line.strip():
        lines.append(line.rstrip())
    return [" " * indent + line for line in lines]


def _pieces(text: str) -> Iterator[str]:
    """Words with the space after them; each Chinese letter with what may not begin a line."""
    word = ""
    for letter in text:
        if cells_of(letter) == 2 and letter not in "，。；：、）！？":
            if word:
                yield word
            word = letter
        elif letter == " ":
            yield word + letter
            word = ""
        elif word and cells_of(word[0]) == 2 and letter not in "，。；：、）！？)%":
            yield word
            word = letter
        else:
            word += letter
    if word:
        yield word


def _cut(text: str, room: int) -> int:
    """How many letters fit into `room` columns."""
    cut = 0
    while cut < len(text) and cells_of(text[: cut + 1]) <= room:
        cut += 1
    return max(cut, 1)


def padded(text: str, columns: int) -> str:
    """A text with spaces after it, by its width on the terminal."""
    return text + " " * max(columns - cells_of(text), 0)


def fitted(text: str, columns: int) -> str:
    """A text of exactly so many columns: padded, or cut with an ellipsis."""
    if cells_of(text) > columns:
        text = text[: _cut(text, columns - 1)] + "…"
    return padded(text, columns)

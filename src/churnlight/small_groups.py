"""Groups too small to be shown: a figure of a handful tells on single people.

Whoever shows figures by group asks here which of them to show together, or not at all; the least
size is `privacy.min_group`. What is hidden is not to be had from the totals beside it either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def together(sizes: Sequence[int], least: int, most: int | None = None) -> frozenset[int]:
    """The groups that are shown as one, so that none of them can be told.

    All below `least`; and where these are a single group, or together below `least` still, the next
    smallest too: else the total less the groups that are shown would tell. A group of nobody tells
    on nobody.

    Args:
        sizes: people in each group.
        least: people from which on a group is shown by itself.
        most: rows that a table may have at most; the smallest groups beyond are shown as one.

    Returns:
        Their places in `sizes`; empty where every group is shown. All places where the whole is one
        row; that may still be below `least`, and is then the caller's to hide.
    """
    rising = sorted(range(len(sizes)), key=lambda place: (sizes[place], place))
    chosen = {place for place, size in enumerate(sizes) if 0 < size < least}
    if most is not None and len(sizes) > most:
        chosen |= set(rising[: len(sizes) - most + 1])
    if not chosen:
        return frozenset()
    for place in rising:
        if len(chosen) > 1 and sum(sizes[p] for p in chosen) >= least:
            break
        chosen.add(place)
    return frozenset(chosen)


def hidden(cells: Sequence[Sequence[int]], least: int) -> frozenset[tuple[int, int]]:
    """The cells of a table with known totals that are not shown.

    All below `least`, and in each row and column that has some, further ones, the smallest first,
    until there are two and together `least` at least: else the total less the rest would tell. A
    cell of nobody tells on nobody and stays. A row or column that has nobody else has a total below
    `least`, which is the caller's to hide.

    Args:
        cells: people in each, by row; rows of the same length.
        least: people from which on a cell is shown.

    Returns:
        Row and column of each.
    """
    found = {
        (r, c) for r, row in enumerate(cells) for c, count in enumerate(row) if 0 < count < least
    }
    before = -1
    # What is added in a row may leave its column with a single hidden cell, and so on.
    while len(found) != before:
        before = len(found)
        for line in _lines(cells):
            _complete(line, cells, found, least)
    return frozenset(found)


def is_small(count: int | None, least: int) -> bool:
    """Whether so many are somebody, and too few to be shown."""
    return count is not None and 0 < count < least


def _lines(cells: Sequence[Sequence[int]]) -> Iterator[list[tuple[int, int]]]:
    for r, row in enumerate(cells):
        yield [(r, c) for c in range(len(row))]
    for c in range(len(cells[0]) if cells else 0):
        yield [(r, c) for r in range(len(cells))]


def _complete(
    line: list[tuple[int, int]],
    cells: Sequence[Sequence[int]],
    found: set[tuple[int, int]],
    least: int,
) -> None:
    """Add to `found` what keeps this row's or column's hidden cells from being worked out."""

    def size(place: tuple[int, int]) -> int:
        return cells[place[0]][place[1]]

    mine = [place for place in line if place in found]
    if not mine:
        return
    spare = sorted((p for p in line if p not in found and size(p) > 0), key=lambda p: (size(p), p))
    for place in spare:
        if len(mine) > 1 and sum(size(p) for p in mine) >= least:
            break
        found.add(place)
        mine.append(place)

"""Which groups are shown together, and which cells of a table are not shown."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlight.small_groups import hidden, is_small, together


@pytest.mark.parametrize(
    ("sizes", "least", "expected"),
    [
        ([50, 30, 20], 20, set()),
        # 3 and 7 are 10 together, still too few: the 30 goes in with them.
        ([50, 30, 7, 3], 20, {1, 2, 3}),
        ([50, 30, 12, 9], 20, {2, 3}),
        # One alone would be the total less the others.
        ([50, 30, 19], 20, {1, 2}),
        # Nobody in a group tells on nobody, and protects nobody.
        ([50, 0, 30], 20, set()),
        ([50, 0, 19], 20, {0, 1, 2}),
        # All there is.
        ([5], 20, {0}),
        ([5, 6], 20, {0, 1}),
        ([], 20, set()),
        ([1, 2, 3], 1, set()),
    ],
)
def test_small_groups_go_together(sizes, least, expected):
    assert together(sizes, least) == expected


def test_beyond_so_many_rows_the_smallest_go_together_too():
    assert together([90, 80, 70, 60, 50], 20, 3) == {2, 3, 4}
    assert together([90, 80, 70], 20, 3) == set()


@given(st.lists(st.integers(0, 60), max_size=9), st.integers(1, 40))
def test_nothing_small_is_shown_and_no_group_is_alone(sizes, least):
    one = together(sizes, least)
    shown = [s for place, s in enumerate(sizes) if place not in one]
    assert not [s for s in shown if is_small(s, least)]
    if one and shown:
        assert len(one) > 1
        assert sum(sizes[place] for place in one) >= least


def test_a_cell_is_hidden_with_another_of_its_row_and_of_its_column():
    cells = [
        [3, 40, 50],
        [60, 30, 70],
        [80, 90, 99],
    ]
    # The 3; 40 beside it and 60 below it; then 30, else 40 and 60 had none in column and row.
    assert hidden(cells, 20) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert hidden([[3, 4, 50]], 5) == {(0, 0), (0, 1)}
    # 3 and 4 together are 7 by the total: too few.
    assert hidden([[3, 4, 50]], 20) == {(0, 0), (0, 1), (0, 2)}
    assert hidden([[0, 40, 20]], 20) == set()


def test_a_row_of_one_cell_is_left_to_its_total():
    assert hidden([[3, 0, 0]], 20) == {(0, 0)}
    assert hidden([], 20) == set()


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(0, 40), min_size=width, max_size=width), min_size=1, max_size=4
        )
    ),
    st.integers(2, 20),
)
def test_no_row_and_no_column_gives_a_hidden_cell_away(cells, least):
    gone = hidden(cells, least)
    for r, c in product(range(len(cells)), range(len(cells[0]))):
        assert (r, c) in gone or not is_small(cells[r][c], least)
    lines = [[(r, c) for c in range(len(cells[0]))] for r in range(len(cells))]
    lines += [[(r, c) for r in range(len(cells))] for c in range(len(cells[0]))]
    for line in lines:
        mine = [place for place in line if place in gone]
        total = sum(cells[r][c] for r, c in line)
        if mine and total >= least:
            others = [p for p in line if p not in gone and cells[p[0]][p[1]] > 0]
            assert not others or len(mine) > 1
            assert sum(cells[r][c] for r, c in mine) >= least

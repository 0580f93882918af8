"""Which new segment is which old one, and the adjusted Rand index, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churnlight.segments.matching import (
    adjusted_rand,
    compared,
    match,
    overlap,
    stability,
    taken_over,
)


def month(segments: dict[int, str]) -> pd.DataFrame:
    return pd.DataFrame({"subscriber_id": list(segments), "segment": list(segments.values())})


def test_only_subscribers_of_both_months_count() -> None:
    now, before = month({1: "a", 2: "a", 3: "b", 9: "b"}), month({1: "x", 2: "y", 3: "y", 7: "y"})
    both = compared(now, before)
    assert both["subscriber_id"].tolist() == [1, 2, 3]
    assert overlap(both, ["a", "b", "c"], ["x", "y"]).tolist() == [[1, 1], [0, 1], [0, 0]]


def test_the_pairs_with_most_in_common_win_together() -> None:
    # Greedy would pair 0 with 0 (50) and leave 1 with 1 (0); together 40 + 45 is more.
    counts = np.array([[50, 40], [45, 0]])
    assert match(counts, 0.0) == [1, 0]


def test_a_pair_with_too_little_in_common_is_none() -> None:
    # 10 of 10 + 90 + 5 = 105 who are in either.
    counts = np.array([[90, 10], [5, 0]])
    assert match(counts, 0.3) == [0, None]
    # 90 of 105 who are in either.
    assert match(counts, 90 / 105) == [0, None]
    assert match(counts, 0.86) == [None, None]
    assert match(np.zeros((2, 1), dtype=int), 0.0) == [None, None]


def test_codes_are_taken_over_or_new_and_never_used_again() -> None:
    assert taken_over([2, None, 0], ["S1", "S4", "S5"], 7) == (["S5", "S8", "S1"], 8)


def test_the_adjusted_rand_index_by_hand() -> None:
    # Contingency [[2, 1], [0, 3]]: pairs together in both 1 + 3 = 4, in rows 3 + 3 = 6, in columns
    # 1 + 6 = 7, of 15. Expected 6 * 7 / 15 = 2.8, most 6.5: (4 - 2.8) / (6.5 - 2.8).
    one, other = [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]
    assert adjusted_rand(one, other) == pytest.approx(1.2 / 3.7)
    both = pd.DataFrame({"segment": list("aaabbb"), "segment_before": list("aabbbb")})
    assert stability(both) == {
        "rows": 6,
        "adjusted_rand": pytest.approx(1.2 / 3.7, abs=1e-6),
        "kept_share": pytest.approx(5 / 6, abs=1e-6),
    }
    assert stability(both.head(0)) == {"rows": 0, "adjusted_rand": None, "kept_share": None}

"""Profiles: whole numbers on fixed bins, the same in any order and in any batches."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from churnlight.errors import ChurnlightError, DataRefused
from churnlight.explain.reasons import Meaning
from churnlight.watch.measured import Measured, thinned
from churnlight.watch.profile import Profile, Reference, merged
from churnlight.watch.profile_bins import CUTS, Bins, Edges
from churnlight.watch.profile_kernels import CUTS as KERNEL_CUTS

MEANING = Meaning({"a": "x", "b": "y", "kind": "x"}, {"a": "f", "b": "f", "kind": "f"})


def made(rows: int, seed: int = 0) -> Measured:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "a": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "b": rng.integers(0, 4, rows),
            "kind": rng.choice(np.array(["p", "q", None], dtype=object), rows),
        }
    )
    risk = rng.random(rows)
    predicted = pd.DataFrame(
        {
            "probability": risk,
            "tier": np.where(risk > 0.9, "red", "blue"),
            "probability_tree": risk.round(1),
            "leaf": 3,
        }
    )
    return Measured.of(frame, predicted, rng.normal(size=(rows, 3)), MEANING)


def part(measured: Measured, rows: slice | np.ndarray) -> Measured:
    return Measured(*(table.iloc[rows] for table in measured.tables.values()))


def test_bins_by_hand() -> None:
    bins = Bins(cuts=(0.0, 1.0, 5.0))
    values = pd.Series([-1.0, 0.0, 0.5, 1.0, 4.0, 5.0, 5.1, np.inf, -np.inf, np.nan])
    # at most 0: -1, 0, -inf; at most 1: 0.5, 1; at most 5: 4, 5; above: 5.1, inf; missing: one.
    assert bins.count(values).tolist() == [3, 2, 2, 2, 1]
    assert Bins(cuts=()).count(pd.Series([np.nan, 3.0])).tolist() == [1, 1]
    levels = Bins(levels=("p", "q"))
    for kind in ("object", "category", "str"):
        column = pd.Series(["q", "z", None, "p", "q"], dtype=kind)
        assert levels.count(column).tolist() == [1, 2, 1, 1]


def test_counts_are_those_of_a_search_value_by_value() -> None:
    rng = np.random.default_rng(1)
    values = pd.Series(rng.normal(size=5000).round(2))
    bins = Bins.learn(values)
    assert bins.cuts is not None
    assert len(bins.cuts) == CUTS == KERNEL_CUTS
    expected = np.bincount(np.searchsorted(bins.cuts, values, side="left"), minlength=CUTS + 1)
    assert bins.count(values).tolist() == [*expected, 0]


def test_few_values_are_bins_of_their_own_and_many_share_evenly() -> None:
    assert Bins.learn(pd.Series([3, 1, 1, 2])).cuts == (1.0, 2.0, 3.0)
    assert Bins.learn(pd.Series([True, False])).cuts == (0.0, 1.0)
    many = pd.Series(np.random.default_rng(2).permutation(100_000).astype(float))
    counts = Bins.learn(many).count(many)
    assert counts[0] == counts[-2] == 100
    inner = counts[2:-3]
    assert inner.min() > 1500
    assert inner.max() < 1800
    assert Bins.learn(pd.Series([np.nan, np.nan])).cuts == ()


def test_text_keeps_the_commonest_levels() -> None:
    column = pd.Series([f"l{i:02d}" for i in range(40) for _ in range(i + 1)])
    levels = Bins.learn(column).levels
    assert levels == tuple(f"l{i:02d}" for i in range(10, 40))


def test_neither_order_nor_batches_show() -> None:
    whole = made(2000)
    edges = Edges.learn(whole)
    shuffled = part(whole, np.random.default_rng(3).permutation(2000))
    assert Edges.learn(shuffled) == edges
    one, other = Profile(edges, "2025-04-01"), Profile(edges, "2025-04-01")
    one.add(whole)
    for start in range(0, 2000, 300):
        other.add(part(shuffled, slice(start, start + 300)))
    assert one.to_json() == other.to_json()
    assert one.rows == 2000
    assert all(c.sum() == 2000 for by in one.counts.values() for c in by.values())


def test_json_both_ways_and_merging() -> None:
    whole = made(500)
    edges = Edges.learn(whole)
    halves = []
    for rows in (slice(0, 200), slice(200, 500)):
        half = Profile(edges, "2025-04-01")
        half.add(part(whole, rows))
        halves.append(half)
    reference = Reference(edges, tuple(halves))
    again = Reference.from_json(json.loads(json.dumps(reference.to_json())))
    assert again.edges == edges
    assert again.edges.fingerprint == edges.fingerprint
    assert [m.to_json() for m in again.months] == [m.to_json() for m in halves]
    full = Profile(edges, "")
    full.add(whole)
    assert again.pooled.to_json() == full.to_json() == merged(halves).to_json()


def test_reasons_are_sums_of_their_features() -> None:
    shap = np.array([[1.0, 2.0, 4.0], [0.5, -1.0, -0.25]])
    frame = pd.DataFrame({"a": [1, 2], "b": [1, 2], "kind": ["p", "q"]})
    scores = pd.DataFrame({"probability": [0.1, 0.2], "tier": "red", "probability_tree": 0.3})
    reasons = Measured.of(frame, scores, shap, MEANING).reasons
    assert reasons.to_dict("list") == {"x": [5.0, 0.25], "y": [2.0, -1.0]}


def test_what_does_not_fit_is_refused_by_name() -> None:
    whole = made(50)
    edges = Edges.learn(whole)
    profile = Profile(edges, "2025-04-01")
    with pytest.raises(DataRefused, match=r"features lack b.*extracts"):
        profile.add(Measured(whole.features.drop(columns="b"), whole.reasons, whole.scores))
    wrong = whole.features.assign(b="text")
    with pytest.raises(DataRefused, match="b of the features"):
        profile.add(Measured(wrong, whole.reasons, whole.scores))
    with pytest.raises(DataRefused, match="no rows"):
        Edges.learn(part(whole, slice(0, 0)))
    other = Edges.learn(made(50, seed=9))
    with pytest.raises(ChurnlightError, match="bins of another"):
        Profile.from_json(profile.to_json(), other)
    with pytest.raises(ChurnlightError, match="other bins"):
        merged([profile, Profile(other, "2025-05-01")])


def test_an_even_sample_does_not_show_the_batches() -> None:
    frame = pd.DataFrame({"a": range(1000)})
    batches = [frame.iloc[s : s + 70] for s in range(0, 1000, 70)]
    kept = thinned(batches, 1000, 300)
    assert kept["a"].tolist() == list(range(0, 1000, 4))
    assert thinned([frame], 1000, 1000)["a"].tolist() == list(range(1000))

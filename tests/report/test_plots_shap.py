"""Plots of SHAP values: the same bytes, points kept apart, and what is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlight.report.plots_shap import Sample, ranked, stacked, write_shap_plots

IMPORTANCE = [{"feature": n} for n in ("brand", "silent_days", "bill_money", "gone_from_the_data")]


@pytest.fixture
def sample() -> Sample:
    draws = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "silent_days": draws.exponential(8, 200),
            "bill_money": np.where(draws.random(200) < 0.1, np.nan, draws.gamma(4, 30, 200)),
            "brand": draws.choice(["go", "zone"], 200),
        }
    )
    return Sample("2026-01-01", frame, draws.normal(size=(200, 3)))


def test_the_same_bytes_twice_and_what_is_shown(sample: Sample, tmp_path: Path) -> None:
    meanings = {"silent_days": "Days without an event"}
    made = write_shap_plots(sample, IMPORTANCE, meanings, tmp_path / "plots")
    assert made == [
        {"file": "plots/beeswarm.png", "kind": "beeswarm", "feature": None},
        *(
            {"file": f"plots/dependence_{n}.png", "kind": "dependence", "feature": n}
            for n in ("silent_days", "bill_money")
        ),
    ]
    write_shap_plots(sample, IMPORTANCE, meanings, tmp_path / "again" / "plots")
    for entry in made:
        first = (tmp_path / str(entry["file"])).read_bytes()
        assert first.startswith(b"\x89PNG")
        assert first == (tmp_path / "again" / str(entry["file"])).read_bytes()


def test_points_of_one_place_stand_apart_within_their_row() -> None:
    heights = stacked(np.array([0.0] * 9 + [1.0]))
    assert len(set(heights[:9].tolist())) == 9
    assert heights[9] == 0
    assert np.abs(heights).max() <= 0.4
    assert stacked(np.empty(0)).shape == (0,)


def test_colour_goes_by_place_and_not_by_value() -> None:
    assert ranked(pd.Series([1.0, 1000.0, np.nan, 2.0])).tolist()[:2] == [1 / 3, 1.0]
    assert np.isnan(ranked(pd.Series([1.0, np.nan]))[1])
    assert np.isnan(ranked(pd.Series(["a", "b"]))).all()


def test_nobody(tmp_path: Path, sample: Sample) -> None:
    none = Sample("2026-01-01", sample.frame.iloc[:0], sample.shap[:0])
    assert len(write_shap_plots(none, IMPORTANCE, {}, tmp_path / "plots")) == 3

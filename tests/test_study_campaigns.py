"""The study of campaigns: coverage, true areas, and its section of the page."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import study_campaigns
import study_page


def known(count: int = 2_000) -> pd.DataFrame:
    """Lines of two campaigns with their true chances, risk and effect differing between them."""
    draws = np.random.default_rng(0)
    second = draws.random(count) < 0.5
    control = np.where(second, 0.30, 0.10) + draws.random(count) * 0.1
    return pd.DataFrame(
        {
            "campaign_id": np.where(second, "b", "a"),
            "subscriber_id": np.arange(count),
            "account": [f"k{i // 2}" for i in range(count)],
            "treated": draws.random(count) < np.where(second, 0.8, 0.4),
            "churned": draws.random(count) < control,
            "p_left_if_control": control,
            "p_left_if_treated": control - np.where(second, 0.10, 0.0),
        }
    )


def test_intervals_cover_what_was_planted() -> None:
    lines = known()
    found = study_campaigns.covered(lines, 100, 1)
    second = (lines["campaign_id"] == "b").mean()
    assert found["planted"] == pytest.approx(-0.10 * second)
    assert 90 <= found["covered"] <= 99
    assert found["mean_estimate"] == pytest.approx(found["planted"], abs=0.006)


def test_intervals_that_are_too_narrow_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = study_campaigns.difference

    def narrow(frame: pd.DataFrame, outcome: str) -> object:
        effect = usual(frame, outcome)
        assert effect is not None
        half = (effect.high - effect.low) / 4
        return replace(effect, low=effect.difference - half, high=effect.difference + half)

    monkeypatch.setattr(study_campaigns, "difference", narrow)
    assert study_campaigns.covered(known(), 100, 1)["covered"] < 85


def test_true_area_by_hand() -> None:
    saved = np.array([0.4, 0.0, 0.0, 0.0])
    # Best first: 0.1 a line from the first quarter on; 0.0125 + 3 x 0.025 less the line's 0.05.
    assert study_campaigns.area(saved, saved) == pytest.approx(0.0375)
    assert study_campaigns.area(-saved, saved) == pytest.approx(-0.0375)
    # One score for all is a random order.
    assert study_campaigns.area(np.zeros(4), saved) == pytest.approx(0.0)


def test_intervals_over_operators_by_hand() -> None:
    found = study_campaigns.over_seeds([1.0, 3.0])
    # t(0.975, 1) = 12.706, the standard error is 1.
    assert (found["value"], found["seeds"]) == (2.0, [1.0, 3.0])
    assert found["low"] == pytest.approx(2.0 - 12.7062, abs=1e-3)
    assert study_campaigns.over_seeds([1.0])["low"] is None
    assert study_campaigns.over_seeds([])["value"] is None


def ranking(uplift: float, *, told: bool = True) -> dict[str, object]:
    scores = {"uplift": uplift, "risk": 0.002, "true_risk": 0.004}
    return {
        "parts": 1,
        "lines": 1_000,
        "leavers": [50, 40],
        "claimed": uplift > 0.003,
        "why_not": None,
        "slope": None,
        "best": 0.008,
        "area": scores if told else None,
        "rank": scores if told else None,
    }


def operators(*uplifts: float) -> list[dict[str, object]]:
    coverage = {
        "lines": 5_000,
        "planted": -0.01,
        "redraws": 100,
        "covered": 95,
        "mean_estimate": -0.011,
    }
    parts = len(study_campaigns.PARTS)
    return [
        {
            "seed": i,
            "coverage": coverage,
            "parts": [ranking(u)] * (parts - 1) + [ranking(u, told=False)],
        }
        for i, u in enumerate(uplifts)
    ]


def test_the_page_says_what_was_reached() -> None:
    found = study_campaigns.added_up(operators(0.0050, 0.0052), 500)
    assert found["coverage"]["covered"] == 190
    page = "\n".join(study_campaigns.lines(found))
    assert "| 0 | 5,000 | -1.00 | -1.10 | 95 of 100 |" in page
    assert "90 to 99 of 100 redraws | 95.0 (" in page
    assert "+3.10 (+1.83 to +4.37) | 2 of 2 |" in page
    assert "area by true effect, above 0 | +3.10 (+1.83 to +4.37) | yes |" in page
    assert "| 1,000 | 90 | – | – | – | 8.00 (8.00 to 8.00) | – | 2 of 2 |" in page
    assert "Simulated" in page or "simulated" in page


def test_the_page_is_honest_when_it_was_not_reached() -> None:
    unsure = "\n".join(
        study_campaigns.lines(study_campaigns.added_up(operators(0.005, 0.001), 500))
    )
    assert "area by true effect, above 0 | +1.00 (-24.41 to +26.41) | no |" in unsure
    # (25.41 / 1.00)^2 times two operators.
    assert "not shown: at this size some 1292 operators" in unsure
    worse = "\n".join(study_campaigns.lines(study_campaigns.added_up(operators(0.001, 0.001), 500)))
    assert "does not rank better than risk" in worse


def test_uplift_is_ranked_beside_risk() -> None:
    lines = known(400)
    frame = pd.DataFrame({"noise_count": np.random.default_rng(1).normal(size=400)})
    found = study_campaigns.ranked(lines, frame)
    assert found["why_not"] == "few_leavers"
    assert found["area"] is None
    assert found["best"] == pytest.approx(
        study_campaigns.area(
            (lines["campaign_id"] == "b").to_numpy() * 1.0,
            (lines["campaign_id"] == "b").to_numpy() * 0.10,
        )
    )


def test_the_section_is_left_out_without_its_result() -> None:
    figure = {"value": 0.8, "low": 0.7, "high": 0.9, "seeds": [0.8]}
    both = {"roc_auc": figure, "pr_auc": figure}
    found = {
        "subscribers_a_seed": 500,
        "seeds": [{"seed": 1, "churners": 5, "subscribers": 30}],
        "models": {"gbm": both, "tree": both},
        "tree_minus_gbm": both,
        "tiers": {"gbm": [], "tree": []},
        "ablation": [],
    }
    assert "Campaigns" not in "\n".join(study_page.lines(found))
    more = found | {"campaigns": study_campaigns.added_up(operators(0.005, 0.0052), 500)}
    assert "### Campaigns against the truth" in "\n".join(study_page.lines(more))


def test_operators_are_run_one_by_one_cleared_away_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    work, kept = tmp_path / "work", tmp_path / "kept.json"
    work.mkdir()

    def make(folder: Path, seed: int) -> str:
        assert not list(work.iterdir())
        folder.mkdir()
        return f"project {seed}"

    def judged(made: str, seed: int) -> dict[str, object]:
        seen.append(made)
        return operators(0.005)[0] | {"seed": seed}

    monkeypatch.setattr(study_campaigns, "one_operator", judged)
    found = study_campaigns.all_operators(work, make, 2, 500, kept)
    assert seen == ["project 101", "project 102"]
    assert [one["seed"] for one in found["seeds"]] == [101, 102]
    assert not list(work.iterdir())
    assert json.loads(kept.read_text()) == found
    # A third is added to the two that are there; another size begins anew, and so does who does
    # not ask to go on.
    found = study_campaigns.all_operators(work, make, 3, 500, kept, resume=True)
    assert seen[2:] == ["project 103"]
    assert [one["seed"] for one in found["seeds"]] == [101, 102, 103]
    study_campaigns.all_operators(work, make, 1, 600, kept, resume=True)
    study_campaigns.all_operators(work, make, 1, 600, kept)
    assert seen[3:] == ["project 101", "project 101"]

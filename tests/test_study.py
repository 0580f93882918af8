"""The study's script: pooling over seeds, and its section of the page."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import study
import study_page
import study_reasons

from churnlight.assess.resampling import Resampled


def resampled(values: list[float]) -> Resampled[str]:
    whole = {"gbm": {n: np.array([values[0]]) for n in study.AREAS}}
    drawn = {"gbm": {n: np.array(values[1:]) for n in study.AREAS}}
    return Resampled(whole, drawn)


def test_pooled_is_the_mean_over_seeds_in_every_resample() -> None:
    runs = [
        {"measured": resampled([0.6, 0.5, 0.7])},
        {"measured": resampled([0.8, 0.9, 0.7])},
    ]
    found = study.pooled(runs, study.less("gbm", None, "measured"))["roc_auc"]
    assert found == {"value": 0.7, "low": 0.7, "high": 0.7, "seeds": [0.6, 0.8]}


def test_white_against_the_oracles_group_of_the_same_size() -> None:
    churned = np.array([True, True, False, True, False, False])
    rows = pd.DataFrame(
        {
            "tier_gbm": ["white", "white", "white", "blue", "blue", "blue"],
            # The oracle's three: the first, and two of the three that it can't tell apart.
            "p_true": [0.9, 0.1, 0.1, 0.5, 0.5, 0.5],
        }
    )
    found = study.white(rows, churned, "gbm")
    assert found is not None
    assert (found["subscribers"], found["churners"]) == (3, 2)
    assert found["oracle_churners"] == pytest.approx(1 + 2 / 3, abs=1e-6)
    assert study.white(rows.drop(columns="p_true"), churned, "gbm") is None


def test_longer_demos_get_roles_of_their_own(tmp_path: Path) -> None:
    from churnlight.params.whole import load

    file = tmp_path / "params.yaml"
    file.write_text("schema_version: 1\ndemo: {subscribers: 500, months: 12}\nextracts: {}\n")
    study.lengthen(file, 14)
    params = load(file)
    assert params.extracts.months[-1] == "2026-02"
    assert params.as_of_with("test") == ("2026-01-01",)
    assert params.demo.subscribers == 500


def figures(value: float) -> dict[str, object]:
    one = {"value": value, "low": value - 0.01, "high": value + 0.01, "seeds": [value]}
    return {"roc_auc": one, "pr_auc": one}


def test_the_page_keeps_what_others_wrote(tmp_path: Path) -> None:
    tiers = [
        {"tier": t, "subscribers": 10, "churners": c, "rate": c / 10}
        for t, c in (("blue", 1), ("red", 1), ("white", 3))
    ]
    found = {
        "subscribers_a_seed": 500,
        "seeds": [{"seed": 1, "churners": 5, "subscribers": 30}],
        "models": {"gbm": figures(0.8), "tree": figures(0.7), "oracle": figures(0.82)},
        "tree_minus_gbm": figures(-0.1),
        "minus_oracle": {"gbm": figures(-0.02)},
        "share_of_oracle": {"gbm": figures(0.7)},
        "white": {"gbm": {"subscribers": 10, "churners": 3, "oracle_churners": 4.0}},
        "tiers": {"gbm": tiers, "tree": tiers},
        "ablation": [{"learner": "gbm", "family": "circle", "features": 25, "adds": figures(0.03)}],
    }
    page = tmp_path / "accuracy.md"
    page.write_text("# Mine\n\n<!-- tables -->\nkept\n<!-- /tables -->\n")
    study_page.write_page(found, page)
    once = page.read_text()
    assert "<!-- tables -->\nkept\n<!-- /tables -->" in once
    assert "Simulated" in once
    assert "| LightGBM's ROC AUC less the oracle's, at least -0.03 | -0.020" in once
    assert "| -0.020 (-0.030 to -0.010) | yes |" in once
    assert "0.700 (0.690 to 0.710) | no |" in once
    assert "0.75 (3 of 4.0, 10 subscribers) | yes |" in once
    assert once.count("tiers rise strictly | see below | no |") == 2
    study_page.write_page(found, page)
    assert page.read_text() == once


def test_reasons_are_added_up_over_seeds_and_written() -> None:
    one = {
        "causes": [
            {"cause": "drift", "leavers": 6, "named": 6, "usual": 3},
            {"cause": "contract", "leavers": 2, "named": 0, "usual": 0},
        ],
        "stable": {"red and white": {"rows": 10, "kept": 9}},
    }
    two = {
        "causes": [{"cause": "contract", "leavers": 12, "named": 12, "usual": 1}],
        "stable": {"red and white": {"rows": 30, "kept": 29}},
    }
    found = study_reasons.added_up([one, two])
    assert (found["total"]["leavers"], found["total"]["value"]) == (20, 0.9)
    assert found["total"]["usual_share"] == 0.2
    assert [c["cause"] for c in found["causes"]] == ["contract", "drift"]
    assert found["causes"][0]["value"] == pytest.approx(12 / 14)
    assert found["causes"][0]["low"] < 12 / 14 < found["causes"][0]["high"]
    assert found["stable"]["red and white"]["value"] == 38 / 40
    page = "\n".join(study_reasons.lines(found))
    assert "| contract | 14 | 86%" in page
    assert "| named, at least 70 % | 90.0% | yes |" in page
    assert "| points above naming the commonest, at least 15 | 70 | yes |" in page
    worse = found | {"total": found["total"] | {"value": 0.6, "usual_share": 0.5}}
    assert "\n".join(study_reasons.lines(worse)).count("| no |") == 2

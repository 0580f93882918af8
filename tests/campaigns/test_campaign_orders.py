"""The order by effect beside that by risk, on lines whose planted effects are known."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from campaign_lines import planted

from churnlight.campaigns import Terms
from churnlight.campaigns.orders import feature_folders, orders
from churnlight.params.data import TimeParams
from churnlight.params.learning import GbmParams, TrainParams
from churnlight.paths import Project

AS_OF = "2025-03-01"  # known from its cutoff on, 2025-03-06
TERMS = Terms(resamples=50)
TRAIN = TrainParams(
    gbm=GbmParams(learning_rate=0.2, num_leaves=4, max_rounds=40, early_stopping_rounds=5)
)


def found(
    project: Project, count: int, effects: tuple[float, float], day: int = 9, without: int = 0
) -> dict[str, Any]:
    """What is said of lines that were offered something on a day of March."""
    lines, frame, _ = planted(count, effects)
    folder = project.features(AS_OF)
    folder.mkdir(parents=True, exist_ok=True)
    table = frame.assign(subscriber_id=lines["subscriber_id"]).iloc[without:]
    table.to_parquet(folder / "features.parquet")
    known = lines.assign(offered_at=datetime(2025, 3, day), outcome="known")
    return orders(known, feature_folders(project), TimeParams(), TERMS, train=TRAIN)


def test_an_order_by_effect_that_keeps_more_says_so(tmp_path: Path) -> None:
    told = found(Project(tmp_path), 12_000, (-0.9, 0.6), without=100)
    assert (told["verdict"]["code"], told["claimed"]) == ("better", True)
    assert told["difference"]["low"] > 0
    gap = told["uplift"]["coefficient"] - told["risk"]["coefficient"]
    assert told["difference"]["value"] == pytest.approx(gap, abs=2e-6)
    assert (told["lines"], told["left_out"]) == (11_900, 100)
    assert told["uplift"]["lines"] == told["risk"]["lines"] == 11_900
    # Treating everybody comes to the same, whatever the order.
    ends = [told[name]["points"][-1]["saved"] for name in ("uplift", "risk")]
    assert ends[0] == pytest.approx(ends[1], abs=1e-6)


def test_one_effect_for_all_is_not_shown_to_make_a_better_order(tmp_path: Path) -> None:
    told = found(Project(tmp_path), 4_000, (-0.4, -0.4))
    assert told["verdict"]["code"] in ("not_better", "worse")
    assert told["difference"]["low"] <= 0
    assert "List by risk" in told["verdict"]["en"]
    assert "按风险排序" in told["verdict"]["zh"]


def test_with_few_leavers_no_order_is_looked_for(tmp_path: Path) -> None:
    told = found(Project(tmp_path), 300, (-0.9, 0.6))
    assert told["verdict"]["code"] == "few_leavers"
    counts = (told["leavers_treated"], told["leavers_control"])
    assert f"({counts[0]} treated, {counts[1]} control; 100 are needed)" in told["verdict"]["en"]
    assert (told["uplift"], told["risk"], told["difference"]) == (None, None, None)


def test_features_that_came_after_the_offer_are_not_read(tmp_path: Path) -> None:
    told = found(Project(tmp_path), 300, (-0.9, 0.6), day=5)
    assert told["verdict"]["code"] == "no_features"
    assert (told["lines"], told["left_out"]) == (0, 300)


def test_the_pipelines_features_go_before_the_batchs(tmp_path: Path) -> None:
    project = Project(tmp_path)
    batch = Project(project.batch)
    for where, as_of in ((project, "2025-03-01"), (batch, "2025-03-01"), (batch, "2025-04-01")):
        where.features(as_of).mkdir(parents=True)
        pd.DataFrame({"subscriber_id": [1]}).to_parquet(where.features(as_of) / "features.parquet")
    assert feature_folders(project) == {
        "2025-03-01": project.features("2025-03-01"),
        "2025-04-01": batch.features("2025-04-01"),
    }

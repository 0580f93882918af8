"""How long is followed, and what of a project is read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from churnlight.campaigns import read_standing
from churnlight.campaigns.judging import months_followed, where_of
from churnlight.params.data import TimeParams
from churnlight.paths import Project
from churnlight.timeline import moment


@pytest.mark.parametrize(
    ("time", "months"),
    [
        # January and February: who was offered something in January is looked at after February.
        ({}, 1),
        ({"horizon_months": 3}, 2),
        ({"horizon_months": 2, "gap_months": 1}, 2),
        # The month of the offer is never enough.
        ({"horizon_months": 1}, 1),
        ({"horizon_days": 45}, 1),
        ({"horizon_days": 60}, 2),
    ],
)
def test_a_line_is_followed_to_the_end_of_its_horizon(time: dict[str, int], months: int) -> None:
    assert months_followed(moment("2026-01-01", TimeParams.model_validate(time))) == months


def put(folder: Path, name: str, **columns: list[object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns).to_parquet(folder / name)


def test_segments_stand_beside_the_scores_of_their_month(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for as_of in ("2025-10-01", "2025-11-01"):
        folder = project.scores(as_of)
        put(folder, "scores.parquet", subscriber_id=[1, 2], tier=["red", "red"],
            probability=[0.4, 0.5])  # fmt: skip
        put(folder, "reasons.parquet", subscriber_id=[1], rank=[1], direction=["up"],
            reason=["handset"])  # fmt: skip
    put(project.segments("2025-11-01"), "segments.parquet", subscriber_id=[2], segment=["S3"])
    where = where_of(project, lambda *_: None, (), TimeParams())
    said = read_standing(where.scores, where.time, where.segments)
    assert sorted(said) == ["2025-10-06", "2025-11-06"]
    assert "segment" not in said["2025-10-06"]
    assert said["2025-11-06"]["segment"].tolist()[1] == "S3"
    assert said["2025-11-06"]["segment"].isna().tolist() == [True, False]
    alone = read_standing(where.scores, where.time, where.segments, [2])["2025-11-06"]
    assert alone["subscriber_id"].tolist() == [2]
    pd.testing.assert_frame_equal(
        alone, said["2025-11-06"].iloc[1:].reset_index(drop=True), check_dtype=False
    )

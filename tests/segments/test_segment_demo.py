"""The demo's planted habits are found again, month after month, from its features alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from segments_world import at

from churnlight.check import load_kept
from churnlight.demo import generate
from churnlight.engine import connect
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.output import DemoParams
from churnlight.params.segments import SegmentsParams
from churnlight.segments import Given, MonthSegments, load_month, save_month, segment_month
from churnlight.segments.matching import adjusted_rand
from churnlight.stages.check import check
from churnlight.stages.features import features
from churnlight.stages.inventory import inventory
from churnlight.stages.marts import marts
from churnlight.stages.windows import windows
from churnlight.timeline import Month, month_range

pytestmark = pytest.mark.slow

MONTHS = month_range(Month(2025, 1), 5)
AS_OFS = ("2025-04-01", "2025-05-01")
PARAMS = {
    "schema_version": 1,
    "engine": {"threads": 1, "memory_limit_gb": 1},
    "extracts": {"path": "extracts", "months": [str(m) for m in MONTHS]},
    "time": {"horizon_months": 1},
    "as_ofs": dict(zip(AS_OFS, ("fit", "test"), strict=True)),
}


@pytest.fixture(scope="module", params=[7, 19])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("habits")
    generate(
        DemoParams(subscribers=2_000, months=len(MONTHS), seed=request.param, habits=True), root
    )
    (root / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    (root / "dvc.yaml").write_text("stages: {}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHURNLIGHT_PROJECT", str(root))
        inventory()
        check()
        for month in MONTHS:
            marts(str(month))
        windows()
        for as_of in AS_OFS:
            features(as_of)
    return root


@pytest.fixture(scope="module")
def two_months(project: Path) -> list[MonthSegments]:
    found: list[MonthSegments] = []
    with connect(EngineParams(threads=1), project / "scratch") as engine:
        services = load_kept(engine, project / "extracts", "services", MONTHS)
        for as_of in AS_OFS:
            before = load_month(project / "segments" / AS_OFS[0], TimeParams()) if found else None
            given = Given(engine, services, before)
            month = segment_month(_features(project, as_of), at(as_of), SegmentsParams(), given)
            save_month(month, project / "segments" / as_of)
            found.append(month)
    return found


def _features(project: Path, as_of: str) -> pd.DataFrame:
    return pd.read_parquet(project / "data" / "features" / f"as_of={as_of}" / "features.parquet")


def test_planted_groups_are_recovered(project: Path, two_months: list[Any]) -> None:
    for as_of, month in zip(AS_OFS, two_months, strict=True):
        parts = sorted((project / "truth" / "outlook" / f"as_of={as_of}").glob("*.parquet"))
        outlook = pd.concat([pd.read_parquet(p) for p in parts])
        both = month.segments.merge(outlook[["subscriber_id", "habit"]], on="subscriber_id")
        assert len(both) == len(month.segments) > 800
        assert adjusted_rand(both["habit"], both["segment"]) >= 0.6


def test_segments_stay_from_month_to_month(two_months: list[Any]) -> None:
    moved = two_months[1].content["before"]
    assert two_months[1].content["made"] == "frozen"
    assert moved["rows"] > 700
    assert moved["adjusted_rand"] > 0.8


def test_services_that_the_habit_likes_are_offered(two_months: list[Any]) -> None:
    hit = two_months[1].content["services"]["hit_rate"]
    assert hit["subscribers"] > 20
    # Small as it is: segments should not do clearly worse than popularity.
    assert hit["high"] > 0
    assert hit["by_segment"] > 0.5

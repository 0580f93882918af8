"""Spark says what DuckDB says, on a random operator with every extract and kind."""

from __future__ import annotations

import shutil

import pytest
from population_world import months
from test_against_reference import KINDS, compare, random_settings, random_world

from churnlight.engine import connect
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.population import CohortParams, LabelParams


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    if shutil.which("java") is None:
        pytest.skip("needs Java for Spark: apt-get install openjdk-17-jre-headless")
    pytest.importorskip("pyspark")
    params = EngineParams(name="spark", threads=2, memory_limit_gb=1)
    with connect(params, tmp_path_factory.mktemp("spark")) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_spark_agrees_with_the_reference(seed, spark, tmp_path):
    world = random_world(seed, spark, tmp_path, subscribers=80)
    settings = random_settings(seed) if seed > 1 else _everything()
    assert compare(world, "2024-02-01", settings) > 0


def _everything() -> dict[str, object]:
    return {
        "time": TimeParams(gap_months=1, horizon_days=45),
        "label": LabelParams(kinds=KINDS, max_vanished_share=1.0),
        "cohort": CohortParams(min_monthly_bill=30, min_voice_out_minutes=1),
        "there": months("2023-11", "2024-07"),
    }

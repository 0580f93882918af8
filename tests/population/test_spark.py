"""Spark says what DuckDB says, on a random operator with every extract and kind."""

from __future__ import annotations

import pytest
from population_world import months
from test_against_reference import KINDS, compare, random_settings, random_world

from churnlight.params.data import TimeParams
from churnlight.params.population import CohortParams, LabelParams


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

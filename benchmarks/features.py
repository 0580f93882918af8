"""Measure the features stage as the pipeline runs it: one as_of, cohort, labels and features."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq

from benchmarks.base import AS_OF
from benchmarks.machine import answer, timed
from benchmarks.marts import size_of
from churnlight.paths import Project
from churnlight.population import build_population
from churnlight.stages import features as stage


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of the stage, of its population (cohort and labels), and of the features.

    Args:
        spec: `project`, `members`, `repeats`.

    Raises:
        ValueError: when the cohort is not the one that was asked for.
    """
    project = Project(Path(spec["project"]))
    os.environ["CHURNLIGHT_PROJECT"] = str(project.root)
    populations: list[float] = []

    def build_timed(*arguments: Any) -> Any:
        start = time.perf_counter()
        try:
            return build_population(*arguments)
        finally:
            populations.append(time.perf_counter() - start)

    with patch.object(stage, "build_population", build_timed):
        found = timed(lambda: stage.features(AS_OF), spec["repeats"])
    path = project.features(AS_OF) / "features.parquet"
    table = pq.ParquetFile(path)
    if table.metadata.num_rows != spec["members"]:
        raise ValueError(f"expected {spec['members']} members, found {table.metadata.num_rows}")
    features = [each - p for each, p in zip(found["seconds_each"], populations, strict=True)]
    middle = sorted(range(len(features)), key=lambda i: found["seconds_each"][i])
    place = middle[(len(middle) - 1) // 2]
    return found | {
        "seconds_population": round(populations[place], 2),
        "seconds_features": round(features[place], 2),
        "features": table.metadata.num_columns - 1,
        "marts_bytes": sum(size_of(p) for p in project.marts.rglob("*.parquet")),
        "extracts_bytes": size_of(project.root / "extracts"),
    }


if __name__ == "__main__":
    answer(measure)

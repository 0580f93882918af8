"""Measure a month's scoring from ready marts: cohort, features, scores, reasons, the call list."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
import yaml

from benchmarks.base import AS_OF
from benchmarks.clocks import watched
from benchmarks.machine import answer
from benchmarks.marts import size_of
from churnlight.files import write_json
from churnlight.paths import Project

# Rules of the section cohort that the whole city is scored without.
RULES = ("min_monthly_bill", "min_voice_out_minutes")
# Scoring by the function that does it, in the order of the run; the call list holds the sentences.
PARTS = {
    "scores": ("churnlight.stages.scoring:Scorer", "write"),
    "plots": ("churnlight.stages.partition", "draw_plots"),
    "call list": ("churnlight.stages.partition", "hand_out"),
}


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of stages features and score for one as_of, and of their parts.

    Args:
        spec: `project` (see `benchmarks.base`), `everyone` (whether the cohort's rules on bill and
            minutes are off), `members` (that the cohort must have), `threads`, `score` (False: the
            features alone, for a model to be grown on).

    Raises:
        ValueError: when the cohort is not the one that was asked for, or somebody has no score.
    """
    project = Project(Path(spec["project"]))
    os.environ["CHURNLIGHT_PROJECT"] = str(project.root)
    _choose(project, spec)
    seconds: dict[str, float] = {}
    start = time.perf_counter()
    _features(seconds)
    if spec["score"]:
        _score(project, seconds)
    whole = time.perf_counter() - start
    path = project.features(AS_OF) / "features.parquet"
    members = pq.ParquetFile(path).metadata.num_rows
    if members != spec["members"]:
        raise ValueError(f"expected {spec['members']} members, found {members}")
    found = {
        "members": members,
        "features": pq.ParquetFile(path).metadata.num_columns - 1,
        "seconds": round(whole, 2),
        "seconds_by_part": {name: round(s, 2) for name, s in seconds.items()},
        "rows_per_second": round(members / whole),
        "us_a_row": round(1e6 * whole / members, 2),
    }
    return found | (_scored(project, members) if spec["score"] else {})


def _choose(project: Project, spec: dict[str, Any]) -> None:
    """Put the cohort's rules and the threads into the parameters."""
    params = yaml.safe_load(project.params_file.read_text(encoding="utf-8"))
    standard = yaml.safe_load((Path(__file__).parents[1] / "params.yaml").read_text("utf-8"))
    params["engine"]["threads"] = spec["threads"]
    for rule in RULES:
        params["cohort"][rule] = None if spec["everyone"] else standard["cohort"][rule]
    project.params_file.write_text(yaml.safe_dump(params), encoding="utf-8")


def _features(seconds: dict[str, float]) -> None:
    from churnlight.features.building import build_features
    from churnlight.stages import features as stage

    began: list[float] = []

    def build_noted(*arguments: Any) -> Any:
        began.append(time.perf_counter())
        return build_features(*arguments)

    start = time.perf_counter()
    with patch.object(stage, "build_features", build_noted):
        stage.features(AS_OF)
    seconds["cohort"] = began[0] - start
    seconds["features"] = time.perf_counter() - began[0]


def _score(project: Project, seconds: dict[str, float]) -> None:
    from churnlight.stages.score import score

    write_json(project.roles / "score.json", {"role": "score", "as_ofs": {AS_OF: {}}})
    start, parts = time.perf_counter(), dict[str, float]()
    with watched(PARTS, parts):
        score()
    rest = time.perf_counter() - start - sum(parts.values())
    seconds |= parts | {"rest": rest}


def _scored(project: Project, members: int) -> dict[str, Any]:
    """What came out: rows, names on the call list, bytes."""
    from churnlight.retention.month import callable_now

    folder = project.scores(AS_OF)
    columns = ["tier", "left_before_cutoff"]
    scores = pq.read_table(folder / "scores.parquet", columns=columns).to_pandas()
    if len(scores) != members:
        raise ValueError(f"{len(scores)} scores of {members} members")
    listed = callable_now(scores) & scores["tier"].isin(["yellow", "red", "white"])
    return {
        "reasons_rows": pq.ParquetFile(folder / "reasons.parquet").metadata.num_rows,
        "tiers": {str(k): int(v) for k, v in scores["tier"].value_counts().items()},
        "listed": int(listed.sum()),
        "scores_bytes": size_of(folder),
    }


if __name__ == "__main__":
    answer(measure)

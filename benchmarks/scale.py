"""Measure marts, features and scoring on one engine at two sizes, for docs/scale.md.

Two sizes part what a run costs whatever its rows (planning, compiling, starting) from what a row
costs; a first, small run of each step warms up and is not counted.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from benchmarks import marts
from benchmarks.base import AS_OF
from benchmarks.machine import answer
from benchmarks.marts import size_of
from churnlight.engine import Engine, connect
from churnlight.learners.champion import Bundle
from churnlight.params.base import read_section
from churnlight.params.data import EngineParams
from churnlight.params.learning import ExplainParams
from churnlight.paths import Project
from churnlight.stages.features import features
from churnlight.stages.scoring import Scorer
from churnlight.timeline import Month

MONTH = Month(2025, 3)
_HASHED = 64_000_000  # bytes


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Rows, seconds and shuffled bytes by step and size; the first size of each step is a warm-up.

    Args:
        spec: `engine` (of params.yaml), `months` (extracts and `rows` of a month of CDRs each),
            `projects` (see `benchmarks.base`, with models; `members` each), `work`.
    """
    with connect(EngineParams(**spec["engine"]), Path(spec["work"]) / "scratch") as engine:
        build = [
            _clocked(engine, month["rows"], lambda n=n, m=month: _marts(engine, spec, n, m))
            for n, month in enumerate(spec["months"])
        ]
    steps: dict[str, list[dict[str, Any]]] = {"marts": build[1:], "features": [], "scoring": []}
    for number, made in enumerate(spec["projects"]):
        project = Project(Path(made["project"]))
        os.environ["CHURNLIGHT_PROJECT"] = str(project.root)
        _choose(project, spec["engine"])
        with _engine_of(project) as engine:
            found = {
                "features": _clocked(engine, made["members"], lambda: features(AS_OF)),
                "scoring": _clocked(engine, made["members"], lambda p=project: _score(engine, p)),
            }
        if number > 0:
            for name, each in found.items():
                steps[name].append(each)
    return {"engine": spec["engine"]["name"], "steps": steps}


def bytes_of(project: Project) -> dict[str, Any]:
    """What a subscriber takes on disk, and where rows gather, in a project that has run.

    Returns:
        By table: bytes a subscriber (of a month, of an as_of). Beside them: rows of CDRs and of
        edges a subscriber and month, the largest share of edges that end in one counterpart, bytes
        in memory of what the call list reads of a scored subscriber, bytes hashed a second.
    """
    as_of = project.scored[-1]
    newest = sorted(project.marts.glob("month=*"))[-1]
    month = newest.name.removeprefix("month=")
    extracts = yaml.safe_load(project.params_file.read_text(encoding="utf-8"))["extracts"]["path"]
    cdr = sorted((project.extracts(extracts) / "cdr" / newest.name).glob("*.parquet"))
    usage = pq.read_metadata(newest / "usage.parquet").num_rows
    members = pq.read_metadata(project.features(as_of) / "features.parquet").num_rows
    monthly = {"cdr": sum(p.stat().st_size for p in cdr)}
    monthly |= {n: size_of(newest / f"{n}.parquet") for n in ("edges", "usage", "circle")}
    scored = {
        "features": project.features(as_of) / "features.parquet",
        "labels": project.labels(as_of) / "labels.parquet",
        "scores": project.scores(as_of) / "scores.parquet",
        "reasons": project.scores(as_of) / "reasons.parquet",
    }
    scores = pd.read_parquet(scored["scores"])
    called = pq.read_table(newest / "edges.parquet", columns=["counterpart_id"])
    counterparts = called["counterpart_id"]
    counts = pc.value_counts(counterparts.combine_chunks()).field("counts")
    block = b"0" * _HASHED
    start = time.perf_counter()
    hashlib.sha256(block)
    return {
        "month": month,
        "as_of": as_of,
        "subscribers": usage,
        "members": members,
        "bytes_a_subscriber": {n: size / usage for n, size in monthly.items()}
        | {n: size_of(path) / members for n, path in scored.items()},
        "cdr_rows_a_subscriber": sum(pq.read_metadata(p).num_rows for p in cdr) / usage,
        "edges_a_subscriber": len(counterparts) / usage,
        "share_of_the_largest_counterpart": pc.max(counts).as_py() / len(counterparts),
        "scores_bytes_in_memory": float(scores.memory_usage(deep=True).sum()) / len(scores),
        "hashed_bytes_per_second": round(_HASHED / (time.perf_counter() - start)),
    }


def _clocked(engine: Engine, rows: int, run: Callable[[], object]) -> dict[str, Any]:
    before = _shuffled(engine)
    start = time.perf_counter()
    run()
    seconds = time.perf_counter() - start
    return {"rows": rows, "seconds": round(seconds, 2), "shuffled": _shuffled(engine) - before}


def _marts(engine: Engine, spec: dict[str, Any], number: int, month: dict[str, Any]) -> None:
    out = Path(spec["work"]) / f"marts-{number}"
    marts.build(engine, Path(month["extracts"]), MONTH, out, duplicates=False)


def _score(engine: Engine, project: Project) -> None:
    params = read_section(project.params_file, "explain", ExplainParams)
    bundle = Bundle.load(project.root / "models")
    out = project.scores(AS_OF)
    out.mkdir(parents=True, exist_ok=True)
    Scorer(bundle, ("yellow", "red", "white"), params, 0).write(project, AS_OF, out, engine)


def _choose(project: Project, engine: dict[str, Any]) -> None:
    """Put the engine into the parameters, and take the cohort's rules out."""
    params = yaml.safe_load(project.params_file.read_text(encoding="utf-8"))
    params["engine"] = engine
    params["cohort"] |= {"min_monthly_bill": None, "min_voice_out_minutes": None}
    project.params_file.write_text(yaml.safe_dump(params), encoding="utf-8")


def _engine_of(project: Project) -> Any:
    params = read_section(project.params_file, "engine", EngineParams)
    return connect(params, project.scratch)


def _shuffled(engine: Engine) -> int:
    """Bytes that the session's stages have written for one another so far; 0 without a session."""
    if not engine.spreads:
        return 0
    context = engine.con._session.sparkContext  # noqa: SLF001 - Ibis has no other way to it
    gateway = context._gateway  # noqa: SLF001
    numbers = gateway.new_array(gateway.jvm.double, 0)
    stages = (
        context._jsc.sc()  # noqa: SLF001
        .statusStore()
        .stageList(None, *[False] * 2, numbers, gateway.jvm.java.util.ArrayList())
    )
    return int(sum(stages.apply(i).shuffleWriteBytes() for i in range(stages.size())))


if __name__ == "__main__":
    answer(measure)

"""From marts to scores on Spark and on DuckDB: the same, with Spark's settings from params.yaml.

Spark runs in a process of its own without any environment, as a bare cron job would.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from score_comparison import compare_reasons, compare_scores

from churnlight.demo import generate
from churnlight.files import write_json
from churnlight.learners.champion import Bundle
from churnlight.learners.dataset import Dataset
from churnlight.params.learning import GbmParams, TrainParams
from churnlight.params.output import DemoParams
from churnlight.paths import Project
from churnlight.stages.check import check
from churnlight.stages.features import features
from churnlight.stages.inventory import inventory
from churnlight.stages.marts import marts
from churnlight.stages.score import score
from churnlight.tables.fitting import Settings, learn
from churnlight.timeline import Month, month_range
from scored_project import save_models

pytestmark = pytest.mark.slow

AS_OF = "2025-07-01"
AS_OFS = {"2025-03-01": "fit", "2025-05-01": "test", AS_OF: "score"}
MONTHS = month_range(Month(2025, 1), 6)
WINDOW = MONTHS[-2:]
SEEN = {
    "as_of": AS_OF,
    "before": [str(MONTHS[-3])],
    "window": [str(m) for m in WINDOW],
    "label_months": [],
}
SETTINGS = {
    # Several parts of everything, so that their order and joins matter.
    "spark.sql.shuffle.partitions": 3,
    "spark.sql.adaptive.enabled": False,
    "spark.sql.execution.arrow.maxRecordsPerBatch": 70,
    # Of small data, compiling takes longer than running.
    "spark.sql.codegen.wholeStage": False,
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}
SPARK = {"name": "spark", "threads": 2, "memory_limit_gb": 1.5, "spark": {"settings": SETTINGS}}
DUCKDB = {"threads": 1, "memory_limit_gb": 1}
COPIED = ("data/inventory", "data/check", "data/windows", "data/roles", "models")
ON_SPARK = f"""
import json
from pyspark.sql import SparkSession
from churnlight.stages.features import features
from churnlight.stages.marts import marts
from churnlight.stages.score import score

if __name__ == "__main__":
    for month in {[str(m) for m in WINDOW]}:
        marts(month)
    features("{AS_OF}")
    score()
    session = SparkSession.getActiveSession()
    asked = {[*SETTINGS, "spark.master"]}
    print(json.dumps({{name: session.conf.get(name) for name in asked}}))
"""


def make(root: Path, extracts: Path, engine: dict[str, Any]) -> Project:
    content = {
        "schema_version": 1,
        "engine": engine,
        "extracts": {"path": str(extracts), "months": [str(m) for m in MONTHS]},
        "time": {"window_months": 2, "horizon_months": 1},
        "as_ofs": AS_OFS,
        "cohort": {"min_monthly_bill": 30.0, "min_voice_out_minutes": None},
    }
    root.mkdir(parents=True, exist_ok=True)
    (root / "params.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    (root / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    return Project(root)


def learned(made: Project) -> Bundle:
    """A model of what the features say, of a label made up from two of them."""
    frame = pd.read_parquet(made.features(AS_OF) / "features.parquet")
    ids = frame.pop("subscriber_id")
    raised = frame.rank(pct=True, numeric_only=True).iloc[:, [3, 40]].fillna(0.5).sum(axis=1)
    churned = (raised + np.random.default_rng(5).random(len(frame)) > 1.9).to_numpy()
    settings = Settings(train=TrainParams(gbm=GbmParams(max_rounds=25)), by_size=False)
    return learn(Dataset.of(frame, churned, ids.to_numpy()), settings).bundle


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Project, Bundle]:
    if shutil.which("java") is None:
        pytest.skip("needs Java for Spark (Debian: apt-get install openjdk-17-jre-headless)")
    root = tmp_path_factory.mktemp("operator")
    generate(DemoParams(subscribers=600, months=len(MONTHS), seed=4), root)
    duck = make(root / "duckdb", root / "extracts", DUCKDB)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHURNLIGHT_PROJECT", str(duck.root))
        inventory()
        check()
        for month in WINDOW:
            marts(str(month))
        # The other as_ofs are there for the roles alone; they have no marts.
        write_json(duck.windows / f"as_of={AS_OF}.json", SEEN)
        features(AS_OF)
        bundle = learned(duck)
        save_models(duck, bundle)
        write_json(duck.roles / "score.json", {"role": "score", "as_ofs": {AS_OF: {}}})
        score()
    spark = make(root / "spark", root / "extracts", SPARK)
    for name in COPIED:
        shutil.copytree(duck.root / name, spark.root / name)
    return duck, spark, bundle


@pytest.fixture(scope="module")
def told(projects: tuple[Project, Project, Bundle]) -> dict[str, str]:
    """What the Spark session said of its settings at the end of the run."""
    _, spark, _ = projects
    script = spark.root / "run.py"
    script.write_text(ON_SPARK, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        cwd=spark.root,
        env={"CHURNLIGHT_QUIET": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    found: dict[str, str] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def test_settings_of_the_parameters_reach_the_session(told: dict[str, str]) -> None:
    assert told == {
        **{n: str(v).lower() if isinstance(v, bool) else str(v) for n, v in SETTINGS.items()},
        "spark.master": "local[2]",
    }


@pytest.mark.usefixtures("told")
def test_features_and_labels_are_the_same(projects: tuple[Project, Project, Bundle]) -> None:
    duck, spark, _ = projects
    for folder, name in ((Project.features, "features"), (Project.labels, "labels")):
        paths = [folder(p, AS_OF) / f"{name}.parquet" for p in (duck, spark)]
        one, other = (pd.read_parquet(path) for path in paths)
        assert paths[1].is_dir()
        pd.testing.assert_frame_equal(other, one, rtol=1e-9, atol=1e-9, obj=name)
    counts = [json.loads((p.labels(AS_OF) / "attrition.json").read_text()) for p in (duck, spark)]
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("told")
def test_scores_tiers_and_reasons_are_the_same(
    projects: tuple[Project, Project, Bundle], capsys: pytest.CaptureFixture[str]
) -> None:
    duck, spark, bundle = projects
    folders = [p.scores(AS_OF) for p in (duck, spark)]
    cuts = {
        "tier": bundle.scales[bundle.champion].tiers.cuts,
        "tier_tree": bundle.scales["tree"].tiers.cuts,
    }
    scores = compare_scores(*(pd.read_parquet(f / "scores.parquet") for f in folders), cuts)
    reasons = compare_reasons(*(pd.read_parquet(f / "reasons.parquet") for f in folders))
    with capsys.disabled():
        for line in (*scores.ties, *reasons.ties):
            print(f"tie: {line}")  # noqa: T201 - listed, not let pass in silence
    assert scores.wrong == []
    assert reasons.wrong == []
    assert len(list((folders[1] / "scores.parquet").glob("part-*.parquet"))) == 3
    assert {*pd.read_parquet(folders[0] / "scores.parquet")["tier"]} > {"red"}
    for name in ("medians", "importance"):
        one, other = (json.loads((f / f"{name}.json").read_text()) for f in folders)
        assert flat(other) == pytest.approx(flat(one), rel=1e-9, abs=2e-6), name


@pytest.mark.usefixtures("told")
def test_the_same_is_handed_out(projects: tuple[Project, Project, Bundle]) -> None:
    duck, spark, _ = projects
    names = [sorted(x.name for x in p.scores(AS_OF).iterdir()) for p in (duck, spark)]
    assert names[0] == names[1]
    assert duck.scored == spark.scored == (AS_OF,)


def flat(content: Any, prefix: str = "") -> dict[str, Any]:
    """Numbers of nested JSON by their places; lists of named things by name."""
    if isinstance(content, dict):
        items: Any = content.items()
    elif isinstance(content, list):
        items = [(next(str(v) for v in row.values() if isinstance(v, str)), row) for row in content]
    else:
        return {prefix: content} if isinstance(content, int | float) else {}
    return {k: v for name, part in items for k, v in flat(part, f"{prefix}/{name}").items()}

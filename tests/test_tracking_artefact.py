"""The model as MLflow serves it: what it refuses, where it loads, and the trials beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    packages_distributions,
)
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from packaging.requirements import Requirement

from churnlight.engine import Engine
from churnlight.learners.champion import Bundle, save_scales
from churnlight.learners.dataset import Dataset
from churnlight.params.learning import GbmParams, TrainParams
from churnlight.tables.fitting import Settings, learn

pytestmark = pytest.mark.slow

REASONS = {
    "silent_days": "falling_silent",
    "bill_money": "bill_level",
    "brand": "plan_misfit",
    "has_contract": "contract_ending",
}
TRIALS = [
    {
        "number": number,
        "settings": {"num_leaves": 10 + number, "lambda_l2": 1.5},
        "log_loss": 0.3 - number / 100,
        "by_as_of": {"2025-06-01": {"log_loss": 0.3, "rounds": 50 + number}},
    }
    for number in range(3)
]


def features(rows: int, seed: int) -> pd.DataFrame:
    draws = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "silent_days": draws.exponential(8, rows),
            "bill_money": np.where(draws.random(rows) < 0.2, np.nan, draws.gamma(4, 30, rows)),
            "brand": pd.Series(draws.choice(["go", "zone"], rows)).where(draws.random(rows) > 0.1),
            "has_contract": draws.random(rows) < 0.5,
        }
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    frame = features(600, 1)
    churned = np.random.default_rng(2).random(600) < 1 / (1 + np.exp(2 - frame["silent_days"] / 8))
    settings = Settings(train=TrainParams(gbm=GbmParams(max_rounds=20)), by_size=False)
    found = learn(Dataset.of(frame, churned, range(600)), settings).bundle
    found.gbm.save(folder / "gbm")
    found.tree.save(folder / "tree")
    save_scales(folder / "tiers", {"gbm": found.scales["gbm"], "tree": found.scales["tree"]}, "gbm")
    return folder


def run(bundle: Path, content_hash: str = "one") -> Any:
    from churnlight import tracking

    return tracking.ModelRun(
        learner="gbm",
        content_hash=content_hash,
        params={"a": "1"},
        metrics={"roc_auc": 0.8},
        tags={},
        folders={},
        texts={},
        bundle=bundle,
        example=features(5, 3),
        trials=TRIALS,
        reasons=REASONS,
    )


@pytest.fixture(scope="module")
def logged(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A store with the model in it, and where the model lies."""
    import mlflow

    from churnlight import tracking

    root = tmp_path_factory.mktemp("store")
    found = tracking.log_runs(root, "trial", "churn", [run(bundle)])
    with tracking.opened(root):
        model = mlflow.search_logged_models(
            filter_string=f"source_run_id = '{found['gbm']['run_id']}'", output_format="list"
        )[0]
        yield root, model.artifact_location.removeprefix("file://")


def test_each_trial_is_a_nested_run_and_logging_twice_adds_none(
    bundle: Path, logged: tuple[Path, str]
) -> None:
    import mlflow

    from churnlight import tracking

    root, _ = logged
    again = tracking.log_runs(root, "trial", "churn", [run(bundle)])["gbm"]
    assert again["state"] == "found"
    with tracking.opened(root):
        nested = mlflow.search_runs(
            experiment_names=["trial"],
            filter_string=f"tags.mlflow.parentRunId = '{again['run_id']}'",
            output_format="list",
        )
        assert len(mlflow.search_runs(experiment_names=["trial"])) == 4
    by_name = {found.info.run_name: found.data for found in nested}
    assert sorted(by_name) == ["trial 0", "trial 1", "trial 2"]
    assert by_name["trial 2"].params == {"num_leaves": "12", "lambda_l2": "1.5"}
    assert by_name["trial 2"].metrics["log_loss"] == pytest.approx(0.28)
    assert by_name["trial 2"].metrics["rounds_2025-06-01"] == 52


def served(frame: pd.DataFrame) -> pd.DataFrame:
    """As a client sends it: booleans as numbers, as the signature says."""
    return frame.astype({"has_contract": float})


def test_it_predicts_as_the_bundle_does(bundle: Path, logged: tuple[Path, str]) -> None:
    import mlflow

    frame = features(200, 9)
    found = mlflow.pyfunc.load_model(logged[1]).predict(served(frame))
    assert list(found) == ["probability", "tier"]
    expected = Bundle.load(bundle).predict(frame)
    np.testing.assert_array_equal(found["probability"], expected["probability"])
    assert found["tier"].tolist() == expected["tier"].tolist()


def test_it_gives_reasons_where_asked(bundle: Path, logged: tuple[Path, str]) -> None:
    import mlflow

    from churnlight.explain.reasons import Meaning, explain
    from churnlight.params.learning import ExplainParams

    frame = features(40, 9).set_index(np.arange(100, 140))
    model = mlflow.pyfunc.load_model(logged[1])
    found = model.predict(served(frame), params={"reasons": 2})
    pd.testing.assert_frame_equal(found[["probability", "tier"]], model.predict(served(frame)))
    assert list(found)[2:] == [
        f"{place}{what}"
        for place in ("reason_1", "reason_2", "reason_down")
        for what in ("", "_share", "_feature", "_value")
    ]
    assert found.index.tolist() == frame.index.tolist()
    gbm = Bundle.load(bundle).gbm
    whole, _ = explain(
        gbm, frame, frame.index.to_numpy(), Meaning(REASONS, REASONS), ExplainParams()
    )
    first = whole[(whole["direction"] == "up") & (whole["rank"] == 1)].set_index("subscriber_id")
    known = found[found["reason_1"].notna()]
    assert known["reason_1"].to_dict() == first["reason"].to_dict()
    assert known["reason_1_share"].to_dict() == first["share"].to_dict()
    assert known["reason_1_value"].tolist() == [first.loc[i, "value"] for i in known.index]


@pytest.mark.parametrize("wanted", [-1, "many", 2.5])
def test_a_count_of_reasons_that_is_none_is_refused(logged: tuple[Path, str], wanted: Any) -> None:
    import mlflow

    model = mlflow.pyfunc.load_model(logged[1])
    with pytest.raises(Exception, match=r"reasons|convert|long"):
        model.predict(served(features(5, 4)), params={"reasons": wanted})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda f: f.drop(columns="bill_money"), "bill_money"),
        (lambda f: f.rename(columns={"brand": "brandname"}), "brand"),
        (lambda f: f.assign(silent_days="long"), "silent_days"),
        (lambda f: f.assign(brand=1.5), "brand"),
        (lambda f: f.assign(silent_days=np.inf), "silent_days"),
    ],
)
def test_a_column_that_does_not_fit_is_named(
    logged: tuple[Path, str], change: Any, named: str
) -> None:
    import mlflow

    model = mlflow.pyfunc.load_model(logged[1])
    with pytest.raises(Exception, match=named):
        model.predict(change(served(features(20, 4))))


def test_columns_in_another_order_are_found_by_name(logged: tuple[Path, str]) -> None:
    """MLflow puts them in the signature's order before the model sees them."""
    import mlflow

    model = mlflow.pyfunc.load_model(logged[1])
    frame = served(features(50, 4))
    pd.testing.assert_frame_equal(model.predict(frame[list(frame)[::-1]]), model.predict(frame))


def closure(lines: list[str]) -> set[str]:
    """The distributions that pinned requirements bring with them, by their own metadata."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(line) for line in lines]
    while waiting:
        need = waiting.pop()
        name = need.name.lower().replace("_", "-")
        if name in found or (need.marker and not need.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        waiting += [Requirement(r) for r in found[name].requires or []]
    return set(found)


def test_it_loads_with_nothing_but_its_requirements(
    logged: tuple[Path, str], tmp_path: Path
) -> None:
    """A folder of links to what the requirements bring stands in for a fresh environment.

    The package itself is not among them: the model carries its own copy.
    """
    lines = (Path(logged[1]) / "requirements.txt").read_text().splitlines()
    assert all("==" in line for line in lines)
    allowed = closure(lines)
    assert "churnlight" not in allowed
    assert not {"duckdb", "ibis-framework", "shap", "optuna", "dvc"} & allowed
    site = tmp_path / "site"
    site.mkdir()
    for name in allowed:
        for file in distribution(name).files or []:
            top = file.parts[0]
            target = Path(str(distribution(name).locate_file(top)))
            if top not in ("..", "__pycache__") and not (site / top).exists() and target.exists():
                (site / top).symlink_to(target)
    assert packages_distributions()  # the metadata can be read at all
    features(30, 4).pipe(served).to_parquet(tmp_path / "rows.parquet")
    code = (
        "import sys, json\n"
        f"sys.path = [p for p in sys.path if 'site-packages' not in p] + [{str(site)!r}]\n"
        "import mlflow, pandas as pd\n"
        f"model = mlflow.pyfunc.load_model({logged[1]!r})\n"
        f"found = model.predict(pd.read_parquet({str(tmp_path / 'rows.parquet')!r}))\n"
        "told = model.predict(pd.read_parquet("
        f"{str(tmp_path / 'rows.parquet')!r}), params={{'reasons': 1}})\n"
        "import churnlight\n"
        "said = told['reason_1_share'].tolist()\n"
        "print(json.dumps([churnlight.__file__, found['probability'].tolist(), said]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    where, probability, said = json.loads(done.stdout.splitlines()[-1])
    assert where.startswith(logged[1])
    import mlflow

    model = mlflow.pyfunc.load_model(logged[1])
    here = model.predict(served(features(30, 4)), params={"reasons": 1})
    assert probability == here["probability"].tolist()
    np.testing.assert_array_equal(said, here["reason_1_share"])


def test_it_serves_as_a_spark_function(spark: Engine, logged: tuple[Path, str]) -> None:
    import mlflow
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    assert session is not None
    assert spark is not None
    frame = served(features(60, 4))
    rows = session.createDataFrame(
        frame.astype(object).where(frame.notna(), None).to_numpy().tolist(),
        "silent_days double, bill_money double, brand string, has_contract double",
    )
    score = mlflow.pyfunc.spark_udf(
        session, logged[1], result_type="probability double, tier string", env_manager="local"
    )
    found = rows.select(score(*rows.columns).alias("p")).select("p.*").toPandas()
    here = mlflow.pyfunc.load_model(logged[1]).predict(frame)
    np.testing.assert_allclose(found["probability"], here["probability"], rtol=0, atol=1e-9)
    assert found["tier"].tolist() == here["tier"].tolist()

"""The whole pipeline on a small demo, run as its users run it: by DVC, in a folder of its own."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from churnlight.files import sha256_of
from faulty_machine import closed_port
from pipeline_calls import ROOT, call, change, hashes, make, ran, start

pytestmark = pytest.mark.slow

# Both models, and the plan of the scored month.
SENT = 3


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose pipeline has run; tests change copies of it."""
    folder = make(tmp_path_factory.mktemp("finished") / "project")
    text = call(folder, "dvc", "repro")
    assert 32 <= len(ran(text)) <= 44
    (folder / "run.log").write_text(text)
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "project"
    # The same inodes as the cache's would be edited in both; a real copy is small here.
    shutil.copytree(finished, copy, symlinks=True)
    return copy


def test_again_runs_nothing(finished: Path) -> None:
    assert ran(call(finished, "dvc", "repro")) == []


def test_bytes_do_not_depend_on_place_threads_zone_or_locale(
    finished: Path, tmp_path: Path
) -> None:
    other = make(tmp_path / "another place" / "of the project", **{"engine.threads": 1})
    elsewhere = {"TZ": "Asia/Shanghai", "LC_ALL": "C", "OMP_NUM_THREADS": "1"}
    call(other, "dvc", "repro", PYTHONHASHSEED="4", **elsewhere)
    first, second = hashes(finished), hashes(other)
    assert first.keys() == second.keys()
    assert len(first) > 60
    # Workbooks, plan, segments, tariffs, handsets and the models' manifests are held too.
    month = "as_of=2026-01-01"
    assert {
        f"data/plans/{month}/plan.zh.xlsx",
        f"data/plans/{month}/calls.parquet",
        f"data/scores/{month}/call_list.en.xlsx",
        f"data/segments/{month}/segments.json",
        f"data/tariffs/{month}/tariffs.parquet",
        f"data/handsets/{month}/handsets.parquet",
        "models/tiers/manifest.json",
    } <= first.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_nothing_but_tables_names_subscribers(finished: Path, project: Path) -> None:
    books = sorted((finished / "data/demo/extracts/subscribers").rglob("*.parquet"))
    ids = {str(i) for path in books for i in pd.read_parquet(path)["subscriber_id"]}
    assert len(ids) > 2_000
    assert {len(i) for i in ids} == {8}
    said = call(project, "churnlight", "explain", "SECRETID123", code=1)
    said += call(project, "churnlight", "publish", "--to", "scores.csv")
    said += call(project, "churnlight", "campaign", "report")
    assert "SECRETID123" not in said
    (project / "said.log").write_text(said)
    logged = ("run.log", "said.log", "mlflow.db", "mlartifacts", ".work", "data/metrics.json")
    counted = ("check", "inventory", "windows", "roles", "kpi", "explanations", "tracking", "plots")
    held = []
    for name in (*logged, *(f"data/{part}" for part in counted), "models", "reports"):
        place = project / name
        for path in [place, *place.rglob("*")]:
            # The sources that MLflow keeps with a model hold numbers of their own.
            if path.is_file() and "code" not in path.parts:
                found = re.findall(rb"(?<![0-9A-Za-z.])[0-9]{8}(?![0-9A-Za-z])", path.read_bytes())
                if ids & {word.decode() for word in found}:
                    held.append(path.relative_to(project).as_posix())
    assert held == []


def test_one_parameter_reruns_what_depends_on_it(project: Path) -> None:
    change(project, lambda c: c["train"]["gbm"].update(learning_rate=0.02))
    stages = ran(call(project, "dvc", "repro"))
    assert stages[0] == "train@gbm"
    assert set(stages) == {
        "train@gbm", "tiers", "evaluate", "score", "explain", "tariffs", "plan", "report", "track",
    }  # fmt: skip
    change(project, lambda c: c["report"].update(language="zh"))
    assert set(ran(call(project, "dvc", "repro"))) <= {"report", "track"}


def test_another_spelling_of_the_folder_reruns_nothing_dear(project: Path) -> None:
    change(
        project,
        lambda c: c["extracts"].update(path=str(project / "data" / "demo" / "extracts")),
    )
    assert set(ran(call(project, "dvc", "repro"))) <= {"inventory", "check", "track"}


def test_exp_run_compares(project: Path) -> None:
    call(project, "git", "init", "-q")
    (project / ".dvc" / "config").write_text((ROOT / ".dvc" / "config").read_text())
    (project / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    call(project, "git", "add", "-A")
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "test"), ("EMAIL", "test@churnlight.invalid"))
    }
    call(project, "git", "commit", "-qm", "start", **who)
    call(project, "dvc", "exp", "run", "-S", "train.gbm.learning_rate=0.02", **who)
    call(project, "dvc", "exp", "run", "--temp", "-S", "train.gbm.learning_rate=0.04", **who)
    shown = call(project, "dvc", "exp", "show", "--csv")
    assert "0.02" in shown
    assert "0.04" in shown
    with sqlite3.connect(project / "mlflow.db") as store:
        query = "select value from params where key = 'train.gbm.learning_rate'"
        assert {"0.02", "0.04"} <= {value for (value,) in store.execute(query)}
    metrics = json.loads(call(project, "dvc", "metrics", "show", "--json"))
    assert 0.5 < metrics[""]["data"]["data/metrics.json"]["data"]["gbm"]["roc_auc"] <= 1
    assert "gbm.roc_auc" in call(project, "dvc", "metrics", "diff", "--all", "--md")
    assert "roc.png" in call(project, "dvc", "plots", "show", "--json")


def test_large_data_are_not_doubled(finished: Path) -> None:
    """The cache and the outputs share their bytes."""
    for path in (finished / "data" / "marts").rglob("edges.parquet"):
        assert path.stat().st_nlink > 1


def test_a_killed_run_goes_on(project: Path, finished: Path) -> None:
    marts = project / "data" / "marts"
    # As if this month had never been built; the run's cache would hand it out without building.
    shutil.rmtree(marts / "month=2025-07")
    lock = project / "dvc.lock"
    known = yaml.safe_load(lock.read_text())
    del known["stages"]["marts@2025-07"]
    lock.write_text(yaml.safe_dump(known))
    shutil.rmtree(project / ".dvc" / "cache" / "runs", ignore_errors=True)
    command = start(project)
    # Killed in the midst of the stage: its hidden folder holds a mart already, and not yet all.
    while command.poll() is None and not list(marts.glob(".month=2025-07.*/usage.parquet")):
        time.sleep(0.002)
    os.killpg(command.pid, signal.SIGKILL)
    command.wait()
    assert list(marts.glob(".month=2025-07.*/usage.parquet"))
    assert not (marts / "month=2025-07").exists()
    assert ran(call(project, "dvc", "repro"))[0] == "marts@2025-07"
    assert hashes(project) == hashes(finished)


def test_killed_at_any_moment_a_plain_rerun_gives_the_same(
    project: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small piece of `make soak`; see scripts/soak.py."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import soak_rounds

    # Cheap ones, and the last, which makes MLflow's store anew; each some seconds.
    stages = {"roles": 2.0, "explain": 2.0, "train@gbm": 3.0, "track": 6.0}
    soak = soak_rounds.Repro(project, hashes(finished), stages, random.Random(2))  # noqa: S311
    rounds = [done for done in (soak.round() for _ in range(3)) if done is not None]
    assert rounds
    assert [done for done in rounds if not done.right] == []


def test_a_server_that_is_away_fails_nothing_and_is_told_later(
    project: Path, finished: Path
) -> None:
    shutil.rmtree(project / "data" / "tracking")
    shutil.rmtree(project / "mlartifacts")
    (project / "mlflow.db").unlink()
    away = f"http://127.0.0.1:{closed_port()}"
    text = call(project, "churnlight", "run", MLFLOW_TRACKING_URI=away)
    assert ran(text) == ["track"]
    assert "not in MLflow yet" in text
    assert hashes(project) == hashes(finished)
    tracking = project / "data" / "tracking"
    assert [path.name for path in tracking.iterdir()] == ["pending.json"]
    assert call(project, "churnlight", "tracking", "sync").count("(logged)") == SENT
    assert {path.name for path in tracking.iterdir()} == {"runs.json", "gate.json"}
    kept = (tracking / "runs.json").read_text()
    assert call(project, "churnlight", "tracking", "sync").count("(found)") == SENT
    assert (tracking / "runs.json").read_text() == kept


def test_mlflow_has_it_all_and_is_refilled(project: Path) -> None:
    runs = json.loads((project / "data" / "tracking" / "runs.json").read_text())
    assert set(runs) == {"tree", "gbm"}
    for name in ("mlflow.db", "mlartifacts"):
        target = project / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    text = call(project, "churnlight", "tracking", "sync")
    assert text.count("(logged)") == SENT
    assert call(project, "churnlight", "tracking", "sync").count("(found)") == SENT
    with sqlite3.connect(project / "mlflow.db") as store:
        tags = dict(store.execute("select key, value from tags").fetchall())
        names = store.execute("select distinct key from params").fetchall()
        alias = store.execute("select alias from registered_model_aliases").fetchall()
    assert alias == [("champion",)]
    assert len(tags["churnlight.sha256.data.fit"]) == 64
    assert ("train.gbm.learning_rate",) in names
    artefacts = {p.name for p in (project / "mlartifacts").rglob("*") if p.is_file()}
    assert {"roc.png", "features.md", "churnlight.html", "input_example.json"} <= artefacts
    assert not [name for name in artefacts if name.endswith((".pkl", ".pickle", ".joblib"))]


def test_the_registered_model_scores_like_the_batch(project: Path) -> None:
    code = (
        "import sys, mlflow, pandas as pd\n"
        "mlflow.set_tracking_uri('sqlite:///mlflow.db')\n"
        "model = mlflow.pyfunc.load_model('models:/churnlight@champion')\n"
        "table = pd.read_parquet('data/features/as_of=2026-01-01/features.parquet')\n"
        "frame = table.drop(columns='subscriber_id')\n"
        "numbers = frame.select_dtypes(include=['number', 'bool']).columns\n"
        "frame = frame.astype(dict.fromkeys(numbers, 'float64'))\n"
        "model.predict(frame).to_parquet('predicted.parquet')\n"
    )
    if not (project / "mlflow.db").exists():
        call(project, "churnlight", "tracking", "sync")
    call(project, sys.executable, "-c", code)
    scores = pd.read_parquet(project / "data" / "scores" / "as_of=2026-01-01" / "scores.parquet")
    predicted = pd.read_parquet(project / "predicted.parquet")
    assert predicted["tier"].tolist() == scores["tier"].tolist()
    assert (predicted["probability"] - scores["probability"]).abs().max() < 1e-12


def test_past_months_are_made_by_the_stages_own_code(project: Path) -> None:
    """`churnlight backtest` leaves the project as it is, and makes the very same features."""
    before = hashes(project)
    told = call(project, "churnlight", "--json", "backtest", "--parts", "lead", "--gaps", "0,1")
    shadow = project / ".work" / "backtest" / "gap=0" / "data"
    made = {p.parent.name for p in (shadow / "features").rglob("features.parquet")}
    common = {p.parent.name for p in (project / "data" / "features").rglob("*.parquet")} & made
    assert len(common) >= 3
    for as_of in common:
        for name in ("features/{}/features.parquet", "labels/{}/labels.parquet"):
            file = name.format(as_of)
            assert sha256_of(shadow / file) == sha256_of(project / "data" / file), file
    found = json.loads(told[told.index("{") : told.rindex("}") + 1])
    assert found["lead"]["as_of"] == "2025-10-01"
    assert [g["gap_months"] for g in found["lead"]["gaps"]] == [0, 1]
    assert found["lead"]["gaps"][0]["fit"] == ["2025-04-01", "2025-05-01", "2025-06-01"]
    assert found["lead"]["gaps"][1]["fit"] == ["2025-04-01"]
    after = hashes(project)
    added = {name for name in after if after[name] != before.get(name)}
    assert added == {"data/backtest/lead.json", "data/backtest/backtest.png"}
    assert ran(call(project, "dvc", "repro")) == []


def test_the_gate_decides_who_is_champion(project: Path) -> None:
    gate = json.loads((project / "data" / "tracking" / "gate.json").read_text())
    assert (gate["outcome"], gate["attempts"]) == ("first", 1)
    told = call(project, "churnlight", "--json", "champion", "show")
    first = json.loads(told[told.index("{") : told.rindex("}") + 1])
    assert first["labels_known_at"] == "2025-11-06T00:00:00"
    change(project, lambda c: c["train"]["gbm"].update(num_leaves=4, max_rounds=5))
    call(project, "dvc", "repro")
    gate = json.loads((project / "data" / "tracking" / "gate.json").read_text())
    assert gate["outcome"] in {"kept", "promoted"}
    assert (gate["champion"], gate["attempts"]) == (first["version"], 2)
    assert gate["challenger_minus_champion"]["pr_auc"]["value"] != 0
    assert len(gate["reasons"]) == 3


def test_the_outcome_is_told(finished: Path) -> None:
    told = json.loads(call(finished, "churnlight", "--json", "summary"))
    tiers = [row["tier"] for row in told["tiers"]]
    assert tiers == ["blue", "green", "yellow", "red", "white"]
    text = call(finished, "churnlight", "summary")
    assert "simulated" in text.lower()
    assert "mlflow ui" in text


def test_wrong_parameters_stop_before_the_first_stage(project: Path) -> None:
    change(project, lambda c: c["train"]["gbm"].update(learning_rte=0.1))
    text = call(project, "churnlight", "run", code=2)
    assert "did you mean 'learning_rate'" in text
    assert ran(text) == []


def test_a_month_that_is_not_there(project: Path) -> None:
    change(project, lambda c: c["extracts"].update(months=["2025-01", "2027-01"]))
    text = call(project, "dvc", "repro", "inventory", code=255)
    assert "2027-01" in text
    assert "Traceback" not in text

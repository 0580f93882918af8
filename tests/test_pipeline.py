"""The whole pipeline on a small demo, run as its users run it: by DVC, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from churnlight.files import sha256_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
SETTINGS = {
    "demo.subscribers": 2500,
    "demo.seed": 11,
    "evaluate.bootstrap": 200,
    "train.gbm.max_rounds": 80,
}
OUTPUTS = ("data", "models", "reports")


def environment(**changes: str) -> dict[str, str]:
    base = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "CHURNLIGHT_"))}
    return base | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"} | changes


def call(folder: Path, *command: str, code: int = 0, **changes: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == code, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr


def make(folder: Path, **settings: object) -> Path:
    pairs = [
        argument
        for key, value in (SETTINGS | settings).items()
        for argument in ("--set", f"{key}={value}")
    ]
    call(ROOT, "churnlight", "project", str(folder), *pairs)
    return folder


def ran(text: str) -> list[str]:
    """Stages that `dvc repro` ran, by its own words."""
    return re.findall(r"Running stage '(?:\.\./|demo/dvc\.yaml:)?([^']+)'", text)


def change(folder: Path, edit: Callable[[dict], object]) -> None:
    file = folder / "params.yaml"
    content = yaml.safe_load(file.read_text())
    edit(content)
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def hashes(folder: Path) -> dict[str, str]:
    """Every stage output; MLflow's store and what track wrote of it are excepted."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for name in OUTPUTS
        for path in sorted((folder / name).rglob("*"))
        if path.is_file() and path.name != ".gitignore" and "tracking" not in path.parts
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose pipeline has run; tests change copies of it."""
    folder = make(tmp_path_factory.mktemp("finished") / "project")
    text = call(folder, "dvc", "repro")
    assert 28 <= len(ran(text)) <= 40
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
    call(other, "dvc", "repro", TZ="Asia/Shanghai", LC_ALL="C", OMP_NUM_THREADS="1")
    first, second = hashes(finished), hashes(other)
    assert first.keys() == second.keys()
    assert len(first) > 60
    assert [name for name in first if first[name] != second[name]] == []


def test_one_parameter_reruns_what_depends_on_it(project: Path) -> None:
    change(project, lambda c: c["train"]["gbm"].update(learning_rate=0.03))
    stages = ran(call(project, "dvc", "repro"))
    assert stages[0] == "train@gbm"
    assert set(stages) == {
        "train@gbm", "tiers", "evaluate", "score", "explain", "report", "track",
    }  # fmt: skip
    change(project, lambda c: c["report"].update(language="zh"))
    assert set(ran(call(project, "dvc", "repro"))) <= {"report", "track"}


def test_another_spelling_of_the_folder_reruns_nothing_dear(project: Path) -> None:
    change(
        project,
        lambda c: c["extracts"].update(path=str(project / "data" / "demo" / "extracts")),
    )
    assert set(ran(call(project, "dvc", "repro"))) <= {"inventory", "check", "track"}


def test_a_new_month_runs_that_month_and_what_follows(tmp_path: Path) -> None:
    extracts = tmp_path / "operator"
    call(
        ROOT, "churnlight", "demo", "--out", str(extracts), "--subscribers", "2500",
        "--months", "13", "--seed", "11",
    )  # fmt: skip
    later = tmp_path / "later"
    for folder in (extracts / "extracts").glob("*/month=2026-01"):
        (later / folder.parent.name).mkdir(parents=True)
        folder.rename(later / folder.parent.name / folder.name)
    project = make(tmp_path / "project")
    call(project, "churnlight", "use", str(extracts / "extracts"))
    first = ran(call(project, "dvc", "repro"))
    assert "demo" not in first
    assert "marts@2025-12" in first
    for folder in later.glob("*/month=*"):
        folder.rename(extracts / "extracts" / folder.parent.name / folder.name)
    call(project, "churnlight", "use", str(extracts / "extracts"))
    stages = ran(call(project, "dvc", "repro"))
    assert [s for s in stages if s.startswith("marts")] == ["marts@2026-01"]
    as_ofs = {s.split("@")[1] for s in stages if s.startswith("features")}
    known = {s.split("@")[1] for s in first if s.startswith("features")}
    assert as_ofs
    assert not as_ofs & known


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
    call(project, "dvc", "exp", "run", "-S", "train.gbm.learning_rate=0.03", **who)
    call(project, "dvc", "exp", "run", "--temp", "-S", "train.gbm.learning_rate=0.04", **who)
    shown = call(project, "dvc", "exp", "show", "--csv")
    assert "0.03" in shown
    assert "0.04" in shown
    with sqlite3.connect(project / "mlflow.db") as store:
        query = "select value from params where key = 'train.gbm.learning_rate'"
        assert {"0.03", "0.04"} <= {value for (value,) in store.execute(query)}
    metrics = json.loads(call(project, "dvc", "metrics", "show", "--json"))
    assert 0.5 < metrics[""]["data"]["data/metrics.json"]["data"]["gbm"]["roc_auc"] <= 1
    assert "gbm.roc_auc" in call(project, "dvc", "metrics", "diff", "--all", "--md")
    assert "roc.png" in call(project, "dvc", "plots", "show", "--json")


def test_large_data_are_not_doubled(finished: Path) -> None:
    """The cache and the outputs share their bytes."""
    for path in (finished / "data" / "marts").rglob("edges.parquet"):
        assert path.stat().st_nlink > 1


def test_a_killed_run_goes_on(tmp_path: Path, finished: Path) -> None:
    project = make(tmp_path / "project")
    command = subprocess.Popen(
        ["dvc", "repro"],
        cwd=project,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # Killed in the midst of the stage: its hidden folder holds a mart already, and not yet all.
    marts = project / "data" / "marts"
    while command.poll() is None and not list(marts.glob(".month=2025-07.*/usage.parquet")):
        time.sleep(0.002)
    os.killpg(command.pid, signal.SIGKILL)
    command.wait()
    assert list(marts.glob(".month=2025-07.*/usage.parquet"))
    assert not (marts / "month=2025-07").exists()
    call(project, "dvc", "repro")
    assert hashes(project) == hashes(finished)


def test_mlflow_has_it_all_and_is_refilled(project: Path) -> None:
    runs = json.loads((project / "data" / "tracking" / "runs.json").read_text())
    assert set(runs) == {"tree", "gbm"}
    for name in ("mlflow.db", "mlartifacts"):
        target = project / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    text = call(project, "churnlight", "tracking", "sync")
    assert text.count("(logged)") == 2
    assert call(project, "churnlight", "tracking", "sync").count("(found)") == 2
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

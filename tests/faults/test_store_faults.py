"""MLflow's store: killed while it is made, a run killed half-way, and a server that is away."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from churnlight.errors import ChurnlightError
from faulty_machine import closed_port
from pipeline_calls import environment

pytestmark = pytest.mark.slow
OPEN = (
    "from pathlib import Path\n"
    "from churnlight import tracking\n"
    "with tracking.opened(Path.cwd()) as client:\n"
    "    print([e.name for e in client.search_experiments()])\n"
)


def month(content_hash: str = "one", artefacts: tuple[Path, ...] = ()) -> Any:
    from churnlight import tracking

    return tracking.MonthRun(
        as_of="2025-10-01",
        content_hash=content_hash,
        params={"a": "1"},
        metrics={"drift": 0.1},
        tags={},
        artefacts=artefacts,
    )


def test_a_store_killed_in_the_making_is_made_again(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN]
    run = subprocess.Popen(command, cwd=tmp_path, env=environment())
    # Its tables are being made: they lie beside, where nobody looks for them.
    while run.poll() is None and not any(
        part.stat().st_size > 50_000 for part in tmp_path.glob(".mlflow.db.*.part.db")
    ):
        time.sleep(0.01)
    assert run.poll() is None
    run.kill()
    run.wait()
    assert not (tmp_path / "mlflow.db").exists()
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert "Default" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_what_was_begun_and_not_finished_is_deleted(tmp_path: Path) -> None:
    from churnlight import tracking

    with pytest.raises(ChurnlightError, match="MLflow's store refused"):
        tracking.log_month(tmp_path, "trial", month(artefacts=(tmp_path / "gone",)))
    assert tracking.log_month(tmp_path, "trial", month())["state"] == "logged"
    other = tracking.log_month(tmp_path, "trial", month("two"))["run_id"]
    assert tracking.log_month(tmp_path, "trial", month())["state"] == "found"
    with tracking.opened(tmp_path) as client:
        known = client.get_experiment_by_name("trial").experiment_id
        runs = client.search_runs([known])
    # The broken run is gone, that of other content is left alone.
    assert len(runs) == 2
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert other in {run.info.run_id for run in runs}


def test_a_server_that_is_away_is_told_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from churnlight import tracking

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{closed_port()}")
    with pytest.raises(tracking.StoreAway) as told:
        tracking.log_month(tmp_path, "trial", month())
    assert "`churnlight tracking sync` logs it later" in str(told.value)
    assert "secret" not in str(told.value)
    assert not (tmp_path / "mlflow.db").exists()
    # The project's own store is no server: what it refuses stops the stage.
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    (tmp_path / "mlflow.db").write_text("no database")
    with pytest.raises(ChurnlightError) as refused:
        tracking.log_month(tmp_path, "trial", month())
    assert not isinstance(refused.value, tracking.StoreAway)

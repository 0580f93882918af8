"""The monthly batch on a small demo: run as cron runs it, killed at every step, and run again."""

from __future__ import annotations

import fcntl
import json
import random
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from batch_calls import AS_OF, NAME, copy_bare, hashes, kill_at, partition, score, whole

from faulty_machine import disk, limited
from pipeline_calls import ROOT, call, change, make

pytestmark = pytest.mark.slow

SETTINGS = {
    "demo.subscribers": 1000,
    "demo.months": 9,
    "demo.seed": 3,
    "evaluate.bootstrap": 100,
    "train.gbm.max_rounds": 40,
    "train.min_churners": 5,
    "handout.cards": 5,
    "evaluate.min_segment_churners": 4,
}
STEPS = ("model", "inventory", "check", "marts", "ground", "features", "scores")
INSIDE = ("marts 2025-08 done", "labels:", "scores and reasons:", "SHAP values:", "scores of")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a finished `dvc repro`."""
    folder = tmp_path_factory.mktemp("batch") / "operator one"
    make(folder, **SETTINGS)
    months = [f"2025-{number:02d}" for number in range(1, 10)]
    roles = {"04": "fit", "06": "calibrate", "08": "test", "10": "score"}

    def nine_months(content: dict[str, Any]) -> None:
        content["extracts"]["months"] = months
        content["as_ofs"] = {f"2025-{month}-01": role for month, role in roles.items()}

    change(folder, nine_months)
    call(folder, "dvc", "repro")
    return folder


@pytest.fixture
def bare(pipeline: Path, tmp_path: Path) -> Path:
    """The same with extracts and models alone: the batch has to build everything."""
    return copy_bare(pipeline, tmp_path / "bare")


@pytest.fixture(scope="module")
def calm(pipeline: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What an undisturbed batch gives that has to build everything."""
    folder = copy_bare(pipeline, tmp_path_factory.mktemp("calm") / "bare")
    score(folder, "--model", "models")
    return hashes(partition(folder))


def test_it_gives_what_the_pipeline_gave(pipeline: Path) -> None:
    stage = hashes(partition(pipeline))
    said = score(pipeline)
    assert re.search(r"as_of 2025-10-01 scored: \d+ subscribers by churnlight version \d+", said)
    batch = hashes(partition(pipeline))
    assert batch.pop("manifest.json")
    same = {name: batch[name] for name in stage if name != "manifest.json"}
    assert same == {k: v for k, v in stage.items() if k != "manifest.json"}


def test_it_builds_only_what_is_missing(pipeline: Path) -> None:
    said = score(pipeline, "--force")
    assert "2025-07 linked, 2025-08 linked, 2025-09 linked" in said
    assert "marts 2025" not in said
    assert "score: features" not in said


def test_twice_is_the_same_and_nothing_is_appended(pipeline: Path) -> None:
    score(pipeline)
    before, run = hashes(partition(pipeline)), partition(pipeline) / "run.json"
    times = run.read_text()
    assert "is up to date" in score(pipeline)
    assert run.read_text() == times
    score(pipeline, "--force")
    assert run.read_text() != times
    assert hashes(partition(pipeline)) == before


def test_a_damaged_partition_is_scored_again(pipeline: Path) -> None:
    score(pipeline)
    before = hashes(partition(pipeline))
    table = partition(pipeline) / "scores.parquet"
    table.unlink()
    table.write_bytes(b"damaged")
    score(pipeline)
    assert hashes(partition(pipeline)) == before


def test_killed_at_every_step_the_next_run_completes(bare: Path, calm: dict[str, str]) -> None:
    for line in [*(f"score: {step}" for step in STEPS), *INSIDE]:
        kill_at(bare, line, "--model", "models")
        assert whole(partition(bare)), line
    score(bare, "--model", "models")
    assert hashes(partition(bare)) == calm
    # Killed while a whole partition is replaced: it stays, or the new one has come.
    for line in ("score: scores", "scores and reasons:", "scores of"):
        assert kill_at(bare, line, "--model", "models", "--force"), line
        assert partition(bare).is_dir()
        assert whole(partition(bare)), line
    score(bare, "--model", "models", "--force")
    assert hashes(partition(bare)) == calm
    left = [p.name for p in partition(bare).parent.iterdir() if p.name.startswith(".")]
    assert left == []


def test_killed_at_any_moment_the_next_run_completes(
    bare: Path, calm: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small piece of `make soak`; see scripts/soak.py."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import soak_rounds

    began = time.monotonic()
    score(bare, "--model", "models")
    lasted = time.monotonic() - began
    soak = soak_rounds.Score(bare, calm, lasted, random.Random(5), AS_OF)  # noqa: S311
    rounds = [done for done in (soak.round() for _ in range(3)) if done is not None]
    assert rounds
    assert [done for done in rounds if not done.right] == []


def test_a_disk_that_is_full_and_then_only_to_be_read(
    bare: Path, calm: dict[str, str], tmp_path: Path
) -> None:
    with disk(tmp_path / "disk", 200) as small:
        folder = bare
        if small is None:
            # Without the right to mount: files that may not grow, then a file where a folder goes.
            line = (str(NAME), "score", "--as-of", AS_OF, "--model", "models")
            told = call(bare, *limited("f", 200, *line), code=1)
            assert "File too large" in told
            (bare / "data" / "scores").rename(bare / "aside")
            (bare / "data" / "scores").write_text("")
            assert "can't be written" in score(bare, "--model", "models", code=1)
            (bare / "data" / "scores").unlink()
            (bare / "aside").rename(bare / "data" / "scores")
        else:
            folder = shutil.copytree(bare, small.folder / "bare")
            small.leave(1500)
            assert "No space left on device" in score(folder, "--model", "models", code=1)
            assert not partition(folder).exists()
            small.protect()
            assert "Read-only file system" in score(folder, "--model", "models", code=1)
            small.leave(100_000)
        score(folder, "--model", "models")
        assert hashes(partition(folder)) == calm


def test_a_new_month_costs_only_that_month_and_is_planned(bare: Path, pipeline: Path) -> None:
    extracts = bare / "data" / "demo" / "extracts"
    later = bare / "later"
    newest = sorted(extracts.glob("*/month=2025-09"))
    assert len(newest) > 3
    for path in newest:
        (later / path.parent.name).mkdir(parents=True)
        path.rename(later / path.parent.name / path.name)
    said = score(bare, "--model", "models", as_of="2025-09-01")
    assert "marts 2025-08 done" in said
    for path in later.glob("*/month=2025-09"):
        path.rename(extracts / path.parent.name / path.name)
    said = score(bare, "--model", "models")
    assert "2025-07 kept, 2025-08 kept, 2025-09 built" in said
    assert "check cdr 2025-08" not in said
    assert "check cdr 2025-09" in said
    # The same tables as the pipeline's stages made of the same month.
    call(bare, str(NAME), "plan", "--as-of", AS_OF)
    for table in ("segments/{}/segments", "segments/{}/services", "tariffs/{}/tariffs"):
        path = Path("data") / f"{table.format(f'as_of={AS_OF}')}.parquet"
        pd.testing.assert_frame_equal(
            pd.read_parquet(bare / path), pd.read_parquet(pipeline / path)
        )
    plan = json.loads((bare / "data" / "plans" / f"as_of={AS_OF}" / "plan.json").read_text())
    codes = {notice["code"] for notice in plan["notices"]}
    assert not codes & {"no_segments", "no_services", "no_tariffs"}


def test_two_runs_do_not_write_one_partition(pipeline: Path) -> None:
    path = pipeline / ".work" / "locks" / "score.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        said = score(pipeline, code=5)
    assert "score is being written by process" in said


def test_a_missing_month_is_named(bare: Path) -> None:
    shutil.rmtree(bare / "data" / "demo" / "extracts" / "cdr" / "month=2025-08")
    said = score(bare, "--model", "models", code=3)
    assert "no cdr of 2025-08" in said
    assert "months found: 2025-01 to 2025-07, 2025-09" in said


def test_an_empty_registry_says_which_command_fills_it(bare: Path) -> None:
    said = score(bare, code=2)
    assert "no version of churnlight is champion yet: `churnlight run` first" in said


def test_a_model_of_another_window_is_refused(bare: Path) -> None:
    text = (bare / "params.yaml").read_text()
    changed = text.replace("window_months: 3", "window_months: 4")
    assert changed != text
    (bare / "params.yaml").write_text(changed)
    said = score(bare, "--model", "models", code=2)
    assert "time.window_months: the model has 3, now 4" in said
    assert not partition(bare).exists()


def test_what_came_true_is_measured_when_it_is_known_and_not_before(pipeline: Path) -> None:
    details = json.loads((pipeline / "data" / "evaluation" / "details.json").read_text())
    assert details["as_of"] == "2025-08-01"
    score(pipeline, as_of="2025-08-01")
    score(pipeline, as_of="2025-09-01")
    too_early = json.loads((partition(pipeline, "2025-09-01") / "realised.json").read_text())
    assert too_early["months"] == []
    score(pipeline)
    (month,) = json.loads((partition(pipeline) / "realised.json").read_text())["months"]
    assert month["as_of"] == "2025-08-01"
    said = details["models"]["gbm"]["metrics"]["roc_auc"]
    found = month["groups"]["untreated"]["measures"]["roc_auc"]
    # The pipeline's test is the same month, untreated: two roads to one figure.
    assert found["value"] == pytest.approx(said["value"], abs=1e-6)
    page = (partition(pipeline) / "month.html").read_text()
    assert "2025-08-01" in page


def without_day(folder: Path, day: str) -> None:
    path = folder / "data" / "demo" / "extracts" / "cdr" / f"month={day[:7]}"
    for file in path.glob("*.parquet"):
        rows = pq.read_table(file)
        kept = rows.filter(pc.not_equal(pc.strftime(rows["started_at"], "%Y-%m-%d"), day))
        assert kept.num_rows < rows.num_rows
        file.unlink()
        pq.write_table(kept, file)


def test_broken_ground_is_refused_until_somebody_accepts_it(bare: Path) -> None:
    without_day(bare, "2025-08-14")
    said = score(bare, "--model", "models", code=3)
    assert "2025-08-14" in said
    assert "--accept REASON" in said
    assert not partition(bare).exists()
    score(bare, "--model", "models", "--accept", "switch was down, operator confirmed")
    manifest = json.loads((partition(bare) / "manifest.json").read_text())
    assert manifest["accepted"] == "switch was down, operator confirmed"
    ground = json.loads((partition(bare) / "ground.json").read_text())
    assert ground["accepted"] == "switch was down, operator confirmed"
    assert [t["day"] for t in ground["troubles"] if t["stops"]] == ["2025-08-14"]


def test_tiers_hold_on_request(bare: Path) -> None:
    score(bare, "--model", "models", as_of="2025-09-01")
    score(bare, "--model", "models")
    plain = pd.read_parquet(partition(bare) / "scores.parquet")
    change(bare, lambda content: content.update(score={"hysteresis": 1.0, "hold": "both"}))
    score(bare, "--model", "models")
    held = pd.read_parquet(partition(bare) / "scores.parquet")
    assert held["tier_plain"].tolist() == plain["tier"].tolist()
    before = pd.read_parquet(partition(bare, "2025-09-01") / "scores.parquet")
    both = held.merge(before[["subscriber_id", "tier"]], on="subscriber_id", suffixes=("", "_was"))
    moved = both["tier"] != both["tier_plain"]
    assert moved.sum() > 5
    # Whoever is not where the score alone puts them stands nearer to where they were.
    rank = ["blue", "green", "yellow", "red", "white"].index
    for row in both[moved].itertuples():
        away = abs(rank(row.tier) - rank(row.tier_was))
        assert away < abs(rank(row.tier_plain) - rank(row.tier_was))


def test_the_extracts_may_stand_elsewhere(bare: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "handed in"
    shutil.move(bare / "data" / "demo" / "extracts", elsewhere)
    score(bare, "--model", "models", "--extracts", str(elsewhere))
    assert len(pd.read_parquet(partition(bare) / "scores.parquet")) > 100


def test_json_is_the_last_word(pipeline: Path) -> None:
    said = score(pipeline, "--json", "--quiet")
    # Warnings, which --quiet leaves, stand on standard error.
    told, _ = json.JSONDecoder().raw_decode(said)
    assert told["as_of"] == AS_OF
    assert sum(told["tiers"].values()) == told["rows"]["scores"]
    manifest = json.loads((partition(pipeline) / "manifest.json").read_text())
    assert manifest["model"]["version"] == told["model"]["version"]
    assert manifest["rows"]["scores"] == len(
        pd.read_parquet(partition(pipeline) / "scores.parquet")
    )

"""The commands that make folders: project, demo, marts, pseudonymise, adapt."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cli_calls import ROOT, Call

KEY = "0123456789abcdef"


# project


def test_project_makes_a_folder_with_parameters_of_its_own(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    folder = tmp_path / "a trial"
    said = call("project", folder, "--set", "train.gbm.learning_rate=0.03")
    assert said.code == 0
    assert f"cd '{folder}' && churnlight run" in said.out
    before, after = ((p / "params.yaml").read_text() for p in (ROOT, folder))
    assert after == before.replace("learning_rate: 0.05", "learning_rate: 0.03")
    assert (folder / "dvc.yaml").read_bytes() == (ROOT / "dvc.yaml").read_bytes()
    assert (folder / "src" / "churnlight").is_dir()
    assert "no_scm = true" in (folder / ".dvc" / "config").read_text()
    told = json.loads(call("project", folder, "--json").out)
    assert told == {"project": str(folder)}


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("train.gbm.learning_rat=1", "did you mean 'learning_rate'?"),
        ("time.window_months=many", "time.window_months"),
        ("train", "write it as section.key=value"),
        ("time.window_months=[1", "is no YAML value"),
    ],
)
def test_project_refuses_a_setting_that_cannot_be(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, says: str
) -> None:
    monkeypatch.chdir(ROOT)
    said = call("project", tmp_path / "x", "--set", setting)
    assert said.code == 2
    assert says in said.err
    assert not (tmp_path / "x").exists()


def test_project_touches_nothing_that_is_no_project(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    (tmp_path / "bad.yaml").write_text("a: [")
    monkeypatch.chdir(ROOT)
    assert "is not empty" in call("project", tmp_path / "mine").err
    assert "this project itself" in call("project", ROOT).err
    said = call("project", tmp_path / "new", "--preset", tmp_path / "bad.yaml")
    assert said.code == 2
    assert "bad.yaml is not valid YAML" in said.err


# demo, marts, pseudonymise, adapt


def test_demo_refuses_a_folder_that_holds_something(call: Call, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("x")
    size = ("--subscribers", 1000, "--months", 7)
    said = call("demo", "--out", "out", *size)
    assert said.code == 2
    assert "is not empty" in said.err
    # --force replaces an earlier demo, never anything else.
    said = call("demo", "--out", "out", "--force", *size)
    assert said.code == 2
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["thesis.txt"]
    assert "is a file" in call("demo", "--out", "out/thesis.txt", *size).err


def test_demo_makes_an_operator_that_use_takes(call: Call, project: Path) -> None:
    size = ("--subscribers", 1000, "--months", 7)
    said = call("demo", "--out", "../my op", *size)
    assert said.code == 0
    assert "churnlight use '../my op/extracts'" in said.out
    assert call("use", "../my op/extracts").code == 0
    rows = json.loads(call("demo", "--out", "../my op", "--force", "--json", *size).out)
    assert rows["plans"] > 0
    assert rows["subscribers"] >= 7 * 800
    del project


def test_marts_of_a_tiny_extract(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "op" / "cdr" / "month=2025-01"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text(
        "subscriber_id,counterpart_id,kind,direction,started_at,duration_s\n"
        "a,b,voice,out,2025-01-02 10:00:00,60\n"
        "a,b,voice,in,2025-01-03 10:00:00,30\n"
        "a,c,sms,out,2025-01-03 11:00:00,\n"
        "b,a,voice,in,2025-01-02 10:00:00,60\n"
    )
    said = call("marts", "--extracts", "op", "--month", "2025-01", "--out", "marts", "--json")
    assert said.code == 0
    # By hand: contacts b and c of a, a of b; two subscribers; days, kinds and directions: 4.
    assert json.loads(said.out) == {"edges": 3, "usage": 2, "circle": 2, "volume": 4}
    edges = pq.read_table(tmp_path / "marts" / "month=2025-01" / "edges.parquet", partitioning=None)
    first = edges.to_pylist()[0]
    assert (first["subscriber_id"], first["counterpart_id"]) == ("a", "b")
    assert (first["voice_out_s"], first["voice_in_s"]) == (60, 30)
    said = call("marts", "--extracts", "op", "--month", "2025-02", "--out", "marts")
    assert said.code == 3
    assert "months found: 2025-01" in said.err


def raw_extract(tmp_path: Path) -> Path:
    folder = tmp_path / "raw" / "cdr" / "month=2025-01"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("subscriber_id,kind\n13800138000,voice\n")
    return tmp_path / "raw"


def test_pseudonymise_takes_the_key_from_environment_or_file(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw_extract(tmp_path)
    said = call("pseudonymise", "raw", "out")
    assert said.code == 2
    assert "set CHURNLIGHT_PSEUDONYM_KEY, or give --key-file" in said.err
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o644)
    said = call("pseudonymise", "raw", "out", "--key-file", key)
    assert said.code == 2
    assert "run chmod 600" in said.err
    assert not (tmp_path / "out").exists()
    key.chmod(0o600)
    said = call("pseudonymise", "raw", "out", "--key-file", key, "--json")
    assert json.loads(said.out) == {"cdr/month=2025-01/a.parquet": 1}
    monkeypatch.setenv("CHURNLIGHT_PSEUDONYM_KEY", KEY)
    again = call("pseudonymise", "raw", "again")
    assert KEY not in again.out + again.err
    name = "cdr/month=2025-01/a.parquet"
    assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    cell = pq.read_table(tmp_path / "out" / name, partitioning=None)["subscriber_id"][0].as_py()
    assert re.fullmatch(r"[0-9a-f]{16}", cell)


@pytest.mark.parametrize(
    "columns", [("--columns", "msisdn,friend"), ("--columns", "msisdn", "--columns", "friend")]
)
def test_pseudonymise_columns_of_ones_own(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CHURNLIGHT_PSEUDONYM_KEY", KEY)
    (tmp_path / "list.csv").write_text("msisdn,friend,region\n13800138000,13800138000,north\n")
    said = call("pseudonymise", "list.csv", "out")
    assert said.code == 2
    assert "name the id columns with --columns" in said.err
    assert call("pseudonymise", "list.csv", "out", *columns).code == 0
    row = pq.read_table(tmp_path / "out" / "list.parquet").to_pylist()[0]
    assert row["msisdn"] == row["friend"] != "13800138000"
    assert row["region"] == "north"
    said = call("pseudonymise", "list.csv", "out", "--columns", "msisd")
    assert said.code == 2
    assert "did you mean 'msisdn'?" in said.err


def test_adapt_refuses_other_data_and_full_folders(call: Call, tmp_path: Path) -> None:
    raw_extract(tmp_path)
    said = call("adapt", "copenhagen", "raw", "out")
    assert said.code == 3
    assert "looked for" in said.err
    said = call("adapt", "callmemaybe", "raw", "raw")
    assert said.code == 2
    # No advice that the command doesn't take.
    assert "--force" not in said.err

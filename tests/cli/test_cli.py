"""The command as people and cron meet it: options, exit codes, and what each message says."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cli_calls import ROOT, Call, Said, make_extracts, months

from churnlight import __version__
from churnlight.cli import repro
from churnlight.cli.app import hoist
from churnlight.errors import DataRefused, Locked

COMMANDS = (
    (), ("run",), ("summary",), ("use",), ("project",), ("demo",), ("marts",), ("pseudonymise",),
    ("adapt",), ("adapt", "callmemaybe"), ("adapt", "copenhagen"), ("tracking",),
    ("tracking", "sync"),
)  # fmt: skip


# Common options and exit codes.


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(call: Call, command: tuple[str, ...]) -> None:
    said = call(*command, "--help")
    assert (said.code, said.err) == (0, "")
    assert " ".join(("Usage: churnlight", *command)) in said.out
    assert said.out == call(*command, "-h").out


def test_help_says_where_extracts_stand(call: Call) -> None:
    assert "FOLDER/<extract>/month=YYYY-MM/*.parquet" in call("use", "--help").out
    assert "month=YYYY-MM/<mart>.parquet" in call("marts", "--help").out


@pytest.mark.parametrize(
    "line", ["--version", "summary --version", "--json --version", "use x --version"]
)
def test_the_version_may_be_asked_anywhere(call: Call, line: str) -> None:
    assert call(*line.split()) == (0, f"churnlight {__version__}\n", "")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("summry", "No such command 'summry'. Did you mean 'summary'?: see `churnlight --help`"),
        ("--nosuch", "No such option: --nosuch: see `churnlight --help`"),
        ("summary --nosuch", "No such option: --nosuch: see `churnlight summary --help`"),
        ("use", "Missing argument 'folder': see `churnlight use --help`"),
        ("demo", "Missing option '--out'"),
        ("demo --out x --subscribers many", "Invalid value for '--subscribers'"),
        ("demo --out x --start 2025", "'2025' is no month: write it as YYYY-MM"),
        ("demo --out x --subscribers -5", "subscribers: Input should be greater"),
        ("adapt foo", "No such command 'foo': see `churnlight adapt --help`"),
        ("adapt copenhagen nowhere x", "'nowhere' does not exist"),
        ("pseudonymise nowhere x", "'nowhere' does not exist"),
        ("marts --extracts nowhere --month 2025-01 --out x", "'nowhere' does not exist"),
        ("marts --extracts . --month 2025-13 --out x", "'2025-13' is no month"),
        ("marts --extracts . --month 2025-01 --out x --engine foo", "expected duckdb or spark"),
        ("--log-format xml summary", "'xml' is neither text nor json"),
        ("summary --log-format", "'' is neither text nor json"),
        ("summary", "no churnlight project in"),
        ("run", "no churnlight project in"),
        ("use x", "no churnlight project in"),
        ("project x", "no churnlight project in"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line(call: Call, line: str, says: str) -> None:
    code, out, err = call(*line.split())
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert says in err


@pytest.mark.parametrize("command", [(), ("adapt",), ("tracking",)], ids=" ".join)
def test_without_a_command_the_help_is_shown(call: Call, command: tuple[str, ...]) -> None:
    said = call(*command)
    assert said.code == 2
    assert "Usage: churnlight" in said.out + said.err


@pytest.mark.parametrize(
    "line",
    [
        "--log-format json summary",
        "summary --log-format json",
        "--log-format=json summary",
        "nosuch --log-format json",
        "summary --nosuch --log-format=json",
    ],
)
def test_the_log_is_json_when_asked(call: Call, line: str) -> None:
    said = call(*line.split())
    record = json.loads(said.err)
    assert (said.code, record["level"]) == (2, "error")


def test_common_options_go_to_the_front_and_all_else_stays() -> None:
    assert hoist(["use", "x", "--json"]) == ["--json", "use", "x"]
    assert hoist(["use", "--log-format", "json", "x"]) == ["--log-format=json", "use", "x"]
    assert hoist(["use", "--", "--json"]) == ["use", "--", "--json"]


def test_an_unwritable_place_is_no_bug_of_ours(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = call("demo", "--out", "file/x", "--subscribers", 1500, "--months", 9)
    assert said.code == 1
    assert "file can't be written or read" in said.err


# use


def test_use_writes_path_months_and_as_ofs_and_keeps_all_else(
    call: Call, project: Path, tmp_path: Path
) -> None:
    make_extracts(tmp_path / "my op", months(9))
    before = (ROOT / "params.yaml").read_text()
    said = call("use", "../my op")
    assert said.code == 0
    assert "9 months, 2025-01 to 2025-09" in said.out
    after = (project / "params.yaml").read_text()
    content = yaml.safe_load(after)
    assert content["extracts"]["path"] == str(tmp_path / "my op")
    assert content["extracts"]["months"] == months(9)
    roles = {"2025-04-01": "fit", "2025-06-01": "calibrate", "2025-08-01": "test"}
    assert content["as_ofs"] == roles | {"2025-10-01": "score"}
    # Every line of the file but those of path, months and as_ofs is as it was, comments too.
    entry = re.compile(r'^ *(path: .*|- "\d{4}-\d\d"|"\d{4}-\d\d-\d\d": \w+)\n', re.MULTILINE)
    assert entry.sub("", after) == entry.sub("", before)
    assert '\n    - "2025-09"\n  # Ids that look like' in after


def test_use_twice_changes_nothing_more(call: Call, project: Path, tmp_path: Path) -> None:
    make_extracts(tmp_path / "op", months(9))
    call("use", tmp_path / "op")
    once = (project / "params.yaml").read_bytes()
    call("use", "../op")
    assert (project / "params.yaml").read_bytes() == once


def test_use_keeps_a_path_inside_the_project_relative(call: Call, project: Path) -> None:
    make_extracts(project / "data" / "mine", months(9))
    told = json.loads(call("use", "data/mine", "--json").out)
    assert told["path"] == "data/mine"
    assert told["extracts"] == ["cdr", "billing", "subscribers"]
    assert told["months"] == months(9)
    assert told["as_ofs"]["2025-08-01"] == "test"


def test_use_tells_of_folders_that_are_no_extract(call: Call, project: Path) -> None:
    make_extracts(project / "op", months(9))
    (project / "op" / "tupops").mkdir()
    assert "did you mean 'topups'" in call("use", "op").err


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (shutil.rmtree, 2, "is no folder: give the folder that holds cdr/"),
        (lambda root: shutil.rmtree(root / "subscribers"), 3, "no usable subscribers: looked for"),
        (lambda root: shutil.rmtree(root / "cdr"), 3, "no usable cdr or usage: looked for"),
        (
            lambda root: shutil.rmtree(root / "cdr" / "month=2025-04"),
            3,
            "months found: 2025-01 to 2025-03, 2025-05 to 2025-09",
        ),
        (
            lambda root: [shutil.rmtree(p) for p in root.glob("*/month=2025-0[1-4]")],
            3,
            "5 months (2025-05 to 2025-09) are too few",
        ),
        (
            lambda root: (root / "cdr" / "month=2025-04").rename(root / "cdr" / "month=2025-4"),
            3,
            "name the folder month=YYYY-MM",
        ),
    ],
)
def test_use_refuses_what_it_cannot_use(
    call: Call, project: Path, change: Callable[[Path], object], code: int, says: str
) -> None:
    change(make_extracts(project / "op", months(9)))
    said = call("use", "op")
    assert said.code == code
    assert says in said.err
    assert (project / "params.yaml").read_bytes() == (ROOT / "params.yaml").read_bytes()


@pytest.mark.parametrize(("given", "meant"), [("op", "op/extracts"), ("op/extracts/cdr", "op/ex")])
def test_use_knows_the_folder_next_door(call: Call, project: Path, given: str, meant: str) -> None:
    make_extracts(project / "op" / "extracts", months(9))
    said = call("use", given)
    assert said.code == 2
    assert f"churnlight use {project / meant}" in said.err


def test_a_misspelt_parameter_stops_use_and_run(call: Call, project: Path) -> None:
    text = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(text.replace("window_months", "window_monts"))
    for line in (("use", "op"), ("run",)):
        said = call(*line)
        assert said.code == 2
        assert "'time.window_monts': did you mean 'window_months'?" in said.err


# run, summary


def test_run_names_the_missing_extracts(call: Call, project: Path) -> None:
    make_extracts(project / "op", months(9))
    call("use", "op")
    shutil.rmtree(project / "op" / "cdr" / "month=2025-09")
    said = call("run")
    assert said.code == 3
    assert "no cdr of 2025-09: looked for" in said.err
    assert "months found: 2025-01 to 2025-08" in said.err


@pytest.mark.parametrize(("left", "code"), [(3, 3), (5, 5), (2, 2), (1, 1), (255, 1)])
def test_run_leaves_with_the_code_of_the_stage(
    call: Call, project: Path, monkeypatch: pytest.MonkeyPatch, left: int, code: int
) -> None:
    del project
    done = subprocess.CompletedProcess([], left)
    monkeypatch.setattr("churnlight.cli.running.subprocess.run", lambda *_, **__: done)
    said = call("run")
    assert (said.code, said.out) == (code, "")
    assert "the run stopped" in said.err


def test_the_code_of_the_stage_is_read_from_what_dvc_says() -> None:
    error = RuntimeError("failed to run: python -m churnlight.stages.check, exited with 3")
    assert repro.code_of(error) == DataRefused.exit_code
    assert repro.code_of(RuntimeError("failed to run: x, exited with 139")) is None
    assert repro.code_of(RuntimeError("failed to reproduce 'check'")) is None
    dvc_lock = type("LockError", (Exception,), {})
    assert repro.code_of(dvc_lock("Unable to acquire lock")) == Locked.exit_code


def test_summary_without_a_run_says_what_makes_one(call: Call, project: Path) -> None:
    said = call("summary")
    assert said == (1, "", said.err)
    assert f"no finished run in {project}: `churnlight run` makes one" in said.err


@pytest.mark.slow
def test_a_locked_stage_and_a_refused_extract_reach_the_shell(tmp_path: Path) -> None:
    """Through DVC, as cron would see it."""
    bin_folder = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}

    def shell(*arguments: str, cwd: Path) -> Said:
        done = subprocess.run(
            ["churnlight", *arguments],
            cwd=cwd, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    folder = tmp_path / "trial"
    assert shell("project", str(folder), cwd=ROOT).code == 0
    make_extracts(tmp_path / "op", months(9))
    assert shell("use", "../op", cwd=folder).code == 0
    held = folder / ".work" / "locks" / "inventory.lock"
    held.parent.mkdir(parents=True)
    with held.open("a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        said = shell("run", "--quiet", cwd=folder)
    assert (said.code, said.out) == (5, "")
    assert "inventory is being written" in said.err
    # The files have no column but one: the check refuses them.
    said = shell("run", "--json", cwd=folder)
    assert (said.code, said.out) == (3, "")

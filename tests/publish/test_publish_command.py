"""`churnlight publish` as typed; where it could, a password leaks nowhere."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from publish_world import AS_OF, PASSWORD, Base, Model, write

from churnlight.cli import main
from churnlight.paths import Project


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def call(project: Project, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    monkeypatch.chdir(project.root)

    def run(*arguments: str) -> Said:
        with pytest.raises(SystemExit) as left:
            main(["publish", *arguments])
        return Said(int(left.value.code or 0), *capsys.readouterr())

    return run


def everything_said(project: Project, *said: Said) -> str:
    """What was said, and every file of the project that isn't a table."""
    kept = [p.read_text("utf-8", "replace") for p in project.root.rglob("*") if p.is_file()]
    return "\n".join([*(s.out + s.err for s in said), *kept])


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_password_in_the_address_leaks_nowhere(project: Project, call: Any, form: str) -> None:
    write(project)
    said = [
        call("--log-format", form, "--to", to)
        for to in (
            f"postgresql://writer:{PASSWORD}@127.0.0.1:1/crm",
            f"postgresql://writer@127.0.0.1:1/crm?password={PASSWORD}",
            f"host=127.0.0.1 password={PASSWORD}",
            f"amqp://writer:{PASSWORD}@x",
        )
    ]
    # In the wrong place, where the command line's own errors would repeat it.
    wrong = (
        (f"postgresql://writer:{PASSWORD}@127.0.0.1:1/crm",),
        ("--to", "x.csv", f"postgresql://writer:{PASSWORD}@x@127.0.0.1:1/crm"),
        ("--to", "x.csv", "--as-of", f"postgresql://writer:{PASSWORD}@x"),
        ("--to", "x.csv", f"--password={PASSWORD}"),
        (f"--from=postgresql://writer:{PASSWORD}@x",),
    )
    said += [call(*words) for words in wrong]
    assert {s.code for s in said} == {2}
    assert PASSWORD not in everything_said(project, *said)
    assert not (project.scratch / "errors").exists()


def test_csv_by_command(project: Project, call: Any) -> None:
    write(project)
    write(project, as_of="2025-12-01")
    said = call("--json", "--to", "x.csv")
    assert said.code == 0
    told = json.loads(said.out)
    assert (told["as_of"], told["model_version"], told["done"]) == (AS_OF, Model().key, "new")
    said = call("--as-of", "2025-12-01", "--to", "y.csv")
    assert "new: 5 scores, 15 reasons, 3 to call, of 2025-12-01" in said.out
    assert (project.root / "y.csv").is_file()


def test_what_is_not_scored_is_refused(project: Project, call: Any) -> None:
    assert "nothing scored" in call("--to", "x.csv").err
    write(project)
    said = call("--as-of", "2025-11-01", "--to", "x.csv")
    assert said.code == 2
    assert f"scored are: {AS_OF}" in said.err


def test_a_missing_driver_says_what_to_install(
    project: Project, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project)
    monkeypatch.setattr("churnlight.publish.connecting.find_spec", lambda _: None)
    said = call("--to", "postgresql://writer@127.0.0.1:1/crm")
    assert said.code == 1
    assert "pip install 'churnlight[postgres]'" in said.err


def test_an_unreachable_server_leaves_the_scores_whole(project: Project, call: Any) -> None:
    folder = write(project)
    before = {p: p.read_bytes() for p in folder.iterdir()}
    said = call("--to", "postgresql://writer@127.0.0.1:1/crm")
    assert said.code == 1
    assert len(said.err.splitlines()) == 1
    assert {p: p.read_bytes() for p in folder.iterdir()} == before


@pytest.mark.slow
def test_the_password_of_the_environment_leaks_nowhere(
    project: Project,
    call: Any,
    base: Base,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Right, wrong, and where something unexpected happens: in no output, file or server log."""
    write(project)
    wrong = f"{PASSWORD}-x"
    said = [call("--to", base.address), call("--log-format", "json", "--to", base.address)]
    assert [s.code for s in said] == [0, 0]
    monkeypatch.setenv("PGPASSWORD", wrong)
    said.append(call("--to", base.address))
    assert said[-1].code == 1
    monkeypatch.setenv("PGPASSWORD", PASSWORD)

    def broken(*_: object) -> None:
        raise ValueError("what nobody thought of")

    monkeypatch.setattr("churnlight.publish.database._publish", broken)
    said.append(call("--to", base.address))
    assert "unexpected ValueError" in said[-1].err
    assert list((project.scratch / "errors").iterdir())
    assert PASSWORD not in everything_said(project, *said)
    queries = [line for line in base.server.log.splitlines() if "create role" not in line]
    assert not [line for line in queries if PASSWORD in line and " password '" not in line]
    # MLflow is not touched.
    assert not (project.root / "mlflow.db").exists()
    assert not (project.root / "mlruns").exists()

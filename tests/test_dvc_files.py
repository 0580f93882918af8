"""dvc.yaml is true: deps cover what stages import, params what they read, marts rerun for little."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
STAGES = {
    name: body.get("do", body)
    for file in ("dvc.yaml", "demo/dvc.yaml")
    for name, body in yaml.safe_load((ROOT / file).read_text())["stages"].items()
}


def module_of(name: str) -> str:
    return STAGES[name]["cmd"].split("-m ")[1].split()[0]


def test_source_lines_are_what_the_script_writes() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/dvc_deps.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", STAGES)
def test_deps_cover_what_importing_loads(name: str) -> None:
    """A second way to the closure: what is really loaded, by Python itself."""
    code = (
        f"import sys, importlib; importlib.import_module({module_of(name)!r})\n"
        "print([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'churnlight'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {
        Path(f).relative_to(ROOT).as_posix()
        for f in ast.literal_eval(done.stdout.strip().splitlines()[-1])
    }
    missing = loaded - set(STAGES[name]["deps"])
    assert not missing


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_says_what_it_does(name: str) -> None:
    assert len(STAGES[name]["desc"]) > 20


def test_few_files_rerun_the_marts() -> None:
    """History is expensive: this list is short on purpose, think before you lengthen it."""
    files = {d for d in STAGES["marts"]["deps"] if d.startswith("src/")}
    names = {f.removeprefix("src/churnlight/") for f in files}
    assert not [n for n in names if n.startswith(("population", "features", "learners", "report"))]
    assert not {"params/whole.py", "params/learning.py", "params/population.py"} & names
    assert len(names) <= 30, sorted(names)


@pytest.mark.parametrize("name", STAGES)
def test_declared_parameters_exist(name: str) -> None:
    content = yaml.safe_load((ROOT / "params.yaml").read_text())
    for entry in STAGES[name].get("params", []):
        for item in ("tree", "gbm"):
            value = content
            for key in entry.replace("${item}", item).split("."):
                assert key in value, entry
                value = value[key]


@pytest.mark.parametrize("name", STAGES)
def test_sections_read_are_declared(name: str) -> None:
    """`stage.section("x", ...)` needs a line in params; the engine changes no output, so none."""
    source = (ROOT / "src" / Path(*module_of(name).split("."))).with_suffix(".py").read_text()
    declared = {entry.split(".")[0] for entry in STAGES[name].get("params", [])}
    read = {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"section", "value"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert read - {"engine"} <= declared

"""dvc.yaml is true: deps cover what stages import, and params what they read."""

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
    deps = {Path(d) for d in STAGES[name]["deps"]}
    assert not [f for f in loaded if not deps & {Path(f), *Path(f).parents}]


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_says_what_it_does(name: str) -> None:
    assert len(STAGES[name]["desc"]) > 20


def test_few_files_rerun_the_marts() -> None:
    """History is expensive: think before you lengthen this list."""
    files = {d.removeprefix("src/churnlight/") for d in STAGES["marts"]["deps"] if "src/" in d}
    assert files == {
        "__init__.py",
        "columns.py",
        "commit.py",
        "declaring.py",
        "engine",
        "errors.py",
        "files.py",
        "inventory.py",
        # Who is to be forgotten is left out of every mart.
        "keyed.py",
        "keyed_kernels.py",
        "suppression.py",
        "check/forgotten.py",
        "params/privacy.py",
        "known.py",
        "logs.py",
        "paths.py",
        "schema.py",
        "timeline.py",
        *(f"check/{n}.py" for n in ("__init__", "audit", "duplicates", "parsing", "reading")),
        *(f"check/{n}.py" for n in ("rows", "rules", "snapshots", "verdict")),
        *(f"marts/{n}.py" for n in ("__init__", "building", "circle", "edges", "events")),
        *(f"marts/{n}.py" for n in ("packing", "source", "usage", "volume")),
        *(f"params/{n}.py" for n in ("__init__", "base", "data")),
        *(f"stages/{n}.py" for n in ("__init__", "guard", "marts", "origin", "stage")),
    }


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

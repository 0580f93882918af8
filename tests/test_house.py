"""The house rules that no linter knows: layers, cycles, who may name what, lazy imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[1] / "src" / "churnlight"

# Later may import earlier or its own layer, never the reverse.
LAYERS = (
    {"errors", "__init__"},
    {"commit", "timeline", "logs"},
    {"declaring", "keyed", "keyed_kernels", "params", "paths", "files", "schema", "small_groups"},
    {"columns", "engine", "identity", "known", "number_map", "suppression"},
    {"inventory", "check", "marts", "population", "features", "demo", "adapt", "pseudonymise"},
    {"kpi", "learners", "tariffs"},
    {"assess", "campaigns", "explain", "handsets", "segments", "watch"},
    {"tables"},
    {"backtest", "gate"},
    {"report"},
    {"retention"},
    {"plan"},
    {"tracking", "registry", "publish"},
    {"stages"},
    {"batch", "forgetting"},
    {"trace"},
    {"cli"},
)
LAYER = {name: depth for depth, names in enumerate(LAYERS) for name in names}
FILES = sorted(SRC.rglob("*.py"))


def part_of(path: Path) -> str:
    first = path.relative_to(SRC).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            if node.module == "churnlight":
                names |= {f"churnlight.{alias.name}" for alias in node.names}
    return names


def own(path: Path) -> set[str]:
    parts = {n.split(".")[1] for n in imported(path) if n.startswith("churnlight.")}
    return {name for name in parts if name in LAYER}


def test_every_part_has_a_layer() -> None:
    assert len(FILES) > 40
    assert {part_of(path) for path in FILES} == set(LAYER)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_no_import_goes_up(path: Path) -> None:
    here = LAYER[part_of(path)]
    upward = {name for name in own(path) if LAYER[name] > here}
    assert not upward


def test_features_never_see_the_population() -> None:
    for path in (SRC / "features").glob("*.py"):
        assert "population" not in own(path)


def test_parts_import_each_other_without_a_cycle() -> None:
    edges = {name: set() for name in LAYER}
    for path in FILES:
        edges[part_of(path)] |= own(path) - {part_of(path)}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above, name))
        if name not in done:
            for below in edges[name]:
                visit(below, (*above, name))
            done.add(name)

    for name in edges:
        visit(name, ())


@pytest.mark.parametrize(
    ("package", "allowed"),
    [("duckdb", "engine"), ("pyspark", "engine"), ("mlflow", "tracking"), ("psycopg", "publish")],
)
def test_one_file_imports_it(package: str, allowed: str) -> None:
    users = {part_of(p) for p in FILES if package in {n.split(".")[0] for n in imported(p)}}
    assert users <= {allowed}


def test_one_file_names_engines() -> None:
    named = {
        part_of(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"duckdb", "pyspark"}
    }
    assert named == {"engine"}


def test_nothing_is_pickled() -> None:
    for path in FILES:
        assert not {"pickle", "cloudpickle", "joblib", "dill"} & {
            name.split(".")[0] for name in imported(path)
        }, path


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['churnlight', '--help']\n"
        "from churnlight.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted(m for m in sys.modules if '.' not in m), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stderr.strip().splitlines()[-1]))
    assert "Churn warnings" in done.stdout
    assert not loaded & {
        "pandas", "numpy", "pyarrow", "ibis", "duckdb", "mlflow", "sklearn", "lightgbm", "dvc",
        "matplotlib", "pydantic",
    }  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name

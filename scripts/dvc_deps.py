"""Write each stage's source files into dvc.yaml, so that editing one reruns what it changes.

`python scripts/dvc_deps.py` rewrites the lines that begin with src/; `--check` only compares.
"""

from __future__ import annotations

import ast
import sys
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
PIPELINES = ("dvc.yaml", "demo/dvc.yaml")


def file_of(module: str) -> Path | None:
    """The file of a module of ours, or None where the name is no module."""
    base = SRC / Path(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def imports_of(path: Path) -> set[str]:
    """Modules of ours that a file imports anywhere, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] == "churnlight" and file_of(name)}


def closure(module: str) -> list[str]:
    """Files that a module needs: its own, all it imports, their packages, and their templates.

    A package that is needed whole stands as its folder.
    """
    todo, seen = {module}, set()
    while todo:
        name = todo.pop()
        seen.add(name)
        parents = {name.rsplit(".", i)[0] for i in range(1, name.count(".") + 1)}
        todo |= (imports_of(file_of(name)) | parents) - seen
    paths = {file_of(name) for name in seen}
    packages = {path.parent for path in paths if path.name == "__init__.py"}
    for folder in packages - {SRC / "churnlight"}:
        paths |= {p for p in folder.rglob("*") if p.suffix in {".html", ".css", ".js", ".yaml"}}
    return sorted(path.relative_to(ROOT).as_posix() for path in folded(paths))


def folded(paths: set[Path]) -> set[Path]:
    """The paths, with each package that they hold whole as one folder."""
    whole = set()
    for folder in {p for path in paths for p in path.parents if SRC / "churnlight" in p.parents}:
        inside = {p for p in folder.rglob("*") if p.is_file() and p.parent.name != "__pycache__"}
        if inside <= paths:
            whole.add(folder)
    return {path for path in paths if not whole & set(path.parents)} | {
        folder for folder in whole if not whole & set(folder.parents)
    }


def stage_module(stage: dict[str, object]) -> str:
    """The module that a stage's command runs."""
    body = stage.get("do", stage)
    return str(body["cmd"]).split("-m ", 1)[1].split()[0]


def with_deps(path: Path) -> str:
    """The text of a dvc.yaml with the source lines as they should be."""
    editor = YAML()
    editor.width = 100
    editor.indent(mapping=2, sequence=4, offset=2)
    content = editor.load(path.read_text(encoding="utf-8"))
    for stage in content["stages"].values():
        body = stage.get("do", stage)
        own = [dep for dep in body.get("deps", []) if not str(dep).startswith("src/")]
        body["deps"] = own + closure(stage_module(stage))
    stream = StringIO()
    editor.dump(content, stream)
    return stream.getvalue()


def main() -> int:
    """Rewrite, or compare with --check."""
    stale = []
    for name in PIPELINES:
        path = ROOT / name
        text = with_deps(path)
        if text != path.read_text(encoding="utf-8"):
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale:
        print(("stale: " if "--check" in sys.argv else "rewritten: ") + ", ".join(stale))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())

"""Find and remove one subscriber in what stages, the batch, DVC and MLflow keep on this disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from churnlight.forgetting.person import Person, is_table
from churnlight.paths import Project
from churnlight.stages.manifest import MANIFEST, rewrite_files

What = Literal["rows removed", "file removed", "left"]

# Pages, workbooks and lists that are written from a folder's tables.
_COMPANIONS = (".xlsx", ".html", ".csv", ".gz", ".txt")


@dataclass(frozen=True)
class Touched:
    """One file that held the subscriber.

    Attributes:
        path: relative to the project; of DVC's cache the object's.
        what: what was done.
        rows: of a table, that named the subscriber.
    """

    path: str
    what: What
    rows: int = 0


def purge(project: Project, whom: Person, extracts: Path) -> list[Touched]:
    """Remove a subscriber from every file of the project but the extracts.

    Tables lose the rows, other files that name the subscriber go as a whole; so do the pages and
    workbooks beside a table that did. What `dvc repro` makes it makes again without them.

    Args:
        project: the project.
        whom: the subscriber.
        extracts: the operator's folder, which is left alone.
    """
    found = [*_tables(project, whom, extracts)]
    folders = {(project.root / t.path).parent for t in found}
    found += _texts(project, whom, extracts, folders)
    for folder in sorted({(project.root / t.path).parent for t in found}):
        if (folder / MANIFEST).is_file() and folder.parent.name == "scores":
            rewrite_files(folder)
    return [*found, *_cache(project, whom), *_mlflow(project, whom)]


def _tables(project: Project, whom: Person, extracts: Path) -> Iterator[Touched]:
    for path in _outputs(project, extracts):
        rows = whom.rows_in(path) if is_table(path) else None
        if rows:
            whom.take_out(path)
            yield Touched(_told(project, path), "rows removed", rows)


def _texts(project: Project, whom: Person, extracts: Path, folders: set[Path]) -> list[Touched]:
    found = []
    for path in _outputs(project, extracts):
        beside = path.suffix in _COMPANIONS and path.parent in folders
        if not is_table(path) and whom.is_in_text(path, telling=not beside):
            path.unlink()
            found.append(Touched(_told(project, path), "file removed"))
    return found


def _outputs(project: Project, extracts: Path) -> Iterator[Path]:
    """Files of the project, links not followed: what they lead to is met where it stands."""
    for name in ("data", "models", "reports", ".work"):
        yield from _files(project.root / name, without=[extracts, project.data / "demo"])


def _files(folder: Path, without: Sequence[Path] = ()) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_symlink() or path.resolve() in [w.resolve() for w in without]:
            continue
        if path.is_dir():
            yield from _files(path, without)
        elif path.is_file():
            yield path


def _cache(project: Project, whom: Person) -> list[Touched]:
    """Objects of DVC's cache, of whatever version; a stage whose object is gone runs again."""
    found = []
    for path in _files(project.root / ".dvc" / "cache" / "files"):
        rows = whom.rows_in(path) if is_table(path) else None
        if rows or (rows is None and whom.is_in_text(path, telling=False)):
            path.unlink()
            found.append(Touched(_told(project, path), "file removed", rows or 0))
    return found


def _mlflow(project: Project, whom: Person) -> list[Touched]:
    """MLflow's own files; nothing is logged that names anybody, so this finds what others put."""
    found: list[Touched] = []
    for path in _files(project.home / "mlartifacts"):
        rows = whom.rows_in(path) if is_table(path) else None
        if rows or (rows is None and whom.is_in_text(path)):
            path.unlink()
            found.append(Touched(_told(project, path), "file removed", rows or 0))
    store = project.home / "mlflow.db"
    if store.is_file() and whom.is_in_text(store):
        found.append(Touched(_told(project, store), "left"))
    return found


def _told(project: Project, path: Path) -> str:
    base = project.root if path.is_relative_to(project.root) else project.home
    return path.relative_to(base).as_posix()

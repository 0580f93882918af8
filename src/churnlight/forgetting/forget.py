"""Forget one subscriber: onto the list, and out of all that was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from churnlight.check import read_typed
from churnlight.engine import Engine
from churnlight.errors import UsageError
from churnlight.files import lock
from churnlight.forgetting.person import person
from churnlight.forgetting.purging import Touched, purge
from churnlight.inventory import months_of
from churnlight.paths import Project
from churnlight.publish.erasing import erase
from churnlight.publish.target import Target
from churnlight.schema import NUMBERS
from churnlight.suppression import folded, key_file, open_or_found, write_list

_LEFT = (
    "the extracts are yours and were not changed: delete the subscriber's rows there too; until "
    "then the check leaves them out",
    "copies elsewhere are out of reach: backups, DVC remotes, an MLflow server, files that were "
    "published or handed out",
    "models are not told whom they learned from; the next `churnlight run` makes them anew without "
    "this subscriber",
)


@dataclass(frozen=True)
class Forgetting:
    """What was done; it names nobody.

    Attributes:
        listed: subscribers on the list now.
        numbers: numbers of the subscriber that are hidden among counterparts.
        already: whether the subscriber was on the list before.
        touched: files of this project that held the subscriber.
        published: rows deleted, by table; None: no database was named.
        left: what is for the operator to do.
    """

    listed: int
    numbers: int
    already: bool
    touched: Sequence[Touched]
    published: Mapping[str, int] | None
    left: Sequence[str] = field(default=_LEFT)

    def __str__(self) -> str:
        """In lines for people."""
        again = " (again)" if self.already else ""
        lines = [f"forgotten{again}: {self.listed:,} on the list, {self.numbers:,} numbers hidden"]
        kinds = Counter((_part(t.path), t.what) for t in self.touched)
        rows = Counter[tuple[str, str]]()
        for touched in self.touched:
            rows[_part(touched.path), touched.what] += touched.rows
        for (part, what), files in sorted(kinds.items()):
            many = f", {rows[part, what]:,} rows" if rows[part, what] else ""
            lines.append(f"  {part}: {what} ({files:,} files{many})")
        if not self.touched:
            lines.append("  no file of this project named the subscriber")
        for table, count in (self.published or {}).items():
            lines.append(f"  published table {table}: {count:,} rows deleted")
        if self.published is None:
            lines.append("  published tables: not asked for (--published postgresql://...)")
        return "\n".join([*lines, *(f"  {text}" for text in self.left)])


def forget(
    engine: Engine, project: Project, extracts: Path, subscriber: str, target: Target | None
) -> Forgetting:
    """Put a subscriber on the list, and take them out of everything this project keeps.

    The list comes first: whatever stops this later, no stage brings the subscriber back, and the
    same call goes on where it stopped.

    Args:
        engine: reads the extract `numbers`.
        project: the project.
        extracts: the operator's folder.
        subscriber: the id as in the extracts.
        target: where months were published; None: nowhere.

    Raises:
        UsageError: no id, a list without its key, or a target that is no database.
        Locked: when scores are being written.
    """
    if not folded(subscriber):
        raise UsageError("no subscriber was given")
    with lock(project.scratch / "locks" / "score.lock"):
        before = open_or_found(project)
        numbers = _numbers_of(engine, extracts, subscriber)
        after = before.with_ids(subscriber, numbers)
        write_list(project, after.known)
        published = None if target is None else erase(target, folded(subscriber))
        touched = purge(project, person(subscriber, frozenset(numbers)), extracts)
    return Forgetting(
        listed=len(after.known.subscribers),
        numbers=len(numbers),
        already=after.hash_of(subscriber) in before.known.subscribers,
        touched=touched,
        published=published,
        left=(*_LEFT, f"keep {_named(project)} safe and out of Git; commit the list beside it"),
    )


def _numbers_of(engine: Engine, extracts: Path, subscriber: str) -> list[str]:
    """Numbers that the subscriber held in any month, and that are not the id itself."""
    found: set[str] = set()
    for month in months_of(extracts, NUMBERS.name):
        rows = read_typed(engine, extracts, NUMBERS, month)
        if rows is None:  # pragma: no cover - months_of names months with files
            continue
        own = rows.subscriber_id.cast("string").lower() == folded(subscriber)
        held = engine.arrow(rows.filter(own).select("number_id").distinct())
        found |= {folded(n) for n in held["number_id"].drop_null().to_pylist()}
    return sorted(found - {folded(subscriber)})


def _named(project: Project) -> str:
    path = key_file(project)
    home = project.home.resolve()
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path)


def _part(path: str) -> str:
    """The first two folders of a path, which say whose work it is."""
    return "/".join(path.split("/")[:-1][:2]) or path

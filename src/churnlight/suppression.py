"""Who is to be forgotten: a list that names nobody, and how their rows are found by it.

The list holds HMAC-SHA-256 hashes of ids. It is kept with the project (in Git) as long as the
extracts may hold rows of these subscribers. Its key stands beside it in a file that only its owner
may read, is never committed and has nothing to do with the key of the pseudonyms: the pipeline
works without that one. Whoever has the list alone can't tell who is on it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from churnlight.errors import UsageError
from churnlight.files import read_json_if_there, sha256_of_json, write_json
from churnlight.keyed import KeyedHash, read_key
from churnlight.params.base import read_section
from churnlight.params.privacy import PrivacyParams
from churnlight.paths import Project, find_project

# The list as the inventory and the check keep it beside what they wrote.
COPY = "suppression.json"

_VERSION = 1
_DIGITS = 32
_OF_KEY = b"churnlight suppression list"


@dataclass(frozen=True)
class SuppressionList:
    """Hashes of ids; nothing in it can be read without the key.

    Attributes:
        key_hash: says which key it was made with; empty as long as nobody is on it.
        subscribers: hashes of subscriber ids.
        numbers: hashes of numbers that they held, which are looked for among counterparts alone:
            the same number may be somebody else's today.
    """

    key_hash: str = ""
    subscribers: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.subscribers or self.numbers)

    def to_json(self) -> dict[str, object]:
        """As it is written."""
        return {
            "schema_version": _VERSION,
            "key_hash": self.key_hash,
            "subscribers": list(self.subscribers),
            "numbers": list(self.numbers),
        }

    @property
    def sha256(self) -> str | None:
        """Hash of its content; None when nobody is on it."""
        return sha256_of_json(self.to_json()) if self else None


@dataclass(frozen=True)
class Suppression:
    """A list together with its key: can tell of an id whether it is to be forgotten."""

    known: SuppressionList
    key: bytes = field(repr=False)

    @cached_property
    def _hash(self) -> KeyedHash:
        return KeyedHash(self.key)

    def hash_of(self, identifier: object) -> str:
        """The hash of an id, whatever its type, without spaces around it and in small letters."""
        return self._hash.of(folded(identifier).encode())[:_DIGITS]

    def among(self, ids: Any, *, counterparts: bool) -> list[Any]:
        """Those of some ids that are to be forgotten.

        Args:
            ids: arrow array of integers or text, without nulls.
            counterparts: whether numbers that were held count, too.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = {*self.known.subscribers, *(self.known.numbers if counterparts else ())}
        texts = pc.utf8_lower(pc.utf8_trim(pc.cast(ids, pa.string()), " "))
        hashes = self._hash.of_texts(texts, _DIGITS)
        listed = pc.is_in(hashes, value_set=pa.array(sorted(wanted), pa.string()))
        found: list[Any] = ids.filter(listed).to_pylist()
        return found

    def with_ids(self, subscriber: object, numbers: Iterable[object] = ()) -> Suppression:
        """The list with a further subscriber."""
        known = SuppressionList(
            key_hash=key_hash(self.key),
            subscribers=_with(self.known.subscribers, [self.hash_of(subscriber)]),
            numbers=_with(self.known.numbers, map(self.hash_of, numbers)),
        )
        return Suppression(known, self.key)


def folded(identifier: object) -> str:
    """An id as it is hashed: an id in another case is the same subscriber, badly written."""
    return str(identifier).strip(" ").lower()


def _with(before: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*before, *new}))


def key_hash(key: bytes) -> str:
    """What a list says of the key it was made with."""
    return KeyedHash(key).of(_OF_KEY)[:_DIGITS]


def list_file(project: Project) -> Path:
    """Where the list stands, by privacy.suppression."""
    section = read_section(project.params_file, "privacy", PrivacyParams)
    return (project.root / Path(section.suppression).expanduser()).resolve()


def key_file(project: Project) -> Path:
    """Where its key stands: beside it, in the user's folder."""
    path = list_file(project)
    if path.is_relative_to(project.root.resolve()):
        # A temporary copy of the project has what Git has; the key is not in there.
        path = project.home.resolve() / path.relative_to(project.root.resolve())
    return path.with_suffix(".key")


def read_list(path: Path) -> SuppressionList:
    """Read a list; a file that is not there holds nobody.

    Raises:
        UsageError: when it is no such list, or of another version.
    """
    content = read_json_if_there(path)
    if content is None:
        return SuppressionList()
    if content.get("schema_version") != _VERSION:
        raise UsageError(
            f"{path}: expected a suppression list of version {_VERSION}, as `churnlight forget` "
            "writes it; take it out of Git again"
        )
    try:
        hashes = {name: tuple(map(str, content[name])) for name in ("subscribers", "numbers")}
        return SuppressionList(str(content["key_hash"]), **hashes)
    except (KeyError, TypeError):
        raise UsageError(f"{path} is damaged: take it out of Git again") from None


def project_list(project: Project) -> SuppressionList:
    """The project's list.

    Raises:
        UsageError: see `read_list`; also when the list is gone while its key says that there was
            one.
    """
    path = list_file(project)
    if not path.is_file() and key_file(project).is_file():
        raise UsageError(
            f"{path} is missing, but its key is there: without the list those who were forgotten "
            "would come back. Take the list out of Git again"
        )
    return read_list(path)


def with_key(known: SuppressionList, project: Project | None = None) -> Suppression | None:
    """A list with the project's key; None when nobody is on it.

    Args:
        known: the list.
        project: whose key; by default that of the present project, as stages find it.

    Raises:
        UsageError: when the key is missing, others may read it, or the list was made with another.
    """
    if not known:
        return None
    path = key_file(project or find_project())
    if not path.is_file():
        raise UsageError(
            f"{len(known.subscribers)} subscribers are to be forgotten, but the key of their list "
            f"is missing: put it at {path} (chmod 600). Without it they would come back"
        )
    key = read_key(path)
    if key_hash(key) != known.key_hash:
        raise UsageError(
            f"the suppression list was made with another key than {path}: put the right one there"
        )
    return Suppression(known, key)


def open_or_found(project: Project) -> Suppression:
    """The project's list with its key; both are made where there are none yet.

    Raises:
        UsageError: see `project_list` and `with_key`.
    """
    known = project_list(project)
    there = with_key(known, project)
    if there is not None:
        return there
    path = key_file(project)
    if not path.is_file():
        _write_key(path, f"{secrets.token_hex(32)}\n".encode())
    return Suppression(known, read_key(path))


def take_over(home: Project, target: Project) -> None:
    """Give another project the list and its key, so that nobody comes back there.

    A project has a list from its first day: stages depend on the file.

    Raises:
        UsageError: see `project_list` and `with_key`.
    """
    if list_file(target) == list_file(home):
        return
    known = project_list(home)
    theirs = with_key(known, home)
    if theirs is not None and not key_file(target).is_file():
        _write_key(key_file(target), theirs.key + b"\n")
    if not list_file(target).is_file():
        write_list(target, known)


def _write_key(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(key)


def write_list(project: Project, known: SuppressionList) -> Path:
    """Write the project's list; where it stands."""
    path = list_file(project)
    write_json(path, known.to_json())
    return path


def keep_copy(folder: Path, known: SuppressionList) -> None:
    """Leave the list beside what was made by it."""
    write_json(folder / COPY, known.to_json())


def pointed_at(project: Project, content: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters for a project inside `project`, whose list is the same."""
    own = dict(content.get("privacy") or {})
    return {**content, "privacy": {**own, "suppression": str(list_file(project))}}

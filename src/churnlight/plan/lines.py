"""Read a YAML file so that every complaint about it can name its line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from churnlight.errors import UsageError

_SHOWN = 20


@dataclass
class Problems:
    """What is wrong with a file, by line; collected, so that one run tells it all."""

    name: str
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        """Take one in."""
        self.found.append((line, text))

    def hold(self) -> None:
        """Refuse the file when anything was found.

        Raises:
            UsageError: names each line and what is wrong with it.
        """
        if not self.found:
            return
        told = [f"line {line}: {text}" for line, text in sorted(self.found)]
        more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        raise UsageError(f"{self.name}: {'; '.join(told[:_SHOWN])}{more}")


def read_lines(path: Path) -> CommentedMap:
    """A YAML mapping that knows its lines.

    Raises:
        UsageError: when it is missing, unreadable, no YAML or no mapping; names the line.
    """
    try:
        content = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"no playbook at {path}: write one (docs/plan.md), or set plan.playbook to null"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = 1 if mark is None else mark.line + 1
        said = " ".join(str(error.problem or error).split())
        raise UsageError(f"{path.name}: line {line}: {said}") from None
    except YAMLError as error:
        raise UsageError(f"{path.name} is not valid YAML: {error}") from None
    if not isinstance(content, CommentedMap):
        raise UsageError(f"{path.name}: line 1: expected a mapping with channels and rules")
    return content


def line_of(node: Any, key: Any = None) -> int:
    """The line of a key of a mapping, of an item of a list, or where either begins; from 1."""
    if isinstance(node, CommentedMap) and key is not None and key in node:
        return int(node.lc.key(key)[0]) + 1
    if isinstance(node, CommentedSeq) and key is not None:
        return int(node.lc.item(key)[0]) + 1
    return int(node.lc.line) + 1


@dataclass(frozen=True)
class Node:
    """A mapping of the file, held to its keys.

    Attributes:
        content: the mapping.
        line: where it begins.
        what: how messages call it.
        problems: where they go.
    """

    content: CommentedMap
    line: int
    what: str
    problems: Problems

    def hold(self, required: Sequence[str], optional: Sequence[str] = ()) -> bool:
        """Whether the keys are right; what is wrong is noted."""
        known = (*required, *optional)
        for key in self.content:
            if key not in known:
                self._say(key, f"{self.what} has an unknown key {key!r}: {nearest(key, known)}")
        lacking = [key for key in required if self.content.get(key) is None]
        for key in lacking:
            self.problems.add(self.line, f"{self.what} lacks {key}")
        return not lacking

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        value = self.content.get(key, default)
        if isinstance(value, str) and value.strip():
            return str(value)
        if value != default:
            self._say(key, f"{key} of {self.what} is {value!r}: expected a text")
        return default

    def number(self, key: str, least: float, most: float = math.inf) -> float:
        """A number in a range, its ends included."""
        value = self.content.get(key)
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if good and least <= float(value) <= most and math.isfinite(float(value)):
            return float(value)
        upto = "" if math.isinf(most) else f" to {most:g}"
        self._say(key, f"{key} of {self.what} is {value!r}: expected a number from {least:g}{upto}")
        return least

    def names(self, key: str) -> tuple[str, ...] | None:
        """One name or a list of them; None for `any`."""
        value = self.content.get(key, "any")
        given = list(value) if isinstance(value, CommentedSeq) else [value]
        names = [str(v) for v in given if isinstance(v, str | int) and not isinstance(v, bool)]
        if not given or len(names) != len(given):
            self._say(key, f"{key} of {self.what} is {value!r}: expected names, or any")
            return None
        if twice := sorted({n for n in names if names.count(n) > 1}):
            self._say(key, f"{key} of {self.what} names {', '.join(twice)} twice")
        if "any" in names:
            if len(names) > 1:
                self._say(key, f"{key} of {self.what} names any beside others: keep one")
            return None
        return tuple(dict.fromkeys(names))

    def maps(self, key: str) -> Iterable[tuple[Any, Node]]:
        """The mappings of a mapping (by key) or of a list (by place)."""
        value = self.content.get(key)
        if value is None:
            return
        if not isinstance(value, CommentedMap | CommentedSeq):
            self._say(key, f"{key} of {self.what} is {value!r}: expected entries")
            return
        items = value.items() if isinstance(value, CommentedMap) else enumerate(value)
        for name, entry in items:
            line = line_of(value, name)
            if isinstance(entry, CommentedMap):
                yield name, Node(entry, line, _called(key, name), self.problems)
            else:
                expected = f"an entry of {key} is {entry!r}: expected a mapping"
                self.problems.add(line, expected)

    def at(self, key: str) -> int:
        """The line of a key; of the mapping, where the key is missing."""
        return line_of(self.content, key) if key in self.content else self.line

    def _say(self, key: Any, text: str) -> None:
        self.problems.add(self.at(key), text)


def nearest(name: Any, known: Iterable[str] | Mapping[str, Any]) -> str:
    """What may have been meant."""
    names = sorted(known)
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names) or 'none'}"


def _called(key: str, name: Any) -> str:
    singular = {"rules": "rule", "propose": "proposal"}.get(key, key.removesuffix("s"))
    return f"{singular} {name + 1 if isinstance(name, int) else name}"

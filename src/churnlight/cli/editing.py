"""Edit params.yaml and keep its comments, quotes and layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from churnlight.errors import UsageError


def load_text(path: Path) -> Any:
    """The content of a YAML file with its comments.

    Raises:
        UsageError: when it is no YAML mapping; names the file and the line.
    """
    try:
        content = _editor().load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(getattr(error, "problem_mark", None) or error).split())
        raise UsageError(f"{path} is not valid YAML: {said}") from None
    if not isinstance(content, CommentedMap):
        raise UsageError(f"{path}: expected sections, as in the params.yaml of the clone")
    return content


def dump(content: Any) -> str:
    """The text of a file again."""
    stream = StringIO()
    _editor().dump(content, stream)
    return stream.getvalue()


def months(old: Any, new: Sequence[str]) -> CommentedSeq:
    """A list in place of `old`, with what stands in the file after its last entry."""
    made = CommentedSeq(DoubleQuotedScalarString(month) for month in new)
    after = old.ca.items.get(len(old) - 1) if isinstance(old, CommentedSeq) and old else None
    if after:
        made.ca.items[len(made) - 1] = after
    return made


def as_ofs(old: Any, new: Mapping[str, str]) -> CommentedMap:
    """A mapping in place of `old`, with what stands in the file after its last entry."""
    made = CommentedMap((DoubleQuotedScalarString(key), role) for key, role in new.items())
    after = old.ca.items.get(list(old)[-1]) if isinstance(old, CommentedMap) and old else None
    if after:
        made.ca.items[list(made)[-1]] = after
    return made


def _editor() -> YAML:
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 4096
    editor.indent(mapping=2, sequence=4, offset=2)
    # "threads: null" says more than "threads:".
    editor.representer.add_representer(type(None), _null)
    return editor


def _null(representer: Any, value: None) -> Any:
    del value
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")

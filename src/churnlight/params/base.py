"""What all sections share: frozen models, refusal of unknown keys with the nearest valid name."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from churnlight.errors import UsageError

SCHEMA_VERSION = 1

# What may stand at the top of params.yaml. A stage reads its own sections and depends on nothing
# else, so the models of all sections (`params.whole`) are not at hand when it looks for typos.
SECTIONS = (
    *("schema_version", "engine", "extracts", "time", "as_ofs", "cohort", "label", "circle"),
    *("features", "check", "train", "calibrate", "tiers", "evaluate", "gate", "score", "explain"),
    *("guard", "monitor", "kpi", "tariff", "handset", "plan", "contact", "segments", "report"),
    *("handout", "privacy", "tracking", "demo"),
)
# YAML's reader has errors of its own and lets through those of what it calls: dates that are none,
# numbers without a digit, nesting without an end.
_NO_YAML = (
    *(yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, OverflowError),
    RecursionError,
)

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Section(BaseModel):
    """A section of the parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")


SectionT = TypeVar("SectionT", bound=Section)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read params.yaml without judging its sections.

    Raises:
        UsageError: when it is missing, unreadable, no YAML, no mapping or of another version.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"no parameters at {path}: run from the project's folder") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}") from None
    except _NO_YAML as error:
        raise UsageError(f"{path} is not valid YAML: {_yaml_fault(error)}") from None
    if not isinstance(content, Mapping):
        raise UsageError(f"{path.name}: expected sections, got {type(content).__name__}")
    version = content.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise UsageError(
            f"{path.name}: schema_version is {version!r}, this churnlight reads {SCHEMA_VERSION}: "
            "compare your file with the params.yaml of this version, section by section"
        )
    return dict(content)


def read_section(path: Path, name: str, model: type[SectionT]) -> SectionT:
    """Read one section of params.yaml; a missing section means its defaults.

    Raises:
        UsageError: names the parameter, what came, what was expected, and the nearest valid name;
            also where a section is there that no stage reads, which is a misspelt one.
    """
    whole = read_yaml(path)
    if unread := [key for key in whole if key not in SECTIONS]:
        raise UsageError(f"{path.name}: {_unknown(str(unread[0]), (), SECTIONS)}")
    content = whole.get(name)
    return validate({} if content is None else content, model, source=path.name, prefix=(name,))


def validate(
    content: Any, model: type[SectionT], *, source: str, prefix: tuple[str, ...] = ()
) -> SectionT:
    """Hold a mapping to a model; see `read_section`."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise UsageError(_explain(error, model, source, prefix)) from None


def dotted(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested mappings by dotted name, in their order."""
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _explain(
    error: ValidationError, model: type[BaseModel], source: str, prefix: tuple[str, ...]
) -> str:
    lines = []
    for item in error.errors(include_url=False):
        place = tuple(str(part) for part in (*prefix, *item["loc"]))
        if item["type"] == "extra_forbidden":
            valid = _names_at(model, item["loc"][:-1])
            lines.append(_unknown(place[-1], place[:-1], valid))
        else:
            where = ".".join(place) or "file"
            lines.append(f"{where}: {item['msg']} (got {_short(item['input'])})")
    more = len(lines) - _FAULTS
    return f"{source}: " + "; ".join(lines[:_FAULTS]) + (f"; and {more} more" if more > 0 else "")


_FAULTS = 10  # told at once


def _short(value: object) -> str:
    """A value that came, as far as it fits into a line."""
    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother = 3, 60, 60
    return short.repr(value)


def _unknown(name: str, above: Sequence[str], valid: Sequence[str]) -> str:
    nearest = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"valid: {', '.join(sorted(valid))}"
    return f"unknown parameter {'.'.join((*above, name))!r}: {hint}"


def _yaml_fault(error: Exception) -> str:
    """What is wrong, in one line; a fault's place where there is one."""
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    words = getattr(error, "problem", None) or str(error) or type(error).__name__
    if isinstance(error, RecursionError):
        words = "nested too deeply"
    return where + " ".join(words.split())[:200]


def _names_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    for part in location:
        field = model.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type):
            return []
        if not issubclass(field.annotation, BaseModel):
            return []
        model = field.annotation
    return sorted(model.model_fields)

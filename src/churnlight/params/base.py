"""What all sections share: frozen models, refusal of unknown keys with the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from churnlight.errors import UsageError

SCHEMA_VERSION = 1

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
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not valid YAML: {error}") from None
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
        UsageError: names the parameter, what came, what was expected, and the nearest valid name.
    """
    content = read_yaml(path).get(name)
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
    for item in error.errors():
        where = ".".join(str(part) for part in (*prefix, *item["loc"]))
        if item["type"] == "extra_forbidden":
            valid = _names_at(model, item["loc"][:-1])
            nearest = difflib.get_close_matches(str(item["loc"][-1]), valid, n=1, cutoff=0.5)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"valid: {', '.join(valid)}"
            lines.append(f"unknown parameter {where!r}: {hint}")
        else:
            lines.append(f"{where or 'file'}: {item['msg']} (got {item['input']!r})")
    return f"{source}: " + "; ".join(lines)


def _names_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    for part in location:
        annotation: Any = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return sorted(model.model_fields)

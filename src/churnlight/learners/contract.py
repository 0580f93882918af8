"""What a model was trained under, kept beside it, so that it never scores something else.

`models/tiers/contract.json` holds it. Scoring under other features, windows, labels or vocabulary
would give figures that look right and mean something else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from json import dumps
from pathlib import Path
from typing import Any

from churnlight.features.dictionary import rows
from churnlight.files import read_json_if_there, sha256_of_json, write_json
from churnlight.learners.encoding import Encoder
from churnlight.params.base import SCHEMA_VERSION, Section, dotted
from churnlight.params.data import CircleParams, TimeParams
from churnlight.params.features import FeaturesParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.schema import EXTRACTS

FILE = "contract.json"
# What features and labels follow from, besides the extracts.
SECTIONS: Mapping[str, type[Section]] = {
    "time": TimeParams,
    "circle": CircleParams,
    "cohort": CohortParams,
    "label": LabelParams,
    "features": FeaturesParams,
}
# The one feature that models weighed before `features.allow_personal` had to allow it.
_ALWAYS_ALLOWED = {"brand_category": "brand"}
_MARK = 16
_SHOWN = 8
# Who is scored, not what a score means: a wider cohort is told, not refused.
TOLD_ONLY = ("cohort.", "label.max_vanished_share:")


def contract(encoder: Encoder, sections: Mapping[str, Section]) -> dict[str, Any]:
    """What a model was trained under.

    Args:
        encoder: of the model.
        sections: of the parameters that its features and labels followed from, by name.

    Returns:
        "features" (name -> its categories, or its unit), "definitions" (name -> hash of what the
        dictionary says of it), "vocabulary" (extract.column -> allowed values), "parameters"
        (dotted name -> value).
    """
    meanings = {row["feature"]: row for row in rows()}
    return {
        "schema_version": SCHEMA_VERSION,
        "features": {c.name: list(c.categories) or c.kind for c in encoder.columns},
        "definitions": {
            c.name: _mark(meanings[c.name]) for c in encoder.columns if c.name in meanings
        },
        "vocabulary": vocabulary(),
        "parameters": parameters(sections),
    }


def vocabulary() -> dict[str, list[str]]:
    """The values that each column of the extracts may hold, where they are declared."""
    return {
        f"{extract.name}.{column.name}": list(column.allowed)
        for extract in EXTRACTS.values()
        for column in extract.columns
        if column.allowed is not None
    }


def parameters(sections: Mapping[str, Section]) -> dict[str, Any]:
    """Values by dotted name, sorted."""
    content = {name: section.model_dump(mode="json") for name, section in sections.items()}
    return dict(sorted(dotted(content)))


def save(folder: Path, content: Mapping[str, Any]) -> None:
    """Write contract.json."""
    write_json(folder / FILE, dict(content))


def read(folder: Path) -> dict[str, Any] | None:
    """contract.json of a model's folder; None where an older churnlight wrote none."""
    return read_json_if_there(folder / FILE)


def differences(
    trained: Mapping[str, Any], sections: Mapping[str, Section]
) -> tuple[list[str], list[str]]:
    """What differs between a model's contract and what would be scored now.

    Args:
        trained: the model's contract.
        sections: of the parameters now.

    Returns:
        Differences that forbid scoring, and those that only must be told; each a line in words.
    """
    now = {row["feature"]: _mark(row) for row in rows()}
    refused = [
        f"feature {name}: this churnlight has none of that name"
        for name in trained["features"]
        if name in trained["definitions"] and name not in now
    ]
    refused += [
        f"feature {name}: its definition has changed since the model was trained"
        for name, mark in trained["definitions"].items()
        if name in now and now[name] != mark
    ]
    refused += _changed(trained["vocabulary"], vocabulary(), "values of ")
    told: list[str] = []
    older = {"features.allow_personal": _allowed_before(trained["features"])}
    changed = _changed(older | trained["parameters"], parameters(sections), "")
    for line in changed:
        (told if line.startswith(TOLD_ONLY) else refused).append(line)
    return refused, told


def _allowed_before(features: Collection[str]) -> list[str]:
    """What an older model's `features.allow_personal` would have said."""
    return [column for name, column in _ALWAYS_ALLOWED.items() if name in features]


def shown(lines: list[str]) -> str:
    """The first of the lines, and how many more there are."""
    more = len(lines) - _SHOWN
    return "; ".join(lines[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _changed(trained: Mapping[str, Any], now: Mapping[str, Any], what: str) -> list[str]:
    names = sorted(set(trained) | set(now))
    return [
        f"{what}{name}: the model has {_said(trained.get(name))}, now {_said(now.get(name))}"
        for name in names
        if trained.get(name) != now.get(name)
    ]


def _said(value: Any) -> str:
    return "none" if value is None else dumps(value, ensure_ascii=False)


def _mark(content: object) -> str:
    return sha256_of_json(content)[:_MARK]

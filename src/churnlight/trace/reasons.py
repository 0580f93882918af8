"""The reasons of a score: each with its feature, its value, and the code that works it out."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import churnlight
from churnlight.engine import Engine
from churnlight.features.catalogue import CATALOGUE
from churnlight.features.feature import Feature
from churnlight.trace.month import ScoredMonth, features_folder
from churnlight.trace.rows import own_rows

_SHOWN = ("rank", "direction", "reason", "feature", "share")


def reasons_of(engine: Engine, month: ScoredMonth, subscriber: str) -> list[dict[str, Any]]:
    """Reasons as stored, the values from the feature table, and which function made them."""
    rows = own_rows(engine, month.folder / "reasons.parquet", subscriber)
    values = feature_row(engine, month, subscriber)
    by_name = {feature.name: feature for feature in CATALOGUE}
    # Those that raise the risk first, as the card has them.
    rows.sort(key=lambda r: (r["direction"] != "up", r["rank"]))
    return [
        {
            **{name: row[name] for name in _SHOWN},
            "value": values.get(row["feature"]),
            **_made_by(by_name.get(row["feature"])),
        }
        for row in rows
    ]


def feature_row(engine: Engine, month: ScoredMonth, subscriber: str) -> Mapping[str, Any]:
    """The subscriber's row of the feature table; empty where it is gone."""
    path = features_folder(month) / "features.parquet"
    rows = own_rows(engine, path, subscriber) if path.exists() else []
    return rows[0] if rows else {}


def _made_by(feature: Feature | None) -> dict[str, Any]:
    if feature is None:
        return {"meaning": None, "unit": None, "code": None, "reads": []}
    return {
        "meaning": feature.en,
        "unit": feature.unit,
        "code": code_of(feature),
        "reads": list(feature.needs),
    }


def code_of(feature: Feature) -> str:
    """Where a feature's entry in the catalogue stands: file and first line of its expression."""
    function = inspect.unwrap(feature.expression)
    function = getattr(function, "func", function)  # of a partial
    code = function.__code__
    package = Path(churnlight.__file__).parent
    path = Path(code.co_filename)
    name = path.relative_to(package.parent) if path.is_relative_to(package.parent) else path.name
    return f"{name}:{code.co_firstlineno}"

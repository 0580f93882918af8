"""Measure what a subscriber of a project that has run takes on disk and in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.machine import answer
from benchmarks.scale import bytes_of
from churnlight.paths import Project


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """See `benchmarks.scale.bytes_of`; `project` in the spec."""
    return bytes_of(Project(Path(spec["project"])))


if __name__ == "__main__":
    answer(measure)

"""What the tests of the command share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Said(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Said]


def make_extracts(folder: Path, months: list[str], **without: str) -> Path:
    """Extracts of which only the names are looked at."""
    for extract in ("cdr", "subscribers", "billing"):
        for month in months:
            if without.get(extract) != month:
                path = folder / extract / f"month={month}"
                path.mkdir(parents=True)
                (path / "a.csv").write_text("subscriber_id\n")
    return folder


def months(count: int) -> list[str]:
    return [f"2025-{i:02}" for i in range(1, count + 1)]

"""What the tests of dirt share: a clean operator, spoilt copies of it, and the check over them."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from churnlight.check import Closing, Verdict
from churnlight.check.findings import Finding, read_findings
from churnlight.check.run import CheckRules, Places, check_extracts
from churnlight.demo.dirt import make_dirty
from churnlight.engine import Engine
from churnlight.inventory import write_inventory
from churnlight.params.output import DirtParams
from churnlight.timeline import Month, month_range

CLOSE_DAYS = 5
EXTRACTS = ("cdr", "billing", "subscribers", "care")
# Every sort of dirt, alone; the month that lacks an extract is in the midst of the others.
SORTS: dict[str, float | str] = {
    "duplicates": 0.004,
    "late": 0.003,
    "impossible_durations": 0.002,
    "unknown_kinds": 0.002,
    "clock_faults": 0.002,
    "mixed_case_ids": 0.003,
    "wrong_bills": 0.03,
    "missing_day": "2025-02-10",
    "missing_month": "care/2025-02",
}
ROWS = {name: share for name, share in SORTS.items() if isinstance(share, float)}


@dataclass(frozen=True)
class Spoilt:
    """A spoilt operator, its check, and what was injected."""

    root: Path
    verdicts: tuple[Verdict, ...]

    @property
    def found(self) -> Counter[str]:
        """Rows found, by reason."""
        found: Counter[str] = Counter()
        for verdict in self.verdicts:
            found += Counter({**verdict.refused, **verdict.duplicates, "late": verdict.late})
        return found

    @cached_property
    def injected(self) -> pd.DataFrame:
        """One row an injected row."""
        return pd.read_parquet(self.root / "truth" / "dirt" / "part-0.parquet")

    @property
    def findings(self) -> list[Finding]:
        """What the check found missing."""
        found = read_findings(self.root / "check")
        return [f for f in found if f.finding.startswith("missing")]

    @property
    def cut(self) -> set[tuple[str, str | None]]:
        """What was cut out: extract, and its month or day."""
        cut = json.loads((self.root / "truth" / "dirt.json").read_text())["cut"].values()
        return {(c["extract"], c.get("day") or c.get("month")) for c in cut if c}

    @property
    def removed(self) -> dict[tuple[str, int], str]:
        """The quarantine: reason by file and row."""
        return {
            (row["source_file"], row["source_row"]): row["reason"]
            for path in sorted((self.root / "quarantine").rglob("refused.parquet"))
            for row in pq.read_table(path, partitioning=None).to_pylist()
        }


def spoil(
    clean: Path,
    root: Path,
    seed: int,
    sorts: Mapping[str, float | str],
    extracts: Sequence[str] = EXTRACTS,
) -> None:
    """A copy of those extracts of a clean operator that dirt or its check looks at, spoilt."""
    for name in extracts:
        shutil.copytree(clean / "extracts" / name, root / "extracts" / name)
    (root / "truth").mkdir()
    make_dirty(root / "extracts", root / "truth", seed, DirtParams(**sorts), CLOSE_DAYS)  # type: ignore[arg-type]


def check(engine: Engine, root: Path, months: int) -> Spoilt:
    """The stage's check over all extracts below a root."""
    there = month_range(Month(2025, 1), months)
    write_inventory(root / "extracts", there, root / "inventory")
    places = Places(root / "extracts", root / "inventory", root / "check", root / "quarantine")
    verdicts = check_extracts(engine, places, CheckRules(there, Closing(CLOSE_DAYS)))
    return Spoilt(root, verdicts)

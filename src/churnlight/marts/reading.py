"""Read marts of several months as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.timeline import Month


@dataclass(frozen=True)
class MonthlyMarts:
    """The marts under `folder`: `<folder>/month=YYYY-MM/<name>.parquet`.

    Each is a file as DuckDB writes it, or a folder of parts of that name as Spark does.
    """

    engine: Engine
    folder: Path

    def table(self, name: str, months: Sequence[Month]) -> ir.Table | None:
        """One mart over several months.

        Args:
            name: "edges", "usage", "circle" or "volume".
            months: months to read; those without the mart are skipped.

        Returns:
            The mart's rows with a column `month` ("YYYY-MM") added; None when no month has it.
        """
        parts = []
        for month in months:
            path = self.folder / f"month={month}" / f"{name}.parquet"
            if path.exists():
                rows = self.engine.read([path])
                parts.append(rows.mutate(month=ibis.literal(str(month), type="string")))
        if not parts:
            return None
        return reduce(lambda first, second: first.union(second), parts)

"""What stands beside a month's scores, where it is there: the plan, segments and services."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
import pyarrow as pa

from churnlight.errors import ChurnlightError
from churnlight.paths import Project
from churnlight.plan.storing import CALLS, FILE
from churnlight.publish.layout import lacking
from churnlight.publish.layout_beside import PLAN, SEGMENTS, SERVICES
from churnlight.publish.stored import Opened, Stored
from churnlight.publish.table import Table

_CONTENT = "segments.json"
_TEXTS = PLAN.names[PLAN.names.index("offer_en") :]
_OURS = {"model_version", "plan_place", *_TEXTS}


@dataclass(frozen=True)
class Beside:
    """The other tables of a scored month, opened; None for one that is not there.

    Attributes:
        as_of: which month.
        plan, calls: all rows of the plan, and those of the callers' sheet.
        segments, services: segment of each subscriber, and services that fit.
        names: of the segments by their code, English and Chinese.
        hashes: SHA-256 of each file that is read, by its place under data.
    """

    as_of: str
    plan: Stored | None = None
    calls: Stored | None = None
    segments: Stored | None = None
    services: Stored | None = None
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def calls_count(self) -> int:
        """Rows of the callers' sheet."""
        return 0 if self.calls is None else self.calls.count

    def stored(self, table: Table) -> Stored | None:
        """Where the rows of a table come from."""
        return {PLAN: self.plan, SEGMENTS: self.segments, SERVICES: self.services}[table]

    def filled(self, table: Table, batch: Any) -> dict[str, pa.Array]:
        """The columns that are worked out here, of a batch of a table."""
        if table is PLAN:
            return self._told(batch.column("subscriber_id"))
        if table is SEGMENTS:
            codes = batch.column("segment").to_pylist()
            none = (None, None)
            pairs = [self.names.get(str(code), none) for code in codes]
            return {
                f"name_{language}": pa.array([pair[n] for pair in pairs], pa.string())
                for n, language in enumerate(("en", "zh"))
            }
        return {}

    def _told(self, ids: Any) -> dict[str, pa.Array]:
        """Place and texts of those on the callers' sheet, null for all others."""
        places = self._called.index.get_indexer(pd.Index(ids.to_pandas()))
        found: dict[str, pa.Array] = {}
        for name, source in (("plan_place", "place"), *((n, n) for n in _TEXTS)):
            values = self._called[source].tolist()
            kind = pa.int32() if name == "plan_place" else pa.string()
            found[name] = pa.array([values[p] if p >= 0 else None for p in places], kind)
        return found

    @cached_property
    def _called(self) -> pd.DataFrame:
        # There with every plan, see `hold`.
        assert self.calls is not None  # noqa: S101  # nosec B101
        names = ["subscriber_id", "place", *_TEXTS]
        return self.calls.read(names).to_pandas().set_index("subscriber_id")

    def hold(self, scores: Stored) -> None:
        """Refuse a plan that was made from other scores, or a sheet that is not the plan's.

        Args:
            scores: of the month.

        Raises:
            ChurnlightError: names the file and what to do.
        """
        for table in (SEGMENTS, SERVICES):
            if (stored := self.stored(table)) is not None:
                made = {"name_en", "name_zh", "as_of"}
                self._hold_columns(stored, [n for n in table.names if n not in _OURS | made])
        if self.plan is None:
            return
        if self.calls is None:
            raise self._refused(f"there is no {CALLS}")
        self._hold_columns(self.plan, [n for n in PLAN.names if n not in _OURS])
        self._hold_columns(self.calls, ["subscriber_id", "place", *_TEXTS])
        said = ["subscriber_id", "tier", "probability"]
        rows = self.plan.read([*said, "as_of", "status", "arm", "suppressed_by"]).to_pandas()
        if not rows["as_of"].eq(self.as_of).all() or rows["subscriber_id"].duplicated().any():
            raise self._refused("it is of another month, or names somebody twice")
        scored = scores.read(said).to_pandas().set_index("subscriber_id")
        scored = scored.reindex(rows["subscriber_id"]).reset_index()
        if not scored.equals(rows[said].astype(dict(scored.dtypes))):
            raise self._refused("it was made from other scores")
        listed = rows["status"].eq("listed") & rows["arm"].eq("treated")
        callable_ = rows.loc[listed & rows["suppressed_by"].isna(), "subscriber_id"]
        ids = self._called.index
        if ids.has_duplicates or set(ids) != set(callable_):
            raise self._refused(f"{CALLS} has others than those to call")

    def _hold_columns(self, stored: Stored, wanted: Sequence[str]) -> None:
        if missing := lacking(stored.schema.names, wanted):
            raise ChurnlightError(
                f"plan or segments of as_of {self.as_of} lack {', '.join(missing)}: they come from "
                "an older churnlight; make them anew"
            )

    def _refused(self, why: str) -> ChurnlightError:
        return ChurnlightError(
            f"the plan of as_of {self.as_of} does not fit: {why}. Nothing was published; "
            f"`churnlight plan --as-of {self.as_of}` makes it anew"
        )

    def batches(self, table: Table) -> Iterator[Any]:
        """Rows of a table as they are stored; nothing where it is not there."""
        stored = self.stored(table)
        return iter(()) if stored is None else stored.batches()


def opened_beside(project: Project, as_of: str, stack: ExitStack) -> Beside:
    """Open what there is.

    Args:
        project: the project.
        as_of: a scored one.
        stack: that closes the files.
    """
    plans = Opened(project.plan(as_of), stack, f"`churnlight plan --as-of {as_of}` makes it anew")
    found = Opened(project.segments(as_of), stack, "`churnlight run` makes it anew")
    there = plans.has(FILE)
    content = json.loads(found.content(_CONTENT)) if found.has(_CONTENT) else {"segments": []}
    return Beside(
        as_of=as_of,
        plan=plans.table(FILE) if there else None,
        calls=plans.table(CALLS) if there and plans.has(CALLS) else None,
        segments=_optional(found, "segments.parquet"),
        services=_optional(found, "services.parquet"),
        names={s["code"]: (s["name_en"], s["name_zh"]) for s in content["segments"]},
        hashes={
            f"{folder}/{name}": sha
            for folder, opened in (("plans", plans), ("segments", found))
            for name, sha in opened.hashes.items()
        },
    )


def _optional(found: Opened, name: str) -> Stored | None:
    return found.table(name) if found.has(name) else None

"""The operator's own map from number to pseudonym: the one file by which somebody can be called.

It undoes what pseudonyms are for, so it lies outside the project, readable by its owner alone, and
nothing of churnlight reads it but `churnlight pseudonymise --map`, which extends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from churnlight.errors import UsageError
from churnlight.files import atomic_file

NUMBER, PSEUDONYM = "number", "pseudonym"
_SCHEMA = pa.schema([(NUMBER, pa.string()), (PSEUDONYM, pa.string())])
_PROJECT = ("params.yaml", "dvc.yaml")
# Pairs that are gathered before doubles are dropped: about 200 MB.
_GATHERED = 4_000_000


@dataclass
class NumberMap:
    """Numbers and their pseudonyms, as they were met.

    Attributes:
        path: where it is kept.
    """

    path: Path
    _pairs: Any = field(repr=False)
    _new: list[Any] = field(default_factory=list, repr=False)
    _busy: Lock = field(default_factory=Lock, repr=False)

    @classmethod
    def opened(cls, path: Path, apart_from: Iterable[Path] = ()) -> NumberMap:
        """Read a map, or begin one.

        Args:
            path: where it is kept.
            apart_from: folders or files in which it must not lie.

        Raises:
            UsageError: when it lies in a project or in one of these, is no map, or others may read
                it.
        """
        place = path.expanduser().resolve()
        _hold_outside(place, [p.resolve() for p in apart_from])
        if not place.exists():
            return cls(place, _SCHEMA.empty_table())
        if place.stat().st_mode & 0o077:
            raise UsageError(f"others may read the map {path}: run chmod 600 {path}")
        try:
            found = pq.read_table(place, partitioning=None)
        except (pa.ArrowException, OSError):
            raise UsageError(f"the map {path} is no Parquet file: name another") from None
        if not found.schema.equals(_SCHEMA):
            raise UsageError(
                f"the map {path} is not as churnlight writes it: expected number and pseudonym, "
                "both text"
            )
        return cls(place, found)

    def note(self, numbers: Any, pseudonyms: Any) -> None:
        """Remember some, from any thread; numbers without a pseudonym (empty ones) are left out."""
        pairs = pa.table([pc.utf8_trim_whitespace(numbers), pseudonyms], schema=_SCHEMA)
        with self._busy:
            self._new.append(pairs.filter(pc.is_valid(pairs[PSEUDONYM])))
            if sum(map(len, self._new)) > _GATHERED:
                self._gather()

    def save(self) -> None:
        """Write the map, sorted by number, readable by its owner alone.

        Raises:
            UsageError: when a number has two pseudonyms: the map is of another key.
        """
        self._gather()
        if pc.count_distinct(self._pairs[NUMBER]).as_py() != len(self._pairs):
            raise UsageError(
                f"the map {self.path} was made with another key: some of its numbers have other "
                "pseudonyms now. Name another map, or give the right key"
            )
        with atomic_file(self.path) as part:
            part.touch(mode=0o600)
            pq.write_table(self._pairs.sort_by(NUMBER), part, compression="zstd")

    def _gather(self) -> None:
        together = pa.concat_tables([self._pairs, *self._new])
        self._pairs = together.group_by([NUMBER, PSEUDONYM], use_threads=False).aggregate([])
        self._new = []


def _hold_outside(place: Path, others: Iterable[Path]) -> None:
    for folder in place.parents:
        if all((folder / name).is_file() for name in _PROJECT):
            raise UsageError(
                f"{place} lies inside the project {folder}: whoever works there could tell who "
                "is who. Keep the map elsewhere"
            )
    for other in others:
        if place.is_relative_to(other):
            raise UsageError(f"{place} lies inside {other}: keep the map elsewhere")

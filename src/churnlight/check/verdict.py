"""What the check found in one month of an extract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from churnlight.check.forgotten import FORGOTTEN
from churnlight.errors import DataRefused, UsageError
from churnlight.files import read_json, write_json

SCHEMA_VERSION = 3
_LISTS = ("columns", "snapshots", "not_judged", "missing_days")


@dataclass(frozen=True)
class Verdict:
    """Every row has one fate: rows = kept + late + duplicates + refused.

    Attributes:
        extract: its name.
        month: "YYYY-MM"; None for reference tables.
        rows: rows in the files.
        kept: rows that count.
        late: CDRs known only after their month's mart was closed: kept out until a restatement.
        duplicates: rows removed, by reason (`duplicate`, `duplicate_differs`).
        refused: rows refused, by reason.
        corrected: of the refused rows, those that were handed in again corrected, by reason, see
            `check.requeue`; what they became is counted like any other row.
        unknown: values outside a column's list that read as null, by column, in rows not refused.
        lost: rows (kept, or a duplicate) that refer to what no row of the other extract has, by
            column.
        filled: rows with a value, by column that completeness counts and the extract has.
        sound: rows that no rule refuses, with no value outside its list and no reference that leads
            nowhere; late rows and duplicates count as they are.
        newest: the newest day of the month in the extract's `fresh_by`, "YYYY-MM-DD".
        stale: whether that is too old, see `check.days`.
        id_types: "integer" or "text" for each id column that is there.
        columns: the declared columns that the files have.
        snapshots: months of the subscribers' snapshots that rows were held to, as "YYYY-MM".
        not_judged: codes of what could not be held to them, for want of a snapshot.
        unknown_subscribers: subscribers with a bill (kept) whom no snapshot has.
        missing_days: days of CDRs without a row among days with their usual volume, "YYYY-MM-DD".
    """

    extract: str
    month: str | None
    rows: int
    kept: int
    late: int = 0
    duplicates: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    corrected: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, int] = field(default_factory=dict)
    sound: int = 0
    newest: str | None = None
    stale: bool = False
    id_types: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    not_judged: tuple[str, ...] = ()
    unknown_subscribers: int = 0
    missing_days: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        removed = sum(self.duplicates.values()) + sum(self.refused.values()) + self.late
        if self.rows != self.kept + removed:
            raise AssertionError(
                f"{self.extract} {self.month}: {self.rows} rows in, but {self.kept} kept and "
                f"{removed} removed"
            )

    @property
    def clean(self) -> bool:
        """Whether every row counts as it stands."""
        return not (self.late or self.duplicates or self.refused or self.unknown)

    @property
    def faults(self) -> dict[str, int]:
        """Refused rows that nobody corrected, by reason. Who is to be forgotten is no fault."""
        left = {r: count - self.corrected.get(r, 0) for r, count in self.refused.items()}
        return {reason: count for reason, count in left.items() if count and reason != FORGOTTEN}

    @property
    def refused_share(self) -> float:
        """The share of `faults` in all rows; 0 without rows."""
        return sum(self.faults.values()) / self.rows if self.rows else 0.0

    @property
    def completeness(self) -> float | None:
        """Share of the counted columns' cells that hold a value; None without cells."""
        cells = self.rows * len(self.filled)
        return sum(self.filled.values()) / cells if cells else None

    @property
    def accuracy(self) -> float | None:
        """Share of sound rows, who is to be forgotten not counted; None without rows."""
        rows = self.rows - self.refused.get(FORGOTTEN, 0)
        return self.sound / rows if rows else None

    def to_json(self) -> dict[str, object]:
        """The verdict as a JSON object."""
        lists = {name: list(getattr(self, name)) for name in _LISTS}
        return {"schema_version": SCHEMA_VERSION, **asdict(self), **lists}

    @classmethod
    def from_json(cls, content: Mapping[str, object], source: str = "verdict") -> Verdict:
        """Read what `to_json` gave; keys that a caller added are ignored.

        Raises:
            UsageError: when it is of another version or lacks a field.
        """
        version = content.get("schema_version")
        if version != SCHEMA_VERSION:
            raise UsageError(
                f"{source}: schema_version is {version!r}, this churnlight reads {SCHEMA_VERSION}: "
                "run the stage check again"
            )
        names = cls.__dataclass_fields__
        try:
            values = {name: content[name] for name in names}
        except KeyError as error:
            raise UsageError(f"{source}: {error} is missing: run the stage check again") from None
        for name in _LISTS:
            values[name] = tuple(values[name])  # type: ignore[arg-type]
        return cls(**values)  # type: ignore[arg-type]


def verdict_file(folder: Path, extract: str, month: object | None) -> Path:
    """Where the check keeps the verdict of an extract's month, below its output folder."""
    return folder / extract / ("reference.json" if month is None else f"month={month}.json")


def read_verdict(folder: Path, extract: str, month: object | None) -> Verdict | None:
    """The verdict that the check wrote; None where it wrote none."""
    path = verdict_file(folder, extract, month)
    return Verdict.from_json(read_json(path), str(path)) if path.is_file() else None


def write_verdict(folder: Path, verdict: Verdict, made_from: Mapping[str, object]) -> None:
    """Write a verdict together with what it was made from."""
    path = verdict_file(folder, verdict.extract, verdict.month)
    write_json(path, {**verdict.to_json(), "made_from": dict(made_from)})


def judge(verdicts: Iterable[Verdict], max_refused_share: float) -> None:
    """Hold the verdicts to the bearable share of refused rows.

    Raises:
        DataRefused: names each extract and month above it, with counts by reason.
    """
    bad = [v for v in verdicts if v.refused_share > max_refused_share]
    if not bad:
        return
    lines = []
    for verdict in bad:
        reasons = ", ".join(
            f"{reason} {count:,}"
            for reason, count in sorted(verdict.faults.items(), key=lambda i: (-i[1], i[0]))
        )
        lines.append(
            f"{verdict.extract}{' ' + verdict.month if verdict.month else ''}: "
            f"{sum(verdict.faults.values()):,} of {verdict.rows:,} rows refused ({reasons})"
        )
    raise DataRefused(
        f"more than {max_refused_share:.1%} of rows refused (check.max_refused_share): "
        + "; ".join(lines)
        + ". The rows are in quarantine, with file and row number: mend the extract, hand in "
        "corrected rows with `churnlight requeue`, or raise check.max_refused_share in params.yaml"
    )

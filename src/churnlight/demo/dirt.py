"""Dirt on request: what goes wrong in an operator's extracts, each row of it on record.

Rows that were never right come in a file of their own beside the clean ones (`part-900.parquet`),
so that the clean rows stay as they are. A missing day or month is cut out of the clean files.
Identifiers in mixed case need identifiers with letters: all of them become text then, the same id
everywhere, and the rows in capitals come beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from churnlight.demo import writing
from churnlight.demo.randomness import Array, Part, stream
from churnlight.errors import UsageError
from churnlight.files import write_json
from churnlight.params.output import DirtParams
from churnlight.schema import EXTRACTS, ON_THE_BOOKS
from churnlight.timeline import Month

DIRT_PART = 900
_IDS = ("subscriber_id", "counterpart_id", "number_id")
_YEAR = timedelta(days=365)
# What the check calls each kind of row.
REASONS = {
    "duplicates": "duplicate",
    "late": "late",
    "impossible_durations": "duration_s_below_minimum",
    "unknown_kinds": "kind_unknown",
    "clock_faults": "time_outside_month",
    "wrong_bills": "bill_after_leaving",
    "mixed_case_ids": "id_case",
}
_CDR_KINDS = (
    "duplicates", "late", "impossible_durations", "unknown_kinds", "clock_faults",
    "mixed_case_ids",
)  # fmt: skip


@dataclass(frozen=True)
class _Record:
    extract: str
    month: Month
    file: str
    what: str
    rows: Array
    ids: Any


def make_dirty(extracts: Path, truth: Path, seed: int, dirt: DirtParams, close_days: int) -> None:
    """Spoil the extracts as asked, and put on record what was done.

    `<truth>/dirt/part-0.parquet` holds each injected row (extract, month, file, row, what, reason,
    subscriber_id as text); `<truth>/dirt.json` what was cut out, which the check must find too.

    Args:
        extracts: root of the clean extracts; changed in place.
        truth: folder of the truth.
        seed: the operator's seed.
        dirt: how much of what.
        close_days: days after a month's end until it is closed; late records come after.

    Raises:
        UsageError: when a missing day or month is none of the months there are.
    """
    months = [
        Month.parse(p.name.removeprefix("month=")) for p in sorted((extracts / "cdr").iterdir())
    ]
    cut = {
        "missing_day": _cut_day(extracts, dirt.missing_day, months),
        "missing_month": _cut_month(extracts, dirt.missing_month, months),
    }
    if dirt.mixed_case_ids > 0:
        for path in sorted(extracts.rglob("*.parquet")):
            _write_ids_as_text(path)
    records: list[_Record] = []
    for month in months:
        rng = stream(seed, Part.DIRT, month.year, month.number)
        records += _spoil_calls(extracts, rng, dirt, month, close_days)
        records += _spoil_bills(extracts, rng, dirt, month)
    write_json(truth / "dirt.json", {"asked": dirt.model_dump(mode="json"), "cut": cut})
    _write_records(truth, records)


def _spoil_calls(
    extracts: Path, rng: np.random.Generator, dirt: DirtParams, month: Month, close_days: int
) -> list[_Record]:
    """Add CDRs that are copies, late, or wrong in one thing."""
    wanted = {kind: getattr(dirt, kind) for kind in _CDR_KINDS if getattr(dirt, kind) > 0}
    if not wanted:
        return []
    sources = []
    for path in sorted((extracts / "cdr" / f"month={month}").glob("*.parquet")):
        table = pq.read_table(path, partitioning=None)
        voice = pc.equal(table["kind"], "voice")
        if "mixed_case_ids" in wanted:
            # Whose id no snapshot has in any case, nobody can tell to be in the wrong one.
            voice = pc.and_(
                voice, pc.is_in(table["subscriber_id"], value_set=_on_record(extracts, month))
            )
        calls = np.flatnonzero(voice.to_numpy(zero_copy_only=False))
        counts = {kind: rng.binomial(table.num_rows, share) for kind, share in wanted.items()}
        chosen = rng.choice(calls, min(sum(counts.values()), len(calls)), replace=False)
        # One after the other, so that no row is spoilt twice.
        parts = np.split(chosen, np.cumsum(list(counts.values()))[:-1])
        sources += [(kind, table.take(part)) for kind, part in zip(counts, parts, strict=True)]
    spoilt = [
        (kind, _spoil(kind, rows, rng, month, close_days))
        for kind, rows in sources
        if rows.num_rows
    ]
    return _add(extracts, "cdr", month, spoilt)


def _spoil(
    kind: str, rows: pa.Table, rng: np.random.Generator, month: Month, close_days: int
) -> pa.Table:
    count = rows.num_rows
    known: Any = pa.nulls(count, pa.timestamp("us"))
    if kind == "late":
        after = month.closes_at(close_days) + timedelta(hours=1)
        hours = rng.integers(0, 24 * 20, count)
        known = pa.array([after + timedelta(hours=int(h)) for h in hours], pa.timestamp("us"))
        rows = _longer(rows)
    elif kind == "impossible_durations":
        negative = pc.subtract(pc.negate(rows["duration_s"]), pa.scalar(1, pa.int32()))
        rows = _with(rows, "duration_s", negative.cast(rows["duration_s"].type))
    elif kind == "unknown_kinds":
        rows = _with(rows, "kind", pa.array(["fax"] * count, pa.string()))
    elif kind == "clock_faults":
        # A clock that was never set, or that is a year ahead.
        started = rows["started_at"].to_pylist()
        unset = rng.random(count) < 0.5
        wrong = [
            datetime(1970, 1, 1) if u else s + _YEAR for u, s in zip(unset, started, strict=True)
        ]
        rows = _with(rows, "started_at", pa.array(wrong, pa.timestamp("us")))
    elif kind == "mixed_case_ids":
        rows = _longer(_with(rows, "subscriber_id", pc.utf8_upper(rows["subscriber_id"])))
    return rows.append_column("known_at", known)


def _on_record(extracts: Path, month: Month) -> Any:
    """Ids of the month's snapshot; none where there is no snapshot."""
    paths = sorted((extracts / "subscribers" / f"month={month}").glob("*.parquet"))
    tables = [pq.read_table(p, partitioning=None, columns=["subscriber_id"]) for p in paths]
    if not tables:
        return pa.array([], pa.string())
    return pa.concat_tables(tables)["subscriber_id"].combine_chunks()


def _longer(rows: pa.Table) -> pa.Table:
    """Calls that nobody has heard of yet: a second longer."""
    return _with(
        rows, "duration_s", pc.add(rows["duration_s"], pa.scalar(1, rows["duration_s"].type))
    )


def _spoil_bills(
    extracts: Path, rng: np.random.Generator, dirt: DirtParams, month: Month
) -> list[_Record]:
    """Add bills of lines that had left before the month began, by the month's snapshot.

    The last bill of who left within the month is right, and so is one that charges nothing.
    """
    folder = extracts / "billing" / f"month={month}"
    books = extracts / "subscribers" / f"month={month}"
    if dirt.wrong_bills <= 0 or not (folder.is_dir() and books.is_dir()):
        return []
    bills = pq.read_table(folder / "part-0.parquet", partitioning=None)
    snapshot = pq.read_table(books / "part-0.parquet", partitioning=None)
    off = pc.invert(pc.is_in(snapshot["status"], value_set=pa.array(ON_THE_BOOKS)))
    before = pc.less(snapshot["status_since"], pa.scalar(month.start.date()))
    left = snapshot.filter(pc.and_(off, before))["subscriber_id"]
    gone = np.setdiff1d(left.to_numpy(), bills["subscriber_id"].to_numpy())
    charged = np.flatnonzero(bills["total_charge"].to_numpy() > 0)
    count = min(int(rng.binomial(bills.num_rows, dirt.wrong_bills)), len(gone), len(charged))
    if not count:
        return []
    whose = np.sort(rng.choice(gone, count, replace=False))
    rows = bills.take(rng.choice(charged, count, replace=False))
    rows = _with(rows, "subscriber_id", pa.array(whose))
    return _add(extracts, "billing", month, [("wrong_bills", rows)])


def _add(
    extracts: Path, extract: str, month: Month, spoilt: list[tuple[str, pa.Table]]
) -> list[_Record]:
    """Write the rows as one more file of the month."""
    if not spoilt:
        return []
    whole = pa.concat_tables([_plain(rows) for _, rows in spoilt], promote_options="default")
    columns = {name: whole[name].combine_chunks() for name in whole.column_names}
    writing.write_part(extracts / extract, month, columns, DIRT_PART)
    records, first = [], 0
    for what, rows in spoilt:
        at = np.arange(first, first + rows.num_rows)
        file = f"{extract}/month={month}/part-{DIRT_PART}.parquet"
        ids = pc.cast(rows["subscriber_id"], pa.string())
        records.append(_Record(extract, month, file, what, at, ids))
        first += rows.num_rows
    return records


def _write_ids_as_text(path: Path) -> None:
    """Turn a file's ids into text, in small letters."""
    table = _plain(pq.read_table(path, partitioning=None))
    names = [name for name in _IDS if name in table.column_names]
    if not names:
        return
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    for name in names:
        columns[name] = _as_text(columns[name])
    part = int(path.stem.removeprefix("part-"))
    path.unlink()
    writing.write_part(path.parent, None, columns, part)


def _as_text(ids: Any) -> Any:
    """Hexadecimal text of integer ids, in small letters, `id` in front."""
    found = ids.dictionary_encode()
    texts = [None if i is None else f"id{i:x}" for i in found.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(found.indices)


def _cut_day(extracts: Path, day: str | None, months: list[Month]) -> dict[str, Any] | None:
    """Take all CDRs of a day out of the files."""
    if day is None:
        return None
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise UsageError(f"demo.dirt.missing_day is {day!r}: write it as YYYY-MM-DD") from None
    month = Month.of(wanted)
    _require_month("missing_day", day, month, months)
    removed = 0
    for path in sorted((extracts / "cdr" / f"month={month}").glob("*.parquet")):
        table = _plain(pq.read_table(path, partitioning=None))
        kept = table.filter(pc.not_equal(pc.cast(table["started_at"], pa.date32()), wanted))
        removed += table.num_rows - kept.num_rows
        columns = {name: kept[name].combine_chunks() for name in kept.column_names}
        part = int(path.stem.removeprefix("part-"))
        path.unlink()
        writing.write_part(extracts / "cdr", month, columns, part)
    return {"extract": "cdr", "day": day, "rows": removed}


def _cut_month(extracts: Path, what: str | None, months: list[Month]) -> dict[str, Any] | None:
    """Take a whole month of one extract away; `what` is extract/YYYY-MM."""
    if what is None:
        return None
    name, _, text = what.partition("/")
    if name not in EXTRACTS or not EXTRACTS[name].monthly:
        raise UsageError(
            f"demo.dirt.missing_month is {what!r}: expected an extract with months and a month, "
            "for example care/2025-06"
        )
    month = Month.parse(text)
    _require_month("missing_month", what, month, months)
    rows = 0
    for path in sorted((extracts / name / f"month={month}").glob("*.parquet")):
        rows += pq.read_metadata(path).num_rows
        path.unlink()
    (extracts / name / f"month={month}").rmdir()
    return {"extract": name, "month": str(month), "rows": rows}


def _require_month(name: str, given: str, month: Month, months: list[Month]) -> None:
    if month not in months:
        raise UsageError(
            f"demo.dirt.{name} is {given!r}, but the demo has the months {months[0]} to "
            f"{months[-1]}: name one of them"
        )


def _with(table: pa.Table, name: str, values: Any) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _plain(table: pa.Table) -> pa.Table:
    """The table without dictionaries: the files of an extract agree in their types."""
    fields = [
        pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type)
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def _write_records(truth: Path, records: list[_Record]) -> None:
    texts: dict[str, list[str | None]] = {
        "extract": [],
        "month": [],
        "file": [],
        "what": [],
        "reason": [],
    }
    for record in records:
        count = len(record.rows)
        for name, value in (
            ("extract", record.extract),
            ("month", str(record.month)),
            ("file", record.file),
            ("what", record.what),
            ("reason", REASONS[record.what]),
        ):
            texts[name] += [value] * count
    rows = [int(row) for record in records for row in record.rows]
    ids = [text for record in records for text in record.ids.to_pylist()]
    columns: dict[str, Any] = {k: pa.array(v, pa.string()) for k, v in texts.items()}
    columns["row"] = pa.array(rows, pa.int64())
    columns["subscriber_id"] = pa.array(ids, pa.string())
    writing.write_part(truth / "dirt", None, columns)

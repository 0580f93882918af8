"""A subscriber's rows in marts and extracts: which file, which row, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from churnlight import files
from churnlight.check import Closing, read_typed
from churnlight.check.audit import late_rows
from churnlight.check.month import QUARANTINE_FILE, REASON, quarantine_folder
from churnlight.engine import SOURCE_FILE, SOURCE_ROW, Engine
from churnlight.inventory import REFERENCE_FILE, folder_of
from churnlight.known import as_known
from churnlight.schema import EXTRACTS, MONTHLY, Extract
from churnlight.stages.origin import is_from, mart_origin
from churnlight.timeline import Month
from churnlight.trace.links import Chain
from churnlight.trace.month import ScoredMonth, run_record

ID = "subscriber_id"
_MARTS = ("edges", "circle", "usage")
# Of the month before the window only who held which id is read.
_BEFORE = "subscribers"


def own_rows(engine: Engine, path: Path, subscriber: str) -> list[dict[str, Any]]:
    """A subscriber's rows of a Parquet file, or of a folder of parts, with file and row number."""
    return _fetch(engine, engine.read([path], source=True), subscriber)


def _own(table: ir.Table, subscriber: str) -> ir.Table:
    return table.filter(table[ID].cast("string") == subscriber)


def _fetch(engine: Engine, table: ir.Table, subscriber: str) -> list[dict[str, Any]]:
    own = _own(table, subscriber).order_by([SOURCE_FILE, SOURCE_ROW])
    found: list[dict[str, Any]] = engine.arrow(own).to_pylist()
    return found


def runs(numbers: Sequence[int]) -> list[list[int]]:
    """Rising row numbers as [first, last] of each run without a gap."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def _by_file(places: Sequence[tuple[str, int]]) -> dict[str, list[list[int]]]:
    names = sorted({name for name, _ in places})
    return {name: runs([n for f, n in places if f == name]) for name in names}


def part_of(path: Path, row: Mapping[str, Any]) -> Path:
    """The file that a row stands in: the table, or the part of it that Spark wrote."""
    return path / str(row[SOURCE_FILE]).rsplit("/", 1)[-1] if path.is_dir() else path


def _part_places(
    month: ScoredMonth, path: Path, rows: Sequence[Mapping[str, Any]]
) -> list[tuple[str, int]]:
    return [(month.named(part_of(path, row)), int(row[SOURCE_ROW])) for row in rows]


def mart_rows(
    engine: Engine, month: ScoredMonth, subscriber: str, chain: Chain
) -> list[dict[str, Any]]:
    """The subscriber's rows in each mart of the window; each file is held to its hash."""
    found = []
    for m in month.at.window:
        folder = _mart_folder(month, m, chain)
        record = run_record(month, f"marts@{m}")
        for name in _MARTS:
            path = folder / f"{name}.parquet"
            written = month.window["marts"].get(str(m), {}).get(name)
            if written is None:
                continue
            link = chain.follow(month.named(path), written, path)
            rows = own_rows(engine, path, subscriber) if path.exists() else []
            found.append(
                {
                    "month": str(m),
                    "mart": name,
                    "file": link.file,
                    "sha256": link.now,
                    "rows": _by_file(_part_places(month, path, rows)),
                    "commit": record.get("commit"),
                }
            )
    return found


def _mart_folder(month: ScoredMonth, m: Month, chain: Chain) -> Path:
    """Where the marts that were read stand; they follow from the check's verdict on the CDRs."""
    params, engine = month.params, month.manifest["engine"]
    for ground in month.grounds:
        if ground.activity(m).is_file():
            wanted = mart_origin(ground, m, params.circle, params.time, engine)
            if is_from(ground.mart(m), wanted):
                return ground.mart(m)
    folder = month.ground.mart(m)
    chain.notes.append(
        f"{month.named(folder)} does not follow from the check's verdict on {m} any more: its "
        "records, parameters circle or time, or churnlight have changed since"
    )
    return folder


def extract_rows(
    engine: Engine, month: ScoredMonth, subscriber: str, chain: Chain
) -> list[dict[str, Any]]:
    """The subscriber's rows in each extract and month that the features read.

    Every file is held to the hash in the inventory, and the inventory to what the score's month
    read. Extracts without a row of the subscriber's are told too: nothing came from them.
    """
    window = month.at.window
    spans = [(name, m) for name in MONTHLY for m in window if ID in EXTRACTS[name].by_name]
    spans += [(_BEFORE, Month.parse(m)) for m in month.window["before"]]
    found = []
    for name, m in sorted(spans, key=lambda span: (span[0], str(span[1]))):
        entry = _hold_entry(month, name, m, chain)
        if entry:
            rows = _rows_of(engine, month, EXTRACTS[name], m, subscriber)
            found.append({"extract": name, "month": str(m), "files": entry, **rows})
    return [*found, *_without_rows(month, chain)]


def _without_rows(month: ScoredMonth, chain: Chain) -> list[dict[str, Any]]:
    """Files that are about nobody alone, or change no score: reference tables, month T's snapshot.

    The latter says who left between as_of and the cutoff, and so stands on no list.
    """
    path = month.ground.inventory / REFERENCE_FILE
    chain.follow(month.named(path), month.window["reference"], path)
    tables: dict[str, Any] = files.read_json_if_there(path) or {}
    found: list[tuple[str, str | None, list[dict[str, Any]]]] = [
        (name, None, _hold_files(month, entry, chain)) for name, entry in tables.items()
    ]
    folder = folder_of(Path(), _BEFORE, month.at.month)
    since = [
        {"name": (folder / name).as_posix(), "sha256": written}
        for name, written in month.window.get("since_as_of", {}).items()
    ]
    found.append((_BEFORE, str(month.at.month), _hold_files(month, since, chain)))
    return [
        {"extract": name, "month": m, "files": held, "rows": {}, "count": 0, "left_out": []}
        for name, m, held in found
        if held
    ]


def _hold_entry(month: ScoredMonth, name: str, m: Month, chain: Chain) -> list[dict[str, Any]]:
    """The files of an extract's month with their hashes now; empty where there are none."""
    path = month.ground.inventory / name / f"month={m}.json"
    content: dict[str, Any] = files.read_json_if_there(path) or {"files": []}
    written = month.window["extracts"].get(str(m), {}).get(name)
    if written is None and name == _BEFORE:
        written = month.window["snapshots_before"].get(str(m))
    if written is not None:
        chain.follow(month.named(path), written, path)
    return _hold_files(month, content["files"], chain)


def _hold_files(
    month: ScoredMonth, entries: Sequence[Mapping[str, Any]], chain: Chain
) -> list[dict[str, Any]]:
    found = []
    for file in entries:
        link = chain.follow(file["name"], file["sha256"], month.extracts / file["name"])
        found.append({"file": link.file, "sha256": link.now, "same": link.same})
    return found


def _rows_of(
    engine: Engine, month: ScoredMonth, extract: Extract, m: Month, subscriber: str
) -> dict[str, Any]:
    """Row numbers by file of the rows that count, and every row that does not, with the reason."""
    table = read_typed(engine, month.extracts, extract, m, source=True)
    if table is None:
        return {"rows": {}, "count": 0, "left_out": []}
    own = _own(table, subscriber)
    everything = _places(engine, own)
    left_out = _removed(engine, month, extract, m, subscriber)
    gone = {(r["file"], r["row"]) for r in left_out}
    for reason, rows in _too_late(engine, month, extract, m, own, everything).items():
        left_out += [{"reason": reason, "file": f, "row": n} for f, n in rows if (f, n) not in gone]
        gone |= set(rows)
    used = [place for place in everything if place not in gone]
    return {
        "rows": _by_file(used),
        "count": len(used),
        "left_out": left_out,
    }


def _removed(
    engine: Engine, month: ScoredMonth, extract: Extract, m: Month, subscriber: str
) -> list[dict[str, Any]]:
    """Rows that the check refused or took for duplicates."""
    path = quarantine_folder(month.ground.quarantine, extract.name, m) / QUARANTINE_FILE
    if not path.exists():
        return []
    rows = _own(engine.read([path]), subscriber).order_by([SOURCE_FILE, SOURCE_ROW])
    return [
        {"reason": row[REASON], "file": row[SOURCE_FILE], "row": row[SOURCE_ROW]}
        for row in engine.arrow(rows.select(REASON, SOURCE_FILE, SOURCE_ROW)).to_pylist()
    ]


def _too_late(
    engine: Engine,
    month: ScoredMonth,
    extract: Extract,
    m: Month,
    own: ir.Table,
    everything: Sequence[tuple[str, int]],
) -> dict[str, list[tuple[str, int]]]:
    """Rows that came after the month was closed, or were known only from the cutoff on."""
    time, at = month.params.time, month.at
    if extract.name == "cdr":
        closing = Closing(time.close_days, time.reporting_delay_hours)
        restated = str(m) in month.params.extracts.restated_months
        late = None if restated else late_rows(own, extract, m, closing)
        return {} if late is None else {"late": _places(engine, own.filter(late))}
    known = as_known(own, extract, as_of=at.as_of, cutoff=at.cutoff)
    kept = set(_places(engine, known))
    return {"not_known_before_cutoff": [place for place in everything if place not in kept]}


def _places(engine: Engine, rows: ir.Table) -> list[tuple[str, int]]:
    found = engine.arrow(rows.select(SOURCE_FILE, SOURCE_ROW)).to_pylist()
    return sorted((r[SOURCE_FILE], int(r[SOURCE_ROW])) for r in found)

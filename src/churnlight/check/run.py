"""The check of all extracts and months, each read once and again only when its files change."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from churnlight.check.audit import Closing
from churnlight.check.identifiers import refuse_real_numbers
from churnlight.check.month import QUARANTINE_FILE, check_month, forget, quarantine_folder
from churnlight.check.verdict import Verdict, judge, read_verdict, verdict_file, write_verdict
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.files import read_json
from churnlight.inventory import REFERENCE_FILE
from churnlight.logs import progress
from churnlight.schema import EXTRACTS, Extract
from churnlight.timeline import Month

_LOG = logging.getLogger(__name__)

# The code that verdicts follow from, besides this package.
_RULE_MODULES = ("columns.py", "engine.py", "inventory.py", "known.py", "schema.py", "timeline.py")
# Writes documents only.
_NO_RULES = ("contract.py",)

# Ids that are joined with one another.
_JOINED = ("subscriber_id", "counterpart_id", "number_id")


@dataclass(frozen=True)
class CheckRules:
    """What the parameters say about checking.

    Attributes:
        months: the months that count.
        closing: when a month's mart is closed.
        allow_phone_like_ids: whether ids may look like telephone or identity-card numbers.
        max_refused_share: share of refused rows above which an extract's month stops the run.
    """

    months: tuple[Month, ...]
    closing: Closing
    allow_phone_like_ids: bool = False
    max_refused_share: float = 0.05

    def made_from(self, files: object) -> dict[str, object]:
        """What a verdict follows from: the files' hashes and the rules."""
        return {
            "files_sha256": sha256(json.dumps(files, sort_keys=True).encode()).hexdigest(),
            "rules_sha256": rules_sha256(),
            "close_days": self.closing.close_days,
            "reporting_delay_hours": self.closing.reporting_delay_hours,
            "allow_phone_like_ids": self.allow_phone_like_ids,
        }


@cache
def rules_sha256() -> str:
    """SHA-256 of the source that verdicts follow from: editing a rule makes them all anew."""
    here = Path(__file__).parent
    paths = [p for p in sorted(here.glob("*.py")) if p.name not in _NO_RULES]
    digest = sha256()
    for path in [*paths, *(here.parent / name for name in _RULE_MODULES)]:
        source = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.name}\0{sha256(source).hexdigest()}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Places:
    """Where the check reads and writes.

    Attributes:
        root: the extracts.
        inventory: folder of the inventory's files.
        out: folder of the verdicts.
        quarantine: folder of the removed rows.
    """

    root: Path
    inventory: Path
    out: Path
    quarantine: Path


def check_extracts(engine: Engine, places: Places, rules: CheckRules) -> tuple[Verdict, ...]:
    """Check every extract and month of the inventory that changed since its verdict.

    `<out>/<extract>/month=YYYY-MM.json` (or `reference.json`) holds the verdict and, as
    `made_from`, a hash of the inventory entry and the rules that it follows from. Verdicts and
    quarantines of months that no longer count disappear.

    Returns:
        The verdicts of all months that count, sorted by extract and month.

    Raises:
        DataRefused: see `check_month` and `refuse_real_numbers`; when ids of one name or ids
            that are joined differ in type;
            when more than `max_refused_share` of a month's rows are refused (all verdicts are
            written first).
    """
    parts = list(_parts(places.inventory, rules.months))
    _forget_others(places, [(e.name, m) for e, m, _ in parts])
    verdicts = []
    with progress("check", sum(_bytes_of(f) for _, _, f in parts), "bytes") as advance:
        for extract, month, files in parts:
            made_from = rules.made_from(files)
            verdict = _unchanged(places, extract, month, made_from)
            if verdict is None:
                # First, or an old verdict might stand beside the quarantine of a run cut short.
                verdict_file(places.out, extract.name, month).unlink(missing_ok=True)
                if not rules.allow_phone_like_ids:
                    refuse_real_numbers(places.root, extract, month)
                verdict = check_month(
                    engine, places.root, extract, month, places.quarantine, rules.closing
                )
                write_verdict(places.out, verdict, made_from)
                _log(verdict)
            verdicts.append(verdict)
            advance(_bytes_of(files))
    require_same_id_types(verdicts)
    judge(verdicts, rules.max_refused_share)
    return tuple(verdicts)


def require_same_id_types(verdicts: Sequence[Verdict]) -> None:
    """Hold ids to one type: those of one name, and all that are joined with subscriber_id.

    Raises:
        DataRefused: names both extracts, columns and types.
    """
    first: dict[str, tuple[str, str]] = {}
    for verdict in verdicts:
        where = f"{verdict.extract}{'' if verdict.month is None else f' {verdict.month}'}"
        for name, kind in verdict.id_types.items():
            joined = _JOINED[0] if name in _JOINED else name
            before, place = first.setdefault(joined, (kind, f"{name} in {where}"))
            if before != kind:
                raise DataRefused(
                    f"ids that are joined differ in type: {place} holds {before} ids, "
                    f"{name} in {where} {kind} ids (ids in CSV are text): write one type everywhere"
                )


def _parts(
    inventory: Path, months: Sequence[Month]
) -> Iterator[tuple[Extract, Month | None, list[Mapping[str, object]]]]:
    """Every extract and month that has files, with its inventory entry."""
    reference = read_json(inventory / REFERENCE_FILE)
    for extract in EXTRACTS.values():
        for month in sorted(months) if extract.monthly else [None]:
            if month is None:
                files = reference.get(extract.name, [])
            else:
                files = read_json(inventory / extract.name / f"month={month}.json")["files"]
            if isinstance(files, list) and files:
                yield extract, month, files


def _bytes_of(files: Sequence[Mapping[str, object]]) -> int:
    return sum(int(str(f["bytes"])) for f in files)


def _unchanged(
    places: Places, extract: Extract, month: Month | None, made_from: Mapping[str, object]
) -> Verdict | None:
    path = verdict_file(places.out, extract.name, month)
    if not path.is_file() or read_json(path).get("made_from") != made_from:
        return None
    verdict = read_verdict(places.out, extract.name, month)
    kept = quarantine_folder(places.quarantine, extract.name, month) / QUARANTINE_FILE
    removed = verdict is not None and bool(verdict.refused or verdict.duplicates)
    # A quarantine that somebody deleted is made again.
    return verdict if kept.exists() == removed else None


def _forget_others(places: Places, kept: Sequence[tuple[str, Month | None]]) -> None:
    """Remove verdicts and quarantines of what is no longer in the inventory."""
    verdicts = {verdict_file(places.out, name, month) for name, month in kept}
    for name in EXTRACTS:
        for path in sorted((places.out / name).glob("*.json")):
            if path not in verdicts:
                path.unlink()
    folders = {quarantine_folder(places.quarantine, name, month) for name, month in kept}
    for name in EXTRACTS:
        for path in sorted((places.quarantine / name).rglob(QUARANTINE_FILE)):
            if path.parent not in folders:
                forget(path)


def _log(verdict: Verdict) -> None:
    removed = {**verdict.refused, **verdict.duplicates}
    if verdict.late:
        removed["late"] = verdict.late
    notes = [f"{reason} {count:,}" for reason, count in removed.items()]
    notes += [f"{name} unknown in {count:,}" for name, count in verdict.unknown.items()]
    _LOG.info(
        "check %s %s: %s rows, %s kept%s",
        verdict.extract,
        verdict.month or "",
        f"{verdict.rows:,}",
        f"{verdict.kept:,}",
        f" ({', '.join(notes)})" if notes else "",
    )

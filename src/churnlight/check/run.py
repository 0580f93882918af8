"""The check of all extracts and months, each read once and again only when its files change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from churnlight.check.audit import Closing
from churnlight.check.findings import find, write_findings
from churnlight.check.forgotten import FORGOTTEN
from churnlight.check.identifiers import refuse_real_numbers
from churnlight.check.month import QUARANTINE_FILE, Folders, check_month, forget, quarantine_folder
from churnlight.check.snapshots import snapshots_for
from churnlight.check.verdict import Verdict, judge, verdict_file, write_verdict
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.files import read_json, sha256_of_json
from churnlight.inventory import REFERENCE_FILE
from churnlight.logs import progress
from churnlight.schema import EXTRACTS, Extract
from churnlight.timeline import Month

_LOG = logging.getLogger(__name__)

# The code that verdicts follow from, besides this package.
_RULE_MODULES = (
    *("columns.py", "declaring.py", "engine/*.py", "inventory.py", "known.py", "schema.py"),
    *("keyed.py", "suppression.py", "timeline.py"),
)
# They write documents, and look at what verdicts say.
_NO_RULES = ("contract.py", "requeue.py", "survey.py")

# Others are held to its snapshots, so it is checked first.
_FIRST = "subscribers"

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
        suppression_sha256: hash of the list of who is to be forgotten; None: nobody is.
    """

    months: tuple[Month, ...]
    closing: Closing
    allow_phone_like_ids: bool = False
    max_refused_share: float = 0.05
    suppression_sha256: str | None = None

    def made_from(self, files: object, snapshots: object) -> dict[str, object]:
        """What a verdict follows from: the files' hashes, the snapshots' where any, the rules."""
        listed = {"suppression_sha256": self.suppression_sha256}
        return {
            **(listed if self.suppression_sha256 else {}),
            "files_sha256": sha256_of_json(files),
            "snapshots_sha256": sha256_of_json(snapshots) if snapshots else None,
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
    shared = [p for name in _RULE_MODULES for p in sorted(here.parent.glob(name))]
    for path in [*paths, *shared]:
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

    `<out>/findings.json` holds what is missing or could not be judged, see `check.findings`.

    Returns:
        The verdicts of all months that count, sorted by extract and month.

    Raises:
        DataRefused: see `check_month` and `refuse_real_numbers`; when ids of one name or ids
            that are joined differ in type;
            when more than `max_refused_share` of a month's rows are refused (all verdicts are
            written first).
    """
    ordered = check_parts(engine, places, rules)
    require_same_id_types(ordered)
    _report(places, ordered, rules)
    judge(ordered, rules.max_refused_share)
    return ordered


def check_parts(
    engine: Engine,
    places: Places,
    rules: CheckRules,
    refused: Callable[[str, Month | None, DataRefused], None] | None = None,
) -> tuple[Verdict, ...]:
    """Check each extract and month by itself; see `check_extracts` for what holds between them.

    Args:
        engine: where it runs.
        places: where to read and write.
        rules: the parameters.
        refused: told of an extract and month that can't be read, which then has no verdict; None:
            the first one stops the check.
    """
    parts = list(_parts(places.inventory, rules.months))
    _forget_others(places, [(p.extract.name, p.month) for p in parts])
    verdicts: dict[_Part, Verdict] = {}
    with progress("check", sum(p.bytes for p in parts), "bytes") as advance:
        for part in sorted(parts, key=lambda p: p.extract.name != _FIRST):
            try:
                verdicts[part] = _unchanged(places, part, rules) or _check(
                    engine, places, part, rules
                )
            except DataRefused as error:
                if refused is None:
                    raise
                refused(part.extract.name, part.month, error)
            advance(part.bytes)
    return tuple(verdicts[part] for part in parts if part in verdicts)


def _check(engine: Engine, places: Places, part: _Part, rules: CheckRules) -> Verdict:
    # First, or an old verdict might stand beside the quarantine of a run cut short.
    verdict_file(places.out, part.extract.name, part.month).unlink(missing_ok=True)
    if not rules.allow_phone_like_ids:
        refuse_real_numbers(places.root, part.extract, part.month)
    folders = Folders(places.root, places.quarantine, places.out)
    verdict = check_month(engine, folders, part.extract, part.month, rules.closing)
    write_verdict(places.out, verdict, part.made_from(rules))
    _log(verdict)
    return verdict


def _report(places: Places, verdicts: Sequence[Verdict], rules: CheckRules) -> None:
    """Write the findings, and warn of each."""
    findings = find(verdicts, rules.months)
    write_findings(places.out, findings)
    for finding in findings:
        if finding.warns:
            _LOG.warning("check %s", finding)


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


@dataclass(frozen=True, eq=False)
class _Part:
    """One month of an extract, or a reference table, with inventory entries.

    Attributes:
        extract: its declaration.
        month: None for a reference table.
        files: its files.
        snapshots: month and files of the snapshots to which its rows may be held, name and files
            of the reference tables.
    """

    extract: Extract
    month: Month | None
    files: Sequence[Mapping[str, object]]
    snapshots: Sequence[tuple[str, object]]

    @property
    def bytes(self) -> int:
        return sum(int(str(f["bytes"])) for f in self.files)

    def made_from(self, rules: CheckRules) -> dict[str, object]:
        """What the verdict follows from."""
        return rules.made_from(self.files, self.snapshots)


def _parts(inventory: Path, months: Sequence[Month]) -> Iterator[_Part]:
    """Every extract and month that has files, with its inventory entry."""
    reference = read_json(inventory / REFERENCE_FILE)
    books = {m: _files(inventory, _FIRST, m) for m in months}
    for extract in EXTRACTS.values():
        for month in sorted(months) if extract.monthly else [None]:
            if month is None:
                files = reference.get(extract.name, [])
            else:
                files = _files(inventory, extract.name, month)
            held = [(str(m), books.get(m)) for m in snapshots_for(extract, month)]
            held += [
                (r.extract, reference.get(r.extract, []))
                for r in extract.references
                if not EXTRACTS[r.extract].monthly
            ]
            if isinstance(files, list) and files:
                yield _Part(extract, month, files, held)


def _files(inventory: Path, extract: str, month: Month) -> object:
    return read_json(inventory / extract / f"month={month}.json")["files"]


def _unchanged(places: Places, part: _Part, rules: CheckRules) -> Verdict | None:
    extract, month = part.extract, part.month
    path = verdict_file(places.out, extract.name, month)
    if not path.is_file():
        return None
    content = read_json(path)
    # A verdict of an older version is made anew, like one of other rules.
    if not _same_rules(content.get("made_from")):
        return None
    verdict = Verdict.from_json(content, str(path))
    if content["made_from"] != part.made_from(rules):
        return None
    kept = quarantine_folder(places.quarantine, extract.name, month) / QUARANTINE_FILE
    # Of those who are to be forgotten nothing is kept.
    removed = bool({*verdict.refused, *verdict.duplicates} - {FORGOTTEN})
    # A quarantine that somebody deleted is made again.
    return verdict if kept.exists() == removed else None


def _same_rules(made_from: object) -> bool:
    return isinstance(made_from, dict) and made_from.get("rules_sha256") == rules_sha256()


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

"""A look at a whole folder of extracts, whatever is in it: what `churnlight check` tells.

The same check as the stage's, but it goes on where the stage stops: each extract and month that
can't be read is named, and all the others are judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis

from churnlight.check.corrected import REQUEUED
from churnlight.check.findings import Finding, find, write_findings
from churnlight.check.forgotten import FORGOTTEN
from churnlight.check.month import QUARANTINE_FILE, quarantine_folder
from churnlight.check.run import CheckRules, Places, check_parts, require_same_id_types
from churnlight.check.verdict import Verdict
from churnlight.engine import SOURCE_FILE, SOURCE_ROW, Engine
from churnlight.errors import DataRefused
from churnlight.files import write_json
from churnlight.inventory import entry, is_simulated, months_of, take_inventory
from churnlight.params.data import CheckTargets
from churnlight.schema import EXTRACTS, MONTHLY
from churnlight.timeline import Month

SCHEMA_VERSION = 1
EXAMPLES = 3

CLEAN, WARNING, REFUSED = "clean", "warning", "refused"
_SEVERITIES = (CLEAN, WARNING, REFUSED)
# The extract whose completeness and accuracy are held to targets.
CUSTOMER_DATA = "subscribers"


def survey(
    engine: Engine,
    places: Places,
    rules: CheckRules,
    targets: CheckTargets,
    *,
    follow_links: bool = False,
) -> dict[str, Any]:
    """Check all extracts below a folder, and say what was found.

    Args:
        engine: where it runs.
        places: the extracts, and folders to write to; verdicts of an earlier survey with the same
            places are not made anew.
        rules: as the stage's; without months, all that any extract has.
        targets: for customer data.
        follow_links: whether links may lead out of the extracts.

    Returns:
        JSON content: `severity`, `extracts` (one entry an extract and month, with its own
        severity), `unreadable`, `findings`, `notes`, and the limits that they were held to. No id
        and no cell of a row is in it.

    Raises:
        DataRefused: when there is nothing to check, or a folder's name is no month.
    """
    months = rules.months or _all_months(places.root)
    rules = replace(rules, months=months)
    _take_inventory(places, months, follow_links=follow_links)
    unreadable: list[dict[str, Any]] = []

    def refused(name: str, month: Month | None, error: DataRefused) -> None:
        said = str(error).replace(f"{places.root}/", "")
        unreadable.append({"extract": name, "month": _text(month), "message": said})

    verdicts = check_parts(engine, places, rules, refused)
    if not (verdicts or unreadable):
        raise DataRefused(
            f"no extracts: looked for Parquet or CSV files in {places.root}/<extract>/"
            "month=YYYY-MM, such as cdr and subscribers"
        )
    findings = find(verdicts, months)
    write_findings(places.out, findings)
    told = [_entry(engine, places, verdict, findings, (rules, targets)) for verdict in verdicts]
    notes = _notes(verdicts)
    beside = (
        REFUSED if unreadable or notes else WARNING if any(f.warns for f in findings) else CLEAN
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "simulated": is_simulated(places.root),
        "severity": worst([beside, *(one["severity"] for one in told)]),
        "months": [str(m) for m in months],
        "max_refused_share": rules.max_refused_share,
        "targets": {"completeness": targets.completeness, "accuracy": targets.accuracy},
        "extracts": told,
        "unreadable": unreadable,
        "findings": [_finding(f) for f in findings if f.warns],
        "notes": notes,
    }


def worst(severities: Sequence[str]) -> str:
    """The worst of some severities; clean when there are none."""
    return max(severities, key=_SEVERITIES.index, default=CLEAN)


def _all_months(root: Path) -> tuple[Month, ...]:
    return tuple(sorted({m for name in MONTHLY for m in months_of(root, name)}))


def _take_inventory(places: Places, months: Sequence[Month], *, follow_links: bool) -> None:
    """Unlike the stage's, of whatever is there: no extract is required."""
    content = take_inventory(places.root, (), follow_links=follow_links)
    content |= {
        f"{name}/month={month}.json": entry(places.root, name, month, follow_links=follow_links)
        for name in MONTHLY
        for month in months
    }
    for name, part in content.items():
        write_json(places.inventory / name, part)


def _entry(
    engine: Engine,
    places: Places,
    verdict: Verdict,
    findings: Sequence[Finding],
    limits: tuple[CheckRules, CheckTargets],
) -> dict[str, Any]:
    """One extract and month."""
    rules, targets = limits
    rates = {"completeness": verdict.completeness, "accuracy": verdict.accuracy}
    asked = {"completeness": targets.completeness, "accuracy": targets.accuracy}
    below = [
        name
        for name, rate in rates.items()
        if verdict.extract == CUSTOMER_DATA and rate is not None and rate < asked[name]
    ]
    mine = [f for f in findings if (f.extract, f.month) == (verdict.extract, verdict.month)]
    counted = (*verdict.faults, *verdict.duplicates, *verdict.unknown, *verdict.lost)
    if verdict.refused_share > rules.max_refused_share:
        severity = REFUSED
    elif counted or verdict.late or below or any(f.warns for f in mine):
        severity = WARNING
    else:
        severity = CLEAN
    declared = EXTRACTS[verdict.extract]
    return {
        "extract": verdict.extract,
        "month": verdict.month,
        "severity": severity,
        "rows": verdict.rows,
        "kept": verdict.kept,
        "late": verdict.late,
        "duplicates": dict(verdict.duplicates),
        "refused": dict(verdict.refused),
        "corrected": dict(verdict.corrected),
        "refused_share": round(verdict.refused_share, 6),
        "examples": _examples(engine, places, verdict),
        "unknown": dict(verdict.unknown),
        "lost": dict(verdict.lost),
        **{name: None if rate is None else round(rate, 6) for name, rate in rates.items()},
        "below_target": below,
        "absent": [c for c in declared.counted if c not in verdict.filled],
        "newest": verdict.newest,
        "stale": verdict.stale,
        "missing_days": list(verdict.missing_days),
    }


def _examples(engine: Engine, places: Places, verdict: Verdict) -> dict[str, list[dict[str, Any]]]:
    """The first rows removed for each reason, by file and row number; corrected ones are left out.

    The first row of data is 0.
    """
    month = None if verdict.month is None else Month.parse(verdict.month)
    path = quarantine_folder(places.quarantine, verdict.extract, month) / QUARANTINE_FILE
    if not path.exists():
        return {}
    rows = engine.read([path])
    if REQUEUED in rows.columns:
        rows = rows.filter(~rows[REQUEUED])
    order = ibis.window(group_by=rows.reason, order_by=[rows[SOURCE_FILE], rows[SOURCE_ROW]])
    numbered = rows.select("reason", SOURCE_FILE, SOURCE_ROW, place=ibis.row_number().over(order))
    first = numbered.filter(numbered.place < EXAMPLES).order_by("reason", "place")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in engine.arrow(first).to_pylist():
        example = {"file": row[SOURCE_FILE], "row": int(row[SOURCE_ROW])}
        found.setdefault(row["reason"], []).append(example)
    return found


def _notes(verdicts: Sequence[Verdict]) -> list[str]:
    """What is wrong between extracts, so that a run would stop."""
    try:
        require_same_id_types(verdicts)
    except DataRefused as refused:
        return [str(refused)]
    return []


def _finding(finding: Finding) -> dict[str, str]:
    return {"extract": finding.extract, "month": finding.month, "message": str(finding)}


def _text(month: Month | None) -> str | None:
    return None if month is None else str(month)


def removed(one: Mapping[str, Any]) -> dict[str, int]:
    """Why rows of an entry were removed, with counts; who is to be forgotten is no reason shown."""
    reasons = {**one["refused"], **one["duplicates"]}
    return {reason: int(n) for reason, n in reasons.items() if reason != FORGOTTEN}

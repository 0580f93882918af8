"""What the check found beyond single rows: months and days that are missing, what can't be judged.

Findings refuse no row and stop nothing; they are logged as warnings, and stand in
`<verdicts>/findings.json` for the monthly batch, which decides whether to go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from churnlight.check.rules import SUBSCRIBER_UNKNOWN
from churnlight.check.verdict import Verdict
from churnlight.errors import UsageError
from churnlight.files import read_json, write_json
from churnlight.schema import EXTRACTS
from churnlight.timeline import Month

SCHEMA_VERSION = 2
FILE = "findings.json"

MISSING_MONTH = "missing_month"
MISSING_DAY = "missing_day"
NOT_JUDGED = "not_judged"
STALE = "stale"
REFERENCE_LOST = "reference_lost"


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        finding: `missing_month` (an extract has earlier months, and not this one), `missing_day`
            (see `check.days`), `stale` (a month's rows end too early), `not_judged` (a rule that
            needs a snapshot lacks it), `subscriber_unknown` (subscribers are billed whom no
            snapshot has) or `reference_lost` (rows refer to what another extract does not have).
        extract: its name.
        month: "YYYY-MM".
        day: "YYYY-MM-DD" of a missing day, or of the newest of a stale month.
        rule: the code that could not be judged.
        subscribers: how many are unknown.
        column: the column that refers to another extract.
        rows: how many rows do.
        later_months: of a missing month, whether the extract has later ones.
    """

    finding: str
    extract: str
    month: str
    day: str | None = None
    rule: str | None = None
    subscribers: int | None = None
    column: str | None = None
    rows: int | None = None
    later_months: bool | None = None

    @property
    def warns(self) -> bool:
        """Whether the log warns of it; in the first month nobody can be known from before."""
        return self.rule != SUBSCRIBER_UNKNOWN

    def __str__(self) -> str:
        """The finding in words."""
        about = {
            MISSING_MONTH: "no files, though there are some of earlier "
            + ("and later months" if self.later_months else "months"),
            MISSING_DAY: f"not a row on {self.day}, while the days around have their usual volume",
            NOT_JUDGED: f"{self.rule} can't be judged: a snapshot of subscribers is missing, or "
            "its ids are of another type",
            STALE: f"the newest row is of {self.day}, though rows of the days after it are due",
            REFERENCE_LOST: f"{self.rows or 0:,} rows have a {self.column} that "
            f"{_referred(self.extract, self.column)} lacks; they are kept",
            SUBSCRIBER_UNKNOWN: f"{self.subscribers or 0:,} subscribers have a bill and are in no "
            "snapshot of subscribers; their bills are kept",
        }
        return f"{self.extract} {self.month}: {about[self.finding]}"


def find(verdicts: Sequence[Verdict], months: Sequence[Month]) -> tuple[Finding, ...]:
    """All findings, sorted by extract in the contract's order and by month.

    Args:
        verdicts: of all months that count.
        months: the months that count.
    """
    found = []
    for name, extract in EXTRACTS.items():
        mine: dict[str, Verdict] = {v.month: v for v in verdicts if v.extract == name and v.month}
        if extract.monthly and mine:
            for month in sorted(months):
                found += list(_of_month(name, str(month), mine))
    return tuple(found)


def _of_month(extract: str, month: str, verdicts: Mapping[str, Verdict]) -> Iterator[Finding]:
    if month not in verdicts:
        if min(verdicts) < month:
            yield Finding(MISSING_MONTH, extract, month, later_months=max(verdicts) > month)
        return
    verdict = verdicts[month]
    for day in verdict.missing_days:
        yield Finding(MISSING_DAY, extract, month, day=day)
    if verdict.stale:
        yield Finding(STALE, extract, month, day=verdict.newest)
    for rule in verdict.not_judged:
        yield Finding(NOT_JUDGED, extract, month, rule=rule)
    if verdict.unknown_subscribers:
        count = verdict.unknown_subscribers
        yield Finding(SUBSCRIBER_UNKNOWN, extract, month, subscribers=count)
    for column, count in verdict.lost.items():
        # Who is billed and unknown has been counted already, by subscriber.
        if column != "subscriber_id" or not verdict.unknown_subscribers:
            yield Finding(REFERENCE_LOST, extract, month, column=column, rows=count)


def _referred(extract: str, column: str | None) -> str:
    """The extract that a column refers to."""
    found = [r.extract for r in EXTRACTS[extract].references if r.column == column]
    return found[0] if found else "another extract"


def write_findings(folder: Path, findings: Sequence[Finding]) -> None:
    """Write `findings.json` below the check's output folder."""
    rows = [{k: v for k, v in asdict(f).items() if v is not None} for f in findings]
    write_json(folder / FILE, {"schema_version": SCHEMA_VERSION, "findings": rows})


def read_findings(folder: Path) -> tuple[Finding, ...]:
    """What `write_findings` wrote.

    Raises:
        UsageError: when the check has not run, or wrote another version.
    """
    path = folder / FILE
    content = read_json(path) if path.is_file() else {}
    rows = content.get("findings")
    if content.get("schema_version") != SCHEMA_VERSION or not isinstance(rows, list):
        raise UsageError(
            f"{path} is missing, or its schema_version is not {SCHEMA_VERSION}: "
            "run the stage check again"
        )
    return tuple(Finding(**row) for row in rows)

"""Missing days and months: what the check reports beyond single rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from churnlight.check.days import missing_days
from churnlight.check.findings import Finding, find, read_findings, write_findings
from churnlight.check.verdict import Verdict
from churnlight.errors import UsageError
from churnlight.timeline import Month, month_range

FEBRUARY = Month(2025, 2)


def days(usual: int = 100, **other: int) -> dict[int, int]:
    """Rows by day of February: the usual, but `d3=0` and the like; days of 0 have no entry."""
    counts = {day: other.get(f"d{day}", usual) for day in range(1, 29)}
    return {day: count for day, count in counts.items() if count}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (days(), ()),
        (days(d10=0), ("2025-02-10",)),
        (days(d10=0, d11=0, d20=0), ("2025-02-10", "2025-02-11", "2025-02-20")),
        # At the edge the one neighbour decides.
        (days(d1=0, d28=0), ("2025-02-01", "2025-02-28")),
        # A day with few rows is not missing.
        (days(d10=1), ()),
        # Half the usual is enough on both sides, less on one is not.
        (days(d9=50, d10=0), ("2025-02-10",)),
        (days(d9=49, d10=0), ()),
        (days(d10=0, d11=49), ()),
        # Too few rows a day to tell a gap from chance.
        (days(30, d10=0), ("2025-02-10",)),
        (days(29, d10=0), ()),
        ({}, ()),
        # All of the month but its first week.
        (dict.fromkeys(range(1, 8), 100), tuple(f"2025-02-{d:02d}" for d in range(8, 29))),
    ],
)
def test_days_without_a_row(counts: dict[int, int], expected: tuple[str, ...]) -> None:
    before = dict(counts)
    assert missing_days(counts, FEBRUARY) == expected
    assert counts == before


def verdict(extract: str, month: Month, **more: object) -> Verdict:
    return Verdict(extract, str(month), rows=1, kept=1, **more)  # type: ignore[arg-type]


MONTHS = month_range(Month(2025, 1), 4)


def test_a_month_is_missing_after_the_extracts_first() -> None:
    there = {"cdr": (1, 2, 3, 4), "billing": (1, 2, 4), "care": (2, 3), "topups": (4,)}
    verdicts = [verdict(n, Month(2025, m)) for n, months in there.items() for m in months]
    plans = Verdict("plans", None, rows=1, kept=1)
    assert find([*verdicts, plans], MONTHS) == (
        Finding("missing_month", "billing", "2025-03", later_months=True),
        Finding("missing_month", "care", "2025-04", later_months=False),
    )


def test_findings_are_written_and_read(tmp_path: Path) -> None:
    verdicts = [
        verdict("cdr", MONTHS[0], missing_days=("2025-01-05", "2025-01-06")),
        verdict("billing", MONTHS[0], not_judged=("bill_after_leaving", "subscriber_unknown")),
        verdict("billing", MONTHS[1], unknown_subscribers=1_234),
    ]
    found = find(verdicts, MONTHS[:2])
    write_findings(tmp_path, found)
    assert read_findings(tmp_path) == found
    assert [(f.finding, f.month, f.day, f.rule, f.subscribers) for f in found] == [
        ("missing_day", "2025-01", "2025-01-05", None, None),
        ("missing_day", "2025-01", "2025-01-06", None, None),
        ("missing_month", "2025-02", None, None, None),
        ("not_judged", "2025-01", None, "bill_after_leaving", None),
        ("not_judged", "2025-01", None, "subscriber_unknown", None),
        ("subscriber_unknown", "2025-02", None, None, 1_234),
    ]
    assert [f.warns for f in found] == [True, True, True, True, False, True]
    words = [str(f) for f in found]
    assert words[0].startswith("cdr 2025-01: not a row on 2025-01-05")
    assert words[2] == "cdr 2025-02: no files, though there are some of earlier months"
    assert words[3].startswith("billing 2025-01: bill_after_leaving can't be judged")
    assert words[5].startswith("billing 2025-02: 1,234 subscribers have a bill")


def test_no_findings_are_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run the stage check again"):
        read_findings(tmp_path)

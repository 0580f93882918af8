"""The page and the text of `churnlight check`: both languages, what is to be seen, escaped."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from churnlight.report.check_page import render_check
from churnlight.report.terminal_check import check_text
from churnlight.report.view_check import check_view
from churnlight.report.words import Words


def entry(extract: str, month: str | None, **more: Any) -> dict[str, Any]:
    return {
        "extract": extract, "month": month, "severity": "clean", "rows": 1200, "kept": 1200,
        "late": 0, "duplicates": {}, "refused": {}, "corrected": {}, "refused_share": 0.0,
        "examples": {}, "unknown": {}, "lost": {}, "completeness": 1.0, "accuracy": 1.0,
        "below_target": [], "absent": [], "newest": None, "stale": False, "missing_days": [],
        **more,
    }  # fmt: skip


def content(**more: Any) -> dict[str, Any]:
    calls = entry(
        "cdr", "2025-01", severity="refused", kept=1000, refused={"kind_unknown": 150},
        corrected={"kind_unknown": 20}, duplicates={"duplicate": 50},
        examples={"kind_unknown": [{"file": "cdr/month=2025-01/<b>.csv", "row": 7}]},
        lost={"subscriber_id": 3},
    )  # fmt: skip
    people = entry(
        "subscribers", "2025-01", severity="warning", completeness=0.754, absent=["sex"],
        below_target=["completeness"], newest="2025-01-09", stale=True,
    )  # fmt: skip
    return {
        "simulated": False, "severity": "refused", "months": ["2025-01"], "max_refused_share": 0.05,
        "targets": {"completeness": 0.8, "accuracy": 0.7}, "extracts": [calls, people],
        "unreadable": [{"extract": "care", "month": "2025-01", "message": "part.csv is empty"}],
        "findings": [], "notes": [], **more,
    }  # fmt: skip


def test_the_page_says_it_in_both_languages_and_escapes_file_names() -> None:
    page = render_check(content(), "zh")
    assert '<html lang="zh-CN">' in page
    assert "2 of 3 extracts and months" in page.replace("A run would stop here: ", "")
    assert "原始数据检查" in page
    assert page.count("75.4%") == 4
    assert "cdr/month=2025-01/&lt;b&gt;.csv row 7" in page
    assert "<b>" not in page
    assert "not handed in: sex" in page
    assert "simulated operator" not in page
    assert page == render_check(content(), "zh")
    assert "simulated operator" in render_check(content(simulated=True))


def test_what_is_said_of_each() -> None:
    view = check_view(content(), Words("en"))
    assert [row["cells"] for row in view["fates"]] == [
        ["1,200", "1,000", "0", "50", "150"], ["1,200", "1,200", "0", "0", "0"],
    ]  # fmt: skip
    assert [(row["what"], row["count"], row["says"]) for row in view["reasons"]] == [
        ("kind_unknown", "150", "20 corrected"),
        ("duplicate", "50", ""),
        ("subscriber_id: refers to nothing, row kept", "3", ""),
    ]
    assert view["notes"] == ["care 2025-01 can't be read: part.csv is empty"]
    assert view["customer"][0]["rates"][0] == {"text": "75.4%", "below": "below target"}
    clean = content(severity="clean", extracts=[entry("plans", None)], unreadable=[])
    said = check_view(clean, Words("en"))["sentence"]
    assert said == "All 1,200 rows of 1 extracts and months can be used as they stand."


def test_the_text_fits_80_columns() -> None:
    out = io.StringIO()
    Console(file=out, width=80, highlight=False).print(check_text(content()))
    text = out.getvalue()
    assert "…" not in text
    assert "stop" in text
    assert "cdr/month=2025-01/<b>.csv row 7" in text
    assert "completeness 75.4%, below target" in text

"""The callers' workbook, read back from its own XML, and what `churnlight explain` says of it."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from plan_world import AS_OF, BOOK, book, campaigns, earlier, facts, with_params, world

from churnlight import files
from churnlight.paths import Project
from churnlight.plan import Plan, make_plan
from churnlight.plan.one import plan_lines, plan_of
from churnlight.plan.words import TEXTS, Words
from churnlight.plan.workbook import CallersBook, write_workbook
from churnlight.report.inputs import Language
from churnlight.stages.plan import write_to

NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
# One bill each, so that the order by expected profit is that of the bills.
PEOPLE: dict[int, tuple[str, float, float | None]] = {
    n: ("red", 0.5, 100.0 + 40 * n) for n in range(1, 41)
}
SUPPRESSED, KEPT = 3, 5
GIFT = BOOK.replace("cost_money: 20", "cost_money: 20.5")


def made(tmp: Path) -> Plan:
    """40 subscribers: one on the red list, one still control, a fourth or so drawn as control."""
    inputs = with_params(world(book(tmp, GIFT), PEOPLE), control_share=0.25)
    flags = [(n, n == SUPPRESSED, False, None, None) for n in PEOPLE]
    held = ("2025-12-01", KEPT, f"A{KEPT}", "control", date(2026, 2, 1), date(2025, 12, 6))
    people = inputs.people.assign(region="=1+1")
    return make_plan(
        replace(
            inputs,
            people=people,
            facts=facts(flags),
            earlier=earlier([held]),
            campaigns=campaigns([]),
        )
    )


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return made(tmp_path)


def cells(path: Path, sheet: int = 1) -> list[dict[str, str]]:
    """Text and numbers by column letter; a formula would have neither, and fails."""
    with zipfile.ZipFile(path) as book_:
        shared = []
        if "xl/sharedStrings.xml" in book_.namelist():
            root = ET.fromstring(book_.read("xl/sharedStrings.xml"))  # noqa: S314 - our own
            shared = ["".join(t.text or "" for t in si.iter(f"{{{NS['x']}}}t")) for si in root]
        root = ET.fromstring(book_.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314
    rows = []
    for row in root.findall(".//x:sheetData/x:row", NS):
        found = {}
        for cell in row:
            assert cell.find("x:f", NS) is None
            name = re.sub(r"\d", "", cell.get("r", ""))
            inline, value = cell.find("x:is", NS), cell.find("x:v", NS)
            if inline is not None:
                found[name] = "".join(t.text or "" for t in inline.iter(f"{{{NS['x']}}}t"))
            elif value is not None and value.text:
                text = value.text
                found[name] = shared[int(text)] if cell.get("t") == "s" else text
        rows.append(found)
    return rows


def written(plan: Plan, path: Path, language: Language = "en") -> list[dict[str, str]]:
    write_workbook(CallersBook(plan.calls, plan.content), language, path)
    return cells(path)


def test_callers_see_who_is_to_be_called_and_nobody_else(plan: Plan, tmp_path: Path) -> None:
    rows = written(plan, tmp_path / "a.xlsx")
    head = {name: letter for letter, name in rows[0].items()}
    shown = [int(r[head["Subscriber"]]) for r in rows[1:]]
    table = plan.table.set_index("subscriber_id")
    control = set(table.index[table["arm"] == "control"])
    assert len(control) > 1, "the draw held somebody out beside the one kept"
    assert KEPT in control
    assert not set(shown) & {*control, SUPPRESSED}
    assert set(shown) == set(PEOPLE) - control - {SUPPRESSED}
    # The larger the bill the more it brings, all else being equal.
    assert shown == sorted(shown, reverse=True)
    assert [r[head["No."]] for r in rows[1:]] == [str(n + 1) for n in range(len(shown))]
    first = rows[1]
    assert first[head["Area"]] == "=1+1", "text, no formula"
    assert first[head["Tier"]] == "red"
    assert first[head["Reason"]] == "Level of bill and plan fee"
    assert first[head["What to offer"]].endswith("worth 20.50 in all.")
    assert first[head["What must NOT be offered"]].startswith("No change of plan")
    assert first[head["Channel"]] == "call"
    assert first[head["Save rate"]] == "assumed"
    # By hand, of subscriber 40: bill 1700, value 0.2 x 1700 x 12, half of whom stay.
    value = 0.2 * 1700 * 12
    expected = 0.5 * 0.5 * (value - 20.5) - 0.5 * 20.5 - 4
    assert float(first[head["Expected profit"]]) == pytest.approx(expected, abs=0.006)


def test_the_summary_says_totals_control_suppressions_and_notices(
    plan: Plan, tmp_path: Path
) -> None:
    wanted: tuple[tuple[Language, str, str], ...] = (
        ("en", "Control group, not to be called", "on the red list"),
        ("zh", "对照组（不得联系）", "红名单"),
    )
    for language, control_name, red in wanted:
        path = tmp_path / f"{language}.xlsx"
        written(plan, path, language)
        said = cells(path, 2)
        by_name = {row["A"]: row for row in said if "A" in row}
        arms = plan.content["arms"]
        assert f"{arms['control']['subscribers']:,}" in by_name[control_name]["B"]
        assert arms["control"]["until"] in by_name[control_name]["B"]
        assert (by_name[red]["B"], by_name[red]["C"]) == ("1", "1")
        rates = by_name[Words(language)("rates")]["B"]
        assert str(arms["treated"]["subscribers"]) in rates
        notices = {str(n[language]) for n in plan.content["notices"]}
        assert notices
        assert notices <= set(by_name)
        meanings = cells(path, 3)
        heads = list(cells(path)[0].values())
        assert [row["A"] for row in meanings[1:]] == heads
        assert all(row["B"] for row in meanings)


def test_the_same_bytes_again_and_an_empty_list(plan: Plan, tmp_path: Path) -> None:
    languages: tuple[Language, ...] = ("en", "zh")
    for language in languages:
        for name in ("a", "b"):
            written(plan, tmp_path / f"{name}.{language}", language)
        first, second = (tmp_path / f"{name}.{language}" for name in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()
    inputs = with_params(world(book(tmp_path), PEOPLE), budget_money=0)
    assert len(written(make_plan(inputs), tmp_path / "none.xlsx")) == 1


def test_explain_says_what_the_plan_says(plan: Plan, tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert plan_of(project, AS_OF, "1") is None
    with files.atomic_folder(project.plan(AS_OF)) as out:
        write_to(plan, out, ("en",))
    assert sorted(p.name for p in project.plan(AS_OF).iterdir()) == [
        "calls.parquet", "plan.en.xlsx", "plan.json", "plan.parquet",
    ]  # fmt: skip
    assert plan_of(project, AS_OF, "999") is None
    drawn = plan.table[(plan.table["arm"] == "control") & (plan.table["cycle"] == AS_OF)]
    held = plan_of(project, AS_OF, str(drawn["subscriber_id"].iloc[0]))
    assert held is not None
    assert held["offer_en"] is None
    assert held["action"] is None, "what nobody is to offer is not read out"
    assert plan_lines(held, "en") == ["control group: don't contact, until 2026-03-01"]
    kept = plan_of(project, AS_OF, str(KEPT))
    assert plan_lines(kept or {}, "zh") == ["对照组：2026-02-01 前请勿联系"]
    out_ = plan_of(project, AS_OF, str(SUPPRESSED))
    assert plan_lines(out_ or {}, "en") == ["don't contact: on the red list"]
    first = plan_of(project, AS_OF, str(plan.calls["subscriber_id"].iloc[0]))
    assert first is not None
    said = plan_lines(first, "en")
    assert said[0].startswith("No. 1 by call: A discount on the fee")
    assert said[-1].endswith("(assumed save rate)")


def test_who_is_not_worth_a_contact_is_said_so(tmp_path: Path) -> None:
    plan = make_plan(world(book(tmp_path), {1: ("red", 0.01, 1.0)}))
    project = Project(tmp_path)
    with files.atomic_folder(project.plan(AS_OF)) as out:
        write_to(plan, out, ("zh",))
    assert plan_lines(plan_of(project, AS_OF, "1") or {}, "en") == ["no call: not worth a contact"]


def test_every_text_has_both_languages_and_no_bond() -> None:
    from churnlight.plan.wording import held_back

    for key, pair in TEXTS.items():
        assert all(pair), key
        assert [held_back(text) for text in pair] == [None, None], key
    assert pd.Series(TEXTS).map(len).eq(2).all()

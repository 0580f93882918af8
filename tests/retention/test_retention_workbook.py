"""The workbook, read back from its own XML: order, text that stays text, the same bytes twice."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from retention_world import ORDER, PEOPLE, month, scores
from xlsxwriter.worksheet import Worksheet

from churnlight.retention import handout, lines
from churnlight.retention.handout import write_handout
from churnlight.retention.page import render_page
from churnlight.retention.sheet import MAX_ROWS, cells_of, height_of
from churnlight.retention.words import Words
from churnlight.retention.workbook import write_workbook

NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def parsed(text: str | bytes) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own file


def book_of(path: Path, inputs=None, language="en") -> zipfile.ZipFile:
    write_workbook(inputs or month(), language, path)
    return zipfile.ZipFile(path)


def rows_of(book: zipfile.ZipFile, number: int = 1) -> list[dict[str, str]]:
    """Cells by column letter; inline and shared strings, numbers as text."""
    shared: list[str] = []
    if "xl/sharedStrings.xml" in book.namelist():
        root = parsed(book.read("xl/sharedStrings.xml"))
        shared = ["".join(t.text or "" for t in si.iter(f"{{{NS['x']}}}t")) for si in root]
    sheet = parsed(book.read(f"xl/worksheets/sheet{number}.xml"))
    rows = []
    for row in sheet.findall(".//x:sheetData/x:row", NS):
        cells = {}
        for cell in row:
            letter = re.sub(r"\d", "", cell.get("r", ""))
            inline = cell.find("x:is", NS)
            value = cell.find("x:v", NS)
            if inline is not None:
                cells[letter] = "".join(t.text or "" for t in inline.iter(f"{{{NS['x']}}}t"))
            elif value is not None:
                text = value.text or ""
                cells[letter] = shared[int(text)] if cell.get("t") == "s" else text
        rows.append(cells)
    return rows


def test_the_list_is_sorted_and_says_its_reasons(tmp_path) -> None:
    rows = rows_of(book_of(tmp_path / "a.xlsx"))
    assert [r["B"] for r in rows[1:]] == ORDER
    head = {name: letter for letter, name in rows[0].items()}
    first = rows[1]
    assert first[head["Tier"]] == "red"
    assert float(first[head["Value at risk"]]) == 150.0
    assert first[head["Reason 1"]].startswith("Falling silent: ")
    assert float(first[head["Share 1"]]) == 0.4
    assert head["Reason 3"] not in first or first[head["Reason 3"]] == ""
    assert first[head["Models apart"]] == "! two tiers apart"
    assert rows[2][head["Models apart"]] == ""
    assert first[head["The tree's rule"]].startswith("Bill ≤ 50\nOf 400 such")
    assert head["Value at risk"] not in rows[5], "no bill: an empty cell, no zero"


def test_the_workbook_marks_who_rose_and_has_the_order_of_the_page(tmp_path) -> None:
    tiers = ["red", "red", "blue", "green", "blue", "white", "yellow"]
    inputs = month(previous=scores().assign(tier=tiers), previous_as_of="2025-12-01")
    for language, name, mark in (
        ("en", "Risen", "▲ from blue, 2025-12-01"),
        ("zh", "升档", "▲ 原蓝，2025-12-01"),
    ):
        book = book_of(tmp_path / f"{language}.xlsx", inputs, language)
        rows = rows_of(book)
        head = {name: letter for letter, name in rows[0].items()}
        assert rows[1][head[name]] == mark
        assert [r["B"] for r in rows[1:] if r[head[name]]] == ["S3", "S4"]
        page = render_page(inputs).split(f'<section id="list-{language}"')[1].split("</section>")[0]
        assert re.findall(r'<span class="id">(\w+)</span>', page) == [r["B"] for r in rows[1:]]
        words = Words(language)
        said = [" | ".join(r.values()) for r in rows_of(book, 2)]
        assert f"{words('order')} | {words('order_risen_says')}" in said
        counted = words("risen_count", count="2", since="2025-12-01")
        assert f"{words('risen_two')} | {counted}" in said


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_column_is_explained(tmp_path, language) -> None:
    book = book_of(tmp_path / "a.xlsx", language=language)
    words = Words(language)
    explained = " ".join(row["A"] for row in rows_of(book, 3)[1:])
    for name in rows_of(book)[0].values():
        stem = re.sub(r"[\s\d]+$", "", name)
        assert stem in explained, name
    assert all(row["B"] for row in rows_of(book, 3)[1:])
    workbook = book.read("xl/workbook.xml").decode()
    for key in ("sheet_list", "sheet_summary", "sheet_columns"):
        assert f'name="{words(key)}"' in workbook


def test_the_sheet_filters_freezes_and_prints(tmp_path) -> None:
    book = book_of(tmp_path / "a.xlsx")
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert '<autoFilter ref="A1:V6"/>' in sheet
    assert 'ySplit="1"' in sheet
    assert 'state="frozen"' in sheet
    assert 'paperSize="9"' in sheet
    assert 'orientation="landscape"' in sheet
    names = book.read("xl/workbook.xml").decode()
    assert "_xlnm.Print_Titles" in names
    assert "_xlnm.Print_Area" in names


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_what_looks_like_a_formula_stays_text(tmp_path, start) -> None:
    danger = f'{start}HYPERLINK("http://example.invalid","x")'
    inputs = month(((danger, *PEOPLE[0][1:]),))
    book = book_of(tmp_path / "a.xlsx", inputs)
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet
    row = parsed(sheet).findall(".//x:sheetData/x:row", NS)[1]
    cell = next(c for c in row if c.get("r") == "B2")
    assert cell.get("t") in {"inlineStr", "s"}
    # The style says "text" to Excel too, if somebody edits the cell.
    styles = parsed(book.read("xl/styles.xml"))
    forms = styles.findall("x:cellXfs/x:xf", NS)
    assert forms[int(cell.get("s", "0"))].get("quotePrefix") == "1"


def test_the_summary_says_what_the_list_is(tmp_path) -> None:
    said = [" | ".join(r.values()) for r in rows_of(book_of(tmp_path / "a.xlsx"), 2)]
    text = "\n".join(said)
    assert "Simulated" in text
    assert "they are not causes" in text
    assert "On this list | 5 of 5 in the tiers white, red, yellow" in said
    assert "Left before the cutoff | 1; they are on no call list" in said
    assert "Known before (cutoff) | 2026-01-06" in said
    assert "Fingerprint of the model | 0123456789ab" in said
    white = next(line for line in said if line.startswith("white | 2"))
    assert white.split(" | ")[1:5] == ["2", "1", str(2 / 7), "0.4"]


def test_own_data_are_not_called_simulated(tmp_path) -> None:
    book = book_of(tmp_path / "a.xlsx", month(simulated=False))
    assert not any(
        "imulated" in book.read(name).decode("utf-8", "ignore") for name in book.namelist()
    )


def test_a_list_too_long_for_a_sheet_is_cut_and_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("churnlight.retention.workbook.MAX_ROWS", 4)
    book = book_of(tmp_path / "a.xlsx")
    assert [r["B"] for r in rows_of(book)[1:]] == ORDER[:3]
    assert any("3 of 5 in the tiers" in " ".join(r.values()) for r in rows_of(book, 2))
    assert MAX_ROWS == 2**20


def test_nobody_on_the_list_is_a_list_all_the_same(tmp_path) -> None:
    inputs = month((("S6", "blue", "blue", 0.01, 500.0, False),))
    assert len(rows_of(book_of(tmp_path / "a.xlsx", inputs))) == 1


def test_the_same_bytes_twice(tmp_path, monkeypatch) -> None:
    for name, zone in (("a", "Asia/Shanghai"), ("b", "America/New_York")):
        monkeypatch.setenv("TZ", zone)
        (tmp_path / name).mkdir()
        write_handout(tmp_path / name, month())
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert names == [
        *("call_list.en.xlsx", "call_list.html", "call_list.parquet", "call_list.zh.xlsx"),
        *("movements.json", "movements.parquet"),
    ]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    core = zipfile.ZipFile(tmp_path / "a" / names[0]).read("docProps/core.xml").decode()
    assert "2026-01-01T00:00:00Z" in core


def test_long_lists_are_written_at_once_with_the_same_bytes(tmp_path, monkeypatch) -> None:
    for name, long in (("one", 20_000), ("both", 1)):
        monkeypatch.setattr(handout, "LONG_LIST", long)
        (tmp_path / name).mkdir()
        write_handout(tmp_path / name, month())
    for name in ("call_list.en.xlsx", "call_list.zh.xlsx"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "both" / name).read_bytes()


class CellByCell(Worksheet):
    """What `LineSheet` does, by XlsxWriter's own methods."""

    def write_line(self, row: int, height: float, cells: Any) -> None:
        self.set_row(row, height)
        for number, (value, form) in enumerate(cells):
            if isinstance(value, str):
                self.write_string(row, number, value, form)
            elif value is None:
                self.write_blank(row, number, None, form)
            else:
                self.write_number(row, number, value, form)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_lines_are_the_bytes_of_cells_written_one_by_one(tmp_path, monkeypatch, language) -> None:
    odd = (
        " 1",
        "=1",
        "a&b<c>",
        '"q"',
        "_x0041_",
        "a\nb ",
        "\x01\x1f",
        "\ufffe",
        "\u3000",
        "😀" * 20_000,
    )
    people = tuple((f"{text}{i}", *PEOPLE[i % 4][1:]) for i, text in enumerate(odd))
    for people_, name in ((people, "odd"), (PEOPLE[:1], "one"), ((), "none")):
        for kind in (lines.LineSheet, CellByCell):
            monkeypatch.setattr(lines, "LineSheet", kind)
            write_workbook(month(people_ or PEOPLE[5:6]), language, tmp_path / kind.__name__)
        found = [(tmp_path / k).read_bytes() for k in ("LineSheet", "CellByCell")]
        assert found[0] == found[1], name
        monkeypatch.undo()


def test_rows_are_high_enough_for_their_texts() -> None:
    assert cells_of("账单ab") == 6
    assert height_of([("x" * 100, 34)]) > height_of([("x" * 20, 34)])
    assert height_of([("账" * 50, 34)]) == height_of([("x" * 100, 34)])


@pytest.mark.slow
def test_libreoffice_opens_it_without_a_warning(tmp_path) -> None:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed (Debian: apt-get install libreoffice-calc-nogui)")
    for language in ("en", "zh"):
        path = tmp_path / f"list.{language}.xlsx"
        write_workbook(month(), language, path)
        home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
        out = ["--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"]
        said = subprocess.run(
            [program, home, "--headless", *out, "--outdir", str(tmp_path), str(path)],
            capture_output=True, text=True, timeout=300, check=True,
        )  # fmt: skip
        # What it says of Java is about LibreOffice itself.
        told = [s for s in (said.stdout + said.stderr).splitlines() if "java" not in s.lower()]
        assert not [s for s in told if "warn" in s.lower() or "error" in s.lower()]
        lines = (tmp_path / f"list.{language}.csv").read_text(encoding="utf-8").splitlines()
        assert lines[0].split(",")[1] == Words(language)("col_subscriber")
        assert "S2" in lines[1]
